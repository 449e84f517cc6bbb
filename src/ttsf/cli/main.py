"""The command line `ttsf`: parse arguments, run the command, print errors as one line."""

import gc
import io
import logging
import os
import re
import signal
import sys
import threading
import warnings
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass, fields
from functools import reduce
from importlib import import_module
from importlib.metadata import version
from operator import or_
from types import FrameType
from typing import Annotated, Any, Literal, NamedTuple, NoReturn, Protocol, cast

import tyro
from tyro.conf import (
    DisallowNone,
    FlagCreatePairsOff,
    Positional,
    PositionalMetavarFromFieldName,
    subcommand,
)

from ttsf.cli.options import PATHS, misplaced
from ttsf.cli.streams import (
    give_up_output,
    interrupts,
    listen_for_interrupts,
    settle_streams,
    tell,
)
from ttsf.errors import TtsfError

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130
DESCRIPTION = """One portrait and a text become a talking-face video.

ttsf COMMAND --help explains a command, ttsf --version prints the version."""
FURTHER = ("Argument helptext", "For full helptext", "Perhaps you meant")
"""Beginnings of the parts of tyro's messages that are dropped from the one-line error."""
ended: list[int] = []
"""Received signals that end the process."""
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
        _tyro(whole(), "ttsf", ["--tyro-print-completion", self.shell])


class Known(NamedTuple):
    """A command whose options are imported only when it is given."""

    module: str
    """Module below `ttsf.cli`."""
    form: str
    """Name of its class there, or of the union of its own commands."""
    summary: str
    """First sentence of its help."""

    def load(self) -> Any:
        """Import the class or union."""
        return getattr(import_module(f"ttsf.cli.{self.module}"), self.form)

    def description(self, form: Any) -> str | None:
        """Return the summary for a union; a class has its docstring."""
        return None if isinstance(form, type) else self.summary


COMMANDS = {
    "speak": Known(
        "speak",
        "Speak",
        "Generate a video of a portrait that speaks a text, or a recording of yours.",
    ),
    "faces": Known("faces", "Faces", "List the faces of a picture, the largest first."),
    "prepare": Known("data", "Prepare", "Make training clips from recorded videos."),
    "corpus": Known("data", "Corpus", "Build the open corpus from portraits, speech and GRID."),
    "render": Known(
        "data",
        "Render",
        "Render portraits with random known motion as training data for the face stage.",
    ),
    "statistics": Known(
        "data",
        "Statistics",
        "Measure mel_mean and mel_std of a corpus, as a file for --config.",
    ),
    "train": Known("train", "STAGES", "Train one stage of a model."),
    "assemble": Known(
        "train",
        "Assemble",
        "Assemble a model folder from runs; later runs replace parts of earlier ones.",
    ),
    "ablate": Known(
        "train",
        "Ablate",
        "Make an ablation of a model (Tables 3 and 5) in a folder beside it, named after the "
        "preset.",
    ),
    "evaluate": Known(
        "evaluate",
        "Evaluate",
        "Compute the paper's tables for our videos and those of other systems.",
    ),
    "study": Known("study", "STUDY", "Let people rate clips (Table 4)."),
    "serve": Known("serve", "Serve", "Serve a web page and an HTTP API that generate videos."),
    "mcp": Known(
        "serve",
        "Mcp",
        "Offer tools to agents over the Model Context Protocol, on standard input and output.",
    ),
    "batch": Known(
        "serve",
        "Batch",
        "Generate the videos listed in a JSONL file; a rerun continues an interrupted batch.",
    ),
    "voices": Known(
        "voices",
        "Voices",
        "List a model's voices and save samples, or name or save the one that a face chooses.",
    ),
    "verify": Known(
        "verify",
        "Verify",
        "Check whether a video, sound or picture was made with ttsf: exit code 0 if so, else 1.",
    ),
    "info": Known("train", "Info", "Print parameter counts."),
    "completion": Known(
        "main", "Completion", "Print a script that completes commands and options in a shell."
    ),
}


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
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader of our output closed it
        give_up_output()
        return 0
    except Exception as error:
        if interrupts:
            return _fail("interrupted", INTERRUPTED)
        if wrong := _wrong_values(error):
            return _fail(wrong, BAD_INPUT)
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
    gc.freeze()  # else PyTorch's half a million objects are searched for garbage, half a second
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
    raise TtsfError(misplaced(arguments, whole_parser()) or _unbox(screen.getvalue()))


def _cli(arguments: Sequence[str]) -> Command:
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        known = COMMANDS[name]
        form = known.load()
        return _tyro(form, f"ttsf {name}", arguments[1:], known.description(form))
    outline = ((name, _Outlined, known.summary) for name, known in COMMANDS.items())
    return _tyro(_union(outline), "ttsf", arguments, DESCRIPTION)


def _tyro(
    form: Any, program: str, arguments: Sequence[str], description: str | None = None
) -> Command:
    return tyro.cli(
        form,
        prog=program,
        description=description,
        args=arguments,
        config=CONFIG,
        registry=PATHS,
    )


def whole() -> Any:
    """Import all commands, and return their union."""
    loaded = ((name, known, known.load()) for name, known in COMMANDS.items())
    return _union((name, form, known.description(form)) for name, known, form in loaded)


def whole_parser() -> ArgumentParser:
    """Return a parser of all commands, to look up names and helps."""
    with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
        parser = tyro.extras.get_parser(whole(), config=CONFIG, registry=PATHS, prog="ttsf")
    return cast("ArgumentParser", parser)  # of tyro's copy of argparse


def _union(commands: Iterable[tuple[str, Any, str | None]]) -> Any:
    """Join commands: name, class or union, and description (None: the docstring)."""
    return reduce(
        or_,
        (Annotated[form, subcommand(name, description=about)] for name, form, about in commands),
    )


@dataclass(frozen=True)
class _Outlined:
    """Stands for any command where only names and summaries are shown."""


def _text_apart(arguments: list[str]) -> list[str]:
    """Move texts of `speak` that begin with a dash and contain a space behind `--`."""
    if arguments[:1] != ["speak"]:
        return arguments
    from ttsf.cli.speak import Speak

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


def _wrong_values(error: Exception) -> str:
    """Say which values pydantic, which most commands do not import, refused; "" if it was not."""
    pydantic = sys.modules.get("pydantic")
    if pydantic is None or not isinstance(error, pydantic.ValidationError):
        return ""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())


def _fail(message: str, code: int) -> int:
    tell(f"ttsf: error: {' '.join(message.split())}")
    return code
