from pathlib import Path

import pytest
import torch

from ttsf import checkpoint
from ttsf.errors import TtsfError
from ttsf.model import TTSF


def test_round_trip(tiny_model: TTSF, model_folder: Path) -> None:
    loaded = checkpoint.load(model_folder)
    assert loaded.config == tiny_model.config and not loaded.training
    for name, value in tiny_model.state_dict().items():
        read = loaded.state_dict()[name]
        assert read.dtype == value.dtype
        assert torch.equal(read, value.half().to(value.dtype)), name


def test_stored_in_half_precision(tiny_model: TTSF, model_folder: Path) -> None:
    values = sum(value.numel() for value in tiny_model.state_dict().values())
    size = (model_folder / checkpoint.WEIGHTS).stat().st_size
    assert size < 2 * values + 200 * len(tiny_model.state_dict())


def test_save_replaces_and_leaves_nothing_else(tiny_model: TTSF, tmp_path: Path) -> None:
    for _ in range(2):
        checkpoint.save(tiny_model, tmp_path / "new" / "model")
    names = sorted(path.name for path in (tmp_path / "new" / "model").iterdir())
    assert names == [checkpoint.CONFIG, checkpoint.WEIGHTS]


def test_values_beyond_half_precision_are_refused(tiny_model: TTSF, tmp_path: Path) -> None:
    parameter = next(tiny_model.parameters())
    kept = parameter.detach().clone()
    with torch.no_grad():
        parameter.view(-1)[0] = 1e6
    try:
        with pytest.raises(TtsfError, match="half precision"):
            checkpoint.save(tiny_model, tmp_path)
    finally:
        with torch.no_grad():
            parameter.copy_(kept)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("device", ["nonsense", "meta", "cuda:99"])
def test_unknown_device(model_folder: Path, device: str) -> None:
    with pytest.raises(TtsfError, match="device"):
        checkpoint.load(model_folder, device)
