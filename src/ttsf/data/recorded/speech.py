"""Sec. 4.1, open data: recordings of the parts folder to clips of speech alone, 16 kHz.

Where the text is known, forced alignment gives phone times; what cannot be aligned is kept without.
"""

from dataclasses import dataclass
from pathlib import Path

from ttsf.config import SAMPLE_RATE, SpeechConfig
from ttsf.data.manifest import Clip, Recorded
from ttsf.data.parts import Part
from ttsf.data.records import Record
from ttsf.data.speech_files import agreed_register, loud_part, save_speech, trim_and_level
from ttsf.errors import TtsfError
from ttsf.media.recording import read_sound
from ttsf.speech.text import TextFrontEnd


@dataclass(frozen=True)
class SpeechJob:
    """A recording of the parts folder."""

    folder: Path
    part: Part
    longest_s: float

    @property
    def key(self) -> str:
        """The recording's name."""
        return self.part.key


def speech_one(job: SpeechJob, out: Path) -> Record:
    """Clips of one recording; raises TtsfError where it cannot be used."""
    part = job.part
    path = job.folder / part.file
    found = read_sound(path, path)
    if found is None:
        raise TtsfError(f"{part.file}: holds no sound")
    begin = loud_part(found).start
    samples = trim_and_level(found)
    register, doubt = agreed_register(part.voice_register, samples)
    words = TextFrontEnd(SpeechConfig()).normalize(part.transcript) if part.transcript else None
    clip = Clip(
        name=job.key,
        dataset=part.dataset,
        speaker=part.speaker,
        split=part.split,
        frames=0,
        samples=max(1, len(samples)),
        source=part.file,
        licence=part.licence,
        made=Recorded(round(begin / SAMPLE_RATE, 3), None, None, None),
        audio=f"clips/{job.key}.flac",
        text=words,
        voice_register=register,
    )
    doubts = [] if doubt is None else [doubt]
    return save_speech(clip, samples, job.longest_s, out, part.file, doubts)
