"""Learning rate schedule and optimiser, shared by several stages."""

import math
from typing import Generic, TypeVar

import torch
from torch import nn

from ttsf.research.hyperparameters import (
    MotionTraining,
    SoundLipsTraining,
    SyncNetTraining,
    TtsTraining,
    VoiceTraining,
)

Settings = TypeVar(
    "Settings",
    bound=TtsTraining | MotionTraining | SoundLipsTraining | SyncNetTraining | VoiceTraining,
)
AdamSettings = TypeVar("AdamSettings", bound=TtsTraining | MotionTraining | SoundLipsTraining)


def warm_up_cosine(step: int, steps: int, warm_up: int, last: float) -> float:
    """Return the factor: linear over `warm_up` steps, then half a cosine down to `last`."""
    done = min(1.0, step / steps)
    cosine = last + (1 - last) * 0.5 * (1 + math.cos(math.pi * done))
    return min(1.0, (step + 1) / warm_up) * cosine


class Scheduled(Generic[Settings]):
    """A stage whose learning rate warms up, and then falls along a cosine."""

    training: Settings

    def learning_rate(self, step: int, steps: int) -> float:
        """Return the factor on all learning rates at a step of a run of `steps`."""
        return warm_up_cosine(step, steps, self.training.warm_up, self.training.last_rate)


class ScheduledAdam(Scheduled[AdamSettings]):
    """A stage that trains its whole net with Adam at one rate."""

    net: nn.Module

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam."""
        t = self.training
        return torch.optim.Adam(self.net.parameters(), lr=t.learning_rate, betas=t.betas)
