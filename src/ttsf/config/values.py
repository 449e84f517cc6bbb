"""Constants of the whole project, and types of the values in a configuration."""

from typing import Annotated

from pydantic import ConfigDict, Field

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

SAMPLE_RATE = 16_000  # Hz, of all sound [P 4.1]
FPS = 25  # pictures a second, LRS3's rate
SAMPLES_PER_FRAME = SAMPLE_RATE // FPS
HOP = 160  # samples, 100 mel frames a second [P 4.1]
MEL_PER_FRAME = SAMPLES_PER_FRAME // HOP
PICTURE_SIDE = 256  # px [LIA]
CLIP_FRAMES = 32  # pictures of a training clip [P 4.1]

Width = Annotated[int, Field(ge=1, le=4096)]
Depth = Annotated[int, Field(ge=1, le=64)]
Heads = Annotated[int, Field(ge=1, le=64)]
Kernel = Annotated[int, Field(ge=1, le=127)]
Reach = Annotated[int, Field(ge=1, le=4096)]
Samples = Annotated[int, Field(ge=1, le=65_536)]
Hertz = Annotated[float, Field(ge=0, le=96_000)]
Side = Annotated[int, Field(ge=4, le=2048)]
Layer = Annotated[int, Field(ge=1, le=64)]
Dropout = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, le=1e6)]
Amount = Annotated[float, Field(ge=0, le=100)]
Steps = Annotated[int, Field(ge=1, le=1000)]
