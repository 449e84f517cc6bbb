"""Sec. 4.1: trim and level speech; measure noise, pitch and register."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ttsf.config import HOP, SAMPLE_RATE
from ttsf.errors import needing
from ttsf.media.files import new_file
from ttsf.research.data.clip_files import save_samples
from ttsf.research.data.manifest import Clip, Register
from ttsf.research.data.speech.alignment import Phone, save_phones

LEVEL_DB = -23.0  # RMS of the loud part, below full scale
BLOCK = SAMPLE_RATE // 100  # samples of a look at the level
LOUD = 1e-3  # of the loudest block's power: what lies above it counts for the level
QUIET_PERCENT = 5  # of the blocks: pauses and closures, where only the noise is heard
KEPT_S = 0.06  # of the silence at either end
WINDOW, STRIDE = 640, 320  # samples of a look at the pitch
LOWEST_HZ, HIGHEST_HZ = 70.0, 350.0
HIGHEST_F0_HZ = 500.0
LEAST_PERIODIC, NEARLY = 0.6, 0.9
LEAST_VOICED = 10  # looks
REGISTER_BORDER_HZ = 135.0
"""Median F0 below which a voice's register is low, Hz."""


def resample(samples: np.ndarray, rate: float, new_rate: float) -> np.ndarray:
    """Resample float32 [N] from `rate` to `new_rate` Hz. Raises MissingPackage without soxr."""
    if rate == new_rate:
        return samples
    with needing("sound at another rate", "soxr", "data"):
        import soxr
    played: np.ndarray = soxr.resample(samples, rate, new_rate)
    return played


def loud_part(samples: np.ndarray) -> slice:
    """Return the part without silence at both ends, except KEPT_S; empty if all is silent."""
    power = _powers(samples)
    if not power.size or power.max() < 1e-8:
        return slice(0, 0)
    loud = np.flatnonzero(power > power.max() * 1e-4)
    keep = int(KEPT_S * SAMPLE_RATE)
    return slice(max(0, loud[0] * BLOCK - keep), (loud[-1] + 1) * BLOCK + keep)


def trim_and_level(samples: np.ndarray) -> np.ndarray:
    """Trim silence at both ends to KEPT_S, and scale the loud part to LEVEL_DB RMS."""
    cut = samples[loud_part(samples)]
    if not cut.size:
        return cut
    return cut * level_gain(cut)


def level_gain(samples: np.ndarray) -> float:
    """Return the gain that scales the loud part of trimmed float [N] at 16 kHz to LEVEL_DB RMS."""
    gain = 10 ** (LEVEL_DB / 20) / np.sqrt(_loud_power(_powers(samples)))
    return float(min(gain, 0.95 / np.abs(samples).max()))


def above_noise(samples: np.ndarray) -> float:
    """Return the level of trimmed speech, float [N] at 16 kHz, above its noise, dB.

    The ratio of the mean power of loud 10 ms blocks to the 5th percentile of all blocks.
    """
    power = _powers(samples)
    quiet = max(float(np.percentile(power, QUIET_PERCENT)), 1e-12)
    return float(10 * np.log10(_loud_power(power) / quiet))


def longest_loud(samples: np.ndarray, known: Sequence[tuple[float, float]]) -> float:
    """Return the longest loud period of float [N] at 16 kHz outside the `known` times, s.

    known: start and end in s, each widened by KEPT_S.
    """
    power = _powers(samples)
    loud = power > power.max() * LOUD
    for start_s, end_s in known:
        first, last = ((s * SAMPLE_RATE // BLOCK) for s in (start_s - KEPT_S, end_s + KEPT_S))
        loud[max(0, int(first)) : int(last)] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int)))
    return float((edges[1::2] - edges[::2]).max(initial=0) * BLOCK / SAMPLE_RATE)


def _powers(samples: np.ndarray) -> np.ndarray:
    """Return the mean square of each whole block of float [N]."""
    return (samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK) ** 2).mean(1)


def _loud_power(power: np.ndarray) -> float:
    return float(power[power > power.max() * LOUD].mean())


def median_pitch(samples: np.ndarray) -> float | None:
    """Return the median pitch in Hz of float [N] at 16 kHz, or None if nothing is voiced."""
    count = (len(samples) - WINDOW) // STRIDE + 1
    if count < LEAST_VOICED:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::STRIDE].astype(np.float64)
    frames = (frames - frames.mean(1, keepdims=True)) * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, 2 * WINDOW)) ** 2
    echo = np.fft.irfft(power)[:, :WINDOW]
    window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(WINDOW), 2 * WINDOW)) ** 2)[:WINDOW]
    shortest, longest = int(SAMPLE_RATE / HIGHEST_HZ), int(SAMPLE_RATE / LOWEST_HZ)
    likeness = echo / np.maximum(echo[:, :1], 1e-9) * (window[0] / np.maximum(window, 1e-3))
    before, part, after = (likeness[:, shortest + k : longest + k] for k in (-1, 0, 1))
    peaks = np.where((part >= before) & (part >= after), part, 0.0)
    best = peaks.max(1)
    # the shortest period that is nearly as good as the best: octave errors go down otherwise
    lag = (peaks >= NEARLY * best[:, None]).argmax(1) + shortest
    loud = echo[:, 0] > 0.05 * np.percentile(echo[:, 0], 95)
    voiced = loud & (best > LEAST_PERIODIC)
    return float(SAMPLE_RATE / np.median(lag[voiced])) if voiced.sum() >= LEAST_VOICED else None


def register_of(pitch: float | None) -> Register:
    """Return the register for a median pitch in Hz."""
    if pitch is None:
        return "unsure"
    return "low" if pitch < REGISTER_BORDER_HZ else "high"


def agreed_register(listed: Register | None, pitch: float | None) -> tuple[Register, str | None]:
    """Return the listed register or that of the median pitch, and a contradiction, if any.

    A voice whose pitch contradicts its listed register is not paired with faces.
    """
    measured = register_of(pitch)
    if listed is None or listed == "unsure":
        return measured, None
    if measured not in (listed, "unsure"):
        return "unsure", f"listed as a {listed} voice, but its median pitch is {pitch:.0f} Hz"
    return listed, None


def pitch_track(samples: np.ndarray) -> np.ndarray:
    """Return F0 in Hz per mel frame of float [N] at 16 kHz, 0 if unvoiced: float16 [N // HOP]."""
    with needing("F0", "pyworld-prebuilt", "data"):
        import pyworld
    x = samples.astype(np.float64)
    step_ms = 1000 * HOP / SAMPLE_RATE
    f0, times = pyworld.dio(x, SAMPLE_RATE, LOWEST_HZ, HIGHEST_F0_HZ, frame_period=step_ms / 2)
    f0 = pyworld.stonemask(x, f0, times, SAMPLE_RATE)
    middles = f0[1::2]  # a mel frame lies around the middle of its hop
    return np.pad(middles, (0, 1))[: len(samples) // HOP].astype(np.float16)


def save_speech(clip: Clip, samples: np.ndarray, phones: list[Phone] | None, out: Path) -> Clip:
    """Write the files of a speech clip; return the clip with their paths."""
    audio, f0 = f"clips/{clip.name}.flac", f"f0/{clip.name}.npy"
    pitch = median_pitch(samples)
    with new_file(out / f0) as temporary, temporary.open("wb") as file:
        np.save(file, pitch_track(samples))
    return replace(
        clip,
        samples=save_samples(out / audio, samples),
        audio=audio,
        f0=f0,
        phones=save_phones(clip.name, phones, out),
        pitch_hz=None if pitch is None else round(pitch, 1),
    )
