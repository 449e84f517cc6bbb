"""The watermark in sound survives coding and cutting; no false alarms."""

import numpy as np
import pytest

from tests.support.marked import coded_sound, speech
from ttsf.provenance.detect.evidence import FALSE_ALARM, Evidence
from ttsf.provenance.detect.heard import Heard
from ttsf.provenance.embed.payload import Payload, read
from ttsf.provenance.embed.sound import PERIOD, SoundMark

PAYLOAD = Payload(0x5C9DF)


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return speech(10)


@pytest.fixture(scope="module")
def marked(plain: np.ndarray) -> np.ndarray:
    return SoundMark(PAYLOAD).on(plain)


def heard(samples: np.ndarray) -> Evidence:
    witness = Heard()
    witness.add(samples)
    return witness.evidence()


def finds(evidence: Evidence) -> bool:
    return evidence.false_alarm < FALSE_ALARM / 4 and read(evidence.likelihoods)[0] == PAYLOAD


@pytest.mark.parametrize("start", [0, 777, 12_345])
def test_found_after_aac_wherever_it_is_cut(marked: np.ndarray, start: int) -> None:
    assert finds(heard(coded_sound(marked[start:], "aac", 16_000, 64_000, "mp4")))


def test_found_after_opus(marked: np.ndarray) -> None:
    assert finds(heard(coded_sound(marked, "libopus", 48_000, 32_000, "webm")))


def test_found_louder_and_softer(marked: np.ndarray) -> None:
    assert finds(heard(0.2 * marked)) and finds(heard(2 * marked))


def test_found_piece_by_piece(marked: np.ndarray) -> None:
    whole, first, second = Heard(), Heard(), Heard()
    first.add(marked[: 3 * PERIOD])
    second.add(marked[3 * PERIOD :])
    whole.join(first)
    whole.join(second)
    assert finds(whole.evidence())
    assert whole.evidence().strength > first.evidence().strength


def test_nothing_is_found_without_a_mark(plain: np.ndarray) -> None:
    assert heard(plain).false_alarm > 0.01
    assert heard(np.zeros(50_000, np.float32)).false_alarm == 1
    assert heard(np.zeros(100, np.float32)).false_alarm == 1


def test_chance_is_bounded() -> None:
    sounds = [speech(1.5, seed) for seed in range(30)]
    assert min(heard(sound).false_alarm for sound in sounds) > 1 / 300


def test_it_is_faint_and_silence_stays_silent(plain: np.ndarray, marked: np.ndarray) -> None:
    added = marked - plain
    assert marked.shape == plain.shape and marked.dtype == np.float32
    assert 10 * np.log10(np.sum(plain**2) / np.sum(added**2)) > 22
    assert not SoundMark(PAYLOAD).on(np.zeros(5_000, np.float32)).any()


def test_pieces_fit_together(plain: np.ndarray) -> None:
    """Cut in a silence, each piece is marked as in the whole."""
    quiet = plain.copy()
    quiet[30_000:32_000] = 0
    mark = SoundMark(PAYLOAD)
    pieces = np.concatenate([mark.on(quiet[:31_040]), mark.on(quiet[31_040:], 31_040)])
    assert np.allclose(pieces, mark.on(quiet), atol=1e-6)
