"""Speech alone for the open corpus: recordings of the parts folder and teacher voices, 16 kHz.

Silence at the ends is cut and the level is made equal. Where the text is known, forced alignment
gives phone times; what cannot be aligned is kept without them. Long recordings are cut in pauses.
"""

import hashlib
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import SAMPLE_RATE, SpeechConfig
from ttsf.data.alignment import Phone, align
from ttsf.data.clip_files import save_samples
from ttsf.data.loudness import loud_part, trim_and_level
from ttsf.data.manifest import Clip, Recorded, Register, Split, Spoken
from ttsf.data.parts import Part
from ttsf.data.synthetic.teachers import VOICES, median_pitch, register_of, speak
from ttsf.errors import TtsfError
from ttsf.jobs import Record, Refusal
from ttsf.media.files import new_file
from ttsf.media.recording import read_sound
from ttsf.speech.text import TextFrontEnd

RATE = SAMPLE_RATE
SHORTEST_S = 0.5
PAUSE_S = 0.08
"""Shorter pauses are not cut in."""
EDGE_S = 0.06
"""Of a pause kept on either side of a cut."""


@dataclass(frozen=True)
class SpeechJob:
    """A recording of the parts folder."""

    folder: Path
    part: Part
    split: Split
    longest_s: float

    @property
    def key(self) -> str:
        """The recording's name."""
        return self.part.key


@dataclass(frozen=True)
class TeacherJob:
    """A sentence for a teacher voice."""

    text: str
    voice: str
    split: Split
    longest_s: float

    @property
    def key(self) -> str:
        """From voice and text alone, so that more sentences leave the others as they are."""
        return f"teacher/{self.voice}_{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


class Piece(NamedTuple):
    """A part of a recording."""

    start: int
    """Samples."""
    end: int
    words: str
    phones: list[Phone]
    """Times from the part's begin."""


def speech_one(job: SpeechJob, out: Path) -> Record:
    """Clips of one recording; raises TtsfError where it cannot be used."""
    part, refused = job.part, []
    path = job.folder / part.file
    found = read_sound(path, path)
    if found is None:
        raise TtsfError(f"{part.file}: holds no sound")
    begin = loud_part(found).start
    samples = trim_and_level(found)
    register, doubt = agreed_register(part.voice_register, samples)
    if doubt is not None:
        refused.append(Refusal(f"{part.file} (its register)", doubt))
    words = TextFrontEnd(SpeechConfig()).normalize(part.transcript) if part.transcript else None
    phones, problem = phone_times(samples, words)
    if problem is not None:
        refused.append(Refusal(f"{part.file} (its phone times)", problem))
    clip = Clip(
        name=job.key,
        dataset=part.dataset,
        speaker=part.speaker,
        split=job.split,
        frames=0,
        samples=max(1, len(samples)),
        source=part.file,
        licence=part.licence,
        made=Recorded(round(begin / RATE, 3), None, None, None),
        audio=f"clips/{job.key}.flac",
        text=words,
        voice_register=register,
    )
    clips, reasons = save_speech(clip, samples, phones, job.longest_s, out)
    return Record(job.key, clips, refused + [Refusal(part.file, why) for why in reasons])


def teach_one(job: TeacherJob, out: Path) -> Record:
    """The clip of one spoken sentence."""
    words = TextFrontEnd(SpeechConfig()).normalize(job.text)
    with tempfile.TemporaryDirectory() as folder:
        samples = trim_and_level(speak(words, job.voice, Path(folder)))
    phones, problem = phone_times(samples, words)
    refused = [Refusal(f"{job.key} (its phone times)", problem)] if problem else []
    voice = VOICES[job.voice]
    clip = Clip(
        name=job.key,
        dataset="teacher",
        speaker=f"teacher_{job.voice}",
        split=job.split,
        frames=0,
        samples=max(1, len(samples)),
        source=f"{voice.engine} {job.voice}",
        licence=voice.licence,
        made=Spoken(voice.engine, job.voice),
        audio=f"clips/{job.key}.flac",
        text=words,
        voice_register=voice.register,
    )
    clips, reasons = save_speech(clip, samples, phones, job.longest_s, out)
    return Record(job.key, clips, refused + [Refusal(job.key, why) for why in reasons])


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


def phone_times(samples: np.ndarray, words: str | None) -> tuple[list[Phone] | None, str | None]:
    """Phones of a text in its speech and what went wrong, if anything."""
    if words is None:
        return None, None
    try:
        return align(samples, words), None
    except TtsfError as error:
        return None, str(error)


def save_speech(
    clip: Clip, samples: np.ndarray, phones: list[Phone] | None, longest_s: float, out: Path
) -> tuple[list[Clip], list[str]]:
    """Write one clip, or the pieces of a long one; the clips and what was left out of them."""
    if len(samples) < SHORTEST_S * RATE:
        return [], [f"shorter than {SHORTEST_S:g} s"]
    if len(samples) <= longest_s * RATE:
        save_samples(out / str(clip.audio), samples)
        return [replace(clip, phones=save_phones(clip.name, phones, out))], []
    if phones is None or clip.text is None:
        return [], [
            f"longer than {longest_s:g} s, and without phone times there is no place to cut"
        ]
    clips: list[Clip] = []
    reasons: list[str] = []
    assert isinstance(clip.made, Recorded | Spoken)
    for number, piece in enumerate(cut_in_pauses(len(samples), clip.text, phones, longest_s)):
        seconds = (piece.end - piece.start) / RATE
        if not SHORTEST_S <= seconds <= longest_s:
            reasons.append(f"a piece of {seconds:.1f} s without a pause to cut in")
            continue
        name = f"{clip.name}-{number:03d}"
        made = clip.made
        if isinstance(made, Recorded):
            made = replace(made, start_s=round(made.start_s + piece.start / RATE, 3))
        cut = replace(
            clip,
            name=name,
            samples=piece.end - piece.start,
            made=made,
            audio=f"clips/{name}.flac",
            text=piece.words,
            phones=save_phones(name, piece.phones, out),
        )
        save_samples(out / str(cut.audio), samples[piece.start : piece.end])
        clips.append(cut)
    return clips, reasons


def cut_in_pauses(samples: int, text: str, phones: list[Phone], longest_s: float) -> list[Piece]:
    """Halve speech at its widest pause between words until no piece is longer than `longest_s`.

    Pieces that hold no such pause stay longer.
    """
    words = text.split()
    open_pieces = [Piece(0, samples, text, phones)]
    firsts = [0]
    pieces: list[Piece] = []
    while open_pieces:
        piece, first = open_pieces.pop(), firsts.pop()
        length_s = (piece.end - piece.start) / RATE
        cut = _widest_pause(piece.phones, length_s) if length_s > longest_s else None
        if cut is None:
            pieces.append(piece)
            continue
        before, after = piece.phones[:cut], piece.phones[cut:]
        pause = (before[-1].end_s, after[0].start_s)
        stop = min(pause[0] + EDGE_S, sum(pause) / 2)
        start = max(pause[1] - EDGE_S, sum(pause) / 2)
        word = after[0].word
        last = first + len(piece.words.split())
        left = Piece(
            piece.start, piece.start + round(stop * RATE), " ".join(words[first:word]), before
        )
        moved = [p._replace(start_s=p.start_s - start, end_s=p.end_s - start) for p in after]
        right = Piece(
            piece.start + round(start * RATE), piece.end, " ".join(words[word:last]), moved
        )
        open_pieces += [right, left]
        firsts += [word, first]
    return pieces


def _widest_pause(phones: list[Phone], length_s: float) -> int | None:
    """Index of the phone after it; pauses in the outer quarters count only if there is no other."""
    best: tuple[bool, float] | None = None
    found = None
    for i in range(1, len(phones)):
        gap = phones[i].start_s - phones[i - 1].end_s
        if phones[i].word == phones[i - 1].word or gap < PAUSE_S:
            continue
        inner = length_s / 4 <= phones[i].start_s <= 3 * length_s / 4
        if best is None or (inner, gap) > best:
            best, found = (inner, gap), i
    return found


def save_phones(name: str, phones: list[Phone] | None, out: Path) -> str | None:
    """Write [[symbols, start s, end s], ...]; returns the file relative to `out`."""
    if phones is None:
        return None
    rows = [[p.symbols, round(p.start_s, 4), round(p.end_s, 4)] for p in phones]
    path = f"phones/{name}.json"
    with new_file(out / path) as temporary:
        temporary.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


def read_phones(path: Path) -> list[Phone]:
    """Phones that `save_phones` wrote, all of word 0; raises TtsfError for anything else."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Phone(str(symbols), float(start), float(end), 0) for symbols, start, end in rows]
    except (OSError, ValueError, TypeError) as error:
        raise TtsfError(f"{path}: no phone times ({error})") from None
