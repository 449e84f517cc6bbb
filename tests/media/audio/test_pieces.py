"""Pieces are cut in pauses, lose nothing, and hold little of a long recording."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.support.recorded import syllables
from ttsf.media.audio.pieces import LIVE, LIVE_AHEAD, LONGEST, SHORTEST, pieces
from ttsf.media.audio.source import OpenSound, Sound, open_sound


def blocks_of(samples: np.ndarray, size: int) -> Iterator[np.ndarray]:
    return (samples[i : i + size] for i in range(0, len(samples), size))


def sound(samples: np.ndarray, rate: int, size: int = 1_024) -> OpenSound:
    return open_sound(Sound(blocks_of(samples, size), rate))


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2)])
@pytest.mark.parametrize("seconds", [0.01, 1.0, 9.3, 31.037])
@pytest.mark.parametrize("live", [False, True])
def test_pieces_are_the_sound(rate: int, channels: int, seconds: float, live: bool) -> None:
    samples = syllables(seconds, rate, channels)
    found = list(pieces(sound(samples, rate), 16_000, live=live))
    whole = np.concatenate([piece.samples for piece in found])
    assert np.array_equal(whole[: len(samples)], samples) and not whole[len(samples) :].any()
    assert len(whole) - len(samples) < rate // 25
    assert all(len(piece.samples) == piece.frames * rate // 25 for piece in found)
    assert all(0 < piece.frames <= LONGEST for piece in found)
    heard = [p.heard[p.before * 640 : (p.before + p.frames) * 640] for p in found]
    assert [len(part) for part in heard] == [640 * piece.frames for piece in found]
    (alone,) = pieces(sound(samples[: rate * 9], rate), 16_000)
    both = np.concatenate(heard)[: len(alone.heard)], alone.heard
    edge = 64  # of the resampler where the sound is cut
    assert np.abs(both[0] - both[1])[:-edge].max(initial=0) < 1e-3


def test_cuts_are_in_pauses() -> None:
    found = list(pieces(sound(syllables(60), 16_000), 16_000))
    ends = np.cumsum([piece.frames for piece in found])[:-1]
    assert len(ends) >= 6 and all(piece.frames >= SHORTEST for piece in found[:-1])
    assert all(12.5 <= end % 25 <= 25 for end in ends)  # the second half of each second is silent


def test_little_is_held() -> None:
    taken = 0

    def endless() -> Iterator[np.ndarray]:
        nonlocal taken
        for block in blocks_of(np.tile(syllables(60), (60, 1)), 1_000):
            taken += len(block)
            yield block

    given = 0
    for piece in pieces(open_sound(Sound(endless(), 16_000)), 16_000):
        given += len(piece.samples)
        assert taken - given < 16_000 * (LONGEST + 25) / 25
    assert given == 3_600 * 16_000


def test_live_pieces_come_early() -> None:
    taken = 0

    def microphone() -> Iterator[np.ndarray]:
        nonlocal taken
        for block in blocks_of(syllables(3), 160):
            taken += len(block)
            yield block

    ends = 0
    live = pieces(open_sound(Sound(microphone(), 16_000)), 16_000, live=True)
    for k, piece in enumerate(live):
        ends += piece.frames
        if k == 0:
            assert piece.frames == LIVE[0] and taken <= 0.4 * 16_000
        assert taken / 640 < ends + LIVE_AHEAD + 1
    assert ends == 75
