"""Speech of a model itself, whose lips are known: what lips from sound can learn from [ours].

It says made-up words, so that all consonants meet all vowels, in mixtures of its voices.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.config import FPS
from ttsf.media.audio.source import Mono
from ttsf.model.flow_matching import noise_for
from ttsf.model.sampling import Sampling
from ttsf.model.ttsf import TTSF
from ttsf.text.front_end import TextFrontEnd

ONSETS = "b p m f v th t d s z sh ch j k g l r w y h br pl st fr tr sp sk bl gr - -"
NUCLEI = "a e i o u ee oo ay ow or er ar igh oy air"
CODAS = "- - - - m n p t b v f s l nd k sh ng mp st d z"
SYLLABLE = (ONSETS, NUCLEI, CODAS)
"""Spellings of its parts; - is none."""
SMALL_WORDS = (
    "the of and to in that is was he for it with as his on be at by had not but from have are "
    "which you they an were we been has when who will no more if out so up what its about into "
    "them can other could these then do any my our me did your because should"
)
MADE_UP, COMMA = 0.6, 0.4
"""Shares of made-up words, and of sentences with a comma in their middle."""
WORDS, SYLLABLES = (4, 12), (1, 4)
"""Ranges [low, high) of words in a sentence, and of syllables in a made-up word."""
RATES, PAUSE_FRAMES = (0.8, 1.25), (0, 10)
"""Speaking rates, and video frames of silence [low, high) after a sentence."""
ONE_VOICE, EVENNESS = 0.5, 0.5
"""Share of sentences in one voice, and how even the mixtures of the others are (Dirichlet)."""


class Said(NamedTuple):
    """A sentence that a model said."""

    samples: np.ndarray
    """float16 [N], mono, at the rate of the model's mel-spectrogram."""
    f_lip: Tensor
    """float16 [T, S]."""


@torch.inference_mode()
def own_speech(model: TTSF, seconds: float, seed: int) -> Iterator[Said]:
    """Yield sentences of a model until they last `seconds`."""
    rng, config, done = np.random.default_rng(seed), model.config, 0.0
    voices = torch.cat([model.speech.named_voice(one.name) for one in config.speech.voices])
    front_end = TextFrontEnd(config.speech)
    steps, temperature = Sampling().solver(config.speech.flow)
    while done < seconds:
        ids = front_end.ids(sentence(rng))
        share = np.eye(len(voices))[rng.integers(len(voices))]
        if rng.random() >= ONE_VOICE:
            share = rng.dirichlet(np.full(len(voices), EVENNESS))
        voice = torch.from_numpy(share.astype(np.float32))[None] @ voices
        pause = int(rng.integers(*PAUSE_FRAMES)) * config.mel_per_video
        symbols, lengths = torch.tensor([ids]), torch.tensor([len(ids)])
        features = model.speech.encode(symbols, lengths, voice, rng.uniform(*RATES), pause)
        noise = noise_for(seed, int(rng.integers(1 << 32)))
        mel = model.speech.decode(features, voice, steps, temperature, noise)
        f_lip = model.lip_features(features.ahead(config.audio_mapper.lead))[0]
        sound = model.vocoder(mel)[0, : len(f_lip) * config.samples_per_video].numpy()
        heard = Mono(config.samples_per_video * FPS, config.audio.sample_rate)
        samples = np.concatenate([heard.add(sound[:, None]), heard.end()])
        yield Said(samples.astype(np.float16), f_lip.half())
        done += len(f_lip) / FPS


def sentence(rng: np.random.Generator) -> str:
    """Return a sentence of made-up and small words."""
    words = [
        _made_up(rng) if rng.random() < MADE_UP else _one(SMALL_WORDS, rng)
        for _ in range(rng.integers(*WORDS))
    ]
    if rng.random() < COMMA:
        words[len(words) // 2 - 1] += ","
    return " ".join(words) + _one(". ? !", rng)


def _made_up(rng: np.random.Generator) -> str:
    parts = [_one(part, rng) for _ in range(rng.integers(*SYLLABLES)) for part in SYLLABLE]
    return "".join(parts).replace("-", "")


def _one(words: str, rng: np.random.Generator) -> str:
    return str(rng.choice(words.split()))
