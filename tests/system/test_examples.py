"""The examples against the packages that they plug into, where these are installed."""

import asyncio
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import ttsf
from tests.support.paths import ROOT
from tests.support.recorded import save_listening, syllables


def example(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / "docs" / "examples" / f"{name}.py")
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
