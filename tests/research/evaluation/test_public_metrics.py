"""Metrics of public networks, with stubs; messages for missing files."""

import importlib.metadata
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.support.optional import needs_package
from ttsf.errors import TtsfError
from ttsf.research.evaluation import public_tables
from ttsf.research.evaluation.metrics import wer
from ttsf.research.evaluation.metrics.div import diversity
from ttsf.research.evaluation.metrics.fid import fid, frechet_of
from ttsf.research.evaluation.metrics.id_sim import id_sim
from ttsf.research.evaluation.metrics.lse import LSE_C
from ttsf.research.experts.files import AT_ONCE, FOLDER_VARIABLE, find_expert
from ttsf.research.experts.head_pose import HeadPose


def frames(seed: int, count: int = 20) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3)).astype(np.uint8)


def not_installed(name: str) -> str:
    raise importlib.metadata.PackageNotFoundError(name)


def test_another_package_with_a_module_of_that_name_is_no_whisper(tmp_path, monkeypatch):
    """As Graphite's `whisper`."""
    monkeypatch.setitem(sys.modules, "whisper", ModuleType("whisper"))
    monkeypatch.setattr(importlib.metadata, "version", not_installed)
    (tmp_path / "tiny.pt").write_bytes(b"weights")
    with pytest.raises(TtsfError, match="pip install openai-whisper"):
        wer.load_whisper(tmp_path / "tiny.pt")


def corners(picture: Tensor) -> Tensor:
    """Six numbers of a picture; never more pictures than fit together."""
    assert len(picture) <= AT_ONCE
    return picture[:, :, :2, 0].flatten(1)


def unit(picture: Tensor) -> Tensor:
    return torch.nn.functional.normalize(corners(picture))


def pose(picture: Tensor) -> HeadPose:
    values = corners(picture)
    return HeadPose(values[:, :3] * 10, values.repeat(1, 300))


def numbers(frames: np.ndarray) -> np.ndarray:
    """`corners` once more."""
    return (frames[:, :2, 0] / 127.5 - 1).transpose(0, 2, 1).reshape(len(frames), 6)


def test_fid_is_over_all_frames():
    fake, real = [frames(1), frames(2)], [frames(3, 37)]
    rows = [np.concatenate([numbers(clip) for clip in side]) for side in (fake, real)]
    assert fid(corners, fake, real) == pytest.approx(frechet_of(*rows), rel=1e-4)
    assert fid(corners, fake, fake) == 0
    with pytest.raises(TtsfError, match="generated and real clips"):
        fid(corners, fake, [])


def test_identity_is_the_mean_cosine_with_the_portrait():
    clip, portrait = frames(1), frames(3)[4]
    a, b = (
        rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for rows in (numbers(clip), numbers(portrait[None]))
    )
    assert id_sim(unit, clip, portrait[None]) == pytest.approx((a @ b[0]).mean(), abs=1e-5)
    assert id_sim(unit, np.stack([portrait] * 3), portrait[None]) == pytest.approx(1, abs=1e-5)


def test_diversity_is_the_spread_over_frames():
    for clip in (frames(1), frames(2, 33)):
        found, spread = diversity(pose, clip), numbers(clip).std(0)
        assert found.features == pytest.approx(spread.mean(), rel=1e-5)
        assert found.degrees == pytest.approx(10 * spread[:3].mean(), rel=1e-5)
    still = np.repeat(frames(3)[:1], 5, axis=0)
    assert diversity(pose, still) == pytest.approx((0, 0), abs=1e-6)
    with pytest.raises(TtsfError, match="at least 2 frames"):
        diversity(pose, still[:1])


def test_every_metric_names_its_network_variant_and_file():
    assert len(set(public_tables.COLUMNS)) == len(public_tables.COLUMNS)
    hashes = ["6726825d", "031ea0f7", "961e8696", "961e8696", "1e0c6ddf", "1e0c6ddf"]
    for metric, sha in zip(public_tables.COLUMNS, hashes, strict=True):
        assert metric.grade == "public" and f"SHA-256 {sha}" in metric.scorer
    assert "no face detection, as Wav2Lip's calculate_scores_LRS" in LSE_C.scorer


def test_without_files_each_network_says_what_to_fetch(tmp_path, monkeypatch):
    with pytest.raises(TtsfError) as error:
        public_tables.check_files(tmp_path, tmp_path / "tiny.pt")
    messages = str(error.value).split("; ")
    for file in public_tables.FILES:
        assert any(file.name in line and file.source in str(error.value) for line in messages)
        assert str(tmp_path / file.file) in str(error.value)
    assert "no such Whisper model" in str(error.value)
    assert "nothing is downloaded" in str(error.value)
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with pytest.raises(TtsfError, match=f"needs SyncNet v2: fetch .* in {FOLDER_VARIABLE}"):
        find_expert(public_tables.LipSyncNet.FILE)
    with pytest.raises(TtsfError, match="needs Inception v3: fetch"):
        public_tables.load_experts(tmp_path, None)


def test_a_model_of_whisper_must_be_whole_and_have_its_package(tmp_path, monkeypatch):
    with pytest.raises(TtsfError, match="no such Whisper model"):
        wer.check_whisper(tmp_path / "tiny.pt")
    folder = tmp_path / "fast"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"")
    with pytest.raises(TtsfError, match=r"tokenizer\.json is missing"):
        wer.check_whisper(folder)
    (folder / "tokenizer.json").write_text("{}")
    monkeypatch.setattr(importlib.metadata, "version", not_installed)
    with pytest.raises(TtsfError, match="pip install faster-whisper"):
        wer.check_whisper(folder)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0")
    assert wer.check_whisper(folder).weights == folder / "model.bin"


def test_whisper_is_named_with_its_file(tmp_path, monkeypatch):
    model = tmp_path / "tiny.pt"
    model.write_bytes(b"weights")
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0")
    metric = wer.whisper_wer(model)
    assert "tiny.pt (SHA-256 9a129038), greedy, openai-whisper 1.0, " in metric.scorer
    assert metric.grade == "public"


def test_a_damaged_model_of_whisper_is_one_line(tmp_path):
    needs_package("openai-whisper")
    path: Path = tmp_path / "tiny.pt"
    path.write_bytes(b"damaged")
    with pytest.raises(TtsfError, match="cannot read this model"):
        wer.load_whisper(path)
