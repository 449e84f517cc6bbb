"""D_TTS's own mel-spectrograms of recorded speech, on which the vocoder is tuned (Sec. 4.1).

Sampled freely, D_TTS gives a sentence another melody than its recording has, and the vocoder could
not reach that recording. So Eq. 4 is entered late: at START the recording still holds the melody,
and D_TTS draws the rest as it does when it speaks.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf.model.flow_matching import euler, probability_path, start_noise
from ttsf.model.speech.tts import SpokenText, pad_spoken
from ttsf.model.ttsf import TTSF
from ttsf.research.data.manifest import Clip
from ttsf.research.training.parts import SPEECH, load_parts, read_speakers
from ttsf.text.front_end import TextFrontEnd

START = (0.15, 0.5)
"""Where the flow is entered. Mels end .81 (L1, low bins) from their recordings at 0, .39 at .5."""
STEPS = 8
CONTEXT = 40
"""Mel frames that D_TTS sees on both sides of a segment."""


class Said(NamedTuple):
    """Segments that D_TTS says, in the whole utterances around them."""

    place: Tensor
    """int64 [n], places in the batch."""
    spoken: SpokenText
    voices: Tensor
    """[n, V]."""
    first: Tensor
    """int64 [n], first mel frame of each segment."""


class TtsMels:
    """Draws with the frozen speech parts of a model; the run's table has the voices."""

    def __init__(self, model: TTSF, run: Path) -> None:
        load_parts(model, run, SPEECH)
        self.voices = read_speakers(run)
        self.front_end = TextFrontEnd(model.config.speech)

    def knows(self, clip: Clip) -> bool:
        """Whether D_TTS has the clip's text and voice."""
        return clip.text is not None and clip.speaker in self.voices

    def said(
        self, place: Sequence[int], clips: Sequence[Clip], mels: list[Tensor], first: Sequence[int]
    ) -> Said | None:
        """Those of the clips whose text is no longer than their mel [mel_bins, T]."""
        ids = [self.front_end.ids(str(clip.text)) for clip in clips]
        kept = [i for i, (text, mel) in enumerate(zip(ids, mels, strict=True))
                if len(text) <= mel.shape[-1]]  # fmt: skip
        if not kept:
            return None
        return Said(
            torch.tensor([place[i] for i in kept]),
            pad_spoken([torch.tensor(ids[i]) for i in kept], [mels[i] for i in kept]),
            torch.stack([self.voices[clips[i].speaker] for i in kept]),
            torch.tensor([first[i] for i in kept]),
        )


@torch.no_grad()
def draw_mels(model: TTSF, said: Said, frames: int) -> Tensor:
    """Raw log-mels [n, mel_bins, frames] of the segments as D_TTS draws them."""
    speech, flow = model.speech, model.config.speech.flow
    features = speech.align(said.spoken, said.voices)
    x_1 = (said.spoken.mel - speech.audio.mel_mean) / speech.audio.mel_std
    longest = features.mu.shape[-1]
    x_1 = F.pad(x_1, (0, longest - x_1.shape[-1]))
    length = min(frames + 2 * CONTEXT, longest)
    begin = (said.first - CONTEXT).clamp(0, longest - length)
    x_1, mu, mask = (_cut(a, begin, length) for a in (x_1, features.mu, features.mask))
    low, high = START
    start = low + (high - low) * float(torch.rand(()))
    x_0 = start_noise(mu, torch.randn_like(mu) * flow.temperature, flow)
    x = probability_path(x_0, x_1, torch.full((len(mu), 1, 1), start).to(mu), flow)
    x = euler(
        lambda x, t: speech.decoder(x, t, mu, said.voices, mask), x, STEPS, start
    )  # fmt: skip
    x = _cut(x, said.first - begin, frames)
    return x * speech.audio.mel_std + speech.audio.mel_mean


def _cut(x: Tensor, first: Tensor, length: int) -> Tensor:
    """`length` steps of each of x [B, C, T] from `first` [B] on."""
    index = first[:, None, None] + torch.arange(length, device=x.device)
    return x.gather(2, index.expand(-1, x.shape[1], -1))
