"""Check whether a file was made with ttsf, with an error bound."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ttsf.errors import TtsfError
from ttsf.provenance.detect.evidence import FALSE_ALARM, Evidence
from ttsf.provenance.detect.heard import Heard
from ttsf.provenance.detect.reading import EVERY_S, declared_s, open_media, pictures, sounds
from ttsf.provenance.detect.seen import Seen
from ttsf.provenance.embed.payload import Payload, read
from ttsf.provenance.embed.signature import read_signature
from ttsf.provenance.embed.sound import PERIOD, RATE
from ttsf.provenance.embed.tags import read_tags

PART_S = 8.0
"""Length of the parts that are examined singly and together, s."""
PART_SAMPLES = 8 * PERIOD
SOUND_SHARE, PICTURE_SHARE, ANY_SIZE_SHARE = 0.5, 0.25, 0.25
"""Shares of the false-alarm budget, by test."""
MISSING_S = 1.0
"""Difference from which a file is called incomplete, s."""
EXACT = "mp4"
"""A format that declares its length exactly; of others it may be an estimate."""
CERTAIN = 0.99
"""Minimum probability of a reported number."""


class Part(NamedTuple):
    """A section of a file, in seconds."""

    begin_s: float
    end_s: float


class Finding(NamedTuple):
    """Result for picture or sound."""

    false_alarm: float
    """Upper bound of the false-alarm probability, over all tests."""
    parts: tuple[Part, ...]
    """Sections with a watermark; empty if none was found."""
    payload: Payload | None
    """Payload, if it could be read."""
    likelihoods: np.ndarray
    end_s: float
    """Length that could be decoded, s."""

    @property
    def found(self) -> bool:
        """Whether a watermark was found."""
        return bool(self.parts)

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-compatible dictionary."""
        return {
            "found": self.found,
            "false_alarm": self.false_alarm,
            "parts": [[round(part.begin_s, 2), round(part.end_s, 2)] for part in self.parts],
            "number": self.payload and self.payload.name,
            "version": self.payload and self.payload.version,
        }


class Verdict(NamedTuple):
    """Everything known about the origin of a file."""

    picture: Finding | None
    """None if the file has no picture."""
    sound: Finding | None
    tags: dict[str, str]
    signature: dict[str, Any] | None = None
    """C2PA signature; None if there is none, or ttsf[provenance] is not installed."""
    declared_s: float | None = None
    """Length that the file declares, s; None if it declares none exactly."""

    @property
    def marked(self) -> bool:
        """Whether a watermark was found in picture or sound."""
        return any(finding is not None and finding.found for finding in self[:2])

    @property
    def decoded_s(self) -> float:
        """Length that could be decoded, s."""
        return max((finding.end_s for finding in self[:2] if finding is not None), default=0.0)

    @property
    def incomplete(self) -> bool:
        """Whether less could be decoded than the file declares."""
        return self.declared_s is not None and self.decoded_s < self.declared_s - MISSING_S

    @property
    def signed(self) -> bool:
        """Whether a valid signature declares the file as generated, by any program."""
        signature = self.signature
        return signature is not None and signature["valid"] and signature["generated"]

    @property
    def found(self) -> bool:
        """Whether a watermark, tag or signature declares the file as generated."""
        return self.marked or bool(self.tags) or self.signed

    @property
    def payload(self) -> Payload | None:
        """Payload of both watermarks; None if uncertain or different."""
        found = [finding for finding in (self.picture, self.sound) if finding and finding.found]
        if len({finding.payload for finding in found if finding.payload}) > 1 or not found:
            return None
        payload, certainty = read(np.sum([finding.likelihoods for finding in found], 0))
        return payload if certainty >= CERTAIN else None

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-compatible dictionary."""
        return {
            "found": self.found,
            "marked": self.marked,
            "number": self.payload and self.payload.name,
            "picture": self.picture and self.picture.as_json(),
            "sound": self.sound and self.sound.as_json(),
            "tags": self.tags,
            "signature": self.signature,
        }


Look = tuple[Part, Evidence]


def verify(path: Path) -> Verdict:
    """Look for watermark, tags and signature; raises TtsfError for an unreadable file."""
    with open_media(path) as container:
        tags, length_s = read_tags(container.metadata), declared_s(container)
        exact = EXACT in container.format.name.split(",")
    picture, sound = _picture(path, length_s), _sound(path)
    if picture is None and sound is None:
        raise TtsfError(f"{path}: nothing in the file can be decoded")
    return Verdict(picture, sound, tags, read_signature(path), length_s if exact else None)


def _picture(path: Path, length_s: float | None) -> Finding | None:
    whole, looks, end_s = Seen(), list[Look](), 0.0
    for part, seen in _films(path, length_s):
        if not seen.frames:
            continue
        looks.append((part, seen.evidence()))
        if whole.takes(seen):
            whole.join(seen)
        end_s = part.end_s
    if not looks:
        return None
    everything = Part(0.0, end_s)
    together = (everything, whole.evidence()) if len(looks) > 1 else None
    finding = _judged(looks, together, PICTURE_SHARE)
    if finding.found:
        return finding
    return _judged([(everything, whole.evidence_at_any_size())], None, ANY_SIZE_SHARE)


def _sound(path: Path) -> Finding | None:
    whole, looks, count = Heard(), list[Look](), 0
    for samples in sounds(path, PART_SAMPLES):
        heard = Heard()
        heard.add(samples)
        whole.join(heard)
        part = Part(count / RATE, (count + len(samples)) / RATE)
        looks.append((part, heard.evidence()))
        count += len(samples)
    if not looks:
        return None
    together = (Part(0.0, count / RATE), whole.evidence()) if len(looks) > 1 else None
    return _judged(looks, together, SOUND_SHARE)


def _films(path: Path, length_s: float | None) -> Iterator[tuple[Part, Seen]]:
    """Yield detectors of up to `PART_S` of frames of one size, for key frames and for all.

    length_s: length of the file, which no part exceeds.
    """
    keys, seen, begin_s, last_s = Seen(), Seen(), 0.0, 0.0
    for second, luma, key in pictures(path):
        if seen.frames and (second >= begin_s + PART_S or not seen.fits(luma)):
            part = Part(begin_s, second)
            yield from ((part, keys), (part, seen))
            keys, seen, begin_s = Seen(), Seen(), second
        seen.add(luma)
        if key:
            keys.add(luma)
        last_s = second
    end_s = last_s + EVERY_S
    part = Part(begin_s, end_s if length_s is None else max(last_s, min(end_s, length_s)))
    yield from ((part, keys), (part, seen))


def _judged(parts: list[Look], whole: Look | None, share: float) -> Finding:
    """Combine the results of single parts and of the whole."""
    looks = parts if whole is None else [*parts, whole]
    tries = len(looks)

    def tells(look: Look) -> bool:
        return tries * look[1].false_alarm < share * FALSE_ALARM

    where = [part for part, _ in filter(tells, parts)]
    if whole is not None and not where and tells(whole):
        where = [whole[0]]
    _, best = max(looks, key=lambda look: look[1].strength)
    payload, certainty = read(best.likelihoods)
    return Finding(
        min(1.0, tries * best.false_alarm),
        _joined(where),
        payload if where and certainty >= CERTAIN else None,
        best.likelihoods,
        looks[-1][0].end_s,
    )


def _joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Merge adjacent parts."""
    joined = list[Part]()
    for part in parts:
        if joined and part.begin_s <= joined[-1].end_s:
            joined[-1] = Part(joined[-1].begin_s, part.end_s)
        else:
            joined.append(part)
    return tuple(joined)
