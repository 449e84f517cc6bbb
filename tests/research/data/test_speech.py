"""The speech clips of a corpus: every recording once."""

from pathlib import Path

import numpy as np
import pytest

from ttsf.errors import TtsfError
from ttsf.research.data.clip_files import save_samples
from ttsf.research.data.manifest import Animated, Clip, Synthesised, write_manifest
from ttsf.research.data.speech.speech_clips import SpeechClips


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    sound = np.linspace(-0.5, 0.5, 25_600, dtype=np.float32)
    spoken = Synthesised("flite", "slt")
    moved = Animated("face", "a", "visemes", "random", 0)
    rows = [
        Clip("a", "made", "slt", "train", 0, 25_600, "", "free", spoken, None, "a.flac", "Hello."),
        Clip("b", "made", "slt", "train", 0, 25_600, "", "free", spoken, None, "b.flac"),
        Clip("c", "made", "face", "train", 40, 25_600, "", "free", moved, "c.mp4", "a.flac", "Hi."),
    ]
    for name in ("a", "b"):
        save_samples(tmp_path / f"{name}.flac", sound)
    write_manifest(tmp_path, rows)
    return tmp_path


def test_every_sound_is_heard_once(corpus: Path) -> None:
    assert [clip.name for clip in SpeechClips(corpus, ("train",)).clips] == ["a", "b"]
    spoken = SpeechClips(corpus, ("train",), need_text=True)
    assert [clip.name for clip in spoken.clips] == ["a"]
    heard = spoken.waveform(spoken.clips[0])
    assert heard.shape == (25_600,) and abs(float(heard[-1]) - 0.5) < 1e-3


def test_nothing_to_hear_and_broken_files_are_named(corpus: Path) -> None:
    with pytest.raises(TtsfError, match="no speech of the split valid"):
        SpeechClips(corpus, ("valid",))
    clips = SpeechClips(corpus, ("train",))
    (corpus / "b.flac").write_bytes(b"")
    with pytest.raises(TtsfError, match="clip 'b'"):
        clips.waveform(clips.clips[1])
