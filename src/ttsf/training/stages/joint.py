"""Joint training, Sec. 3.3: speech and face together on talking clips, with every loss of Eq. 8.

    torchrun --nproc-per-node 8 -m ttsf train joint --data CORPUS --start MODEL --out RUN \\
        --preset paper --judges JUDGES --syncnet RUN --device cuda

Each clip gives 32 pictures with their sound (Sec. 4.1). The text is aligned to the sound of its
whole utterance; G draws five neighbouring pictures of the window, what SyncNet looks at. The motion
sampler learns from all 32.
"""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ttsf import checkpoint
from ttsf.config import ModelConfig
from ttsf.data.talking_clips import TalkingBatch, TalkingClips
from ttsf.errors import TtsfError
from ttsf.face import adversarial, objectives
from ttsf.face.discriminator import Discriminator
from ttsf.face.generator import fuse_motion
from ttsf.model import TTSF
from ttsf.motion.prior import prior_nll
from ttsf.presets import PRESETS, JointTraining
from ttsf.speech.vocoder import GriffinLim
from ttsf.training.command import run_stage, stage_parser
from ttsf.training.frozen_experts import Judges, find_judges
from ttsf.training.journal import Validation, sheet
from ttsf.training.loop import to_device


class JointNet(nn.Module):
    """The model, which ships, beside its discriminator, which does not."""

    def __init__(self, config: ModelConfig, joint: JointTraining) -> None:
        super().__init__()
        self.model = TTSF(config)
        self.discriminator = Discriminator(joint.discriminator)


class JointBatch(NamedTuple):
    """Talking clips and where their drawn pictures begin."""

    clips: TalkingBatch
    first: Tensor
    """int64 [B]: the first drawn picture of each window."""
    penalise: bool
    """Whether R1 is due."""
    names: tuple[str, ...]


class Drawing(NamedTuple):
    """What one pass draws and knows; K pictures of each of B clips."""

    image: Tensor
    """[B K, 3, size, size]."""
    target: Tensor
    """[B K, 3, size, size]."""
    f_m: Tensor
    """Head motion of every picture of the window: [B, T, S], detached."""
    f_lip: Tensor
    """[B, T, S]."""
    tts: Tensor
    """L_TTS."""


class JointStage:
    """The stage of `training.loop.train`."""

    def __init__(
        self,
        data: Path,
        preset: str,
        judges: Judges,
        start: Path | None = None,
        seed: int = 0,
    ) -> None:
        begun = None if start is None else checkpoint.load(start)
        self.config, self.joint, self.seed = PRESETS[preset].model, PRESETS[preset].joint, seed
        if begun is not None:
            speech = replace(self.config.speech, voices=begun.config.speech.voices)
            self.config = replace(self.config, speech=speech)
        self.clips = TalkingClips(data, self.config, ("train",), self.joint.clip_frames, None, True)
        self.held_out = _held_out(data, self.config) or self.clips
        self.net = JointNet(self.config, self.joint)
        if begun is not None:
            _go_on_from(self.net.model, begun)
        self.vgg, self.identity, self.sync = judges
        self.weights = loss_weights(self.joint, judges)

    @property
    def batches_per_epoch(self) -> int:
        """Clips over those of a batch."""
        return -(-len(self.clips) // self.joint.batch)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam, one rate for all [P 4.1]."""
        rate, betas = self.joint.learning_rate, self.joint.betas
        return torch.optim.Adam(self.net.parameters(), lr=rate, betas=betas)

    def learning_rate(self, step: int, steps: int) -> float:
        """Constant; the paper names no schedule."""
        return 1.0

    def batch(self, number: int) -> JointBatch:
        """Clips of this number, and which neighbouring pictures of them are drawn."""
        clips = self.clips.batch(number, self.seed, self.joint.batch)
        room = self.joint.clip_frames - self.joint.drawn_frames + 1
        dice = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        first = torch.randint(room, (len(clips.names),), generator=dice)
        due = number % self.joint.discriminator.r1_every == 0
        return JointBatch(clips, first, due, clips.names)

    def losses(self, batch: JointBatch) -> dict[str, Tensor]:
        """Eq. 8, and what trains the discriminator."""
        drawing = self.draw(batch)
        return (
            self._picture_losses(batch, drawing)
            | self._motion_losses(drawing)
            | {"tts": drawing.tts}
        )

    def draw(self, batch: JointBatch) -> Drawing:
        """One pass through Figure 2 with the driving clip in the place of the sampled motion."""
        model, clips, k = self.net.model, batch.clips, self.joint.drawn_frames
        source = model.face_encoder(clips.source)
        f_m_source = model.motion_extractor(source.style).feature
        f_id = source.style - f_m_source
        voice = f_id if self.config.speech.voice_from == "id" else source.style
        taught = model.speech.teach(
            clips.phonemes, clips.phoneme_lengths, clips.utterance, clips.utterance_lengths,
            model.speech.voice(voice),
        )  # fmt: skip
        frames = clips.frames.shape[1]
        f_lip = _windows(model.lip_features(taught.features), clips.start, frames)
        pictures = _windows(clips.frames.flatten(2), batch.first, k)
        pictures = pictures.unflatten(2, clips.frames.shape[2:]).flatten(0, 1)
        with torch.no_grad():
            f_m_all = self._head_motion(clips.frames.flatten(0, 1)).unflatten(0, (-1, frames))
        f_m = self._head_motion(pictures)
        styles = fuse_motion(
            f_id.repeat_interleave(k, 0), f_m, _windows(f_lip, batch.first, k).flatten(0, 1),
            self.config.face,
        )  # fmt: skip
        skips = tuple(skip.repeat_interleave(k, 0) for skip in source.skips)
        face = model.generator(styles, skips, clips.source.repeat_interleave(k, 0))
        return Drawing(face.image, pictures, f_m_all, f_lip, torch.stack(taught.losses).sum())

    def _head_motion(self, pictures: Tensor) -> Tensor:
        extractor = self.net.model.motion_extractor
        return extractor.head_part(extractor(self.net.model.face_encoder(pictures).style).feature)

    def _picture_losses(self, batch: JointBatch, drawing: Drawing) -> dict[str, Tensor]:
        """L_GAN, L_rec, L_id, L_sync; then the discriminator's side of Eq. 2."""
        image, target, judge = drawing.image, drawing.target, self.net.discriminator
        judge.requires_grad_(False)
        seen, wanted = judge(image), judge(target)
        judge.requires_grad_(True)
        found = {"gan": adversarial.generator_loss(seen.logits)}
        if self.vgg is not None:
            found["rec"] = objectives.reconstruction(image, target, self.vgg)
        else:
            found["rec"] = (image - target).abs().mean()
            found["features"] = adversarial.feature_matching(seen.maps, wanted.maps)
        if self.identity is not None:
            found["id"] = objectives.identity(self.identity(image), self.identity(target))
        if self.sync is not None:
            ratio, drawn = self.config.mel_per_video, self.joint.drawn_frames
            heard = _windows(batch.clips.mel.transpose(1, 2), ratio * batch.first, ratio * drawn)
            pictures, mel = image.unflatten(0, (-1, drawn)), heard.transpose(1, 2)
            found["sync"] = objectives.synchronisation(*self.sync.embed(pictures, mel))
        real = target.detach().requires_grad_(batch.penalise)
        told = judge(real).logits
        found["discriminator"] = adversarial.discriminator_loss(told, judge(image.detach()).logits)
        r1 = adversarial.r1_penalty(told, real) if batch.penalise else told.new_zeros(())
        found["r1"] = r1
        return found

    def _motion_losses(self, drawing: Drawing) -> dict[str, Tensor]:
        """L_AE, L_prior (Eq. 7) and L_OT-CFM (Eq. 6) of the motion sampler."""
        model, f_m, f_lip = self.net.model, drawing.f_m, drawing.f_lip.detach()
        f_c = model.normalizer.compress(f_m)
        mu = model.prior(f_m[:, 0], f_lip)
        return {
            "ae": model.normalizer.loss(f_m, f_c),
            "prior": prior_nll(f_c.detach(), mu),
            "ot_cfm": model.sampler.loss(f_c.detach(), mu),
        }

    def validate(self, step: int) -> Validation:
        """Held-out clips: how near the drawn pictures come, against copying the source."""
        figures: dict[str, list[float]] = {"psnr": [], "copy": [], "tts": []}
        rows = []
        for number in range(min(4, len(self.held_out))):
            torch.manual_seed(number)
            clips = self.held_out.batch(number, 0, 1)
            device = next(self.net.parameters()).device
            clips = to_device(clips, device)
            drawing = self.draw(JointBatch(clips, clips.start * 0, False, clips.names))
            copy = clips.source.repeat_interleave(self.joint.drawn_frames, 0)
            for name, image in (("psnr", drawing.image), ("copy", copy)):
                error = (image.clamp(-1, 1) - drawing.target).square().mean() / 4
                figures[name].append(float(-10 * error.log10()))
            figures["tts"].append(float(drawing.tts))
            rows.append(torch.cat([copy[:1], drawing.image[:3], drawing.target[:3]]))
        means = {name: sum(values) / len(values) for name, values in figures.items()}
        return Validation(means, {"clips": sheet(rows)}, {"held_out": self._speak(clips)})

    def _speak(self, clips: TalkingBatch) -> Tensor:
        """The last held-out text in the voice of its face."""
        model = self.net.model
        source = model.read_portrait(clips.source[0])
        voice, flow = model.speech.voice(source.voice_style), self.config.speech.flow
        features = model.speech.encode(clips.phonemes, clips.phoneme_lengths, voice)
        mel = model.speech.decode(features, voice, flow.steps, flow.temperature)
        return GriffinLim(self.config.vocoder, self.config.audio)(mel.cpu())[0]


def loss_weights(joint: JointTraining, judges: Judges) -> dict[str, float]:
    """Eq. 8's table less the losses whose judge is missing, and the discriminator's own."""
    d = joint.discriminator
    weights = asdict(joint.loss) | {"discriminator": 1.0, "r1": d.r1 / 2 * d.r1_every}
    if judges.vgg is None:
        weights["features"] = weights["rec"]
    if judges.identity is None:
        del weights["id"]
    if judges.sync is None:
        del weights["sync"]
    return weights


def _windows(x: Tensor, starts: Tensor, length: int) -> Tensor:
    """`length` steps of x [B, T, C] from `starts` [B] on, which may pass the end: its last step."""
    index = starts[:, None] + torch.arange(length, device=x.device)
    index = index.clamp_max(x.shape[1] - 1)
    return x.gather(1, index[..., None].expand(-1, -1, x.shape[2]))


def _held_out(data: Path, config: ModelConfig) -> TalkingClips | None:
    """The split "valid", where the corpus has one."""
    try:
        return TalkingClips(data, config, ("valid",), need_text=True)
    except TtsfError:
        return None


def _go_on_from(model: TTSF, begun: TTSF) -> None:
    """Weights of an assembled model; the vocoder may be another one."""
    weights, own = begun.state_dict(), model.state_dict()
    wrong = [k for k, v in weights.items() if k in own and own[k].shape != v.shape]
    if wrong:
        raise TtsfError(f"--start has another size than the preset: {wrong[0]}")
    model.load_state_dict({k: v for k, v in weights.items() if k in own}, strict=False)


def build(chosen: argparse.Namespace) -> Any:
    """The stage of a command line; says which losses are off."""
    config = PRESETS[chosen.preset].joint
    judges = find_judges(chosen.judges, chosen.syncnet, config, chosen.allow_missing)
    for line in judges.missing():
        print(line, flush=True)
    stage = JointStage(chosen.data, chosen.preset, judges, chosen.start, chosen.seed)
    if stage.held_out is stage.clips:
        print("no clips of the split valid: the validation is on training clips", flush=True)
    return stage


def main() -> None:
    """Command line."""
    parser = stage_parser(__doc__, steps=100_000)
    parser.add_argument("--data", type=Path, required=True, help="corpus with manifest.jsonl")
    parser.add_argument("--start", type=Path, help="model folder to go on from")
    parser.add_argument("--judges", type=Path, help="folder of downloaded judges ($TTSF_JUDGES)")
    parser.add_argument("--syncnet", type=Path, help="run folder of the SyncNet stage")
    parser.add_argument(
        "--allow-missing", action="store_true", help="train without the losses of missing judges"
    )
    run_stage(parser, build)


if __name__ == "__main__":
    main()
