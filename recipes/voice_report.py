"""How the voice sounds: the product, copy synthesis, recordings and flite in one run.

    python recipes/voice_report.py PARTS EXPERTS [--model MODEL] [--faces RENDERED] [--out WAVS]
    python recipes/voice_report.py --faces RENDERED --against MODEL [--people N] [--poses N]

PARTS has manifest.csv, EXPERTS nisqa.tar, RENDERED the held-out portraits of `ttsf render`. The
second form compares the consistency of two models' voices over the poses of a person (Table 3) and
nothing else. Needs
ttsf[data,eval]; DistillMOS and flite are used where they are installed. Everybody is held out; the
first recordings of each voice, the portraits and sentences that `spread` takes: nothing is chosen
by its score.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

import ttsf
from ttsf import checkpoint
from ttsf.config import SAMPLE_RATE
from ttsf.errors import MissingPackage, TtsfError
from ttsf.media.recording import read_sound
from ttsf.media.sound import write_wav
from ttsf.model.mel import mel_spectrogram
from ttsf.research.data.parts import Part, read_parts
from ttsf.research.data.recorded.speech import read_speech
from ttsf.research.data.rendered_faces import RenderedFaces
from ttsf.research.data.report import spread
from ttsf.research.data.speech.alignment import phone_times
from ttsf.research.data.speech.speech_files import register_of, resample
from ttsf.research.evaluation.cases import PLAIN
from ttsf.research.evaluation.metrics.c_sim import VoiceScorer, consistency
from ttsf.research.evaluation.metrics.f0_rmse import median_f0
from ttsf.research.evaluation.metrics.mcd import find_f0
from ttsf.research.evaluation.metrics.wer import transcribe, word_error_rate
from ttsf.research.experts.distillmos import DistillMos
from ttsf.research.experts.nisqa import Nisqa

PORTRAITS, SENTENCES, RECORDINGS = 20, 2, 4
WITH_PAUSES = (
    "When the rain had stopped, we went down to the river.",
    "If you have time, please read the letter again.",
    "He opened the door, looked around, and sat down by the fire.",
    "In the morning, before the sun was up, they left the house.",
)
FLITE = ("slt", "rms", "awb", "kal16")
LEAST_PAUSE_S = 0.05
SEVERAL = "The day was warm. We walked to the lake. Nobody was there. Then it began to rain."


class Sound(NamedTuple):
    """Speech at its own rate, by which quality is judged."""

    samples: np.ndarray
    """float32 [N] in [-1, 1]."""
    rate: int

    def heard(self) -> np.ndarray:
        """The samples at 16 kHz, for F0, words and pauses."""
        return resample(self.samples, self.rate, SAMPLE_RATE)


def semitones(samples: np.ndarray) -> float:
    """Standard deviation of F0 over the voiced frames."""
    f0 = find_f0(samples)
    voiced = f0[f0 > 0]
    return float(np.std(12 * np.log2(voiced / np.median(voiced)))) if len(voiced) else 0.0


def pauses(samples: np.ndarray, text: str, mark: str) -> Iterator[float]:
    """Silences in s after words that end in `mark`, by forced alignment; short ones are none."""
    phones, _ = phone_times(samples, text)
    words = text.split()
    for one, other in zip(phones or [], (phones or [])[1:], strict=False):
        gap = other.start_s - one.end_s
        if other.word == one.word + 1 and words[one.word].endswith(mark) and gap > LEAST_PAUSE_S:
            yield gap


def first_of_each(parts: Sequence[Part]) -> list[Part]:
    """The first held-out recordings of every voice with a text."""
    voices = sorted({part.speaker for part in parts})
    return [p for v in voices for p in [x for x in parts if x.speaker == v][:RECORDINGS]]


class Report:
    """Prints a line for each group of sounds."""

    def __init__(self, nisqa: Nisqa, out: Path | None) -> None:
        self.nisqa, self.out = nisqa, out
        try:
            self.distillmos: DistillMos | None = DistillMos()
        except MissingPackage:
            self.distillmos = None

    def add(self, name: str, sounds: Sequence[Sound], more: str = "") -> tuple[float, float]:
        """Print the medians of NISQA, DistillMOS and the movement of F0; return the first two."""
        heard = [sound.heard() for sound in sounds]
        scores = [self.nisqa.score(*sound) for sound in sounds]
        moves = float(np.median([semitones(samples) for samples in heard]))
        low, middle, high = np.percentile(scores, (25, 50, 75))
        second = float("nan")
        if self.distillmos is not None:
            found = [self.distillmos.score(samples, SAMPLE_RATE) for samples in heard]
            second = float(np.median(found))
        print(
            f"{name:<28} {middle:5.2f} ({low:.2f}-{high:.2f}) {second:5.2f} {moves:5.2f} "
            f"{len(sounds):4} {more}",
            flush=True,
        )
        if self.out is not None:
            for number, sound in enumerate(sounds):
                write_wav(self.out / f"{name.replace(' ', '_')}_{number}.wav", *sound)
        return float(middle), second


def speak(
    pipeline: ttsf.Pipeline,
    portrait: Path | None,
    text: str,
    options: ttsf.GenerateOptions | None = None,
) -> Sound:
    """The text in the voice of a portrait, or of the options."""
    samples = pipeline.say(portrait, text, options or ttsf.GenerateOptions())
    return Sound(samples, pipeline.model.config.sample_rate)


def product(pipeline: ttsf.Pipeline, report: Report, portraits: Sequence[Part], root: Path) -> None:
    """The product on held-out portraits: quality, register, words."""
    sounds, right, low, high, errors = [], [], [], [], []
    for number, part in enumerate(portraits):
        f0 = []
        for k in range(SENTENCES):
            text = PLAIN[(SENTENCES * number + k) % len(PLAIN)]
            sound = speak(pipeline, root / part.file, text)
            heard = sound.heard()
            f0.append(median_f0(heard))
            sounds.append(sound)
            errors.append(word_error_rate(text, transcribe(heard)))
            (low if part.voice_register == "low" else high).append(sound)
        if part.voice_register in ("low", "high"):
            right.append(register_of(float(np.median(f0))) == part.voice_register)
    report.add("product", sounds, f"WER {np.mean(errors):.3f} register {np.mean(right):.2f}")
    report.add("product, low", low)
    report.add("product, high", high)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", type=Path, nargs="?")
    parser.add_argument("experts", type=Path, nargs="?")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--faces", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--portraits", type=int, default=PORTRAITS)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--poses", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="the first pose, and its sentence")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    asked = chosen.people, range(chosen.first, chosen.first + chosen.poses)
    if chosen.against is not None:
        if chosen.faces is None:
            parser.error("--against needs --faces")
        try:
            models = [ttsf.load(chosen.model), ttsf.load(chosen.against)]
            print(same_person(RenderedFaces(chosen.faces), models, *asked))
        except TtsfError as error:
            parser.error(str(error))
        return
    if chosen.experts is None:
        parser.error("PARTS and EXPERTS are needed without --against")
    pipeline, report = ttsf.load(chosen.model), Report(Nisqa.load(chosen.experts), chosen.out)
    model = pipeline.model
    print(f"{'':<28} NISQA (quarters)  DistillMOS  F0 std, semitones  sounds")
    portraits = spread(read_parts(chosen.parts, "portrait", ("valid",)), chosen.portraits)
    product(pipeline, report, portraits, chosen.parts)
    real, copies, commas, stops = [], [], list[float](), list[float]()
    recorded = [p for p in read_parts(chosen.parts, "speech", ("valid",)) if p.transcript]
    shown = first_of_each(recorded)
    for part in recorded:
        text = part.transcript or ""
        if part not in shown and "," not in text[:-1]:
            continue
        sound, _ = read_speech(chosen.parts, part)
        commas += pauses(sound, text, ",")
        if part in shown:
            real.append(Sound(sound, SAMPLE_RATE))
            with torch.inference_mode():
                mel = mel_spectrogram(torch.from_numpy(sound)[None], model.config.audio)
                copy = model.vocoder(mel)[0].numpy()
                copies.append(Sound(copy, model.config.sample_rate))
    for part in read_parts(chosen.parts, "speech", ("train",)):  # no other has several sentences
        text = part.transcript or ""
        if ". " in text:
            stops += pauses(read_speech(chosen.parts, part)[0], text, ".")
    of_real = report.add("recordings", real)
    of_copies = report.add("copy synthesis", copies)
    losses = [f"{a - b:.2f}" for a, b in zip(of_real, of_copies, strict=True)]
    print(f"loss of copy synthesis: NISQA {losses[0]}, DistillMOS {losses[1]}")
    for voice in FLITE if shutil.which("flite") else ():
        report.add(f"flite {voice}", [Sound(flite(voice, text), SAMPLE_RATE) for text in PLAIN[:4]])
    for voice in model.config.speech.voices:
        options = ttsf.GenerateOptions(voice=voice.name)
        sounds = [speak(pipeline, None, text, options) for text in PLAIN[:4]]
        f0 = np.median([median_f0(sound.heard()) for sound in sounds])
        report.add(f"voice {voice.name}", sounds, f"{f0:.0f} Hz, {voice.register}")
    said_commas, said_stops = list[float](), list[float]()
    for voice in model.config.speech.voices:
        options = ttsf.GenerateOptions(voice=voice.name)
        for text in WITH_PAUSES:
            said_commas += pauses(speak(pipeline, None, text, options).heard(), text, ",")
        heard = speak(pipeline, None, SEVERAL, options).heard()
        said_stops += pauses(heard, SEVERAL, ".")
    for mark, ours, theirs in (("comma", said_commas, commas), ("stop", said_stops, stops)):
        own, other = (float(np.median(found or [np.nan])) for found in (ours, theirs))
        print(
            f"pause at a {mark}: {own:.2f} s ({len(ours)}), recordings {other:.2f} ({len(theirs)})"
        )
    if chosen.faces is not None:
        print(same_person(RenderedFaces(chosen.faces), [pipeline], *asked))
    began = time.process_time()
    sounds = [speak(pipeline, None, text, options) for text in PLAIN]
    seconds = sum(len(sound.samples) / sound.rate for sound in sounds)
    print(f"cost: {(time.process_time() - began) / seconds:.3f} CPU s per second of speech")


def flite(voice: str, text: str) -> np.ndarray:
    """What flite says, at 16 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "said.wav")
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        sound = read_sound(path, path)
        assert sound is not None
        return sound


def same_person(
    faces: RenderedFaces, pipelines: Sequence[ttsf.Pipeline], people: int, poses: range
) -> str:
    """Voice consistency of rendered people over their poses: each pose with a sentence of its own,
    and all with the first one's. The margin has its standard error over the people, and so has the
    first model's lead over each other.
    """
    there = min(faces.frames, len(PLAIN))
    if len(poses) < 2 or not 0 <= poses.start < poses.stop <= there:
        raise TtsfError(f"--first and --poses: two poses or more of the {there} that there are")
    chosen, scorer = spread(range(faces.people), people), VoiceScorer()
    if len(chosen) < 3:
        raise TtsfError(f"--people: {len(chosen)} are too few; three are needed for the error")
    lines = [f"C-SIM, {len(chosen)} people, {len(poses)} poses"]
    own, same = [PLAIN[pose] for pose in poses], [PLAIN[poses.start]] * len(poses)
    for title, texts in (("a sentence for each pose", own), ("one sentence", same)):
        left = []
        for pipeline in pipelines:
            found = {
                faces.names[person]: voice_in_poses(
                    pipeline, scorer, faces.images[person][poses.start : poses.stop], texts
                )
                for person in chosen
            }
            c = consistency(found)
            left.append(margins_without_each(found))
            name = pipeline.model.config.name
            figures = f"within {c.within:.3f}, across {c.across:.3f}: {c.margin:.3f}"
            lines.append(f"{title}, {name}: {figures} +- {jackknife_error(left[-1]):.3f}")
            if len(left) == 1:
                first = c.margin
            else:
                error = jackknife_error(left[0] - left[-1])
                lines.append(f"{title}, lead over {name}: {first - c.margin:.4f} +- {error:.4f}")
    return "\n".join(lines)


def voice_in_poses(
    pipeline: ttsf.Pipeline, scorer: VoiceScorer, images: np.ndarray, texts: Sequence[str]
) -> list[np.ndarray]:
    """The embedding of each text in the voice that its image [N, size, size, 3] chooses."""
    shown = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)
    with torch.inference_mode():
        voices = pipeline.model.choose_voice(pipeline.model.read_faces(shown.float() / 127.5 - 1))
    said = [say_in(pipeline, voice, text) for voice, text in zip(voices, texts, strict=True)]
    return [scorer.embed(sound.heard()) for sound in said]


def margins_without_each(found: Mapping[str, Sequence[np.ndarray]]) -> np.ndarray:
    """The margin of `consistency` without each person in turn."""
    left = [{name: found[name] for name in found if name != person} for person in found]
    return np.array([consistency(others).margin for others in left])


def jackknife_error(left: np.ndarray) -> float:
    """Standard error of a figure, from its values without each of N people in turn [N]."""
    return float(np.sqrt((len(left) - 1) * left.var()))


def say_in(pipeline: ttsf.Pipeline, voice: torch.Tensor, text: str) -> Sound:
    """The text in a voice [V], without the mark, which differs from file to file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "voice.safetensors")
        checkpoint.save_voice(pipeline.model, voice[None], path)
        return speak(pipeline, None, text, ttsf.GenerateOptions(voice=path, mark=False))


if __name__ == "__main__":
    main()
