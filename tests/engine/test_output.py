"""Files beside a video agree with it."""

import io
import json
import types
from pathlib import Path

import av
import numpy as np
import pytest

import ttsf
from ttsf.engine.output import Outputs
from ttsf.pipeline import Pipeline

TEXT = "Good morning. It is nice to see you!"
SMALL = ttsf.GenerateOptions(steps=2, size=128)


def frames_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def test_times_of_a_file_are_those_of_its_video(
    pipeline: Pipeline, astronaut: np.ndarray, tmp_path: Path
) -> None:
    outputs = Outputs(
        tmp_path / "a.mp4", None, tmp_path / "a.srt", tmp_path / "a.json", captions="track"
    )
    written = pipeline.write(astronaut, TEXT, outputs, SMALL)
    words = json.loads((tmp_path / "a.json").read_text())["words"]
    assert len(words) == len(written.spoken.words) == 8
    assert " ".join((tmp_path / "a.srt").read_text().split()).count("nice to see you!") == 1
    assert all(phone.end_s <= written.seconds for phone in written.spoken.phones)
    with av.open(str(tmp_path / "a.mp4")) as container:
        (track,) = container.streams.subtitles
        shown = b"".join(bytes(packet) for packet in container.demux(track))
    assert b"Good morning." in shown and b"nice to see you!" in shown


def test_burnt_captions_are_in_the_frames(
    pipeline: Pipeline, astronaut: np.ndarray, tmp_path: Path
) -> None:
    for name in ("none", "burnt"):
        outputs = Outputs(tmp_path / f"{name}.mp4", captions=name)
        pipeline.write(astronaut, TEXT, outputs, SMALL)
    plain, burnt = (frames_of(tmp_path / f"{name}.mp4") for name in ("none", "burnt"))
    different = np.abs(plain.astype(int) - burnt).max((0, 2, 3)) > 100
    assert plain.shape == burnt.shape and different[100:].any() and not different[:90].any()


def test_what_fails_leaves_nothing(
    pipeline: Pipeline, astronaut: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "a.srt").mkdir()
    outputs = Outputs(tmp_path / "a.mp4", tmp_path / "a.wav", tmp_path / "a.srt")
    with pytest.raises(ttsf.TtsfError, match=r"a\.srt: it is a directory"):
        pipeline.write(astronaut, TEXT, outputs, SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["a.srt"]


def test_webm(pipeline: Pipeline, astronaut: np.ndarray, tmp_path: Path) -> None:
    written = pipeline.write(astronaut, "Hi.", tmp_path / "a.webm", SMALL)
    assert len(frames_of(tmp_path / "a.webm")) == written.frame_count


def test_a_stream_takes_the_video_and_what_is_said(
    pipeline: Pipeline, astronaut: np.ndarray, tmp_path: Path
) -> None:
    stream, heard = io.BytesIO(), []
    sink = types.SimpleNamespace(write=stream.write)
    outputs = Outputs(sink, sound=tmp_path / "a.wav")
    written = pipeline.write(astronaut, TEXT, outputs, SMALL, None, heard.append)
    assert [word for piece in heard for word in piece.words] == list(written.spoken.words)
    (tmp_path / "a.mp4").write_bytes(stream.getvalue())
    assert len(frames_of(tmp_path / "a.mp4")) == written.frame_count
    with pytest.raises(ttsf.TtsfError, match="track"):
        pipeline.write(astronaut, TEXT, Outputs(sink, captions="track"), SMALL)
