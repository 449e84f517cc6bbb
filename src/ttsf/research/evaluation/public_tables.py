"""Tables 1, 2, 3 and 5 with public networks, whose files the user has downloaded.

A figure is comparable only with figures of the same metric, and each metric names its variant and
its file. Judges of speech have a table of their own (`naturalness`). Not here: MCD and F0, which
need no network.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.config import PICTURE_SIDE
from ttsf.errors import TtsfError
from ttsf.portrait.crop import crop_square, cut_square
from ttsf.portrait.detection import choose_face, find_faces
from ttsf.research.evaluation.cases import Case
from ttsf.research.evaluation.clips import VideoClip, read_clip
from ttsf.research.evaluation.metrics.c_sim import cosine
from ttsf.research.evaluation.metrics.div import DIV, DIV_DEGREES, diversity
from ttsf.research.evaluation.metrics.fid import FID, fid
from ttsf.research.evaluation.metrics.id_sim import ID_SIM, ID_SIM_REAL, id_sim
from ttsf.research.evaluation.metrics.lse import LSE_C, LSE_D, lse
from ttsf.research.evaluation.metrics.metric import Figure, Measure, Metric, average
from ttsf.research.evaluation.metrics.wer import (
    check_whisper,
    load_whisper,
    whisper_wer,
    word_error_rate,
)
from ttsf.research.evaluation.metrics.x_vectors import XVectors
from ttsf.research.evaluation.offline_tables import TableBuilder
from ttsf.research.evaluation.scoring import Scored
from ttsf.research.evaluation.table import Row, Table
from ttsf.research.experts.curricular_face import CurricularFace
from ttsf.research.experts.files import ExpertFile, find_expert
from ttsf.research.experts.head_pose import Hopenet
from ttsf.research.experts.inception import Inception
from ttsf.research.experts.nisqa import Nisqa
from ttsf.research.experts.public_syncnet import LipSyncNet

COLUMNS = (FID, ID_SIM, LSE_C, LSE_D, DIV, DIV_DEGREES)
FILES = (Inception.FILE, CurricularFace.FILE, LipSyncNet.FILE, Hopenet.FILE)


class Recogniser(NamedTuple):
    """A local Whisper model."""

    metric: Metric
    transcribe: Callable[[np.ndarray], str]
    """float32 [N] in [-1, 1] at 16 kHz -> English words."""


class Experts(NamedTuple):
    """The public networks, on the CPU."""

    inception: Inception
    face: CurricularFace
    lips: LipSyncNet
    pose: Hopenet
    recogniser: Recogniser | None


def check_files(folder: Path, whisper: Path | None) -> None:
    """Check the hash of every file; raises TtsfError that says what to download if any is
    missing."""
    missing = []
    for file in _wanted(folder, whisper):
        try:
            find_expert(file, folder)
        except TtsfError as error:
            missing.append(str(error))
    try:
        if whisper is not None:
            check_whisper(whisper)
    except TtsfError as error:
        missing.append(str(error))
    if missing:
        raise TtsfError("; ".join(missing))


def _wanted(folder: Path, whisper: Path | None) -> tuple[ExpertFile, ...]:
    """List the required files: NISQA's only if present, the others unless only NISQA's is."""
    if not (folder / Nisqa.FILE.file).is_file():
        return FILES
    others = whisper is not None or any((folder / file.file).is_file() for file in FILES)
    return (*FILES, Nisqa.FILE) if others else (Nisqa.FILE,)


def read_tables(
    folder: Path, whisper: Path | None, scored: Sequence[Scored], cases: Sequence[Case]
) -> list[Table]:
    """Build the tables of the files in `folder`; none if only NISQA's is there. Raises
    TtsfError."""
    if _wanted(folder, whisper) == (Nisqa.FILE,):
        return []
    return tables(load_experts(folder, whisper), scored, cases)


def load_experts(folder: Path, whisper: Path | None) -> Experts:
    """Load all networks; raises TtsfError (see `FrozenExpert.load`, `load_whisper`)."""
    recogniser = None
    if whisper is not None:
        recogniser = Recogniser(whisper_wer(whisper), load_whisper(whisper))
    return Experts(
        Inception.load(folder),
        CurricularFace.load(folder),
        LipSyncNet.load(folder),
        Hopenet.load(folder),
        recogniser,
    )


def tables(experts: Experts, scored: Sequence[Scored], cases: Sequence[Case]) -> list[Table]:
    """Build Tables 1 (with FID), 2 and 5; `scored` begins with the real clips.

    Clips refused by the offline scorers stay refused. Every clip is cropped to the square around
    the face in its first frame, as portraits are.
    """
    found = []
    for key, title, recorded in (
        ("public_1", "Table 1, public judges", True),
        ("public_2", "Tables 2 and 5, public judges", False),
    ):
        chosen = [case for case in cases if case.recorded == recorded]
        real = {ID_SIM: ID_SIM_REAL} if recorded else {}
        columns = tuple(real.get(metric, metric) for metric in COLUMNS)
        if experts.recogniser is not None:
            columns = (*columns, experts.recogniser.metric)
        rows = [_row(experts, system, scored[0], chosen, columns) for system in scored]
        if any(row.used or row.refused or row.missing for row in rows):
            found.append(Table(key, title, columns, tuple(rows)))
    return found


def voice_table(
    judge: XVectors,
    voiced: Sequence[Scored],
    recorded: frozenset[str],
    voices: Mapping[str, Mapping[str, Sequence[np.ndarray]]],
) -> Table:
    """Build Table 3's C-SIM by x-vectors, and add it to the figures of the clips.

    voiced: the systems, real clips first; voices: x-vectors under several motions, as in
    `offline_tables.tables`. Clips in which no speech is heard have no figure.
    """
    (real, *others), embed = voiced, judge.network.embed
    known = {
        name: embed(read_clip(real.system.videos[name]).samples)
        for name in sorted(real.clips.keys() & recorded)
    }
    for system in others:
        for name, clip in system.clips.items():
            if name not in known or Measure.C_SIM not in clip.values:
                continue
            found = embed(read_clip(system.system.videos[name]).samples)
            clip.values[Measure.X_VECTORS] = cosine(found, known[name])
    build = TableBuilder(judge.metrics, real, voices)
    measures = (Measure.X_VECTORS, Measure.CONSISTENCY)
    return build.table("x_vectors", "Table 3: voices by x-vectors", voiced, recorded, measures)


def _row(
    experts: Experts,
    system: Scored,
    real: Scored,
    cases: Sequence[Case],
    columns: Sequence[Metric],
) -> Row:
    clips = _read(system, cases)
    scored = sum(case.name in system.clips for case in cases)
    refused = sum(case.name in system.refused for case in cases) + scored - len(clips)
    missing = sum(case.name in system.missing for case in cases)
    if not clips:
        return Row(system.system.name, (None,) * len(columns), 0, refused, missing)
    cases = [case for case in cases if case.name in clips]
    truths = _read(real, cases)
    likeness, known = columns[1], {name: truth.frames for name, truth in truths.items()}
    if likeness is ID_SIM:
        known = _portraits(cases)
    identity = {n: id_sim(experts.face, clips[n].frames, face) for n, face in known.items()}
    lips = {n: lse(experts.lips, clip.frames, clip.samples) for n, clip in clips.items()}
    pose = {n: diversity(experts.pose, clip.frames) for n, clip in clips.items()}
    figures = [
        _fid(experts.inception, clips, truths),
        average(likeness, identity, len(clips)),
        average(LSE_C, {n: value.lse_c for n, value in lips.items()}, len(clips)),
        average(LSE_D, {n: value.lse_d for n, value in lips.items()}, len(clips)),
        average(DIV, {n: value.features for n, value in pose.items()}, len(clips)),
        average(DIV_DEGREES, {n: value.degrees for n, value in pose.items()}, len(clips)),
    ]
    if experts.recogniser is not None:
        texts = {case.name: case.text for case in cases if system is not real or case.recorded}
        errors = {
            name: word_error_rate(text, experts.recogniser.transcribe(clips[name].samples))
            for name, text in texts.items()
        }
        figures.append(average(experts.recogniser.metric, errors, len(clips)))
    return Row(system.system.name, tuple(figures), len(clips), refused, missing)


def _portraits(cases: Sequence[Case]) -> dict[str, np.ndarray]:
    """Crop the portraits of the cases; cases without a detected face are omitted."""
    found = {}
    for case in cases:
        with contextlib.suppress(TtsfError):
            found[case.name] = cut(case.picture()[None])
    return found


def _fid(
    network: Inception, clips: Mapping[str, VideoClip], truths: Mapping[str, VideoClip]
) -> Figure | None:
    """Compute FID over the clips that have a real counterpart."""
    if not truths:
        return None
    sides = ([clips[n].frames for n in truths], [clip.frames for clip in truths.values()])
    return Figure(FID, fid(network, *sides), len(truths))


def _read(system: Scored, cases: Sequence[Case]) -> dict[str, VideoClip]:
    """Read and crop the scored clips; clips without a face are logged and omitted."""
    clips = {}
    for case in cases:
        if case.name not in system.clips:
            continue
        try:
            clip = read_clip(system.system.videos[case.name])
            clips[case.name] = clip._replace(frames=cut(clip.frames))
        except TtsfError as error:
            system.clips[case.name].reasons["public judges"] = str(error)
    return clips


def cut(frames: np.ndarray) -> np.ndarray:
    """Crop [T, H, W, 3] to the square around the first frame's largest face: [T, 256, 256, 3]."""
    square = crop_square(choose_face(find_faces(frames[0])))
    return np.stack([cut_square(frame, square, PICTURE_SIDE) for frame in frames])
