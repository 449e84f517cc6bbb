"""Frames of one portrait from G's fields: expression, composition into the picture, stamp."""

from functools import cached_property

import numpy as np
import torch

from ttsf.compositing.expression import Expression, Warp
from ttsf.compositing.features import find_features, find_mouth, wears_glasses
from ttsf.compositing.scene import Scene
from ttsf.engine.expression import Expressions
from ttsf.engine.options import EXPRESSIVE, GenerateOptions
from ttsf.engine.stamp import Stamp
from ttsf.engine.workers import Workers
from ttsf.errors import TtsfError
from ttsf.model.labels import BLINK, GAIN, LABELS, OPEN, labels_to_alpha
from ttsf.model.ttsf import TTSF, SourceFaces, SpokenUtterance
from ttsf.portrait.portrait import Portrait
from ttsf.provenance.embed.payload import Payload
from ttsf.timings.words import WordTimes

TAKEN_BACK = 0.5
"""Share of a smile that a mouth takes back which is opened by a label of 1."""
SMILE = Expression._fields.index("smile")


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
        self.expressions: Expressions | None = None
        """None: brows and eyes move with the head only."""
        if config is not None and not options.as_sampled:
            self.expressions = Expressions(config, options, fps)
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
    def expression(self, said: SpokenUtterance, first: int, words: WordTimes) -> np.ndarray:
        """Return the `Expression` of each frame of an utterance as `Expressions.of` does, [N, 4].

        An open mouth smiles less: its corners go up while its middle stays.
        """
        if self.expressions is None:
            return np.zeros((said.f_lip.shape[1], len(Expression._fields)), np.float32)
        amounts = self.expressions.of(said.loudness, first, words)
        opening = said.f_lip[0] @ self.model.motion_extractor.codes()[:, OPEN] / GAIN
        amounts[:, SMILE] *= 1 - TAKEN_BACK * opening.clamp(0, 1).cpu().numpy()
        return amounts

    def region(
        self, flow: np.ndarray, mask: np.ndarray, drawn: np.ndarray, amounts: np.ndarray
    ) -> np.ndarray:
        """Return the scene's region in one frame, stamped: uint8 [h, w, 3 or 4].

        flow, mask, drawn: G's fields as `Scene.draw` takes them; amounts: of an `Expression`, [4].
        """
        scene, warp = self._made
        if warp is not None:
            flow, mask, drawn = warp(flow, mask, drawn, amounts)
        top, left, *_ = scene.region
        return self._stamp.on(scene.draw(flow, mask, drawn), top, left)

    @cached_property
    def _stamp(self) -> Stamp:
        return Stamp(self.payload, self.scene.height, self.scene.width, self.options)

    @cached_property
    def _made(self) -> tuple[Scene, Warp | None]:
        """The scene, and what moves brows, mouth and eyes; not to be made on a worker."""
        face, options = self.model.config.face, self.options
        ruled = not options.as_sampled
        teeth, colours = ruled and face.teeth_by_rule, ruled and face.portrait_colours
        mask = None
        if teeth or self.expressions is not None:
            mask = self.workers.submit(self._shut_and_open).result()
        scene = Scene(
            self.portrait,
            options.framing,
            options.size,
            self.transparent,
            face.drawn_side,
            find_mouth(mask) if mask is not None and teeth else None,
            colours,
            face.sharpening if ruled else 0,
        )
        if mask is None or self.expressions is None:
            return scene, None
        features = find_features(mask)
        if features is None:
            return scene, None
        crop = (self.source.image[0].float().cpu().numpy().transpose(1, 2, 0) + 1) * 127.5
        side = face.drawn_side
        return scene, Warp(features, side, wears_glasses(crop, features, side))

    @torch.inference_mode()
    def _shut_and_open(self) -> np.ndarray:
        """Return G's mask, [side, side], which is low where it draws lids and an open mouth."""
        source, extractor = self.source, self.model.motion_extractor
        labels = source.f_m.new_zeros(1, len(LABELS))
        labels[:, OPEN] = 1
        f_lip = extractor.compose(labels_to_alpha(labels, extractor.directions.shape[1]))
        lids = extractor.codes()[:, BLINK]
        f_m = source.f_m + (GAIN - source.f_m @ lids)[:, None] * lids
        mask = self.model.fields(source, f_m, f_lip).mask
        return mask[0, 0].float().cpu().numpy()
