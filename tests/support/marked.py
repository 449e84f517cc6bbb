"""Moving pictures and speech-like sound that no mark is in."""

import io

import av
import cv2
import numpy as np


def film(picture: np.ndarray, count: int = 24) -> np.ndarray:
    """A picture that sways, RGB uint8 [count, H, W, 3]."""
    height, width = picture.shape[:2]
    frames = []
    for k in range(count):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 0.4 * np.sin(k / 4), 1.05)
        frames.append(cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REFLECT))
    return np.stack(frames)


def speech(seconds: float, seed: int = 0) -> np.ndarray:
    """Syllables of a voice, float32 [N] in [-1, 1] at 16 kHz."""
    random, count = np.random.default_rng(seed), int(seconds * 16_000)
    time = np.arange(count) / 16_000
    pitch = 110 * np.exp(0.2 * np.cumsum(random.normal(size=count)) / 2_000)
    voice = sum(np.sin(2 * np.pi * k * np.cumsum(pitch) / 16_000) / k for k in range(1, 36))
    loud = np.clip(np.sin(2 * np.pi * 2.3 * time) + 0.4, 0, 1)
    colour = np.convolve(random.normal(size=count), np.ones(8) / 8, "same")
    whole = loud * (voice + colour)
    return (0.4 * whole / np.abs(whole).max()).astype(np.float32)


def coded(frames: np.ndarray, codec: str, options: dict[str, str], kind: str) -> list[np.ndarray]:
    """The lightness of frames after coding, each uint8 [H, W]."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = (side // 2 * 2 for side in frames.shape[1:3])
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            even = np.ascontiguousarray(frame[: stream.height, : stream.width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, "rgb24")))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def coded_sound(samples: np.ndarray, codec: str, rate: int, bits: int, kind: str) -> np.ndarray:
    """Sound at 16 kHz after coding at `rate` Hz and `bits` a second."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout, stream.bit_rate = "mono", bits
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    pieces = []
    with av.open(file) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=16_000)
        for frame in container.decode(audio=0):
            frame.pts = None
            pieces += [one.to_ndarray()[0] for one in resampler.resample(frame)]
    return np.concatenate(pieces)
