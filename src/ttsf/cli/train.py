"""The training commands: `ttsf train STAGE`, `ttsf assemble` and `ttsf ablate`."""

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from pydantic.dataclasses import dataclass as checked
from tyro.conf import Positional, Suppress, arg, create_mutex_group, subcommand

from ttsf.cli.options import Configured, Out
from ttsf.config import STRICT
from ttsf.errors import TtsfError
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

Options = TypeVar("Options", bound=StageOptions)
LENGTH = create_mutex_group(required=False, title="length")


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
    """Run folders or model folders."""
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
        """Write the model folder, which holds only the tensors that differ."""
        from ttsf import checkpoint
        from ttsf.research.training.ablation import ablate

        base, preset = checkpoint.load(self.base), self.configuration()
        model = ablate(base, preset, self.run_folder)
        checkpoint.save(model, self.base.parent / preset.model.name, self.base.name)


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
