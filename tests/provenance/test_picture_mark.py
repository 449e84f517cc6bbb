"""The watermark in pictures survives coding, cropping and scaling; no false alarms."""

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from tests.support.marked import coded, film
from ttsf.provenance.detect.evidence import FALSE_ALARM, Evidence
from ttsf.provenance.detect.seen import Seen
from ttsf.provenance.embed.payload import Payload, read
from ttsf.provenance.embed.picture import PictureMark, strength

PAYLOAD = Payload(0x5C9DF)
H264, VP9 = {"crf": "28"}, {"crf": "36", "b": "0", "deadline": "realtime", "cpu-used": "8"}


@pytest.fixture(scope="module")
def plain(astronaut: np.ndarray) -> np.ndarray:
    return film(astronaut[:480])


@pytest.fixture(scope="module")
def marked(plain: np.ndarray) -> np.ndarray:
    mark = PictureMark(PAYLOAD, *plain.shape[1:3])
    return np.stack([mark.on(frame) for frame in plain])


def seen(lumas: Iterable[np.ndarray]) -> Seen:
    witness = Seen()
    for luma in list(lumas)[::6]:
        witness.add(luma)
    return witness


def finds(evidence: Evidence) -> bool:
    return evidence.false_alarm < FALSE_ALARM / 4 and read(evidence.likelihoods)[0] == PAYLOAD


def scaled(frames: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.stack([cv2.resize(f, (width, height), interpolation=cv2.INTER_AREA) for f in frames])


def test_found_after_h264_and_vp9(marked: np.ndarray) -> None:
    assert finds(seen(coded(marked, "libx264", H264, "mp4")).evidence())
    assert finds(seen(coded(marked, "libvpx-vp9", VP9, "webm")).evidence())


def test_found_after_cuts_in_time_and_space(marked: np.ndarray) -> None:
    cut = marked[5:, 21:453, 23:483]
    assert finds(seen(coded(cut, "libx264", H264, "mp4")).evidence())


def test_found_after_scaling_there_and_back(marked: np.ndarray) -> None:
    there = scaled(marked, 384, 360)
    back = np.stack([cv2.resize(f, (512, 480), interpolation=cv2.INTER_CUBIC) for f in there])
    assert finds(seen(coded(back, "libx264", H264, "mp4")).evidence())


@pytest.mark.parametrize(("width", "height"), [(384, 360), (640, 600)])
def test_found_at_another_size_and_mirrored(marked: np.ndarray, width: int, height: int) -> None:
    other = scaled(marked[::6], width, height)[:, :, ::-1]
    witness = seen(coded(np.repeat(other, 6, 0), "libx264", {"crf": "23"}, "mp4"))
    assert witness.evidence().false_alarm > FALSE_ALARM
    assert finds(witness.evidence_at_any_size())


def test_found_in_one_frame(marked: np.ndarray) -> None:
    assert finds(seen([cv2.cvtColor(marked[7], cv2.COLOR_RGB2GRAY)]).evidence())


def test_nothing_is_found_without_a_mark(plain: np.ndarray) -> None:
    witness = seen(coded(plain, "libx264", H264, "mp4"))
    assert witness.evidence().false_alarm > 0.01
    assert witness.evidence_at_any_size().false_alarm > 0.01


def test_chance_is_bounded() -> None:
    """Of many pictures of noise, as few reach a strength as the bound says."""
    random = np.random.default_rng(0)
    for side in (40, 135, 300):
        pictures = random.integers(0, 256, (30, side, side), np.uint8)
        alarms = [seen([picture]).evidence().false_alarm for picture in pictures]
        assert min(alarms) > 1 / 300


def test_it_is_faint_and_does_not_flicker(plain: np.ndarray, marked: np.ndarray) -> None:
    error = np.mean((marked.astype(float) - plain) ** 2)
    assert 10 * np.log10(255**2 / error) > 42
    wall = np.full((64, 64, 3), 180, np.uint8)
    mark = PictureMark(PAYLOAD, 64, 64)
    assert np.array_equal(mark.on(wall), mark.on(wall))
    assert strength(150, 200) == 1.9 and strength(1080, 1920) == 0.7


def test_a_region_is_marked_as_in_the_whole(plain: np.ndarray) -> None:
    mark = PictureMark(PAYLOAD, *plain.shape[1:3])
    part = mark.on(np.ascontiguousarray(plain[0, 40:200, 60:300]), 40, 60)
    assert np.array_equal(part, mark.on(plain[0])[40:200, 60:300])


def test_what_is_transparent_stays_so(plain: np.ndarray) -> None:
    alpha = np.arange(480 * 512).reshape(480, 512).astype(np.uint8)
    mark = PictureMark(PAYLOAD, 480, 512)
    both = mark.on(np.dstack([plain[0], alpha]))
    assert np.array_equal(both[..., 3], alpha)
    assert np.array_equal(both[..., :3], mark.on(plain[0]))
