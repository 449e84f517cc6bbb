"""The examples against the packages that they plug into, where these are installed."""

import asyncio
import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
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
