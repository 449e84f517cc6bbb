"""Frames are resampled by time stamps, for any camera."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.support.recordings import empty_picture, face_picture, murmur, write_recording
from ttsf.errors import TtsfError
from ttsf.media.recording import fit_sound, read_sound, read_video


def grey(level: int) -> np.ndarray:
    return np.full((64, 96, 3), level, np.uint8)


def levels(path: Path) -> list[int]:
    return [round(float(picture.mean())) for picture in read_video(path)]


def test_25_fps_passes_unchanged(tmp_path: Path) -> None:
    wanted = [40 + 4 * i for i in range(40)]
    path = write_recording(tmp_path / "a.mp4", [grey(level) for level in wanted])
    assert np.abs(np.array(levels(path)) - wanted).max() <= 3


def test_variable_rate_holds_each_picture_until_the_next(tmp_path: Path) -> None:
    pictures = [grey(level) for level in (50, 100, 150, 200)]
    times = [0.0, 0.2, 1.0, 1.4]
    found = levels(write_recording(tmp_path / "a.mp4", pictures, times=times))
    nearest = [min((50, 100, 150, 200), key=lambda level: abs(level - value)) for value in found]
    assert nearest[:36] == [50] * 5 + [100] * 20 + [150] * 10 + [200]


@pytest.mark.parametrize("fps", [Fraction(24_000, 1001), 30, Fraction(60_000, 1001), 15])
def test_other_rates_keep_their_duration_and_moments(tmp_path: Path, fps: Fraction | int) -> None:
    count, flash = round(2 * fps), round(1.2 * fps)
    pictures = [grey(200 if 0 <= i - flash < 4 else 60) for i in range(count)]
    found = levels(write_recording(tmp_path / "a.mp4", pictures, fps=fps))
    assert abs(len(found) / 25 - count / fps) <= 0.021
    bright = [i / 25 for i, value in enumerate(found) if value > 130]
    assert bright and abs(bright[0] - flash / fps) <= 0.041


def test_stereo_of_44_khz_becomes_mono_of_16_khz_at_the_same_moment(tmp_path: Path) -> None:
    sound = np.zeros((2, 88_200), np.float32)
    sound[:, 44_100:44_200] = 0.9
    path = write_recording(tmp_path / "a.mp4", [grey(80)] * 50, sound, rate=44_100)
    samples = read_sound(path)
    assert samples is not None
    assert abs(len(samples) - 32_000) < 2_000
    assert abs(int(np.abs(samples).argmax()) - 16_018) < 48  # 3 ms


def test_a_codec_that_nobody_knows_is_named(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mp4", [grey(80)] * 5)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(TtsfError, match=r"a\.mp4: the video's codec is not known"):
        list(read_video(path))


def test_tags_in_another_encoding_are_passed_over(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mp4", [grey(80)] * 5)
    whole = path.read_bytes()
    assert b"Lavf" in whole
    path.write_bytes(whole.replace(b"Lavf", b"\xe3\xe9vf"))
    assert len(levels(path)) == 5


def test_no_sound_track(tmp_path: Path) -> None:
    assert read_sound(write_recording(tmp_path / "a.mp4", [grey(80)] * 5)) is None


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (-90, -1), (180, 2)])
def test_rotated_video_is_turned_upright(tmp_path: Path, rotation: int, turns: int) -> None:
    picture = face_picture()
    path = write_recording(tmp_path / "a.mp4", [picture] * 3, rotation=rotation)
    found = next(read_video(path)).astype(float)
    wanted = np.rot90(picture, turns)
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).mean() < 6


def test_a_file_cut_short_is_damaged(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(50)]
    path = write_recording(tmp_path / "a.mp4", noise, faststart=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(TtsfError, match="damaged"):
        list(read_video(path))


def test_an_index_that_never_came_is_not_readable(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.mp4", [empty_picture()] * 30)
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(TtsfError, match="not a readable video"):
        list(read_video(path))


def test_a_name_like_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_recording(tmp_path / "a.mp4", [empty_picture()] * 3).rename(tmp_path / "10:30.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(list(read_video(Path("10:30.mp4")))) == 3


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    from ttsf.media.sound import write_wav

    write_wav(tmp_path / "a.wav", murmur(1.0)[0], 16_000)
    with pytest.raises(TtsfError, match="holds no video"):
        list(read_video(tmp_path / "a.wav"))


def test_fit_sound_is_exactly_as_long_as_its_pictures() -> None:
    samples = np.arange(1000, dtype=np.float32)
    assert (fit_sound(samples, 1, 1) == np.pad(samples[640:], (0, 280))).all()
    assert len(fit_sound(samples, 0, 3)) == 3 * 640
