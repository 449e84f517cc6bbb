"""Sec. 4.1: the manifest of a corpus, `manifest.jsonl`: one line of JSON per clip.

Frames are an MP4 of square RGB at 25 fps, sound a mono FLAC of 16 kHz; both start together and
last equally long. A clip of one frame is a portrait, one without frames is speech
alone. Paths are relative to the manifest's folder.
"""

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from ttsf.config import SAMPLES_PER_FRAME, STRICT
from ttsf.errors import TtsfError, describe
from ttsf.media.files import write_new

MANIFEST = "manifest.jsonl"
Split = Literal["train", "valid", "test"]
Register = Literal["low", "high", "unsure"]


@dataclass(frozen=True, config=STRICT)
class Recorded:
    """A segment of a recording, or a photograph."""

    start_s: float
    """Start of the segment in the file, s."""
    crop: tuple[float, float, float] | None
    """Left, top and side of the square in px of the upright picture; none for speech alone."""
    face_px: float | None
    """Mean side of the face box in the recording."""
    turned: float | None
    """Fraction of detections that showed a turned or tilted face."""
    kind: Literal["recorded"] = "recorded"


@dataclass(frozen=True, config=STRICT)
class Synthesised:
    """A text read by a synthetic voice."""

    engine: str
    voice: str
    kind: Literal["spoken"] = "spoken"


@dataclass(frozen=True, config=STRICT)
class Animated:
    """A portrait moved by the face-mesh animator: a training aid, not a recording."""

    portrait: str
    """Name of the portrait's clip."""
    speech: str
    """Name of the clip that provides the sound."""
    lips: Literal["visemes", "tracked"]
    """Mouth from the phone times of the speech, or from a tracked video of it."""
    head: Literal["random", "tracked"]
    seed: int
    kind: Literal["animated"] = "animated"


@dataclass(frozen=True, config=STRICT)
class Clip:
    """One row; raises ValueError for fields that contradict each other."""

    name: str
    """Unique; `/` allowed."""
    dataset: str
    speaker: str
    split: Split
    frames: int
    """0 for speech alone, 1 for a portrait."""
    samples: int
    """Number of samples, 0 for none; with frames, exactly 640 per frame."""
    source: str
    """The file it was made from, relative to the corpus that was read."""
    licence: str
    made: Annotated[Recorded | Synthesised | Animated, Field(discriminator="kind")]
    video: str | None = None
    """.mp4, or .png for a portrait."""
    audio: str | None = None
    """.flac"""
    text: str | None = None
    """Normal words as `TextFrontEnd.normalize` gives them."""
    labels: str | None = None
    """.npz with `labels`, float32 [frames, 11], the known motion (`landmarks.labels`)."""
    phones: str | None = None
    """.json with [[IPA symbols, start s, end s], ...] by forced alignment."""
    voice_register: Register | None = None
    """The register a viewer would expect, not the person's real voice."""
    pitch_hz: float | None = None
    """Median F0 of the speech in Hz, if measured."""
    wide: str | None = None
    """.flac of the same sound at 24 kHz, where its source goes beyond 8 kHz."""
    times: str | None = None
    """.json with the symbols that E_t embeds and where each ends, see `speech.symbol_times`."""
    f0: str | None = None
    """.npy, float16 [samples / 160]: F0 in Hz of each mel frame, 0 where unvoiced."""

    def __post_init__(self) -> None:
        if not self.name or not self.speaker:
            raise ValueError("name and speaker must not be empty")
        if self.frames < 0 or self.samples < 0:
            raise ValueError("frames and samples must be at least 0")
        if self.frames == 0 and self.samples == 0:
            raise ValueError("a clip needs frames or samples")
        if (self.video is None) != (self.frames == 0):
            raise ValueError("a video needs frames above 0, and frames need a video")
        if (self.audio is None) != (self.samples == 0):
            raise ValueError("audio needs samples above 0, and samples need audio")
        if self.frames and self.samples not in (0, self.frames * SAMPLES_PER_FRAME):
            raise ValueError(f"{self.samples} samples do not last as long as {self.frames} frames")
        files = (self.video, self.audio, self.wide, self.labels, self.phones, self.times, self.f0)
        for path in (self.name, *files):
            if path is not None and (PurePosixPath(path).is_absolute() or ".." in path.split("/")):
                raise ValueError(f"'{path}' leaves the corpus's folder")


class NoClips(TtsfError):
    """No clip of the requested splits qualifies."""


_clip = TypeAdapter(Clip)


def read_manifest(folder: Path, splits: Iterable[Split] = get_args(Split)) -> list[Clip]:
    """Read the clips of these splits, in file order.

    Raises TtsfError that names the line for a row that is not JSON, misses a key, has an unknown
    one or a wrong value, or repeats a name.
    """
    path, wanted = folder / MANIFEST, set(splits)
    if not path.is_file():
        raise TtsfError(f"no {MANIFEST} in {folder}; make one with ttsf prepare or ttsf corpus")
    clips: dict[str, Clip] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            clip = _clip.validate_json(line)
        except ValidationError as error:
            raise TtsfError(f"{path}, line {number}: {describe(error)}") from None
        if clip.name in clips:
            raise TtsfError(f"{path}, line {number}: the name '{clip.name}' is taken already")
        clips[clip.name] = clip
    return [clip for clip in clips.values() if clip.split in wanted]


def write_manifest(folder: Path, clips: Iterable[Clip]) -> None:
    """Write `manifest.jsonl` whole, sorted by name."""
    rows = [_clip.dump_python(clip, mode="json") for clip in sorted(clips, key=lambda c: c.name)]
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    write_new(folder / MANIFEST, "".join(lines))
