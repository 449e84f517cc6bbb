"""docs/cli.md lists the commands and options that the program has."""

from tests.support.cli_page import PAGE, render


def test_the_page_is_that_of_the_options() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run python -m tests.support.cli_page"
