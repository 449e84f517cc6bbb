"""Small recordings of a real face (a public-domain picture that comes with scikit-image)."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image
from skimage import data

RATE = 16_000


def face_picture(width: int = 320, height: int = 240, shift: int = 0) -> np.ndarray:
    """The face, about 105 px wide; shift moves it to the left, px."""
    scene = Image.fromarray(data.astronaut()).crop((0, 0, 480, 360))
    moved = np.roll(np.asarray(scene.resize((width, height))), -shift, axis=1)
    return np.ascontiguousarray(moved)


def empty_picture(width: int = 320, height: int = 240) -> np.ndarray:
    """No face: a quiet gradient."""
    ramp = np.linspace(60, 180, width, dtype=np.uint8)
    return np.broadcast_to(ramp[None, :, None], (height, width, 3)).copy()


def murmur(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """Something to hear: float32 [channels, N]."""
    time = np.arange(round(seconds * rate)) / rate
    tone = 0.2 * np.sin(2 * np.pi * 150 * time) * (1 + np.sin(2 * np.pi * 4 * time)) / 2
    return np.tile(tone.astype(np.float32), (channels, 1))


def write_recording(
    path: Path,
    pictures: list[np.ndarray],
    sound: np.ndarray | None = None,
    rate: int = RATE,
    fps: Fraction | int = 25,
    times: list[float] | None = None,
    rotation: int | None = None,
    faststart: bool = False,
) -> Path:
    """A video as a camera would leave it; `times` (s) make the frame rate variable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"movflags": "+faststart"} if faststart else {}
    codec = "mpeg1video" if path.suffix == ".mpg" else "libx264"
    container = av.open(str(path), "w", options=options)
    video = container.add_stream(codec, rate=fps)
    video.height, video.width = pictures[0].shape[:2]
    video.pix_fmt = "yuv420p"
    video.bit_rate = 2_000_000
    if rotation is not None:
        video.set_display_rotation(rotation)
    audio = None
    if sound is not None:
        audio = container.add_stream("mp2" if path.suffix == ".mpg" else "aac", rate=rate)
        audio.layout = "mono" if len(sound) == 1 else "stereo"
    clock = Fraction(1, 12_800)
    video.codec_context.time_base = clock if times else 1 / Fraction(fps)
    for i, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = round(times[i] / clock) if times else i
        frame.time_base = video.codec_context.time_base
        container.mux(video.encode(frame))
    container.mux(video.encode(None))
    if audio is not None and sound is not None:
        layout = "mono" if len(sound) == 1 else "stereo"
        for start in range(0, sound.shape[1], 1152):
            part = np.ascontiguousarray(sound[:, start : start + 1152])
            block = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            block.sample_rate, block.pts, block.time_base = rate, start, Fraction(1, rate)
            resampled = block
            if path.suffix == ".mpg":
                resampler = av.AudioResampler(format="s16", layout=layout, rate=rate)
                resampled = resampler.resample(block)[0]
            container.mux(audio.encode(resampled))
        container.mux(audio.encode(None))
    container.close()
    return path


def talking(path: Path, frames: int = 40, fps: Fraction | int = 25) -> Path:
    """A plain clip: a still face that sways by a pixel, with sound."""
    pictures = [face_picture(shift=i % 2) for i in range(frames)]
    return write_recording(path, pictures, murmur(float(frames / fps)), fps=fps)
