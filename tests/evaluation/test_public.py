"""Figures of the public judges, with stubs in the networks' place; what is told without files."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from ttsf.errors import TtsfError
from ttsf.evaluation.metric import check_alike
from ttsf.evaluation.metrics import public
from ttsf.evaluation.metrics.frechet import frechet_of
from ttsf.evaluation.metrics.public import SAME_FRAME, SOURCE, PublicJudges
from ttsf.experts.files import FOLDER_VARIABLE
from ttsf.experts.head_pose import HeadPose
from ttsf.experts.lip_sync import LipSync


class MadeClip(NamedTuple):
    frames: np.ndarray
    samples: np.ndarray


def clip(seed: int, count: int = 20) -> MadeClip:
    rng = np.random.default_rng(seed)
    frames = rng.integers(0, 256, (count, 8, 8, 3)).astype(np.uint8)
    return MadeClip(frames, rng.normal(0, 0.1, 640 * count).astype(np.float32))


def corners(picture: Tensor) -> Tensor:
    """Six numbers of a picture."""
    return picture[:, :, :2, 0].flatten(1)


def unit(picture: Tensor) -> Tensor:
    return torch.nn.functional.normalize(corners(picture))


def pose(picture: Tensor) -> HeadPose:
    values = corners(picture)
    return HeadPose(values[:, :3] * 10, values.repeat(1, 300))


class StubSync:
    def lse(self, frames: np.ndarray, samples: np.ndarray) -> LipSync:
        return LipSync(0, float(len(frames)), float(len(samples)))


@pytest.fixture
def judges() -> PublicJudges:
    found = PublicJudges()
    found.__dict__ |= {
        "inception": corners,
        "curricular_face": unit,
        "hopenet": pose,
        "lip_sync": StubSync(),
    }
    return found


def numbers(frames: np.ndarray) -> np.ndarray:
    """`corners` once more."""
    return (frames[:, :2, 0] / 127.5 - 1).transpose(0, 2, 1).reshape(len(frames), 6)


def test_fid_is_over_all_frames(judges):
    made, real = {"a": clip(1), "b": clip(2)}, {"c": clip(3, 37)}
    found = public.fid(judges, made, real)
    rows = [np.concatenate([numbers(c.frames) for c in side.values()]) for side in (made, real)]
    assert found.value == pytest.approx(frechet_of(*rows), rel=1e-4)
    assert found.used == 2
    with pytest.raises(TtsfError, match="made and real clips"):
        public.fid(judges, made, {})


def test_identity_against_the_source_and_frame_by_frame(judges):
    clips, real = {"a": clip(1), "b": clip(2)}, {"a": clip(3, 15)}
    unit_rows = [numbers(c["a"].frames) for c in (clips, real)]
    a, b = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in unit_rows)
    found = public.frame_identity(judges, clips, real)
    assert found.value == pytest.approx((a[:15] * b).sum(1).mean(), abs=1e-5)
    assert (found.used, found.refused) == (1, 1)
    source = public.source_identity(judges, clips, {"a": real["a"].frames[4]})
    assert source.value == pytest.approx((a @ b[4]).mean(), abs=1e-5)
    with pytest.raises(TtsfError, match="cannot be compared"):
        check_alike(found.metric, source.metric)


def test_a_clip_is_like_itself(judges):
    clips = {"a": clip(1)}
    assert public.frame_identity(judges, clips, clips).value == pytest.approx(1, abs=1e-5)
    assert public.fid(judges, clips, clips).value == 0


def test_diversity_is_the_spread_over_frames(judges):
    clips = {"a": clip(1), "b": clip(2, 33)}
    features, degrees = public.diversity(judges, clips)
    spread = np.array([numbers(c.frames).std(0) for c in clips.values()])
    assert features.value == pytest.approx(spread.mean(), rel=1e-5)
    assert degrees.value == pytest.approx(10 * spread[:, :3].mean(), rel=1e-5)
    still = np.repeat(clip(3).frames[:1], 5, axis=0)
    assert judges.div(still) == pytest.approx((0, 0), abs=1e-6)
    with pytest.raises(TtsfError, match="at least 2 frames"):
        judges.div(still[:1])


def test_lip_synchrony_is_the_mean_over_clips(judges):
    c, d = public.lip_synchrony(judges, {"a": clip(1, 10), "b": clip(2, 20)})
    assert (c.value, d.value) == (15, 15 * 640)
    assert (c.metric.name, c.metric.better, d.metric.better) == ("LSE-C", "higher", "lower")


def test_word_errors(judges, tmp_path, monkeypatch):
    pytest.importorskip("jiwer", reason="needs ttsf[eval]")
    pytest.importorskip("whisper_normalizer", reason="needs ttsf[eval]")
    judges.whisper = tmp_path / "tiny.pt"
    judges.whisper.write_bytes(b"weights")
    judges.__dict__["recogniser"] = lambda samples: "The plane leaves."
    monkeypatch.setattr(public, "find_spec", lambda name: name)
    monkeypatch.setattr(public, "version", lambda *names: ", ".join(names))
    texts = {"a": "The train leaves.", "b": "the plane leaves"}
    found = public.word_errors(judges, {n: clip(1) for n in "abc"}, texts)
    assert found.value == pytest.approx(1 / 6)
    assert (found.used, found.refused) == (2, 1)
    assert "tiny.pt (SHA-256 9a129038), greedy, openai-whisper" in found.metric.judge


def test_every_metric_names_its_judge_variant_and_file():
    metrics = [
        public.fid_metric(), public.identity_metric(SOURCE), public.identity_metric(SAME_FRAME),
        public.lse_c_metric(), public.lse_d_metric(), public.div_metric(),
        public.div_degrees_metric(),
    ]  # fmt: skip
    assert len(set(metrics)) == len(metrics)
    hashes = ["6726825d", "031ea0f7", "031ea0f7", "961e8696", "961e8696", "1e0c6ddf", "1e0c6ddf"]
    for metric, sha in zip(metrics, hashes, strict=True):
        assert metric.grade == "public" and f"SHA-256 {sha}" in metric.judge
    assert "no face detection, as Wav2Lip's calculate_scores_LRS" in public.lse_c_metric().judge


def test_without_files_each_judge_says_what_to_fetch(tmp_path, monkeypatch):
    ready, missing = PublicJudges(tmp_path).available()
    assert ready == ()
    assert list(missing) == ["Inception v3", "CurricularFace", "SyncNet v2", "Hopenet", "Whisper"]
    for file in public.FILES:
        assert file.source in missing[file.name] and str(tmp_path) in missing[file.name]
    assert "nothing is downloaded" in missing["Whisper"]
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert FOLDER_VARIABLE in PublicJudges().available().missing["SyncNet v2"]
    with pytest.raises(TtsfError, match="needs Inception v3: fetch"):
        PublicJudges(tmp_path).inception_features(clip(1).frames)
    with pytest.raises(TtsfError, match="needs Whisper"):
        PublicJudges(tmp_path).transcribe(clip(1).samples)


def test_a_model_of_whisper_must_be_whole_and_have_its_package(tmp_path, monkeypatch):
    with pytest.raises(TtsfError, match="no such Whisper model"):
        public.check_whisper(tmp_path / "tiny.pt")
    folder = tmp_path / "fast"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"")
    with pytest.raises(TtsfError, match=r"tokenizer\.json is missing"):
        public.check_whisper(folder)
    (folder / "tokenizer.json").write_text("{}")
    monkeypatch.setattr(public, "find_spec", lambda name: None)
    with pytest.raises(TtsfError, match="pip install faster-whisper"):
        public.check_whisper(folder)
    monkeypatch.setattr(public, "find_spec", lambda name: name)
    assert public.check_whisper(folder).weights == folder / "model.bin"


def test_a_damaged_model_of_whisper_is_one_line(tmp_path):
    pytest.importorskip("whisper", reason="needs openai-whisper")
    path: Path = tmp_path / "tiny.pt"
    path.write_bytes(b"damaged")
    with pytest.raises(TtsfError, match="cannot read this model"):
        public.load_whisper(path)
