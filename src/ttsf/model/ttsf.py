"""Figure 2: speech, face and motion in one model. Knows tensors only.

portrait --E_v--> f_s --E_m--> f_m,s ; f_id = f_s - f_m,s
                                  |        |
text ids --E_t(f_id)--> f_t --durations--> upsampled f_t --D_TTS(f_id)--> mel --vocoder--> sound
                           |                  |
                           e_t, f_t, energy --audio mapper--> f_lip
                                                                |
           f_m,s + f_lip --prior--> mu --OT-CFM--> f_c --normaliser--> f_m-hat
                                                                |
           Eq. 1: f_id + f_m-hat, f_id + f_lip --> G(source's feature maps) --> frames

In training a real clip replaces what is sampled: `forward` is the joint pass; earlier stages use
the parts of it that they train.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ttsf.config import CLIP_FRAMES, ModelConfig
from ttsf.model.face.audio_mapper import AudioMapper, opened
from ttsf.model.face.encoder import VisualEncoder, VisualFeatures
from ttsf.model.face.generator import Fields, GeneratedFace, Generator, fuse_motion
from ttsf.model.face.motion_extractor import MotionExtractor
from ttsf.model.face.sound_lips import SoundLips
from ttsf.model.face.warping import Window, each
from ttsf.model.flow_matching import noise_for
from ttsf.model.labels import BLINK, GAIN, OPEN
from ttsf.model.mel import loudness
from ttsf.model.motion.normalizer import build_normalizer
from ttsf.model.motion.prior import MotionPrior, prior_nll
from ttsf.model.motion.prosody import prosodic
from ttsf.model.motion.sampler import MotionSampler
from ttsf.model.sampling import Sampling
from ttsf.model.speech.tts import SpeechFeatures, SpokenText, TextToSpeech, TtsLosses
from ttsf.model.speech.vocoder import build_vocoder

SEAM = 12  # frames over which head motion cross-fades between utterances


class SpokenUtterance(NamedTuple):
    """Speech and lip features of one utterance; N = 640 * frames."""

    samples: Tensor
    """float32 [N] in [-1, 1] at the vocoder's rate."""
    f_lip: Tensor
    """[1, frames, S]."""
    durations: Tensor
    """int64 [L]: mel frames of each symbol; the last includes the requested silence."""
    spoken: int
    """Frames before the requested silence."""
    loudness: Tensor
    """0 (silence) .. 1 (loud) of every frame: [frames]."""


class HeadMotion(NamedTuple):
    """Head motion of B sequences, and the context for continuing it."""

    f_m: Tensor
    """f_m-hat of every frame, [B, T, S]."""
    rest: Tensor
    """Continuation in silence, [B, SEAM, S]."""
    f_c: Tensor
    """The last K sampled frames, [B, K, C]; at most a training clip."""
    f_lip: Tensor
    """Lip features of the same frames, [B, K, S]."""


class KnownMotion(NamedTuple):
    """True motion of source pictures, which replaces E_m's estimate."""

    alpha: Tensor
    """Coordinates along the motion codes, [B, K]."""
    share: Tensor
    """Weight of each known coordinate, [B, K] from 0 to 1."""


class SourceFaces(NamedTuple):
    """Encoded portraits."""

    image: Tensor
    """[B, 3, size, size] in [-1, 1]."""
    features: VisualFeatures
    alpha: Tensor
    """Motion coordinates estimated by E_m, [B, K]."""
    f_m: Tensor
    """Head motion of the portraits: [B, S]."""
    f_id: Tensor
    """f_s minus all motion of the portrait: [B, S]."""


class MotionLosses(NamedTuple):
    """The motion sampler's terms of Eq. 8."""

    ae: Tensor
    prior: Tensor
    ot_cfm: Tensor


class Drawn(NamedTuple):
    """Which frames of a window G draws."""

    first: Tensor
    """int64 [B]."""
    length: int


class Reenacted(NamedTuple):
    """A pass of `forward`; K frames of each of B clips were drawn."""

    image: Tensor
    """[B K, 3, size, size]."""
    target: Tensor
    """[B K, 3, size, size]."""
    f_m: Tensor
    """Head motion of every frame of the window: [B, T, S], detached."""
    f_lip: Tensor
    """[B, T, S]."""
    tts: TtsLosses


class TTSF(nn.Module):
    """The complete model of Figure 2."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        audio, style = config.audio, config.face.style_channels
        self.speech = TextToSpeech(config.speech, audio, style, config.mel_per_video)
        self.vocoder = build_vocoder(config.vocoder, audio)
        self.face_encoder = VisualEncoder(config.face)
        self.motion_extractor = MotionExtractor(config.face)
        self.generator = Generator(config.face)
        self.audio_mapper = AudioMapper(
            config.audio_mapper,
            self.speech.embedding_channels,
            self.speech.hidden_channels,
            audio.mel_bins,
            style,
        )
        self.sound_lips: SoundLips | None = None
        if config.sound_lips is not None:
            self.sound_lips = SoundLips(config.sound_lips, audio, config.mel_per_video, style)
        self.normalizer = build_normalizer(config.motion, style)
        self.prior = MotionPrior(config.motion, style)
        self.sampler = MotionSampler(config.motion, style)

    def read_faces(self, image: Tensor, known: KnownMotion | None = None) -> SourceFaces:
        """E_v and E_m: image [B, 3, size, size] in [-1, 1]."""
        features = self.face_encoder(image)
        alpha, f_m = self.motion_extractor(features.style)
        if known is not None:
            f_m = self.motion_extractor.compose(alpha + known.share * (known.alpha - alpha))
        head = self.motion_extractor.head_part(f_m)
        return SourceFaces(image, features, alpha, head, features.style - f_m)

    def voice_style(self, faces: SourceFaces) -> Tensor:
        """Input of the voice choice: f_id, or f_s for "with motion" in Table 3; [B, S].

        A face and its mirror image are one person: with `voice_mirrored` it is the mean of both.
        """
        both = [faces]
        if self.config.speech.voice_mirrored:
            both.append(self.read_faces(faces.image.flip(-1)))
        id_only = self.config.speech.voice_from == "id"
        return torch.stack([f.f_id if id_only else f.features.style for f in both]).mean(0)

    def choose_voice(self, faces: SourceFaces) -> Tensor:
        """The voices [B, V] that the faces choose."""
        return self.speech.voice(self.voice_style(faces))

    def read_motion(self, frames: Tensor) -> Tensor:
        """f_m of driving frames [B, 3, size, size], the head's part: [B, S]."""
        motion = self.motion_extractor(self.face_encoder(frames).style)
        return self.motion_extractor.head_part(motion.feature)

    def lip_features(self, speech: SpeechFeatures) -> Tensor:
        """f_lip at 25 frames a second: [B, T_video, S]."""
        frames = speech.mu.shape[-1] // self.config.mel_per_video
        f_lip = self.audio_mapper(speech.embedding, speech.hidden, speech.mu, frames)
        return f_lip.transpose(1, 2)

    def sample_motion(
        self,
        f_m0: Tensor,
        f_lip: Tensor,
        sampling: Sampling,
        noise: torch.Generator,
        before: HeadMotion | None = None,
    ) -> HeadMotion:
        """f_m-hat of every frame: f_m0 [B, S], f_lip [B, T, S].

        With `before`, the motion continues from it: its last frames are sampled again along their
        known paths, so that prior, sampler and normaliser see them as context, and its
        continuation cross-fades into the new motion.
        """
        steps, temperature = sampling.solver(self.config.motion.flow)
        known = None if before is None else before.f_c
        begun = f_lip if before is None else torch.cat([before.f_lip, f_lip], dim=1)
        lips = torch.cat([begun, f_lip[:, -1:].expand(-1, SEAM, -1)], dim=1)
        f_c = self.sampler.sample(self.prior(f_m0, lips), steps, temperature, noise, known)
        end, start = begun.shape[1], begun.shape[1] - f_lip.shape[1]
        f_m, rest = self.normalizer.restore(f_c)[:, start:].split([end - start, SEAM], dim=1)
        if before is not None:
            n = min(SEAM, f_m.shape[1])
            share = torch.linspace(1, 0, SEAM + 2, device=f_m.device, dtype=f_m.dtype)[
                1 : n + 1, None
            ]
            f_m = torch.cat([f_m[:, :n].lerp(before.rest[:, :n], share), f_m[:, n:]], dim=1)
        return HeadMotion(f_m, rest, f_c[:, :end][:, -CLIP_FRAMES:], begun[:, -CLIP_FRAMES:])

    @torch.inference_mode()
    def scale_motion(
        self, f_m0: Tensor, f_m: Tensor, motion: float | Tensor, blinks: float
    ) -> Tensor:
        """Scale head motion f_m [B, T, S] about the portrait's own f_m0 [B, S], and its blinks.

        motion: one factor, or one for each frame, [B, T, 1].
        A model whose codes are no labels knows no blinks.
        """
        moved = f_m - f_m0[:, None]
        if not self.config.face.codes_are_labels:
            as_sampled = not isinstance(motion, Tensor) and motion == 1
            return f_m if as_sampled else f_m0[:, None] + motion * moved
        code = self.motion_extractor.codes()[:, BLINK]
        blink = (moved @ code)[..., None] * code
        return f_m0[:, None] + motion * (moved - blink) + blinks * blink

    def draw(
        self, source: SourceFaces, f_m: Tensor, f_lip: Tensor, side: int | None = None
    ) -> GeneratedFace:
        """Eq. 1 and G: n frames of each of B sources, f_m and f_lip [B n, S]; side: see G."""
        styles = fuse_motion(source.f_id, f_m, f_lip, self.config.face)
        image = each(source.image, len(f_m))
        return self.generator(styles, source.features.skips, image, side)

    def fields(
        self, source: SourceFaces, f_m: Tensor, f_lip: Tensor, window: Window | None = None
    ) -> Fields:
        """Eq. 1 and G for a picture of any size; arguments as in `draw`; window: see G."""
        styles = fuse_motion(source.f_id, f_m, f_lip, self.config.face)
        return self.generator.fields(styles, source.features.skips, window)

    def motion_losses(
        self, f_m: Tensor, f_lip: Tensor, emphasis: Tensor | None = None
    ) -> MotionLosses:
        """L_AE, L_prior (Eq. 7) and L_OT-CFM (Eq. 6) of head motion f_m; both [B, T, S].

        emphasis: directions whose error counts again in L_AE, see the normaliser.
        """
        f_c = self.normalizer.compress(f_m)
        mu = self.prior(f_m[:, 0], f_lip)
        return MotionLosses(
            self.normalizer.loss(f_m, f_c, emphasis),
            prior_nll(f_c.detach(), mu),
            self.sampler.loss(f_c.detach(), mu),
        )

    def forward(
        self, source: Tensor, frames: Tensor, speech: SpokenText, start: Tensor, drawn: Drawn
    ) -> Reenacted:
        """Joint training pass, with the driving clip's motion instead of sampled motion.

        source: [B, 3, size, size]; frames: the window [B, T, 3, size, size] that begins at frame
        `start` [B] of the utterance that `speech` holds whole.
        """
        faces = self.read_faces(source)
        tts, features = self.speech(speech, self.choose_voice(faces))
        f_lip = windows(self.lip_features(features), start, frames.shape[1])
        target = windows(frames.flatten(2), drawn.first, drawn.length)
        target = target.unflatten(2, frames.shape[2:]).flatten(0, 1)
        with torch.no_grad():
            f_m = self.read_motion(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        lips = windows(f_lip, drawn.first, drawn.length).flatten(0, 1)
        face = self.draw(faces, self.read_motion(target), lips)
        return Reenacted(face.image, target, f_m, f_lip, tts)

    @torch.inference_mode()
    def say(
        self,
        voice: Tensor,
        ids: list[int],
        sampling: Sampling,
        index: int = 0,
        silence: int = 0,
    ) -> SpokenUtterance:
        """Synthesise one utterance with a voice [1, V]; ids: its symbols, index: its number.

        silence: minimum number of silent frames at the end.
        """
        device = voice.device
        steps, temperature = sampling.solver(self.config.speech.flow)
        symbols = torch.tensor([ids], device=device)
        lengths = torch.tensor([len(ids)], device=device)
        mel_frames = self.config.mel_per_video
        features = self.speech.encode(symbols, lengths, voice, sampling.rate, silence * mel_frames)
        noise = noise_for(sampling.seed, 2 * index)
        mel = self.speech.decode(features, voice, steps, temperature, noise)
        lead = 0 if sampling.as_sampled else self.config.audio_mapper.lead
        f_lip = self.lip_features(features.ahead(lead))
        if not sampling.as_sampled:
            f_lip = self.opened(f_lip)
        count = f_lip.shape[1]
        samples = self.vocoder(mel)[0, : count * self.config.samples_per_video].clamp(-1, 1)
        spoken = count - int(features.silence[0]) // mel_frames
        loud = loudness(mel[0, :, : count * mel_frames]).view(count, mel_frames).mean(1)
        return SpokenUtterance(samples.cpu(), f_lip, features.durations[0].cpu(), spoken, loud)

    def opened(self, f_lip: Tensor) -> Tensor:
        """Scale the mouth opening in f_lip [B, T, S] as configured."""
        config = self.config.audio_mapper.opening
        if config is None:
            return f_lip
        code = self.motion_extractor.codes()[:, OPEN]
        opening = f_lip @ code / GAIN
        return f_lip + GAIN * (opened(opening, config) - opening)[..., None] * code

    @torch.inference_mode()
    def move(
        self,
        source: SourceFaces,
        said: SpokenUtterance,
        sampling: Sampling,
        index: int = 0,
        before: HeadMotion | None = None,
    ) -> HeadMotion:
        """Sample head motion for an utterance, continuing `before`; index as in `say`."""
        if sampling.still:
            held = source.f_m[:, None].expand(-1, said.f_lip.shape[1], -1)
            return HeadMotion(held, held[:, :0], held[:, :0], held[:, :0])
        noise = noise_for(sampling.seed, 2 * index + 1)
        moved = self.sample_motion(source.f_m, said.f_lip, sampling, noise, before)
        pace = self.config.motion.voice_pace
        if pace is None or sampling.as_sampled:
            return moved
        alpha = self.motion_extractor.coordinates(moved.f_m) / GAIN
        f_m = self.motion_extractor.compose(GAIN * prosodic(alpha, said.loudness, pace))
        return moved._replace(f_m=f_m)


def windows(x: Tensor, starts: Tensor, length: int) -> Tensor:
    """Cut `length` steps of x [B, T, C] from `starts` [B]; repeats the last step past the end."""
    index = starts[:, None] + torch.arange(length, device=x.device)
    index = index.clamp_max(x.shape[1] - 1)
    return x.gather(1, index[..., None].expand(-1, -1, x.shape[2]))
