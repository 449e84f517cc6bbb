"""`ttsf voices`: list a model's voices, or save the one that a face chooses."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from ttsf.cli.options import Device, Model
from ttsf.errors import TtsfError

SAMPLE = "Hello. This is how I sound when I read a sentence to you."


@dataclass(frozen=True)
class Voices:
    """List a model's voices; save a sample of each, or the voice that a face chooses.

    ttsf voices --samples voices
    """

    samples: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None
    """Folder for a WAV sample of each voice."""
    portrait: Annotated[Path | None, arg(metavar="PICTURE", help_behavior_hint="")] = None
    """Portrait whose voice to save."""
    save: Annotated[Path | None, arg(metavar="OUT.safetensors", help_behavior_hint="")] = None
    """Output file for that voice, for `ttsf speak --voice`."""
    model: Model = None
    device: Device = "cpu"

    def run(self) -> None:
        """List the voices, and write samples or the saved voice."""
        from ttsf.checkpoint import save_voice
        from ttsf.engine.options import GenerateOptions
        from ttsf.media.sound import write_wav
        from ttsf.pipeline import VOICE_SUFFIX, load

        if (self.portrait is None) != (self.save is None):
            raise TtsfError("to save a face's voice give both --portrait and --save")
        if self.save is not None and self.save.suffix != VOICE_SUFFIX:
            raise TtsfError(f"cannot write {self.save}: the name must end in {VOICE_SUFFIX}")
        pipeline = load(self.model, self.device)
        if self.portrait is not None and self.save is not None:
            save_voice(pipeline.model, pipeline.voice_of(self.portrait), self.save)
            print(f"{self.save}: the voice of {self.portrait}")
            return
        config = pipeline.model.config
        if not config.speech.voices:
            print("this model has no voices of its own: it makes one for each face")
        for voice in config.speech.voices:
            line = f"{voice.name:<16}{voice.register}"
            if self.samples is not None:
                path = self.samples / f"{voice.name}.wav"
                said = pipeline.say(None, SAMPLE, GenerateOptions(voice=voice.name))
                write_wav(path, said, config.sample_rate)
                line += f"   {path}"
            print(line, flush=True)
