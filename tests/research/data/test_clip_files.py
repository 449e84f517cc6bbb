from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from ttsf.errors import TtsfError
from ttsf.research.data.clip_files import read_frames, read_samples, save_frames, save_samples

FRAMES = 40


@pytest.fixture(scope="module")
def face(astronaut: np.ndarray) -> np.ndarray:
    """A real face that drifts: [40, 256, 256, 3]."""
    side, face = 256, []
    for i in range(FRAMES):
        x, y = 90 + i // 2, 4 + i // 3
        face.append(astronaut[y : y + side, x : x + side])
    return np.stack(face)


@pytest.fixture(scope="module")
def video(face: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "new" / "face.mp4"
    assert save_frames(path, iter(face)) == FRAMES
    return path


def test_a_face_survives_and_plays_anywhere(video: Path, face: np.ndarray) -> None:
    error = (read_frames(video, 0, FRAMES).astype(float) - face) ** 2
    assert (-10 * np.log10(error.mean((1, 2, 3)) / 255**2)).min() >= 38
    with av.open(str(video)) as container:
        assert [s.type for s in container.streams] == ["video"]
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == 25 and stream.frames == FRAMES


def test_every_window_is_the_same_as_reading_all(video: Path) -> None:
    whole = read_frames(video, 0, FRAMES)
    for start in range(FRAMES):
        count = 1 + start * 7 % 12
        if start + count <= FRAMES:
            assert np.array_equal(read_frames(video, start, count), whole[start : start + count])


def test_flat_colours_come_back(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (12, 3))
    colours[:5] = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]
    frames = np.broadcast_to(colours[:, None, None], (12, 32, 48, 3)).astype(np.uint8)
    save_frames(tmp_path / "a.mp4", frames)
    read = read_frames(tmp_path / "a.mp4", 0, 12)
    assert read.shape == frames.shape
    assert np.abs(read.astype(int) - frames).max() <= 3


def test_same_input_gives_the_same_bytes(video: Path, face: np.ndarray, tmp_path: Path) -> None:
    save_frames(tmp_path / "again.mp4", list(face))
    assert (tmp_path / "again.mp4").read_bytes() == video.read_bytes()
    noise = np.random.default_rng(0).uniform(-1.2, 1.2, 5_000).astype(np.float32)
    assert save_samples(tmp_path / "a.flac", noise) == 5_000
    save_samples(tmp_path / "b.flac", read_samples(tmp_path / "a.flac", 0, 5_000))
    assert (tmp_path / "a.flac").read_bytes() == (tmp_path / "b.flac").read_bytes()


def test_sound_is_kept_to_sixteen_bits(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 9_000).astype(np.float32)
    path = tmp_path / "a.flac"
    save_samples(path, samples)
    read = read_samples(path, 0, 9_000)
    assert read.dtype == np.float32 and np.abs(read - samples).max() <= 2**-15
    assert np.array_equal(read_samples(path, 4_321, 640), read[4_321:4_961])
    assert np.array_equal(read_samples(path, 8_999, 1), read[8_999:])


def test_a_portrait_is_one_frame(face: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(face[0]).save(tmp_path / "a.png")
    assert np.array_equal(read_frames(tmp_path / "a.png", 0, 1), face[:1])
    for start, count in ((1, 1), (0, 2)):
        with pytest.raises(TtsfError, match=r"a\.png: it ends before frame 2"):
            read_frames(tmp_path / "a.png", start, count)
    with pytest.raises(TtsfError, match=r"b\.png"):
        read_frames(tmp_path / "b.png", 0, 1)


@pytest.mark.parametrize(("start", "count"), [(0, 41), (39, 2), (40, 1), (500, 1)])
def test_too_short(video: Path, start: int, count: int) -> None:
    with pytest.raises(TtsfError, match=f"it ends before frame {start + count}$"):
        read_frames(video, start, count)


def test_short_and_bad_files(video: Path, tmp_path: Path) -> None:
    save_samples(tmp_path / "good.flac", np.sin(np.arange(8_000)).astype(np.float32))
    with pytest.raises(TtsfError, match=r"good\.flac: it ends before sample 8001$"):
        read_samples(tmp_path / "good.flac", 7_990, 11)
    content = {"mp4": video.read_bytes(), "flac": (tmp_path / "good.flac").read_bytes()}
    for ending, read in (("mp4", read_frames), ("flac", read_samples)):
        whole = content[ending]
        middle = len(whole) // 2
        damaged = whole[:middle] + b"\xff" * 400 + whole[middle + 400 :]
        broken = (None, b"", b"hello" * 99, whole[:middle], damaged)
        for i, part in enumerate(broken):
            path = tmp_path / f"{i}.{ending}"
            if part is not None:
                path.write_bytes(part)
            with pytest.raises(TtsfError, match=f"^cannot read .*{i}.{ending}: [^\n]+$"):
                read(path, 0, 8_000 if ending == "flac" else FRAMES)
    with pytest.raises(TtsfError, match="it holds no pictures"):
        read_frames(tmp_path / "good.flac", 0, 1)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], "there are no frames"),
        ([(33, 32, 3)], "is not RGB with even sides"),
        ([(32, 32)], "is not RGB with even sides"),
        ([(32, 32, 3), (32, 34, 3)], "frame 1 is not RGB of 32x32 px"),
    ],
)
def test_pictures_that_cannot_be_written(
    tmp_path: Path, shapes: list[tuple[int, ...]], message: str
) -> None:
    frames = [np.zeros(shape, np.uint8) for shape in shapes]
    with pytest.raises(TtsfError, match=message):
        save_frames(tmp_path / "new" / "a.mp4", frames)
    assert list(tmp_path.iterdir()) == []


def test_sound_that_cannot_be_written(tmp_path: Path) -> None:
    for samples in (np.zeros(0), np.zeros((2, 9)), np.array([0.0, np.nan])):
        with pytest.raises(TtsfError, match="one row of finite samples"):
            save_samples(tmp_path / "a.flac", samples)
    assert list(tmp_path.iterdir()) == []
