"""Motion from speech, Sec. 3.1-3.2: audio mapper, normaliser, prior and sampler.

E_t and the motion codes are frozen. Speech is aligned to its text (teacher-forced durations); the
targets of the lips are the expected mouth shapes of the phones, those of the head a synthetic
track.
The losses of the motion sampler are those of Eq. 8.
"""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.config import CLIP_FRAMES
from ttsf.model.labels import FIRST_LIP, GAIN, LABELS, labels_to_alpha
from ttsf.model.sampling import Sampling
from ttsf.model.speech.tts import SpeechFeatures, SpokenText
from ttsf.model.ttsf import TTSF, windows
from ttsf.research.data.synthetic.head_motion import head_track
from ttsf.research.data.synthetic.visemes import mouth_curve
from ttsf.research.hyperparameters import MotionTraining
from ttsf.research.presets import Preset
from ttsf.research.training.journal import Validation
from ttsf.research.training.parts import FACE, MOTION, SPEECH, Parts, load_parts, read_speakers
from ttsf.research.training.schedule import ScheduledAdam
from ttsf.research.training.settings import MotionOptions
from ttsf.research.training.stages.tts import VALIDATED_ON_TRAINING, SpeechDataset
from ttsf.text.front_end import SYMBOLS

HELD_OUT = 24
"""Number of utterances for validation."""


class MotionBatch(NamedTuple):
    """Utterances; data needed only on the host stays there."""

    spoken: SpokenText
    voices: Tensor
    """[B, V]."""
    mels: tuple[np.ndarray, ...]
    """[mel_bins, T] each, raw log-mel without padding."""
    symbols: tuple[list[str], ...]
    """Symbols of each text."""
    seed: tuple[int, ...]
    """Seeds of the head tracks."""
    names: tuple[str, ...]


class KnownTracks(NamedTuple):
    """Target motion of utterances of up to T frames."""

    features: SpeechFeatures
    lips: Tensor
    """[B, T, 11] labels, mouth only."""
    head: Tensor
    """[B, T, 11] labels, head only."""
    frames: Tensor
    """int64 [B]: frames of each utterance."""


class MotionStage(ScheduledAdam[MotionTraining]):
    """The stage for `training.loop.train`; `lips` fits f_lip to the frozen codes."""

    def __init__(self, options: MotionOptions, preset: Preset) -> None:
        self.config, self.training = preset.model, preset.motion
        loss = preset.joint.loss
        self.moves = options.only != "lips"
        self.weights = {"lips": preset.motion.lips}
        if self.moves:
            self.weights |= {"ae": loss.ae, "prior": loss.prior, "ot_cfm": loss.ot_cfm}
        self.speech = SpeechDataset(options.data, self.config, ("train",))
        self.held_out = self.speech.held_out()
        self.notes = [] if self.held_out is not self.speech else [VALIDATED_ON_TRAINING]
        # approximate: shorter utterances are skipped
        self.batches_per_epoch = -(-len(self.speech.clips) // self.training.batch)
        self.voices = read_speakers(options.tts)
        self.model = TTSF(self.config)
        load_parts(self.model, options.tts, SPEECH)
        load_parts(self.model, options.face, FACE)
        blink = torch.zeros(1, len(LABELS))
        blink[:, LABELS.index("blink")] = math.sqrt(self.training.blink) / GAIN
        with torch.no_grad():
            self.emphasis = self._feature(blink).T
        self.net = Parts(self.model, ("audio_mapper", *(MOTION if self.moves else ())))
        if options.only == "motion":
            self.model.audio_mapper.requires_grad_(False)

    def _feature(self, labels: Tensor) -> Tensor:
        """Convert motion labels [..., 11] to f_m [..., S]."""
        alpha = labels_to_alpha(labels, self.config.face.motion_codes)
        return self.model.motion_extractor.compose(alpha)

    def batch(self, number: int) -> MotionBatch:
        """Return random utterances of at least the length of a training clip."""
        order = np.random.default_rng((0, number)).permutation(len(self.speech.clips))
        shortest = CLIP_FRAMES * self.config.mel_per_video
        long_enough = [int(i) for i in order if self.speech.utterances[i].frames >= shortest]
        return self._collate(self.speech, long_enough[: self.training.batch], (1, number))

    def held_out_batches(self) -> Iterator[MotionBatch]:
        """Yield the first held-out utterances as one batch."""
        count = min(HELD_OUT, len(self.held_out.clips))
        yield self._collate(self.held_out, list(range(count)), (7,))

    def _collate(
        self, speech: SpeechDataset, indices: list[int], seed: tuple[int, ...]
    ) -> MotionBatch:
        batch = speech.collate(indices)
        voices = torch.stack([self.voices[speech.clips[i].speaker] for i in indices])
        lengths = batch.spoken.mel_lengths.tolist()
        mels = tuple(
            mel[:, :length].numpy() for mel, length in zip(batch.spoken.mel, lengths, strict=True)
        )
        symbols = tuple([SYMBOLS[k] for k in speech.utterances[i].ids.tolist()] for i in indices)
        return MotionBatch(batch.spoken, voices, mels, symbols, seed, batch.names)

    @torch.no_grad()
    def tracks(self, batch: MotionBatch) -> KnownTracks:
        """Align the utterances and attach expected mouth shapes and head tracks."""
        ratio = self.config.mel_per_video
        rng, spread = np.random.default_rng(batch.seed), np.array(self.training.start_spread)
        features = self.model.speech.align(batch.spoken, batch.voices)
        frames = [mel.shape[1] // ratio for mel in batch.mels]
        lips = torch.zeros(len(frames), features.mu.shape[-1] // ratio, len(LABELS))
        head = torch.zeros_like(lips)
        for i, (count, mel, symbols) in enumerate(
            zip(frames, batch.mels, batch.symbols, strict=True)
        ):
            span = count * ratio
            durations = features.durations[i, : len(symbols)].cpu().numpy()
            curve = mouth_curve(symbols, durations, mel)[:span]
            curve = curve.reshape(count, ratio, -1).mean(1)
            lips[i, :count, FIRST_LIP:] = torch.from_numpy(curve)
            start = (rng.standard_normal(FIRST_LIP) * spread).clip(-2, 2)
            head[i, :count, :FIRST_LIP] = torch.from_numpy(head_track(count, start, rng))
        place = features.mu.device
        counts = torch.tensor(frames, device=place)
        return KnownTracks(features, lips.to(place), head.to(place), counts)

    def losses(self, batch: MotionBatch) -> dict[str, Tensor]:
        """Return lip losses over whole utterances, and motion losses on one window of each."""
        known = self.tracks(batch)
        f_lip = self.model.lip_features(known.features)
        with torch.no_grad():
            wanted, f_m = self._feature(known.lips), self._feature(known.head)
        clock = torch.arange(f_lip.shape[1], device=f_lip.device)
        inside = (clock[None] < known.frames[:, None]).float()[..., None]
        error = (f_lip - wanted).square().sum(-1, keepdim=True) * inside
        lips = {"lips": error.sum() / inside.sum()}
        if not self.moves:
            return lips
        room = (known.frames - CLIP_FRAMES).clamp_min(0) + 1
        starts = (torch.rand_like(room, dtype=torch.float32) * room).long()
        motion, lip = (windows(x, starts, CLIP_FRAMES) for x in (f_m, f_lip.detach()))
        sampled = self.model.motion_losses(motion, lip, self.emphasis.to(motion))
        return lips | sampled._asdict()

    def validate(self, step: int, batches: Iterable[MotionBatch]) -> Validation:
        """Measure correlation of the mouth opening with its target; range and jerk of heads."""
        (batch,) = batches
        known = self.tracks(batch)
        f_lip = self.model.lip_features(known.features)
        opening = self.model.motion_extractor.coordinates(f_lip)[..., FIRST_LIP].cpu()
        wanted, r = known.lips[..., FIRST_LIP].cpu(), []
        frames = [mel.shape[1] // self.config.mel_per_video for mel in batch.mels]
        for i, count in enumerate(frames):
            pair = torch.stack([opening[i, :count], wanted[i, :count]])
            r.append(float(torch.corrcoef(pair)[0, 1]))
        heads = self._heads(known, f_lip, frames) if self.moves else {}
        return Validation({"r_open": float(np.median(r))} | heads)

    def _heads(self, known: KnownTracks, f_lip: Tensor, frames: list[int]) -> dict[str, float]:
        """Return means over the utterances, for sampled and target tracks."""
        real, noise = self._feature(known.head), torch.Generator().manual_seed(0)
        drawn = self.model.sample_motion(real[:, 0], f_lip, Sampling(), noise).f_m
        coordinates = self.model.motion_extractor.coordinates
        tracks = {"sampled": coordinates(drawn).cpu(), "given": coordinates(real).cpu()}
        names = [f"{k}_{name}" for k in ("yaw_range", "yaw_jerk", "shut_eyes") for name in tracks]
        found = {name: list[float]() for name in names}
        for i, count in enumerate(frames):
            for name, alpha in tracks.items():
                track = alpha[i, :count]
                yaw = track[:, LABELS.index("yaw")] * (10 / GAIN)  # degrees
                found[f"yaw_range_{name}"].append(float(yaw.quantile(0.95) - yaw.quantile(0.05)))
                found[f"yaw_jerk_{name}"].append(float(yaw.diff().diff().abs().mean()))
                shut = track[:, LABELS.index("blink")] > 0.5 * GAIN
                found[f"shut_eyes_{name}"].append(float(shut.float().mean()))
        return {name: round(float(np.mean(values)), 3) for name, values in found.items()}
