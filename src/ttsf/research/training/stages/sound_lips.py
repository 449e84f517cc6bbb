"""Lips from sound alone [ours]: the network for recordings whose words are not given.

The targets are the output of the model's own audio mapper: for the aligned text of a corpus, or for
speech of its own. The sound is varied in head, room, noise, channel, pace and level. Where nobody
speaks, the target is the mouth at rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ttsf import checkpoint
from ttsf.config import SAMPLES_PER_FRAME, SoundLipsConfig
from ttsf.errors import TtsfError
from ttsf.model.labels import GAIN, LIP_FV, OPEN, PRESS
from ttsf.model.mel import mel_spectrogram
from ttsf.model.speech.recording import fit_recording, nearest_voice
from ttsf.model.ttsf import TTSF
from ttsf.research.data.manifest import Clip
from ttsf.research.data.speech.disturbances import Disturbances, stretched
from ttsf.research.data.speech.own_speech import Said, own_speech
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


class Aligned:
    """Clips of a corpus with the lips of their aligned text."""

    def __init__(self, speech: SpeechClips, teacher: TTSF) -> None:
        self.speech, self._teacher = speech, teacher
        self._front_end = TextFrontEnd(teacher.config.speech)
        self._voices: dict[str, Tensor] = {}
        self._lips: dict[str, Tensor] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.speech.clips)

    def __getitem__(self, index: int) -> Said:
        """Return a clip, aligned when it is first asked for; raises TtsfError if it is broken."""
        clip = self.speech.clips[index]
        samples = self.speech.waveform(clip)
        if clip.name not in self._lips:
            with self._lock, torch.no_grad():
                voice = self._voice(clip.speaker)
                features, _ = fit_recording(self._teacher.speech, *self._read(clip, samples), voice)
                self._lips[clip.name] = self._teacher.lip_features(features)[0].half()
        return Said(samples, self._lips[clip.name])

    def _read(self, clip: Clip, samples: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return a clip's symbols [1, L] and log-mel [1, mel_bins, T]."""
        count = len(samples) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME
        mel = mel_spectrogram(torch.from_numpy(samples[None, :count]), self._teacher.config.audio)
        return torch.tensor([self._front_end.ids(str(clip.text))])[:, : mel.shape[2]], mel

    def _voice(self, speaker: str) -> Tensor:
        """Return the known voice [1, V] that fits the speaker's first clip best."""
        if speaker not in self._voices:
            first = next(clip for clip in self.speech.clips if clip.speaker == speaker)
            read = self._read(first, self.speech.waveform(first))
            self._voices[speaker] = nearest_voice(self._teacher.speech, *read)
        return self._voices[speaker]


class SoundLipsStage(ScheduledAdam[SoundLipsTraining]):
    """The stage for `training.loop.train`."""

    def __init__(self, options: SoundLipsOptions, preset: Preset, seed: int = 0) -> None:
        self.training, self.seed = preset.sound_lips, seed
        known = checkpoint.load(options.model)
        self.clips: Sequence[Said] | Aligned
        self.held_out: Sequence[Said] | Aligned
        if options.data is None:
            if not known.config.speech.voices:
                raise TtsfError("the model has no voices to learn from: give --data")
            minutes = self.training.own_speech_s / 60
            print(f"the model says {minutes:.0f} minutes of made-up words first", flush=True)
            self.clips = list(own_speech(known, self.training.own_speech_s, seed))
            self.held_out = list(own_speech(known, self.training.own_held_out_s, seed + 1))
        else:
            speech = SpeechClips(options.data, ("train",), need_text=True)
            self.clips = Aligned(speech, known)
            self.held_out = Aligned(speech.held_out(), known)
        network = preset.model.sound_lips or SoundLipsConfig()
        self.config = replace(known.config, sound_lips=network)
        self.model = TTSF(self.config)
        self.net = Parts(self.model, ("sound_lips",))
        t = self.training
        self.weights = {"lips": 1.0, "shut": t.shut, "closed": t.closed, "speed": t.speed}
        self.batches_per_epoch = -(-len(self.clips) // self.training.batch)
        ratio = self.config.mel_per_video
        self._disturbances = Disturbances.of(known.config.audio, ratio * self.training.frames, seed)
        with torch.no_grad():
            self.codes = known.motion_extractor.codes()

    def batch(self, number: int) -> SoundLipsBatch:
        """Return windows of random clips, disturbed."""
        rng = np.random.default_rng((self.seed, number))
        chosen = rng.choice(len(self.clips), self.training.batch)
        mels, lips = zip(*[self._window(self.clips[i], rng) for i in chosen], strict=True)
        mel = self._disturbances.on(torch.stack(mels), rng)
        for index in np.flatnonzero(rng.random(len(mel)) < self.training.speechless):
            mel[index], lips[index][:] = self._disturbances.alone(rng), 0
        return SoundLipsBatch(mel, torch.stack(lips))

    def held_out_batches(self) -> Iterator[SoundLipsBatch]:
        """Yield held-out clips one by one, as they sound."""
        count = len(self.held_out)
        for index in range(0, count, max(1, count // self.training.held_out)):
            samples, lips = self.held_out[index]
            yield SoundLipsBatch(self._mel(samples, 0, len(lips))[None], lips[None].float())

    def _window(self, said: Said, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return the log-mel of a window at another pace [mel_bins, T'], and its lips [T, S].

        It may begin before the clip or end after it.
        """
        frames, ratio = self.training.frames, self.config.mel_per_video
        heard = round(frames * rng.uniform(*self.training.paces))
        count = len(said.f_lip)
        first = int(rng.integers(min(0, count - heard), max(0, count - heard) + 1))
        before, after = max(0, -first), max(0, first + heard - count)
        lips = said.f_lip[max(0, first) : first + heard].float()
        lips = stretched(F.pad(lips, (0, 0, before, after)).T, frames).T
        return stretched(self._mel(said.samples, first, heard), frames * ratio), lips

    def _mel(self, samples: np.ndarray, first: int, count: int) -> Tensor:
        """Return the log-mel of video frames [first, first + count): [mel_bins, T]; silence
        outside."""
        start, stop = first * SAMPLES_PER_FRAME, (first + count) * SAMPLES_PER_FRAME
        part = samples[max(0, start) : stop].astype(np.float32)
        part = np.pad(part, (max(0, -start), 0))
        part = np.pad(part, (0, stop - start - len(part)))
        mel = mel_spectrogram(torch.from_numpy(part[None]), self.config.audio)[0]
        return mel[:, : count * self.config.mel_per_video]

    def losses(self, batch: SoundLipsBatch) -> dict[str, Tensor]:
        """Return the squared errors of f_lip, of its shutting codes, of the opening of lips that
        are shut, and of the speed."""
        assert self.model.sound_lips is not None
        codes = self.codes.to(batch.f_lip)
        error = self.model.sound_lips(batch.mel) - batch.f_lip
        held = _held(batch.f_lip @ codes / GAIN)
        return {
            "lips": error.square().sum(-1).mean(),
            "shut": (error @ codes[:, [PRESS, LIP_FV]]).square().sum(-1).mean(),
            "closed": ((error @ codes[:, OPEN]).square() * held).mean(),
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
            held = _held(wanted)
            shut += int(held.sum())
            closed += int((held & (found[:, OPEN] < SHUT)).sum())
        return Validation({"r_open": float(np.median(r)), "closed": closed / max(shut, 1)})


def _held(labels: Tensor) -> Tensor:
    """Return where labels [..., D] hold the lips shut, by press or lip_fv: bool [...]."""
    return (labels[..., [PRESS, LIP_FV]] > SHUT).any(-1)
