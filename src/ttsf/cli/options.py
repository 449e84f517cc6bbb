"""Options that several commands share."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import UseAppendAction, arg

from ttsf.cli.streams import Progress
from ttsf.errors import TtsfError
from ttsf.parallel import Parallel
from ttsf.research.presets import PRESETS

if TYPE_CHECKING:
    PresetName = str
else:
    PresetName = Literal[tuple(PRESETS)]
Out = Annotated[Path, arg(aliases=("-o",), metavar="DIR", help="Folder to write.")]
Quiet = Annotated[bool, arg(aliases=("-q",), help="Print errors only.")]
Device = Annotated[str, arg(help="cpu, cuda or mps.")]
Model = Annotated[
    Path | None, arg(metavar="DIR", help="Model folder.", help_behavior_hint="(default: bundled)")
]
ONE_A_PROCESSOR = "(default: one per processor)"
NamedFolders = UseAppendAction[Annotated[tuple[str, ...], arg(metavar="NAME=DIR")]]


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """How work on many files is shared out."""

    out: Out
    workers: Annotated[int, arg(help_behavior_hint=ONE_A_PROCESSOR)] = os.cpu_count() or 1
    """Number of worker processes."""
    ray: Annotated[str | None, arg(metavar="ADDRESS")] = None
    """Work on a Ray cluster: local, auto or HOST:PORT."""
    quiet: Quiet = False

    def shared(self) -> Parallel:
        """Who does the work, and tells how far it is."""
        return Parallel(self.workers, self.ray, None if self.quiet else Progress("files"))


def named_folders(given: tuple[str, ...]) -> dict[str, Path]:
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
