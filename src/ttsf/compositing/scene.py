"""Compose frames in which one face moves: apply G's fields (128 px) to the full-size picture.

G predicts where each point of the crop comes from, and draws what the picture does not show (the
inside of a mouth). Both are smooth at G's resolution, so they are enlarged; the picture is not.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from ttsf.compositing.box import Box
from ttsf.compositing.features import BELOW, Eye, Mouth
from ttsf.compositing.framing import Framing, place
from ttsf.compositing.ground import ground, uncovered
from ttsf.compositing.lattice import Lattice, middles, places
from ttsf.compositing.lids import APPEARS, Lid
from ttsf.compositing.palette import palette
from ttsf.compositing.surroundings import MARGIN, Surroundings, smoothstep
from ttsf.compositing.teeth import (
    EDGE,
    REACH,
    Row,
    brightness,
    find_row,
    hollowed,
    in_row,
    own_teeth,
    relief,
    rigid,
    shorter,
    teeth,
    unseen,
    whitened,
)
from ttsf.portrait.crop import cut_square
from ttsf.portrait.portrait import Portrait

SHARP = (0.3, 0.7)
"""Range of mask weights over which the picture's fine detail fades in. Below it, detail finer than
G's resolution (such as the closed lips across an open mouth) is suppressed."""
INSIDE = (0.7, 1.0)
"""Range of weights over which drawn pixels of a mouth count as its inside, which is sharpened and
enlarged by cubics. Elsewhere both would show specks of the photographed lips."""
AROUND = np.ones((3, 3), np.uint8)
"""Cells around one of the inside that must be drawn too: the line of shut lips is thinner."""
DETAIL = 1.2
"""Size of what is fine in G's drawing, cells; it draws mouths softer than pictures are."""
LEAST_SHARE = 0.005
"""Weight below which drawn pixels are ignored when the rectangle to draw is chosen."""


class Scene:
    """One portrait in one frame; thread-safe.

    width, height: size of the frame, even. still: the frame with the face as in the picture, RGB or
    RGBA uint8 [H, W, 3 or 4]. region: the part that can change, with even sides.
    """

    def __init__(
        self,
        portrait: Portrait,
        framing: Framing,
        size: int | None = None,
        transparent: bool = False,
        side: int = 128,
        mouth: Mouth | None = None,
        toned: bool = True,
        sharpening: float = 0.0,
        eyes: Sequence[Eye] = (),
    ) -> None:
        """size: long side of the frame, px (None: the picture's own, at most 1080).

        transparent: frames are RGBA if the portrait is not opaque. side: side of the fields, cells.
        mouth: where teeth are shown by rule. toned: adapt drawn colours to the picture's.
        sharpening: of what is drawn, see `FaceConfig`. eyes: those that `close_eyes` closes.
        Raises TtsfError for an invalid size.
        """
        picture, square = portrait.picture, portrait.square
        alpha = portrait.alpha if transparent else None
        height, width = picture.shape[:2]
        placement = place(framing, width, height, square, size)
        self.width, self.height, scale = placement.width, placement.height, placement.scale
        shown = picture if alpha is None else uncovered(picture, alpha)
        self.still, self._source, source = ground(shown, framing, placement)
        left, top = placement.left + scale * square.left, placement.top + scale * square.top
        self._lattice = Lattice(left, top, scale * square.side / side, side)
        margin = round(MARGIN * side)
        around = self._lattice.box(Box(-margin, -margin, side + margin, side + margin))
        self.region = around.within(source).within(Box(0, 0, self.height, self.width))
        self._places = places(self.region.seen_from(source))

        others = tuple(face for face in portrait.faces if face != portrait.face)
        surroundings = Surroundings(square, width, height, portrait.face, others)
        cell, (rows, columns) = self._lattice.cell, self._places.shape[:2]
        x = middles(self.region.left - placement.left, columns, round(columns / cell))
        y = middles(self.region.top - placement.top, rows, round(rows / cell))
        self._moves = surroundings.moves(x / scale, y / scale) * np.float32(cell * side / 2)
        x, y = (middles(start, square.side, side) for start in (square.left, square.top))
        self._moves_cells = surroundings.moves(x, y) * np.float32(side / 2)
        self._drawn = surroundings.drawn(x, y)
        self._cells = places(self._lattice.all)
        self._small = cut_square(picture, square, side)
        self._palette, self._mouth = palette(self._small) if toned else None, mouth
        self._sharpening = np.float32(sharpening)
        corner = self._lattice.left - source.left, self._lattice.top - source.top
        self._own = None if mouth is None else own_teeth(self._source, mouth, corner, cell, side)
        self._lids = [Lid(eye, self._source, corner, cell) for eye in eyes]

    def draw(self, flow: np.ndarray, mask: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Draw the region of one frame, RGB or RGBA uint8 [h, w, 3 or 4].

        flow, mask, drawn: see `ttsf.model.face.generator.Fields`, float32 [2 | 1 | 3, side, side].
        """
        flow, drawn = cv2.merge(tuple(flow)), cv2.merge(tuple(drawn))
        lattice, (rows, columns) = self._lattice, self._moves.shape[:2]
        offset = lattice.sampled(flow, lattice.all, self.region, columns, rows) * self._moves
        height, width = self._places.shape[:2]
        source = cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR)
        source += self._places
        pixels = _moved(self._source, source)
        self._add_drawn(pixels, source, flow, mask[0], drawn)
        return pixels

    def close_eyes(self, pixels: np.ndarray, flow: np.ndarray, closing: float) -> None:
        """Lower the lids in the region's pixels [h, w, 3 or 4], in place.

        flow: G's, [2, side, side], as for `draw`, without what turns the eyes; closing: from 0 (as
        in the picture) to 1.
        """
        if closing <= APPEARS[0]:
            return
        lattice = self._lattice
        at = self._cells + 0.5 + cv2.merge(tuple(flow)) * self._moves_cells
        for lid in self._lids:
            there = lid.cells
            corner, end = np.array(
                [[there.left, there.top], [there.right, there.bottom]], np.float32
            )
            cells = lattice.around(((at >= corner) & (at < end)).all(-1))
            if cells is None:
                continue
            box = lattice.box(cells).within(self.region)
            if box.is_empty:
                continue
            part = pixels[box.seen_from(self.region).pixels][..., :3]
            height, width = part.shape[:2]
            source = lattice.sampled(at[cells.pixels], cells, box, width, height)
            source = (source - corner) * np.float32(lid.fine) - np.float32(0.5)
            left, added = (
                cv2.remap(
                    layer, source, None, cv2.INTER_LINEAR, None, cv2.BORDER_CONSTANT, (outside,) * 3
                )
                for layer, outside in zip(lid.shut(closing), (1, 0), strict=True)
            )
            part[:] = cv2.add(part * left[..., None], added, dtype=cv2.CV_8U)

    def _add_drawn(
        self,
        pixels: np.ndarray,
        source: np.ndarray,
        flow: np.ndarray,
        mask: np.ndarray,
        drawn: np.ndarray,
    ) -> None:
        """Blend what G draws into the warped picture.

        G's frame is seen * mask + drawn * (1 - mask), where `seen` is the picture warped at G's
        resolution; the finer detail of the warped picture is added.
        """
        share = (1 - mask) * self._drawn
        cells = self._lattice.around(share > LEAST_SHARE)
        if cells is None:
            return
        share, drawn = share[cells.pixels][..., None], drawn[cells.pixels]
        offset = flow[cells.pixels] * self._moves_cells[cells.pixels]
        at = self._cells[cells.pixels] + offset
        seen = _moved(self._small, at)
        inside = cv2.erode(smoothstep(*INSIDE, share[..., 0]), AROUND)[..., None]
        inside[: max(round(BELOW * self._lattice.side) - cells.top, 0)] = 0
        drawn = self._developed(drawn, inside)
        if self._mouth is not None:
            skin = float(np.median(brightness(seen)))
            found = teeth(drawn, skin)
            if self._own is None:
                found = unseen(found, share[..., 0])
                drawn = whitened(drawn, found, skin)
            else:
                whole = rigid(at)
                own = whole * _moved(self._own.cells, at)
                drawn = hollowed(drawn, unseen(found, share[..., 0]), own, skin)
                found *= whole
        kept = smoothstep(*SHARP, 1 - share)
        blunt = drawn * share + seen * (1 - share - kept)
        if pixels.shape[-1] == 4:
            blunt = np.dstack([blunt, 255 * (1 - kept)])  # drawn pixels are opaque
        box = self._lattice.box(cells).within(self.region)
        part = pixels[box.seen_from(self.region).pixels]
        height, width, channels = part.shape
        sampled = self._lattice.sampled(blunt, cells, box, width, height)
        if self._sharpening and inside.any():
            smooth = self._lattice.sampled(blunt, cells, box, width, height, cv2.INTER_CUBIC)
            weight = self._lattice.sampled(inside, cells, box, width, height)
            sampled += weight[..., None] * (smooth - sampled)
        if self._mouth is not None and self._own is None:
            row = find_row(drawn, found, share[..., 0], offset[..., 0])
            if row is not None:
                self._shape_teeth(self._mouth, sampled[..., :3], row, cells, box)
        kept = cv2.merge([self._lattice.sampled(kept, cells, box, width, height)] * channels)
        if self._own is not None:
            own = self._own.moved(source[box.seen_from(self.region).pixels])
            own *= self._lattice.sampled(found, cells, box, width, height)
            sampled += own[..., None] * (part * (1 - kept) - sampled)
        # rounds, and stays within 0 to 255
        part[:] = cv2.add(part * kept, sampled, dtype=cv2.CV_8U)

    def _developed(self, drawn: np.ndarray, inside: np.ndarray) -> np.ndarray:
        """Return what G draws sharpened `inside`, in the picture's colours, of 255: [h, w, 3]."""
        if self._sharpening:
            detail = drawn - cv2.GaussianBlur(drawn, (0, 0), DETAIL)
            drawn = drawn + self._sharpening * inside * detail
        drawn = (drawn.clip(-1, 1) + 1) * np.float32(127.5)
        return drawn if self._palette is None else self._palette.match(drawn)

    def _shape_teeth(
        self, mouth: Mouth, pixels: np.ndarray, row: Row, cells: Box, box: Box
    ) -> None:
        """Part the drawn teeth of some cells, and end them, in the pixels [h, w, 3] of a box."""
        lattice, cell = self._lattice, self._lattice.cell
        everywhere = np.zeros((lattice.side, lattice.side), np.float32)
        everywhere[cells.pixels] = row.found
        part = lattice.around(everywhere > LEAST_SHARE)
        assert part is not None  # there are teeth, or there would be no row
        there = lattice.box(part).within(box)
        shown = pixels[there.seen_from(box).pixels]
        height, width = shown.shape[:2]
        x = middles((there.left - lattice.left) / cell, width / cell, width)
        y = middles((there.top - lattice.top) / cell, height / cell, height)
        columns = x - cells.left - 0.5
        x = x + np.interp(columns, np.arange(len(row.offset)), row.offset)
        weight = lattice.sampled(row.found, cells, there, width, height)
        place = in_row(mouth, x, y)
        shade = relief(place)[..., None]
        shown *= 1 + weight[..., None] * (shade - 1)
        if row.ends is None:
            return
        line = cells.top + np.interp(columns, np.arange(len(row.ends.line)), row.ends.line)
        below = (y[:, None] - line).astype(np.float32)
        tooth = smoothstep(EDGE, -EDGE, below + shorter(mouth, place))[..., None]
        whole, hollow, weight = (
            lattice.sampled(field, cells, there, width, height) for field in row.ends[1:]
        )
        weight *= smoothstep(*REACH, np.abs(below))
        shown += weight[..., None] * (hollow + tooth * (whole * shade - hollow) - shown)


def _moved(picture: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Sample a picture at (x, y) in pixels: [h, w, 2] -> [h, w, C]; edges are repeated."""
    return cv2.remap(picture, source, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
