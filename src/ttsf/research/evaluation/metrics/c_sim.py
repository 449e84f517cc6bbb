"""C-SIM, Sec. 4.1: similarity of voices, and consistency of a voice under motion (Fig. 5).

The scorer (resemblyzer) is not the paper's: compare its figures only with its own. X-vectors, from
a file of the user, are in `metrics.x_vectors`.
"""

import itertools
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ttsf.errors import MissingPackage, TtsfError
from ttsf.research.evaluation.metrics.mcd import checked
from ttsf.research.evaluation.metrics.metric import Metric, version

LEVEL = -30.0
"""dB of full scale: the RMS that resemblyzer raises quiet clips to."""
MISSING = (
    "C-SIM needs resemblyzer: pip install 'ttsf[eval]', then pip install --no-deps resemblyzer "
    "(with its dependencies it would need a compiler)"
)


class Consistency(NamedTuple):
    """Similarity of voices within people against that across people."""

    within: float
    """Mean cosine over all pairs of clips of the same person."""
    across: float
    """Mean cosine over all pairs of clips of different people."""
    margin: float
    """within - across."""
    clips: int


class Voice(NamedTuple):
    """The voice of a clip."""

    samples: np.ndarray
    embedding: np.ndarray
    """Of unit length."""
    speech: bool
    """Whether speech is heard in the clip; if not, the whole clip was embedded."""


class VoiceScorer:
    """resemblyzer's speaker encoder with its bundled weights, on the CPU; needs no network."""

    def __init__(self) -> None:
        """Raises TtsfError where resemblyzer is missing."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                from resemblyzer import VoiceEncoder, preprocess_wav
            except ImportError:
                raise MissingPackage(MISSING) from None
            self.encoder = VoiceEncoder("cpu", verbose=False)
        self.preprocess = preprocess_wav

    def embed(self, samples: np.ndarray) -> np.ndarray:
        """Embed a clip [N] as float32 [256] of unit length; raises TtsfError without speech."""
        voice = self.hear(samples)
        if not voice.speech:
            raise TtsfError("no speech is heard in the clip, so its voice cannot be compared")
        return voice.embedding

    def hear(self, samples: np.ndarray) -> Voice:
        """Embed a clip [N], even one without speech, as float32 [256].

        Raises TtsfError if it is silent.

        The level is set first, because the encoder hears loudness (cosine .89 between a clip and
        its quiet copy). Long silences are then trimmed by a voice detector that resemblyzer makes
        anew for every clip: the result depends on these samples only, never on earlier clips.
        Less than 1.6 s of speech is filled up with zeros.
        """
        wave = checked(samples)
        rms = np.sqrt(np.mean(wave**2))
        if rms < 1e-5:
            raise TtsfError("the clip is silent, so its voice cannot be compared")
        level = np.clip(wave * 10 ** (LEVEL / 20) / rms, -1, 1).astype(np.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            speech = self.preprocess(level)
            heard = speech if len(speech) else level
            embedding = _unit(self.encoder.embed_utterance(heard)).astype(np.float32)
        return Voice(samples, embedding, bool(len(speech)))


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Return the cosine of two embeddings [D]; raises TtsfError for zero or non-finite ones."""
    return float(_unit(a) @ _unit(b))


def consistency(embeddings: Mapping[str, Sequence[np.ndarray]]) -> Consistency:
    """Compare the embeddings [D] of each person's clips; every pair of clips counts once.

    Raises TtsfError for fewer than two people with a clip and where nobody has two.
    """
    people = [np.stack([_unit(clip) for clip in clips]) for clips in embeddings.values() if clips]
    if len(people) < 2:
        raise TtsfError("voice consistency needs clips of two people or more")
    if max(map(len, people)) < 2:
        raise TtsfError("voice consistency needs someone with two clips or more")
    same = [(clips @ clips.T)[np.triu_indices(len(clips), 1)] for clips in people]
    other = [(a @ b.T).ravel() for a, b in itertools.combinations(people, 2)]
    within, across = (float(np.concatenate(pairs).mean()) for pairs in (same, other))
    return Consistency(within, across, within - across, sum(map(len, people)))


def metrics() -> dict[str, Metric]:
    """C-SIM and the margin of `consistency`; raises TtsfError without resemblyzer."""
    try:
        scorer = version("resemblyzer", "webrtcvad-wheels", "librosa")
    except MissingPackage:
        raise MissingPackage(MISSING) from None
    return {
        "c_sim": Metric(
            "C-SIM",
            "higher",
            "Cosine of the speaker embeddings of a generated clip and of its reference clip, both "
            f"at {LEVEL:.0f} dBFS with long silences trimmed. Not the paper's x-vectors: the range "
            "differs, since these embeddings have no negative parts. Mean over clips.",
            scorer,
            "offline",
        ),
        "consistency": Metric(
            "voice consistency",
            "higher",
            "Mean cosine of speaker embeddings over all pairs of clips of the same person, less "
            f"that over all pairs of clips of different people; clips at {LEVEL:.0f} dBFS with "
            "long silences trimmed. Heard under five pictures of each person: of the real clip, "
            "or of our own video where there is none.",
            scorer,
            "offline",
        ),
    }


def _unit(vector: np.ndarray) -> np.ndarray:
    exact = np.asarray(vector, dtype=np.float64)
    length = np.linalg.norm(exact)
    if not 0 < length < np.inf:
        raise TtsfError("a voice embedding is zero or not finite")
    return exact / length
