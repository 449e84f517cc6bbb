"""The command line. Thin: arguments in, `ttsf.pipeline` called, one line out."""

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ttsf.cli import data, evaluate, study
from ttsf.cli.progress import Progress
from ttsf.errors import TtsfError
from ttsf.media.files import read_text
from ttsf.presets import PRESETS

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise TtsfError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 (failure) or 2 (bad input)."""
    try:
        chosen = _parse(arguments)
        level = logging.ERROR if getattr(chosen, "quiet", False) else logging.WARNING
        logging.basicConfig(format="ttsf: %(message)s", level=level, force=True)
        chosen.run(chosen)
        return 0
    except TtsfError as error:
        return _fail(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except Exception as error:
        if os.environ.get("TTSF_DEBUG"):
            raise
        return _fail(f"{type(error).__name__}: {error} (TTSF_DEBUG=1 shows where)", FAILED)


def entry_point() -> NoReturn:
    """The installed command: `main`, and a polite kill also removes unfinished files."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())


def _fail(message: str, code: int) -> int:
    print("ttsf: error:", " ".join(message.split()), file=sys.stderr)
    return code


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """argparse misses an optional TEXT that comes after the options: take it from what is left."""
    parser = _parser()
    chosen, rest = parser.parse_known_args(arguments)
    if rest and rest[0] != "-" and rest[0].startswith("-"):
        parser.error(f"unknown option {rest[0]}")
    if len(rest) == 1 and getattr(chosen, "text", "") is None:
        chosen.text = rest.pop()
    if rest:
        parser.error(f"too many arguments: {' '.join(rest)}")
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("ttsf", description="One portrait and a text become a talking-face video.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    speak = commands.add_parser("speak", allow_abbrev=False, help="make a portrait speak a text")
    speak.set_defaults(run=_speak)
    speak.add_argument("portrait", type=Path, help="picture with a face")
    speak.add_argument("text", nargs="?", help="what to say; - reads standard input")
    speak.add_argument("--text-file", type=Path, metavar="FILE", help="read the text from a file")
    speak.add_argument("--output", "-o", type=Path, required=True, metavar="OUT.mp4")
    speak.add_argument("--save-audio", type=Path, metavar="OUT.wav", help="also write the sound")
    speak.add_argument("--seed", type=int, default=0, help="another seed, other head motion (0)")
    speak.add_argument("--steps", type=int, help="solver steps: fewer is faster (model's own)")
    speak.add_argument("--temperature", type=float, help="liveliness, 0 is none (model's own)")
    speak.add_argument("--rate", type=float, default=1.0, help="speaking rate, 0.5 to 2 (1)")
    speak.add_argument("--still", action="store_true", help="no head motion")
    speak.add_argument("--face", type=int, default=1, help="which face, 1 is the largest (1)")
    speak.add_argument("--model", type=Path, metavar="DIR", help="model directory (bundled)")
    speak.add_argument("--device", default="cpu", help="cpu, cuda or mps (cpu)")
    speak.add_argument("--quiet", "-q", action="store_true", help="print errors only")
    data.add_commands(commands)
    evaluate.add_commands(commands)
    study.add_commands(commands)
    info = commands.add_parser("info", allow_abbrev=False, help="print parameter counts")
    info.set_defaults(run=_info)
    which = info.add_mutually_exclusive_group()
    which.add_argument("--preset", choices=sorted(PRESETS), help="a built-in configuration (mini)")
    which.add_argument("--model", type=Path, metavar="DIR", help="model directory")
    return parser


def _read_text(chosen: argparse.Namespace) -> str:
    if (chosen.text is None) == (chosen.text_file is None):
        raise TtsfError("give the text either as an argument or with --text-file")
    if chosen.text not in (None, "-"):
        return chosen.text
    return read_text(chosen.text_file)


def _speak(chosen: argparse.Namespace) -> None:
    text, began = _read_text(chosen), time.monotonic()
    from ttsf import pipeline  # PyTorch takes a second that --help and typing errors need not pay

    speaker = pipeline.load(chosen.model, chosen.device)
    options = pipeline.GenerateOptions(
        chosen.seed, chosen.steps, chosen.temperature, chosen.rate, chosen.still
    )
    loaded = time.monotonic()
    progress = None if chosen.quiet else Progress("frames")
    written = speaker.write(
        chosen.portrait, text, chosen.output, options, chosen.face, chosen.save_audio, progress
    )
    if not chosen.quiet:
        took = time.monotonic() - loaded
        print(
            f"{chosen.output}: {written.seconds:.2f} s of video, {written.frame_count} frames, "
            f"made in {took:.1f} s (real-time factor {took / written.seconds:.2f}) "
            f"after {loaded - began:.1f} s of loading"
        )


def _info(chosen: argparse.Namespace) -> None:
    from ttsf.checkpoint import load
    from ttsf.cli.parameters import parameter_table
    from ttsf.model import TTSF

    chosen_preset = PRESETS[chosen.preset or "mini"].model
    model = TTSF(chosen_preset) if chosen.model is None else load(chosen.model)
    print(parameter_table(model))
