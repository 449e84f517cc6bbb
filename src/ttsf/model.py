"""Figure 2: speech, face and motion in one model. Knows tensors only; files are the pipeline's.

portrait --E_v--> f_s --E_m--> f_m,s ; f_id = f_s - f_m,s
                                  |        |
text ids --E_t(f_id)--> f_t --durations--> upsampled f_t --D_TTS(f_id)--> mel --vocoder--> sound
                           |                  |
                           e_t, f_t, energy --audio mapper--> f_lip
                                                                |
           f_m,s + f_lip --prior--> mu --OT-CFM--> f_c --normaliser--> f_m-hat
                                                                |
           Eq. 1: f_id + f_m-hat, f_id + f_lip --> G(source's feature maps) --> frames

Training puts a real clip in the place of what is sampled: `forward` is the joint pass, and the
stages before it use the parts of the walk that they train.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ttsf.config import FlowMatchingConfig, ModelConfig
from ttsf.face.audio_mapper import AudioMapper
from ttsf.face.encoder import VisualEncoder, VisualFeatures
from ttsf.face.generator import Fields, GeneratedFace, Generator, fuse_motion
from ttsf.face.motion_extractor import MotionExtractor
from ttsf.motion.normalizer import build_normalizer
from ttsf.motion.prior import MotionPrior, prior_nll
from ttsf.motion.sampler import MotionSampler
from ttsf.speech.tts import SpeechFeatures, SpokenText, TextToSpeech, TtsLosses
from ttsf.speech.vocoder import build_vocoder

FRAMES_PER_BATCH = 4  # drawn at once; more falls out of the processor's caches


class GenerateOptions(NamedTuple):
    """What a user may choose for one video."""

    seed: int = 0
    steps: int | None = None
    """Euler steps of speech and motion (None: the configuration's)."""
    temperature: float | None = None
    """Standard deviation of the starting noise (None: the configuration's)."""
    rate: float = 1.0
    """Speaking rate; 2 is twice as fast."""
    still: bool = False
    """Keep the portrait's own head pose and eyes."""

    def solver(self, flow: FlowMatchingConfig) -> tuple[int, float]:
        """Steps and temperature."""
        temperature = flow.temperature if self.temperature is None else self.temperature
        return self.steps or flow.steps, temperature


class Generated(NamedTuple):
    """Speech and frames of one length: N = 640 frame_count."""

    samples: Tensor
    """float32 [N] in [-1, 1], 16 kHz."""
    frame_count: int
    frames: Iterator[Tensor]
    """uint8 [n, size, size, 3] batches in order, drawn as they are asked for."""
    durations: Tensor
    """int64 [L]: mel frames of each symbol."""


class KnownMotion(NamedTuple):
    """True motion of source pictures, which takes the place of what E_m reads."""

    alpha: Tensor
    """Coordinates along the motion codes, [B, K]."""
    share: Tensor
    """How far each is known, [B, K] from 0 to 1."""


class SourceFaces(NamedTuple):
    """Portraits as the model sees them."""

    image: Tensor
    """[B, 3, size, size] in [-1, 1]."""
    features: VisualFeatures
    alpha: Tensor
    """Motion coordinates that E_m reads, [B, K]."""
    f_m: Tensor
    """The portraits' own head motion: [B, S]."""
    f_id: Tensor
    """f_s less all of a portrait's motion: [B, S]."""
    voice_style: Tensor
    """What chooses the voice: f_id, or f_s in the comparison "with motion" of Table 3; [B, S]."""


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
    """The whole model of Figure 2, at the size its configuration says."""

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
        f_id = features.style - f_m
        voice = f_id if self.config.speech.voice_from == "id" else features.style
        return SourceFaces(image, features, alpha, head, f_id, voice)

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
        self, f_m0: Tensor, f_lip: Tensor, options: GenerateOptions, noise: torch.Generator
    ) -> Tensor:
        """f_m-hat of every frame: f_m0 [B, S], f_lip [B, T, S] -> [B, T, S]."""
        if options.still:
            return f_m0[:, None].expand(-1, f_lip.shape[1], -1)
        steps, temperature = options.solver(self.config.motion.flow)
        mu = self.prior(f_m0, f_lip)
        return self.normalizer.restore(self.sampler.sample(mu, steps, temperature, noise))

    def draw(
        self, source: SourceFaces, f_m: Tensor, f_lip: Tensor, side: int | None = None
    ) -> GeneratedFace:
        """Eq. 1 and G: n frames of each of B sources, f_m and f_lip [B n, S]; side: see G."""
        n = len(f_m) // len(source.image)
        styles = fuse_motion(_each(source.f_id, n), f_m, f_lip, self.config.face)
        return self.generator(styles, source.features.skips, _each(source.image, n), side)

    def fields(self, source: SourceFaces, f_m: Tensor, f_lip: Tensor) -> Fields:
        """Eq. 1 and G for a picture of any size; arguments as in `draw`."""
        n = len(f_m) // len(source.image)
        styles = fuse_motion(_each(source.f_id, n), f_m, f_lip, self.config.face)
        return self.generator.fields(styles, source.features.skips)

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
        """Joint training's pass: the driving clip's motion in the place of the sampled motion.

        source: [B, 3, size, size]; frames: the window [B, T, 3, size, size] that begins at frame
        `start` [B] of the utterance that `speech` holds whole.
        """
        faces = self.read_faces(source)
        tts, features = self.speech(speech, self.speech.voice(faces.voice_style))
        f_lip = windows(self.lip_features(features), start, frames.shape[1])
        target = windows(frames.flatten(2), drawn.first, drawn.length)
        target = target.unflatten(2, frames.shape[2:]).flatten(0, 1)
        with torch.no_grad():
            f_m = self.read_motion(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        lips = windows(f_lip, drawn.first, drawn.length).flatten(0, 1)
        face = self.draw(faces, self.read_motion(target), lips)
        return Reenacted(face.image, target, f_m, f_lip, tts)

    @torch.inference_mode()
    def generate(self, source: SourceFaces, ids: list[int], options: GenerateOptions) -> Generated:
        """One portrait speaks one text; ids: the text's symbols.

        Speech is complete on return; frames are drawn while `frames` is read. Speech and motion
        take their noise from separate generators, both from the seed.
        """
        device = source.image.device
        steps, temperature = options.solver(self.config.speech.flow)
        voice = self.speech.voice(source.voice_style)
        symbols = torch.tensor([ids], device=device)
        lengths = torch.tensor([len(ids)], device=device)
        features = self.speech.encode(symbols, lengths, voice, options.rate)
        noise = torch.Generator().manual_seed(options.seed)
        mel = self.speech.decode(features, voice, steps, temperature, noise)
        f_lip = self.lip_features(features)
        count = f_lip.shape[1]
        samples = self.vocoder(mel)[0, : count * self.config.samples_per_video].clamp(-1, 1)
        noise = torch.Generator().manual_seed(options.seed + 2**32)
        f_m = self.sample_motion(source.f_m, f_lip, options, noise)
        frames = self._frames(source, f_m[0], f_lip[0])
        return Generated(samples.cpu(), count, frames, features.durations[0].cpu())

    def _frames(self, source: SourceFaces, f_m: Tensor, f_lip: Tensor) -> Iterator[Tensor]:
        for start in range(0, f_m.shape[0], FRAMES_PER_BATCH):
            part = slice(start, start + FRAMES_PER_BATCH)
            with torch.inference_mode():  # left before the caller goes on, whose mode it would be
                image = self.draw(source, f_m[part], f_lip[part]).image
                pixels = ((image.clamp(-1, 1) + 1) * 127.5).round().byte()
                batch = pixels.permute(0, 2, 3, 1).contiguous().cpu()
            yield batch


def windows(x: Tensor, starts: Tensor, length: int) -> Tensor:
    """`length` steps of x [B, T, C] from `starts` [B] on; past the end, its last step."""
    index = starts[:, None] + torch.arange(length, device=x.device)
    index = index.clamp_max(x.shape[1] - 1)
    return x.gather(1, index[..., None].expand(-1, -1, x.shape[2]))


def _each(x: Tensor, n: int) -> Tensor:
    """Every item of [B, ...] n times in a row; a single one is not copied."""
    return x.expand(n, *x.shape[1:]) if len(x) == 1 else x.repeat_interleave(n, 0)
