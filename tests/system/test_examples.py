"""The examples against the packages that they plug into, where these are installed."""

import asyncio
import json
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from itertools import groupby
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import ttsf
from tests.support.paths import ROOT
from tests.support.recorded import save_listening, syllables

EXAMPLES = ROOT / "docs" / "examples"
MOST_LINES = 120


def example(name: str) -> ModuleType:
    spec = spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_livekit(astronaut: np.ndarray, tmp_path: Path) -> None:
    pytest.importorskip("livekit.agents", reason="needs livekit-agents")
    from livekit import rtc
    from livekit.agents.voice.avatar import AudioSegmentEnd

    options = ttsf.GenerateOptions(size=64, steps=2)
    session = ttsf.load(save_listening(tmp_path)).live(astronaut, options)
    face = example("livekit_avatar").Face(session)
    sound = (syllables(1.0, 24_000) * 30_000).astype(np.int16)

    async def speaks() -> list:
        for block in np.split(sound, 10):
            await face.push_audio(rtc.AudioFrame(block.tobytes(), 24_000, 1, len(block)))
        await face.push_audio(AudioSegmentEnd())
        seen = []
        async for part in face:
            seen.append(part)
            if isinstance(part, AudioSegmentEnd):
                face.clear_buffer()
                session.close()
                return seen
        raise AssertionError("it never ended")

    seen = asyncio.run(speaks())
    pictures = [part for part in seen if isinstance(part, rtc.VideoFrame)]
    sounds = [part for part in seen if isinstance(part, rtc.AudioFrame)]
    assert (pictures[0].width, pictures[0].height) == session.still.shape[1::-1]
    assert 0.4 < sum(part.duration for part in sounds) < 1.1 and len(pictures) >= len(sounds)


@pytest.fixture
def through_pipecat(astronaut: np.ndarray, model_folder: Path) -> Callable[[list], list]:
    """What the service sends on, in the order of its coming, for frames that are sent to it."""
    pytest.importorskip("pipecat", reason="needs pipecat-ai")
    from pipecat.tests.utils import run_test

    session = ttsf.load(model_folder).live(astronaut, ttsf.GenerateOptions(size=64, steps=2))
    face = example("pipecat_video").TalkingFace(session)

    def sends(given: list) -> list:
        down, up = asyncio.run(run_test(face, frames_to_send=given))
        assert list(up) == [] and list(session.frames()) == []
        return list(down)

    return sends


def test_pipecat(through_pipecat: Callable[[list], list]) -> None:
    """An answer in pieces, and one more sentence; whoever remembers them hears of each word."""
    from pipecat.frames import frames

    answer = [frames.LLMTextFrame(piece) for piece in ("Hello the", "re at 7:30, ", "my friend.")]
    begin, end = frames.LLMFullResponseStartFrame(), frames.LLMFullResponseEndFrame()
    seen = through_pipecat([begin, *answer, end, frames.TTSSpeakFrame("Good night!")])
    pictures = [one for one in seen if isinstance(one, frames.OutputImageRawFrame)]
    assert len(pictures) > 10
    assert {(one.size, one.format, len(one.image)) for one in pictures} == {
        ((64, 64), "RGB", 64 * 64 * 3)
    }
    rest = [one for one in seen if not isinstance(one, frames.OutputImageRawFrame)]
    sounds = [one for one in rest if isinstance(one, frames.TTSAudioRawFrame)]
    assert {one.num_frames / one.sample_rate for one in sounds} == {0.04}
    assert np.abs(np.frombuffer(b"".join(one.audio for one in sounds), np.int16)).max() > 100
    told = [one for one in rest if one not in sounds]
    words = [one.text for one in told if isinstance(one, frames.TTSTextFrame)]
    assert words == ["Hello", "there", "at", "7:30,", "my", "friend.", "Good", "night!"]
    assert [kind for kind, _ in groupby(map(type, told))] == [
        frames.LLMFullResponseStartFrame,
        frames.TTSStartedFrame,
        frames.TTSTextFrame,
        frames.TTSStoppedFrame,
        frames.LLMFullResponseEndFrame,
        frames.TTSStartedFrame,
        frames.TTSTextFrame,
        frames.TTSStoppedFrame,
        frames.LLMAssistantPushAggregationFrame,
    ]


def test_pipecat_interrupted(through_pipecat: Callable[[list], list]) -> None:
    from pipecat.frames import frames
    from pipecat.tests.utils import SleepFrame

    seen = through_pipecat(
        [
            frames.LLMFullResponseStartFrame(),
            frames.LLMTextFrame("And so it is. " * 20),
            SleepFrame(0.5),
            frames.InterruptionFrame(),
            frames.TTSSpeakFrame("Yes."),
        ]
    )
    words = [one.text for one in seen if isinstance(one, frames.TTSTextFrame)]
    assert words[-1] == "Yes." and len(words) < 40
    kinds = [type(one) for one in seen]
    assert frames.LLMFullResponseEndFrame not in kinds
    assert kinds.count(frames.TTSStartedFrame) == kinds.count(frames.TTSStoppedFrame)
    after = kinds[kinds.index(frames.InterruptionFrame) :]
    assert after.count(frames.TTSAudioRawFrame) < 50


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("[!R]*")), ids=lambda path: path.name)
def test_examples_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < MOST_LINES


def test_comfyui_node(astronaut: np.ndarray, model_folder: Path) -> None:
    """Called as ComfyUI does: by the class's own declarations, with float images."""
    module = example("comfyui_node")
    (node,) = module.NODE_CLASS_MAPPINGS.values()
    assert module.NODE_DISPLAY_NAME_MAPPINGS.keys() == module.NODE_CLASS_MAPPINGS.keys()
    declared = node.INPUT_TYPES()
    given = {
        name: kind[1]["default"]
        for name, kind in (declared["required"] | declared["optional"]).items()
        if len(kind) > 1
    }
    image = torch.from_numpy(astronaut)[None].float() / 255
    given |= {"image": image, "text": "Hello.", "size": 64, "model": str(model_folder)}
    outputs = getattr(node(), node.FUNCTION)(**given, device=declared["optional"]["device"][0][0])
    assert len(outputs) == len(node.RETURN_TYPES) == len(node.RETURN_NAMES)
    frames, audio, fps = outputs
    assert frames.dtype == torch.float32 and frames.shape[1:] == (64, 64, 3)
    assert 0.5 < frames.max() <= 1 and frames.min() >= 0
    length = audio["waveform"].shape[-1] / audio["sample_rate"]
    assert audio["waveform"].shape[:2] == (1, 1) and length == pytest.approx(len(frames) / fps)
    with pytest.raises(ttsf.TtsfError, match="no face"):
        node().speak(torch.zeros(1, 64, 64, 3), "Hello.", model=str(model_folder))


def test_notebook(
    model_folder: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cells in order, in a folder with me.jpg; where IPython is missing, nothing is shown."""
    notebook = json.loads((EXAMPLES / "demo.ipynb").read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 4)
    assert all(cell.get("outputs", []) == [] for cell in notebook["cells"])
    shown = ModuleType("IPython.display")
    for name in ("Audio", "Video", "display"):
        setattr(shown, name, lambda *_, **__: None)
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    real = ttsf.load
    monkeypatch.setattr(ttsf, "load", lambda: real(model_folder), raising=False)
    (tmp_path / "me.jpg").write_bytes(photo.read_bytes())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert (tmp_path / "hello.mp4").stat().st_size > 1_000
    assert isinstance(names["frames"], int) and names["frames"] > 10
