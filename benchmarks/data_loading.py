"""Does a training step wait for its data? Prints the loader's pace, a step's time and its wait.

    python benchmarks/data_loading.py [--corpus DIR] [--preset mini]

The step is that of face training without its known motion: FaceNet draws 4 targets of each of 4
sources at 128 px, forward, backward and Adam, with made-up labels. Without a corpus, a small one of
a moving photograph is made in a temporary folder.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from skimage import data

from ttsf.config import PICTURE_SIDE, SAMPLES_PER_FRAME
from ttsf.data.clip_files import save_frames, save_samples
from ttsf.data.manifest import Clip, Recorded, write_manifest
from ttsf.data.talking_clips import TalkingBatch, TalkingClips, prefetch
from ttsf.errors import TtsfError
from ttsf.face.objectives import gradient_l1, pyramid_l1
from ttsf.landmarks.labels import LABELS
from ttsf.presets import PRESETS
from ttsf.training.stages.face import FaceNet

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
            dataset="made up",
            speaker=f"speaker_{i % 2}",
            split="train",
            frames=save_frames(folder / f"clip_{i}.mp4", shown),
            samples=save_samples(folder / f"clip_{i}.flac", sound),
            source="skimage.data.astronaut",
            licence="public domain",
            made=Recorded(start_s=0.0, crop=None, face_px=None, turned=None),
            video=f"clip_{i}.mp4",
            audio=f"clip_{i}.flac",
            text="This text was made up.",
        )
        rows.append(row)
    write_manifest(folder, rows)


def clips_per_second(clips: TalkingClips, workers: int, steps: int) -> float:
    """The loader alone, after its first batch."""
    batches = prefetch(clips, 0, steps + 1, seed=0, size=CLIPS, workers=workers)
    next(batches)
    begun = time.perf_counter()
    for _ in batches:
        pass
    return steps * CLIPS / (time.perf_counter() - begun)


def training_step(preset: str) -> Callable[[TalkingBatch], None]:
    """One step of a fresh FaceNet as a function of a batch."""
    torch.manual_seed(0)
    net = FaceNet(PRESETS[preset].model.face)
    adam = torch.optim.Adam(net.parameters(), lr=1e-4)

    def step(batch: TalkingBatch) -> None:
        every = batch.frames.shape[1] // TARGETS
        target = batch.frames[:, ::every].flatten(0, 1)
        labels = 0.1 * torch.randn(len(batch.source), TARGETS, len(LABELS))
        face, _ = net(batch.source, labels, SIDE)
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
    clips = TalkingClips(corpus, PRESETS[preset].model, side=SIDE)
    print(f"{len(clips)} clips in {corpus}; {CLIPS} clips a batch, {torch.get_num_threads()} cores")
    for workers in (0, 1):
        pace = clips_per_second(clips, workers, steps)
        print(f"loader alone, {workers} workers: {pace:.1f} clips/s, {CLIPS / pace:.3f} s a batch")
    step = training_step(preset)
    for workers in (0, 1):
        batches = prefetch(clips, 0, WARM_UP + steps, seed=0, size=CLIPS, workers=workers)
        waits, took = waits_and_steps(batches, step)
        share = sum(waits) / (sum(waits) + sum(took))
        print(
            f"training, {workers} workers: {statistics.median(took):.3f} s a step, "
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
