"""Face pre-training, Sec. 3.1: E_v, E_m and G on animated portraits with known motion.

The driving motion comes from labels, not from pixels: G learns in a few hundred steps to follow
codes, and E_m learns to estimate them from the source. Lip layers see the mouth's codes alone, all
other
layers the head's alone, so that f_lip of the audio mapper can take over (Eq. 1).
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.model.face import objectives
from ttsf.model.face.generator import GeneratedFace
from ttsf.model.labels import GAIN, LABELS, head_only, labels_to_alpha, lips_only
from ttsf.model.ttsf import TTSF, KnownMotion
from ttsf.research.data.rendered_faces import FaceBatch, RenderedFaces
from ttsf.research.presets import Preset
from ttsf.research.training.journal import Validation, sheet
from ttsf.research.training.parts import FACE, Parts, load_parts
from ttsf.research.training.schedule import warm_up_cosine
from ttsf.research.training.settings import FaceOptions

CLOSED = 0.6  # blink label from which validation counts an eye as closed


class FaceStage:
    """The stage for `training.loop.train`."""

    def __init__(self, options: FaceOptions, preset: Preset) -> None:
        self.config = preset.model
        self.training = preset.face
        self.side, self.size = self.training.side, preset.model.video.size
        self.weights = asdict(preset.face.loss)
        self.faces, self.held_out = RenderedFaces(options.data), RenderedFaces(options.valid)
        self.batches_per_epoch = -(-self.faces.people // self.training.people)
        self.model = TTSF(self.config)
        if options.warm_start is not None:
            load_parts(self.model, options.warm_start, FACE)
        self.net = Parts(self.model, FACE)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam; E_v and E_m learn slower than G, or they collapse.

        The motion codes keep their random orthonormal initialisation in this stage: up to a
        rotation of the style space, which E_v and G absorb, all orthonormal sets are equivalent.
        """
        model, t = self.model, self.training
        model.motion_extractor.directions.requires_grad_(False)
        reading = [*model.face_encoder.parameters(), *model.motion_extractor.mlp.parameters()]
        groups = [
            {"params": reading, "lr": t.encoder_rate},
            {"params": list(model.generator.parameters()), "lr": t.generator_rate},
        ]
        return torch.optim.Adam(groups, betas=t.betas)

    def learning_rate(self, step: int, steps: int) -> float:
        """Warm-up, then a cosine."""
        t = self.training
        return warm_up_cosine(step, steps, t.warm_up, t.last_rate)

    def batch(self, number: int) -> FaceBatch:
        """Return random people and targets."""
        return self.faces.batch(number, 0, self.training.people, self.training.targets, self.side)

    def _draw(self, batch: FaceBatch, known: Tensor) -> tuple[GeneratedFace, Tensor]:
        """Draw the sources with the targets' motion; also return the sources' codes by E_m.

        known [P, 11]: which source labels replace E_m's estimates.
        """
        codes, compose = self.config.face.motion_codes, self.model.motion_extractor.compose
        alpha, share = (labels_to_alpha(x, codes) for x in (batch.source_labels, known))
        faces = self.model.read_faces(batch.source, KnownMotion(alpha, share / GAIN))
        flat = batch.labels.flatten(0, 1)
        f_m = compose(labels_to_alpha(head_only(flat), codes))
        f_lip = compose(labels_to_alpha(lips_only(flat), codes))
        return self.model.draw(faces, f_m, f_lip, self.side), faces.alpha

    def losses(self, batch: FaceBatch) -> dict[str, Tensor]:
        """Return Eq. 3's first term with a mouth weight, and losses of edges, flow and codes.

        "warped" and "trust" keep the portrait's own pixels outside the mouth: without them G
        prefers a blur, whose L1 is lower than that of a sharp face a pixel off.
        """
        t, frames = self.training, batch.labels.shape[1]
        given = torch.rand(len(batch.source), 1, device=batch.source.device) < t.known_share
        face, alpha = self._draw(batch, given * batch.source_known)
        target = batch.target.flatten(0, 1)
        mouth = self._weight(batch.mouth, t.mouth)
        right, left = (self._weight(eye, t.eyes, t.eyes_reach) for eye in batch.eyes.unbind(2))
        eyes = right.maximum(left)
        weight = mouth.maximum(eyes)
        jaw = self._weight(batch.mouth, t.mouth_flow, t.mouth_reach).maximum(eyes)
        outside = (mouth == 1).float()
        valid = batch.flow_known.repeat_interleave(frames)
        return {
            "rec": objectives.pyramid_l1(face.image, target, weight),
            "edge": objectives.gradient_l1(face.image, target, weight),
            "drawn": objectives.pyramid_l1(face.drawn, target, weight),
            "warped": objectives.pyramid_l1(face.warped, target, jaw),
            "trust": ((1 - face.mask) * outside).sum() / outside.sum(),
            "flow": objectives.flow_l1(face.flow, batch.flow.flatten(0, 1), valid, jaw),
        } | self._reading_losses(batch, alpha)

    def _reading_losses(self, batch: FaceBatch, alpha: Tensor) -> dict[str, Tensor]:
        """Return the losses of E_m on the sources, alpha [P, K], and on further frames."""
        n = len(LABELS)
        read = self.model.read_faces(batch.read.flatten(0, 1)).alpha
        return {
            "codes": objectives.code_mse(
                alpha[:, :n] / GAIN, batch.source_labels, batch.source_known
            ),
            "read": self._reading_error(read[:, :n] / GAIN, batch.read_labels.flatten(0, 1)),
            "rest_codes": alpha[:, n:].square().mean(),
        }

    def _weight(self, boxes: Tensor, weight: float, reach: float = 0) -> Tensor:
        """`box_weight` of boxes [P, N, 4] at the drawn side: [P * N, 1, side, side]."""
        return objectives.box_weight(boxes.flatten(0, 1), self.side, self.size, weight, reach)

    def _reading_error(self, read: Tensor, true: Tensor) -> Tensor:
        """Return the weighted squared error of E_m's labels; both [N, 11]."""
        small = {"blink": self.training.read_blink, "open": self.training.read_open}
        weight = true.new_tensor([small.get(name, 1.0) for name in LABELS])
        return ((read - true).square() * weight).mean()

    def held_out_batches(self) -> Iterator[FaceBatch]:
        """Yield ten batches of four held-out people."""
        for i in range(10):
            yield self.held_out.batch(i, 1, 4, 4, self.side)

    def validate(self, step: int, batches: Iterable[FaceBatch]) -> Validation:
        """Measure PSNR (whole, mouth, closed eye) against a copy of the source, and correlations.

        Pictures use the source's true labels; E_m's accuracy is measured separately.
        """
        scores: dict[str, list[float]] = {
            name: [] for name in ("psnr", "copy", "mouth", "mouth_copy", "blink", "blink_copy")
        }
        read, true, rows = [], [], []
        for batch in batches:
            face, _ = self._draw(batch, batch.source_known)
            target = batch.target.flatten(0, 1)
            copy = nn.functional.interpolate(batch.source, size=self.side, mode="area")
            copy = copy.repeat_interleave(batch.labels.shape[1], 0)
            mouth = self._weight(batch.mouth, 2.0) - 1
            shut = batch.labels[..., LABELS.index("blink")].flatten() > CLOSED
            eye = self._weight(batch.eyes[:, :, 0], 2.0, self.training.eyes_reach) - 1
            for name, image in (("", face.image), ("copy", copy)):
                error = (image.clamp(-1, 1) - target) ** 2 / 4
                scores[name or "psnr"] += (-10 * error.mean((1, 2, 3)).log10()).tolist()
                scores[f"mouth_{name}".rstrip("_")] += _psnr_within(error, mouth)
                eyes = zip(_psnr_within(error, eye), shut.tolist(), strict=True)
                scores[f"blink_{name}".rstrip("_")] += [psnr for psnr, is_shut in eyes if is_shut]
            seen = self.model.read_faces(batch.read.flatten(0, 1)).alpha
            read.append(seen[:, : len(LABELS)] / GAIN)
            true.append(batch.read_labels.flatten(0, 1))
            rows.append(torch.cat([copy[:2], face.image[:2], target[:2], face.drawn[:2]]))
            rows[-1] = torch.cat([rows[-1], 2 * face.mask[:2].expand(-1, 3, -1, -1) - 1])
        figures = {k: float(np.mean(v)) for k, v in scores.items()}
        a, b = torch.cat(read).cpu(), torch.cat(true).cpu()
        for name in ("yaw", "pitch", "roll", "blink", "open"):
            k = LABELS.index(name)
            pair = torch.stack([a[:, k], b[:, k]])
            figures[f"r_{name}"] = float(torch.corrcoef(pair)[0, 1])
        return Validation(figures, {"faces": sheet(rows[:8])})


def _psnr_within(error: Tensor, mask: Tensor) -> list[float]:
    """Return PSNR in dB within mask [B, 1, s, s] of squared errors [B, 3, s, s] (range 1)."""
    inner = (error * mask).sum((1, 2, 3)) / (3 * mask.sum((1, 2, 3))).clamp_min(1)
    return (-10 * inner.log10()).tolist()
