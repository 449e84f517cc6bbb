"""Sec. 4.1: transcribe recordings without text, with a recogniser chosen by the user.

"pocketsphinx" is the one that installs with ttsf[data]; anything else is a command line in which
{wav} stands for a 16 kHz file and which prints the words.
"""

import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ttsf.config import SAMPLE_RATE
from ttsf.errors import TtsfError, needing
from ttsf.media.sound import write_wav
from ttsf.research.data.speech.alignment import to_16_bit


def check_recogniser(name: str | None) -> None:
    """Raise TtsfError if `write_down` would fail."""
    if name is None:
        return
    if name == "pocketsphinx":
        _decoder()
        return
    try:
        words = shlex.split(name)
    except ValueError as error:  # such as a quotation that never ends
        raise TtsfError(f"the recogniser '{name}' is not a command: {error}") from None
    if not any("{wav}" in word for word in words):
        raise TtsfError(
            f"the recogniser '{name}' is neither pocketsphinx nor a command with {{wav}}"
        )
    if shutil.which(words[0]) is None:
        raise TtsfError(f"the recogniser's program '{words[0]}' is not installed")


def write_down(name: str | None, samples: np.ndarray) -> str | None:
    """Transcribe float32 [N] at 16 kHz; None without a recogniser or if it finds no words."""
    if name is None:
        return None
    if name == "pocketsphinx":
        decoder = _decoder()
        decoder.start_utt()
        decoder.process_raw(to_16_bit(samples), full_utt=True)
        decoder.end_utt()
        heard = decoder.hyp()
        return heard.hypstr if heard and heard.hypstr else None
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        write_wav(wav, samples, SAMPLE_RATE)
        command = [word.replace("{wav}", str(wav)) for word in shlex.split(name)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        except OSError as error:
            raise TtsfError(f"the recogniser cannot be started: {error}") from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise TtsfError(f"the recogniser failed ({done.returncode}): {reason}")
    return " ".join(done.stdout.split()) or None


def _decoder() -> Any:
    """Create a new decoder, since decoders adapt and results must not depend on earlier clips."""
    with needing("the recogniser", "pocketsphinx", "data"):
        import pocketsphinx
    return pocketsphinx.Decoder(loglevel="FATAL")
