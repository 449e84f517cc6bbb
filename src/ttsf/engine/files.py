"""File names inside the folder of one video."""

STREAM, VIDEO, SOUND, SRT, VTT, TIMINGS, THUMBNAIL = FILES = (
    *("stream.mp4", "video.mp4", "audio.wav", "captions.srt", "captions.vtt"),
    *("timings.json", "thumbnail.jpg"),
)
RECORDING = "recording"
"""The client's own sound, until the video is finished."""
