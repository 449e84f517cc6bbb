"""Sec. 4.1, open data: make speech clips (16 kHz) from recordings of the parts folder.

Where the text is known, forced alignment gives phone times, commas and cut points; recordings that
do
not match their text are refused. Speech without a text trains the vocoder only.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ttsf.config import SAMPLE_RATE, SpeechConfig
from ttsf.errors import TtsfError
from ttsf.media.recording import read_sound
from ttsf.research.data.manifest import Clip, Recorded
from ttsf.research.data.parts import Part
from ttsf.research.data.recorded.pieces import (
    Piece,
    cut_evenly,
    cut_in_pauses,
    small_letters,
    with_commas,
)
from ttsf.research.data.records import Record, Refusal, piece_name
from ttsf.research.data.settings import SHORTEST_S
from ttsf.research.data.speech.alignment import Phone, align
from ttsf.research.data.speech.speech_files import (
    above_noise,
    longest_loud,
    loud_part,
    resample,
    save_speech,
    trim_and_level,
)
from ttsf.text.front_end import TextFrontEnd

LEAST_DB = 20.0
"""Minimum level of speech above its noise (`above_noise`), dB."""
LEAST_LIKELY = -35.0
"""Minimum log-likelihood of the phones (`align`): of 141 recordings all lay above, of 85 wrong
texts
that could be aligned one."""
UNWRITTEN_S = 0.3
"""Maximum length of sound without a phone of the text, s; longer means missing words."""
PIECE_S = 6.0
"""Target length of pieces, s."""
PACES = {"": 1.0, "_slow": 0.92, "_fast": 1.08}
"""Suffix of the speaker's name, and playback speed; pace, pitch and formants change together."""


@dataclass(frozen=True)
class SpeechJob:
    """One recording of the parts folder."""

    folder: Path
    part: Part
    longest_s: float
    paces: bool

    @property
    def key(self) -> str:
        """Name of the recording."""
        return self.part.key


def speech_one(job: SpeechJob, out: Path) -> Record:
    """Make the clips of one recording at each pace; raises TtsfError if it is unusable."""
    samples, begin_s = read_speech(job.folder, job.part)
    pieces = speech_pieces(samples, job.part.transcript, job.longest_s)
    clips: list[Clip] = []
    refused: list[Refusal] = []
    for number, piece in enumerate(pieces):
        length_s = (piece.end - piece.start) / SAMPLE_RATE
        if not SHORTEST_S <= length_s <= job.longest_s:
            limit = "is too short" if length_s < SHORTEST_S else "holds no pause to cut in"
            refused.append(Refusal(job.part.file, f"a piece of {length_s:.1f} s {limit}"))
            continue
        name = job.key if len(pieces) == 1 else piece_name(job.key, number)
        clip = piece_clip(job.part, name, piece, begin_s)
        heard = samples[piece.start : piece.end]
        for suffix, pace in (PACES if job.paces and piece.words else {"": 1.0}).items():
            other = replace(clip, name=name + suffix, speaker=clip.speaker + suffix)
            played, phones = play(heard, piece.phones, pace)
            clips.append(save_speech(other, played, phones, out))
    return Record(job.key, clips, refused)


def read_speech(folder: Path, part: Part) -> tuple[np.ndarray, float]:
    """Read a recording, trimmed and levelled, as float32 [N] at 16 kHz, with its start in s.

    Raises TtsfError for silence, less than SHORTEST_S of speech, and too much noise.
    """
    path = folder / part.file
    found = read_sound(path, path)
    if found is None:
        raise TtsfError("holds no sound")
    begin_s = round(loud_part(found).start / SAMPLE_RATE, 3)
    samples = trim_and_level(found)
    if len(samples) < SHORTEST_S * SAMPLE_RATE:
        raise TtsfError(f"holds less than {SHORTEST_S:g} s of sound")
    clear = above_noise(samples)
    if clear < LEAST_DB:
        raise TtsfError(f"noisy: the speech is {clear:.0f} dB above the noise")
    return samples, begin_s


def speech_pieces(samples: np.ndarray, transcript: str | None, longest_s: float) -> list[Piece]:
    """Cut a recording into pieces with texts; raises TtsfError if the text does not match."""
    if transcript is None:
        return cut_evenly(len(samples), longest_s)
    words = TextFrontEnd(SpeechConfig()).normalize(small_letters(transcript))
    phones = align(samples, words, LEAST_LIKELY)
    unwritten_s = longest_loud(samples, [(phone.start_s, phone.end_s) for phone in phones])
    if unwritten_s > UNWRITTEN_S:
        raise TtsfError(f"the transcript lacks something that is heard for {unwritten_s:.1f} s")
    length_s = min(PIECE_S, longest_s)
    return cut_in_pauses(len(samples), with_commas(words, phones), phones, length_s)


def piece_clip(part: Part, name: str, piece: Piece, begin_s: float) -> Clip:
    """Build the manifest row of a piece, without writing its files; begin_s: start in the file."""
    start_s = round(begin_s + piece.start / SAMPLE_RATE, 3)
    return Clip(
        name=name,
        dataset=part.dataset,
        speaker=part.speaker,
        split=part.split,
        frames=0,
        samples=piece.end - piece.start,
        source=part.file,
        licence=part.licence,
        made=Recorded(start_s, None, None, None),
        audio=f"clips/{name}.flac",
        text=piece.words,
        voice_register=part.voice_register,
    )


def play(
    samples: np.ndarray, phones: list[Phone] | None, pace: float
) -> tuple[np.ndarray, list[Phone] | None]:
    """Change the speed of float [N] at 16 kHz and its phones by the factor `pace`."""
    if pace == 1:
        return samples, phones
    played = resample(samples, SAMPLE_RATE * pace, SAMPLE_RATE)
    moved = [p._replace(start_s=p.start_s / pace, end_s=p.end_s / pace) for p in phones or ()]
    return played, moved or None
