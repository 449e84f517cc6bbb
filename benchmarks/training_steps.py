"""Cost of a training step: `python -m benchmarks.training_steps [--preset mini] [--stages ...]`.

For each stage, on generated data: seconds a step, steps a second, memory of the process at its
peak, the step's FLOPs, and how many times longer it takes than plain matrix products of as many
FLOPs on this machine. That ratio is the overhead; absolute times do not carry over to another
machine.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.support.tiny_stages import STAGES, TinyStages
from ttsf.research.presets import PRESETS
from ttsf.research.training.loop import Stage, total_loss


def matmul_rate(size: int = 1024, seconds: float = 1.0) -> float:
    """FLOPs a second of square float32 products."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    began, count = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        a @ b
        count += 1
    return count * 2 * size**3 / (time.monotonic() - began)


def one_step(stage: Stage, optimizer: torch.optim.Optimizer, number: int) -> None:
    """What the loop does, less its bookkeeping."""
    losses = stage.losses(stage.batch(number))
    optimizer.zero_grad(set_to_none=True)
    total_loss(losses, stage.weights).backward()
    torch.nn.utils.clip_grad_norm_(stage.net.parameters(), 5.0)
    optimizer.step()


def measure(stage: Stage, steps: int) -> tuple[float, float]:
    """FLOPs of a step and its median seconds."""
    optimizer = stage.optimizer()
    stage.net.train()
    with FlopCounterMode(display=False) as counter:
        one_step(stage, optimizer, 1)  # R1, due at 0, cannot be counted
    times = []
    for number in range(2, steps + 2):
        began = time.monotonic()
        one_step(stage, optimizer, number)
        times.append(time.monotonic() - began)
    return float(counter.get_total_flops()), sorted(times)[len(times) // 2]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="mini")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--steps", type=int, default=5, help="timed steps (5)")
    chosen = parser.parse_args()
    rate = matmul_rate()
    print(f"{torch.get_num_threads()} threads, matrix products {rate / 1e9:.0f} GFLOP/s")
    print("stage     s/step  steps/s  peak MB  GFLOP   times a plain step")
    with tempfile.TemporaryDirectory() as folder:
        stages = TinyStages(Path(folder), chosen.preset)
        for name in chosen.stages:
            flops, seconds = measure(stages.build(name), chosen.steps)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name:9s} {seconds:6.2f} {1 / seconds:8.2f} {peak:8.0f} {flops / 1e9:6.1f} "
                f"{seconds * rate / flops:8.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
