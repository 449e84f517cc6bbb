"""Naturalness in the public grade, with a stub in NISQA's place."""

import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.support.recordings import face_picture, murmur, write_recording
from ttsf.errors import MissingPackage, TtsfError
from ttsf.research.evaluation import naturalness, public_tables
from ttsf.research.evaluation.naturalness import NATURALNESS, Judge, judges
from ttsf.research.evaluation.scoring import Measured, Scored
from ttsf.research.evaluation.systems import System
from ttsf.research.experts.files import MissingExpert
from ttsf.research.experts.nisqa import Nisqa

NOTHING = Measured({}, {}, np.empty((0, 128)), np.ones(4), np.empty(0), np.ones(4))


class Loudness:
    """Likes a loud clip."""

    def score(self, samples: np.ndarray, sample_rate: int) -> float:
        assert (samples.shape, sample_rate) == ((14 * 640,), 16_000)
        return 1 + float(np.abs(samples).max())


@pytest.fixture
def scored(tmp_path: Path) -> list[Scored]:
    frames = [face_picture()] * 14
    loud, quiet = (
        write_recording(tmp_path / f"{name}.mp4", frames, murmur(0.56) * gain)
        for name, gain in (("loud", 1), ("quiet", 0.1))
    )
    return [
        Scored(System("real clips", {"a": loud}), {"a": NOTHING}, {}),
        Scored(
            System("ours", {"a": loud, "b": quiet, "c": quiet}),
            {"a": NOTHING, "b": NOTHING},
            {"c": "no face"},
        ),
        Scored(System("theirs", {}), {}, {"a": "no video of this name"}),
    ]


def test_every_system_has_its_mean_over_all_clips(scored: list[Scored]) -> None:
    table = naturalness.table([Judge(NATURALNESS, Loudness().score)], scored)
    real, ours, theirs = table.rows
    assert [(row.used, row.refused) for row in table.rows] == [(1, 0), (2, 1), (0, 1)]
    assert real.figures[0] is not None and ours.figures[0] is not None
    peak = real.figures[0].value - 1
    assert ours.figures[0].value == pytest.approx(1 + 0.55 * peak, abs=0.05 * peak)
    assert theirs.figures == (None,)
    assert "| theirs | - | 0 | 1 |" in table.markdown()


def test_the_definition_names_file_licence_and_use() -> None:
    assert NATURALNESS.grade == "public" and NATURALNESS.better == "higher"
    for part in ("nisqa.tar (SHA-256 7ec4cf93)", "CC BY-NC-SA 4.0", "never used in training"):
        assert part in NATURALNESS.scorer


def test_a_folder_with_nisqa_alone_asks_for_nothing_else(tmp_path: Path) -> None:
    (tmp_path / Nisqa.FILE.file).write_bytes(b"another file")
    with pytest.raises(TtsfError) as error:
        public_tables.check_files(tmp_path, None)
    assert "not the public file of NISQA" in str(error.value)
    assert not any(file.name in str(error.value) for file in public_tables.FILES)


@pytest.mark.parametrize("other", ["picture", "whisper"])
def test_nisqa_beside_others_replaces_none_of_them(tmp_path: Path, other: str) -> None:
    (tmp_path / Nisqa.FILE.file).touch()
    whisper = tmp_path / "tiny.pt" if other == "whisper" else None
    if whisper is None:
        (tmp_path / public_tables.FILES[0].file).touch()
    with pytest.raises(TtsfError) as error:
        public_tables.check_files(tmp_path, whisper)
    for file in (*public_tables.FILES, Nisqa.FILE):
        assert file.name in str(error.value)


def test_without_nisqa_its_file_is_not_asked_for(tmp_path: Path) -> None:
    with pytest.raises(TtsfError) as error:
        public_tables.check_files(tmp_path, None)
    assert Nisqa.FILE.name not in str(error.value)


def test_nisqa_alone_gives_its_table_alone(
    tmp_path: Path, scored: list[Scored], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / Nisqa.FILE.file).touch()
    monkeypatch.setattr(Nisqa, "load", lambda folder: Loudness())
    (judge,) = judges(tmp_path, distillmos=False)
    assert judge.metric == NATURALNESS
    assert public_tables.read_tables(tmp_path, None, scored, []) == []
    (tmp_path / Nisqa.FILE.file).unlink()
    assert judges(tmp_path, distillmos=False) == []
    with pytest.raises(MissingExpert):
        public_tables.read_tables(tmp_path, None, scored, [])


class Quiet(torch.nn.Module):
    """In DistillMOS's place: rates the length of what it hears."""

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        return torch.tensor(sound.shape[1] / 16_000)


def test_distillmos_hears_the_first_seconds_alone(
    scored: list[Scored], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = types.ModuleType("distillmos")
    package.ConvTransformerSQAModel = Quiet  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "distillmos", package)
    monkeypatch.setattr("importlib.metadata.version", lambda name: f"of {name}")
    (judge,) = judges(None, distillmos=True)
    assert judge.score(np.zeros(160_000, np.float32), 16_000) == 6.0
    with pytest.raises(ValueError, match="not 24000"):
        judge.score(np.zeros(9), 24_000)
    table = naturalness.table([Judge(NATURALNESS, Loudness().score), judge], scored)
    assert [metric.name for metric in table.columns] == ["naturalness", "DistillMOS"]
    assert table.rows[0].figures[1].value == pytest.approx(0.56)
    assert "of distillmos" in judge.metric.scorer


def test_distillmos_has_to_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distillmos", None)
    with pytest.raises(MissingPackage, match="pip install distillmos"):
        judges(None, distillmos=True)
