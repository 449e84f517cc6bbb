"""Joint training, Sec. 3.3: speech and face together on talking clips, with every loss of Eq. 8.

Each clip gives 32 frames with their sound (Sec. 4.1). The text is aligned to the sound of its whole
utterance; G draws five neighbouring frames, one SyncNet window. The motion sampler learns from all
32.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ttsf.errors import TtsfError
from ttsf.model.face import adversarial, objectives
from ttsf.model.face.discriminator import Discriminator
from ttsf.model.ttsf import TTSF, Drawn, Reenacted, windows
from ttsf.research.data.talking_clips import TalkingBatch, TalkingClips, held_out_clips
from ttsf.research.hyperparameters import JointTraining
from ttsf.research.presets import Preset
from ttsf.research.training.frozen_experts import Experts, find_experts
from ttsf.research.training.journal import Validation, sheet, speak_first
from ttsf.research.training.parts import (
    FACE,
    MIXED_VOICES,
    MOTION,
    SPEECH,
    TABLE,
    VOICE,
    Parts,
    check_shape,
    read_voices,
    read_weights,
)
from ttsf.research.training.settings import JointOptions

HELD_OUT = 4
"""Number of clips for validation."""


class JointBatch(NamedTuple):
    """Talking clips, and the first drawn frame of each."""

    clips: TalkingBatch
    first: Tensor
    """int64 [B]: the first drawn frame of each window."""
    penalise: bool
    """Whether R1 is due."""
    names: tuple[str, ...]


class JointStage:
    """The stage for `training.loop.train`: the model and its discriminator.

    experts: for tests; None loads those of the options.
    """

    def __init__(
        self, options: JointOptions, preset: Preset, seed: int = 0, experts: Experts | None = None
    ) -> None:
        self.training, self.seed = preset.joint, seed
        found = experts or find_experts(
            options.experts, options.syncnet, preset.syncnet.network, options.allow_missing
        )
        begun = {} if options.warm_start is None else read_weights(options.warm_start)
        self.config = preset.model
        if options.warm_start is not None and MIXED_VOICES in begun:
            speech = replace(self.config.speech, voices=read_voices(options.warm_start))
            self.config = replace(self.config, speech=speech)
        self.voices = self.config.speech.voices
        self.clips = TalkingClips(
            options.data, self.config, ("train",), self.training.clip_frames, need_text=True
        )
        self.batches_per_epoch = -(-len(self.clips) // self.training.batch)
        self.held_out = held_out_clips(self.clips, need_text=True)
        self.notes = found.missing()
        if self.held_out is self.clips:
            self.notes.append("no clips of the split valid: the validation is on training clips")
        self.model = TTSF(self.config)
        if options.warm_start is not None:
            _begin_with(self.model, begun, options.warm_start)
        self.net = Parts(self.model, (*SPEECH, VOICE, *FACE, "audio_mapper", *MOTION))
        self.discriminator = Discriminator(self.training.discriminator)
        self.net.add_module("discriminator", self.discriminator)
        self.vgg, self.identity, self.sync = found
        self.weights = loss_weights(self.training, found)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam, one rate for all [P 4.1]."""
        rate, betas = self.training.learning_rate, self.training.betas
        return torch.optim.Adam(self.net.parameters(), lr=rate, betas=betas)

    def learning_rate(self, step: int, steps: int) -> float:
        """Constant; the paper names no schedule."""
        return 1.0

    def batch(self, number: int) -> JointBatch:
        """Return the clips of this number, with the frames to draw."""
        clips = self.clips.batch(number, self.seed, self.training.batch)
        room = self.training.clip_frames - self.training.drawn_frames + 1
        dice = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        first = torch.randint(room, (len(clips.names),), generator=dice)
        due = number % self.training.discriminator.r1_every == 0
        return JointBatch(clips, first, due, clips.names)

    def losses(self, batch: JointBatch) -> dict[str, Tensor]:
        """Return the terms of Eq. 8, and the discriminator's losses."""
        drawing = self.reenact(batch)
        motion = self.model.motion_losses(drawing.f_m, drawing.f_lip.detach())
        tts = {"tts": drawing.tts.total()}
        return self._frame_losses(batch, drawing) | motion._asdict() | tts

    def reenact(self, batch: JointBatch) -> Reenacted:
        """Run Figure 2 with the driving clip's motion instead of sampled motion."""
        clips = batch.clips
        drawn = Drawn(batch.first, self.training.drawn_frames)
        return self.model(clips.source, clips.frames, clips.spoken, clips.start, drawn)

    def _frame_losses(self, batch: JointBatch, drawing: Reenacted) -> dict[str, Tensor]:
        """L_GAN, L_rec, L_id, L_sync; then the discriminator's side of Eq. 2."""
        image, target, discriminator = drawing.image, drawing.target, self.discriminator
        discriminator.requires_grad_(False)
        seen, wanted = discriminator(image), discriminator(target)
        discriminator.requires_grad_(True)
        found = {"gan": adversarial.generator_loss(seen.logits)}
        if self.vgg is not None:
            found["rec"] = objectives.reconstruction(image, target, self.vgg)
        else:
            found["rec"] = (image - target).abs().mean()
            found["features"] = adversarial.feature_matching(seen.maps, wanted.maps)
        if self.identity is not None:
            found["id"] = objectives.identity(self.identity(image), self.identity(target))
        if self.sync is not None:
            ratio, drawn = self.config.mel_per_video, self.training.drawn_frames
            heard = windows(batch.clips.mel.transpose(1, 2), ratio * batch.first, ratio * drawn)
            frames, mel = image.unflatten(0, (-1, drawn)), heard.transpose(1, 2)
            found["sync"] = objectives.synchronisation(*self.sync.embed(frames, mel))
        real = target.detach().requires_grad_(batch.penalise)
        logits = discriminator(real).logits
        found["discriminator"] = adversarial.discriminator_loss(
            logits, discriminator(image.detach()).logits
        )
        r1 = adversarial.r1_penalty(logits, real) if batch.penalise else logits.new_zeros(())
        found["r1"] = r1
        return found

    def held_out_batches(self) -> Iterator[JointBatch]:
        """Held-out clips one at a time, drawn from their first frame on."""
        for number in range(min(HELD_OUT, len(self.held_out))):
            clips = self.held_out.batch(number, 0, 1)
            yield JointBatch(clips, clips.start * 0, False, clips.names)

    def validate(self, step: int, batches: Iterable[JointBatch]) -> Validation:
        """Compare drawn frames of held-out clips with their targets, and with a copy of the
        source."""
        figures: dict[str, list[float]] = {"psnr": [], "copy": [], "tts": []}
        rows = []
        for number, batch in enumerate(batches):
            torch.manual_seed(number)
            clips, drawing = batch.clips, self.reenact(batch)
            copy = clips.source.repeat_interleave(self.training.drawn_frames, 0)
            for name, image in (("psnr", drawing.image), ("copy", copy)):
                error = (image.clamp(-1, 1) - drawing.target).square().mean() / 4
                figures[name].append(float(-10 * error.log10()))
            figures["tts"].append(float(drawing.tts.total()))
            rows.append(torch.cat([copy[:1], drawing.image[:3], drawing.target[:3]]))
        means = {name: sum(values) / len(values) for name, values in figures.items()}
        voice = self.model.choose_voice(self.model.read_faces(clips.source))
        sound = speak_first(self.model, clips.spoken, voice)
        return Validation(means, {"clips": sheet(rows)}, {"held_out": sound})


def loss_weights(joint: JointTraining, experts: Experts) -> dict[str, float]:
    """Return the weights of Eq. 8 without missing experts, plus the discriminator's."""
    d = joint.discriminator
    weights = asdict(joint.loss) | {"discriminator": 1.0, "r1": d.r1 / 2 * d.r1_every}
    if experts.vgg is None:
        weights["features"] = weights["rec"]
    if experts.identity is None:
        del weights["id"]
    if experts.sync is None:
        del weights["sync"]
    return weights


def _begin_with(model: TTSF, weights: Mapping[str, Tensor], folder: Path) -> None:
    """Load the parts that a run or model holds, except for the vocoder.

    After the stage tts every face has the mean voice of its table. Raises TtsfError for another
    size.
    """
    own = model.state_dict()
    found = {k: v for k, v in weights.items() if k in own and not k.startswith("vocoder.")}
    if not found:
        raise TtsfError(f"{folder} holds no part of the model to start from")
    for name, value in found.items():
        check_shape(folder, name, value, own[name])
    projection = model.speech.voice_projection
    if TABLE in weights and isinstance(projection, nn.Linear):
        found[f"{VOICE}.bias"] = weights[TABLE].mean(0)
    model.load_state_dict(own | found)
