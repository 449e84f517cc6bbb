"""Cost of G's fields: `python -m benchmarks.generator [--against REVISION] [--batches 1 4 8]`.

Prints milliseconds of one thread's time a frame on the bundled model, memory that the kernel had
to clear, and, with a git revision that has `Generator.fields`, the ratio to G as it was there and
the largest difference. Both are measured in turn; absolute times do not carry over.
"""

import argparse
import resource
import statistics
import subprocess
import time
import types
from collections.abc import Callable
from functools import partial

import torch

from ttsf import checkpoint
from ttsf.model.face.generator import Fields, Generator, fuse_motion

SOURCE = "src/ttsf/model/face/generator.py"
ROUNDS = 40
FIRST = "46193e2"
"""The first revision with fields."""


def generator_at(revision: str, now: Generator, config: object) -> Generator:
    """G of a git revision, with today's weights."""
    code = subprocess.run(["git", "show", f"{revision}:{SOURCE}"], capture_output=True, check=True)
    module = types.ModuleType("generator_then")
    exec(compile(code.stdout, f"{revision}:{SOURCE}", "exec"), module.__dict__)
    then = module.Generator(config).eval()
    then.load_state_dict(now.state_dict())
    return then


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", metavar="REVISION", help=f"for example {FIRST}")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = checkpoint.load()
    then = arguments.against and generator_at(arguments.against, model.generator, model.config.face)
    dice = torch.Generator().manual_seed(0)
    source = model.read_faces(torch.rand(1, 3, 256, 256, generator=dice) * 2 - 1)
    for count in arguments.batches:
        noise = torch.randn(2, count, source.f_m.shape[-1], generator=dice) * source.f_m.std() / 2
        f_id = source.f_id.expand(count, -1)
        styles = fuse_motion(f_id, source.f_m + noise[0], noise[1], model.config.face)
        skips = source.features.skips
        plain = tuple(s.contiguous().expand(count, -1, -1, -1) for s in skips)
        ways = {"now": partial(model.generator.fields, styles, skips)}
        if then:
            ways[arguments.against] = partial(then.fields, styles, plain)
        print(f"batch {count}: " + measure(ways, count))


@torch.inference_mode()
def measure(ways: dict[str, Callable[[], Fields]], count: int) -> str:
    """Medians in turn; what the second differs by."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    pages = dict.fromkeys(ways, 0)
    results = [way() for way in ways.values()]
    for _ in range(ROUNDS):
        for name, way in ways.items():
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            began = time.thread_time()
            way()
            seconds[name].append(time.thread_time() - began)
            pages[name] += resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    median = {name: statistics.median(values) for name, values in seconds.items()}
    parts = [
        f"{name} {1e3 * taken / count:.1f} ms a frame, {pages[name] / ROUNDS / count:.0f} pages"
        for name, taken in median.items()
    ]
    if len(ways) == 2:
        now, then = median.values()
        pairs = zip(*results, strict=True)
        off = max(float((a - b).abs().max()) for a, b in pairs)
        parts.append(f"ratio {now / then:.2f}, largest difference {off:.1e}")
    return "; ".join(parts)


if __name__ == "__main__":
    main()
