"""A ComfyUI node: an image and a text become the frames and the sound of a talking face.

Install ttsf into ComfyUI's environment, and copy this file into `ComfyUI/custom_nodes/`. The node
"Talking face" then appears under "ttsf". Connect its outputs to "Create Video" and "Save Video".
"""

from functools import lru_cache
from typing import Any

import numpy as np
import torch

import ttsf
from ttsf.engine.options import RATES

WHITE = 255


@lru_cache(maxsize=1)
def pipeline(model: str, device: str) -> ttsf.Pipeline:
    """Load a model once; an empty name stands for the bundled one."""
    return ttsf.load(model or None, device)


class TalkingFace:
    """Speaks a text with the largest face of the first image of a batch."""

    CATEGORY = "ttsf"
    FUNCTION = "speak"
    RETURN_TYPES = ("IMAGE", "AUDIO", "FLOAT")
    RETURN_NAMES = ("frames", "audio", "fps")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Declare the inputs as ComfyUI asks for them."""
        rate = {"default": 1.0, "min": RATES[0], "max": RATES[1], "step": 0.05}
        size = {"default": 512, "min": 64, "max": 1080, "step": 2}
        return {
            "required": {
                "image": ("IMAGE",),
                "text": ("STRING", {"multiline": True, "default": "Good morning."}),
            },
            "optional": {
                "voice": ("STRING", {"default": "", "tooltip": "Empty: the face chooses."}),
                "rate": ("FLOAT", rate),
                "motion": ("FLOAT", {"default": 1.0, "min": 0.0, "max": 2.0, "step": 0.1}),
                "size": ("INT", size),
                "seed": ("INT", {"default": 0, "min": 0, "max": 2**31 - 1}),
                "model": ("STRING", {"default": "", "tooltip": "Model folder; empty: bundled."}),
                "device": (["cpu", "cuda", "mps"],),
            },
        }

    def speak(
        self,
        image: torch.Tensor,
        text: str,
        voice: str = "",
        rate: float = 1.0,
        motion: float = 1.0,
        size: int = 512,
        seed: int = 0,
        model: str = "",
        device: str = "cpu",
    ) -> tuple[torch.Tensor, dict[str, Any], float]:
        """Generate frames, float [N, H, W, 3] in [0, 1], their sound, and the frame rate.

        image: float [B, H, W, 3] in [0, 1]. Raises TtsfError for an image without a usable face,
        a text without words, and an unknown voice.
        """
        picture = (image[0, ..., :3].clamp(0, 1) * WHITE).round().to(torch.uint8).cpu().numpy()
        options = ttsf.GenerateOptions(
            voice=voice or None, rate=rate, motion=motion, size=size, seed=seed
        )
        result = pipeline(model, device).speak(np.ascontiguousarray(picture), text, options)
        frames = torch.from_numpy(result.frames).float() / WHITE
        waveform = torch.from_numpy(result.samples).reshape(1, 1, -1)
        audio = {"waveform": waveform, "sample_rate": result.sample_rate}
        return frames, audio, float(result.fps)


NODE_CLASS_MAPPINGS = {"TtsfTalkingFace": TalkingFace}
NODE_DISPLAY_NAME_MAPPINGS = {"TtsfTalkingFace": "Talking face"}
