"""Does a training step wait for its data? Prints the loader's pace, a step's time and its wait.

    python benchmarks/data_loading.py [--corpus DIR] [--preset mini]

The step is that of face training without its known motion: G draws 4 targets of each of 4 sources
at 128 px, forward, backward and Adam, with random labels. Without a corpus, a small one of a moving
photograph is written to a temporary folder.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from skimage import data
from torch.nn import functional as F

from ttsf.config import PICTURE_SIDE, SAMPLES_PER_FRAME
from ttsf.errors import TtsfError
from ttsf.model.face.objectives import gradient_l1, pyramid_l1
from ttsf.model.labels import LABELS, head_only, labels_to_alpha, lips_only
from ttsf.model.ttsf import TTSF
from ttsf.research.data.clip_files import save_frames, save_samples
from ttsf.research.data.manifest import Clip, Recorded, write_manifest
from ttsf.research.data.talking_clips import TalkingBatch, TalkingClips
from ttsf.research.presets import PRESETS

CLIPS, TARGETS, SIDE = 4, 4, 128
WARM_UP = 4
"""Steps until the loader is in its steady state."""


def make_corpus(folder: Path, clips: int = 8, frames: int = 100) -> None:
    """A photograph that drifts, with noise as its sound."""
    photo, size = data.astronaut(), PICTURE_SIDE
    rng, rows = np.random.default_rng(0), []
    for i in range(clips):
        phase = np.arange(frames) / 7 + i
        x, y = (90 + 30 * np.sin(phase)).astype(int), (30 + 20 * np.cos(phase)).astype(int)
        shown = (photo[b : b + size, a : a + size] for a, b in zip(x, y, strict=True))
        sound = 0.1 * rng.standard_normal(frames * SAMPLES_PER_FRAME)
        row = Clip(
            name=f"clip_{i}",
            dataset="synthetic",
            speaker=f"speaker_{i % 2}",
            split="train",
            frames=save_frames(folder / f"clip_{i}.mp4", shown),
            samples=save_samples(folder / f"clip_{i}.flac", sound),
            source="skimage.data.astronaut",
            licence="public domain",
            made=Recorded(start_s=0.0, crop=None, face_px=None, turned=None),
            video=f"clip_{i}.mp4",
            audio=f"clip_{i}.flac",
            text="Nobody says this.",
        )
        rows.append(row)
    write_manifest(folder, rows)


def read_ahead(clips: TalkingClips, steps: int, threads: int) -> Iterator[TalkingBatch]:
    """The batches of the first steps, read when asked for or ahead by threads, as training does."""
    if not threads:
        yield from (clips.batch(step, seed=0, size=CLIPS) for step in range(steps))
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(lambda step: clips.batch(step, seed=0, size=CLIPS), range(steps))


def clips_per_second(clips: TalkingClips, threads: int, steps: int) -> float:
    """The loader alone, after its first batch."""
    batches = read_ahead(clips, steps + 1, threads)
    next(batches)
    begun = time.perf_counter()
    for _ in batches:
        pass
    return steps * CLIPS / (time.perf_counter() - begun)


def training_step(preset: str) -> Callable[[TalkingBatch], None]:
    """One step of a fresh face model as a function of a batch."""
    torch.manual_seed(0)
    model = TTSF(PRESETS[preset].model)
    codes, compose = model.config.face.motion_codes, model.motion_extractor.compose
    adam = torch.optim.Adam(model.parameters(), lr=1e-4)

    def step(batch: TalkingBatch) -> None:
        every = batch.frames.shape[1] // TARGETS
        target = F.interpolate(batch.frames[:, ::every].flatten(0, 1), size=SIDE, mode="area")
        labels = 0.1 * torch.randn(len(target), len(LABELS))
        f_m, f_lip = (compose(labels_to_alpha(p(labels), codes)) for p in (head_only, lips_only))
        face = model.draw(model.read_faces(batch.source), f_m, f_lip, SIDE)
        weight = torch.ones_like(target[:, :1])
        loss = pyramid_l1(face.image, target, weight) + gradient_l1(face.image, target, weight)
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    return step


def waits_and_steps(
    batches: Iterator[TalkingBatch], step: Callable[[TalkingBatch], None]
) -> tuple[list[float], list[float]]:
    """Seconds that each step waited for its batch, and that it then took."""
    waits, steps = [], []
    begun = time.perf_counter()
    for batch in batches:
        waits.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        step(batch)
        steps.append(time.perf_counter() - begun)
        begun = time.perf_counter()
    return waits[WARM_UP:], steps[WARM_UP:]


def measure(corpus: Path, preset: str, steps: int) -> None:
    """Print all figures of a corpus."""
    clips = TalkingClips(corpus, PRESETS[preset].model)
    print(f"{len(clips)} clips in {corpus}; {CLIPS} clips a batch, {torch.get_num_threads()} cores")
    for threads in (0, 1):
        pace = clips_per_second(clips, threads, steps)
        print(f"loader alone, {threads} threads: {pace:.1f} clips/s, {CLIPS / pace:.3f} s a batch")
    step = training_step(preset)
    for threads in (0, 1):
        batches = read_ahead(clips, WARM_UP + steps, threads)
        waits, took = waits_and_steps(batches, step)
        share = sum(waits) / (sum(waits) + sum(took))
        print(
            f"training, {threads} threads: {statistics.median(took):.3f} s a step, "
            f"{share:.1%} of the time spent waiting for the loader"
        )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Time the data loader against a training step.")
    parser.add_argument("--corpus", type=Path, help="a folder with manifest.jsonl")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="mini")
    parser.add_argument("--steps", type=int, default=12, help="steps that are timed")
    options = parser.parse_args()
    try:
        if options.corpus is not None:
            measure(options.corpus, options.preset, options.steps)
            return
        with tempfile.TemporaryDirectory() as folder:
            make_corpus(Path(folder))
            measure(Path(folder), options.preset, options.steps)
    except TtsfError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
