"""Write a session to files: the video, and beside it sound, subtitles and timings."""

import hashlib
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import ModelConfig
from ttsf.engine.options import CaptionsKind
from ttsf.engine.talk import Session, joined
from ttsf.errors import TtsfError
from ttsf.media.audio.source import OpenSound
from ttsf.media.captions import Captions
from ttsf.media.files import Stream, cannot_write, local_path, new_file, refuse_inputs
from ttsf.media.sound import new_wav
from ttsf.media.video import Chunk, VideoWriter, new_video
from ttsf.parallel import Progress
from ttsf.provenance.embed.signature import check_signing, sign
from ttsf.provenance.embed.tags import tags
from ttsf.timings import files as names
from ttsf.timings.files import TimingsFormat
from ttsf.timings.subtitles import Cue, cues
from ttsf.timings.words import WordTimes

VIDEOS = (".mp4", ".webm")


class Outputs(NamedTuple):
    """Paths and formats of the files of one video."""

    video: Path | Stream
    """Path of an .mp4 or .webm; a stream receives a fragmented MP4 while it is generated."""
    sound: Path | None = None
    """.wav."""
    subtitles: Path | None = None
    """.srt or .vtt."""
    timings: Path | None = None
    """.json of words, phones and visemes."""
    timings_format: TimingsFormat = "ttsf"
    captions: CaptionsKind = "none"
    """Subtitles in the video: a track that players can show, or drawn into the frames."""
    signed: bool = False
    """Add signed metadata (C2PA) to an .mp4; no two signatures are the same."""

    @property
    def transparent(self) -> bool:
        """Whether the video keeps the alpha channel of its portrait."""
        webm = isinstance(self.video, Path) and self.video.suffix.lower() == ".webm"
        return webm and self.captions != "burnt"

    def refuse(self, *inputs: Path | None) -> None:
        """Raise TtsfError if one of the outputs is also an input."""
        video = self.video if isinstance(self.video, Path) else None
        refuse_inputs((video, self.sound, self.subtitles, self.timings), inputs)

    def check(self) -> None:
        """Raise TtsfError for a wrong type or suffix of a file name, and for unusable options."""
        video = None if hasattr(self.video, "write") else self.video
        for path in (video, self.sound, self.subtitles, self.timings):
            if not isinstance(path, Path | None):
                raise TtsfError(f"a file of Outputs must be a Path, not {path!r}")
            if path is not None:
                local_path(path)  # raises for a URL
        if not isinstance(self.video, Path):
            if self.captions == "track":
                raise TtsfError("a stream cannot have a caption track; burn the captions in")
        elif self.video.suffix.lower() not in VIDEOS:
            raise TtsfError(f"cannot write {self.video}: the name must end in .mp4 (or .webm)")
        if self.signed:
            if not isinstance(self.video, Path) or self.video.suffix.lower() != ".mp4":
                raise TtsfError("only a file whose name ends in .mp4 can be signed")
            check_signing()
        if self.sound is not None and self.sound.suffix.lower() != ".wav":
            raise TtsfError(f"cannot write {self.sound}: the name must end in .wav")
        if self.subtitles is not None:
            names.check_subtitles_name(self.subtitles)
        if self.timings is not None:
            names.check_timings_name(self.timings)
        elif self.timings_format != self._field_defaults["timings_format"]:
            raise TtsfError("timings_format has no effect without a timings file: name one")


class Written(NamedTuple):
    """Length of a written video, and its word times."""

    frame_count: int
    seconds: float
    """Length of the video."""
    spoken: WordTimes = WordTimes(())
    """Times of words, phones and marks."""


def write_talk(
    open_talk: Callable[[], Session],
    config: ModelConfig,
    text: str,
    outputs: Outputs,
    progress: Progress | None,
    heard: Callable[[WordTimes], None] | None = None,
    recording: OpenSound | None = None,
) -> Written:
    """Write all files, whole or not at all; `outputs` are checked.

    Output files are opened before the session; recording: the sound that it will have. Raises
    TtsfError if one cannot be written, and whatever the session raises.
    """
    fps, form = config.video.fps, (config.sample_rate, 1)
    if recording is not None:
        form = recording.rate, recording.channels
    sample_rate, channels = form
    with ExitStack() as files:
        subtitles, timings = (
            None if path is None else (path, files.enter_context(new_file(path)))
            for path in (outputs.subtitles, outputs.timings)
        )
        sound = None
        if outputs.sound is not None:
            sound = files.enter_context(new_wav(outputs.sound, *form))
        track = outputs.captions == "track"

        def seal(place: Path) -> None:
            if outputs.signed:
                portrait = hashlib.sha256(talk.portrait.picture.tobytes()).hexdigest()
                sign(place, portrait, talk.payload, real)

        video = files.enter_context(
            new_video(outputs.video, fps, sample_rate, track, seal, channels)
        )
        talk = open_talk()
        talk.renderer.transparent = outputs.transparent
        real = recording is not None and not talk.options.mark_sound
        video.describe(tags(talk.payload, real), talk.options.language)
        for chunk in files.enter_context(closing(_filmed(talk, video, outputs.captions))):
            if sound is not None:
                sound.add(chunk.samples)
            if heard is not None:
                heard(chunk.spoken)
            if progress is not None:
                progress(video.frames, talk.expected_frames())
        spoken, seconds = joined(said for said, _ in talk.said), video.frames / fps
        if subtitles is not None:
            _write(*subtitles, names.subtitles(subtitles[0], spoken, seconds))
        if timings is not None:
            kind = outputs.timings_format
            _write(*timings, names.timings(text, spoken, seconds, fps, kind))
    return Written(video.frames, seconds, spoken)


def _filmed(talk: Session, video: VideoWriter, captions: CaptionsKind) -> Generator[Chunk]:
    """Encode the chunks of a session, and yield them."""
    if captions == "burnt":
        yield from _with_captions(talk, video)
        return
    known, (top, left, *_) = 0, talk.renderer.scene.region
    video.start(talk.renderer.still)
    with closing(talk.moving()) as chunks:
        for chunk in chunks:
            new, known = talk.said[known:], len(talk.said)
            for cue in chain.from_iterable(cues(*said) for said in new if captions == "track"):
                video.show(cue)
            video.add(chunk, top, left)
            yield chunk


def _with_captions(talk: Session, video: VideoWriter) -> Generator[Chunk]:
    known, shown, drawn = 0, list[Cue](), Captions(())
    with closing(talk.chunks()) as chunks:
        for chunk in chunks:
            if known < len(talk.said):
                now = video.frames / video.fps
                new, known = talk.said[known:], len(talk.said)
                shown = [cue for cue in shown if cue.end_s > now]
                shown += chain.from_iterable(cues(*said) for said in new)
                drawn = Captions(shown)
            times = (np.arange(len(chunk.frames)) + video.frames) / video.fps
            frames = [drawn.draw(*one) for one in zip(chunk.frames, times, strict=True)]
            video.add(chunk._replace(frames=np.stack(frames)))
            yield chunk


def _write(path: Path, place: Path, content: str) -> None:
    try:
        place.write_bytes(content.encode())
    except OSError as error:
        raise cannot_write(path, error) from error
