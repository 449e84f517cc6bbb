"""docs/cli.md and docs/api.md are those of the code."""

from types import ModuleType

import pytest

from tests.support import api_page, cli_page


@pytest.mark.parametrize("page", [cli_page, api_page])
def test_the_page_is_that_of_the_code(page: ModuleType) -> None:
    written = page.PAGE.read_text(encoding="utf-8")
    assert written == page.render(), f"run python -m {page.__name__}"
