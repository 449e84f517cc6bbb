"""Invalid or incomplete model folders: exit code 2, one line, no output file."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from ttsf.checkpoint import CONFIG, WEIGHTS
from ttsf.cli.main import main

Refuse = Callable[[Path | str], str]
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the model, to be spoiled."""
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


@pytest.fixture
def refuse(photo: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Refuse:
    """Speaks with a model, which must be refused; gives the line that says why."""

    def run(model: Path | str) -> str:
        output = tmp_path / "out" / "a.mp4"
        assert main(["speak", str(photo), "Hi.", "-o", str(output), "--model", str(model)]) == 2
        line = capfd.readouterr().err
        assert line.startswith("ttsf: error: ") and line.count("\n") == 1
        assert not output.parent.exists()
        return line

    return run


@pytest.mark.parametrize("name", ["a" * 300, "a" * 5_000, "a/" * 3_000, "", "/dev/null", "/proc/1"])
def test_no_folder_of_a_model(refuse: Refuse, name: str) -> None:
    refuse(name)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
@pytest.mark.parametrize("kind", ["fifo", "folder", "loop", "/dev/zero", "/dev/null", "/dev/full"])
def test_something_in_the_place_of_a_file(
    refuse: Refuse, folder: Path, name: str, kind: str
) -> None:
    path = folder / name
    path.unlink()
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path)
        case _:
            path.symlink_to(kind)
    assert name in refuse(folder)


def drops_rights() -> bool:
    """Whether there is a setpriv with these options (busybox's has others) that may do this."""
    try:
        return subprocess.run([*UNPRIVILEGED, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, "."])
def test_what_may_not_be_read(folder: Path, photo: Path, tmp_path: Path, name: str) -> None:
    root = os.geteuid() == 0
    if root and not drops_rights():
        pytest.skip("root reads everything, and setpriv cannot take that from it")
    (folder / name).chmod(0)
    command = [*(UNPRIVILEGED if root else ()), sys.executable, "-m", "ttsf", "speak", str(photo)]
    command += ["Hi.", "--output", str(tmp_path / "out" / "a.mp4"), "--model", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True)
    (folder / name).chmod(0o700)
    assert ran.returncode == 2 and ran.stderr.count("\n") == 1
    assert ran.stderr.startswith(f"ttsf: error: {folder}")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "kind", ["float8_e4m3fn", "float8_e5m2", "int8", "uint8", "int64", "bool", "complex64"]
)
def test_weights_of_another_type(refuse: Refuse, folder: Path, kind: str) -> None:
    tensors = load_file(folder / WEIGHTS)
    name = next(name for name, value in tensors.items() if value.dtype == torch.float16)
    tensors[name] = tensors[name].to(getattr(torch, kind))
    save_file(tensors, folder / WEIGHTS)
    line = refuse(folder)
    assert kind == "complex64" or f"{name} has type torch.{kind}" in line


@pytest.mark.parametrize(
    "bases", [{"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "b"}, {"a": "a"}]
)
def test_bases_in_a_circle(refuse: Refuse, folder: Path, bases: dict[str, str]) -> None:
    for name, base in bases.items():
        own = Path(shutil.copytree(folder, folder.parent / name))
        save_file(load_file(folder / WEIGHTS), own / WEIGHTS, {"base": base})
    assert "base" in refuse(folder.parent / "a") or "a" in bases.values()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *[("audio.sample_rate", value) for value in (0, 1, "x", 1e300, None)],
        *[("audio.hop", value) for value in (0, -1, 7, 2**63)],
        *[("audio.mel_bins", value) for value in (0, 4_097, True, 79)],
        *[("video.fps", value) for value in (0, 0.5, 7)],
        *[("video.size", value) for value in (0, 3, 10**6)],
        *[("speech.language", value) for value in ("", "xx", "../../etc", 5, "\0", "a" * 5_000)],
        *[("speech.voices", value) for value in (3, [3], [{}], [{"name": "A", "register": "x"}])],
        *[("speech.text_encoder.heads", value) for value in (0, 25, 64)],
        *[("speech.text_encoder.prenet_kernel", value) for value in (0, 2, 128)],
        *[("speech.decoder.channels", value) for value in ([], [0], [3, 5], "ab")],
        *[("speech.decoder.time_scale", value) for value in (0, -1, 1e300)],
        *[("vocoder.kind", value) for value in ("", "vocos", None)],
        *[("vocoder.istft_n_fft", value) for value in (1, 2, 3, 161)],
        *[("vocoder.upsample_rates", value) for value in ([], [0], [5], [2, 2])],
        *[("face.channels", value) for value in ([], [[4, 8]], [[4, 8], [8, 0]], [[]])],
        *[("face.lip_layers", value) for value in ([0], [99], [-1], ["a"])],
        *[("face.manipulated_layers", value) for value in ([0, 0], [5, 1], [1], [1, 99])],
        *[("face.lip_codes", value) for value in ([-1], [99], None)],
        *[("audio_mapper.kernels", value) for value in ([], [2], [127], [0])],
        *[("motion.prior_heads", value) for value in (0, 3, 7, 16, 64)],
        *[("motion.compressed_channels", value) for value in (0, 13)],
        *[("motion.prior_kernel", value) for value in (0, 2, 8)],
        *[("name", value) for value in (None, 5, [])],
    ],
)
def test_strange_values(refuse: Refuse, folder: Path, place: str, value: Any) -> None:
    tree = json.loads((folder / CONFIG).read_text())
    *way, last = place.split(".")
    holder = tree
    for key in way:
        holder = holder[key]
    holder[last] = value
    (folder / CONFIG).write_text(json.dumps(tree))
    refuse(folder)
