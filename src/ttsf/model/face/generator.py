"""G and Eq. 1, Sec. 3.1: a StyleGAN-styled generator that warps the source's feature maps.

Follows LIA's layout of styles: with n scales from 4 px there are 2n styles; the convolution at 4 px
takes style 0, the scale number k takes 2k-1 and 2k for its two convolutions and 2k+1 for its flow.
Unlike LIA there is no blur, activations are modulated instead of weights (the same function), and
grids sit on pixel centres so that zero flow is an exact identity.
"""

import math
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ttsf.config import FaceConfig
from ttsf.model.face.encoder import SLOPE
from ttsf.model.face.warping import Window, each, sampling_grid, warp, warp_masked

CONTEXT = 3  # cells around a window of the coarser map that its convolutions see
FADED = 6  # cells over which what the last scale adds fades at a window's edge
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


def fast_layout(device: torch.device) -> torch.memory_format:
    """Return the fastest memory format: on CPUs channels last, for upsampling and convolutions.

    Weights and maps in another format are copied at every call.
    """
    return torch.channels_last if device.type == "cpu" else torch.contiguous_format


class Fields(NamedTuple):
    """G's output fields for a picture of any size; s: side of the last scale; x before y.

    Within the crop the frame is warped(picture, identity + flow) * mask + drawn * (1 - mask).
    """

    flow: Tensor
    """[B, 2, s, s]: offset of the sampling position, in (-1, 1) half sides of the crop."""
    mask: Tensor
    """[B, 1, s, s]: weight of the warped picture; zero where rgb_path = "features"."""
    drawn: Tensor
    """[B, 3, s, s], about [-1, 1]."""


def fuse_motion(f_id: Tensor, f_m: Tensor, f_lip: Tensor, config: FaceConfig) -> Tensor:
    """Eq. 1: the style of every layer; f_m, f_lip: [B n, S], f_id: [B, S] -> f_z: [B n, styles, S].

    Layers are counted from 1. Lip layers take f_id + f_lip, the other manipulated ones f_id + f_m;
    the layers above take what `rest_style` says.
    """
    f_id = each(f_id, len(f_m))
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


def _resize(x: Tensor, size: int | tuple[int, int]) -> Tensor:
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _double(x: Tensor) -> Tensor:
    return _resize(x, (2 * x.shape[-2], 2 * x.shape[-1]))


@cache
def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware, at twice the speed of float32."""
    known = torch.cpu.get_capabilities()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


def convolve(x: Tensor, weight: Tensor) -> Tensor:
    """3x3 convolution that keeps the side; in bfloat16 where that is fast and needs no gradient.

    Sums are of float32. Frames then differ by .03 of 255 levels, 8 at most (32 frames).
    """
    plain = not x.is_cpu or x.dtype != torch.float32 or torch.is_grad_enabled()
    if plain or not multiplies_bfloat16():
        return F.conv2d(x, weight, padding=1)
    return F.conv2d(x.bfloat16(), weight.bfloat16(), padding=1).float()


class ModulatedConv(nn.Module):
    """3x3 convolution with style-scaled input channels, and the factor to unit gain."""

    def __init__(self, c_in: int, c_out: int, style: int) -> None:
        super().__init__()
        self.scale = _style_scale(style, c_in)
        self.weight = nn.Parameter(torch.randn(c_out, c_in, 3, 3) / math.sqrt(9 * c_in))

    def forward(self, x: Tensor, style: Tensor, up: bool = False) -> tuple[Tensor, Tensor]:
        """x: [B, C_in, s, s], style: [B, S] -> [B, C_out, s, s] and its gain [B, C_out, 1, 1].

        up: convolve at twice the side; scaling comes first, where there are fewer pixels.
        """
        scale = self.scale(style)
        x = x * scale[:, :, None, None]
        y = convolve(_double(x) if up else x, self.weight)
        power = scale**2 @ self.weight.square().sum((2, 3)).T
        return y, torch.rsqrt(power + 1e-8)[:, :, None, None]


class StyledConv(nn.Module):
    """Modulated 3x3 convolution, bias, leaky ReLU; `up` doubles the side before it."""

    def __init__(self, c_in: int, c_out: int, style: int, up: bool = False) -> None:
        super().__init__()
        self.conv = ModulatedConv(c_in, c_out, style)
        self.bias = nn.Parameter(torch.zeros(c_out))
        self.up = up

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """[B, C_in, s, s] -> [B, C_out, s or 2s, ...]."""
        y, gain = self.conv(x, style, self.up)
        root = math.sqrt(2)  # restores the variance after the leaky ReLU
        y = torch.addcmul(root * self.bias[:, None, None], y, root * gain)
        return F.leaky_relu_(y, SLOPE)


class ToFlow(nn.Module):
    """Modulated 1x1 convolution without bias or gain: the style goes into the few weights."""

    def __init__(self, c_in: int, c_out: int, style: int) -> None:
        super().__init__()
        self.scale = _style_scale(style, c_in)
        self.weight = nn.Parameter(torch.randn(c_out, c_in, 1, 1) * (0.01 / math.sqrt(c_in)))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """[B, C_in, s, s] -> [B, C_out, s, s]."""
        weight = self.weight.flatten(1) * self.scale(style)[:, None]
        return (weight @ x.flatten(2)).unflatten(2, x.shape[2:])


class ToRgb(nn.Module):
    """1x1 convolution as a product of matrices: convolutions are slow for three channels."""

    def __init__(self, c_in: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, c_in, 1, 1) * (0.05 / math.sqrt(c_in)))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, s, s] -> [B, 3, s, s]."""
        weight = self.weight.flatten(1).expand(len(x), -1, -1)
        return torch.baddbmm(self.bias[:, None], weight, x.flatten(2)).unflatten(2, x.shape[2:])


def _style_scale(style: int, channels: int) -> nn.Linear:
    """Style [B, S] -> a factor of each channel, about 1."""
    scale = nn.Linear(style, channels)
    nn.init.normal_(scale.weight, std=1 / math.sqrt(style))
    nn.init.ones_(scale.bias)
    return scale


class Canvas(NamedTuple):
    """State passed from one scale to the next; s is its side."""

    x: Tensor
    """[B, C, s, s]."""
    raw: Tensor
    """Flow x, flow y, feature mask (, picture mask) before tanh and sigmoid, summed over scales:
    [B, 3 or 4, s, s]."""
    rgb: Tensor
    """[B, 3, s, s], summed over scales."""


class Scale(nn.Module):
    """One doubling: two styled convolutions, a refined flow, the source's features warped by it."""

    def __init__(self, c_in: int, c_out: int, style: int, mixed: bool) -> None:
        super().__init__()
        self.mixed = mixed
        self.up = StyledConv(c_in, c_out, style)
        self.conv = StyledConv(c_out, c_out, style, up=True)
        self.to_flow = ToFlow(c_out, 4 if mixed else 3, style)
        self.to_rgb = ToRgb(c_out)

    def forward(
        self, canvas: Canvas, styles: Tensor, skip: Tensor, window: Window | None = None
    ) -> Canvas:
        """styles: [B, 3, S], of the two convolutions and the flow; skip: E_v's map of this side.

        window: refine flow and colours only here, fading at its edge; x is then the window's.
        """
        if window is not None:
            return self._within(canvas, styles, skip, window)
        x = self.conv(self.up(canvas.x, styles[:, 0]), styles[:, 1])
        raw = self.to_flow(x, styles[:, 2]) + _double(canvas.raw)
        x, rgb = self._drawn(x, raw, skip)
        return Canvas(x, raw, rgb + _double(canvas.rgb))

    def _within(self, canvas: Canvas, styles: Tensor, skip: Tensor, window: Window) -> Canvas:
        near = window.coarse(CONTEXT)
        x = self.conv(self.up(near.of(canvas.x), styles[:, 0]), styles[:, 1])
        top, left = window.top - 2 * near.top, window.left - 2 * near.left
        height, width = window.bottom - window.top, window.right - window.left
        x = x[..., top : top + height, left : left + width]
        fade, raw, rgb = window.fade(FADED, x), _double(canvas.raw), _double(canvas.rgb)
        part = window.of(raw)
        part += fade * self.to_flow(x, styles[:, 2])
        x, refined = self._drawn(x, part, skip, window)
        window.of(rgb).add_(fade * refined)
        return Canvas(x, raw, rgb)

    def _drawn(
        self, x: Tensor, raw: Tensor, skip: Tensor, window: Window | None = None
    ) -> tuple[Tensor, Tensor]:
        """Features with those of the source, warped, and the colours that they add."""
        mask = torch.sigmoid(raw[:, 2:3])
        warped = warp_masked(skip, torch.tanh(raw[:, :2]), mask, window)
        x = torch.addcmul(warped, x, 1 - mask)
        return x, self.to_rgb(x if self.mixed else warped)


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

        styles: [B, 2n, S] from `fuse_motion`; skips: E_v's maps, coarse to fine, of one or more
        sources, which have equally many of the styles each, in order; source: [B, 3, size, size]
        in [-1, 1]; side: stop at this scale, and draw no larger (None: the full size; above the
        last scale, flow, mask and drawn picture are interpolated).
        """
        canvas = self._canvas(styles, skips, side)
        drawn = canvas.x.shape[-1]
        if drawn == side and source.shape[-1] != side:
            source = F.interpolate(source, size=side, mode="area")
        raw, rgb = canvas.raw, canvas.rgb
        if source.shape[-1] != drawn:
            raw, rgb = (_resize(a, source.shape[-1]) for a in (raw, rgb))
        grid, mask = sampling_grid(torch.tanh(raw[:, :2])), self._mask(raw)
        moved = warp(source, grid)
        image = moved * mask + rgb * (1 - mask) if self.mixed else rgb
        return GeneratedFace(image, grid, mask, rgb, moved)

    def fields(
        self, styles: Tensor, skips: tuple[Tensor, ...], window: Window | None = None
    ) -> Fields:
        """Return the output fields, without the source picture; arguments as in `forward`.

        window: where the last scale, two fifths of the work, refines them (None: everywhere).
        """
        canvas = self._canvas(styles, skips, None, window)
        return Fields(torch.tanh(canvas.raw[:, :2]), self._mask(canvas.raw), canvas.rgb)

    def _mask(self, raw: Tensor) -> Tensor:
        """Weight of the warped source picture: [B, 1, s, s]."""
        if not self.mixed:
            return torch.zeros_like(raw[:, :1])
        return torch.sigmoid(raw[:, 3:4] + MASK_BIAS)

    def _canvas(
        self,
        styles: Tensor,
        skips: tuple[Tensor, ...],
        side: int | None,
        window: Window | None = None,
    ) -> Canvas:
        """All scales up to `side`; window: see `fields`."""
        layout = fast_layout(styles.device)
        constant = self.constant.expand(len(styles), -1, -1, -1)
        x = self.first(constant.contiguous(memory_format=layout), styles[:, 0])
        empty = x.new_zeros(len(styles), 4 if self.mixed else 3, 4, 4)
        canvas = Canvas(x, empty, empty[:, :3])
        for k, (scale, skip) in enumerate(zip(self.scales, skips, strict=False)):
            skip = skip.contiguous(memory_format=layout)
            style = styles[:, 2 * k + 1 : 2 * k + 4]
            canvas = scale(canvas, style, skip, window if k + 1 == len(self.scales) else None)
            if canvas.x.shape[-1] == side:
                break
        return canvas
