from pathlib import Path

import av
import numpy as np
import pytest

import ttsf
from ttsf.pipeline import Speaker

TEXTS = (
    "No",
    "Yes!",
    "Good morning.",
    "It is 7 o'clock.",
    "The quick brown fox jumps over the lazy dog.",
    "Call me at 5, please; I will be at home by then, I hope.",
    "We counted 1,204 birds on the lake this morning, and 38 of them were swans.",
    "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.",
    "A longer sentence has several parts, each with its own small pause, so that the listener can "
    "follow what is being said without any effort.",
    "Somewhere beyond the hills there is a village where nobody has ever been in a hurry, and "
    "where the bread is still warm at noon; we should go there one day, you and I, and stay for "
    "a very long week.",
)


@pytest.fixture(scope="module")
def speaker(model_folder: Path) -> Speaker:
    return ttsf.load(model_folder)


def test_speak_gives_frames_and_samples_of_one_length(speaker: Speaker, photo: Path) -> None:
    result = speaker.speak(photo, "Hello there.")
    assert result.frames.shape[1:] == (256, 256, 3) and result.frames.dtype == np.uint8
    assert result.samples.shape == (len(result.frames) * 640,)
    assert result.samples.dtype == np.float32 and np.abs(result.samples).max() <= 1
    assert (result.fps, result.sample_rate) == (25, 16_000)


@pytest.mark.parametrize("text", TEXTS, ids=[f"{len(text)} characters" for text in TEXTS])
def test_video_and_sound_are_equally_long(
    speaker: Speaker, photo: Path, tmp_path: Path, text: str
) -> None:
    written = speaker.write(photo, text, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.frames == written.frame_count
        difference = video.duration * video.time_base - audio.duration * audio.time_base
        sound = sum(frame.samples for frame in container.decode(audio=0))
    assert abs(float(difference)) <= 0.04
    assert abs(sound / 16_000 - written.seconds) <= 0.04


def test_the_seed_decides(speaker: Speaker, photo: Path, tmp_path: Path) -> None:
    options = ttsf.GenerateOptions
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        speaker.write(photo, "Same again.", tmp_path / f"{name}.mp4", options(seed=seed))
    a, b, c = ((tmp_path / f"{name}.mp4").read_bytes() for name in "abc")
    assert a == b and a != c


def test_rate_shortens(speaker: Speaker, astronaut: np.ndarray) -> None:
    slow, fast = (
        len(speaker.speak(astronaut, TEXTS[3], ttsf.GenerateOptions(rate=rate)).samples)
        for rate in (0.5, 2.0)
    )
    assert fast < 0.7 * slow


def test_progress_reaches_the_end(speaker: Speaker, photo: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    written = speaker.write(
        photo,
        TEXTS[4],
        tmp_path / "new" / "a.mp4",
        audio_output=tmp_path / "a.wav",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (written.frame_count, written.frame_count) and len(seen) > 1
    assert (tmp_path / "new" / "a.mp4").is_file() and (tmp_path / "a.wav").is_file()


def test_the_place_to_write_is_checked_first(
    speaker: Speaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*arguments: object) -> None:
        raise AssertionError("generated before the output was checked")

    monkeypatch.setattr(speaker, "_generate", too_late)
    (tmp_path / "file").write_text("")
    with pytest.raises(ttsf.TtsfError, match="cannot write"):
        speaker.write("face.png", "Hello", tmp_path / "file" / "a.mp4")


@pytest.mark.parametrize(
    "options",
    [
        ttsf.GenerateOptions(seed=-1),
        ttsf.GenerateOptions(steps=0),
        ttsf.GenerateOptions(temperature=float("nan")),
        ttsf.GenerateOptions(rate=0.4),
        ttsf.GenerateOptions(rate=float("nan")),
    ],
)
def test_options_out_of_range(speaker: Speaker, photo: Path, options: ttsf.GenerateOptions) -> None:
    with pytest.raises(ttsf.TtsfError, match="must be from"):
        speaker.speak(photo, "Hello", options)


def test_arrays_are_checked(speaker: Speaker) -> None:
    with pytest.raises(ttsf.TtsfError, match="RGB uint8"):
        speaker.speak(np.zeros((300, 300), np.uint8), "Hello")
