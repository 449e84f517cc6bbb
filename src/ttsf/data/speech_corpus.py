"""Sec. 4.1, open data: a speech corpus of teacher voices (flite) and the manifest's real speech.

    python -m ttsf.data.speech_corpus --data ../shared/data --out DIR --sentences 4000 --seed 0

Writes `samples.npy` (int16, all clips end to end) and `index.json` (one entry a clip).
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ttsf.config import MINI
from ttsf.data.parts import Part, read_parts
from ttsf.data.sentences import everyday_sentence, sentences_of
from ttsf.data.teachers import require, speak
from ttsf.errors import TtsfError
from ttsf.speech.text import TextFrontEnd

TEACHERS = {"slt": 0.42, "rms": 0.38, "awb": 0.12, "kal16": 0.08}
"""flite voices and how often each speaks; slt and rms are understood best."""
RATE = MINI.audio.sample_rate
HELD_OUT = 50
LEVEL_DB = -23.0
MAX_SECONDS = 10.0


@dataclass(frozen=True)
class Clip:
    """One utterance in `samples.npy`."""

    start: int  # samples
    length: int  # samples
    text: str
    phonemes: str
    speaker: str
    split: str  # train, valid or held_out
    source: str  # "teacher" or the manifest's file


@dataclass(frozen=True)
class SpeechPack:
    """A corpus opened for reading; samples stay on disk."""

    samples: np.ndarray
    clips: list[Clip]

    def waveform(self, clip: Clip) -> np.ndarray:
        """float32 in [-1, 1]."""
        part = self.samples[clip.start : clip.start + clip.length]
        return part.astype(np.float32) / 32_768


def open_pack(folder: Path) -> SpeechPack:
    """Open what `build` wrote."""
    if not (folder / "index.json").is_file():
        raise TtsfError(f"no speech corpus in {folder}; run python -m ttsf.data.speech_corpus")
    clips = [Clip(**entry) for entry in json.loads((folder / "index.json").read_text())]
    return SpeechPack(np.load(folder / "samples.npy", mmap_mode="r"), clips)


def loud_part(samples: np.ndarray, keep_s: float = 0.06) -> slice:
    """What is left without the silence at both ends but `keep_s`; empty for silence alone."""
    frame = RATE // 100
    power = (samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2).mean(1)
    if not power.size or power.max() < 1e-8:
        return slice(0, 0)
    loud = np.flatnonzero(power > power.max() * 1e-4)
    keep = int(keep_s * RATE)
    return slice(max(0, loud[0] * frame - keep), (loud[-1] + 1) * frame + keep)


def trim_and_level(samples: np.ndarray, keep_s: float = 0.06) -> np.ndarray:
    """Cut silence at both ends to `keep_s`, then bring the loud part to LEVEL_DB RMS."""
    frame = RATE // 100
    cut = samples[loud_part(samples, keep_s)]
    if not cut.size:
        return cut
    power = (samples[: len(samples) // frame * frame].reshape(-1, frame) ** 2).mean(1)
    gain = 10 ** (LEVEL_DB / 20) / np.sqrt(power[power > power.max() * 1e-3].mean())
    return cut * min(gain, 0.95 / np.abs(cut).max())


def teacher_texts(count: int, texts: list[str], rng: random.Random) -> list[str]:
    """Unique sentences in random order: about one in six from templates, the rest from `texts`."""
    found = {s for text in texts for s in sentences_of(text)}
    pool = sorted(found)
    rng.shuffle(pool)
    chosen = pool[: count * 5 // 6]
    extra: set[str] = set()
    attempts = 0
    while len(chosen) + len(extra) < count and attempts < 50 * count:
        attempts += 1
        sentence = everyday_sentence(rng)
        if sentence not in found:
            extra.add(sentence)
    chosen += sorted(extra)
    rng.shuffle(chosen)
    return chosen


def _manifest_speech(data: Path) -> list[Part]:
    return [part for part in read_parts(data, "speech", ["train", "valid"]) if part.transcript]


def _teacher_clips(
    texts: list[str], front_end: TextFrontEnd, rng: random.Random
) -> Iterator[tuple[Clip, np.ndarray]]:
    voices, odds = list(TEACHERS), list(TEACHERS.values())
    with tempfile.TemporaryDirectory() as name:
        for i, text in enumerate(texts):
            held_out = i < HELD_OUT
            speakers = ["slt", "rms"] if held_out else rng.choices(voices, odds)
            try:
                words, phonemes = front_end.normalize(text), front_end.phonemes(text)
            except TtsfError:
                continue
            for speaker in speakers:
                samples = trim_and_level(speak(words, speaker, Path(name)))
                split = "held_out" if held_out else "train"
                yield Clip(0, 0, words, phonemes, speaker, split, "teacher"), samples


def _real_clips(
    parts: list[Part], data: Path, front_end: TextFrontEnd
) -> Iterator[tuple[Clip, np.ndarray]]:
    for part in parts:
        if part.duration_s is not None and part.duration_s > MAX_SECONDS:
            continue
        samples, rate = soundfile.read(data / part.file, dtype="float32")
        samples = trim_and_level(soxr.resample(samples, rate, RATE))
        words = front_end.normalize(part.transcript or "")
        phonemes = front_end.phonemes(words)
        yield Clip(0, 0, words, phonemes, part.speaker, part.use, part.file), samples


def build(data: Path, out: Path, sentences: int, seed: int, texts: list[Path]) -> list[Clip]:
    """Speak, read, trim and pack; returns the index."""
    require(TEACHERS)
    rng, front_end = random.Random(seed), TextFrontEnd(MINI.speech)
    parts = _manifest_speech(data)
    read = "\n\n".join(part.transcript or "" for part in parts if part.use == "train")
    free = [read, *(path.read_text(errors="replace") for path in texts)]
    chosen = sorted(teacher_texts(sentences, free, rng), key=lambda text: text in read)
    out.mkdir(parents=True, exist_ok=True)
    packed: list[np.ndarray] = []
    clips: list[Clip] = []
    start = 0
    spoken = _teacher_clips(chosen, front_end, rng)
    for source in (spoken, _real_clips(parts, data, front_end)):
        for clip, samples in source:
            if not RATE // 2 <= len(samples) <= MAX_SECONDS * RATE:
                continue
            clips.append(Clip(**(asdict(clip) | {"start": start, "length": len(samples)})))
            packed.append((samples * 32_767).astype(np.int16))
            start += len(samples)
    np.save(out / "samples.npy", np.concatenate(packed))
    (out / "index.json").write_text(json.dumps([asdict(c) for c in clips], ensure_ascii=False))
    return clips


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Build the speech corpus.")
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--text", type=Path, nargs="*", default=[], help="free text, read as UTF-8")
    options = parser.parse_args()
    try:
        clips = build(options.data, options.out, options.sentences, options.seed, options.text)
    except TtsfError as error:
        raise SystemExit(f"error: {error}") from None
    for speaker in sorted({c.speaker for c in clips}):
        lengths = [c.length / RATE for c in clips if c.speaker == speaker]
        print(f"{speaker}: {len(lengths)} clips, {sum(lengths) / 60:.1f} min")


if __name__ == "__main__":
    main()
