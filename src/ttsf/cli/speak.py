"""`ttsf speak`: one video from a portrait and a text."""

import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from ttsf.cli.options import Device, Model, Quiet, refuse_idle
from ttsf.cli.streams import Progress, show
from ttsf.engine.options import (
    DEFAULTS,
    AsSampled,
    Blinks,
    Brows,
    CaptionsKind,
    Code,
    Gaze,
    Label,
    Language,
    MarkSound,
    MaxSeconds,
    Motion,
    Rate,
    Seed,
    Size,
    Smile,
    Steps,
    Still,
    Temperature,
    options_of,
)
from ttsf.errors import TtsfError
from ttsf.light_torch import import_lightly
from ttsf.media.files import local_path, read_text
from ttsf.timings.files import TimingsFormat

if TYPE_CHECKING:
    from ttsf.portrait.portrait import Portrait

OF_WORDS = ("subtitles", "timings", "captions", "lexicon", "code")
"""Options that need words."""
OWN = "(default: the model's own)"
STDIN = Path("-")
logger = logging.getLogger("ttsf")


@dataclass(frozen=True)
class Speak:
    """Generate a video of a portrait that speaks a text, or a recording of yours.

    ttsf speak me.jpg "Good morning." --output hello.mp4
    """

    portrait: Positional[Path]
    """Picture with a face."""
    output: Annotated[Path, arg(aliases=("-o",), metavar="OUT.mp4")]
    """Video to write."""
    text: Annotated[Positional[str | None], arg(help_behavior_hint="")] = None
    """Text to speak, or the words of the recording; - reads standard input."""
    text_file: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None
    """Read the text from a file; - reads standard input."""
    audio: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None
    """Recording to speak with instead of a voice, any sound or video file; - reads it from
    standard input."""
    mark_sound: MarkSound = DEFAULTS.mark_sound
    save_audio: Annotated[Path | None, arg(metavar="OUT.wav", help_behavior_hint="")] = None
    """Also write the speech as WAV."""
    subtitles: Annotated[Path | None, arg(metavar="OUT.srt", help_behavior_hint="")] = None
    """Also write subtitles, .srt or .vtt."""
    timings: Annotated[Path | None, arg(metavar="OUT.json", help_behavior_hint="")] = None
    """Also write the times of words, phones and visemes."""
    timings_format: TimingsFormat = "ttsf"
    """Format of the timings file."""
    captions: CaptionsKind = "none"
    """Subtitles in the video: a track that players can show, or burnt into the frames."""
    seed: Seed = DEFAULTS.seed
    steps: Annotated[Steps, arg(help_behavior_hint=OWN)] = DEFAULTS.steps
    temperature: Annotated[Temperature, arg(help_behavior_hint=OWN)] = DEFAULTS.temperature
    voice: Annotated[
        str | None, arg(metavar="NAME|FILE", help_behavior_hint="(default: chosen by the face)")
    ] = None
    """Voice: a name (see ttsf voices) or a saved file."""
    rate: Rate = DEFAULTS.rate
    motion: Motion = DEFAULTS.motion
    blinks: Blinks = DEFAULTS.blinks
    smile: Smile = DEFAULTS.smile
    brows: Brows = DEFAULTS.brows
    gaze: Gaze = DEFAULTS.gaze
    still: Still = DEFAULTS.still
    as_sampled: AsSampled = DEFAULTS.as_sampled
    face: int = 1
    """Number of the face (see ttsf faces); 1 is the largest."""
    framing: Annotated[str, arg(metavar="FRAMING")] = "picture"
    """What to show: picture, face, or a canvas such as 1080x1920 (blurred) or 1080x1920:plain."""
    size: Annotated[Size, arg(help_behavior_hint="(default: at most 1080)")] = DEFAULTS.size
    language: Annotated[Language, arg(metavar="CODE")] = DEFAULTS.language
    code: Code = DEFAULTS.code
    lexicon: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None
    """Pronunciations: a word, a tab and its IPA on each line."""
    no_mark: bool = False
    """Leave out the watermark (for research). If you show such a video, label it as synthetic in
    another way."""
    sign: bool = False
    """Add signed metadata (C2PA) to the .mp4, with the key of this installation."""
    label: Label = DEFAULTS.label
    max_seconds: MaxSeconds = DEFAULTS.max_seconds
    model: Model = None
    device: Device = "cpu"
    quiet: Quiet = False

    def run(self) -> None:
        """Write the video and print one line."""
        text, began = self._text(), time.monotonic()
        import_lightly()
        from ttsf import checkpoint  # imports PyTorch, which --help does not need
        from ttsf.compositing.framing import Framing
        from ttsf.engine.output import Outputs
        from ttsf.pipeline import load
        from ttsf.text.markup.lexicon import read_lexicon

        if self.model is None and not checkpoint.BUNDLED.is_dir():
            raise TtsfError("this installation has no bundled weights; give --model DIR")
        outputs = Outputs(
            self.output,
            self.save_audio,
            self.subtitles,
            self.timings,
            self.timings_format,
            self.captions,
            self.sign,
        )
        voice = None if self.voice is None else local_path(self.voice)
        outputs.refuse(self.portrait, self.text_file, self.audio, self.lexicon, voice)
        outputs.check()
        lexicon = {} if self.lexicon is None else read_lexicon(self.lexicon)
        framing, mark = Framing.parse(self.framing), not self.no_mark
        options = options_of(self, {"framing": framing, "lexicon": lexicon, "mark": mark})
        pipeline = load(self.model, self.device)
        loaded = time.monotonic()
        portrait = pipeline.portrait(self.portrait, self.face)
        self._warn(portrait)
        progress = None if self.quiet else Progress("frames")
        audio = sys.stdin.buffer if self.audio == STDIN else self.audio
        written = pipeline.write(portrait, text, outputs, options, progress, audio=audio)
        if not self.quiet:
            took = time.monotonic() - loaded
            show(
                f"{self.output}: {written.seconds:.2f} s of video, {written.frame_count} frames, "
                f"made in {took:.1f} s (real-time factor {took / written.seconds:.2f}) "
                f"after {loaded - began:.1f} s of loading"
            )

    def _warn(self, portrait: "Portrait") -> None:
        if len(portrait.faces) > 1 and self.face == 1:
            logger.warning(
                "%s shows %d faces; the largest, %s, speaks (--face 2 chooses another, "
                "ttsf faces shows which is which)",
                self.portrait,
                len(portrait.faces),
                portrait.place,
            )
        for doubt in portrait.doubts:
            logger.warning("%s: %s", self.portrait, doubt.sentence)

    def _text(self) -> str | None:
        read = (self.portrait, self.audio, self.text_file, self.text and Path(self.text))
        if read.count(STDIN) > 1:
            raise TtsfError("standard input holds either the picture, the recording or the text")
        if self.audio is not None:
            if self.voice is not None or self.rate != DEFAULTS.rate:
                raise TtsfError("a recording has its own voice and pace: no --voice, no --rate")
            if self.text is None and self.text_file is None:
                refuse_idle(self, OF_WORDS, "the words of the recording")
                return None
        elif self.mark_sound:
            raise TtsfError("--mark-sound needs --audio; synthetic speech is marked without it")
        if (self.text is None) == (self.text_file is None):
            raise TtsfError("give the text either as an argument or with --text-file")
        if self.text not in (None, "-"):
            return self.text
        return read_text(None if self.text_file == STDIN else self.text_file, guess=True)
