"""Options shared by several commands, the paths in them, and which command has which option."""

import os
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import UseAppendAction, arg
from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from ttsf.cli.streams import Progress
from ttsf.errors import TtsfError
from ttsf.media.files import local_path

if TYPE_CHECKING:
    from ttsf.parallel import Parallel

Out = Annotated[Path, arg(aliases=("-o",), metavar="DIR", help="Output folder.")]
Quiet = Annotated[bool, arg(aliases=("-q",), help="Print errors only.")]
Device = Annotated[str, arg(help="Compute device: cpu, cuda or mps.")]
Model = Annotated[
    Path | None, arg(metavar="DIR", help="Model folder.", help_behavior_hint="(default: bundled)")
]
ONE_A_PROCESSOR = "(default: one per processor)"
MOST_NAMED = 3
"""Maximum number of commands that a message about an option names."""
NamedFolders = UseAppendAction[Annotated[tuple[str, ...], arg(metavar="NAME=DIR")]]
PATHS = ConstructorRegistry()
"""Every argument that is a path is read by `local_path`."""


@PATHS.primitive_rule
def _path_rule(argument: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Path] | None:
    if argument.type is not Path:
        return None
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="PATH",
        instance_from_str=lambda words: local_path(words[0]),
        is_instance=lambda value: isinstance(value, Path),
        str_from_instance=lambda path: [str(path)],
    )


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """Parallel work on many files."""

    out: Out
    workers: Annotated[int, arg(help_behavior_hint=ONE_A_PROCESSOR)] = os.cpu_count() or 1
    """Number of worker processes."""
    ray: Annotated[str | None, arg(metavar="ADDRESS")] = None
    """Use a Ray cluster: local, auto or HOST:PORT."""
    quiet: Quiet = False

    def shared(self) -> "Parallel":
        """Return the worker pool settings, with progress on standard error."""
        from ttsf.parallel import Parallel

        return Parallel(self.workers, self.ray, None if self.quiet else Progress("files"))


def refuse_idle(command: object, names: Sequence[str], needed: str) -> None:
    """Raise TtsfError if one of the named options is given without the option that it needs."""
    for name in names:
        if getattr(command, name) != getattr(type(command), name):
            raise TtsfError(f"--{name.replace('_', '-')} has no effect without {needed}")


def named_folders(given: tuple[str, ...]) -> dict[str, Path]:
    """Parse NAME=DIR arguments; raises TtsfError for another form or a duplicate name."""
    found: dict[str, Path] = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not (name.strip() and equals and folder) or "/" in name:
            raise TtsfError(f"'{text}' is not of the form NAME=DIR")
        if name in found:
            raise TtsfError(f"the name '{name}' is given twice")
        found[name] = local_path(folder)
    return found


def misplaced(arguments: Sequence[str], parser: ArgumentParser) -> str:
    """Return one line for the options that only other commands have; "" if there are none.

    parser: of `ttsf`, with all commands.
    """
    options, own = dict(_options(parser, "ttsf")), "ttsf"
    for word in arguments:
        if f"{own} {word}" not in options:
            if word[:1] != "-" and any(name.startswith(f"{own} ") for name in options):
                return ""  # there is no such command
            break
        own = f"{own} {word}"
    found = []
    for word in arguments[: arguments.index("--") if "--" in arguments else None]:
        option = word.partition("=")[0].replace("_", "-")
        owners = [name for name, flags in options.items() if option in flags]
        if owners and own not in owners:
            found.append(f"{option} belongs to {_joined(owners)}, not to `{own}`")
            alike = [f for f in options[own] if f.startswith(option) or option.startswith(f)]
            found[-1] += f", which has {alike[0]}" if alike else f" (see `{own} --help`)"
    return "; ".join(dict.fromkeys(found))


def _options(parser: ArgumentParser, name: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each command, as `ttsf train face`, and the options that it has itself."""
    yield name, [flag for action in parser._actions for flag in action.option_strings]
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for word, inner in action.choices.items():
                yield from _options(inner, f"{name} {word}")


def _joined(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names[:MOST_NAMED]]
    more = len(names) - len(quoted)
    *first, last = [*quoted, f"{more} more"] if more else quoted
    return f"{', '.join(first)} and {last}" if first else last
