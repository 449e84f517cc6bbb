import copy
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save as to_bytes

from ttsf import checkpoint
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF


def test_round_trip(tiny_model: TTSF, model_folder: Path) -> None:
    loaded = checkpoint.load(model_folder)
    assert loaded.config == tiny_model.config and not loaded.training
    kept, state = loaded.state_dict(), tiny_model.state_dict()
    for name, value in state.items():
        read = kept[name]
        assert read.dtype == value.dtype
        assert torch.equal(read, value.half().to(value.dtype)), name
    for name, value in tiny_model.named_buffers():
        if name not in state:
            assert torch.equal(loaded.get_buffer(name), value), name


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


def test_a_variant_holds_only_what_differs(tiny_model: TTSF, tmp_path: Path) -> None:
    checkpoint.save(tiny_model, tmp_path / "tiny")
    changed = copy.deepcopy(tiny_model)
    with torch.no_grad():
        changed.speech.voice_projection.bias.add_(1)
    checkpoint.save(changed, tmp_path / "tiny-other", "tiny")
    with safe_open(tmp_path / "tiny-other" / checkpoint.WEIGHTS, "pt") as file:
        assert list(file.keys()) == ["speech.voice_projection.bias"]
    checkpoint.save(changed, tmp_path / "whole")
    loaded, whole = (checkpoint.load(tmp_path / name) for name in ("tiny-other", "whole"))
    state = loaded.state_dict()
    for name, value in whole.state_dict().items():
        assert torch.equal(state[name], value), name


@pytest.mark.parametrize("base", ["../tiny", "", "..", "itself", "gone"])
def test_a_base_is_an_existing_folder_beside_its_variant(
    tiny_model: TTSF, tmp_path: Path, base: str
) -> None:
    folder = tmp_path / "itself"
    checkpoint.save(tiny_model, folder)
    (folder / checkpoint.WEIGHTS).write_bytes(to_bytes({}, metadata={"base": base}))
    with pytest.raises(TtsfError, match=r"beside it|no such file"):
        checkpoint.load(folder)


def test_bases_in_a_circle_are_refused(tiny_model: TTSF, tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "a")):
        checkpoint.save(tiny_model, tmp_path / name)
        (tmp_path / name / checkpoint.WEIGHTS).write_bytes(to_bytes({}, metadata={"base": base}))
    with pytest.raises(TtsfError, match="its base b is not a whole model"):
        checkpoint.load(tmp_path / "a")


def test_bundled_ablations_differ_from_the_bundled_model_in_one_part() -> None:
    base = checkpoint.load().state_dict()
    parts = {}
    for name, folder in checkpoint.bundled_variants().items():
        model = checkpoint.load(folder)
        assert model.config.name == name
        parts[name] = {
            key.split(".")[0 if key.startswith("audio") else 1]
            for key, value in model.state_dict().items()
            if key not in base
            or value.shape != base[key].shape
            or not torch.equal(value, base[key])
        }
    assert parts == {
        "mini-no-energy": {"audio_mapper"},
        "mini-text-only": {"audio_mapper"},
        "mini-voice-with-motion": {"voice_projection"},
    }
