"""`ttsf voices`: list a model's voices, or name or save the one that a face chooses."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from ttsf.cli.options import Device, Model, refuse_idle
from ttsf.errors import TtsfError

SAMPLE = "Hello. This is how I sound when I read a sentence to you."


@dataclass(frozen=True)
class Voices:
    """List a model's voices and save samples, or name or save the one that a face chooses.

    ttsf voices --samples voices
    """

    samples: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint="")] = None
    """Folder for a WAV sample of each voice."""
    portrait: Annotated[Path | None, arg(metavar="PICTURE", help_behavior_hint="")] = None
    """Portrait: list only the voice that its face chooses."""
    save: Annotated[Path | None, arg(metavar="OUT.safetensors", help_behavior_hint="")] = None
    """File to save that voice in, for `ttsf speak --voice`."""
    model: Model = None
    device: Device = "cpu"

    def run(self) -> None:
        """List the voices, and write samples or the saved voice."""
        from ttsf.checkpoint import save_voice
        from ttsf.engine.options import GenerateOptions
        from ttsf.media.sound import write_wav
        from ttsf.pipeline import VOICE_SUFFIX, load

        if self.portrait is None:
            refuse_idle(self, ("save",), "--portrait, whose face chooses the voice")
        elif self.samples is not None and self.save is not None:
            raise TtsfError("give either --samples or --save")
        if self.save is not None and self.save.suffix != VOICE_SUFFIX:
            raise TtsfError(f"cannot write {self.save}: the name must end in {VOICE_SUFFIX}")
        pipeline = load(self.model, self.device)
        config, voices = pipeline.model.config, pipeline.model.config.speech.voices
        if self.portrait is not None:
            chosen = pipeline.voice_of(self.portrait)
            if self.save is not None:
                save_voice(pipeline.model, chosen, self.save)
                print(f"{self.save}: the voice of {self.portrait}")
                return
            voices = voices and (pipeline.model.speech.nearest_voice(chosen),)
        if not voices:
            print("this model has no voices of its own: it makes one for each face")
        for voice in voices:
            line = f"{voice.name:<16}{voice.register}"
            if self.samples is not None:
                path = self.samples / f"{voice.name}.wav"
                said = pipeline.say(None, SAMPLE, GenerateOptions(voice=voice.name))
                write_wav(path, said, config.sample_rate)
                line += f"   {path}"
            print(line, flush=True)
