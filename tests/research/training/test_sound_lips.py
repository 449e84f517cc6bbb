"""Lips from sound: the voice by which a corpus is aligned."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.support.tiny_model import TINY
from tests.support.tiny_stages import write_speech
from ttsf.model.ttsf import TTSF
from ttsf.research.data.speech.speech_clips import SpeechClips
from ttsf.research.training.stages import sound_lips
from ttsf.research.training.stages.sound_lips import Aligned


def test_a_speakers_voice_does_not_depend_on_which_clip_is_asked_for_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speech, teacher = SpeechClips(write_speech(tmp_path), ("train",), need_text=True), TTSF(TINY)
    heard, nearest = list[Tensor](), sound_lips.nearest_voice

    def listening(model: torch.nn.Module, ids: Tensor, mel: Tensor) -> Tensor:
        heard.append(mel)
        return nearest(model, ids, mel)

    monkeypatch.setattr(sound_lips, "nearest_voice", listening)
    last = len(speech.clips) - 1
    speakers = [clip.speaker for clip in speech.clips]
    first = speakers.index(speakers[last])
    assert first != last
    for index in (last, first):
        Aligned(speech, teacher)[index]
    assert len(heard) == 2 and torch.equal(*heard)
