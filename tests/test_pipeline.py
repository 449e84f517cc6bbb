import errno
import logging
from itertools import chain, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import torch

import ttsf
from ttsf.config import MouthOpeningConfig
from ttsf.engine.output import Outputs
from ttsf.media.video import Chunk, VideoWriter
from ttsf.model.labels import GAIN, OPEN
from ttsf.model.ttsf import TTSF
from ttsf.pipeline import Pipeline
from ttsf.text.front_end import TextFrontEnd

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
def pipeline(model_folder: Path) -> Pipeline:
    return ttsf.load(model_folder)


def test_speak_gives_frames_and_samples_of_one_length(pipeline: Pipeline, photo: Path) -> None:
    result = pipeline.speak(photo, "Hello there.")
    assert result.frames.shape[1:] == (512, 512, 3) and result.frames.dtype == np.uint8
    assert result.samples.shape == (len(result.frames) * 640,)
    assert result.samples.dtype == np.float32 and np.abs(result.samples).max() <= 1
    assert (result.fps, result.sample_rate) == (25, 16_000)


def test_words_come_with_their_times(pipeline: Pipeline, photo: Path) -> None:
    result = pipeline.speak(photo, TEXTS[6])
    assert " ".join(word.text for word in result.spoken.words) == TextFrontEnd(
        pipeline.model.config.speech
    ).normalize(TEXTS[6])
    assert all(word.start_s < word.end_s for word in result.spoken.words)
    assert all(a.end_s <= b.start_s for a, b in pairwise(result.spoken.words))
    assert (
        result.spoken.words[0].start_s >= 0
        and result.spoken.words[-1].end_s <= len(result.frames) / 25
    )
    double = pipeline.speak(photo, TEXTS[6], ttsf.GenerateOptions(rate=0.5)).spoken.words
    assert double[-1].end_s > 1.4 * result.spoken.words[-1].end_s


def test_a_portrait_serves_many_texts(
    pipeline: Pipeline, astronaut: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = [pipeline.say(astronaut, text) for text in TEXTS[:3]]
    portrait = pipeline.portrait(astronaut)
    assert isinstance(portrait, ttsf.Portrait) and isinstance(pipeline, ttsf.Pipeline)
    monkeypatch.setattr("ttsf.portrait.portrait.find_faces", lambda picture, least: [])
    assert all(map(np.array_equal, fresh, (pipeline.say(portrait, text) for text in TEXTS[:3])))
    assert pipeline.write(portrait, TEXTS[0], tmp_path / "a.mp4").frame_count > 0


def test_what_is_written_is_what_is_spoken(
    pipeline: Pipeline, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks: list[Chunk] = []
    corners = set()
    add = VideoWriter.add

    def seen(video: VideoWriter, chunk: Chunk, top: int = 0, left: int = 0) -> None:
        chunks.append(chunk)
        corners.add((top, left))
        add(video, chunk, top, left)

    monkeypatch.setattr(VideoWriter, "add", seen)
    result = pipeline.speak(photo, TEXTS[4])
    written = pipeline.write(photo, TEXTS[4], Outputs(tmp_path / "a.mp4", tmp_path / "a.wav"))
    regions, ((top, left),) = np.concatenate([chunk.frames for chunk in chunks]), corners
    height, width = regions.shape[1:3]
    moving = result.frames[:, top : top + height, left : left + width]
    assert np.array_equal(regions, moving) and height < result.frames.shape[1]
    assert np.array_equal(np.concatenate([chunk.samples for chunk in chunks]), result.samples)
    assert tuple(chain.from_iterable(chunk.spoken.words for chunk in chunks)) == result.spoken.words
    assert written.spoken.words == result.spoken.words and len(chunks) > 2
    heard, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == 16_000 and np.abs(heard - result.samples).max() < 1e-4


@pytest.mark.parametrize("text", TEXTS, ids=[f"{len(text)} characters" for text in TEXTS])
def test_video_and_sound_are_equally_long(
    pipeline: Pipeline, photo: Path, tmp_path: Path, text: str
) -> None:
    written = pipeline.write(photo, text, tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert video.frames == written.frame_count
        difference = video.duration * video.time_base - audio.duration * audio.time_base
        sound = sum(frame.samples for frame in container.decode(audio=0))
    assert abs(float(difference)) <= 0.04
    assert abs(sound / 16_000 - written.seconds) <= 0.04


def test_the_seed_decides(pipeline: Pipeline, photo: Path, tmp_path: Path) -> None:
    options = ttsf.GenerateOptions
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        pipeline.write(photo, "Same again.", tmp_path / f"{name}.mp4", options(seed=seed))
    a, b, c = ((tmp_path / f"{name}.mp4").read_bytes() for name in "abc")
    assert a == b and a != c


def test_rate_shortens(pipeline: Pipeline, astronaut: np.ndarray) -> None:
    slow, fast = (
        len(pipeline.speak(astronaut, TEXTS[3], ttsf.GenerateOptions(rate=rate)).samples)
        for rate in (0.5, 2.0)
    )
    assert fast < 0.7 * slow


def test_progress_reaches_the_end(pipeline: Pipeline, photo: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    written = pipeline.write(
        photo,
        TEXTS[4],
        Outputs(tmp_path / "new" / "a.mp4", tmp_path / "a.wav"),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (written.frame_count, written.frame_count) and len(seen) > 1
    assert (tmp_path / "new" / "a.mp4").is_file() and (tmp_path / "a.wav").is_file()


def test_the_place_to_write_is_checked_first(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*arguments: object) -> None:
        raise AssertionError("generated before the output was checked")

    monkeypatch.setattr(pipeline, "_open", too_late)
    (tmp_path / "file").write_text("")
    with pytest.raises(ttsf.TtsfError, match="cannot write"):
        pipeline.write("face.png", "Hello", tmp_path / "file" / "a.mp4")


@pytest.mark.parametrize(
    "options",
    [
        ttsf.GenerateOptions(seed=-1),
        ttsf.GenerateOptions(steps=0),
        ttsf.GenerateOptions(temperature=float("nan")),
        ttsf.GenerateOptions(rate=0.4),
        ttsf.GenerateOptions(rate=float("nan")),
        ttsf.GenerateOptions(motion=2.1),
        ttsf.GenerateOptions(blinks=-0.1),
        ttsf.GenerateOptions(max_seconds=0.0),
    ],
)
def test_options_out_of_range(
    pipeline: Pipeline, photo: Path, options: ttsf.GenerateOptions
) -> None:
    with pytest.raises(ttsf.TtsfError, match=r"must be (from|above)"):
        pipeline.speak(photo, "Hello", options)


def test_a_limit_below_a_second_is_told_as_given(pipeline: Pipeline, photo: Path) -> None:
    with pytest.raises(ttsf.TtsfError, match=r"at most 0\.5 s are allowed"):
        pipeline.speak(photo, "Hello, hello, hello.", ttsf.GenerateOptions(max_seconds=0.5))


def test_the_file_that_fails_is_named(
    pipeline: Pipeline, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(video: VideoWriter, packets: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(VideoWriter, "_mux", full)
    with pytest.raises(ttsf.TtsfError, match=r"cannot write .*a\.mp4: No space left"):
        pipeline.write(photo, "Hi", Outputs(tmp_path / "a.mp4", tmp_path / "a.wav"))
    assert list(tmp_path.iterdir()) == []


def test_arrays_are_checked(pipeline: Pipeline) -> None:
    with pytest.raises(ttsf.TtsfError, match="RGB uint8"):
        pipeline.speak(np.zeros((300, 300), np.uint8), "Hello")


def test_more_frames_than_memory_are_refused(
    pipeline: Pipeline, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsf.pipeline.MAX_FRAME_BYTES", 1e6)
    with pytest.raises(ttsf.TtsfError, match="use stream"):
        pipeline.speak(photo, "Hello")


def test_a_text_in_another_language(
    pipeline: Pipeline, photo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "Guten Morgen, wir haben 3 Katzen."
    with caplog.at_level(logging.WARNING, "ttsf"):
        said = pipeline.speak(photo, text, ttsf.GenerateOptions(language="de-AT"))
    assert "German is read with the accent" in caplog.text
    assert [word.text for word in said.spoken.words][-2:] == ["drei", "Katzen."]
    with pytest.raises(ttsf.TtsfError, match="no language 'xx'"):
        pipeline.speak(photo, text, ttsf.GenerateOptions(language="xx"))


def test_no_mouth_opens_further_than_peoples(tiny_model: TTSF) -> None:
    extractor = tiny_model.motion_extractor
    wanted = torch.tensor([-0.2, 0.0, 0.5, 1.0, 1.1, 1.5, 4.0])
    alpha = torch.randn(1, len(wanted), extractor.directions.shape[1])
    alpha[..., OPEN] = GAIN * wanted
    config = MouthOpeningConfig()
    limited = extractor.coordinates(tiny_model.opened(extractor.compose(alpha)))
    opening = limited[0, :, OPEN] / GAIN
    torch.testing.assert_close(opening[:3], config.factor * wanted[:3], atol=1e-5, rtol=0)
    assert (
        opening.diff().min() > -1e-5
        and opening[4] > config.easy
        and opening[-1] < config.most + 1e-4
    )
    limited[..., OPEN] = alpha[..., OPEN]
    torch.testing.assert_close(limited, alpha, atol=1e-4, rtol=0)


def test_a_pause_at_the_beginning_says_nothing_of_the_length(
    pipeline: ttsf.Pipeline, photo: Path
) -> None:
    text = f'<speak><break time="2s"/>{"This is a sentence. " * 3}</speak>'
    talk = pipeline._open(pipeline.portrait(photo), text, ttsf.GenerateOptions(size=64))
    guesses = [talk.expected_frames() for _ in talk.chunks()]
    assert max(guesses) < 3 * guesses[-1]
