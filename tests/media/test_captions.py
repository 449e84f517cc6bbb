"""Subtitles in the picture and beside it."""

from pathlib import Path

import av
import numpy as np
import pytest

from ttsf.config import SAMPLES_PER_FRAME
from ttsf.media import captions
from ttsf.media.captions import Captions
from ttsf.media.video import Chunk, new_video
from ttsf.timings.subtitles import Cue

CUES = (Cue(0.2, 1.0, ("Café, naïve", "second line")), Cue(1.2, 2.0, ("end",)))


@pytest.fixture(params=["own", "system"])
def fonts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "own":
        monkeypatch.setattr(captions, "FONTS", ())


@pytest.mark.usefixtures("fonts")
@pytest.mark.parametrize(("height", "width"), [(64, 64), (256, 256), (180, 320), (320, 180)])
def test_captions_stand_below_in_white_with_black_edges(height: int, width: int) -> None:
    frame = np.full((height, width, 3), 128, np.uint8)
    drawn = Captions(CUES).draw(frame, 0.5)
    assert (frame == 128).all() and drawn.shape == frame.shape and drawn.dtype == np.uint8
    changed = np.argwhere((drawn != 128).any(2))
    assert drawn.max() > 200 and drawn.min() < 60
    assert changed[:, 0].min() > height * 0.3 and changed[:, 0].max() < height - 1
    assert changed[:, 1].min() > 0 and changed[:, 1].max() < width - 1
    centre = (changed[:, 1].min() + changed[:, 1].max()) / 2
    assert abs(centre - width / 2) <= 2


def test_only_while_a_cue_lasts() -> None:
    frame, shown = np.zeros((128, 128, 3), np.uint8), Captions(CUES)
    for second in (0.0, 0.19, 1.0, 1.1, 2.0, 9.0):
        assert shown.draw(frame, second) is frame
    first, last = shown.draw(frame, 0.2), shown.draw(frame, 1.9)
    assert (first != last).any() and (shown.draw(frame, 0.9) == first).all()


def test_letters_that_a_font_lacks_are_shown_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captions, "FONTS", ())
    font = captions.system_font(20)
    assert captions._readable("“Œuvre”, Łódź: naïve ß…", font) == "“OEuvre”, Lodz: naive ss…"


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "mov_text"), (".webm", "webvtt")])
def test_a_file_can_carry_them_as_a_track(
    tmp_path: Path, suffix: str, codec: str, language: str
) -> None:
    path = tmp_path / f"video{suffix}"
    frames = np.zeros((25, 64, 64, 3), np.uint8)
    with new_video(path, subtitles=True) as video:
        video.describe({}, language)
        for cue in (*CUES, None):
            video.add(Chunk(frames, np.zeros(25 * SAMPLES_PER_FRAME, np.float32)))
            if cue:
                video.show(cue)
    with av.open(str(path)) as container:
        (stream,) = container.streams.subtitles
        assert stream.codec_context.name == codec
        assert (stream.language == "eng") == (language == "en")
        packets = [p for p in container.demux(stream) if p.size > 2]
    texts = [bytes(p)[2 if codec == "mov_text" else 0 :].decode() for p in packets]
    assert texts == ["\n".join(cue.lines) for cue in CUES]
    for packet, cue in zip(packets, CUES, strict=True):
        assert float(packet.pts * packet.time_base) == pytest.approx(cue.start_s, abs=2e-3)
        length = float(packet.duration * packet.time_base)
        assert length == pytest.approx(cue.end_s - cue.start_s, abs=2e-3)


def test_a_track_must_be_asked_for(tmp_path: Path) -> None:
    chunk = Chunk(np.zeros((1, 64, 64, 3), np.uint8), np.zeros(SAMPLES_PER_FRAME, np.float32))
    with new_video(tmp_path / "a.mp4") as video:
        video.add(chunk)
        with pytest.raises(ValueError, match="without a subtitle track"):
            video.show(CUES[0])

    class Socket:
        def write(self, content: bytes, /) -> int:
            return len(content)

    with pytest.raises(ValueError, match="only a file"), new_video(Socket(), subtitles=True):
        pass
