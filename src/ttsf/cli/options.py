"""Options shared by several commands."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import UseAppendAction, arg

from ttsf.cli.streams import Progress
from ttsf.errors import TtsfError

if TYPE_CHECKING:
    from ttsf.parallel import Parallel

Out = Annotated[Path, arg(aliases=("-o",), metavar="DIR", help="Output folder.")]
Quiet = Annotated[bool, arg(aliases=("-q",), help="Print errors only.")]
Device = Annotated[str, arg(help="Compute device: cpu, cuda or mps.")]
Model = Annotated[
    Path | None, arg(metavar="DIR", help="Model folder.", help_behavior_hint="(default: bundled)")
]
ONE_A_PROCESSOR = "(default: one per processor)"
NamedFolders = UseAppendAction[Annotated[tuple[str, ...], arg(metavar="NAME=DIR")]]


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
    """Raise TtsfError if one of the named options is given, for want of what it needs."""
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
        found[name] = Path(folder)
    return found
