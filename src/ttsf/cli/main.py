"""The command line `ttsf`: parse arguments, run the command, print errors as one line."""

import io
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass, fields
from importlib.metadata import version
from types import FrameType
from typing import Annotated, Literal, NoReturn, Protocol

import tyro
from pydantic import ValidationError
from tyro.conf import (
    DisallowNone,
    FlagCreatePairsOff,
    Positional,
    PositionalMetavarFromFieldName,
    subcommand,
)

from ttsf.cli.data import Corpus, Prepare, Render, Statistics
from ttsf.cli.evaluate import Evaluate
from ttsf.cli.faces import Faces
from ttsf.cli.info import Info, Verify
from ttsf.cli.serve import Batch, Mcp, Serve
from ttsf.cli.speak import Speak
from ttsf.cli.streams import (
    give_up_output,
    interrupts,
    listen_for_interrupts,
    settle_streams,
    tell,
)
from ttsf.cli.study import Analyse, Make
from ttsf.cli.train import STAGES, Ablate, Assemble
from ttsf.cli.voices import Voices
from ttsf.errors import TtsfError

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130
DESCRIPTION = """One portrait and a text become a talking-face video.

ttsf COMMAND --help explains a command, ttsf --version prints the version."""
FURTHER = ("Argument helptext", "For full helptext", "Perhaps you meant")
"""Beginnings of the parts of tyro's messages that are dropped from the one-line error."""
ended: list[int] = []
"""Signals received that end the process."""
CONFIG = (DisallowNone, FlagCreatePairsOff, PositionalMetavarFromFieldName)


class Command(Protocol):
    """A parsed command line."""

    def run(self) -> int | None:
        """Run the command; return an exit code, None for 0. Raises TtsfError for bad input."""


@dataclass(frozen=True)
class Completion:
    """Print a script that completes commands and options in a shell.

    ttsf completion bash > ~/.local/share/bash-completion/completions/ttsf
    """

    shell: Positional[Literal["bash", "zsh", "fish"]]

    def run(self) -> None:
        """Print the script."""
        _cli(["--tyro-print-completion", self.shell])


Study = Annotated[Make, subcommand("make")] | Annotated[Analyse, subcommand("analyse")]
COMMANDS = (
    Annotated[Speak, subcommand("speak")]
    | Annotated[Faces, subcommand("faces")]
    | Annotated[Prepare, subcommand("prepare")]
    | Annotated[Corpus, subcommand("corpus")]
    | Annotated[Render, subcommand("render")]
    | Annotated[Statistics, subcommand("statistics")]
    | Annotated[STAGES, subcommand("train", description="Train one stage of a model.")]
    | Annotated[Assemble, subcommand("assemble")]
    | Annotated[Ablate, subcommand("ablate")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Study, subcommand("study", description="Let people rate clips (Table 4).")]
    | Annotated[Serve, subcommand("serve")]
    | Annotated[Mcp, subcommand("mcp")]
    | Annotated[Batch, subcommand("batch")]
    | Annotated[Voices, subcommand("voices")]
    | Annotated[Verify, subcommand("verify")]
    | Annotated[Info, subcommand("info")]
    | Annotated[Completion, subcommand("completion")]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code: 0, 1 (failure), 2 (bad input), 130 (interrupted)."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given == ["--version"]:
        print("ttsf", version("ttsf"))
        return 0
    try:
        command = parse(given)
        level = logging.ERROR if getattr(command, "quiet", False) else logging.WARNING
        logging.basicConfig(format="ttsf: %(message)s", level=level, force=True)
        code = command.run()
        sys.stdout.flush()
        return code or 0
    except TtsfError as error:
        return _fail(str(error), BAD_INPUT)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return _fail("; ".join(wrong), BAD_INPUT)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader of our output closed it
        give_up_output()
        return 0
    except Exception as error:
        if interrupts:
            return _fail("interrupted", INTERRUPTED)
        if os.environ.get("TTSF_DEBUG"):
            raise
        return _fail(f"{type(error).__name__}: {error} (TTSF_DEBUG=1 shows where)", FAILED)


def run_process() -> NoReturn:
    """Run the command as the process's main function; SIGTERM also removes unfinished files."""
    settle_streams()
    listen_for_interrupts()
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP; under nohup it is ignored
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    threading.excepthook = _end_of_thread
    try:
        code = main()
    except SystemExit:
        if ended:  # what was begun is removed: do not wait for threads and native libraries
            os._exit(128 + ended[0])
        raise
    try:
        sys.stdout.flush()
    except OSError:
        give_up_output()
    sys.exit(code)


def _end_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Report a thread's exception in one line; the thread that waits for it raises it too."""
    if os.environ.get("TTSF_DEBUG"):
        threading.__excepthook__(ended)
    else:
        tell(f"ttsf: {ended.exc_type.__name__}: {ended.exc_value}")


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    ended.append(number)
    with suppress(OSError):  # print could have been interrupted by this signal
        os.write(2, f"ttsf: error: ended by {signal.Signals(number).name}\n".encode())
    sys.exit(128 + number)


def parse(arguments: list[str]) -> Command:
    """Parse a command line; raises TtsfError if it is invalid."""
    screen = io.StringIO()
    try:
        with redirect_stderr(screen):
            return _cli(_text_apart(arguments))
    except SystemExit as stop:
        if not stop.code:  # help was requested and printed
            raise
    raise TtsfError(_unbox(screen.getvalue()))


def _cli(arguments: Sequence[str]) -> Command:
    return tyro.cli(
        COMMANDS,  # type: ignore[arg-type]
        prog="ttsf",
        description=DESCRIPTION,
        args=arguments,
        config=CONFIG,
    )


def _text_apart(arguments: list[str]) -> list[str]:
    """Move texts of `speak` that begin with a dash and contain a space behind `--`."""
    if arguments[:1] != ["speak"]:
        return arguments
    end = arguments.index("--") if "--" in arguments else len(arguments)
    own = {"-o", *(f"--{field.name.replace('_', '-')}" for field in fields(Speak))}

    def is_text(word: str) -> bool:
        return word[:1] == "-" and len(word.split()) > 1 and word.split("=")[0] not in own

    texts = [word for word in arguments[:end] if is_text(word)]
    options = [word for word in arguments[:end] if not is_text(word)]
    return [*options, "--", *texts, *arguments[end + 1 :]]


def _unbox(message: str) -> str:
    """Extract the reason from the box that tyro draws, as one line."""
    _title, *rows = re.sub(r"\x1b\[[\d;]*m|[│╭╮╰╯]", "", message).split("\n")
    parts = (" ".join(part.split()) for part in re.split("[─-]{9,}", " ".join(rows)))
    reasons = (part.partition(" Got errors:")[0] for part in parts if not part.startswith(FURTHER))
    return f"{'; '.join(filter(None, reasons))} (--help explains)"


def _fail(message: str, code: int) -> int:
    tell(f"ttsf: error: {' '.join(message.split())}")
    return code
