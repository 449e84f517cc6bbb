"""The library called with wrong types: NumPy numbers work, others are refused."""

import copy
import io
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import ttsf
from ttsf import GenerateOptions, TtsfError
from ttsf.compositing.framing import Framing

SMALL = {"size": 64, "steps": 1}


@pytest.fixture(scope="module")
def pipeline(model_folder: Path) -> ttsf.Pipeline:
    return ttsf.load(model_folder)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int16])
def test_whole_numbers_of_numpy(pipeline: ttsf.Pipeline, photo: Path, kind: type) -> None:
    plain = pipeline.speak(photo, "Hi.", GenerateOptions(3, **SMALL))
    same = pipeline.speak(photo, "Hi.", GenerateOptions(kind(3), steps=kind(1), size=kind(64)))
    assert np.array_equal(plain.frames, same.frames)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16, np.int8])
def test_numbers_of_numpy(pipeline: ttsf.Pipeline, photo: Path, kind: type) -> None:
    plain = pipeline.say(photo, "Hi.", GenerateOptions(rate=2.0, temperature=0.5, max_seconds=60))
    options = GenerateOptions(rate=kind(2), temperature=np.float32(0.5), max_seconds=kind(60))
    assert np.array_equal(plain, pipeline.say(photo, "Hi.", options))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("seed", wrong) for wrong in ("1", 1.5, None, [1], np.array([1, 2]), 1j)],
        *[("steps", wrong) for wrong in ("1", 1.5, (1,))],
        *[("temperature", wrong) for wrong in ("1", [0.5], 1j, np.array([0.5]))],
        *[("rate", wrong) for wrong in (None, "fast", b"1")],
        *[("size", wrong) for wrong in ("64", 64.5, (64, 64))],
        *[("motion", wrong) for wrong in (None, "1")],
        *[("blinks", wrong) for wrong in (None, [])],
        *[("max_seconds", wrong) for wrong in (None, "60", float("nan"))],
        *[("framing", wrong) for wrong in ("face", None, (64, 64), ("all", 0, 0, ""))],
        *[("language", wrong) for wrong in (None, 5, b"en")],
        *[("lexicon", wrong) for wrong in (None, "a", {1: 2}, [("a", "b")])],
        *[("voice", wrong) for wrong in (5, b"oak", 1.0, [])],
    ],
)
def test_wrong_options_are_named(
    pipeline: ttsf.Pipeline, photo: Path, name: str, value: Any
) -> None:
    with pytest.raises(TtsfError, match=name):
        pipeline.speak(photo, "Hi.", GenerateOptions(**{**SMALL, name: value}))


@pytest.mark.parametrize("sides", [(0, 0), (181, 220), (10**6, 10**6), (200.0, 200.0)])
def test_a_canvas_that_cannot_be_is_refused(
    pipeline: ttsf.Pipeline, photo: Path, sides: tuple[Any, Any]
) -> None:
    with pytest.raises(TtsfError, match="sides of a canvas"):
        pipeline.speak(photo, "Hi.", GenerateOptions(framing=Framing("canvas", *sides)))


@pytest.mark.parametrize("name", ["seed", "steps", "size", "rate", "temperature", "max_seconds"])
@pytest.mark.parametrize("value", [10**400, -(10**400)])
def test_numbers_beyond_all_bounds_are_refused(
    pipeline: ttsf.Pipeline, photo: Path, name: str, value: int
) -> None:
    with pytest.raises(TtsfError, match=f"{name} is far too large"):
        pipeline.speak(photo, "Hi.", GenerateOptions(**{**SMALL, name: value}))


@pytest.mark.parametrize("text", [None, 5, b"Hi.", ["Hi."], np.array("Hi.")])
def test_a_text_is_a_str(pipeline: ttsf.Pipeline, photo: Path, text: Any) -> None:
    with pytest.raises(TtsfError, match="text"):
        pipeline.speak(photo, text)


@pytest.mark.parametrize(
    "portrait",
    [
        *(None, 5, b"a.png", ["a.png"], "", "\0", torch.zeros(64, 64, 3)),
        *(np.zeros(3), np.zeros((64, 64, 3)), np.zeros((64, 64), np.uint8)),
        np.zeros((0, 0, 3), np.uint8),
    ],
)
def test_a_portrait_is_a_file_or_pixels(pipeline: ttsf.Pipeline, portrait: Any) -> None:
    with pytest.raises(TtsfError):
        pipeline.speak(portrait, "Hi.")


@pytest.mark.parametrize("options", [None, {"seed": 1}, (0,), "seed", ttsf.Outputs(Path("a.mp4"))])
def test_options_are_generate_options(
    pipeline: ttsf.Pipeline, photo: Path, options: Any, tmp_path: Path
) -> None:
    portrait = pipeline.portrait(photo)
    for call in (
        lambda: pipeline.speak(photo, "Hi.", options),
        lambda: pipeline.say(None, "Hi.", options),
        lambda: pipeline.stream(photo, "Hi.", options),
        lambda: pipeline.check(portrait, "Hi.", options),
        lambda: pipeline.write(photo, "Hi.", tmp_path / "a.mp4", options),
    ):
        with pytest.raises(TtsfError, match="options must be GenerateOptions"):
            call()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output", [None, 5, b"a.mp4", ["a.mp4"], ttsf.Outputs("a.mp4"),
                                    ttsf.Outputs(Path("a.mp4"), sound="a.wav")])  # fmt: skip
def test_an_output_is_a_path(pipeline: ttsf.Pipeline, photo: Path, output: Any) -> None:
    with pytest.raises(TtsfError, match=r"must be a (path|Path), not"):
        pipeline.write(photo, "Hi.", output)


@pytest.mark.parametrize("name", [None, 5, b"oak", ["oak"]])
def test_models_devices_and_voices_are_named(
    pipeline: ttsf.Pipeline, model_folder: Path, name: Any
) -> None:
    with pytest.raises(TtsfError, match="voice must be a path"):
        pipeline.voice(name)
    with pytest.raises(TtsfError, match="device must be a str"):
        ttsf.load(model_folder, name)
    if name is not None:
        with pytest.raises(TtsfError, match="model must be a path"):
            ttsf.load(name)


LAZY = {"path": str, "Path": Path, "bytes": Path.read_bytes, "an open file": Path.open,
        "an image": Image.open, "bytes in memory": lambda path: io.BytesIO(path.read_bytes()),
        "a bytearray": lambda path: bytearray(path.read_bytes()),
        "a memoryview": lambda path: memoryview(path.read_bytes()),
        "pixels": lambda path: np.asarray(Image.open(path).convert("RGB"))}  # fmt: skip


@pytest.mark.parametrize("kind", LAZY)
def test_portraits_of_many_kinds(photo: Path, pipeline: ttsf.Pipeline, kind: str) -> None:
    given = photo.open("rb") if kind == "an open file" else LAZY[kind](photo)
    expected, read = pipeline.portrait(photo), pipeline.portrait(given)
    assert np.array_equal(read.picture, expected.picture) and read.square == expected.square
    if isinstance(given, Image.Image):
        assert pipeline.portrait(given).square == read.square  # it is not used up


def test_an_image_of_pillow_is_read_as_its_file(
    photo: Path, pipeline: ttsf.Pipeline, tmp_path: Path
) -> None:
    turned = Image.open(photo).rotate(90, expand=True)
    turned.putalpha(200)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "a.png", exif=exif)
    file, image = (pipeline.portrait(one) for one in (tmp_path / "a.png",
                                                      Image.open(tmp_path / "a.png")))  # fmt: skip
    assert np.array_equal(file.picture, image.picture) and np.array_equal(file.alpha, image.alpha)
    with pytest.raises(TtsfError, match="too small"):
        pipeline.portrait(Image.new("RGB", (9, 9)))


def test_files_that_are_no_portraits(photo: Path, pipeline: ttsf.Pipeline, tmp_path: Path) -> None:
    closed = photo.open("rb")
    closed.close()
    read = io.BytesIO(photo.read_bytes())
    read.read()
    for given, complaint in (
        (io.BytesIO(b""), "empty"),
        (read, "read to its end"),
        (io.StringIO("text"), "binary mode"),
        (closed, "closed file"),
        (io.BytesIO(photo.read_bytes()[:5_000]), "damaged or incomplete"),
    ):
        with pytest.raises(TtsfError, match=complaint):
            pipeline.portrait(given)


class BytesPath(os.PathLike[bytes]):
    """As the entries of os.scandir(b"...")."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self.path)


def test_paths_of_bytes(pipeline: ttsf.Pipeline, photo: Path, tmp_path: Path) -> None:
    output = tmp_path / "a.mp4"
    pipeline.write(BytesPath(photo), "Hi.", BytesPath(output), GenerateOptions(**SMALL))
    assert output.is_file()


@pytest.mark.parametrize(("path", "complaint"), [("", "is empty"), ("a\0.mp4", "hold a NUL")])
def test_no_paths(pipeline: ttsf.Pipeline, photo: Path, path: str, complaint: str) -> None:
    with pytest.raises(TtsfError, match=f"path .*{complaint}"):
        pipeline.portrait(path)
    with pytest.raises(TtsfError, match=f"path .*{complaint}"):
        pipeline.write(photo, "Hi.", path, GenerateOptions(**SMALL))


@pytest.mark.parametrize(
    "address", ["http://a.example/b.png", "HTTPS://a.example/b", f"data:image/png,{'x' * 5_000}"]
)
def test_addresses_are_not_fetched(pipeline: ttsf.Pipeline, address: str) -> None:
    for given in (address, Path(address)):
        with pytest.raises(TtsfError, match="addresses are neither fetched") as told:
            pipeline.portrait(given)
        assert len(str(told.value)) < 200 and str(told.value).startswith(address[:12])


def test_a_video_is_not_written_to_an_address(
    pipeline: ttsf.Pipeline, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    address = "s3://bucket/a.mp4"
    for output in (address, Path(address), ttsf.Outputs(Path(address))):
        with pytest.raises(TtsfError, match=r"^s3://bucket/a\.mp4: addresses are neither"):
            pipeline.write(photo, "Hi.", output, GenerateOptions(**SMALL))
    assert list(tmp_path.iterdir()) == []


def test_home_is_found(
    pipeline: ttsf.Pipeline, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "me.png").write_bytes(photo.read_bytes())
    pipeline.write("~/me.png", "Hi.", "~/a.mp4", GenerateOptions(**SMALL))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "me.png"]


@pytest.mark.parametrize("options", [GenerateOptions(), GenerateOptions(7, lexicon={"a": "b"})])
def test_options_can_be_pickled_and_copied(options: GenerateOptions) -> None:
    for same in (pickle.loads(pickle.dumps(options)), copy.deepcopy(options), copy.copy(options)):
        assert same == options and same.plain() == options.plain()
        same.check()


@pytest.mark.parametrize("face", [None, "1", 1.5, 0, -1, [1]])
def test_a_face_is_a_number(pipeline: ttsf.Pipeline, photo: Path, face: Any) -> None:
    with pytest.raises(TtsfError, match="face"):
        pipeline.portrait(photo, face)


@pytest.fixture
def _doubles() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_the_default_type_of_torch_does_not_matter(
    model_folder: Path, photo: Path, request: pytest.FixtureRequest
) -> None:
    plain = ttsf.load(model_folder).speak(photo, "Hi.", GenerateOptions(**SMALL))
    request.getfixturevalue("_doubles")
    same = ttsf.load(model_folder).speak(photo, "Hi.", GenerateOptions(**SMALL))
    assert np.array_equal(plain.frames, same.frames)
    assert np.array_equal(plain.samples, same.samples)
