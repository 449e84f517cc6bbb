"""Render docs/cli.md from the commands; `python -m tests.support.cli_page` writes it."""

import argparse
import re
from collections.abc import Iterator

from tests.support.paths import ROOT
from ttsf.cli.main import whole_parser

PAGE = ROOT / "docs" / "cli.md"
NOTHING = re.compile(r" ?\(default:( False| None)?\s*\)")
"""A default that says no more than that the option is left out."""
TITLE = """# Commands and options

*Generated from the options in `src/ttsf/cli/` and `src/ttsf/engine/options.py` by
`python -m tests.support.cli_page`; a test compares the two.*

`ttsf COMMAND --help` prints the same. `ttsf completion bash` (or `zsh`, `fish`) prints a script
for shell completion. Exit codes: 0 success, 1 internal error (`TTSF_DEBUG=1` shows the traceback),
2 bad input, 130 interrupted. On bad input one line on standard error says what is wrong, and no
output file is written.
"""


def render() -> str:
    """Return the page: a section for each command, with its description and its options."""
    return "\n".join([TITLE, *_sections(whole_parser(), "ttsf")])


def _sections(parser: argparse.ArgumentParser, name: str) -> Iterator[str]:
    """Yield a section for each command; options that all of a group share stand once."""
    for action in parser._actions:
        if not isinstance(action.choices, dict):
            continue
        rows = {command: _rows(inner) for command, inner in action.choices.items()}
        shared = [
            row for row in min(rows.values(), key=len) if all(row in r for r in rows.values())
        ]
        if shared:
            yield f"## `{name} ...`: options of all of them\n"
            yield _table(shared)
        for command, inner in action.choices.items():
            if rows[command]:
                yield f"## `{name} {command}`\n\n{_description(inner.description or '')}\n"
                yield _table([row for row in rows[command] if row not in shared])
            yield from _sections(inner, f"{name} {command}")


def _rows(parser: argparse.ArgumentParser) -> list[str]:
    return [
        _row(action)
        for action in parser._actions
        if action.dest != "help" and not isinstance(action.choices, dict)
    ]


def _table(rows: list[str]) -> str:
    return "\n".join(["| option | meaning |", "|---|---|", *rows, ""])


def _description(text: str) -> str:
    """Put the example, which is the last paragraph, into a code block."""
    *paragraphs, example = (" ".join(part.split()) for part in text.strip().split("\n\n"))
    if not example.startswith("ttsf "):
        return "\n\n".join([*paragraphs, example])
    return "\n\n".join([*paragraphs, f"    {example}"])


def _row(action: argparse.Action) -> str:
    metavar = action.metavar if isinstance(action.metavar, str) else " ".join(action.metavar or ())
    flags = ", ".join(f"`{flag}`" for flag in action.option_strings)
    shown = f"`{metavar}`" if metavar else ""
    meaning = " ".join((action.help or "").replace("%%", "%").split())
    meaning = NOTHING.sub("", meaning)
    cells = (" ".join(filter(None, (flags, shown))), meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
