"""From a picture with an alpha channel to a video with one."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import ttsf
from ttsf.engine.output import Outputs


@pytest.fixture(scope="module")
def cut_out(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photograph, its left fifth transparent."""
    alpha = np.full(astronaut.shape[:2], 255, np.uint8)
    alpha[:, :100] = 0
    path = tmp_path_factory.mktemp("cut") / "cut.png"
    Image.fromarray(np.dstack([astronaut, alpha])).save(path)
    return path


def test_a_webm_keeps_what_is_transparent(
    model_folder: Path, cut_out: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.webm"
    written = ttsf.load(model_folder).write(cut_out, "Hi", path)
    decoder = av.CodecContext.create("libvpx-vp9", "r")
    with av.open(str(path)) as container:
        packets = list(container.demux(video=0))
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    assert len(frames) == written.frame_count
    alpha = frames[-1].to_ndarray(format="rgba")[..., 3].astype(int)
    assert alpha[:, :90].max() < 20 and alpha[:, 110:].min() > 235


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_other_videos_show_what_the_model_saw(
    model_folder: Path, cut_out: Path, tmp_path: Path, name: str
) -> None:
    """Captions are drawn into opaque frames."""
    outputs = Outputs(tmp_path / name, captions="burnt")
    ttsf.load(model_folder).write(cut_out, "Hi", outputs)
    with av.open(str(outputs.video)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert np.ptp(frames[-1][:300, :90].astype(int)) < 24
