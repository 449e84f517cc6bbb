"""One portrait and a text become a talking-face video: `ttsf.load().write("me.jpg", "Hello", ...)`.

Modules that need PyTorch are imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ttsf.errors import TtsfError

if TYPE_CHECKING:
    from ttsf.compositing.framing import Framing
    from ttsf.engine.live.script import Script
    from ttsf.engine.options import GenerateOptions
    from ttsf.engine.output import Outputs, Written
    from ttsf.media.audio.source import Sound
    from ttsf.pipeline import Pipeline, Result, load
    from ttsf.portrait.portrait import Portrait

__all__ = [
    "Framing",
    "GenerateOptions",
    "Outputs",
    "Pipeline",
    "Portrait",
    "Result",
    "Script",
    "Sound",
    "TtsfError",
    "Written",
    "load",
]
ELSEWHERE = {
    "Framing": "ttsf.compositing.framing",
    "GenerateOptions": "ttsf.engine.options",
    "Outputs": "ttsf.engine.output",
    "Script": "ttsf.engine.live.script",
    "Written": "ttsf.engine.output",
    "Portrait": "ttsf.portrait.portrait",
    "Sound": "ttsf.media.audio.source",
}
"""Modules of the public names that are not in `pipeline`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'ttsf' has no attribute '{name}'")
    return getattr(import_module(ELSEWHERE.get(name, "ttsf.pipeline")), name)
