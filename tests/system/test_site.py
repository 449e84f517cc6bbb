"""What the hook of the documentation's site makes of a page."""

from importlib.util import module_from_spec, spec_from_file_location
from types import SimpleNamespace

import pytest

from tests.support.paths import ROOT

_SPEC = spec_from_file_location("site_hook", ROOT / "deploy" / "site.py")
assert _SPEC and _SPEC.loader
HOOK = module_from_spec(_SPEC)
_SPEC.loader.exec_module(HOOK)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "[![A clip](p/a.jpg)](p/a.mp4)",
            '<video controls preload="none" poster="p/a.jpg" aria-label="A clip">'
            '<source src="p/a.mp4" type="video/mp4"></video>',
        ),
        ("[![A picture](p/a.jpg)](p/b.jpg)", "[![A picture](p/a.jpg)](p/b.jpg)"),
        ("[the log](../dev/log.md)", "the log (`dev/log.md`)"),
        ("[a page](page.md#part)", "[a page](page.md#part)"),
    ],
)
def test_a_page(written: str, shown: str) -> None:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="index.md"))
    assert HOOK.on_page_markdown(written, page=page) == shown


def test_the_clips_of_the_gallery_play() -> None:
    text = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    page = SimpleNamespace(file=SimpleNamespace(src_uri="gallery.md"))
    assert HOOK.on_page_markdown(text, page=page).count("<video ") == 5
