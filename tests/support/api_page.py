"""Render docs/api.md from the public names; `python -m tests.support.api_page` writes it."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import get_type_hints

from typing_extensions import Doc

import ttsf
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "api.md"
TITLE = """# The library

*Generated from `import ttsf` by `python -m tests.support.api_page`; a test compares the two.*

    import ttsf

    pipeline = ttsf.load()
    pipeline.write("me.jpg", "Good morning.", "hello.mp4")

Everything that can go wrong with an input raises `ttsf.TtsfError`, whose text is one line that says
what is wrong and what to do.
"""
PLAIN = (bool, int, float, str)
"""Defaults that are shown."""


def render() -> str:
    """Return the page: a section for each public name."""
    return "\n".join([TITLE, *(line for name in sorted(ttsf.__all__) for line in _section(name))])


def _section(name: str) -> Iterator[str]:
    found = getattr(ttsf, name)
    yield f"## `ttsf.{name}{_signature(found)}`\n"
    yield f"{_doc(found)}\n"
    if not inspect.isclass(found):
        return
    fields: Mapping[str, str] = _fields(found)
    if fields:
        yield "| field | default | meaning |\n|---|---|---|"
        for field, meaning in fields.items():
            default = found._field_defaults.get(field, "")  # type: ignore[attr-defined]
            shown = f"`{default!r}`" if isinstance(default, PLAIN) and default != "" else ""
            yield f"| `{field}` | {shown} | {meaning} |"
        yield ""
    for method, function in vars(found).items():
        if method.startswith("_") or not inspect.isfunction(function):
            continue
        yield f"### `{name}.{method}{_signature(function)}`\n\n{_doc(function)}\n"


def _doc(found: object) -> str:
    return inspect.getdoc(found) or ""


def _signature(found: object) -> str:
    """Return the names of the parameters; options are those with a default."""
    if not callable(found) or (inspect.isclass(found) and hasattr(found, "_fields")):
        return ""
    if inspect.isclass(found) and issubclass(found, Exception):
        return ""
    given = inspect.signature(found).parameters.values()
    names = [p.name if p.default is p.empty else f"{p.name}=..." for p in given if p.name != "self"]
    return f"({', '.join(names)})"


def _fields(found: type) -> Mapping[str, str]:
    """Return what each field of a NamedTuple means: the text below it, or in its annotation."""
    if not hasattr(found, "_fields"):
        return {}
    (body,) = ast.parse(inspect.getsource(found)).body
    assert isinstance(body, ast.ClassDef)
    meanings = dict.fromkeys(found._fields, "")
    for name, hint in get_type_hints(found, include_extras=True).items():
        for note in getattr(hint, "__metadata__", ()):
            if isinstance(note, Doc):
                meanings[name] = note.documentation
    for line, below in pairwise(body.body):
        if isinstance(line, ast.AnnAssign) and isinstance(below, ast.Expr):
            assert isinstance(line.target, ast.Name) and isinstance(below.value, ast.Constant)
            meanings[line.target.id] = " ".join(str(below.value.value).split())
    return {name: text.replace("|", "\\|") for name, text in meanings.items()}


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
