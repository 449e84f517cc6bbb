"""Settings of `ttsf evaluate`. Imports no torch."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from ttsf.errors import TtsfError
from ttsf.research.data.parts import Use


@dataclass(frozen=True)
class EvaluateSettings:
    """Settings of one evaluation. Raises TtsfError for values out of range."""

    model: Path | None = None
    """Model folder (default: bundled)."""
    ablations: dict[str, Path] = field(default_factory=dict)
    """Ablation models by name, for Tables 3 and 5."""
    systems: dict[str, Path] = field(default_factory=dict)
    """Folders of other systems' videos, by name."""
    by_sound: bool = False
    """Also drive the face by sound: by our own speech (cascade), and by that of real clips (GT
    audio)."""
    uses: tuple[Use, ...] = ("valid", "evaluate_only")
    """Which files of a parts folder to evaluate, by their use."""
    per_person: int = 2
    """Maximum number of cases per person."""
    limit: int | None = 20
    """Maximum number of cases of each kind."""
    people: int = 8
    """Number of people whose voices are compared under several motions."""
    experts: Path | None = None
    """Folder of the downloaded public networks (default: offline scorers only)."""
    whisper: Path | None = None
    """Local Whisper model for the public WER."""
    x_vectors: Path | None = None
    """File of SpeechBrain's x-vector network, for the C-SIM and Fig. 5 of the paper."""
    distillmos: bool = False
    """Rate the speech by DistillMOS as well, where the package is installed."""
    device: str = "cpu"
    """Compute device of our model: cpu, cuda or mps."""
    workers: int = os.cpu_count() or 1
    """Number of processes that score clips."""

    def __post_init__(self) -> None:
        for name in ("per_person", "limit", "people", "workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise TtsfError(f"{name.replace('_', ' ')} must be at least 1, not {value}")
        if self.whisper is not None and self.experts is None:
            raise TtsfError("whisper needs the public networks too: give --experts DIR")
