"""The watermark's 24-bit payload as 48 signs: two words of the extended Golay code.

Any two code words differ in at least 8 of 24 signs. Decoding is soft: it compares likelihoods of
whole words, and decides no sign alone.
"""

import hashlib
from functools import cache
from typing import NamedTuple

import numpy as np

VERSION = 1
VERSIONS, NUMBERS = 2**4, 2**20
WORDS, WORD_BITS, WORD_SIGNS = 2, 12, 24
SIGNS = WORDS * WORD_SIGNS
GENERATOR = 0b110001110101
"""Generator polynomial of the cyclic 23-bit code; a parity bit is added."""


class Payload(NamedTuple):
    """Content of a watermark."""

    number: int
    """Number of the video, 0 to 2**20 - 1."""
    version: int = VERSION
    """Version of the watermark, 0 to 15."""

    @classmethod
    def of(cls, *parts: bytes) -> "Payload":
        """Derive the number from a hash of `parts`, which cannot be recovered from it."""
        digest = hashlib.sha256()
        for part in parts:
            digest.update(hashlib.sha256(part).digest())
        return cls(int.from_bytes(digest.digest()[:4], "big") % NUMBERS)

    @property
    def name(self) -> str:
        """The number as five hexadecimal digits."""
        return f"{self.number:05x}"

    def signs(self) -> np.ndarray:
        """Encode the payload as signs, float64 [48]."""
        whole = self.version * NUMBERS + self.number
        return np.concatenate([_code()[word] for word in divmod(whole, 2**WORD_BITS)])


def likelihoods(evidence: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of each code word, [2, 4096].

    evidence: half the log-likelihood ratio of each sign, +1 over -1, [48].
    """
    return evidence.reshape(WORDS, WORD_SIGNS) @ _code().T


def read(likelihoods: np.ndarray) -> tuple[Payload, float]:
    """Return the likeliest payload, and its probability given that there is a watermark."""
    words, certainty = likelihoods.argmax(1), 1.0
    for row in likelihoods:
        certainty /= np.exp(row - row.max()).sum()
    version, number = divmod(int(words[0]) * 2**WORD_BITS + int(words[1]), NUMBERS)
    return Payload(number, version), float(certainty)


@cache
def _code() -> np.ndarray:
    """Return all code words, float64 [4096, 24] of -1 and 1."""
    words = np.zeros((2**WORD_BITS, WORD_SIGNS), int)
    for message in range(2**WORD_BITS):
        product = 0
        for bit in range(WORD_BITS):
            if message >> bit & 1:
                product ^= GENERATOR << bit
        bits = [product >> bit & 1 for bit in range(WORD_SIGNS - 1)]
        words[message] = [*bits, sum(bits) % 2]
    return 1.0 - 2.0 * words
