"""`ttsf info`: parameter counts of a model, part by part (Figure 2)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import arg, create_mutex_group

from ttsf.cli.options import PresetName
from ttsf.presets import PRESETS

if TYPE_CHECKING:
    from torch import nn

    from ttsf.model import TTSF

WHICH = create_mutex_group(required=False, title="of which model")


@dataclass(frozen=True)
class Info:
    """Print parameter counts.

    ttsf info --preset paper
    """

    preset: Annotated[PresetName, WHICH] = "mini"
    """A built-in configuration."""
    model: Annotated[Path | None, WHICH, arg(metavar="DIR", help_behavior_hint="")] = None
    """Model folder."""

    def run(self) -> None:
        """Print the table, and where the weights lie."""
        from ttsf.checkpoint import WEIGHTS, load
        from ttsf.model import TTSF

        if self.model is None:
            print(parameter_table(TTSF(PRESETS[self.preset].model)))
        else:
            print(parameter_table(load(self.model)))
            print("weights:", self.model / WEIGHTS)


def parameter_table(model: "TTSF") -> str:
    """One line a part; E_v + E_m is also given without the motion codes, as LIA counts."""
    rows = [
        ("E_t, durations, D_TTS (speech)", _count(model.speech)),
        ("vocoder", _count(model.vocoder)),
        ("E_v (face encoder)", _count(model.face_encoder)),
        ("E_m (motion extractor)", _count(model.motion_extractor)),
        ("E_v + MLP of E_m", _count(model.face_encoder) + _count(model.motion_extractor.mlp)),
        ("G (generator)", _count(model.generator)),
        ("audio mapper", _count(model.audio_mapper)),
        ("motion normaliser", _count(model.normalizer)),
        ("motion prior", _count(model.prior)),
        ("motion sampler", _count(model.sampler)),
        ("all", _count(model)),
    ]
    lines = [f"{model.config.name}, parameters in millions"]
    return "\n".join(lines + [f"{name:<32}{count / 1e6:9.3f}" for name, count in rows])


def _count(part: "nn.Module") -> int:
    return sum(parameter.numel() for parameter in part.parameters())
