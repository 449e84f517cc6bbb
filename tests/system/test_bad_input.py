"""Each bad input: one clear line, exit code 2, no traceback, no output file."""

import json
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from ttsf.cli.main import main

Run = Callable[..., str]


@pytest.fixture
def refused(
    model_folder: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs `ttsf speak`, which must refuse; returns the one line it says."""

    def run(
        portrait: Path | str = photo,
        text: str = "Hello.",
        output: Path | str = tmp_path / "out" / "a.mp4",
        model: Path | str = model_folder,
        options: tuple[str, ...] = (),
    ) -> str:
        before = sorted(tmp_path.rglob("*"))
        arguments = [str(portrait), text, "--output", str(output), "--model", str(model)]
        assert main(["speak", *arguments, *options]) == 2
        captured = capsys.readouterr()
        lines = captured.err.splitlines()
        assert captured.out == "" and len(lines) == 1, captured
        assert lines[0].startswith("ttsf: error: ")
        assert sorted(tmp_path.rglob("*")) == before
        return lines[0]

    return run


def png_header(width: int, height: int) -> bytes:
    """A PNG of that size whose pixels never come."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    data = b"IDAT" + zlib.compress(bytes(1000))
    tail = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + chunk + tail


# Portraits


def test_missing_picture(refused: Run, tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "nobody.jpg")


def test_picture_with_a_name_that_is_too_long(refused: Run, tmp_path: Path) -> None:
    assert "too long" in refused(tmp_path / ("a" * 400 + ".jpg"))


def test_directory_as_picture(refused: Run, tmp_path: Path) -> None:
    assert "a directory" in refused(tmp_path)


def test_device_as_picture(refused: Run) -> None:
    assert "not a regular file" in refused("/dev/zero")


def test_empty_picture(refused: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert "is empty" in refused(tmp_path / "a.jpg")


def test_text_named_jpg(refused: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("This is not a picture.\n" * 50)
    assert "not a picture" in refused(tmp_path / "a.jpg")


def test_truncated_jpeg(refused: Run, tmp_path: Path, astronaut: np.ndarray) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(astronaut).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "damaged or incomplete" in refused(path)


def test_one_pixel(refused: Run, tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    assert "too small" in refused(tmp_path / "a.png")


@pytest.mark.parametrize("size", [(11_000, 10_000), (50_000, 50_000), (2**31 - 1, 2**31 - 1)])
def test_decompression_bomb(refused: Run, tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "a.png").write_bytes(png_header(*size))
    message = refused(tmp_path / "a.png")
    assert "pixels" in message


def test_no_face(refused: Run, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    assert "no face found" in refused(tmp_path / "a.png")


def test_face_that_is_too_small(refused: Run, tmp_path: Path, astronaut: np.ndarray) -> None:
    Image.fromarray(astronaut).resize((205, 205)).save(tmp_path / "a.png")
    assert "the face is too small" in refused(tmp_path / "a.png")


def test_face_number_that_is_not_there(refused: Run) -> None:
    assert "no face 2" in refused(options=("--face", "2"))


# Texts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\n\t",
        "\N{GRINNING FACE}\N{PARTY POPPER}",
        "\a\x1b\x7f",
        "\u200b\ufeff",
        "...!?",
        "\u00b1" * 2_000,
    ],
    ids=["empty", "blank", "white", "emoji", "control", "invisible", "punctuation", "signs"],
)
def test_nothing_to_say(refused: Run, text: str) -> None:
    assert "nothing to say" in refused(text=text)


@pytest.mark.parametrize(
    ("text", "script"),
    [("Привет, мир", "Cyrillic"), ("你好", "Han"), ("مرحبا", "Arabic"), ("नमस्ते", "Devanagari")],
)
def test_script_that_cannot_be_spoken(refused: Run, text: str, script: str) -> None:
    assert script in refused(text=text)


@pytest.mark.parametrize("text", ["word " * 1_000, "9" * 800, "\u00b1 5 " * 500])
def test_text_that_takes_too_long(refused: Run, text: str) -> None:
    message = refused(text=text, options=("--max-seconds", "30"))
    assert "would be spoken for about" in message and "at most 30 s" in message


def test_text_that_is_not_utf_8(refused: Run) -> None:
    assert "not valid UTF-8" in refused(text="caf\udce9")


# Output


def test_output_below_a_file(refused: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot write" in refused(output=tmp_path / "file" / "a.mp4")


def test_output_where_nothing_can_be_written(refused: Run) -> None:
    assert "cannot write" in refused(output="/proc/nothing/a.mp4")


def test_output_is_a_directory(refused: Run, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    assert "it is a directory" in refused(output=tmp_path / "a.mp4")


@pytest.mark.parametrize(
    "options",
    [
        ("--output", "http://a.example/a.mp4"),
        ("--output=s3://bucket/a.mp4",),
        ("--save-audio", "gs://bucket/a.wav"),
        ("--subtitles", "file:///a.srt"),
        ("--timings", "HTTPS://a.example/a.json"),
        ("--model", "hf://a/model"),
    ],
)
def test_an_address_is_no_file(
    refused: Run, tmp_path: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "://" in (line := refused(options=options)) and "give the path of a file" in line


@pytest.mark.parametrize("name", ["a.avi", "a", ".mp4", ".webm"])
def test_output_of_another_kind(refused: Run, tmp_path: Path, name: str) -> None:
    assert "must end in .mp4" in refused(output=tmp_path / name)


def test_sound_of_another_kind(refused: Run, tmp_path: Path) -> None:
    assert "must end in .wav" in refused(options=("--save-audio", str(tmp_path / "a.mp3")))


@pytest.mark.parametrize(("option", "name"), [("--subtitles", "a.txt"), ("--timings", "a.srt")])
def test_times_of_another_kind(refused: Run, tmp_path: Path, option: str, name: str) -> None:
    assert "must end in" in refused(options=(option, str(tmp_path / name)))


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--framing", "round", "framing must be picture, face or"),
        ("--framing", "1081x1920", "the sides of a canvas are even"),
        ("--size", "10", "size must be from 64 to 3840 px"),
        ("--motion", "2.5", "motion must be from 0 to 2"),
        ("--blinks", "-1", "blinks must be from 0 to 1"),
        ("--lexicon", "nowhere.tsv", "No such file"),
    ],
)
def test_options_out_of_range(refused: Run, option: str, value: str, complaint: str) -> None:
    assert complaint in refused(options=(option, value))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--timings-format", "polly"), "timings_format has no effect without a timings file"),
        (("--still", "--motion", "0.5"), "leave out motion or still"),
        (("--still", "--blinks", "0.5"), "leave out blinks or still"),
        (("--no-mark", "--mark-sound", "--audio", "a.wav"), "without the watermark (no_mark)"),
    ],
)
def test_an_option_that_another_one_leaves_without_effect(
    refused: Run, options: tuple[str, ...], complaint: str
) -> None:
    assert complaint in refused(options=options)


@pytest.mark.parametrize("limit", [0, 3_000])
def test_disk_full(refused: Run, tmp_path: Path, limit: int) -> None:
    """A limit on the size of files stops the writing as a full disk does."""
    resource = pytest.importorskip("resource")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, old[1]))
    try:
        message = refused()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert "cannot write" in message and "a.mp4" in message


def test_disk_full_of_sound(refused: Run, tmp_path: Path) -> None:
    """The sound is written first and is named; neither file is left."""
    resource = pytest.importorskip("resource")
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, old[1]))
    try:
        message = refused(options=("--save-audio", str(tmp_path / "out" / "a.wav")))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert "cannot write" in message and "a.wav: File too large" in message


# Models


@pytest.fixture
def broken(model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the model to damage."""
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def test_missing_model(refused: Run, tmp_path: Path) -> None:
    assert "no such model directory" in refused(model=tmp_path / "none")


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_missing_model_file(refused: Run, broken: Path, name: str) -> None:
    (broken / name).unlink()
    assert name in refused(model=broken)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_truncated_weights(refused: Run, broken: Path, share: float) -> None:
    path = broken / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "damaged" in refused(model=broken)


def test_foreign_weights(refused: Run, broken: Path) -> None:
    path = broken / "model.safetensors"
    tensors = load_file(path)
    tensors["stranger"] = tensors.pop(next(iter(tensors)))
    save_file(tensors, path)
    assert "1 tensors missing, 1 unknown" in refused(model=broken)


def test_weights_of_another_shape(refused: Run, broken: Path) -> None:
    path = broken / "model.safetensors"
    tensors = load_file(path)
    name = next(iter(tensors))
    tensors[name] = tensors[name][..., None].clone()
    save_file(tensors, path)
    assert "has shape" in refused(model=broken)


def test_weights_that_are_not_finite(refused: Run, broken: Path) -> None:
    path = broken / "model.safetensors"
    tensors = load_file(path)
    next(value for value in tensors.values() if value.is_floating_point()).fill_(float("nan"))
    save_file(tensors, path)
    assert "not finite" in refused(model=broken)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"nonsense": 1}, "nonsense: unknown key"),
        ({"audio": {"nonsense": 1}}, "audio.nonsense: unknown key"),
        ({"audio": {"hop": "many"}}, "audio.hop"),
        ({"audio": {"hop": 150}}, "must be whole"),
        ({"face": {"style_channels": -1}}, "face.style_channels: Input should be greater"),
    ],
)
def test_config(refused: Run, broken: Path, change: dict, complaint: str) -> None:
    path = broken / "config.json"
    config = json.loads(path.read_text())
    for key, value in change.items():
        config[key] = {**config[key], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(config))
    assert complaint in refused(model=broken)


@pytest.mark.parametrize("content", ["", "{", "[]", "\xff"])
def test_config_that_is_no_json(refused: Run, broken: Path, content: str) -> None:
    (broken / "config.json").write_text(content, encoding="latin-1")
    assert "config.json" in refused(model=broken)


# Not refused


def test_animation_speaks_with_its_first_frame(
    tmp_path: Path, model_folder: Path, astronaut: np.ndarray
) -> None:
    first = Image.fromarray(astronaut[:300, 50:350])
    first.save(
        tmp_path / "a.gif", save_all=True, append_images=[Image.new("RGB", first.size)], duration=99
    )
    output = tmp_path / "a.mp4"
    arguments = [str(tmp_path / "a.gif"), "Hi.", "-o", str(output), "--model", str(model_folder)]
    assert main(["speak", *arguments]) == 0
    assert output.stat().st_size > 0
