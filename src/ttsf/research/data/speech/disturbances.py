"""Disturb speech as recording does: other speeds and levels, noise, music, rooms, telephones."""

import numpy as np

from ttsf.config import SAMPLE_RATE
from ttsf.media.audio.source import Mono

SPEEDS = (0.84, 1.2)
"""Slowest and fastest playback; pitch and size of the head change with it."""
SNR_DB = (3.0, 35.0)
ROOM_S = (0.1, 0.7)
"""Reverberation time (60 dB), s."""
TELEPHONE_HZ = (300.0, 3_400.0)
GAIN_DB = 5.0
LOUDEST = 0.95


def played(samples: np.ndarray, speed: float) -> np.ndarray:
    """Play float32 [N] at another speed, as a tape does: [N / speed]."""
    tape = Mono(round(SAMPLE_RATE * speed), SAMPLE_RATE)
    return np.concatenate([tape.add(samples[:, None]), tape.end()])


def disturbed(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put speech, float32 [N] at 16 kHz, into a random room, noise, channel and level."""
    x = samples.astype(np.float64)
    if rng.random() < 0.35:
        x = _in_room(x, rng)
    if rng.random() < 0.6:
        other = speechless(len(x), rng)
        power = np.sqrt((x**2).mean() + 1e-12) / np.sqrt((other**2).mean() + 1e-12)
        x = x + other * power * 10 ** (-rng.uniform(*SNR_DB) / 20)
    if rng.random() < 0.2:
        x = _by_telephone(x, rng)
    if rng.random() < 0.1:
        x = x.clip(*np.percentile(x, (1, 99)))
    x = x * 10 ** (rng.uniform(-GAIN_DB, GAIN_DB) / 20)
    return (x / max(1.0, np.abs(x).max() / LOUDEST)).astype(np.float32)


def speechless(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return coloured noise, hum or music of RMS 0.05, float64 [count]."""
    kind = rng.random()
    x = _chords(count, rng) if kind < 0.4 else _noise(count, rng)
    if kind > 0.85:
        hum = rng.choice((50.0, 60.0)) * np.arange(1, 6)[:, None]
        x = x + (np.sin(2 * np.pi * hum * np.arange(count) / SAMPLE_RATE) / 3).sum(0) * x.std()
    return x * (0.05 / (np.sqrt((x**2).mean()) + 1e-9))


def _noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """Noise with a spectrum of f^-a, whose level may change slowly."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE), 30)
    x = np.fft.irfft(spectrum * hz ** -rng.uniform(0, 1.2), count)
    places = np.linspace(0, count - 1, 2 + count // SAMPLE_RATE)
    level = np.interp(np.arange(count), places, rng.uniform(-6, 6, len(places)))
    return x * 10 ** (level / 20)


def _chords(count: int, rng: np.random.Generator) -> np.ndarray:
    """Notes with overtones that begin at random, in a scale of twelve steps, and beats."""
    x, clock = np.zeros(count), np.arange(count) / SAMPLE_RATE
    length = rng.uniform(0.15, 0.8)
    for begin in np.arange(0, count / SAMPLE_RATE, length):
        since = np.maximum(clock - begin, 0)
        decay = np.exp(-since / rng.uniform(0.1, 1.5)) * (clock >= begin) * (since < 3 * length)
        for step in rng.integers(-24, 25, rng.integers(1, 4)):
            hz = 220 * 2 ** (step / 12)
            tones = range(1, 1 + int(min(8, 7_000 / hz)))
            x += decay * sum(np.sin(2 * np.pi * k * hz * since) / k for k in tones)
        if rng.random() < 0.5:
            x += rng.standard_normal(count) * np.exp(-since / 0.03) * (clock >= begin)
    return x


def _in_room(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add decaying reverberation after the direct sound, which keeps its time."""
    seconds = rng.uniform(*ROOM_S)
    size = int(seconds * SAMPLE_RATE)
    tail = rng.standard_normal(size) * 10 ** (-3 * np.arange(size) / size)
    tail *= rng.uniform(0.2, 1.0) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    length = len(x) + size
    wet = np.fft.irfft(np.fft.rfft(x, length) * np.fft.rfft(tail, length), length)
    return wet[: len(x)]


def _by_telephone(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Limit the band, and quantise to 8 bits by the mu-law."""
    hz = np.fft.rfftfreq(len(x), 1 / SAMPLE_RATE)
    low, high = np.array(TELEPHONE_HZ) * rng.uniform(0.8, 1.2, 2)
    x = np.fft.irfft(np.fft.rfft(x) * ((hz > low) & (hz < high)), len(x))
    loudest = np.abs(x).max() + 1e-9
    coded = np.rint(127 * np.log1p(255 * np.abs(x) / loudest) / np.log(256)) / 127
    return np.sign(x) * np.expm1(coded * np.log(256)) / 255 * loudest
