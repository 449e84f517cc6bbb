"""Systems under test: folders of videos named after their cases; ours are generated here.

A cascade (our speech with another system's frames) is a folder too: the other system is driven by
our `speech/*.wav`.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.compositing.framing import Framing
from ttsf.config import PICTURE_SIDE
from ttsf.engine.options import GenerateOptions
from ttsf.engine.output import Outputs
from ttsf.errors import TtsfError
from ttsf.media.files import write_new
from ttsf.media.recording import read_sound
from ttsf.media.sound import write_wav
from ttsf.parallel import Progress
from ttsf.pipeline import Pipeline
from ttsf.research.data.recorded.layouts import VIDEO_SUFFIXES
from ttsf.research.evaluation.cases import Case

GROUND_TRUTH = "real clips"
MARK = "weights.sha256"
"""File that records the weights of a folder of our videos."""
MOTIONS = 5
"""Frames per person for comparing voices (Table 3, Fig. 5)."""
SAME_SENTENCE = "The weather will be cold and dry tomorrow."


class System(NamedTuple):
    """The videos of one system."""

    name: str
    videos: Mapping[str, Path]
    """Videos by case; cases without one are refused when they are scored."""
    extra: tuple[str, ...] = ()
    """Files in the folder that belong to no case."""
    expected: frozenset[str] | None = None
    """Cases that should have a video; None: all."""

    @property
    def is_real(self) -> bool:
        """Whether these are the real clips."""
        return self.name == GROUND_TRUTH


def ground_truth(cases: Sequence[Case]) -> System:
    """Return the system of real clips."""
    videos = {case.name: case.video for case in cases if case.video}
    return System(GROUND_TRUTH, videos, expected=frozenset(videos))


def open_folder(name: str, folder: Path, cases: Sequence[Case]) -> System:
    """Open a folder of videos in any container.

    Raises TtsfError if it is empty, no name matches a case, or two files have one name.
    """
    if not folder.is_dir():
        raise TtsfError(f"{folder}: no such folder")
    files = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in VIDEO_SUFFIXES]
    found = {path.stem: path for path in files}
    if not found:
        raise TtsfError(f"{folder}: holds no video ({' '.join(VIDEO_SUFFIXES)})")
    if len(found) < len(files):
        twice = next(path.stem for path in files if found[path.stem] != path)
        raise TtsfError(f"{folder}: two videos are called '{twice}'")
    names = {case.name for case in cases}
    videos = {stem: path for stem, path in found.items() if stem in names}
    if not videos:
        raise TtsfError(
            f"{folder}: no video has a case's name (such as {min(names)}.mp4, not {files[0].name})"
        )
    return System(name, videos, tuple(sorted(found.keys() - names)))


def speak_cases(
    name: str,
    pipeline: Pipeline,
    cases: Sequence[Case],
    folder: Path,
    progress: Progress | None,
    sounds: Mapping[str, Path] | None = None,
) -> tuple[System, dict[str, str]]:
    """Generate our videos of the cases, keeping finished ones; also return failures by case.

    Each case has a seed of its own, the same in every model, so that cases differ in motion.
    sounds: recordings that drive the faces instead of the texts, by case; a model without lips from
    sound gets their words too.

    Raises TtsfError if the folder holds videos of other weights.
    """
    _claim(folder, pipeline)
    videos, refused = {}, {}
    for i, case in enumerate(cases):
        path, sound = folder / f"{case.name}.mp4", folder / "speech" / f"{case.name}.wav"
        try:
            if not (path.exists() and sound.exists()):
                sound.parent.mkdir(parents=True, exist_ok=True)
                seed = zlib.crc32(case.name.encode())
                face = Framing("face")
                options = GenerateOptions(seed, framing=face, size=PICTURE_SIDE, mark=False)
                audio = None if sounds is None else sounds[case.name]
                listens = audio is not None and pipeline.model.sound_lips is not None
                text = None if listens else case.text
                outputs = Outputs(path, sound)
                pipeline.write(case.picture(), text, outputs, options, audio=audio)
            videos[case.name] = path
        except TtsfError as error:
            refused[case.name] = str(error)
        if progress is not None:
            progress(i + 1, len(cases))
    return System(name, videos, expected=frozenset(case.name for case in cases)), refused


def _claim(folder: Path, pipeline: Pipeline) -> None:
    """Record the weights in a folder; raises TtsfError if it belongs to others."""
    digest = hashlib.sha256(repr(pipeline.model.config).encode())
    for name, value in sorted(pipeline.model.state_dict().items()):
        digest.update(name.encode() + value.cpu().contiguous().numpy().tobytes())
    mark = folder / MARK
    if not mark.exists():
        if any(folder.glob("*.mp4")):
            raise TtsfError(f"{folder} holds videos of unknown weights; choose another folder")
        folder.mkdir(parents=True, exist_ok=True)
        write_new(mark, digest.hexdigest() + "\n")
    elif mark.read_text().strip() != digest.hexdigest():
        raise TtsfError(f"{folder} holds videos of other weights; choose another folder")


def voices_under_motion(
    pipeline: Pipeline,
    pictures: Mapping[str, Sequence[np.ndarray]],
    folder: Path,
    progress: Progress | None = None,
) -> dict[str, list[np.ndarray]]:
    """Synthesise one sentence in the voice that each picture chooses.

    pictures: by person, several RGB uint8 [H, W, 3] in different motions. Returns by person the
    sounds, float32 [N] at 16 kHz each, which are also written to `folder`. Skips pictures without a
    face, and people with fewer than two sounds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    voices: dict[str, list[np.ndarray]] = {}
    for i, (person, shown) in enumerate(pictures.items()):
        own = []
        for k, picture in enumerate(shown):
            try:
                samples = pipeline.say(picture, SAME_SENTENCE)
            except TtsfError:
                continue
            path = folder / f"{person}_{k}.wav"
            write_wav(path, samples, pipeline.model.config.sample_rate)
            heard = read_sound(path, path)
            assert heard is not None
            own.append(heard)
        if len(own) > 1:
            voices[person] = own
        if progress is not None:
            progress(i + 1, len(pictures))
    return voices


def spread_frames(frames: np.ndarray) -> list[np.ndarray]:
    """Pick five frames spread over a clip [T, H, W, 3]."""
    return [frames[i] for i in np.linspace(0, len(frames) - 1, MOTIONS).astype(int)]
