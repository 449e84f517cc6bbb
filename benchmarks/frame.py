"""Where a frame's time goes, and what x264's presets cost and give: `python -m benchmarks.frame`.

Milliseconds of one thread a frame, of the astronaut in 1080 x 844 px; then bits, SSIM of luminance
and milliseconds of the encoder for each preset, at the quality (crf) of files.
"""

import io
import time
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from typing import Any

import av
import cv2
import numpy as np
import torch
from PIL import Image

from benchmarks.engine import ROOT, SENTENCES
from ttsf.compositing.scene import Scene
from ttsf.engine.options import GenerateOptions
from ttsf.media.video_codecs import MP4, THREADS, add_video
from ttsf.model.ttsf import TTSF
from ttsf.pipeline import load
from ttsf.provenance.embed.picture import PictureMark

SIZE, FPS = (1080, 844), 25
OWN = MP4.encoder["x264-params"]
PRESETS = (("superfast", OWN), ("veryfast", ""), ("superfast", ""), ("ultrafast", ""))
"""x264's, ours first; and parameters."""
WEAKER = (0, 4, 8)
"""Added to crf, to find each preset's quality at the bits of another."""
EVERY = 12
"""Frames between two that are compared."""
FIXED = (6.5, 58.5)
"""SSIM's constants for 8 bits."""


def watch(parts: dict[str, float], owner: type, method: str, name: str) -> None:
    """Add a method's thread time to `parts`."""
    inner: Callable[..., Any] = getattr(owner, method)

    def watched(*given: Any, **named: Any) -> Any:
        began = time.thread_time()
        try:
            return inner(*given, **named)
        finally:
            parts[name] += time.thread_time() - began

    setattr(owner, method, watched)


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Mean structural similarity of uint8 [h, w]."""

    def mean(field: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(field, (11, 11), 1.5)

    a, b = one.astype(np.float32), other.astype(np.float32)
    m, n = mean(a), mean(b)
    spread, shared = mean(a * a) - m * m + mean(b * b) - n * n, mean(a * b) - m * n
    same = (2 * m * n + FIXED[0]) * (2 * shared + FIXED[1])
    return float((same / ((m * m + n * n + FIXED[0]) * (spread + FIXED[1]))).mean())


def encode(frames: list[av.VideoFrame], preset: str, parameters: str, crf: int) -> str:
    """Encode frames as a file has them, and say what that costs and gives."""
    target, size = io.BytesIO(), (frames[0].width, frames[0].height)
    container = av.open(target, "w", format=MP4.container)
    options = {"preset": preset, "crf": str(crf), "x264-params": parameters}
    stream = add_video(container, MP4.video, FPS, size, options)
    stream.codec_context.thread_count = THREADS
    began = time.process_time()
    for number, frame in enumerate(frames):
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    took = 1e3 * (time.process_time() - began) / len(frames)
    container.close()
    kbit = target.tell() * 8 * FPS / len(frames) / 1e3
    target.seek(0)
    decoded = islice(zip(frames, av.open(target).decode(video=0), strict=True), 5, None, EVERY)
    seen = [ssim(*(f.to_ndarray(format="gray") for f in pair)) for pair in decoded]
    return f"{kbit:.0f} kbit/s, SSIM {np.mean(seen):.4f}, {took:.1f} ms a frame"


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    with Image.open(ROOT / "docs" / "pictures" / "astronaut.jpg") as image:
        large = image.convert("RGB").resize((SIZE[0], SIZE[0])).crop((0, 0, *SIZE))
    parts: dict[str, float] = defaultdict(float)
    watch(parts, TTSF, "fields", "G")
    watch(parts, Scene, "draw", "compositing")
    watch(parts, PictureMark, "on", "watermark")
    pipeline, frames = load(), list[av.VideoFrame]()
    for chunk in pipeline.stream(
        pipeline.portrait(large), SENTENCES[0], GenerateOptions(size=1080)
    ):
        for picture in chunk.frames:
            frames.append(av.VideoFrame.from_ndarray(picture).reformat(format="yuv420p"))
    for name, seconds in parts.items():
        print(f"{name}: {1e3 * seconds / len(frames):.2f} ms a frame")
    for preset, parameters in PRESETS:
        for weaker in WEAKER:
            crf = int(MP4.encoder["crf"]) + weaker
            found = encode(frames, preset, parameters, crf)
            print(f"x264 {preset} {parameters}, crf {crf}: {found}", flush=True)


if __name__ == "__main__":
    main()
