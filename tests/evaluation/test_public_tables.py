"""Tables of the public grade, with stubs in the networks' place."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.videos import empty_picture, face_picture, murmur, write_recording
from ttsf.errors import TtsfError
from ttsf.evaluation import public_tables
from ttsf.evaluation.cases import Case
from ttsf.evaluation.judging import Judged
from ttsf.evaluation.metrics.offline import Measured
from ttsf.evaluation.metrics.public import Diversity, PublicJudges
from ttsf.evaluation.systems import System
from ttsf.experts.lip_sync import LipSync

NOTHING = Measured({}, {}, np.empty((0, 128)), np.ones(4), np.ones(4), np.empty(0), np.ones(4))


class StubJudges(PublicJudges):
    """Looks at mean colours only."""

    def inception_features(self, frames: np.ndarray) -> np.ndarray:
        return frames.mean((1, 2))

    def identity(self, frames: np.ndarray) -> np.ndarray:
        seen = frames[:, ::8, ::8].reshape(len(frames), -1).astype(np.float64)
        return seen / np.linalg.norm(seen, axis=1, keepdims=True)

    def lse(self, frames: np.ndarray, samples: np.ndarray) -> LipSync:
        return LipSync(0, 5.0, 8.0)

    def div(self, frames: np.ndarray) -> Diversity:
        return Diversity(0.2, 3.0)


def test_rows_count_what_was_refused_and_compare_with_the_real_clips(tmp_path: Path) -> None:
    pictures = [face_picture(shift=i) for i in range(14)]
    real, made = (
        write_recording(tmp_path / f"{name}.mp4", pictures, murmur(0.56))
        for name in ("real", "ours")
    )
    cases = [Case(name, name, None, real, "Hello.", True) for name in ("a", "b")]
    truth = Judged(System("real clips", {"a": real, "b": real}), {"a": NOTHING, "b": NOTHING}, {})
    ours = Judged(System("ours", {"a": made, "b": made}), {"a": NOTHING}, {"b": "no face"})
    (table,) = public_tables.tables(StubJudges(), [truth, ours], cases)
    assert table.key == "public_1"
    assert [metric.grade for metric in table.metrics()] == ["public"] * 6
    first, second = table.rows
    assert (first.used, first.refused, second.used, second.refused) == (2, 0, 1, 1)
    for row in table.rows:  # the same file, so nothing lies between them
        assert row.figures[0] is not None and row.figures[0].value == pytest.approx(0, abs=1e-6)
        assert [figure.value for figure in row.figures[2:] if figure] == [5.0, 8.0, 0.2, 3.0]
    assert first.figures[1] is not None and 0.9 < first.figures[1].value <= 1


def test_a_clip_that_cannot_be_cut_is_refused_not_fatal(tmp_path: Path) -> None:
    video = write_recording(tmp_path / "a.mp4", [empty_picture()] * 14, murmur(0.56))
    cases = [Case("a", "a", None, video, "Hello.", False)]
    truth = Judged(System("real clips", {"a": video}), {"a": NOTHING._replace(reasons={})}, {})
    (table,) = public_tables.tables(StubJudges(), [truth], cases)
    assert (table.rows[0].used, table.rows[0].refused) == (0, 1)
    assert truth.clips["a"].reasons["public judges"].startswith("no face found")
    assert "| real clips | - |" in table.markdown()


def test_the_square_is_cut_around_the_first_face() -> None:
    cut = public_tables.cut(np.stack([face_picture(), face_picture(shift=4)]))
    assert cut.shape == (2, 256, 256, 3) and cut.dtype == np.uint8


def test_a_missing_judge_is_told_before_anything_runs(tmp_path: Path) -> None:
    assert public_tables.open_judges(None, None) is None
    with pytest.raises(TtsfError, match=r"fetch .*; .*fetch"):
        public_tables.open_judges(tmp_path, None)
