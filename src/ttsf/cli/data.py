"""The data commands, `ttsf prepare` and `ttsf corpus`. Thin, as `ttsf.cli.main`."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ttsf.cli.progress import Progress

LAYOUTS = ("lrs3", "lrs2", "voxceleb2", "grid", "folder")


def add_commands(commands: Any) -> None:
    """Add the data commands to the command line's sub-parsers."""
    prepare = commands.add_parser(
        "prepare", allow_abbrev=False, help="make training clips of recorded videos"
    )
    prepare.set_defaults(run=_prepare)
    prepare.add_argument("layout", choices=LAYOUTS, help="how the videos lie on disk")
    prepare.add_argument("root", type=Path, help="their folder")
    prepare.add_argument("--size", type=int, default=256, metavar="PX", help="side (256)")
    prepare.add_argument("--longest", type=float, default=20, metavar="S", help="of a clip (20)")
    prepare.add_argument(
        "--recogniser", metavar="NAME", help="pocketsphinx, or a command with {wav} that prints"
    )
    _add_common(prepare)
    corpus = commands.add_parser(
        "corpus", allow_abbrev=False, help="build the open corpus from portraits, speech and GRID"
    )
    corpus.set_defaults(run=_corpus)
    corpus.add_argument("root", type=Path, metavar="parts", help="folder with manifest.csv")
    corpus.add_argument("--sentences", type=int, metavar="N", help="read by teachers (400)")
    corpus.add_argument("--clips-per-portrait", type=int, metavar="N", help="(2)")
    corpus.add_argument("--seed", type=int, metavar="N", help="another seed, another corpus (0)")
    corpus.add_argument("--text", type=Path, nargs="*", default=[], help="free text to read, UTF-8")
    _add_common(corpus)


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", "-o", type=Path, required=True, metavar="DIR")
    command.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (all)"
    )
    command.add_argument("--ray", metavar="ADDRESS", help="a Ray cluster: local, auto or HOST:PORT")
    command.add_argument("--quiet", "-q", action="store_true", help="print errors only")


def _prepare(chosen: argparse.Namespace) -> None:
    from ttsf.data.recorded.corpus import prepare

    records = prepare(
        chosen.layout,
        chosen.root,
        chosen.out,
        chosen.size,
        chosen.longest,
        chosen.recogniser,
        chosen.workers,
        chosen.ray,
        None if chosen.quiet else Progress("files"),
    )
    _print_summary(chosen, records)


def _corpus(chosen: argparse.Namespace) -> None:
    from ttsf.data.open_corpus import OpenCorpusSettings, build_open_corpus

    given = {
        name: getattr(chosen, name)
        for name in ("sentences", "clips_per_portrait", "seed")
        if getattr(chosen, name) is not None
    }
    settings = replace(OpenCorpusSettings(texts=tuple(chosen.text)), **given)
    progress = None if chosen.quiet else Progress("files")
    records = build_open_corpus(
        chosen.root, chosen.out, settings, chosen.workers, chosen.ray, progress
    )
    _print_summary(chosen, records)


def _print_summary(chosen: argparse.Namespace, records: list[Any]) -> None:
    if chosen.quiet:
        return
    kept = sum(len(record.clips) for record in records)
    refused = sum(len(record.refused) for record in records)
    print(
        f"{chosen.out}: {kept} clips of {len(records)} files, {refused} refused; "
        f"see {chosen.out / 'report.html'}"
    )
