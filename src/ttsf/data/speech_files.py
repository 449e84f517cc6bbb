"""Sec. 4.1: speech as clips: trimmed, at one level, cut in its pauses, with its register.

Silence at the ends is cut and the level is made equal. Long recordings are cut in pauses where
their phone times are known.
"""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import SAMPLE_RATE
from ttsf.data.alignment import Phone, phone_times, save_phones
from ttsf.data.clip_files import save_samples
from ttsf.data.manifest import Clip, Recorded, Register
from ttsf.data.records import Record, Refusal

SHORTEST_S = 0.5
PAUSE_S = 0.08
"""Shorter pauses are not cut in."""
EDGE_S = 0.06
"""Of a pause kept on either side of a cut."""
LEVEL_DB = -23.0  # RMS of the loud part, below full scale
BLOCK = SAMPLE_RATE // 100  # samples of a look at the level
KEPT_S = 0.06  # of the silence at either end
WINDOW, STRIDE = 640, 320  # samples of a look at the pitch
LOWEST_HZ, HIGHEST_HZ = 70.0, 350.0
LOW_BELOW_HZ, HIGH_ABOVE_HZ = 150.0, 165.0
LEAST_PERIODIC, NEARLY = 0.6, 0.9
LEAST_VOICED = 10  # looks


class Piece(NamedTuple):
    """A part of a recording."""

    start: int
    """Samples."""
    end: int
    words: str
    phones: list[Phone]
    """Times from the part's begin."""


def loud_part(samples: np.ndarray) -> slice:
    """What is left without the silence at both ends but KEPT_S; empty for silence alone."""
    power = _powers(samples)
    if not power.size or power.max() < 1e-8:
        return slice(0, 0)
    loud = np.flatnonzero(power > power.max() * 1e-4)
    keep = int(KEPT_S * SAMPLE_RATE)
    return slice(max(0, loud[0] * BLOCK - keep), (loud[-1] + 1) * BLOCK + keep)


def trim_and_level(samples: np.ndarray) -> np.ndarray:
    """Cut silence at both ends to KEPT_S, then bring the loud part to LEVEL_DB RMS."""
    cut = samples[loud_part(samples)]
    if not cut.size:
        return cut
    power = _powers(samples)
    gain = 10 ** (LEVEL_DB / 20) / np.sqrt(power[power > power.max() * 1e-3].mean())
    return cut * min(gain, 0.95 / np.abs(cut).max())


def _powers(samples: np.ndarray) -> np.ndarray:
    """Mean square of each whole block of float [N]."""
    return (samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK) ** 2).mean(1)


def median_pitch(samples: np.ndarray) -> float | None:
    """Median pitch in Hz of the voiced parts of float [N] at 16 kHz, or None without any."""
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
    """The register of a voice by its median pitch in Hz."""
    if pitch is None or LOW_BELOW_HZ <= pitch <= HIGH_ABOVE_HZ:
        return "unsure"
    return "low" if pitch < LOW_BELOW_HZ else "high"


def agreed_register(listed: Register | None, samples: np.ndarray) -> tuple[Register, str | None]:
    """The listed register, or the measured one, and what speaks against the list.

    A voice that is heard in the other register than the listed one is paired with no face.
    """
    pitch = median_pitch(samples)
    measured = register_of(pitch)
    if listed is None or listed == "unsure":
        return measured, None
    if measured not in (listed, "unsure"):
        return "unsure", f"listed as a {listed} voice, but its median pitch is {pitch:.0f} Hz"
    return listed, None


def save_speech(
    clip: Clip, samples: np.ndarray, longest_s: float, out: Path, place: str, doubts: list[str]
) -> Record:
    """Write one clip with its phone times, or the pieces of a long one.

    place: what refusals call the speech; doubts: what is known to speak against its register.
    """
    refused = [Refusal(f"{place} (its register)", doubt) for doubt in doubts]
    phones, problem = phone_times(samples, clip.text)
    if problem is not None:
        refused.append(Refusal(f"{place} (its phone times)", problem))
    clips: list[Clip] = []
    reasons: list[str] = []
    if len(samples) < SHORTEST_S * SAMPLE_RATE:
        reasons.append(f"shorter than {SHORTEST_S:g} s")
    elif len(samples) <= longest_s * SAMPLE_RATE:
        save_samples(out / str(clip.audio), samples)
        clips.append(replace(clip, phones=save_phones(clip.name, phones, out)))
    elif phones is None or clip.text is None:
        limit = f"longer than {longest_s:g} s"
        reasons.append(f"{limit}, and without phone times there is no place to cut")
    else:
        pieces = cut_in_pauses(len(samples), clip.text, phones, longest_s)
        for number, piece in enumerate(pieces):
            seconds = (piece.end - piece.start) / SAMPLE_RATE
            if SHORTEST_S <= seconds <= longest_s:
                clips.append(_save_piece(clip, f"{clip.name}-{number:03d}", piece, samples, out))
            else:
                reasons.append(f"a piece of {seconds:.1f} s without a pause to cut in")
    return Record(clip.name, clips, refused + [Refusal(place, reason) for reason in reasons])


def _save_piece(clip: Clip, name: str, piece: Piece, samples: np.ndarray, out: Path) -> Clip:
    audio, begin, origin = f"clips/{name}.flac", piece.start / SAMPLE_RATE, clip.made
    if isinstance(origin, Recorded):
        origin = replace(origin, start_s=round(origin.start_s + begin, 3))
    return replace(
        clip,
        name=name,
        samples=save_samples(out / audio, samples[piece.start : piece.end]),
        made=origin,
        audio=audio,
        text=piece.words,
        phones=save_phones(name, piece.phones, out),
    )


def cut_in_pauses(samples: int, text: str, phones: list[Phone], longest_s: float) -> list[Piece]:
    """Halve speech at its widest pause between words until no piece is longer than `longest_s`.

    Pieces that hold no such pause stay longer.
    """
    words = text.split()
    open_pieces = [(Piece(0, samples, text, phones), 0)]
    pieces: list[Piece] = []
    while open_pieces:
        piece, first = open_pieces.pop()
        length_s = (piece.end - piece.start) / SAMPLE_RATE
        cut = _widest_pause(piece.phones, length_s) if length_s > longest_s else None
        if cut is None:
            pieces.append(piece)
            continue
        before, after = piece.phones[:cut], piece.phones[cut:]
        pause = (before[-1].end_s, after[0].start_s)
        stop = min(pause[0] + EDGE_S, sum(pause) / 2)
        start = max(pause[1] - EDGE_S, sum(pause) / 2)
        end, begin = (piece.start + round(time * SAMPLE_RATE) for time in (stop, start))
        word, last = after[0].word, first + len(piece.words.split())
        left = Piece(piece.start, end, " ".join(words[first:word]), before)
        moved = [p._replace(start_s=p.start_s - start, end_s=p.end_s - start) for p in after]
        right = Piece(begin, piece.end, " ".join(words[word:last]), moved)
        open_pieces += [(right, word), (left, first)]
    return pieces


def _widest_pause(phones: list[Phone], length_s: float) -> int | None:
    """Index of the phone after it; pauses in the outer quarters count only if there is no other."""
    best, found = (False, 0.0), None
    for i in range(1, len(phones)):
        gap = phones[i].start_s - phones[i - 1].end_s
        if phones[i].word == phones[i - 1].word or gap < PAUSE_S:
            continue
        inner = length_s / 4 <= phones[i].start_s <= 3 * length_s / 4
        if (inner, gap) > best:
            best, found = (inner, gap), i
    return found
