"""Which codecs a video is written with, and how."""

from typing import Any, NamedTuple

MATRIX = 6  # BT.601, what readers assume where they ignore the tag
PRIMARIES = 1  # BT.709, those of sRGB
LIMITED_RANGE = 1
THREADS = 2
"""Of an encoder. Its result depends on their number, which so is not that of the cores."""
AAC_BLOCK = 1024  # samples

X264_PRESETS = ((1920 * 1080, "veryfast"), (10**9, "superfast"))
"""Up to so many pixels of a frame, so carefully."""


class Encoding(NamedTuple):
    """A kind of file."""

    container: str
    video: str
    audio: str
    muxer: dict[str, str]
    """Options of the container."""
    encoder: dict[str, str]
    """Options of the video codec."""
    sample_rate: int | None = None
    """Hz, of the sound in the file (None: its own)."""
    block: int = 1
    """Samples in which the audio encoder is fed."""
    from_zero: bool = False
    """Leave out what an audio codec puts before the first sample; no edit list says to skip it."""

    def options(self, width: int, height: int) -> dict[str, str]:
        """Of the video codec, for frames of this size."""
        if self.video != "libx264":
            return self.encoder
        preset = next(name for most, name in X264_PRESETS if width * height <= most)
        return {**self.encoder, "preset": preset}


MP4 = Encoding(
    "mp4",
    "libx264",
    "aac",
    {"movflags": "+faststart+use_metadata_tags"},
    {"crf": "18"},
    block=AAC_BLOCK,
)
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
    from_zero=True,
)
"""In fragments of 0.2 s."""
WEBM = Encoding(
    "webm",
    "libvpx-vp9",
    "libopus",
    {"fflags": "+bitexact"},  # without it, tracks get random numbers
    {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0"},
)


def add_video(
    container: Any, codec: str, fps: int, size: tuple[int, int], options: dict[str, str]
) -> Any:
    """A stream of YUV 4:2:0 of `size` (width, height), tagged BT.601 of limited range."""
    stream = container.add_stream(codec, rate=fps)
    stream.width, stream.height = size
    stream.pix_fmt, stream.options = "yuv420p", options
    context = stream.codec_context
    context.colorspace, context.color_range = MATRIX, LIMITED_RANGE
    context.color_primaries = context.color_trc = PRIMARIES
    return stream
