"""Tables of the public grade, with stubs in the networks' place."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.support.recordings import empty_picture, face_picture, murmur, write_recording
from tests.support.sounds import sung
from ttsf.errors import TtsfError
from ttsf.research.evaluation import public_tables
from ttsf.research.evaluation.cases import Case
from ttsf.research.evaluation.metrics.metric import Measure, Metric
from ttsf.research.evaluation.metrics.x_vectors import XVectors
from ttsf.research.evaluation.public_tables import Experts, Recogniser
from ttsf.research.evaluation.scoring import Measured, Scored
from ttsf.research.evaluation.systems import System
from ttsf.research.experts.head_pose import HeadPose

NOTHING = Measured({}, {}, np.empty((0, 128)), np.ones(4), np.empty(0), np.ones(4))


def colour(picture: Tensor) -> Tensor:
    return picture.mean((2, 3))


def face(picture: Tensor) -> Tensor:
    return torch.nn.functional.normalize((picture[:, :, ::8, ::8] + 1).flatten(1))


def pose(picture: Tensor) -> HeadPose:
    """Turns one frame left, the next one right."""
    side = (torch.arange(len(picture)) % 2 * 2 - 1.0)[:, None]
    return HeadPose(3 * side.repeat(1, 3), 0.2 * side.repeat(1, 2048))


class Lips:
    """Embeddings whose distance to every sound is 8, but 3 to the right one."""

    def embed(self, frames: np.ndarray, samples: np.ndarray) -> tuple[Tensor, Tensor]:
        assert samples.shape == (len(frames) * 640,)
        seen = torch.zeros(len(frames), 2)
        seen[:, 0] = 8
        heard = torch.zeros(len(frames), 2)
        return seen, heard


EXPERTS = Experts(colour, face, Lips(), pose, None)  # type: ignore[arg-type]


def test_rows_count_what_was_refused_and_compare_with_the_real_clips(tmp_path: Path) -> None:
    pictures = [face_picture(shift=i) for i in range(14)]
    real, fake = (
        write_recording(tmp_path / f"{name}.mp4", pictures, murmur(0.56))
        for name in ("real", "ours")
    )
    cases = [Case(name, name, None, real, "Hello.", True) for name in ("a", "b")]
    truth = Scored(System("real clips", {"a": real, "b": real}), {"a": NOTHING, "b": NOTHING}, {})
    ours = Scored(System("ours", {"a": fake, "b": fake}), {"a": NOTHING}, {"b": "no face"})
    (table,) = public_tables.tables(EXPERTS, [truth, ours], cases)
    assert table.key == "public_1"
    assert [metric.grade for metric in table.metrics()] == ["public"] * 6
    first, second = table.rows
    assert (first.used, first.refused, second.used, second.refused) == (2, 0, 1, 1)
    for row in table.rows:  # the same file, so nothing lies between them
        assert row.figures[0] is not None and row.figures[0].value == pytest.approx(0, abs=1e-6)
        assert [figure.metric.name for figure in row.figures if figure] == [
            "FID", "ID-SIM", "LSE-C", "LSE-D", "DIV", "DIV (degrees)",
        ]  # fmt: skip
        figures = [figure.value for figure in row.figures[2:] if figure]
        assert figures == pytest.approx([0, 8, 0.2, 3], abs=1e-4)
    assert first.figures[1] is not None and 0.9 < first.figures[1].value <= 1


def test_errors_in_words_are_the_mean_over_clips(tmp_path: Path) -> None:
    pytest.importorskip("jiwer", reason="needs ttsf[eval]")
    pytest.importorskip("whisper_normalizer", reason="needs ttsf[eval]")
    video = write_recording(tmp_path / "a.mp4", [face_picture()] * 14, murmur(0.56))
    texts = {"a": "The train leaves.", "b": "the plane leaves"}
    cases = [Case(name, name, None, video, text, True) for name, text in texts.items()]
    truth = Scored(System("real clips", dict.fromkeys("ab", video)), {}, {})
    truth.clips.update(a=NOTHING, b=NOTHING)
    metric = Metric("WER", "lower", "Errors.", "a stub", "public")
    heard = Recogniser(metric, lambda samples: "The plane leaves.")
    (table,) = public_tables.tables(EXPERTS._replace(recogniser=heard), [truth], cases)
    figure = table.rows[0].figures[-1]
    assert figure is not None and figure.value == pytest.approx(1 / 6)
    assert (figure.metric, figure.used) == (metric, 2)


def test_a_real_clip_without_a_text_has_no_word_errors(tmp_path: Path) -> None:
    video = write_recording(tmp_path / "a.mp4", [face_picture()] * 14, murmur(0.56))
    cases = [Case("a", "a", None, video, "Hello.", False)]
    truth = Scored(System("real clips", {"a": video}), {"a": NOTHING}, {})
    metric = Metric("WER", "lower", "Errors.", "a stub", "public")
    heard = Recogniser(metric, lambda samples: "The plane leaves.")
    (table,) = public_tables.tables(EXPERTS._replace(recogniser=heard), [truth], cases)
    figure = table.rows[0].figures[-1]
    assert figure is not None and np.isnan(figure.value) and (figure.used, figure.refused) == (0, 1)


def test_a_clip_that_cannot_be_cut_is_refused_not_fatal(tmp_path: Path) -> None:
    video = write_recording(tmp_path / "a.mp4", [empty_picture()] * 14, murmur(0.56))
    cases = [Case("a", "a", None, video, "Hello.", False)]
    truth = Scored(System("real clips", {"a": video}), {"a": NOTHING._replace(reasons={})}, {})
    (table,) = public_tables.tables(EXPERTS, [truth], cases)
    assert (table.rows[0].used, table.rows[0].refused) == (0, 1)
    assert truth.clips["a"].reasons["public judges"].startswith("no face found")
    assert "| real clips | - |" in table.markdown()


def test_a_portrait_in_which_no_face_is_found_has_no_identity(tmp_path: Path) -> None:
    video = write_recording(tmp_path / "a.mp4", [face_picture()] * 14, murmur(0.56))
    Image.fromarray(empty_picture()).save(tmp_path / "empty.png")
    cases = [Case("a", "a", tmp_path / "empty.png", None, "Hello.", False)]
    ours = Scored(System("ours", {"a": video}), {"a": NOTHING._replace(reasons={})}, {})
    (table,) = public_tables.tables(EXPERTS, [ours], cases)
    figures = {f.metric.name: f for f in table.rows[0].figures if f is not None}
    assert table.rows[0].used == 1 and figures["ID-SIM"].used == 0 and figures["DIV"].used == 1


def test_the_square_is_cut_around_the_first_face() -> None:
    cut = public_tables.cut(np.stack([face_picture(), face_picture(shift=4)]))
    assert cut.shape == (2, 256, 256, 3) and cut.dtype == np.uint8


def test_a_missing_network_is_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match=r"fetch .*; .*fetch"):
        public_tables.check_files(tmp_path, None)


class Pitch:
    """In the place of the x-vector network: an embedding by the zero crossings of a clip."""

    def embed(self, samples: np.ndarray) -> np.ndarray:
        angle = np.count_nonzero(np.diff(np.sign(samples))) / len(samples)
        return np.array([np.cos(4 * angle), np.sin(4 * angle)])


def test_voices_by_x_vectors_stand_beside_those_of_the_same_cases(tmp_path: Path) -> None:
    """The clips where no speech is heard, and the real clips themselves, have no figure."""

    def video(name: str, hz: float) -> Path:
        sound = sung(hz, 0.56)[None]
        return write_recording(tmp_path / f"{name}.mp4", [face_picture()] * 14, sound)

    real, near, far = video("real", 150), video("near", 160), video("far", 400)
    heard = NOTHING._replace(values={Measure.C_SIM: 0.5})
    deaf = NOTHING._replace(values={})
    truth = Scored(System("real clips", dict.fromkeys("ab", real)), {}, {})
    truth.clips.update(a=NOTHING._replace(values={}), b=NOTHING._replace(values={}))
    ours = Scored(System("ours", {"a": near, "b": far}), {"a": heard, "b": deaf}, {})
    theirs = Scored(
        System("theirs", {"a": far}), {"a": heard._replace(values=dict(heard.values))}, {}
    )
    east, north = np.array([1.0, 0]), np.array([0, 1.0])
    voices = {"ours": {"ann": [east, east], "bob": [north, north]}}
    metrics = {
        name: Metric(name, "higher", "A stub.", "a stub", "public")
        for name in (Measure.X_VECTORS, Measure.CONSISTENCY)
    }
    judge = XVectors(Pitch(), metrics)  # type: ignore[arg-type]
    table = public_tables.voice_table(judge, [truth, ours, theirs], frozenset("ab"), voices)
    (nothing, own, other) = (row.figures for row in table.rows)
    assert nothing == (None, None) and own[0] is not None and other[0] is not None
    assert own[0].used == other[0].used == 1 and own[0].value > other[0].value > 0
    assert own[1] is not None and own[1].value == pytest.approx(1) and other[1] is None
    assert [metric.grade for metric in table.metrics()] == ["public"] * 2
    (pair, _) = table.paired["theirs"]
    assert pair is not None and pair.difference == pytest.approx(other[0].value - own[0].value)
    assert Measure.X_VECTORS in ours.clips["a"].values  # and so in clips.csv
    assert Measure.X_VECTORS not in ours.clips["b"].values
