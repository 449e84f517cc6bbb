"""Figure 2: speech, face and motion in one model. Knows tensors only; files are the pipeline's.

portrait --E_v--> f_s --E_m--> f_m,s ; f_id = f_s - f_m,s
                                  |        |
text ids --E_t(f_id)--> f_t --durations--> upsampled f_t --D_TTS(f_id)--> mel --vocoder--> sound
                           |                  |
                           e_t, f_t, energy --audio mapper--> f_lip
                                                                |
           f_m,s + f_lip --prior--> mu --OT-CFM--> f_c --normaliser--> f_m-hat
                                                                |
           Eq. 1: f_id + f_m-hat, f_id + f_lip --> G(source's feature maps) --> pictures
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ttsf.config import ModelConfig
from ttsf.face.audio_mapper import AudioMapper
from ttsf.face.encoder import VisualEncoder, VisualFeatures
from ttsf.face.generator import Generator, fuse_motion
from ttsf.face.motion_extractor import MotionExtractor
from ttsf.motion.normalizer import build_normalizer
from ttsf.motion.prior import MotionPrior
from ttsf.motion.sampler import MotionSampler
from ttsf.speech.tts import SpeechFeatures, TextToSpeech
from ttsf.speech.vocoder import build_vocoder

FRAMES_PER_BATCH = 4  # pictures drawn at once; more falls out of the processor's caches


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


class Generated(NamedTuple):
    """Speech and pictures of one length: N = 640 frame_count."""

    samples: Tensor
    """float32 [N] in [-1, 1], 16 kHz."""
    frame_count: int
    frames: Iterator[Tensor]
    """uint8 [n, size, size, 3] batches in order, drawn as they are asked for."""


class SourceFace(NamedTuple):
    """A portrait as the model sees it."""

    image: Tensor
    """[1, 3, size, size] in [-1, 1]."""
    features: VisualFeatures
    f_m: Tensor
    """The portrait's own head motion: [1, S]."""
    f_id: Tensor
    """f_s less all of the portrait's motion: [1, S]."""
    voice_style: Tensor
    """What chooses the voice: f_id, or f_s in the comparison "with motion" of Table 3."""


class TTSF(nn.Module):
    """The whole model of Figure 2, at the size its configuration says."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        audio, style = config.audio, config.face.style_channels
        self.speech = TextToSpeech(
            config.speech,
            audio.mel_bins,
            style,
            config.mel_per_video,
            audio.mel_mean,
            audio.mel_std,
        )
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

    def read_portrait(self, image: Tensor) -> SourceFace:
        """image: [3, size, size] in [-1, 1]."""
        features = self.face_encoder(image[None])
        f_m = self.motion_extractor(features.style).feature
        head = self.motion_extractor.head_part(f_m)
        f_id = features.style - f_m
        voice = f_id if self.config.speech.voice_from == "id" else features.style
        return SourceFace(image[None], features, head, f_id, voice)

    def lip_features(self, speech: SpeechFeatures) -> Tensor:
        """f_lip at 25 pictures a second: [B, T_video, S]."""
        frames = speech.mu.shape[-1] // self.config.mel_per_video
        f_lip = self.audio_mapper(speech.embedding, speech.hidden, speech.mu, frames)
        return f_lip.transpose(1, 2)

    def head_motion(
        self, f_m0: Tensor, f_lip: Tensor, options: GenerateOptions, generator: torch.Generator
    ) -> Tensor:
        """f_m-hat for every picture: f_m0 [1, S], f_lip [1, T, S] -> [1, T, S]."""
        if options.still:
            return f_m0[:, None].expand(-1, f_lip.shape[1], -1)
        flow = self.config.motion.flow
        steps = options.steps or flow.steps
        temperature = flow.temperature if options.temperature is None else options.temperature
        mu = self.prior(f_m0, f_lip)
        return self.normalizer.restore(self.sampler.sample(mu, steps, temperature, generator))

    def draw(self, source: SourceFace, f_m: Tensor, f_lip: Tensor) -> Tensor:
        """G for n pictures: f_m, f_lip [n, S] -> uint8 [n, size, size, 3]."""
        n = f_m.shape[0]
        styles = fuse_motion(source.f_id.expand(n, -1), f_m, f_lip, self.config.face)
        skips = tuple(skip.expand(n, -1, -1, -1) for skip in source.features.skips)
        face = self.generator(styles, skips, source.image.expand(n, -1, -1, -1))
        pixels = (face.image.clamp(-1, 1) + 1) * 127.5
        return pixels.round().byte().permute(0, 2, 3, 1).contiguous()

    @torch.inference_mode()
    def generate(self, portrait: Tensor, ids: list[int], options: GenerateOptions) -> Generated:
        """portrait: [3, size, size] in [-1, 1]; ids: symbols of the text.

        Speech is complete on return; pictures are drawn while `frames` is read. Speech and motion
        take their noise from separate generators, both from the seed.
        """
        device = next(self.parameters()).device
        source = self.read_portrait(portrait.to(device))
        flow = self.config.speech.flow
        steps = options.steps or flow.steps
        temperature = flow.temperature if options.temperature is None else options.temperature
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
        f_m = self.head_motion(source.f_m, f_lip, options, noise)
        return Generated(samples.cpu(), count, self._frames(source, f_m[0], f_lip[0]))

    def _frames(self, source: SourceFace, f_m: Tensor, f_lip: Tensor) -> Iterator[Tensor]:
        for start in range(0, f_m.shape[0], FRAMES_PER_BATCH):
            part = slice(start, start + FRAMES_PER_BATCH)
            with torch.inference_mode():
                yield self.draw(source, f_m[part], f_lip[part]).cpu()
