"""Watermark and label on the frames of a video."""

from collections.abc import Sequence

import numpy as np

from ttsf.engine.options import GenerateOptions
from ttsf.portrait.portrait import Portrait
from ttsf.provenance.embed.label import Label
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.picture import PictureMark
from ttsf.text.front_end import Utterance

READ = ("lexicon", "code")
"""Options whose effect is already in the utterances."""


class Stamp:
    """Watermark and label of one video; thread-safe."""

    def __init__(self, payload: Payload, height: int, width: int, options: GenerateOptions) -> None:
        self._mark = PictureMark(payload, height, width) if options.mark else None
        self._label = Label(height, width) if options.label else None

    def on(self, pixels: np.ndarray, top: int = 0, left: int = 0) -> np.ndarray:
        """Stamp uint8 pixels [h, w, 3 or 4] that begin at (top, left) of the frame."""
        marked = pixels if self._mark is None else self._mark.on(pixels, top, left)
        return marked if self._label is None else self._label.on(marked, top, left)


def payload_of(
    portrait: Portrait | None,
    utterances: Sequence[Utterance],
    options: GenerateOptions,
    sound: bytes | None = None,
) -> Payload:
    """Derive the watermark's number from the arguments, so that videos are reproducible.

    Only options that differ from their defaults count: a new option changes no number. sound: hash
    of a recording.
    """
    picture = b"" if portrait is None else portrait.picture.tobytes()
    place = None if portrait is None else portrait.square
    defaults = GenerateOptions()._asdict()
    chosen = {
        name: value
        for name, value in options.plain()._asdict().items()
        if name not in READ and value != defaults[name]
    }
    given = (picture, repr((place, tuple(utterances), chosen)).encode())
    return Payload.of(*given) if sound is None else Payload.of(*given, sound)
