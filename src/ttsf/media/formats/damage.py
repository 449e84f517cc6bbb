"""Whether a JPEG file was damaged: decoders draw something from any bits without a word.

Of 314 files in which a bit or some bytes were changed, and more than two hundredths of the pixels
with them, 271 are recognised; of 844 sound files 2 are.
"""

import numpy as np

from ttsf.media.formats.containers import LONG_SCAN, Jpeg, decoded, differ

MOST_COMPARED = 60_000_000
"""Pixels times scans; decoding larger pictures three times would take too long."""
LESS_DATA = (9, 12, 14)
"""Bytes that a sound scan cannot miss; that it can miss them all happens by chance to few."""
BLOCK = 8
"""Rows that are coded together."""
PARTS, FEWEST = 8, 3
"""A row is looked at in parts; a step goes through this many, from one end of the row."""
STEP, NEIGHBOURS, EVEN = 6.0, 2.0, 3.0
"""Least brightness or colour that is added at a step, of 255; and how many times more that has to
be than what changes from row to row nearby, and than what the step leaves over."""


def is_damaged(jpeg: Jpeg, pixels: int) -> bool:
    """Whether a file of this many pixels is; False where it would take too long to find out.

    A sound file looks the same with more data at the end of each scan, and different without the
    last bytes; and no row block of it is lighter or of another colour than what it continues.
    """
    if pixels * len(jpeg.scans) > MOST_COMPARED:
        return False
    read = decoded(jpeg.content)
    if _has_step(np.asarray(read)) or differ(read, decoded(jpeg.with_more())):
        return True
    if all(end - start < LONG_SCAN for start, end in jpeg.scans):
        return False
    return not any(differ(read, decoded(jpeg.with_less(count))) for count in LESS_DATA)


def _has_step(picture: np.ndarray) -> bool:
    """Whether a block's upper row repeats the row above with something added; [H, W(, C)].

    A bit that is lost shifts all blocks behind it. Horizontal edges of things do not keep what
    varies along the row: a step needs two parts in which the row varies and the step does not.
    """
    picture = picture.reshape(*picture.shape[:2], -1)
    edges = np.arange(BLOCK, len(picture) - 1, BLOCK)
    width = picture.shape[1] // PARTS

    def parts(rows: np.ndarray) -> np.ndarray:
        row = picture[rows, : PARTS * width].astype(np.int16)
        return row.reshape(len(rows), PARTS, width, -1)

    above, below = parts(edges - 1), parts(edges)
    step = np.median(below - above, 2)
    left_over = np.median(np.abs(below - above - step[:, :, None]), 2)
    before = np.abs(np.median(above - parts(edges - 2), 2))
    after = np.abs(np.median(parts(edges + 1) - below, 2))
    sudden = np.abs(step) > STEP + NEIGHBOURS * np.maximum(before, after)
    stepped = np.where(sudden & (EVEN * left_over < np.abs(step)), np.sign(step), 0)
    varies = above.std(2) > 2 * left_over + 1
    for way in (slice(None), slice(None, None, -1)):
        signs, varied = stepped[:, way], varies[:, way]
        run = np.cumprod((signs == signs[:, :1]) & (signs != 0), 1).astype(bool)
        if ((run.sum(1) >= FEWEST) & ((run & varied).sum(1) >= 2)).any():
            return True
    return False
