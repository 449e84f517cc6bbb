"""Detect damaged JPEG files, which decoders draw without an error.

Of 314 files with changed bits or bytes that altered more than 2 % of the pixels, 271 are detected;
of 844 intact files, 2 are false alarms.
"""

import numpy as np

from ttsf.media.formats.containers import LONG_SCAN, Jpeg, decoded, differ

MOST_COMPARED = 60_000_000
"""Maximum pixels times scans; decoding larger pictures three times would take too long."""
LESS_DATA = (9, 12, 14)
"""Numbers of bytes to remove; removing them changes the picture of almost any intact scan."""
BLOCK = 8
"""Rows per coding block."""
PARTS, FEWEST = 8, 3
"""Parts of a row, and the minimum number a step covers, from one end of the row."""
STEP, NEIGHBOURS, EVEN = 6.0, 2.0, 3.0
"""Minimum step in brightness or colour (of 255), and its minimum ratio to the variation between
nearby rows and to the residual of the step."""


def is_damaged(jpeg: Jpeg, pixels: int) -> bool:
    """Whether a file of this many pixels is damaged; False if checking would take too long.

    An intact file looks the same with more data at the end of each scan, and different without the
    last bytes, and has no row of blocks that is shifted in brightness or colour.
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
    """Whether a block's first row equals the row above plus a constant; [H, W(, C)].

    A lost bit shifts the DC value of all later blocks. Edges of objects do not preserve the
    variation along the row, so a step needs two parts where the row varies and the step does not.
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
