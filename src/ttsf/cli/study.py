"""The commands of the rating study: `ttsf study make` and `ttsf study analyse`."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg, subcommand

from ttsf.cli.options import Out, named_folders
from ttsf.errors import TtsfError

logger = logging.getLogger("ttsf")


@dataclass(frozen=True, kw_only=True)
class Make:
    """Make the pages of a rating study.

    ttsf study make ours=ours other=theirs --out study --clips 20
    """

    systems: Annotated[Positional[tuple[str, ...]], arg(metavar="NAME=DIR")]
    """Name and folder of .mp4 files of each system."""
    out: Out
    clips: Annotated[int | None, arg(help_behavior_hint="(default: all)")] = None
    """Number of clips per system, drawn at random."""
    seed: int = 0
    """Random seed of the selection and the order."""

    def run(self) -> None:
        """Write the study and print one line."""
        from ttsf.research.evaluation.study.make import make_study

        if not self.systems:
            raise TtsfError("name at least one system: NAME=DIR")
        study = make_study(named_folders(self.systems), self.out, self.seed, self.clips)
        for refusal in study.refused:
            logger.warning("%s is left out: %s", refusal.source, refusal.reason)
        print(
            f"{study.page.parent}: for the raters, {study.clips} clips of {study.systems} systems; "
            f"{study.key}: yours, do not give it away"
        )


@dataclass(frozen=True, kw_only=True)
class Analyse:
    """Compute mean opinion scores from the raters' sheets.

    ttsf study analyse study/key.json ratings_ada.json --out table4.md
    """

    key: Positional[Path]
    """key.json of the study."""
    ratings: Positional[tuple[Path, ...]]
    """Rating sheets, .json or .csv."""
    out: Annotated[
        Path | None, arg(aliases=("-o",), metavar="FILE.md", help_behavior_hint="(printed)")
    ] = None
    """Write the table to FILE.md and FILE.csv."""

    def run(self) -> None:
        """Print or write the table."""
        from ttsf.research.evaluation.study.analysis import analyse, to_markdown, write_table

        if not self.ratings:
            raise TtsfError("name at least one file of ratings")
        if self.out is not None:
            _check_output(self.out, (self.key, *self.ratings))
        table = analyse(self.key, self.ratings)
        for sheet in table.refused:
            logger.warning("%s is left out: %s", sheet.source, sheet.reason)
        if self.out is None:
            print(to_markdown(table), end="")
            return
        beside = write_table(table, self.out)
        print(
            f"{self.out} and {beside}: {table.ratings} rated clips of {table.raters} raters, "
            f"{len(table.unfinished)} of them unfinished, {len(table.refused)} sheets left out"
        )


STUDY = Annotated[Make, subcommand("make")] | Annotated[Analyse, subcommand("analyse")]


def _check_output(out: Path, inputs: tuple[Path, ...]) -> None:
    if out.suffix.lower() in (".csv", ""):
        raise TtsfError(f"{out}: give --out a name that ends in .md; the .csv is written beside it")
    taken = {path.resolve() for path in inputs}
    for path in (out, out.with_suffix(".csv")):
        if path.resolve() in taken:
            raise TtsfError(f"{path} is one of the files to read and would be overwritten")
