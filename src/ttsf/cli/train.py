"""The training commands: `ttsf train STAGE`, `ttsf assemble`, `ttsf ablate` and `ttsf info`."""

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Generic, Literal, TypeVar

from pydantic.dataclasses import dataclass as checked
from tyro.conf import Positional, Suppress, UseAppendAction, arg, create_mutex_group, subcommand

from ttsf.cli.options import Out
from ttsf.config import STRICT
from ttsf.errors import TtsfError
from ttsf.research.config_file import changed_preset
from ttsf.research.presets import PRESETS, Preset
from ttsf.research.training.settings import (
    Count,
    FaceOptions,
    JointOptions,
    MotionOptions,
    RunSettings,
    SoundLipsOptions,
    StageOptions,
    SyncNetOptions,
    TtsOptions,
    VocoderOptions,
    VoiceOptions,
)

if TYPE_CHECKING:
    from torch import nn

    from ttsf.model.ttsf import TTSF

    PresetName = str
else:
    PresetName = Literal[tuple(PRESETS)]
Changes = UseAppendAction[
    Annotated[
        tuple[Path, ...],
        arg(metavar="FILE.toml", help="Values that differ from the preset's; may be repeated."),
    ]
]
Options = TypeVar("Options", bound=StageOptions)
LENGTH = create_mutex_group(required=False, title="length")
WHICH = create_mutex_group(required=False, title="model")


@dataclass(frozen=True, kw_only=True)
class Configured:
    """A preset, as it is or changed."""

    preset: PresetName = "mini"
    """Built-in configuration."""
    config: Changes = ()

    def configuration(self) -> Preset:
        """Return the preset with the changes of the files; raises TtsfError for a wrong one."""
        return changed_preset(PRESETS[self.preset], self.config)


@checked(frozen=True, config=STRICT)
class _Run(RunSettings):
    steps: Suppress[Count] = 1


@dataclass(frozen=True, kw_only=True)
class Train(Configured, Generic[Options]):
    """Train one stage; an interrupted run continues."""

    options: Annotated[Options, arg(name="")]
    out: Annotated[Path, arg(aliases=("-o",), metavar="RUN")]
    """Run folder, resumed if it exists."""
    steps: Annotated[int | None, LENGTH, arg(help_behavior_hint="(default: the preset's)")] = None
    """Length of training in optimiser steps."""
    epochs: Annotated[float | None, LENGTH, arg(help_behavior_hint="")] = None
    """Length of training in passes through the data."""
    settings: Annotated[_Run, arg(name="")]

    def run(self) -> None:
        """Train."""
        from ttsf.research.training.start import train_stage

        preset = self.configuration()
        train_stage(self.options, preset, self.out, self.settings, self.steps, self.epochs)


@dataclass(frozen=True, kw_only=True)
class Assemble(Configured):
    """Assemble a model folder from runs; later runs replace parts of earlier ones.

    ttsf assemble runs/joint runs/vocoder --out model
    """

    runs: Annotated[Positional[tuple[Path, ...]], arg(metavar="RUN")]
    """Run folders or model folders, or names of bundled models."""
    out: Out

    def run(self) -> None:
        """Write the model, and print which parts are untrained."""
        from ttsf.checkpoint import save
        from ttsf.research.training.assemble import assemble

        if not self.runs:
            raise TtsfError("name at least one run")
        model, untrained = assemble(self.configuration(), self.runs)
        if untrained:
            print(f"untrained, as no run holds them: {', '.join(untrained)}")
        save(model, self.out)


@dataclass(frozen=True, kw_only=True)
class Ablate(Configured):
    """Make an ablation of a model (Tables 3 and 5) in a folder beside it, named after the preset.

    ttsf ablate --base models/mini --preset mini-no-energy --run runs/no-energy
    """

    base: Annotated[Path, arg(metavar="DIR")]
    """Model folder."""
    run_folder: Annotated[Path, arg(name="run", metavar="RUN")]
    """Run of stage motion or voice, trained with the preset."""

    def run(self) -> None:
        """Write the model folder, which holds only the tensors that differ, and print its path."""
        from ttsf import checkpoint
        from ttsf.research.training.assemble import ablate

        preset = self.configuration()
        out = self.base.parent / preset.model.name
        if (out / checkpoint.WEIGHTS).exists() and checkpoint.base_of(out) != self.base.name:
            raise TtsfError(
                f"{out} holds another model; give the ablation a name of its own, "
                'as name = "NAME" under [model] in --config'
            )
        model = ablate(checkpoint.load(self.base), preset, self.run_folder)
        checkpoint.save(model, out, self.base.name)
        print(out)


@dataclass(frozen=True)
class Info:
    """Print parameter counts.

    ttsf info --preset paper
    """

    preset: Annotated[PresetName, WHICH] = "mini"
    """A built-in configuration."""
    config: Changes = ()
    model: Annotated[Path | None, WHICH, arg(metavar="DIR", help_behavior_hint="")] = None
    """Model folder."""

    def run(self) -> None:
        """Print the table, and the path of the weights."""
        from ttsf.checkpoint import WEIGHTS, load
        from ttsf.model.ttsf import TTSF

        if self.model is None:
            preset = changed_preset(PRESETS[self.preset], self.config)
            print(parameter_table(TTSF(preset.model)))
        else:
            print(parameter_table(load(self.model)))
            print("weights:", self.model / WEIGHTS)


def _stage(name: str, options: type) -> object:
    """Return name and help of a stage's command; the example shows its required options."""
    needed = (field.name for field in fields(options) if field.default is MISSING)
    example = " ".join(f"--{option} {option.upper()}" for option in needed)
    return subcommand(
        name, description=f"{options.__doc__}\n\nttsf train {name} {example} --out RUN"
    )


STAGES = (
    Annotated[Train[TtsOptions], _stage("tts", TtsOptions)]
    | Annotated[Train[VocoderOptions], _stage("vocoder", VocoderOptions)]
    | Annotated[Train[FaceOptions], _stage("face", FaceOptions)]
    | Annotated[Train[MotionOptions], _stage("motion", MotionOptions)]
    | Annotated[Train[VoiceOptions], _stage("voice", VoiceOptions)]
    | Annotated[Train[SoundLipsOptions], _stage("sound-lips", SoundLipsOptions)]
    | Annotated[Train[SyncNetOptions], _stage("syncnet", SyncNetOptions)]
    | Annotated[Train[JointOptions], _stage("joint", JointOptions)]
)


def parameter_table(model: "TTSF") -> str:
    """Return a line per part; E_v + E_m is also counted without motion codes, as in LIA."""
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
