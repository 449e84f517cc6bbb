"""Face pre-training, Sec. 3.1: E_v, E_m and G on animated portraits with known motion.

The driving motion comes from labels, not from pixels: G learns in a few hundred steps to follow
codes, and E_m learns to read them in the source. Lip layers see the mouth's codes alone, all other
layers the head's alone, so that f_lip of the audio mapper can take over (Eq. 1).
"""

from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ttsf.config import FaceConfig
from ttsf.data.rendered_faces import FaceBatch, RenderedFaces
from ttsf.face import objectives
from ttsf.face.encoder import VisualEncoder
from ttsf.face.generator import GeneratedFace, Generator, fuse_motion
from ttsf.face.motion_extractor import MotionExtractor
from ttsf.landmarks.labels import GAIN, LABELS, head_only, labels_to_alpha, lips_only
from ttsf.presets import PRESETS
from ttsf.training.command import run_stage, stage_parser
from ttsf.training.journal import Validation, sheet
from ttsf.training.loop import to_device
from ttsf.training.schedule import warm_up_cosine

CLOSED = 0.6  # blink label from which validation counts an eye as closed


class Told(NamedTuple):
    """The source's true labels and which of them to use, both [P, 11]."""

    labels: Tensor
    known: Tensor


class FaceNet(nn.Module):
    """E_v, E_m and G together."""

    def __init__(self, config: FaceConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = VisualEncoder(config)
        self.extractor = MotionExtractor(config)
        self.generator = Generator(config)

    def forward(
        self, source: Tensor, labels: Tensor, side: int | None, told: Told | None = None
    ) -> tuple[GeneratedFace, Tensor]:
        """Draw source [P, 3, h, w] with the motion labels [P, N, 11]; also the source's codes.

        Where the source's own labels are `told`, they take the place of what E_m reads.
        """
        n, codes = labels.shape[1], self.config.motion_codes
        features = self.encoder(source)
        motion = self.extractor(features.style)
        alpha = motion.alpha
        if told is not None:
            known = labels_to_alpha(told.known, codes) / GAIN
            alpha = alpha + known * (labels_to_alpha(told.labels, codes) - alpha)
        f_id = (features.style - self.extractor.compose(alpha)).repeat_interleave(n, 0)
        flat = labels.flatten(0, 1)
        f_m = self.extractor.compose(labels_to_alpha(head_only(flat), codes))
        f_lip = self.extractor.compose(labels_to_alpha(lips_only(flat), codes))
        styles = fuse_motion(f_id, f_m, f_lip, self.config)
        skips = tuple(skip.repeat_interleave(n, 0) for skip in features.skips)
        face = self.generator(styles, skips, source.repeat_interleave(n, 0), side)
        return face, motion.alpha


class FaceStage:
    """The stage: people and targets per step, side of the drawn picture in px."""

    weights: ClassVar = {
        "rec": 1.0,
        "edge": 1.0,
        "drawn": 0.3,
        "warped": 1.0,
        "trust": 0.15,
        "flow": 20.0,
        "codes": 0.5,
        "read": 0.5,
        "rest_codes": 0.01,
    }
    mouth, reach = 25.0, 12.0  # weight of the mouth and px around it in Eq. 3
    mouth_flow = 40.0  # and in the flow: the jaw moves little, but it is what is looked at
    eyes, lids = 40.0, 8.0  # weight of the eyes in picture and flow, and px around them
    reading: ClassVar = {"blink": 12.0, "open": 6.0}  # small in the picture, but looked at
    told_share = 0.8  # of the sources whose motion is told while E_m still learns to read it

    def __init__(
        self,
        data: Path,
        valid: Path,
        preset: str,
        side: int,
        schedule_steps: int | None = None,
        people: int = 4,
        targets: int = 4,
        painter_only: bool = False,
    ) -> None:
        config = PRESETS[preset].model
        self.net = FaceNet(config.face)
        self.faces, self.held_out = RenderedFaces(data), RenderedFaces(valid)
        self.side, self.people, self.targets = side, people, targets
        self.schedule_steps = schedule_steps
        self.batches_per_epoch = -(-self.faces.people // people)
        self.size = config.video.size
        if painter_only:
            self.net.encoder.requires_grad_(False)
            self.net.extractor.requires_grad_(False)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam; the reader learns slower than the painter, or it collapses.

        The motion codes keep their random orthonormal start in this stage: up to a rotation of the
        style space, which E_v and G absorb, every orthonormal set is the same.
        """
        self.net.extractor.directions.requires_grad_(False)
        reader = [*self.net.encoder.parameters(), *self.net.extractor.mlp.parameters()]
        groups = [
            {"params": reader, "lr": 3e-4},
            {"params": list(self.net.generator.parameters()), "lr": 5e-4},
        ]
        return torch.optim.Adam(groups, betas=(0.9, 0.99))

    def learning_rate(self, step: int, steps: int) -> float:
        """Warm-up over 100 steps, then a cosine to a tenth."""
        return warm_up_cosine(step, self.schedule_steps or steps, warm_up=100, last=0.1)

    def batch(self, number: int) -> FaceBatch:
        """Random people and targets."""
        return self.faces.batch(number, 0, self.people, self.targets, self.side)

    def losses(self, batch: FaceBatch) -> dict[str, Tensor]:
        """Eq. 3's first term with a mouth weight, edges, known flow and known codes.

        "warped" and "trust" keep the portrait's own pixels outside the mouth: a blur is closer to
        the target than a sharp face a pixel off, but nobody wants to look at it.
        """
        told = torch.rand(len(batch.source), 1, device=batch.source.device) < self.told_share
        face, alpha = self.net(
            batch.source,
            batch.labels,
            self.side,
            Told(batch.source_labels, told * batch.source_known),
        )
        target = batch.target.flatten(0, 1)
        mouth = self._weight(batch.mouth, self.mouth)
        right, left = (self._weight(eye, self.eyes, self.lids) for eye in batch.eyes.unbind(2))
        eyes = right.maximum(left)
        weight = mouth.maximum(eyes)
        jaw = self._weight(batch.mouth, self.mouth_flow, self.reach).maximum(eyes)
        n = len(LABELS)
        read = self.net.extractor(self.net.encoder(batch.read.flatten(0, 1)).style).alpha
        outside = (mouth == 1).float()
        valid = batch.flow_known.repeat_interleave(batch.labels.shape[1])
        return {
            "rec": objectives.pyramid_l1(face.image, target, weight),
            "edge": objectives.gradient_l1(face.image, target, weight),
            "drawn": objectives.pyramid_l1(face.drawn, target, weight),
            "warped": objectives.pyramid_l1(face.warped, target, jaw),
            "trust": ((1 - face.mask) * outside).sum() / outside.sum(),
            "flow": objectives.flow_l1(face.flow, batch.flow.flatten(0, 1), valid, jaw),
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
        """Weighted squared error of the labels that E_m reads; [N, 11] both."""
        weight = true.new_tensor([self.reading.get(name, 1.0) for name in LABELS])
        return ((read - true).square() * weight).mean()

    def validate(self, step: int) -> Validation:
        """PSNR (whole, mouth, closed eye) against copying the source, code correlations, a sheet.

        The pictures follow the source's true labels; how well E_m reads them is measured apart.
        """
        scores: dict[str, list[float]] = {
            name: [] for name in ("psnr", "copy", "mouth", "mouth_copy", "blink", "blink_copy")
        }
        read, true, rows = [], [], []
        device = next(self.net.parameters()).device
        for i in range(10):
            batch = to_device(self.held_out.batch(i, 1, 4, 4, self.side), device)
            told = Told(batch.source_labels, batch.source_known)
            face, _ = self.net(batch.source, batch.labels, self.side, told)
            target = batch.target.flatten(0, 1)
            copy = nn.functional.interpolate(batch.source, size=self.side, mode="area")
            copy = copy.repeat_interleave(batch.labels.shape[1], 0)
            mouth = self._weight(batch.mouth, 2.0) - 1
            shut = batch.labels[..., LABELS.index("blink")].flatten() > CLOSED
            eye = self._weight(batch.eyes[:, :, 0], 2.0, self.lids) - 1
            for name, image in (("", face.image), ("copy", copy)):
                error = (image.clamp(-1, 1) - target) ** 2 / 4
                scores[name or "psnr"] += (-10 * error.mean((1, 2, 3)).log10()).tolist()
                scores[f"mouth_{name}".rstrip("_")] += _psnr_within(error, mouth)
                scores[f"blink_{name}".rstrip("_")] += _psnr_within(error[shut], eye[shut])
            seen = self.net.extractor(self.net.encoder(batch.read.flatten(0, 1)).style).alpha
            read.append(seen[:, : len(LABELS)] / GAIN)
            true.append(batch.read_labels.flatten(0, 1))
            rows.append(torch.cat([copy[:2], face.image[:2], target[:2], face.drawn[:2]]))
            rows[-1] = torch.cat([rows[-1], 2 * face.mask[:2].expand(-1, 3, -1, -1) - 1])
        figures = {k: float(np.mean(v)) for k, v in scores.items()}
        a, b = torch.cat(read), torch.cat(true)
        for name in ("yaw", "pitch", "roll", "blink", "open"):
            k = LABELS.index(name)
            pair = torch.stack([a[:, k], b[:, k]])
            figures[f"r_{name}"] = float(torch.corrcoef(pair)[0, 1])
        return Validation(figures, {"faces": sheet(rows[:8])})


def _psnr_within(error: Tensor, mask: Tensor) -> list[float]:
    """PSNR in dB of squared errors [B, 3, s, s], of a range of 1, where mask [B, 1, s, s] is 1."""
    inner = (error * mask).sum((1, 2, 3)) / (3 * mask.sum((1, 2, 3))).clamp_min(1)
    return (-10 * inner.log10()).tolist()


def main() -> None:
    """Command line of the stage."""
    parser = stage_parser(__doc__, steps=4_000)
    parser.add_argument("--data", type=Path, required=True, help="rendered training portraits")
    parser.add_argument("--valid", type=Path, required=True, help="rendered held-out portraits")
    parser.add_argument("--schedule-steps", type=int, help="length of the decay (--steps)")
    parser.add_argument("--side", type=int, default=128, help="px of the drawn picture")
    parser.add_argument("--people", type=int, default=4, help="sources in a step")
    parser.add_argument("--targets", type=int, default=4, help="pictures drawn of each source")
    parser.add_argument("--painter-only", action="store_true", help="train G, keep E_v and E_m")
    run_stage(
        parser,
        lambda a: FaceStage(
            a.data, a.valid, a.preset, a.side, a.schedule_steps, a.people, a.targets, a.painter_only
        ),
    )


if __name__ == "__main__":
    main()
