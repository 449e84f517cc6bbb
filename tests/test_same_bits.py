"""The same portrait, text and seed give the frames and samples that they gave before (a0aa400).

The stored hashes hold for the processor and libraries that they were made with; elsewhere
convolutions round otherwise, and the stored samples and small frames must be met closely.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

import ttsf

ROOT = Path(__file__).parents[1]
PORTRAIT = ROOT / "examples" / "astronaut.jpg"
TEXT = "Good morning, Mr. Smith. It is 7:30, and nobody moves."


def digest(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def kernels() -> str:
    """A hash of what this machine makes of the operations that the model uses."""
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(4, 64, 32, 32, generator=dice)
    with torch.inference_mode():
        y = F.conv2d(x, torch.randn(64, 64, 3, 3, generator=dice), padding=1)
        z = F.conv1d(x.flatten(2)[..., :300], torch.randn(96, 64, 5, generator=dice))
        q, k, v = (torch.randn(1, 2, 200, 32, generator=dice) for _ in range(3))
        a = F.scaled_dot_product_attention(q, k, v)
        s = torch.fft.rfft((x * 3).sin().exp()).abs()
        u = F.interpolate(y, scale_factor=2, mode="bilinear")
    return digest(*(t.contiguous().numpy() for t in (y, z, a, s, u)))


def test_frames_and_samples_are_those_of_before() -> None:
    stored = np.load(ROOT / "tests" / "reference" / "astronaut.npz")
    result = ttsf.load().speak(PORTRAIT, TEXT, ttsf.GenerateOptions(seed=3))
    assert result.samples.shape == stored["heard"].shape
    if kernels() == str(stored["kernels"]):
        assert digest(result.samples) == str(stored["samples"])
        assert digest(result.frames) == str(stored["frames"])
    assert np.abs(result.samples * 32_767 - stored["heard"]).mean() < 30
    small = [
        np.asarray(Image.fromarray(frame).resize((64, 64), Image.Resampling.BOX))
        for frame in result.frames[::20]
    ]
    assert np.abs(np.stack(small).astype(float) - stored["seen"]).mean() < 1


def test_another_seed_is_noticed() -> None:
    """What the test above compares is not the same for everything."""
    stored = np.load(ROOT / "tests" / "reference" / "astronaut.npz")
    samples = ttsf.load().say(PORTRAIT, TEXT, ttsf.GenerateOptions(seed=4))
    assert digest(samples) != str(stored["samples"])
    assert samples.shape == stored["heard"].shape
