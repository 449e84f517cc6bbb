"""Sec. 4.1, open data: animated clips of portraits, as a training aid.

Mouths follow the phone times of the speech, or the tracked mouth of a video; heads move at random,
or follow that video. The motion is known exactly, and saved as labels.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ttsf.config import SAMPLES_PER_FRAME, VoicePaceConfig
from ttsf.errors import TtsfError
from ttsf.media.files import new_file
from ttsf.model.labels import BLINK, FIRST_LIP, OPEN, SHIFTS, WIDE
from ttsf.model.motion.prosody import prosodic
from ttsf.research.data.clip_files import read_samples, save_frames, save_samples
from ttsf.research.data.manifest import Animated, Clip, Recorded
from ttsf.research.data.parts import Part
from ttsf.research.data.records import Record, Refusal
from ttsf.research.data.speech.alignment import Phone, read_phones
from ttsf.research.data.synthetic.animator import Animator
from ttsf.research.data.synthetic.head_motion import head_track
from ttsf.research.data.synthetic.mouth_layer import Teeth
from ttsf.research.data.synthetic.portraits import (
    check_movable,
    open_portrait,
    own_picture,
    teeth_of,
)
from ttsf.research.data.synthetic.visemes import smooth, spoken_mouth
from ttsf.research.landmarks.face_mesh import LandmarkDetector
from ttsf.research.landmarks.tracking import load_track, save_arrays

CLOSED_SHARE = 0.1
"""Fraction of a tracked clip's frames, with the smallest opening, taken as closed."""
STEADY = 1.0
"""Sigma of the Gaussian that removes jitter of tracked landmarks, frames."""
OPEN_EYES, SHUT_EYES = 0.10, 0.30
"""Tracked lid closure above the clip's median at which a blink begins and is complete."""


@dataclass(frozen=True)
class PortraitJob:
    """A portrait and its animated clips."""

    folder: Path
    part: Part
    size: int
    """Side of the frames, px."""
    seed: int
    donors: tuple[str, ...]
    """Portraits that may provide teeth; the first usable one does."""
    drives: tuple[Clip, ...]
    """Clips that drive it, with their sound: speech with phones, or a video with a track."""

    @property
    def key(self) -> str:
        """Name of the portrait."""
        return self.part.key


def portrait_one(job: PortraitJob, out: Path) -> Record:
    """Make the portrait's one-frame clip, and its animated clips."""
    part = job.part
    with one_thread():
        detector = LandmarkDetector()
        try:
            donor = find_donor(job, detector)
            animator = open_portrait(job.folder / part.file, detector, donor, job.size)
        except TtsfError as error:
            return Record(job.key, [], [Refusal(part.file, str(error))])
        finally:
            detector.close()
        still = save_portrait(job, animator, out)
        try:
            if part.problem is not None:
                raise TtsfError(f"listed as a poor picture: {part.problem}")
            check_movable(animator.own)
            if not job.drives:
                raise TtsfError(f"there is no speech for a {part.voice_register} voice")
        except TtsfError as error:
            return Record(job.key, [still], [Refusal(f"{part.file} (its motion)", str(error))])
        clips = [animate(job, i, clip, animator, still, out) for i, clip in enumerate(job.drives)]
    return Record(job.key, [still, *clips], [])


def find_donor(job: PortraitJob, detector: LandmarkDetector) -> Teeth | None:
    """Return the first usable teeth of the donors."""
    found = (teeth_of(job.folder / donor, detector) for donor in job.donors)
    return next((teeth for teeth in found if teeth is not None), None)


def save_portrait(job: PortraitJob, animator: Animator, out: Path) -> Clip:
    """Write the portrait with the crop of its animated clips."""
    path = f"clips/{job.key}.png"
    with new_file(out / path) as temporary:
        Image.fromarray(own_picture(animator)).save(temporary, "PNG")
    crop = tuple(round(value, 2) for value in animator.crop)
    return Clip(
        name=job.key,
        dataset=job.part.dataset,
        speaker=job.part.speaker,
        split=job.part.split,
        frames=1,
        samples=0,
        source=job.part.file,
        licence=job.part.licence,
        made=Recorded(0.0, (crop[0], crop[1], crop[2]), None, None),
        video=path,
        voice_register=job.part.voice_register,
    )


def animate(
    job: PortraitJob, number: int, speech: Clip, animator: Animator, still: Clip, out: Path
) -> Clip:
    """Write one animated clip: frames, sound and rendered labels."""
    name = f"animated/{job.key}-{number}"
    seed = zlib.crc32(f"{job.seed} {name}".encode())
    samples = whole_frames(read_samples(out / str(speech.audio), 0, speech.samples))
    if speech.video is None:
        rng = np.random.default_rng(seed)
        phones = read_phones(out / str(speech.phones))
        wanted = spoken_labels(animator.own, phones, samples, rng)
    else:
        wanted = tracked_labels(animator.own, load_track(track_path(out, speech.name)).labels)
    rendered: list[np.ndarray] = []

    def frames() -> Iterator[np.ndarray]:
        for labels in wanted:
            frame = animator.render(labels)
            rendered.append(frame.labels)
            yield frame.image

    video, audio, labels = (f"clips/{name}.{end}" for end in ("mp4", "flac", "npz"))
    count = save_frames(out / video, frames())
    save_arrays(out / labels, {"labels": np.stack(rendered).astype(np.float32)})
    return Clip(
        name=name,
        dataset=still.dataset,
        speaker=still.speaker,
        split=still.split,
        frames=count,
        samples=save_samples(out / audio, samples),
        source=still.source,
        licence="; ".join(dict.fromkeys((still.licence, speech.licence))),
        made=Animated(
            portrait=still.name,
            speech=speech.name,
            lips="visemes" if speech.video is None else "tracked",
            head="random" if speech.video is None else "tracked",
            seed=seed,
        ),
        video=video,
        audio=audio,
        text=speech.text,
        labels=labels,
        phones=speech.phones,
        voice_register=speech.voice_register,
    )


def track_path(out: Path, name: str) -> Path:
    """Return the path of a clip's tracked motion."""
    return out / "tracks" / f"{name}.npz"


def whole_frames(samples: np.ndarray) -> np.ndarray:
    """Pad samples with silence to a whole number of frames."""
    return np.pad(samples, (0, -len(samples) % SAMPLES_PER_FRAME))


def spoken_labels(
    own: np.ndarray, phones: list[Phone], samples: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return labels float32 [F, 11] of a portrait (labels `own` [11]) speaking these phones.

    samples: float32 [F * 640] at 16 kHz. The head wanders about a pose between the portrait's own
    and a frontal one.
    """
    curve, loudness = spoken_mouth(phones, samples)
    start = own[:FIRST_LIP].astype(np.float64)
    start[SHIFTS] = 0.0
    own_pace = torch.from_numpy(head_track(len(loudness), start, rng))
    head = prosodic(own_pace[None], torch.from_numpy(loudness), VoicePaceConfig())[0].numpy()
    head[:, SHIFTS] += own[SHIFTS]
    return np.concatenate([head, curve], axis=1).astype(np.float32)


def tracked_labels(own: np.ndarray, track: np.ndarray) -> np.ndarray:
    """Return labels float32 [F, 11] of a portrait (labels `own` [11]) moving like a tracked clip.

    track: absolute labels float32 [F, 11] of the clip. Its head moves relative to its median, its
    mouth relative to its most closed frames, which become the portrait's closed lips.
    """
    labels = np.zeros_like(track, dtype=np.float64)
    head = smooth(track[:, :BLINK].astype(np.float64), STEADY, "nearest")
    labels[:, :BLINK] = own[:BLINK] + head - np.median(head, axis=0)
    lids = track[:, BLINK] - np.median(track[:, BLINK])
    labels[:, BLINK] = np.clip((lids - OPEN_EYES) / (SHUT_EYES - OPEN_EYES), 0, 1)
    closed = track[:, OPEN] <= np.quantile(track[:, OPEN], CLOSED_SHARE)
    labels[:, OPEN] = np.maximum(track[:, OPEN] - np.median(track[closed, OPEN]), 0)
    labels[:, WIDE] = track[:, WIDE] - np.median(track[closed, WIDE])
    return labels.astype(np.float32)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run native libraries on one thread in the block, since parallel sums are not reproducible."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
