"""Sec. 3.3, first stage: E_t, durations and D_TTS alone, with a table of known speakers.

    python -m ttsf.training.stages.tts --data DIR --out DIR --preset mini --steps 10000

Later stages replace the table by `voice_projection`, which maps f_id to the same voice space.
"""

import argparse
import json
import random
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ttsf.config import ModelConfig
from ttsf.data.manifest import Clip, Split
from ttsf.data.speech_clips import SpeechClips
from ttsf.errors import TtsfError
from ttsf.media.files import new_file
from ttsf.mel import mel_spectrogram
from ttsf.presets import PRESETS
from ttsf.speech.text import TextFrontEnd
from ttsf.speech.tts import TextToSpeech
from ttsf.speech.vocoder import GriffinLim
from ttsf.training.command import run_stage, stage_parser
from ttsf.training.journal import Validation
from ttsf.training.schedule import warm_up_cosine

LEARNING_RATE = 1e-3
LAST_RATE = 0.1
"""Of LEARNING_RATE, reached at the end of the cosine."""
WARM_UP = 200
"""Steps."""
BATCH_CLIPS = 12
BATCH_FRAMES = 5_000
"""Mel frames of a batch, padding counted."""


class TtsBatch(NamedTuple):
    """A padded batch."""

    ids: Tensor  # [B, L]
    id_lengths: Tensor  # [B]
    mel: Tensor  # [B, mel_bins, T], raw log-mel
    mel_lengths: Tensor  # [B]
    speakers: Tensor  # [B]
    names: tuple[str, ...]


class SpeakerTts(nn.Module):
    """TextToSpeech beside a table with one voice vector a speaker."""

    def __init__(self, config: ModelConfig, speakers: int) -> None:
        super().__init__()
        audio = config.audio
        self.tts = TextToSpeech(
            config.speech, audio.mel_bins, config.face.style_channels, config.mel_per_video,
            audio.mel_mean, audio.mel_std,
        )  # fmt: skip
        self.table = nn.Embedding(speakers, config.speech.voice_channels)


class SpeechDataset:
    """Clips with text of some splits, ids and log-mels kept in memory (float16).

    Speakers are those of the split "train". A text of more symbols than mel frames, or by a speaker
    who was never trained, is left out.
    """

    def __init__(self, folder: Path, config: ModelConfig, splits: tuple[Split, ...]) -> None:
        front_end = TextFrontEnd(config.speech)
        trained = SpeechClips(folder, ("train",), need_text=True)
        self.speakers = sorted({clip.speaker for clip in trained.clips})
        speech = SpeechClips(folder, splits, need_text=True)
        self.clips: list[Clip] = []
        self.ids: list[list[int]] = []
        self.mels: list[Tensor] = []
        for clip in speech.clips:
            ids = front_end.ids(str(clip.text))
            if clip.speaker not in self.speakers or clip.samples // config.audio.hop < len(ids):
                continue
            samples = torch.from_numpy(speech.waveform(clip))
            self.clips.append(clip)
            self.ids.append(ids)
            self.mels.append(mel_spectrogram(samples[None], config.audio)[0].half())
        if not self.clips:
            raise TtsfError(f"no usable speech with text of {', '.join(splits)} in {folder}")

    def collate(self, indices: list[int]) -> TtsBatch:
        """Pad clips to the longest."""
        ids = [torch.tensor(self.ids[i]) for i in indices]
        mels = [self.mels[i].float().T for i in indices]
        pad = nn.utils.rnn.pad_sequence
        return TtsBatch(
            pad(ids, batch_first=True),
            torch.tensor([len(x) for x in ids]),
            pad(mels, batch_first=True).transpose(1, 2).contiguous(),
            torch.tensor([len(m) for m in mels]),
            torch.tensor([self.speakers.index(self.clips[i].speaker) for i in indices]),
            tuple(self.clips[i].name for i in indices),
        )

    def epoch(self, seed: int) -> list[list[int]]:
        """Batches of clips of like length, in an order that `seed` fixes."""
        rng = random.Random(seed)
        lengths = [m.shape[-1] * rng.uniform(0.95, 1.05) for m in self.mels]
        batches: list[list[int]] = [[]]
        for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
            frames = self.mels[i].shape[-1] * (len(batches[-1]) + 1)
            if batches[-1] and (len(batches[-1]) >= BATCH_CLIPS or frames > BATCH_FRAMES):
                batches.append([])
            batches[-1].append(i)
        rng.shuffle(batches)
        return batches


class TtsStage:
    """The stage for `training.loop.train`."""

    def __init__(self, folder: Path, config: ModelConfig, seed: int = 0) -> None:
        self.config, self.seed = config, seed
        self.data = SpeechDataset(folder, config, ("train",))
        self.held_out = SpeechDataset(folder, config, ("valid",))
        self.net = SpeakerTts(config, len(self.data.speakers))
        self.weights = {"prior": 1.0, "duration": 1.0, "flow": 1.0}
        self._drawn = -1, self.data.epoch(0)
        self.batches_per_epoch = len(self._drawn[1])

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.net.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98))

    def learning_rate(self, step: int, steps: int) -> float:
        """Linear warm-up, then half a cosine down to LAST_RATE."""
        return warm_up_cosine(step, steps, WARM_UP, LAST_RATE)

    def batch(self, number: int) -> TtsBatch:
        """Batches of like lengths, epoch after epoch."""
        epoch, place = divmod(number, self.batches_per_epoch)
        drawn = self._drawn
        if epoch != drawn[0]:
            drawn = self._drawn = epoch, self.data.epoch(self.seed * 1_000_003 + epoch)
        return self.data.collate(drawn[1][place % len(drawn[1])])

    def losses(self, batch: TtsBatch) -> dict[str, Tensor]:
        """L_TTS, term by term."""
        ids, id_lengths, mel, mel_lengths, speakers, _ = batch
        voice = self.net.table(speakers)
        return self.net.tts.losses(ids, id_lengths, mel, mel_lengths, voice)._asdict()

    def validate(self, step: int) -> Validation:
        """Losses on held-out sentences; one of them spoken through Griffin-Lim."""
        torch.manual_seed(0)
        indices = list(range(len(self.held_out.clips)))
        found = [self.losses(self.held_out.collate(indices[i : i + 10])) for i in indices[::10]]
        batch = self.held_out.collate([0])
        voice = self.net.table(batch.speakers)
        features = self.net.tts.encode(batch.ids, batch.id_lengths, voice)
        flow = self.config.speech.flow
        mel = self.net.tts.decode(features, voice, flow.steps, flow.temperature)
        speak = GriffinLim(self.config.vocoder, self.config.audio)
        figures = {k: float(torch.stack([f[k] for f in found]).mean()) for k in found[0]}
        return Validation(figures, sounds={"held_out": speak(mel)[0]})


def build(chosen: argparse.Namespace) -> TtsStage:
    """The stage of a command line; notes the speakers beside the run for later stages."""
    stage = TtsStage(chosen.data, PRESETS[chosen.preset].model, chosen.seed)
    with new_file(chosen.out / "speakers.json") as temporary:
        temporary.write_text(json.dumps(stage.data.speakers))
    return stage


def main() -> None:
    """Command line."""
    parser = stage_parser(__doc__, steps=10_000)
    parser.add_argument("--data", type=Path, required=True, help="corpus with manifest.jsonl")
    run_stage(parser, build)


if __name__ == "__main__":
    main()
