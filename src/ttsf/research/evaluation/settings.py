"""What `ttsf evaluate` looks at. Imports no torch."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from ttsf.errors import TtsfError
from ttsf.research.data.parts import Use


@dataclass(frozen=True)
class EvaluateSettings:
    """What one evaluation looks at. Raises TtsfError for values out of range."""

    model: Path | None = None
    """Model directory; by default the bundled one."""
    ablations: dict[str, Path] = field(default_factory=dict)
    """Models that differ from ours in one point, by their names in Tables 3 and 5."""
    systems: dict[str, Path] = field(default_factory=dict)
    """Folders of other systems' videos, by their names in the tables."""
    uses: tuple[Use, ...] = ("valid", "evaluate_only")
    """Files of a parts folder that are taken."""
    per_person: int = 2
    """Cases of one person, at most."""
    limit: int | None = 20
    """Cases of each sort, at most."""
    people: int = 8
    """People whose voices are compared under several motions."""
    experts: Path | None = None
    """Folder of the downloaded public networks; without it the offline grade alone."""
    whisper: Path | None = None
    """A local Whisper model for the public WER."""
    distillmos: bool = False
    """Rate the speech by DistillMOS as well, where the package is installed."""
    device: str = "cpu"
    """Of our model: cpu, cuda or mps."""
    workers: int = os.cpu_count() or 1
    """Processes that score clips."""

    def __post_init__(self) -> None:
        for name in ("per_person", "limit", "people", "workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise TtsfError(f"{name.replace('_', ' ')} must be at least 1, not {value}")
        if self.whisper is not None and self.experts is None:
            raise TtsfError("Whisper needs the folder of the other public networks beside it")
