"""Names of the files of one video in its folder."""

STREAM, VIDEO, SOUND, SRT, VTT, TIMINGS, THUMBNAIL = FILES = (
    *("stream.mp4", "video.mp4", "audio.wav", "captions.srt", "captions.vtt"),
    *("timings.json", "thumbnail.jpg"),
)
