"""Sec. 4.1: the one training loop. A stage is a net, named losses and batches; this runs it.

Every step is a pure function of (seed, step) and the state, so a killed run resumes bit for bit on
CPU: a batch depends only on its number, and random generators are re-seeded for each. Under
`torchrun` the micro-batches of a step are distributed over processes (DDP); two processes take
exactly the step that one process takes with twice the accumulation.
"""

import gc
import json
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ttsf.errors import TtsfError
from ttsf.media.files import write_new
from ttsf.research.training.journal import Journal, Validation
from ttsf.research.training.settings import RunSettings
from ttsf.research.training.state import PARTIAL, STATE, load_state, save_state

TREND_STEPS = 50


class Stage(Protocol):
    """Interface of a stage. Its modules outside `net` are frozen.

    The loop moves modules and batches to the device, also for validation.
    """

    @property
    def net(self) -> nn.Module:
        """The modules that are trained and saved."""

    @property
    def weights(self) -> dict[str, float]:
        """The factor of each named loss (Eq. 8)."""

    def optimizer(self) -> torch.optim.Optimizer:
        """The optimiser over the net's trainable parameters."""

    @property
    def batches_per_epoch(self) -> int:
        """Micro-batches per pass through the data."""

    def learning_rate(self, step: int, steps: int) -> float:
        """Return the factor on all learning rates at a step of a run of `steps`."""

    def batch(self, number: int) -> Any:
        """Return micro-batch `number`, a NamedTuple that depends on the number alone.

        Called in a separate thread: do not use torch's global generator. A field `names` lists the
        contents of the batch.
        """

    def losses(self, batch: Any) -> dict[str, Tensor]:
        """Named scalar losses, means over the batch; the names are those of `weights`."""

    def held_out_batches(self) -> Iterator[Any]:
        """Yield the validation batches, as NamedTuples."""

    def validate(self, step: int, batches: Iterator[Any]) -> Validation:
        """Return figures, pictures and sounds of held-out batches; `net` has averaged weights."""


class _Objective(nn.Module):
    """A stage's losses as a module, so that DDP sees the parameters it must average."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.net, self.stage = stage.net, stage

    def forward(self, batch: Any) -> dict[str, Tensor]:
        return self.stage.losses(batch)


class _Trend:
    """Watches the total loss for divergence."""

    def __init__(self, factor: float) -> None:
        self.factor, self.lowest = factor, float("inf")
        self.recent: list[float] = []

    def diverges(self, total: float) -> bool:
        self.recent = [*self.recent, total][-TREND_STEPS:]
        if len(self.recent) < TREND_STEPS:
            return False
        mean = sum(self.recent) / TREND_STEPS
        self.lowest = min(self.lowest, mean)
        return self.lowest > 0 and mean > self.factor * self.lowest


def total_loss(losses: dict[str, Tensor], weights: dict[str, float]) -> Tensor:
    """Eq. 8: the weighted sum. Raises TtsfError on a missing or unknown name."""
    if losses.keys() != weights.keys():
        raise TtsfError(f"losses {sorted(losses)} do not match the weights {sorted(weights)}")
    return torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()


def to_device(batch: Any, device: torch.device) -> Any:
    """Move tensors, also in nested NamedTuples, to the device; leave other values unchanged."""
    if isinstance(batch, Tensor):
        return batch.to(device)
    if hasattr(batch, "_fields"):
        return type(batch)._make(to_device(part, device) for part in batch)
    return batch


def train(
    stage: Stage, out: Path, settings: RunSettings, files: Mapping[str, str] | None = None
) -> None:
    """Train up to `settings.steps`, resuming from the state in `out` if there is one.

    files: texts to write into `out`, once it is known that its state fits. Raises TtsfError,
    naming the batch, if a loss or gradient is not finite or the loss diverges; the last good state
    is kept.
    """
    with _processes(settings.device) as (rank, world, device):
        run = _Run(stage, out, settings, rank, world, device)
        for name, text in (files or {}).items() if rank == 0 else ():
            write_new(out / name, text)
        with closing(run.batches):
            run.run()
        del run  # DDP holds the process group


class _Batches:
    """Prefetches micro-batches in threads while steps are computed."""

    def __init__(self, stage: Stage, stride: int, end: int, loaders: int) -> None:
        self.stage, self.stride, self.end, self.loaders = stage, stride, end, loaders
        self.pool = ThreadPoolExecutor(loaders, "batches")
        self.ahead: dict[int, Future[Any]] = {}
        self.waited_s = 0.0

    def take(self, number: int) -> Any:
        """Return micro-batch `number`, and start loading the next `loaders` ones."""
        began = time.monotonic()
        batch = self._begun(number).result()
        del self.ahead[number]
        for following in range(number + self.stride, self.end, self.stride)[: self.loaders]:
            self._begun(following)
        self.waited_s += time.monotonic() - began
        return batch

    def _begun(self, number: int) -> Future[Any]:
        if number not in self.ahead:
            self.ahead[number] = self.pool.submit(self.stage.batch, number)
        return self.ahead[number]

    def close(self) -> None:
        """Stop prefetching."""
        self.pool.shutdown(cancel_futures=True)


class _Run:
    """One process of a run."""

    def __init__(
        self,
        stage: Stage,
        out: Path,
        settings: RunSettings,
        rank: int,
        world: int,
        device: torch.device,
    ) -> None:
        self.stage, self.out, self.settings = stage, out, settings
        self.rank, self.world, self.device = rank, world, device
        for part in vars(stage).values():
            if isinstance(part, nn.Module):
                part.to(device)
        self.net, self.optimizer = stage.net, stage.optimizer()
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.average = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        half = settings.precision == "float16"
        self.scaler = torch.amp.GradScaler(device.type, enabled=half and device.type == "cuda")
        self.first = self._resume()
        objective = _Objective(stage)
        self.objective: nn.Module = objective
        if world > 1:
            self.objective = DistributedDataParallel(objective, find_unused_parameters=True)
        self.batches = _Batches(
            stage, world, settings.steps * settings.accumulate * world, settings.loaders
        )

    def _resume(self) -> int:
        there = (self.out / STATE).exists()
        notes = load_state(self.out, self.net, self.average, self.optimizer) if there else {}
        if self.rank == 0:
            self.out.mkdir(parents=True, exist_ok=True)
            (self.out / PARTIAL).unlink(missing_ok=True)
        if not there:
            return 0
        if "scale" in notes:
            self.scaler.load_state_dict(json.loads(notes["scale"]))
        return int(notes["step"])

    def run(self) -> None:
        """Run all remaining steps."""
        settings, trend = self.settings, _Trend(self.settings.divergence)
        journal = Journal(self.out, self.first) if self.rank == 0 else None
        saved = time.monotonic()
        for step in range(self.first, settings.steps):
            losses, total = self._step(step)
            losses, total = self._over_processes(losses, total)
            if trend.diverges(total):
                raise TtsfError(f"the loss diverges at step {step}: {losses}; last state kept")
            if journal is None:
                continue
            done, last = step + 1, step + 1 == settings.steps
            journal.add(done, losses, self.batches.waited_s, settings.log_every)
            due = time.monotonic() - saved > settings.save_every_s
            if due or last or done % settings.save_every == 0:
                self._save(done)
                saved = time.monotonic()
            if last or done % settings.validate_every == 0:
                journal.show(done, self._validate(done))
        if journal is not None:
            journal.close()

    def _step(self, step: int) -> tuple[dict[str, float], float]:
        """Take one optimiser step; return this process's mean losses and their total."""
        stage, settings = self.stage, self.settings
        self.net.train()
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * stage.learning_rate(step, settings.steps)
        self.optimizer.zero_grad(set_to_none=True)
        means: dict[str, float] = {}
        names: list[Any] = []
        for part in range(settings.accumulate):
            number = (step * settings.accumulate + part) * self.world + self.rank
            torch.manual_seed(settings.seed * 1_000_003 + number)
            batch = to_device(self.batches.take(number), self.device)
            names += getattr(batch, "names", ())
            with self._last_only(part), self._autocast():
                losses = self.objective(batch)
                total = total_loss(losses, stage.weights) / settings.accumulate
            for name, loss in losses.items():
                means[name] = means.get(name, 0.0) + float(loss.detach()) / settings.accumulate
            if not torch.isfinite(total):
                raise TtsfError(self._blame("loss", step, number, names, means))
            with self._last_only(part):
                self.scaler.scale(total).backward()
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.net.parameters(), settings.clip)
        if not torch.isfinite(norm) and not self.scaler.is_enabled():
            raise TtsfError(self._blame("gradient", step, number, names, means))
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self._update_average(step)
        return means, sum(stage.weights[name] * value for name, value in means.items())

    def _over_processes(
        self, losses: dict[str, float], total: float
    ) -> tuple[dict[str, float], float]:
        """Average a step's losses over all processes."""
        if self.world == 1:
            return losses, total
        sums = torch.tensor([*losses.values(), total], device=self.device, dtype=torch.float64)
        distributed.all_reduce(sums)
        *means, mean = (sums / self.world).tolist()
        return dict(zip(losses, means, strict=True)), mean

    def _last_only(self, part: int) -> Any:
        """Synchronise gradients only with the last micro-batch of a step."""
        waits = self.world > 1 and part + 1 < self.settings.accumulate
        return self.objective.no_sync() if waits else nullcontext()  # type: ignore[operator]

    def _autocast(self) -> Any:
        if self.settings.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, getattr(torch, self.settings.precision))

    def _blame(
        self, what: str, step: int, number: int, names: list[Any], losses: dict[str, float]
    ) -> str:
        shown = ", ".join(str(name) for name in names) or "unnamed"
        return (
            f"the {what} is not finite at step {step}, batch {number} ({shown}): {losses}; "
            f"the last good state stays in {self.out}"
        )

    def _update_average(self, step: int) -> None:
        decay = min(self.settings.average_decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                if value.is_floating_point():
                    self.average[name].lerp_(value, 1 - decay)
                else:
                    self.average[name].copy_(value)

    def _save(self, done: int) -> None:
        notes = {"scale": json.dumps(self.scaler.state_dict())} if self.scaler.is_enabled() else {}
        save_state(self.out, done, self.net, self.average, self.optimizer, notes)

    def _validate(self, done: int) -> Validation:
        """Validate with the averaged weights."""
        own = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        self.net.load_state_dict(self.average)
        self.net.eval()
        batches = (to_device(batch, self.device) for batch in self.stage.held_out_batches())
        with torch.no_grad():
            found = self.stage.validate(done, batches)
        self.net.load_state_dict(own)
        return found


@contextmanager
def _processes(device: str) -> Iterator[tuple[int, int, torch.device]]:
    """Yield rank, number of processes and device; joins the process group under torchrun."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield 0, 1, torch.device(device)
        return
    cuda = device.startswith("cuda")
    # Its default arguments would hold our group, and so gloo's threads, until they abort the exit.
    import_module("torch.distributed.nn.functional")
    distributed.init_process_group("nccl" if cuda else "gloo")
    rank = distributed.get_rank()
    place = torch.device(f"cuda:{os.environ['LOCAL_RANK']}") if cuda else torch.device(device)
    if cuda:
        torch.cuda.set_device(place)
    try:
        yield rank, world, place
        distributed.barrier()
    finally:
        gc.collect()  # DDP is in a cycle
        distributed.destroy_process_group()
