"""`ttsf evaluate`: tables of our model and of anyone's videos. Thin, as `ttsf.cli.main`."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from ttsf.cli.progress import Progress
from ttsf.data.parts import Use
from ttsf.errors import TtsfError


def add_commands(commands: Any) -> None:
    """Add `evaluate` to the command line's sub-parsers."""
    parser = commands.add_parser(
        "evaluate", allow_abbrev=False, help="tables of the paper for our videos and others'"
    )
    parser.set_defaults(run=_evaluate)
    parser.add_argument(
        "root", type=Path, metavar="cases", help="cases.csv's or manifest.csv's folder"
    )
    parser.add_argument("--out", "-o", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model", type=Path, metavar="DIR", help="model directory (bundled)")
    parser.add_argument(
        "--system", metavar="NAME=DIR", action="append", default=[], help="another's videos"
    )
    parser.add_argument(
        "--ablation", metavar="NAME=DIR", action="append", help="a model for Tables 3 and 5"
    )
    parser.add_argument("--no-ablations", action="store_true", help="leave out the bundled ones")
    parser.add_argument("--use", nargs="+", choices=get_args(Use), help="(valid evaluate_only)")
    parser.add_argument("--per-person", type=int, metavar="N", help="cases of a person (2)")
    parser.add_argument("--limit", type=int, metavar="N", help="cases of each sort (20)")
    parser.add_argument("--people", type=int, metavar="N", help="voices under motion (8)")
    parser.add_argument("--judges", type=Path, metavar="DIR", help="public judges' files, as well")
    parser.add_argument("--whisper", type=Path, metavar="PATH", help="a local Whisper model")
    parser.add_argument("--device", default="cpu", help="of our model: cpu, cuda or mps (cpu)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--quiet", "-q", action="store_true", help="print errors only")


def _evaluate(chosen: argparse.Namespace) -> None:
    from ttsf.evaluation.evaluate import EvaluateSettings, evaluate

    default = EvaluateSettings()
    for name in ("per_person", "limit", "people", "workers"):
        value = getattr(chosen, name)
        if value is not None and value < 1:
            raise TtsfError(f"--{name.replace('_', '-')} must be at least 1, not {value}")
    settings = EvaluateSettings(
        model=chosen.model,
        ablations=_ablations(chosen),
        systems=named_folders(chosen.system),
        uses=tuple(chosen.use or default.uses),
        per_person=chosen.per_person or default.per_person,
        limit=chosen.limit or default.limit,
        people=chosen.people or default.people,
        judges=chosen.judges,
        whisper=chosen.whisper,
        device=chosen.device,
        workers=chosen.workers,
    )
    shown = {} if chosen.quiet else {name: Progress(name) for name in ("videos", "voices", "clips")}
    tables = evaluate(chosen.root, chosen.out, settings, shown)
    if not chosen.quiet:
        print("\n".join(table.markdown() for table in tables))
        print(f"{chosen.out / 'report.html'} shows the clips; refused.csv says what was left out")


def _ablations(chosen: argparse.Namespace) -> dict[str, Path]:
    """Those that were named; of the bundled model, the bundled ones by default."""
    if chosen.ablation is not None:
        return named_folders(chosen.ablation)
    if chosen.no_ablations or chosen.model is not None:
        return {}
    from ttsf.checkpoint import bundled_variants

    return bundled_variants()


def named_folders(given: Sequence[str]) -> dict[str, Path]:
    """NAME=DIR each; raises TtsfError for another form or a name given twice."""
    found: dict[str, Path] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not (name.strip() and equals and folder) or "/" in name:
            raise TtsfError(f"'{text}' is not of the form NAME=DIR")
        if name in found:
            raise TtsfError(f"the name '{name}' is given twice")
        found[name] = Path(folder)
    return found
