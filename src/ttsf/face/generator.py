"""G and Eq. 1, Sec. 3.1: a StyleGAN-styled generator that warps the source's feature maps.

Follows LIA's layout of styles: with n scales from 4 px there are 2n styles; the convolution at 4 px
takes style 0, the scale number k takes 2k-1 and 2k for its two convolutions and 2k+1 for its flow.
Unlike LIA there is no blur, activations are modulated instead of weights (the same function), and
grids sit on pixel centres so that zero flow is an exact identity.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import FaceConfig
from ttsf.face.encoder import SLOPE

MASK_BIAS = 2.0  # the warped picture starts with weight sigmoid(2) = .88


class GeneratedFace(NamedTuple):
    """A drawn picture and how it was made; s is the side of the last scale drawn."""

    image: Tensor
    """[B, 3, s, s], about [-1, 1]."""
    flow: Tensor
    """Where each pixel reads the source, as sampling grid [B, s, s, 2] in [-1, 1]."""
    mask: Tensor
    """[B, 1, s, s]: weight of the warped source picture; zero where rgb_path = "features"."""
    drawn: Tensor
    """[B, 3, s, s]: the part of the picture that came from features alone."""
    warped: Tensor
    """[B, 3, s, s]: the source picture moved by the flow."""


class Fields(NamedTuple):
    """What G adds to a picture of any size; s is the side of the last scale, x goes before y.

    The frame is warped(picture, identity + flow) * mask + drawn * (1 - mask) within the crop.
    """

    flow: Tensor
    """[B, 2, s, s]: offset of the sampling position, in (-1, 1) half sides of the crop."""
    mask: Tensor
    """[B, 1, s, s]: weight of the warped picture; zero where rgb_path = "features"."""
    drawn: Tensor
    """[B, 3, s, s], about [-1, 1]."""


def fuse_motion(f_id: Tensor, f_m: Tensor, f_lip: Tensor, config: FaceConfig) -> Tensor:
    """Eq. 1: the style of every layer; f_id, f_m, f_lip: [B, S] -> f_z: [B, styles, S].

    Layers are counted from 1. Lip layers take f_id + f_lip, the other manipulated ones f_id + f_m;
    the layers above take what `rest_style` says.
    """
    first, last = config.manipulated_layers
    with_motion, with_lip = f_id + f_m, f_id + f_lip
    styles = []
    for layer in range(1, 2 * len(config.channels) + 1):
        if layer in config.lip_layers:
            styles.append(with_lip)
        elif first <= layer <= last or config.rest_style == "id+motion":
            styles.append(with_motion)
        else:
            styles.append(f_id)
    return torch.stack(styles, dim=1)


def identity_grid(side: int, like: Tensor) -> Tensor:
    """Pixel centres in [-1, 1] as (x, y): [1, side, side, 2]."""
    line = (2 * torch.arange(side, device=like.device, dtype=like.dtype) + 1) / side - 1
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1)[None]


def warp(image: Tensor, grid: Tensor) -> Tensor:
    """Bilinear sampling of [B, C, H, W] at grid [B, h, w, 2]; the edge is repeated outside."""
    return F.grid_sample(image, grid, padding_mode="border", align_corners=False)


def _resize(x: Tensor, side: int) -> Tensor:
    return F.interpolate(x, size=side, mode="bilinear", align_corners=False)


def _double(x: Tensor) -> Tensor:
    return _resize(x, 2 * x.shape[-1])


def _sampling_grid(fields: Tensor) -> Tensor:
    """Where to read the source, [B, s, s, 2], from the raw flow in the first two of `fields`."""
    offset = torch.tanh(fields[:, :2]).permute(0, 2, 3, 1)
    return identity_grid(fields.shape[-1], fields) + offset


class ModulatedConv(nn.Module):
    """Convolution whose input channels a style scales; optionally renormalised to unit gain."""

    def __init__(self, c_in: int, c_out: int, kernel: int, style: int, demodulate: bool) -> None:
        super().__init__()
        self.scale = nn.Linear(style, c_in)
        nn.init.normal_(self.scale.weight, std=1 / math.sqrt(style))
        nn.init.ones_(self.scale.bias)
        std = 1 / math.sqrt(c_in * kernel**2)
        self.weight = nn.Parameter(torch.randn(c_out, c_in, kernel, kernel) * std)
        self.demodulate = demodulate

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x: [B, C_in, s, s]; style: [B, S]."""
        scale = self.scale(style)
        y = F.conv2d(x * scale[:, :, None, None], self.weight, padding=self.weight.shape[-1] // 2)
        if self.demodulate:
            power = scale**2 @ self.weight.square().sum((2, 3)).T
            y = y * torch.rsqrt(power + 1e-8)[:, :, None, None]
        return y


class StyledConv(nn.Module):
    """Modulated 3x3 convolution, bias, leaky ReLU; `up` doubles the side after the convolution."""

    def __init__(self, c_in: int, c_out: int, style: int, up: bool = False) -> None:
        super().__init__()
        self.conv = ModulatedConv(c_in, c_out, 3, style, demodulate=True)
        self.bias = nn.Parameter(torch.zeros(c_out))
        self.up = up

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """[B, C_in, s, s] -> [B, C_out, s or 2s, ...]."""
        y = self.conv(x, style) + self.bias[:, None, None]
        y = F.leaky_relu(y, SLOPE) * math.sqrt(2)
        return _double(y) if self.up else y


class Canvas(NamedTuple):
    """What one scale hands to the next; s is its side."""

    x: Tensor
    """[B, C, s, s]."""
    fields: Tensor
    """Raw flow x, flow y, feature mask (, picture mask), summed over scales: [B, 3 or 4, s, s]."""
    rgb: Tensor
    """[B, 3, s, s], summed over scales."""
    grid: Tensor
    """Sampling grid [B, s, s, 2]."""


class Scale(nn.Module):
    """One doubling: two styled convolutions, a refined flow, the source's features warped by it."""

    def __init__(self, c_in: int, c_out: int, style: int, mixed: bool) -> None:
        super().__init__()
        self.mixed = mixed
        self.up = StyledConv(c_in, c_out, style, up=True)
        self.conv = StyledConv(c_out, c_out, style)
        self.to_flow = ModulatedConv(c_out, 4 if mixed else 3, 1, style, demodulate=False)
        self.to_rgb = nn.Conv2d(c_out, 3, 1)
        nn.init.normal_(self.to_flow.weight, std=0.01 / math.sqrt(c_out))
        nn.init.normal_(self.to_rgb.weight, std=0.05 / math.sqrt(c_out))

    def forward(self, canvas: Canvas, styles: Tensor, skip: Tensor) -> Canvas:
        """styles: [B, 3, S], of the two convolutions and the flow; skip: E_v's map of this side."""
        x = self.conv(self.up(canvas.x, styles[:, 0]), styles[:, 1])
        fields = self.to_flow(x, styles[:, 2]) + _double(canvas.fields)
        grid = _sampling_grid(fields)
        mask = torch.sigmoid(fields[:, 2:3])
        warped = warp(skip, grid) * mask
        x = warped + x * (1 - mask)
        rgb = self.to_rgb(x if self.mixed else warped) + _double(canvas.rgb)
        return Canvas(x, fields, rgb, grid)


class Generator(nn.Module):
    """G: styles and the source's feature maps to a picture."""

    def __init__(self, config: FaceConfig) -> None:
        super().__init__()
        self.mixed = config.rgb_path == "mixed"
        style = config.style_channels
        widths = [c for side, c in config.channels if side <= config.drawn_side]
        self.constant = nn.Parameter(torch.randn(1, widths[0], 4, 4))
        self.first = StyledConv(widths[0], widths[0], style)
        self.scales = nn.ModuleList(Scale(a, b, style, self.mixed) for a, b in pairwise(widths))

    def forward(
        self, styles: Tensor, skips: tuple[Tensor, ...], source: Tensor, side: int | None = None
    ) -> GeneratedFace:
        """Draw [B] pictures.

        styles: [B, 2n, S] from `fuse_motion`; skips: E_v's maps, coarse to fine, batch B; source:
        [B, 3, size, size] in [-1, 1]; side: stop at this scale, and draw no larger (None: the full
        size; above the last scale, flow, mask and drawn picture are interpolated).
        """
        canvas = self._canvas(styles, skips, side)
        drawn = canvas.x.shape[-1]
        if drawn == side and source.shape[-1] != side:
            source = F.interpolate(source, size=side, mode="area")
        fields, rgb, grid = canvas.fields, canvas.rgb, canvas.grid
        if source.shape[-1] != drawn:
            fields, rgb = (_resize(a, source.shape[-1]) for a in (fields, rgb))
            grid = _sampling_grid(fields)
        moved = warp(source, grid)
        mask = self._mask(fields)
        image = moved * mask + rgb * (1 - mask) if self.mixed else rgb
        return GeneratedFace(image, grid, mask, rgb, moved)

    def fields(self, styles: Tensor, skips: tuple[Tensor, ...]) -> Fields:
        """What moves and what is drawn, without the source picture; arguments as in `forward`."""
        canvas = self._canvas(styles, skips, None)
        return Fields(torch.tanh(canvas.fields[:, :2]), self._mask(canvas.fields), canvas.rgb)

    def _mask(self, fields: Tensor) -> Tensor:
        """Weight of the warped source picture: [B, 1, s, s]."""
        if not self.mixed:
            return torch.zeros_like(fields[:, :1])
        return torch.sigmoid(fields[:, 3:4] + MASK_BIAS)

    def _canvas(self, styles: Tensor, skips: tuple[Tensor, ...], side: int | None) -> Canvas:
        """All scales up to `side`."""
        batch = styles.shape[0]
        x = self.first(self.constant.expand(batch, -1, -1, -1), styles[:, 0])
        empty = x.new_zeros(batch, 4 if self.mixed else 3, 4, 4)
        canvas = Canvas(x, empty, empty[:, :3], identity_grid(4, x).expand(batch, -1, -1, -1))
        for k, (scale, skip) in enumerate(zip(self.scales, skips, strict=False)):
            canvas = scale(canvas, styles[:, 2 * k + 1 : 2 * k + 4], skip)
            if canvas.x.shape[-1] == side:
                break
        return canvas
