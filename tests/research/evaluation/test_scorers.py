"""The offline scorers, if their libraries are installed; interpolation of gaps."""

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from tests.support.optional import needs_scorers
from tests.support.recordings import face_picture, murmur
from ttsf.errors import TtsfError
from ttsf.research.data.speech.alignment import Phone
from ttsf.research.evaluation import scoring
from ttsf.research.evaluation.clips import VideoClip
from ttsf.research.evaluation.metrics import f0_rmse, id_sim, mcd, wer
from ttsf.research.evaluation.metrics.face import landmarks
from ttsf.research.evaluation.metrics.face.landmarks import (
    FACE_PX,
    FaceTrack,
    LandmarkScorer,
    at_one_scale,
)
from ttsf.research.evaluation.metrics.face.lips import opening_of, usual_range
from ttsf.research.evaluation.metrics.face.motion import flicker, sharpness
from ttsf.research.evaluation.scoring import FOLLOWED, Known, Scorers, measure

NEEDS = "needs ttsf[eval]"
NAMES = {
    "identity", "opening", "loudness", "div", "yaw", "jerk", "with_voice", "blinks", "flicker",
    "sharpness", "f0", "brows", "brow_motion", "brows_voice", "smile", "gaze", "lip_motion",
    "mouth_sharpness",
}  # fmt: skip
"""Figures that need no text."""


RESTLESS = {"silent_lips": "no silence of .3 s"}
"""What cannot be said of speech without a pause."""


def noise(frames: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (frames, 256, 256, 3)).astype(np.uint8)


def landmark_scorer(found: list[np.ndarray | None]) -> LandmarkScorer:
    """One whose detector sees these points."""
    scorer = LandmarkScorer.__new__(LandmarkScorer)
    turn = iter(found)
    scorer.detector = lambda frame: next(turn)  # type: ignore[assignment]
    scorer.irises = lambda frame: None  # type: ignore[assignment]
    return scorer


def test_frames_without_a_face_are_interpolated_if_few() -> None:
    points = [np.random.default_rng(i).uniform(20, 200, (468, 3)) for i in range(20)]
    frames = np.zeros((20, 150, 256, 3), np.uint8)
    whole = landmark_scorer([*points]).track(frames)
    gap = landmark_scorer([None if i in (0, 9) else p for i, p in enumerate(points)]).track(frames)
    assert np.isnan(whole.gaze).all() and whole.gaze.shape == (20, 2)
    shapes = [(t.opening, t.aperture, t.angles, t.frontal, t.lips) for t in (whole, gap)]
    for all_seen, some in zip(*shapes, strict=True):
        assert len(some) == 20 and np.isfinite(some).all()
        np.testing.assert_allclose(some[9], (all_seen[8] + all_seen[10]) / 2)
        np.testing.assert_allclose(some[0], all_seen[1])
        np.testing.assert_allclose(some[[1, 8, 10, 19]], all_seen[[1, 8, 10, 19]])
    left, top, right, bottom = whole.box
    assert 20 <= left < 30 and 190 < right <= 200 and 20 <= top < 30
    assert bottom == 150  # of the picture
    few = [None if i in (0, 5, 9) else p for i, p in enumerate(points)]
    with pytest.raises(TtsfError, match="a face in only 17 of 20 frames"):
        landmark_scorer(few).track(frames)


def test_face_distance_is_the_median() -> None:
    source = np.zeros(128)
    faces = np.zeros((5, 128))
    faces[:, 0] = [0.1, 0.2, 0.3, 0.4, 9]
    assert id_sim.distance(faces, source) == pytest.approx(0.3)
    assert id_sim.distance(faces[:1] * 0, source) == 0


class StubScorers:
    """What measure asks for, without a network."""

    def __init__(self, track: FaceTrack) -> None:
        self.seen, self.landmarks, self.identity, self.voice = track, self, self, self

    def track(self, frames: np.ndarray) -> FaceTrack:
        return self.seen

    def embed_clip(self, frames: np.ndarray) -> np.ndarray:
        return np.tile([3.0, 4.0], (5, 1))

    def embed(self, samples: np.ndarray) -> np.ndarray:
        return np.array([1.0, abs(samples).max()])


PHONES = [
    Phone("h", 0.2, 0.3, 0), Phone("æ", 0.3, 0.5, 0), Phone("m", 0.5, 0.6, 0),
    Phone("æ", 0.6, 0.9, 1), Phone("b", 0.9, 1.0, 1), Phone("i", 1.0, 1.2, 1),
    Phone("oʊ", 1.3, 1.7, 2),
]  # fmt: skip


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> VideoClip:
    """A clip whose alignment, F0 and words are known."""
    monkeypatch.setattr(scoring, "align", lambda samples, text: PHONES)
    monkeypatch.setattr(f0_rmse, "median_f0", lambda samples: 150.0)
    monkeypatch.setattr(wer, "transcribe", lambda samples: "hum")
    monkeypatch.setattr(wer, "word_error_rate", lambda text, heard: float(text != heard))
    return VideoClip("a", np.zeros((50, 32, 32, 3), np.uint8), murmur(2.0)[0])


def track_of(opening: np.ndarray) -> FaceTrack:
    angles = np.zeros((len(opening), 3))
    angles[:, 0] = 5
    still, lips = np.zeros((len(opening), 468, 3)), np.tile([8.0, 16, 24, 24], (len(opening), 1))
    gaze, lids = np.zeros((len(opening), 2)), np.full(len(opening), 0.1)
    return FaceTrack(opening, lids, angles, (0, 0, 32, 32), 32.0, still, lips, gaze)


@pytest.mark.parametrize("early", [0, 3, -3])
def test_measure_follows_the_text(spoken: VideoClip, early: int) -> None:
    """A mouth that opens some pictures before its phones: the sound is late."""
    expected = opening_of(PHONES, 50)
    scorers = StubScorers(track_of(np.roll(0.2 * expected, -early)))
    known = Known("hum", np.zeros(2), None)
    found = measure(spoken, known, scorers)  # type: ignore[arg-type]
    assert found.values["lag"] == pytest.approx(-40 * early, abs=10)
    assert found.reasons == RESTLESS and set(found.values) == NAMES | {"wer", *FOLLOWED}
    assert found.values["best"] == pytest.approx(1, abs=0.01)
    if not early:
        assert found.values["phones"] == pytest.approx(1) and found.values["lips"] < 0.99
        assert found.values["closed"] == 1
    assert (found.values["identity"], found.values["wer"]) == (5, 0)
    still = [found.values[name] for name in ("div", "yaw", "jerk", "blinks", "flicker")]
    assert still == pytest.approx([0] * 5)
    np.testing.assert_array_equal(found.expected, expected)
    np.testing.assert_array_equal(found.yaw, np.full(50, 5))


def test_a_mouth_that_only_trembles_says_nothing(spoken: VideoClip) -> None:
    """What looks like speech in 4 / 1000 of the eyes' distance is noise; speech is above."""
    expected = opening_of(PHONES, 50)
    shape, known = expected / usual_range(expected), Known("hum", None, None)
    names = ("phones", "best", "lips", "loudness", "closed")
    scorers = StubScorers(track_of(0.3 + 0.004 * shape))
    found = measure(spoken, known, scorers)  # type: ignore[arg-type]
    assert [found.values[name] for name in names] == [0] * 5
    assert found.reasons["lag"] == "the mouth does not move" and "lag" not in found.values
    scorers = StubScorers(track_of(0.3 + 0.006 * shape))
    found = measure(spoken, known, scorers)  # type: ignore[arg-type]
    assert all(found.values[name] > 0 for name in names)
    assert found.values["lag"] == pytest.approx(0, abs=10)


def test_size_and_crop_of_a_video_do_not_change_its_figures() -> None:
    """One clip, shot at three sizes, and from further away."""
    rng = np.random.default_rng(0)
    noises = rng.uniform(0, 255, (6, 384, 384, 3)).astype(np.float32)
    base = np.stack([cv2.GaussianBlur(one, (0, 0), 4) for one in noises])
    found = []
    for factor, border in ((1, 0), (2, 0), (1, 100)):
        frames = np.stack([cv2.resize(f, None, fx=factor, fy=factor) for f in base])
        frames = np.pad(frames, ((0, 0), *[(border, border)] * 2, (0, 0))).astype(np.uint8)
        low, high = factor * 128 + border, factor * 256 + border
        box = (low, low, high, high)
        track = track_of(np.zeros(6))._replace(box=box, width=float(factor * 128))
        scaled = at_one_scale(frames, track)
        assert scaled.box[2] - scaled.box[0] == FACE_PX
        found.append((flicker(scaled.frames), sharpness(*scaled)))
    np.testing.assert_allclose(found[1], found[0], rtol=0.05)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-6)


def test_blinks_are_counted_by_the_minute(spoken: VideoClip) -> None:
    track = track_of(np.zeros(50))
    track.aperture[[15, 16, 35]] = 0.04
    found = measure(spoken, Known(None, None, None), StubScorers(track))  # type: ignore[arg-type]
    assert found.values["blinks"] == pytest.approx(2 / 2 * 60)


def test_a_voice_of_150_hz_is_high(spoken: VideoClip) -> None:
    for listed, right in (("high", 1.0), ("low", 0.0), ("unsure", None), (None, None)):
        known = Known(None, None, None, listed)  # type: ignore[arg-type]
        found = measure(spoken, known, StubScorers(track_of(np.zeros(50))))  # type: ignore[arg-type]
        assert found.values.get("register") == right


def test_measure_says_why_a_figure_is_missing(
    spoken: VideoClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise TtsfError("the speech does not fit its text")

    monkeypatch.setattr(scoring, "align", refuse)
    monkeypatch.setattr(mcd, "mcd", lambda truth, samples: 0.0)
    monkeypatch.setattr(f0_rmse, "f0_rmse", refuse)
    scorers = StubScorers(track_of(np.zeros(50)))
    found = measure(spoken, Known("ham", None, spoken), scorers)  # type: ignore[arg-type]
    assert set(found.values) == NAMES - {"identity"} | {"wer", "c_sim", "mcd"}
    assert found.reasons == {
        "identity": "dlib sees no face in the portrait",
        **RESTLESS,
        **dict.fromkeys((*FOLLOWED, "f0_rmse"), "the speech does not fit its text"),
    }
    assert len(found.expected) == 0
    assert (found.values["wer"], found.values["mcd"]) == (1, 0)
    assert found.values["c_sim"] == pytest.approx(1)
    silent = measure(spoken, Known(None, None, None), scorers)  # type: ignore[arg-type]
    assert set(silent.values) == NAMES - {"identity"} and set(silent.reasons) == {
        "identity",
        *RESTLESS,
    }


def test_the_landmark_scorer_finds_the_astronaut_and_not_noise() -> None:
    pytest.importorskip("mediapipe.python.solutions", reason=NEEDS)
    face = astronaut()[0:256, 96:352]
    track = LandmarkScorer().track(np.stack([face] * 13))
    assert track.opening.shape == (13,) and track.angles.shape == (13, 3)
    assert track.gaze.shape == (13, 2) and np.abs(track.gaze).max() < 20
    for values in (track.opening, track.aperture, track.angles, track.frontal, track.gaze):
        np.testing.assert_array_equal(values, np.broadcast_to(values[0], values.shape))
    assert track.opening[0] > 0.02 and 0.02 < track.aperture[0] < 0.3  # she shows her teeth
    left, top, right, bottom = track.box
    assert 0 <= left < 128 < right <= 256 and 0 <= top < 128 < bottom <= 256
    with pytest.raises(TtsfError, match="a face in only 0 of 2 frames"):
        LandmarkScorer().track(noise(2))


def test_the_identity_scorer_knows_a_face_again() -> None:
    pytest.importorskip("face_recognition_models", reason=NEEDS)
    scorer = id_sim.IdentityScorer()
    source = scorer.embed(astronaut())
    assert source is not None and source.shape == (128,)
    moving = np.stack([face_picture(640, 480, shift=i) for i in range(21)])
    faces = scorer.embed_clip(moving)
    assert faces.shape == (3, 128) and id_sim.distance(faces, source) < 0.3
    assert scorer.embed(noise()[0]) is None
    with pytest.raises(TtsfError, match="dlib sees a face in 0 of 2 frames"):
        scorer.embed_clip(noise(12))


def test_a_real_face_is_measured() -> None:
    needs_scorers()
    scorers = Scorers()
    frames = np.stack([face_picture(480, 360, shift=i % 2) for i in range(25)])
    # A voice of six harmonics, which the voice scorer takes for speech.
    times = np.arange(25 * 640) / 16_000
    pitch = 2 * np.pi * (140 * times + 3 * np.sin(2 * np.pi * 3 * times))
    buzz = sum(np.sin(k * pitch) / k for k in range(1, 7))
    samples = (0.1 * buzz * (1.2 + np.sin(2 * np.pi * 4 * times))).astype(np.float32)
    clip = VideoClip("a", frames, samples)
    source = scorers.identity.embed(frames[0])
    found = measure(clip, Known("Qwxyz.", source, clip), scorers)
    assert found.values["identity"] < 0.2 and found.values["c_sim"] == pytest.approx(1)
    assert (found.values["mcd"], found.values["f0_rmse"]) == (0, 0)
    assert found.values["div"] < 1 and found.values["f0"] == pytest.approx(140, abs=30)
    unheard = dict.fromkeys(FOLLOWED, "the speech does not fit its text")
    assert found.reasons == RESTLESS | unheard
    assert all(np.isfinite(value) for value in found.values.values())
    assert set(found.values) <= set(scoring.metrics())
    lost = measure(clip._replace(frames=noise(25)), Known("Qwxyz.", source, clip), scorers)
    assert set(lost.values) == {"wer", "c_sim", "mcd", "f0_rmse", "f0"}
    assert lost.reasons["identity"] == lost.reasons["div"] == "a face in only 0 of 25 frames"


def test_word_error_rate() -> None:
    pytest.importorskip("jiwer", reason=NEEDS)
    pytest.importorskip("whisper_normalizer", reason=NEEDS)
    assert wer.word_error_rate("The train leaves.", "the train leaves") == 0
    assert wer.word_error_rate("The train leaves.", "the plane leaves") == pytest.approx(1 / 3)
    assert wer.word_error_rate("The train leaves.", "") == 1
    assert wer.word_error_rate("It's twenty-one.", "it is 21") == 0
    assert wer.word_error_rate("The train.", "the train leaves early today") == 1.5


def test_a_missing_scorer_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ImportError("mediapipe")

    monkeypatch.setattr(landmarks, "LandmarkDetector", fail)
    with pytest.raises(TtsfError, match=r"mediapipe\.solutions .*: pip install 'ttsf\[eval\]'"):
        LandmarkScorer()
