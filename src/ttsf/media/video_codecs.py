"""Codecs and encoder settings of videos."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

MATRIX = 6  # BT.601, what readers assume where they ignore the tag
PRIMARIES = 1  # BT.709, those of sRGB
LIMITED_RANGE = 1
THREADS = 2
"""Encoder threads; fixed, because the output depends on their number."""
AAC_BLOCK = 1024  # samples
AAC = {"aac_coder": "fast"}
"""A quarter of the time of its search, .6 dB less error, 5 % more bits (speech, 96 kbit/s)."""

X264_PRESETS = ((1920 * 1080, "veryfast"), (10**9, "superfast"))
"""x264 preset of streams by the maximum number of pixels per frame."""


class Encoding(NamedTuple):
    """Codecs and options of a file type."""

    container: str
    video: str
    audio: str
    muxer: dict[str, str]
    """Options of the container."""
    encoder: dict[str, str]
    """Options of the video codec."""
    sample_rate: int | None = None
    """Sampling rate in the file, Hz (None: that of the input)."""
    block: int = 1
    """Samples per call of the audio encoder."""
    sound: Mapping[str, str] = MappingProxyType({})
    """Options of the audio codec."""
    from_zero: bool = False
    """Drop the audio codec's priming samples, because no edit list can skip them."""

    def options(self, width: int, height: int) -> dict[str, str]:
        """Return the video encoder's options for this frame size."""
        if self.video != "libx264":
            return self.encoder
        preset = next(name for most, name in X264_PRESETS if width * height <= most)
        return {"preset": preset, **self.encoder}


MP4 = Encoding(
    "mp4",
    "libx264",
    "aac",
    {"movflags": "+faststart+use_metadata_tags"},
    {"crf": "18", "preset": "superfast", "x264-params": "mbtree=1:rc-lookahead=10"},
    block=AAC_BLOCK,
    sound=AAC,
)
"""Superfast with veryfast's lookahead has its quality for .04 to .11 more bits and .5 to .6 of its
time, since most of a picture does not move; without it, for three times the bits."""
STREAM = Encoding(
    "mp4",
    "libx264",
    "aac",
    {"movflags": "+empty_moov+default_base_moof+use_metadata_tags", "frag_duration": "200000"},
    {
        "crf": "20",
        "tune": "zerolatency",
        "profile": "main",
        "x264-params": "keyint=50:min-keyint=50:scenecut=0",
    },
    48_000,  # at 16 kHz the block with which AAC begins makes the first fragment's sound 64 ms late
    sound=AAC,
    from_zero=True,
)
"""Fragmented MP4, 0.2 s per fragment."""
LIVE = STREAM._replace(muxer={**STREAM.muxer, "frag_duration": "80000"})
"""The same with 0.08 s per fragment."""
WEBM = Encoding(
    "webm",
    "libvpx-vp9",
    "libopus",
    {"fflags": "+bitexact"},  # otherwise tracks get random numbers
    {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0"},
)


def add_video(
    container: Any, codec: str, fps: int, size: tuple[int, int], options: dict[str, str]
) -> Any:
    """Add a YUV 4:2:0 stream of `size` (width, height), tagged BT.601, limited range."""
    stream = container.add_stream(codec, rate=fps)
    stream.width, stream.height = size
    stream.pix_fmt, stream.options = "yuv420p", options
    context = stream.codec_context
    context.colorspace, context.color_range = MATRIX, LIMITED_RANGE
    context.color_primaries = context.color_trc = PRIMARIES
    return stream
