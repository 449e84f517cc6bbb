"""Sec. 4.1, open data: speech of synthetic voices with the exact time of every symbol.

`recipes/teacher_voices.py` writes such a folder: VOICE/NAME.flac at 24 kHz beside VOICE/NAME.json
with the text, the symbols of E_t and where each ends, and LICENCE with the licence of the voices.
"""

# ruff: noqa: RUF001 (IPA)

import json
from dataclasses import dataclass
from pathlib import Path

import soundfile

from ttsf.config import SAMPLE_RATE, SpeechConfig
from ttsf.errors import TtsfError
from ttsf.media.files import read_text
from ttsf.research.data.clip_files import WIDE_RATE, save_samples
from ttsf.research.data.manifest import Clip, Split, Synthesised
from ttsf.research.data.records import Record
from ttsf.research.data.settings import SHORTEST_S
from ttsf.research.data.speech.alignment import Phone
from ttsf.research.data.speech.speech_files import level_gain, loud_part, resample, save_speech
from ttsf.research.data.speech.symbol_times import SymbolTimes, read_times, save_times
from ttsf.text.front_end import TextFrontEnd
from ttsf.text.word_times import phones_in

LICENCE = "LICENCE"
HELD_OUT = 25
"""One text in this many is held out, for all voices."""


@dataclass(frozen=True)
class TimedJob:
    """One reading of a folder with timed speech."""

    folder: Path
    voice: str
    name: str
    licence: str
    longest_s: float

    @property
    def key(self) -> str:
        """Name of the clip."""
        return f"timed/{self.voice}_{self.name}"

    @property
    def split(self) -> Split:
        """Split by the text only, so that a text is held out for every voice or for none."""
        return "valid" if int(self.name, 16) % HELD_OUT == 0 else "train"


def timed_jobs(folder: Path, longest_s: float) -> list[TimedJob]:
    """Find all readings below a folder; raises TtsfError if there are none, or no licence."""
    found = sorted(path for path in folder.glob("*/*.json"))
    if not found:
        raise TtsfError(f"{folder}: no VOICE/NAME.json with the times of symbols")
    licence = read_text(folder / LICENCE).strip()
    return [TimedJob(folder, p.parent.name, p.stem, licence, longest_s) for p in found]


def timed_one(job: TimedJob, out: Path) -> Record:
    """Make the clip of one reading; raises TtsfError if it is too short or too long."""
    listing = job.folder / job.voice / f"{job.name}.json"
    text = str(json.loads(listing.read_text(encoding="utf-8"))["text"])
    try:
        wide, rate = soundfile.read(listing.with_suffix(".flac"), dtype="float32")
    except soundfile.LibsndfileError as error:
        raise TtsfError(f"{listing.with_suffix('.flac')}: {error}") from None
    if rate != WIDE_RATE or wide.ndim != 1:
        raise TtsfError(f"not {WIDE_RATE} Hz mono")
    narrow = resample(wide, WIDE_RATE, SAMPLE_RATE)
    kept = loud_part(narrow)
    length_s = (min(kept.stop, len(narrow)) - kept.start) / SAMPLE_RATE
    if not SHORTEST_S <= length_s <= job.longest_s:
        raise TtsfError(f"lasts {length_s:.1f} s, not {SHORTEST_S:g} to {job.longest_s:g} s")
    begin_s = kept.start / SAMPLE_RATE
    narrow = narrow[kept]
    gain = level_gain(narrow)
    whole = read_times(listing).closed()
    ends_s = tuple(min(max(end - begin_s, 0.0), length_s) for end in whole.ends_s)
    times = SymbolTimes(whole.symbols, (*ends_s[:-1], length_s))
    save_times(out / f"times/{job.key}.json", *times)
    clip = Clip(
        name=job.key,
        dataset="timed",
        speaker=job.voice,
        split=job.split,
        frames=0,
        samples=len(narrow),
        source=f"{job.voice}/{job.name}.flac",
        licence=job.licence,
        made=Synthesised("timed", job.voice),
        audio=f"clips/{job.key}.flac",
        wide=f"wide/{job.key}.flac",
        text=TextFrontEnd(SpeechConfig()).normalize(text),
        times=f"times/{job.key}.json",
    )
    first = round(begin_s * WIDE_RATE)
    cut = wide[first : first + round(length_s * WIDE_RATE)]
    save_samples(out / str(clip.wide), cut * gain, WIDE_RATE)
    return Record(job.key, [save_speech(clip, narrow * gain, phones_of(times), out)], [])


def phones_of(times: SymbolTimes) -> list[Phone]:
    """Return the phones of a clip, all with word 0."""
    ends = (0.0, *times.ends_s)
    return [
        Phone(ipa.strip("ˈˌ").replace("ː", ""), ends[first], ends[last], 0)
        for ipa, first, last in phones_in(times.ids, 0, len(times.ids))
    ]
