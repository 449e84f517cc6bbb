"""The device "meta" as a stand-in for a GPU: it refuses to meet tensors of the CPU.

What a program copies back to the host are ones, as a tensor of that device holds no values.
"""

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

TO_HOST = {
    Tensor.cpu,
    Tensor.item,
    Tensor.tolist,
    Tensor.__bool__,
    Tensor.__float__,
    Tensor.__int__,
    Tensor.__index__,
}


def on_host(x: Tensor) -> Tensor:
    """A copy on the CPU."""
    return torch.ones(x.shape, dtype=x.dtype)


class Elsewhere(TorchFunctionMode):
    """Within, tensors of the device "meta" can be read on the CPU, but only by an explicit copy."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):
        if function in TO_HOST and args[0].device.type == "meta":
            with torch._C.DisableTorchFunction():
                copy = on_host(args[0])
                return copy if function is Tensor.cpu else function(copy)
        if function is torch.istft and args[0].device.type == "meta":
            return inverse_stft(*args, **kwargs)
        return function(*args, **(kwargs or {}))


def inverse_stft(x: Tensor, n_fft: int, hop: int, window: Tensor) -> Tensor:
    """torch has none for this device; the result depends on x, so that gradients reach it."""
    assert window.device == x.device, "x and its window are on different devices"
    with torch._C.DisableTorchFunction():
        like = torch.istft(torch.ones(x.shape, dtype=x.dtype), n_fft, hop, window=torch.ones(n_fft))
        return torch.empty(like.shape, device=x.device) + x.real.sum()
