"""The user study's commands, `ttsf study make` and `ttsf study analyse`. Thin."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ttsf.cli.evaluate import named_folders
from ttsf.errors import TtsfError

logger = logging.getLogger("ttsf")


def add_commands(commands: Any) -> None:
    """Add `study` to the command line's sub-parsers."""
    study = commands.add_parser("study", allow_abbrev=False, help="let people rate made clips")
    steps = study.add_subparsers(title="commands", required=True, metavar="COMMAND")
    make = steps.add_parser("make", allow_abbrev=False, help="make the pages for the raters")
    make.set_defaults(run=_make)
    make.add_argument("systems", nargs="+", metavar="NAME=DIR", help="a system's folder of .mp4")
    make.add_argument("--out", "-o", type=Path, required=True, metavar="DIR", help="new folder")
    make.add_argument("--clips", type=int, metavar="N", help="of each system, drawn (all)")
    make.add_argument("--seed", type=int, default=0, help="another seed, another study (0)")
    analyse = steps.add_parser("analyse", allow_abbrev=False, help="mean opinion scores")
    analyse.set_defaults(run=_analyse)
    analyse.add_argument("key", type=Path, help="key.json of the study")
    analyse.add_argument("ratings", type=Path, nargs="+", help="the raters' .json or .csv")
    analyse.add_argument(
        "--out", "-o", type=Path, metavar="FILE.md", help="also writes FILE.csv (printed)"
    )


def _make(chosen: argparse.Namespace) -> None:
    from ttsf.evaluation.study.study import make_study

    made = make_study(named_folders(chosen.systems), chosen.out, chosen.seed, chosen.clips)
    for refusal in made.refused:
        logger.warning("%s is left out: %s", refusal.source, refusal.reason)
    print(
        f"{made.page.parent}: for the raters, {made.clips} clips of {made.systems} systems; "
        f"{made.key}: yours, do not give it away"
    )


def _analyse(chosen: argparse.Namespace) -> None:
    from ttsf.evaluation.study.study import analyse, to_markdown, write_table

    if chosen.out is not None:
        _check_output(chosen.out, [chosen.key, *chosen.ratings])
    table = analyse(chosen.key, chosen.ratings)
    for sheet in table.refused:
        logger.warning("%s is left out: %s", sheet.source, sheet.reason)
    if chosen.out is None:
        print(to_markdown(table), end="")
        return
    beside = write_table(table, chosen.out)
    print(
        f"{chosen.out} and {beside}: {table.ratings} rated clips of {table.raters} raters, "
        f"{len(table.unfinished)} of them unfinished, {len(table.refused)} sheets left out"
    )


def _check_output(out: Path, inputs: Sequence[Path]) -> None:
    if out.suffix.lower() in (".csv", ""):
        raise TtsfError(f"{out}: give --out a name that ends in .md; the .csv comes beside it")
    taken = {path.resolve() for path in inputs}
    for path in (out, out.with_suffix(".csv")):
        if path.resolve() in taken:
            raise TtsfError(f"{path} is one of the files to read and would be overwritten")
