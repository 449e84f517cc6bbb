"""The crossing of speech and face, Sec. 3.1-3.2: audio mapper, normaliser, prior and sampler.

E_t and the motion codes are frozen. Speech is aligned to its text (teacher-forced durations); the
lips' targets are the expected mouth shapes of its phones, the head's a motion track for its sound.
The losses of the motion sampler are those of Eq. 8.
"""

import math
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.config import ModelConfig
from ttsf.data.synthetic.head_motion import head_track
from ttsf.data.synthetic.visemes import loudness_gate, mouth_curve
from ttsf.face.audio_mapper import AudioMapper
from ttsf.landmarks.labels import FIRST_LIP, GAIN, LABELS, labels_to_alpha
from ttsf.motion.normalizer import build_normalizer
from ttsf.motion.prior import MotionPrior, prior_nll
from ttsf.motion.sampler import MotionSampler
from ttsf.presets import PRESETS
from ttsf.speech.text import SYMBOLS
from ttsf.training.command import run_stage, stage_parser
from ttsf.training.journal import Validation
from ttsf.training.loop import to_device
from ttsf.training.schedule import warm_up_cosine
from ttsf.training.stages.face import FaceNet
from ttsf.training.stages.tts import SpeakerTts, SpeechDataset
from ttsf.training.state import load_average

CLIP_FRAMES = 32  # [P 4.1]
BLINK_HEED = 8.0  # times that a blink's error counts again in L_AE: rare, but it must not be lost
START_SPREAD = np.array([0.5, 0.4, 0.3, 1.0, 1.0, 0.8, 0.1])  # of the first pose, label units


class CrossingNet(nn.Module):
    """What this stage trains."""

    def __init__(self, config: ModelConfig, embedding: int, hidden: int) -> None:
        super().__init__()
        style = config.face.style_channels
        self.audio_mapper = AudioMapper(
            config.audio_mapper, embedding, hidden, config.audio.mel_bins, style
        )
        self.normalizer = build_normalizer(config.motion, style)
        self.prior = MotionPrior(config.motion, style)
        self.sampler = MotionSampler(config.motion, style)


class CrossingBatch(NamedTuple):
    """Utterances padded to one length, and their motion."""

    embedding: Tensor
    hidden: Tensor
    mu: Tensor
    lips: Tensor
    """[B, T, 11] labels, mouth only."""
    head: Tensor
    """[B, T, 11] labels, head only."""
    frames: Tensor
    """[B] pictures of each."""
    names: tuple[str, ...]


class CrossingStage:
    """Weights of Eq. 8 for the sampler's losses; `lips` fits f_lip to the frozen codes."""

    weights: ClassVar = {"lips": 1.0, "ae": 1.0, "prior": 0.1, "ot_cfm": 0.1}

    def __init__(
        self, data: Path, tts: Path, face: Path, preset: str, motion_only: bool = False
    ) -> None:
        self.config = PRESETS[preset].model
        self.size = 8
        self.speech = SpeechDataset(data, self.config, ("train",))
        self.held_out = SpeechDataset(data, self.config, ("valid",))
        speaker_tts = SpeakerTts(self.config, len(self.speech.speakers))
        load_average(tts / "state.safetensors", speaker_tts)
        self.table, self.tts = speaker_tts.table, speaker_tts.tts.eval()
        face_net = FaceNet(self.config.face)
        load_average(face / "state.safetensors", face_net)
        self.extractor = face_net.extractor.eval()
        blink = torch.zeros(1, len(LABELS))
        blink[:, LABELS.index("blink")] = math.sqrt(BLINK_HEED) / GAIN
        with torch.no_grad():
            alpha = labels_to_alpha(blink, self.config.face.motion_codes)
            self.heed = self.extractor.compose(alpha).T
        self.net = CrossingNet(self.config, self.tts.embedding_channels, self.tts.hidden_channels)
        if motion_only:
            self.net.audio_mapper.requires_grad_(False)

    @property
    def batches_per_epoch(self) -> int:
        """About: utterances shorter than a training clip are left out."""
        return -(-len(self.speech.clips) // self.size)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.net.parameters(), lr=1e-3, betas=(0.9, 0.98))

    def learning_rate(self, step: int, steps: int) -> float:
        """Warm-up over 100 steps, then a cosine to a twentieth."""
        return warm_up_cosine(step, steps, warm_up=100, last=0.05)

    def batch(self, number: int) -> CrossingBatch:
        """Random utterances, each at least a training clip long."""
        rng = np.random.default_rng((0, number))
        shortest = CLIP_FRAMES * self.config.mel_per_video
        order = rng.permutation(len(self.speech.clips))
        long_enough = [int(i) for i in order if self.speech.mels[i].shape[-1] >= shortest]
        return self.prepare(self.speech, long_enough[: self.size], rng)

    @torch.no_grad()
    def prepare(
        self, speech: SpeechDataset, indices: list[int], rng: np.random.Generator
    ) -> CrossingBatch:
        """Align the utterances and attach expected mouth shapes and head tracks."""
        ratio = self.config.mel_per_video
        batch = speech.collate(indices)
        seen = to_device(batch, self.table.weight.device)
        voice = self.table(seen.speakers)
        features = self.tts.align(seen.ids, seen.id_lengths, seen.mel, seen.mel_lengths, voice)
        frames = batch.mel_lengths // ratio
        lips = torch.zeros(len(indices), features.mu.shape[-1] // ratio, len(LABELS))
        head = torch.zeros_like(lips)
        for i, count in enumerate(frames.tolist()):
            span = count * ratio
            mel = batch.mel[i, :, : int(batch.mel_lengths[i])].numpy()
            symbols = [SYMBOLS[k] for k in batch.ids[i, : int(batch.id_lengths[i])]]
            durations = features.durations[i, : len(symbols)].cpu().numpy()
            curve = mouth_curve(symbols, durations, mel)[:span]
            curve = curve.reshape(count, ratio, -1).mean(1)
            lips[i, :count, FIRST_LIP:] = torch.from_numpy(curve)
            loudness = loudness_gate(mel)[:span].reshape(count, ratio).mean(1)
            start = (rng.standard_normal(FIRST_LIP) * START_SPREAD).clip(-2, 2)
            head[i, :count, :FIRST_LIP] = torch.from_numpy(head_track(loudness, start, rng))
        made = CrossingBatch(
            features.embedding, features.hidden, features.mu, lips, head, frames, batch.names
        )
        return to_device(made, self.table.weight.device)

    def losses(self, batch: CrossingBatch) -> dict[str, Tensor]:
        """Lip regression over whole utterances; motion losses on one 32-frame clip of each."""
        net, codes = self.net, self.config.face.motion_codes
        pictures = batch.lips.shape[1]
        f_lip = net.audio_mapper(batch.embedding, batch.hidden, batch.mu, pictures)
        f_lip = f_lip.transpose(1, 2)
        with torch.no_grad():
            wanted = self.extractor.compose(labels_to_alpha(batch.lips, codes))
            f_m = self.extractor.compose(labels_to_alpha(batch.head, codes))
        inside = (
            torch.arange(pictures, device=f_lip.device)[None] < batch.frames[:, None]
        ).float()[..., None]
        error = (f_lip - wanted).square().sum(-1, keepdim=True) * inside
        room = (batch.frames - CLIP_FRAMES).clamp_min(0) + 1
        starts = (torch.rand_like(room, dtype=torch.float32) * room).long()
        index = (starts[:, None] + torch.arange(CLIP_FRAMES, device=starts.device))[..., None]
        index = index.expand(-1, -1, f_m.shape[-1])
        motion, lip = f_m.gather(1, index), f_lip.detach().gather(1, index)
        f_c = net.normalizer.compress(motion)
        mu = net.prior(motion[:, 0], lip)
        return {
            "lips": error.sum() / inside.sum(),
            "ae": net.normalizer.loss(motion, f_c, self.heed.to(motion)),
            "prior": prior_nll(f_c.detach(), mu),
            "ot_cfm": net.sampler.loss(f_c.detach(), mu),
        }

    def validate(self, step: int) -> Validation:
        """Correlation of the mouth opening with its target; range and jerk of sampled heads."""
        rng = np.random.default_rng(7)
        batch = self.prepare(self.held_out, list(range(24)), rng)
        codes = self.config.face.motion_codes
        f_lip = self.net.audio_mapper(
            batch.embedding, batch.hidden, batch.mu, batch.lips.shape[1]
        ).transpose(1, 2)
        opening = self.extractor.coordinates(f_lip)[..., FIRST_LIP]
        f_m0 = self.extractor.compose(labels_to_alpha(batch.head[:, 0], codes))
        mu = self.net.prior(f_m0, f_lip)
        noise = torch.Generator().manual_seed(0)
        flow = self.config.motion.flow
        f_c = self.net.sampler.sample(mu, flow.steps, flow.temperature, noise)
        alpha = self.extractor.coordinates(self.net.normalizer.restore(f_c))
        real = self.extractor.compose(labels_to_alpha(batch.head, codes))
        real = self.extractor.coordinates(real)
        r, spans, jerks, blinks = [], [], [], []
        for i, count in enumerate(batch.frames.tolist()):
            pair = torch.stack([opening[i, :count], batch.lips[i, :count, FIRST_LIP]])
            r.append(float(torch.corrcoef(pair)[0, 1]))
            for track, name in ((alpha[i, :count], "sampled"), (real[i, :count], "given")):
                yaw = track[:, LABELS.index("yaw")] * (10 / GAIN)  # degrees
                spans.append((name, float(yaw.quantile(0.95) - yaw.quantile(0.05))))
                jerks.append((name, float(yaw.diff().diff().abs().mean())))
                shut = track[:, LABELS.index("blink")] > 0.5 * GAIN
                blinks.append((name, float(shut.float().mean())))
        figures = {"r_open": float(np.median(r))}
        for title, values in (("yaw_range", spans), ("yaw_jerk", jerks), ("shut_eyes", blinks)):
            for name in ("sampled", "given"):
                chosen = [v for n, v in values if n == name]
                figures[f"{title}_{name}"] = round(float(np.mean(chosen)), 3)
        return Validation(figures)


def main() -> None:
    """Command line of the stage."""
    parser = stage_parser(__doc__, steps=3_000)
    parser.add_argument("--data", type=Path, required=True, help="corpus with manifest.jsonl")
    parser.add_argument("--tts", type=Path, required=True, help="run folder of the TTS stage")
    parser.add_argument("--face", type=Path, required=True, help="run folder of the face stage")
    parser.add_argument("--motion-only", action="store_true", help="keep the audio mapper")
    run_stage(parser, lambda a: CrossingStage(a.data, a.tts, a.face, a.preset, a.motion_only))


if __name__ == "__main__":
    main()
