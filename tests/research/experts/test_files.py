"""Experts' files: found, checked, and loaded only where they fit."""

import hashlib
import pickle
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.support.paths import ROOT
from ttsf.errors import TtsfError
from ttsf.research.evaluation.public_tables import FILES
from ttsf.research.experts.face_identity import FaceIdentity
from ttsf.research.experts.files import ExpertFile, FrozenExpert, MissingExpert, find_expert
from ttsf.research.experts.nisqa import Nisqa
from ttsf.research.experts.vgg19 import VGG19Features

ABSENT = ExpertFile("Net", "net.pth", "the loss L_x", "https://example.org/net.pth", "0" * 64)


class Net(FrozenExpert):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))

    def forward(self, picture: Tensor) -> Tensor:
        return self.layers(picture)


def load(file: ExpertFile, folder: Path) -> Net:
    Net.FILE = file
    return Net.load(folder)


def public_layout() -> dict[str, Tensor]:
    return {k: v for k, v in Net().state_dict().items() if not k.endswith("num_batches_tracked")}


def expert_of(path: Path, unused: tuple[str, ...] = ()) -> ExpertFile:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ABSENT._replace(sha256=digest, unused=unused)


def saved(folder: Path, content: object) -> ExpertFile:
    torch.save(content, folder / "net.pth")
    return expert_of(folder / "net.pth")


def message(error: pytest.ExceptionInfo[TtsfError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def test_without_a_folder_the_message_names_file_source_and_variable(monkeypatch):
    monkeypatch.delenv("TTSF_EXPERTS", raising=False)
    with pytest.raises(MissingExpert) as error:
        find_expert(ABSENT)
    assert message(error) == (
        "the loss L_x needs Net: fetch net.pth from https://example.org/net.pth "
        "and name its folder by --experts or in TTSF_EXPERTS"
    )


def test_an_absent_file_says_where_it_belongs(tmp_path):
    with pytest.raises(MissingExpert) as error:
        find_expert(ABSENT, tmp_path)
    assert message(error) == (
        f"{tmp_path / 'net.pth'}: no such file; the loss L_x needs Net: "
        "fetch https://example.org/net.pth and save it there"
    )


def test_another_file_is_refused_before_it_is_unpickled(tmp_path):
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return open, (str(tmp_path / "sprung"), "w")

    (tmp_path / "net.pth").write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(TtsfError) as error:
        load(ABSENT, tmp_path)
    assert "not the public file of Net" in message(error)
    assert "not 000000000000..." in message(error)
    assert "fetch https://example.org/net.pth again" in message(error)
    assert not isinstance(error.value, MissingExpert)
    with pytest.raises(TtsfError) as error:
        load(expert_of(tmp_path / "net.pth"), tmp_path)
    assert "cannot read this file as weights" in message(error)
    assert not (tmp_path / "sprung").exists()


def test_an_explicit_folder_goes_before_the_variable(tmp_path, monkeypatch):
    expert = saved(tmp_path, public_layout())
    monkeypatch.setenv("TTSF_EXPERTS", str(tmp_path))
    assert find_expert(expert) == tmp_path / "net.pth"
    with pytest.raises(MissingExpert):
        find_expert(expert, tmp_path / "elsewhere")


@pytest.mark.parametrize("zipped", [True, False])
def test_loads_both_archive_formats_with_or_without_counters(tmp_path, zipped):
    kept = Net().state_dict() | {"head.weight": torch.zeros(1)}
    for content in (kept, {k: v for k, v in kept.items() if "tracked" not in k}):
        path = tmp_path / "net.pth"
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
        network = load(expert_of(path, ("head.",)), tmp_path)
        torch.testing.assert_close(network.layers[0].weight, kept["layers.0.weight"])


def test_weights_may_be_an_entry_of_the_file(tmp_path):
    kept = public_layout()
    expert = saved(tmp_path, {"epoch": 3, "weights": kept})
    network = load(expert._replace(inside="weights"), tmp_path)
    torch.testing.assert_close(network.layers[0].weight, kept["layers.0.weight"])
    for content in ({"epoch": 3}, kept, [kept]):
        with pytest.raises(TtsfError, match="holds something else than named weights"):
            load(saved(tmp_path, content)._replace(inside="weights"), tmp_path)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"layers.0.bias": None}, "1 weights missing, such as layers.0.bias"),
        ({"head.weight": torch.zeros(1)}, "1 weights too many, such as head.weight"),
        (
            {"layers.0.weight": torch.zeros(2, 3, 3, 3)},
            "layers.0.weight has shape (2, 3, 3, 3), not (2, 3, 1, 1)",
        ),
        ({"layers.0.weight": "text"}, "holds something else than named weights"),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path, change, complaint):
    content = {k: v for k, v in (public_layout() | change).items() if v is not None}
    with pytest.raises(TtsfError) as error:
        load(saved(tmp_path, content), tmp_path)
    assert message(error) == f"{tmp_path / 'net.pth'}: {complaint}"


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x80\x02."])
def test_a_damaged_file_is_one_clear_line(tmp_path, content):
    (tmp_path / "net.pth").write_bytes(content)
    with pytest.raises(TtsfError) as error:
        load(expert_of(tmp_path / "net.pth"), tmp_path)
    assert "cannot read this file as weights" in message(error)


def test_a_loaded_expert_stays_frozen(tmp_path):
    network = load(saved(tmp_path, public_layout()), tmp_path)
    nn.Sequential(network).train()
    assert not any(module.training for module in network.modules())
    before = {k: v.clone() for k, v in network.state_dict().items()}
    picture = torch.randn(2, 3, 4, 4, requires_grad=True)
    network(picture).sum().backward()
    assert picture.grad is not None and picture.grad.abs().sum() > 0
    assert all(x.grad is None and not x.requires_grad for x in network.parameters())
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name])


def test_one_table_of_the_documentation_has_them_all() -> None:
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    for file in (*FILES, FaceIdentity.FILE, Nisqa.FILE, VGG19Features.FILE):
        assert f"| `{file.file}` | {file.source} | `{file.sha256}` |" in page
