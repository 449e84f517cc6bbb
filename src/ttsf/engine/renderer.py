"""Frames of one portrait from G's fields: expression, composition into the picture, stamp."""

from concurrent.futures import Future
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ttsf.compositing.expression import Expression, Warp
from ttsf.compositing.features import (
    Eye,
    Features,
    Mouth,
    find_eyes,
    find_features,
    find_mouth,
    mouth_box,
    wears_glasses,
)
from ttsf.compositing.scene import Scene
from ttsf.engine.expression import Expressions
from ttsf.engine.options import EXPRESSIVE, GenerateOptions
from ttsf.engine.stamp import Stamp
from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.model.face.warping import Window
from ttsf.model.labels import BLINK, GAIN, LABELS, OPEN, labels_to_alpha
from ttsf.model.ttsf import TTSF, SourceFaces, SpokenUtterance
from ttsf.portrait.portrait import Portrait
from ttsf.provenance.embed.payload import Payload
from ttsf.timings.words import WordTimes

TAKEN_BACK = 0.5
"""Share of a smile that a mouth takes back which is opened by a label of 1."""
OPEN_UNTIL = (4, 6)
"""Frames at the start of a video without a blink (many players show the first as its picture), and
frames after them over which blinks grow to full."""
UPRIGHT = 0.4
"""Tilt of a face, radians, beyond which G draws the lids: ours come straight down."""
LEAST_OPEN = 0.1
"""Least part of a full blink that an open eye has left."""
LIDS_FOLLOW = 0.035
"""How far the upper lids close by each degree that the eyes look down."""
SMILE, GAZE_Y, LIDS = map(Expression._fields.index, ("smile", "gaze_y", "lids"))


class Seen(NamedTuple):
    """What G's mask tells of a portrait when it shuts the eyes and opens the mouth."""

    mouth: Mouth | None
    features: Features | None
    eyes: list[Eye]
    glasses: bool
    window: Window | None
    """Where the mouth moves, for G's last scale; None if G draws lids too."""


class Renderer:
    """Draws the frames of one video; thread-safe.

    transparent: draw RGBA frames if the portrait is not opaque; set it before drawing starts.
    """

    def __init__(
        self,
        model: TTSF,
        workers: Workers,
        portrait: Portrait,
        source: SourceFaces,
        options: GenerateOptions,
        payload: Payload,
    ) -> None:
        """Raise TtsfError for an expression that the model's configuration has no rules for."""
        self.model, self.workers, self.options, self.payload = model, workers, options, payload
        self.portrait, self.source, self.transparent = portrait, source, False
        config, fps = model.config.motion.expression, model.config.video.fps
        face, ruled = model.config.face, not options.as_sampled
        self.expressions: Expressions | None = None
        """None: brows and eyes move with the head only."""
        if config is not None and ruled:
            self.expressions = Expressions(config, options, fps)
        self._seen: Future[Seen] | None = None
        if ruled and (face.teeth_by_rule or face.lids_by_rule or config is not None):
            self._seen = workers.submit(self._look)
        if config is None:
            for name in EXPRESSIVE:
                if getattr(options, name) != options._field_defaults[name]:
                    raise TtsfError(f"this model has no rules of expression; leave out {name}")

    @property
    def scene(self) -> Scene:
        """The scene; raises TtsfError for an impossible framing or size."""
        return self._made[0]

    @cached_property
    def still(self) -> np.ndarray:
        """The scene's still frame, stamped."""
        return self._stamp.on(self.scene.still)

    @torch.inference_mode()
    def posed(
        self, said: SpokenUtterance, f_m: Tensor, first: int, words: WordTimes
    ) -> tuple[Tensor, np.ndarray]:
        """Return what G draws of the head's motion, and the `Expression` of each frame, [N, 5].

        f_m: [N, S]; without its blinks if the lids are laid over the picture. An open mouth smiles
        less: its corners go up while its middle stays. first, words: see `Expressions.of`.
        """
        amounts = np.zeros((len(f_m), len(Expression._fields)), np.float32)
        if self._seen is None:
            return f_m, amounts
        codes = self.model.motion_extractor.codes()
        if self.expressions is not None:
            amounts[:, :LIDS] = self.expressions.of(said.loudness, first, words)
            opening = said.f_lip[0] @ codes[:, OPEN] / GAIN
            amounts[:, SMILE] *= 1 - TAKEN_BACK * opening.clamp(0, 1).cpu().numpy()
        if self._eyes:
            lids = codes[:, BLINK]
            own = self.source.f_m[0] @ lids / GAIN
            closing = (f_m @ lids / GAIN - own).clamp(min=0)
            f_m = f_m - GAIN * closing[:, None] * lids
            shut = (closing / (1 - own).clamp(min=LEAST_OPEN)).clamp(max=1).cpu().numpy()
            frames = np.arange(first, first + len(shut))
            shut *= ((frames - OPEN_UNTIL[0]) / OPEN_UNTIL[1]).clip(0, 1)
            followed = LIDS_FOLLOW * amounts[:, GAZE_Y].clip(0)
            amounts[:, LIDS] = shut + (1 - shut) * followed
        return f_m, amounts

    def region(
        self, flow: np.ndarray, mask: np.ndarray, drawn: np.ndarray, amounts: np.ndarray
    ) -> np.ndarray:
        """Return the scene's region in one frame, stamped: uint8 [h, w, 3 or 4].

        flow, mask, drawn: G's fields as `Scene.draw` takes them; amounts: of an `Expression`, [5].
        """
        scene, warp = self._made
        fields = (flow, mask, drawn) if warp is None else warp(flow, mask, drawn, amounts)
        pixels = scene.draw(*fields)
        scene.close_eyes(pixels, flow, float(amounts[LIDS]))
        top, left, *_ = scene.region
        return self._stamp.on(pixels, top, left)

    @cached_property
    def _stamp(self) -> Stamp:
        return Stamp(self.payload, self.scene.height, self.scene.width, self.options)

    @property
    def window(self) -> Window | None:
        """Where G's last scale refines its fields: at the mouth (None: everywhere)."""
        return None if self._seen is None else self._seen.result().window

    @property
    def _eyes(self) -> list[Eye]:
        """The eyes over which lids are laid; empty if G draws the lids."""
        return [] if self._seen is None else self._seen.result().eyes

    @cached_property
    def _made(self) -> tuple[Scene, Warp | None]:
        """The scene, and what moves brows, mouth and eyes; not to be made on a worker."""
        face, options = self.model.config.face, self.options
        seen = None if self._seen is None else self._seen.result()
        ruled = not options.as_sampled
        scene = Scene(
            self.portrait,
            options.framing,
            options.size,
            self.transparent,
            face.drawn_side,
            seen.mouth if seen is not None and face.teeth_by_rule else None,
            ruled and face.portrait_colours,
            face.sharpening if ruled else 0,
            self._eyes,
        )
        if self.expressions is None or seen is None or seen.features is None:
            return scene, None
        return scene, Warp(seen.features, face.drawn_side, seen.glasses)

    @torch.inference_mode()
    def _look(self) -> Seen:
        source, extractor = self.source, self.model.motion_extractor
        labels = source.f_m.new_zeros(1, len(LABELS))
        labels[:, OPEN] = 1
        f_lip = extractor.compose(labels_to_alpha(labels, extractor.directions.shape[1]))
        lids = extractor.codes()[:, BLINK]
        shut = source.f_m + (GAIN - source.f_m @ lids)[:, None] * lids
        f_m = torch.cat([source.f_m, shut])
        fields = self.model.fields(source, f_m, f_lip.expand(2, -1))
        down = (fields.flow[0, 1] - fields.flow[1, 1]).float().cpu().numpy()
        mask, side = fields.mask[1, 0].float().cpu().numpy(), len(down)
        features = find_features(mask)
        crop = (source.image[0].float().cpu().numpy().transpose(1, 2, 0) + 1) * 127.5
        glasses = features is not None and wears_glasses(crop, features, side)
        eyes, window = list[Eye](), None
        if self.model.config.face.lids_by_rule and features and abs(features.tilt) < UPRIGHT:
            eyes = find_eyes(mask, down * (side / 2), glasses)
            box = mouth_box(features, side)
            window = Window(*box) if eyes and not box.is_empty else None
        return Seen(find_mouth(mask), features, eyes, glasses, window)
