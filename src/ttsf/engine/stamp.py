"""What is laid over the frames of a video to say that it was made."""

from collections.abc import Sequence

import numpy as np

from ttsf.engine.options import NO_LEXICON, GenerateOptions
from ttsf.portrait.portrait import Portrait
from ttsf.provenance.embed.label import Label
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.picture import PictureMark
from ttsf.text.front_end import Utterance


class Stamp:
    """The mark and the label of one video; threads may share it."""

    def __init__(self, payload: Payload, height: int, width: int, options: GenerateOptions) -> None:
        self._mark = PictureMark(payload, height, width) if options.mark else None
        self._label = Label(height, width) if options.label else None

    def on(self, pixels: np.ndarray, top: int = 0, left: int = 0) -> np.ndarray:
        """Uint8 [h, w, 3 or 4], which lies here in the frame, with both where they are wanted."""
        marked = pixels if self._mark is None else self._mark.on(pixels, top, left)
        return marked if self._label is None else self._label.on(marked, top, left)


def payload_of(
    portrait: Portrait | None, utterances: Sequence[Utterance], options: GenerateOptions
) -> Payload:
    """The same arguments give the same number, so that a video can be made again bit by bit."""
    picture = b"" if portrait is None else portrait.picture.tobytes()
    place = None if portrait is None else portrait.square
    chosen = options.plain()._replace(lexicon=NO_LEXICON)  # its effect is in the utterances
    return Payload.of(picture, repr((place, tuple(utterances), chosen)).encode())
