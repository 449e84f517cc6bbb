"""Lips from sound alone [ours]: the network for recordings whose words are not given.

The targets are the output of the model's own audio mapper for the aligned text; the sound is varied
in room, channel, speed and level. Where nobody speaks, the target is the mouth at rest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf import checkpoint
from ttsf.config import SAMPLES_PER_FRAME, SoundLipsConfig
from ttsf.model.labels import GAIN, LIP_FV, OPEN, PRESS
from ttsf.model.mel import mel_spectrogram
from ttsf.model.speech.recording import fit_recording, nearest_voice
from ttsf.model.ttsf import TTSF
from ttsf.research.data.manifest import Clip
from ttsf.research.data.speech.disturbances import SPEEDS, disturbed, played, speechless
from ttsf.research.data.speech.speech_clips import SpeechClips
from ttsf.research.hyperparameters import SoundLipsTraining
from ttsf.research.presets import Preset
from ttsf.research.training.journal import Validation
from ttsf.research.training.parts import Parts
from ttsf.research.training.schedule import ScheduledAdam
from ttsf.research.training.settings import SoundLipsOptions
from ttsf.text.front_end import TextFrontEnd

SHUT = 0.35
"""Lips are shut above this label of press or lip_fv, or below this label of open."""


class SoundLipsBatch(NamedTuple):
    """Windows of disturbed speech and the lips that belong to them."""

    mel: Tensor
    """[B, mel_bins, mel_per_video * T], raw log-mel."""
    f_lip: Tensor
    """[B, T, S]."""
    names: tuple[str, ...]


class SoundLipsStage(ScheduledAdam[SoundLipsTraining]):
    """The stage for `training.loop.train`."""

    def __init__(self, options: SoundLipsOptions, preset: Preset, seed: int = 0) -> None:
        self.training, self.seed = preset.sound_lips, seed
        self.speech = SpeechClips(options.data, ("train",), need_text=True)
        self.held_out = self.speech.held_out()
        known = checkpoint.load(options.model)
        network = preset.model.sound_lips or SoundLipsConfig()
        self.config = replace(known.config, sound_lips=network)
        self.model = TTSF(self.config)
        self.net = Parts(self.model, ("sound_lips",))
        self.weights = {"lips": 1.0, "shut": self.training.shut, "speed": self.training.speed}
        self.batches_per_epoch = -(-len(self.speech.clips) // self.training.batch)
        self._front_end = TextFrontEnd(self.config.speech)
        self._voices: dict[str, Tensor] = {}
        self._targets: dict[str, Tensor] = {}
        self._lock = Lock()
        self._teacher = (known,)  # in a tuple, so that it stays on the CPU, where batches are made
        with torch.no_grad():
            self.codes = known.motion_extractor.codes()

    def batch(self, number: int) -> SoundLipsBatch:
        """Return windows of random clips, disturbed."""
        rng = np.random.default_rng((self.seed, number))
        chosen = rng.choice(len(self.speech.clips), self.training.batch)
        return self._collate([self._window(self.speech.clips[i], rng) for i in chosen])

    def held_out_batches(self) -> Iterator[SoundLipsBatch]:
        """Yield held-out clips one by one, as they were recorded."""
        clips = self.held_out.clips
        for clip in clips[:: max(1, len(clips) // self.training.held_out)]:
            samples = self.held_out.waveform(clip)
            yield self._collate([(clip.name, samples, self._lips(clip, samples))])

    def _collate(self, windows: list[tuple[str, np.ndarray, Tensor]]) -> SoundLipsBatch:
        names, sounds, lips = zip(*windows, strict=True)
        frames = min(map(len, lips))
        samples = torch.from_numpy(np.stack(sounds))[:, : frames * SAMPLES_PER_FRAME]
        mel = mel_spectrogram(samples, self.config.audio)
        return SoundLipsBatch(mel, torch.stack(lips)[:, :frames].float(), names)

    def _window(self, clip: Clip, rng: np.random.Generator) -> tuple[str, np.ndarray, Tensor]:
        """Return a clip's name, a window of its disturbed sound, and its lips [T, S]."""
        frames = self.training.frames
        size = frames * SAMPLES_PER_FRAME
        if rng.random() < self.training.speechless:
            other = speechless(size, rng).astype(np.float32) * rng.uniform(0.02, 2)
            return "no speech", other, torch.zeros(frames, self.config.face.style_channels)
        samples = self.speech.waveform(clip)
        lips = self._lips(clip, samples).float()
        samples = played(samples, rng.uniform(*SPEEDS))
        count = len(samples) // SAMPLES_PER_FRAME
        lips = F.interpolate(lips.T[None], size=count, mode="linear")[0].T
        first = int(rng.integers(min(0, count - frames), max(0, count - frames) + 1))
        before, after = max(0, -first), max(0, first + frames - count)
        part = slice(max(0, first), min(count, first + frames))
        lips = F.pad(lips[part], (0, 0, before, after))
        samples = samples[part.start * SAMPLES_PER_FRAME : part.stop * SAMPLES_PER_FRAME]
        padded = np.pad(samples, (before * SAMPLES_PER_FRAME, after * SAMPLES_PER_FRAME))
        return clip.name, disturbed(padded, rng), lips

    @torch.no_grad()
    def _lips(self, clip: Clip, samples: np.ndarray) -> Tensor:
        """Return the audio mapper's f_lip along the aligned text, float16 [T, S]."""
        if clip.name in self._targets:
            return self._targets[clip.name]
        (teacher,) = self._teacher
        with self._lock:
            voice = self._voice(clip.speaker)
            features, _ = fit_recording(teacher.speech, *self._read(clip, samples), voice)
            self._targets[clip.name] = teacher.lip_features(features)[0].half()
        return self._targets[clip.name]

    def _read(self, clip: Clip, samples: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return a clip's symbols [1, L] and log-mel [1, mel_bins, T]."""
        count = len(samples) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME
        mel = mel_spectrogram(torch.from_numpy(samples[None, :count]), self.config.audio)
        return torch.tensor([self._front_end.ids(str(clip.text))])[:, : mel.shape[2]], mel

    def _voice(self, speaker: str) -> Tensor:
        """Return the known voice [1, V] that fits the speaker's first clip best."""
        if speaker not in self._voices:
            both = (
                (speech, clip) for speech in (self.speech, self.held_out) for clip in speech.clips
            )
            speech, clip = next(pair for pair in both if pair[1].speaker == speaker)
            ids, mel = self._read(clip, speech.waveform(clip))
            self._voices[speaker] = nearest_voice(self._teacher[0].speech, ids, mel)
        return self._voices[speaker]

    def losses(self, batch: SoundLipsBatch) -> dict[str, Tensor]:
        """Return the squared errors of f_lip, of its shutting codes, and of its speed."""
        assert self.model.sound_lips is not None
        error = self.model.sound_lips(batch.mel) - batch.f_lip
        shut = error @ self.codes[:, [PRESS, LIP_FV]].to(error)
        return {
            "lips": error.square().sum(-1).mean(),
            "shut": shut.square().sum(-1).mean(),
            "speed": error.diff(dim=1).square().sum(-1).mean(),
        }

    def validate(self, step: int, batches: Iterable[SoundLipsBatch]) -> Validation:
        """Measure the correlation of the opening, and the share of closed lips that close."""
        assert self.model.sound_lips is not None
        r, shut, closed = [], 0, 0
        for batch in batches:
            found, wanted = (
                (f_lip[0] @ self.codes.to(f_lip)).cpu() / GAIN
                for f_lip in (self.model.sound_lips(batch.mel), batch.f_lip)
            )
            pair = torch.stack([found[:, OPEN], wanted[:, OPEN]])
            r.append(float(torch.corrcoef(pair)[0, 1]))
            held = (wanted[:, [PRESS, LIP_FV]] > SHUT).any(1)
            shut += int(held.sum())
            closed += int((held & (found[:, OPEN] < SHUT)).sum())
        return Validation({"r_open": float(np.median(r)), "closed": closed / max(shut, 1)})
