"""Sec. 4.1: turn a recorded video into training clips: face crops, sound, clean text.

Unusable parts are refused with a reason. A text belongs to all of its frames, so a piece with text
is kept whole or not at all; frames without text are cut where the face leaves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import CLIP_FRAMES, FPS, SAMPLE_RATE, SpeechConfig
from ttsf.errors import CannotWrite, TtsfError
from ttsf.media.files import new_file
from ttsf.media.recording import fit_sound, read_sound, read_video
from ttsf.portrait.crop import cut_square
from ttsf.research.data.clip_files import save_frames, save_samples
from ttsf.research.data.manifest import Clip, Recorded
from ttsf.research.data.recorded import face_track
from ttsf.research.data.recorded.face_track import Stretch, Survey
from ttsf.research.data.recorded.layouts import SourceVideo
from ttsf.research.data.recorded.recogniser import write_down
from ttsf.research.data.recorded.transcripts import (
    Transcript,
    cut,
    plain_transcript,
    read_transcript,
)
from ttsf.research.data.records import Record, Refusal, piece_name
from ttsf.text.front_end import TextFrontEnd

SILENT_DB = -60.0  # loudest tenth of a second, dB below full scale
AFTER_END_S = 0.3  # how far the last word may lie behind the end of the video


@dataclass(frozen=True)
class PrepareJob:
    """One video to prepare."""

    source: SourceVideo
    size: int
    """Side of the stored frames, px."""
    longest_s: float
    """Maximum length of pieces without text, s."""
    recogniser: str | None
    """Recogniser for speech without text."""

    @property
    def key(self) -> str:
        """Key of the video."""
        return self.source.key


class Span(NamedTuple):
    """A stretch with its text."""

    stretch: Stretch
    text: str | None
    problem: str | None = None
    """Why it is unusable."""


class Recording(NamedTuple):
    """A video's detections and sound."""

    survey: Survey
    samples: np.ndarray
    """Float32 [N], mono, 16 kHz."""

    def sound(self, stretch: Stretch) -> np.ndarray:
        """Return the sound of a stretch, exactly as long as its frames."""
        return fit_sound(self.samples, stretch.start, stretch.end - stretch.start)


def prepare_one(job: PrepareJob, out: Path) -> Record:
    """Write clips and thumbnails of one video below `out`; an unusable video gives one refusal."""
    try:
        return _prepare(job, out)
    except CannotWrite:
        raise
    except TtsfError as error:
        return Record(job.key, [], [Refusal(job.source.source, str(error))])


def _prepare(job: PrepareJob, out: Path) -> Record:
    source = job.source
    transcript = plain_transcript(source.words) if source.words else None
    if source.transcript is not None:
        transcript = read_transcript(source.transcript)
    recording = read_once(source)
    check_words(transcript, recording.survey)
    found = list(find_spans(transcript, recording, job.longest_s))
    spans = [span for span in found if span.problem is None]
    refused = [
        _refuse(job, recording.survey, span.stretch, span.problem, out)
        for span in found
        if span.problem is not None
    ]
    clips: list[Clip] = []
    frames, at = read_video(source.video), 0
    for i, span in enumerate(spans):
        name = job.key if len(spans) == 1 else piece_name(job.key, i)
        chosen = islice(frames, span.stretch.start - at, span.stretch.end - at)
        at = span.stretch.end
        clip, problem = _save_clip(job, name, span, recording, chosen, out)
        clips.append(clip)
        if problem is not None:
            refused.append(Refusal(source.source, f"kept without its text: {problem}"))
    return Record(job.key, clips, refused)


def read_once(source: SourceVideo) -> Recording:
    """Detect faces in a video and read its sound; raises TtsfError for silent or broken files."""
    samples = read_sound(source.sound or source.video, source.video if source.sound else None)
    if samples is None:
        raise TtsfError("silent: there is no sound track")
    if loudest_db(samples) < SILENT_DB:
        raise TtsfError(f"silent: below {SILENT_DB:.0f} dB throughout")
    return Recording(face_track.survey_frames(read_video(source.video)), samples)


def loudest_db(samples: np.ndarray) -> float:
    """Return the level of the loudest tenth of a second, dB of full scale; samples float [N]."""
    block = SAMPLE_RATE // 10
    if len(samples) < block:
        return -np.inf
    power = (samples[: len(samples) // block * block].reshape(-1, block) ** 2).mean(1).max()
    return float(10 * np.log10(power)) if power > 0 else -np.inf


def check_words(transcript: Transcript | None, survey: Survey) -> None:
    """Raise TtsfError if a transcript continues after the end of the video."""
    if transcript is None or not transcript.words:
        return
    words_end, video_end = transcript.words[-1].end_s, survey.frames / FPS
    if words_end > video_end + AFTER_END_S:
        raise TtsfError(
            f"cut short: the words end at {words_end:.1f} s, the video at {video_end:.1f} s"
        )


def find_spans(
    transcript: Transcript | None, recording: Recording, longest_s: float
) -> Iterator[Span]:
    """Yield all spans of a recording, in order."""
    survey = recording.survey
    pieces = cut(transcript, survey.frames / FPS, longest_s)
    if not pieces:
        yield Span(Stretch(0, survey.frames), None, "no usable words in the text beside it")
    for piece in pieces:
        last = survey.frames if piece.end_s is None else round(piece.end_s * FPS)
        end = min(last, survey.frames)
        start = min(round(piece.start_s * FPS), end)
        whole = Stretch(start, end)
        stretches = face_track.find_stretches(survey, start, end)
        if not stretches:
            yield Span(whole, piece.text, "no face")
        elif piece.text and (stretches[0].start, stretches[0].end) != (start, end):
            why = stretches[0].ending or "no face at the beginning"
            problem = f"{why}, and the text needs all of its pictures"
            yield Span(whole, piece.text, problem)
        else:
            longest = end - start if piece.text else round(longest_s * FPS)
            for stretch in stretches:
                for part in split_stretch(stretch, longest):
                    reason = face_track.refusal(part, CLIP_FRAMES)
                    if reason is None and loudest_db(recording.sound(part)) < SILENT_DB:
                        reason = f"silent: below {SILENT_DB:.0f} dB throughout"
                    yield Span(part, piece.text, reason)


def split_stretch(stretch: Stretch, longest: int) -> list[Stretch]:
    """Split into equal parts of at most `longest` frames."""
    length = stretch.end - stretch.start
    parts = -(-length // longest)
    edges = [stretch.start + length * i // parts for i in range(parts + 1)]
    return [stretch._replace(start=edges[i], end=edges[i + 1]) for i in range(parts)]


def _refuse(job: PrepareJob, survey: Survey, stretch: Stretch, reason: str, out: Path) -> Refusal:
    """Make a refusal, with its middle frame as thumbnail."""
    place = job.source.source
    if (stretch.start, stretch.end) != (0, survey.frames):
        place += f" {stretch.start / FPS:.2f}-{stretch.end / FPS:.2f} s"
    middle = (stretch.start + stretch.end) / 2
    look = min(survey.looks, key=lambda look: abs(look.frame - middle))
    name = f"thumbnails/{job.key}-{stretch.start}.jpg"
    with new_file(out / name) as temporary:
        look.thumbnail.save(temporary, "JPEG", quality=80)
    return Refusal(place, reason, name)


def _save_clip(
    job: PrepareJob,
    name: str,
    span: Span,
    recording: Recording,
    frames: Iterator[np.ndarray],
    out: Path,
) -> tuple[Clip, str | None]:
    """Write the files of a clip; return it with a problem of its text, if any."""
    source, stretch = job.source, span.stretch
    square, sound = stretch.square, recording.sound(stretch)
    video, audio = f"clips/{name}.mp4", f"clips/{name}.flac"
    cut_frames = (cut_square(frame, square, job.size) for frame in frames)
    text, problem = normal_words(span.text or write_down(job.recogniser, sound))
    clip = Clip(
        name=name,
        dataset=source.dataset,
        speaker=source.speaker,
        split=source.split,
        frames=save_frames(out / video, cut_frames),
        samples=save_samples(out / audio, sound),
        source=source.source,
        licence=source.licence,
        made=Recorded(
            start_s=round(stretch.start / FPS, 3),
            crop=(round(square.left, 2), round(square.top, 2), round(square.side, 2)),
            face_px=round(stretch.face.side, 1),
            turned=round(stretch.turned, 3),
        ),
        video=video,
        audio=audio,
        text=text,
    )
    return clip, problem


def normal_words(text: str | None) -> tuple[str | None, str | None]:
    """Normalise a text; return it with a problem, if any."""
    if not text:
        return None, None
    try:
        return TextFrontEnd(SpeechConfig()).normalize(text), None
    except TtsfError as error:
        return None, str(error)
