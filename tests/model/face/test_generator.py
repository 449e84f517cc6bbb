"""G's output fields for pictures of any size."""

import math
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from ttsf import checkpoint
from ttsf.config import FaceConfig
from ttsf.model.face import generator as module
from ttsf.model.face.generator import Generator
from ttsf.model.face.warping import Window, identity_grid, warp, warp_masked

SMALL = FaceConfig(
    style_channels=24,
    channels=((4, 16), (8, 16), (16, 12), (32, 8), (64, 4)),
    drawn_side=32,
    motion_codes=6,
    rgb_path="mixed",
)
BATCH = 3


def generator(config: FaceConfig = SMALL) -> Generator:
    """With flows, masks and pictures large enough to be wrong."""
    torch.manual_seed(0)
    made = Generator(config).eval()
    for scale in made.scales:
        torch.nn.init.normal_(scale.to_flow.weight, std=0.1)
        torch.nn.init.normal_(scale.to_rgb.weight, std=0.2)
    return made


def inputs(config: FaceConfig = SMALL) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    styles = torch.randn(BATCH, 2 * len(config.channels), config.style_channels)
    return styles, tuple(torch.randn(BATCH, c, side, side) for side, c in config.channels[1:])


def test_without_gradients_the_warp_reads_rows_and_is_the_same():
    torch.manual_seed(0)
    skip = torch.randn(2, 5, 16, 16)
    offset = torch.randn(6, 2, 16, 16) * 0.3  # some positions lie outside
    offset[0] = 2
    offset[1] = -2
    mask = torch.rand(6, 1, 16, 16)
    grid = identity_grid(16, skip) + offset.permute(0, 2, 3, 1)
    want = warp(skip.repeat_interleave(3, 0), grid) * mask
    torch.testing.assert_close(warp_masked(skip, offset, mask), want, atol=1e-5, rtol=0)
    with torch.inference_mode():
        torch.testing.assert_close(warp_masked(skip, offset, mask), want, atol=1e-5, rtol=0)


WINDOWS = [Window(6, 2, 30, 22), Window(0, 0, 32, 32), Window(0, 10, 26, 32)]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_window_of_the_warp_is_that_part_of_the_whole(window: Window):
    torch.manual_seed(0)
    skip, offset, mask = (
        torch.randn(2, 5, 32, 32),
        torch.randn(6, 2, 32, 32),
        torch.rand(6, 1, 32, 32),
    )
    parts = window.of(offset), window.of(mask)
    want = window.of(warp_masked(skip, offset, mask))
    torch.testing.assert_close(warp_masked(skip, *parts, window), want, atol=1e-5, rtol=0)
    with torch.inference_mode():
        torch.testing.assert_close(warp_masked(skip, *parts, window), want, atol=1e-5, rtol=0)


@pytest.mark.parametrize("window", WINDOWS)
def test_the_last_scale_refines_its_window_alone(window: Window, monkeypatch):
    monkeypatch.setattr(module, "multiplies_bfloat16", lambda: False)
    monkeypatch.setattr(module, "FADED", 1)  # half of what is added at the outermost cells
    made, (styles, skips) = generator(), inputs()
    with torch.inference_mode():
        whole, part = made.fields(styles, skips), made.fields(styles, skips, window)
        coarse = made._canvas(styles, skips, SMALL.drawn_side // 2)
        plain = F.interpolate(coarse.rgb, scale_factor=2, mode="bilinear")
    inner = Window(*(edge + step for edge, step in zip(window, (1, 1, -1, -1), strict=True)))
    for a, b in zip(whole, part, strict=True):
        torch.testing.assert_close(inner.of(b), inner.of(a), atol=1e-4, rtol=0)
    changed = (part.drawn - plain).abs() > 1e-4
    assert window.of(changed).float().mean() > 0.9
    window.of(changed)[:] = False
    assert not changed.any()


def test_frames_of_two_people_are_those_of_each_alone():
    made, (styles, skips) = generator(), inputs()
    styles = torch.cat([styles, styles.flip(0)])
    both = made.fields(styles, tuple(skip[:2] for skip in skips))
    for person, part in enumerate((slice(0, 3), slice(3, 6))):
        alone = made.fields(styles[part], tuple(skip[person : person + 1] for skip in skips))
        for together, single in zip(both, alone, strict=True):
            torch.testing.assert_close(together[part], single, atol=1e-4, rtol=0)


def test_fields_are_the_same_with_and_without_gradients_and_carry_gradients(monkeypatch):
    monkeypatch.setattr(module, "multiplies_bfloat16", lambda: False)
    made, (styles, skips) = generator(), inputs()
    fields = made.fields(styles, skips)
    with torch.inference_mode():
        for a, b in zip(made.fields(styles, skips), fields, strict=True):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=0)
    (fields.flow.square().sum() + fields.mask.sum() + fields.drawn.square().sum()).backward()
    without = [name for name, value in made.named_parameters() if value.grad is None]
    assert without == []


def test_bfloat16_is_near_and_never_takes_part_in_training(monkeypatch):
    monkeypatch.setattr(module, "multiplies_bfloat16", lambda: True)
    x, weight = torch.randn(2, 48, 16, 16), torch.randn(32, 48, 3, 3) / math.sqrt(9 * 48)
    exact = F.conv2d(x, weight, padding=1)
    assert torch.equal(module.convolve(x, weight), exact)
    with torch.inference_mode():
        near = module.convolve(x, weight)
        assert near.dtype == torch.float32
        assert 0 < (near - exact).abs().max() < 0.02
        double = module.convolve(x.double(), weight.double())
    torch.testing.assert_close(double, exact.double(), atol=1e-5, rtol=0)


def test_shapes_hold_without_a_processor():
    made = generator().to("meta")
    styles, skips = inputs()
    fields = made.fields(styles.to("meta"), tuple(skip.to("meta") for skip in skips))
    assert fields.drawn.shape == (BATCH, 3, 32, 32)


def test_threads_that_share_a_model_draw_what_one_alone_draws():
    made, (styles, skips) = generator(), inputs()

    def drawn(shift: float) -> torch.Tensor:
        with torch.inference_mode():
            return torch.cat(made.fields(styles + shift, skips), dim=1)

    alone = [drawn(shift) for shift in (0.0, 1.0, 2.0)]
    with ThreadPoolExecutor(3, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for k, fields in enumerate(pool.map(drawn, [0.0, 1.0, 2.0] * 8)):
            assert torch.equal(fields, alone[k % 3])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's malloc")
def test_freed_memory_is_kept_after_a_model_is_loaded(model_folder):
    """Blocks as large as G's, in a process of its own: malloc has learned nothing yet."""
    code = f"""
import resource
from pathlib import Path
import torch
from torch.nn import functional as F
from ttsf import checkpoint
checkpoint.load(Path({str(model_folder)!r}))
def draw():
    blocks = [torch.ones(1 << 21) for _ in range(5)]
draw(), draw()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
draw(), draw()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(run.stdout) < 4_096  # two of the ten blocks; where none is kept it is all, 20,480


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_gives_the_same_fields():
    made, (styles, skips) = generator(), inputs()
    with torch.inference_mode():
        want = made.fields(styles, skips)
        skips = tuple(skip.cuda() for skip in skips)
        for a, b in zip(made.cuda().fields(styles.cuda(), skips), want, strict=True):
            torch.testing.assert_close(a.cpu(), b, atol=5e-3, rtol=0)


@pytest.mark.parametrize("path", ["mixed", "features"])
def test_the_fields_make_the_picture_that_forward_makes(path):
    config = replace(SMALL, rgb_path=path)
    made, (styles, skips) = generator(config), inputs(config)
    source = torch.rand(BATCH, 3, 32, 32) * 2 - 1
    fields = made.fields(styles, skips)
    assert fields.flow.shape == (BATCH, 2, 32, 32)
    assert fields.mask.shape == (BATCH, 1, 32, 32)
    grid = identity_grid(32, source) + fields.flow.permute(0, 2, 3, 1)
    image = warp(source, grid) * fields.mask + fields.drawn * (1 - fields.mask)
    torch.testing.assert_close(image, made(styles, skips, source).image, atol=1e-6, rtol=0)
    assert fields.flow.abs().max() > 0.1


def test_a_loaded_model_keeps_channels_last_from_the_picture_to_the_fields(model_folder):
    model = checkpoint.load(model_folder)
    with torch.inference_mode():
        skips = model.read_faces(torch.rand(1, 3, 256, 256)).features.skips
    assert all(skip.is_contiguous(memory_format=torch.channels_last) for skip in skips)
