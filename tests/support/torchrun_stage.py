"""Run by torchrun in a test: `python -m tests.support.torchrun_stage OUT STEPS`."""

import sys
from pathlib import Path
from typing import ClassVar, NamedTuple

import torch
from torch import nn

from ttsf.research.training.journal import Validation
from ttsf.research.training.loop import train
from ttsf.research.training.settings import RunSettings


class Points(NamedTuple):
    x: torch.Tensor
    names: tuple[str, ...]


class SmallStage:
    """A net with a part that a step may leave unused, as a GAN's discriminator has."""

    batches_per_epoch = 4
    weights: ClassVar = {"fit": 1.0, "size": 0.1}

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.net = nn.ModuleDict({"used": nn.Linear(2, 4), "last": nn.Linear(4, 1)})
        self.net["idle"] = nn.Linear(1, 1)

    def optimizer(self):
        used, idle = (
            [*self.net["used"].parameters(), *self.net["last"].parameters()],
            self.net["idle"],
        )
        decaying = {"params": idle.parameters(), "weight_decay": 0.5}  # moves if its gradient is 0
        return torch.optim.SGD([{"params": used}, decaying], lr=0.1)

    def learning_rate(self, step, steps):
        return 1.0

    def batch(self, number):
        dice = torch.Generator().manual_seed(number)
        return Points(torch.randn(8, 2, generator=dice), (str(number),))

    def losses(self, batch):
        out = self.net["last"](torch.tanh(self.net["used"](batch.x)))
        wanted = batch.x.sum(1, keepdim=True)
        return {"fit": (out - wanted).square().mean(), "size": out.square().mean()}

    def held_out_batches(self):
        return iter(())

    def validate(self, step, batches):
        return Validation()


if __name__ == "__main__":
    train(SmallStage(), Path(sys.argv[1]), RunSettings(int(sys.argv[2]), log_every=1))
    tasks = Path("/proc/self/task")  # Linux
    running = [(task / "comm").read_text() for task in (tasks.iterdir() if tasks.exists() else ())]
    assert not any("gloo" in name for name in running), running  # they could abort the exit
