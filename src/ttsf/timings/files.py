"""Choose a subtitle or timing format from the file name."""

from pathlib import Path
from typing import Literal

from ttsf.errors import TtsfError
from ttsf.timings.exports import elevenlabs_json, polly_lines, rhubarb_json, timings_json
from ttsf.timings.subtitles import srt, vtt
from ttsf.timings.words import WordTimes

TimingsFormat = Literal["ttsf", "rhubarb", "polly", "elevenlabs"]
SUBTITLES = (".srt", ".vtt")
TIMINGS = (".json", ".jsonl", ".marks")


def check_subtitles_name(path: Path) -> None:
    """Raise TtsfError for a suffix other than .srt and .vtt."""
    if path.suffix.lower() not in SUBTITLES:
        raise TtsfError(f"cannot write {path}: the name must end in .srt or .vtt")


def check_timings_name(path: Path) -> None:
    """Raise TtsfError for a suffix other than .json and .jsonl."""
    if path.suffix.lower() not in TIMINGS:
        raise TtsfError(f"cannot write {path}: the name must end in .json (or .jsonl for Polly)")


def subtitles(path: Path, spoken: WordTimes, seconds: float) -> str:
    """Format subtitles by the suffix, .srt or .vtt; seconds: length of the video."""
    check_subtitles_name(path)
    write = srt if path.suffix.lower() == ".srt" else vtt
    return write(spoken, seconds)


def timings(
    text: str, spoken: WordTimes, seconds: float, fps: int, kind: TimingsFormat = "ttsf"
) -> str:
    """Format a timings file; text: the user's text with markup."""
    if kind == "rhubarb":
        return rhubarb_json(spoken, seconds)
    if kind == "polly":
        return polly_lines(text, spoken, seconds)
    if kind == "elevenlabs":
        return elevenlabs_json(text, spoken, seconds)
    return timings_json(text, spoken, seconds, fps)
