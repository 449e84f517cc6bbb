"""Any sound is read: its rate and channels are kept where a video can have them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.recorded import syllables, write_sound
from ttsf.errors import TtsfError
from ttsf.media.audio.source import Mono, Sound, open_sound


def read(path: Path) -> tuple[np.ndarray, int]:
    opened = open_sound(path)
    whole = np.concatenate(list(opened.blocks))
    assert whole.shape[1] == opened.channels and whole.dtype == np.float32
    return whole, opened.rate


@pytest.mark.parametrize(
    ("name", "codec", "rate", "kept"),
    [
        ("a.wav", "pcm_s16le", 8_000, 8_000),
        ("a.wav", "pcm_f32le", 192_000, 48_000),
        ("a.flac", "flac", 44_100, 44_100),
        ("a.mp3", "libmp3lame", 22_050, 22_050),
        ("a.opus", "libopus", 48_000, 48_000),
        ("a.m4a", "aac", 32_000, 32_000),
        ("a.mkv", "aac", 96_000, 96_000),
        ("a.wav", "pcm_s16le", 37_000, 48_000),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_form_sounds_the_same(
    tmp_path: Path, name: str, codec: str, rate: int, kept: int, channels: int
) -> None:
    samples = syllables(1.5, rate, channels)
    whole, found = read(write_sound(tmp_path / name, samples, rate, codec))
    assert (found, whole.shape[1]) == (kept, channels)
    assert abs(len(whole) / kept - 1.5) < 0.06
    heard = [
        np.concatenate([mixer.add(x), mixer.end()])
        for x, mixer in ((whole, Mono(kept, 16_000)), (samples, Mono(rate, 16_000)))
    ]
    part = heard[1][1_200:18_800]
    lags, energy = np.correlate(heard[0][:20_000], part), (part**2).sum()
    assert abs(int(lags.argmax()) - 1_200) < 800 and lags.max() > 0.8 * energy


def test_eight_channels_become_two(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", syllables(0.5, 48_000, 8), 48_000, "pcm_s16le", "7.1")
    whole, rate = read(path)
    assert rate == 48_000 and whole.shape == (24_000, 2) and np.abs(whole).max() > 0.1


def test_wav_samples_are_untouched(tmp_path: Path) -> None:
    samples = syllables(0.5, 44_100, 2)
    whole, _ = read(write_sound(tmp_path / "a.wav", samples, 44_100, "pcm_f32le"))
    assert np.array_equal(whole, samples)


def test_samples_are_sound_too() -> None:
    blocks = [np.full(700, 0.5), np.full((300, 1), 2.0, np.float32)]
    opened = open_sound(Sound(blocks, 16_000))
    whole = np.concatenate(list(opened.blocks))
    assert (opened.rate, opened.channels, opened.live) == (16_000, 1, True)
    assert np.array_equal(whole[:, 0], np.repeat([0.5, 1.0], [700, 300]).astype(np.float32))
    resampled = open_sound(Sound([np.zeros((441, 3))] * 10, 11_111))
    assert (resampled.rate, resampled.channels) == (48_000, 2)
    assert sum(map(len, resampled.blocks)) == pytest.approx(4_410 * 48_000 / 11_111, abs=48)


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (np.zeros(5, np.int16), "float"),
        ("sound", "float"),
        (np.zeros((2, 2, 2)), "float"),
        (np.array([np.nan]), "finite"),
        (np.zeros((9, 65)), "channels"),
    ],
)
def test_blocks_that_are_no_sound(block: object, complaint: str) -> None:
    with pytest.raises(TtsfError, match=complaint):
        open_sound(Sound([block], 16_000))  # type: ignore[list-item]


def test_endless_sound_ends_at_the_limit() -> None:
    def forever() -> Iterator[np.ndarray]:
        while True:
            yield np.zeros(16_000)

    opened = open_sound(Sound(forever(), 16_000), 10)
    with pytest.raises(TtsfError, match="at most 10 s"):
        for _ in opened.blocks:
            pass


def test_a_file_may_grow_while_it_is_read(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", syllables(2), 16_000, "pcm_s16le")
    opened = open_sound(path)
    with path.open("ab") as file:
        file.write(bytes(32_000))
    assert 2 <= sum(map(len, opened.blocks)) / 16_000 <= 3
