"""Same bits: frames, samples, subtitles, timings and MP4 files as they were when hashed.

The hashes hold for one version of PyTorch and of FFmpeg's libraries on one kind of processor, and
are skipped elsewhere. Where a change of the output is wanted, write them anew, and say so in the
commit: `python -m tests.test_golden`.
"""

import hashlib
import json
import platform
import tempfile
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from skimage import data

import ttsf
from tests.support.tiny_model import TINY
from ttsf.model.ttsf import TTSF

STORED = Path(__file__).with_name("golden.json")
TEXT = "Good morning. This picture has learned to speak."
OPTIONS = {
    "plain": ttsf.GenerateOptions(seed=3, size=256),
    "canvas": ttsf.GenerateOptions(
        seed=5, motion=1.5, blinks=0.5, rate=1.3, framing=ttsf.Framing.parse("160x200"), label=True
    ),
    "still": ttsf.GenerateOptions(seed=7, still=True, steps=3, temperature=0.4, size=128),
}
CASES = (*(("bundled", name) for name in ("plain", "still")), *(("tiny", name) for name in OPTIONS))


def machine() -> dict[str, str]:
    """What the last bits depend on beside the code."""
    found = {"torch": torch.__version__, "av": av.__version__, "machine": platform.machine()}
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    for key in ("vendor_id", "cpu family", "model", "model name", "flags"):
        values = [line.split(":")[1].strip() for line in lines if line.split(":")[0].strip() == key]
        found[key] = values[0] if values else ""
    found["flags"] = _hash(" ".join(sorted(found["flags"].split())).encode())
    return found


@cache
def _pipeline(weights: str) -> ttsf.Pipeline:
    if weights == "bundled":
        return ttsf.load()
    torch.manual_seed(0)
    return ttsf.Pipeline(TTSF(TINY).eval())


def made(weights: str, name: str, folder: Path) -> dict[str, str]:
    """Hashes of all that one video gives."""
    pipeline, options = _pipeline(weights), OPTIONS[name]
    portrait = pipeline.portrait(data.astronaut())
    frames, samples = hashlib.sha256(), hashlib.sha256()
    for chunk in pipeline.stream(portrait, TEXT, options):
        frames.update(np.ascontiguousarray(chunk.frames))
        samples.update(np.ascontiguousarray(chunk.samples))
    found = {"frames": frames.hexdigest(), "samples": samples.hexdigest()}
    outputs = ttsf.Outputs(
        folder / "video.mp4",
        subtitles=folder / "video.srt",
        timings=folder / "video.json",
        captions="track",
    )
    pipeline.write(portrait, TEXT, outputs, options)
    return found | {path.suffix: _hash(path.read_bytes()) for path in sorted(folder.iterdir())}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("weights", "name"), CASES)
def test_the_output_has_the_bits_it_had(weights: str, name: str, tmp_path: Path) -> None:
    stored = json.loads(STORED.read_text())
    here = machine()
    other = [key for key, value in stored["machine"].items() if here[key] != value]
    if other:
        pytest.skip(f"hashed on another machine: {', '.join(other)} differ")
    assert made(weights, name, tmp_path) == stored[f"{weights} {name}"]


def main() -> None:
    """Write the hashes."""
    torch.set_num_threads(1)
    stored: dict[str, dict[str, str]] = {"machine": machine()}
    for weights, name in CASES:
        with tempfile.TemporaryDirectory() as folder:
            stored[f"{weights} {name}"] = made(weights, name, Path(folder))
    STORED.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
