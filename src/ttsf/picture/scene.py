"""A frame in which one face moves: G's fields, at 128 px, applied to the picture's own pixels.

G says where each point of the crop comes from and draws what the picture does not show (the inside
of a mouth, lids). Both are smooth at G's size, so they are enlarged; the picture is not.
"""

import cv2
import numpy as np

from ttsf.picture.box import Box
from ttsf.picture.framing import Framing, place
from ttsf.picture.ground import ground
from ttsf.picture.palette import palette
from ttsf.picture.surroundings import MARGIN, reach, smooth
from ttsf.portrait.crop import CropSquare, cut_square
from ttsf.portrait.portrait import Portrait

CELLS = 128
"""Side of the lattice on which fields are weighted: that of G's last scale."""
SHARP = (0.3, 0.7)
"""Weight of the moved picture in G's frame below which what is finer than G sees is not shown (old
lips across an open mouth), and from which on it is shown in full."""
LEAST_CHANGE = 0.5
"""Of 255: what is drawn fainter is left out."""


def scene(portrait: Portrait, framing: Framing, size: int | None = None) -> "Scene":
    """A portrait in a frame; size: its long side (None: the picture's own, at most 1080).

    Raises TtsfError for a size that cannot be.
    """
    return Scene(portrait, framing, size)


class Scene:
    """One portrait in one frame; threads may share it.

    width, height: of the frame, even. still: the frame with the face as it is in the picture, RGB
    uint8 [H, W, 3]. region: the part of it that can change, its sides even.
    """

    def __init__(self, portrait: Portrait, framing: Framing, size: int | None = None) -> None:
        picture, square = portrait.picture, portrait.square
        height, width = picture.shape[:2]
        placement = place(framing, width, height, square, size)
        self.width, self.height, scale = placement.width, placement.height, placement.scale
        self.still, self._source, source = ground(picture, framing, placement)
        left, top = placement.left + scale * square.left, placement.top + scale * square.top
        self._crop = CropSquare(left, top, scale * square.side)
        self._cell = self._crop.side / CELLS
        margin = MARGIN * self._crop.side
        around = _even_box(
            top - margin,
            left - margin,
            top + self._crop.side + margin,
            left + self._crop.side + margin,
        )
        self.region = around.within(source).within(Box(0, 0, self.height, self.width))
        others = tuple(face for face in portrait.faces if face != portrait.face)
        self._reach = reach(square, width, height, others, portrait.face, CELLS)
        self._small = cut_square(picture, square, CELLS)
        self._palette = palette(self._small)
        self._places = _places(self.region.seen_from(source))

    def draw(self, flow: np.ndarray, mask: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """The region of one frame, RGB uint8 [h, w, 3].

        flow, mask, drawn: of `ttsf.face.generator.Fields`, float32 [2 | 1 | 3, s, s].
        """
        flow, mask, drawn = (_lattice(field) for field in (flow, mask, drawn))
        pad = self._reach.pad
        offset = cv2.copyMakeBorder(flow, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        offset *= self._reach.motion * np.float32(CELLS / 2)
        places = self._enlarged(offset * np.float32(self._cell), self.region, pad)
        places += self._places
        pixels = cv2.remap(
            self._source, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        self._add_drawn(pixels, offset[pad:-pad, pad:-pad], mask, drawn)
        return pixels

    def _add_drawn(
        self, pixels: np.ndarray, offset: np.ndarray, mask: np.ndarray, drawn: np.ndarray
    ) -> None:
        """Put what G draws into the moved picture; offset: in cells, [s, s, 2].

        G's frame is seen * mask + drawn * (1 - mask), where `seen` is the moved picture at G's
        size; what of the moved picture is finer is added to it.
        """
        share = (1 - mask) * self._reach.drawn
        sharp = smooth((1 - share - SHARP[0]) / (SHARP[1] - SHARP[0]))
        seen = cv2.remap(
            self._small, offset + _IDENTITY, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.float32)
        drawn = self._palette.match((drawn.clip(-1, 1) + 1) * np.float32(127.5))
        change = (drawn - seen) * share[..., None]
        matters = (np.abs(change).max(-1) > LEAST_CHANGE) | (sharp < 1)
        if not matters.any():
            return
        box = self._around(matters)
        part = pixels[box.seen_from(self.region).pixels]
        blunt = self._enlarged(change + seen * (1 - sharp)[..., None], box)
        part[:] = (part * self._enlarged(sharp, box)[..., None] + blunt + 0.5).clip(0, 255)

    def _enlarged(self, field: np.ndarray, box: Box, pad: int = 0) -> np.ndarray:
        """A field on the lattice and `pad` cells around it, at the frame's size within `box`."""
        step = 1 / self._cell
        right = (box.left + 0.5 - self._crop.left) * step - 0.5 + pad
        down = (box.top + 0.5 - self._crop.top) * step - 0.5 + pad
        return cv2.warpAffine(
            field,
            np.array([[step, 0, right], [0, step, down]]),
            (box.right - box.left, box.bottom - box.top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def _around(self, matters: np.ndarray) -> Box:
        """What of the frame cells [s, s] touch."""
        rows, columns = np.flatnonzero(matters.any(1)), np.flatnonzero(matters.any(0))
        left, top, _ = self._crop
        return _even_box(
            top + (rows[0] - 1) * self._cell,
            left + (columns[0] - 1) * self._cell,
            top + (rows[-1] + 2) * self._cell,
            left + (columns[-1] + 2) * self._cell,
        ).within(self.region)


def _even_box(top: float, left: float, bottom: float, right: float) -> Box:
    """The least box with even sides around a rectangle."""
    even = [int(np.floor(low / 2)) * 2 for low in (top, left, -bottom, -right)]
    return Box(even[0], even[1], -even[2], -even[3])


def _lattice(field: np.ndarray) -> np.ndarray:
    """[C, s, s] to [CELLS, CELLS, C], or [CELLS, CELLS] of one channel."""
    moved = np.ascontiguousarray(field.transpose(1, 2, 0), np.float32)
    if len(moved) != CELLS:
        moved = cv2.resize(moved, (CELLS, CELLS), interpolation=cv2.INTER_LINEAR)
    return moved.squeeze(-1) if moved.shape[-1] == 1 else moved


def _places(box: Box) -> np.ndarray:
    """(x, y) of each pixel of a box, float32 [h, w, 2]."""
    x, y = np.meshgrid(np.arange(box.left, box.right), np.arange(box.top, box.bottom))
    return np.stack([x, y], -1).astype(np.float32)


_IDENTITY = _places(Box(0, 0, CELLS, CELLS))
