"""Tables 1, 2 and 5 in the grade of papers: public networks whose files the user has fetched."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ttsf.config import PICTURE_SIDE
from ttsf.errors import TtsfError
from ttsf.evaluation.cases import Case
from ttsf.evaluation.clips import JudgedClip, read_clip
from ttsf.evaluation.judging import Judged
from ttsf.evaluation.metric import Figure
from ttsf.evaluation.metrics.public import (
    SOURCE,
    PublicJudges,
    div_degrees_metric,
    div_metric,
    diversity,
    fid,
    fid_metric,
    identity_metric,
    lip_synchrony,
    lse_c_metric,
    lse_d_metric,
    source_identity,
    wer_metric,
    word_errors,
)
from ttsf.evaluation.tables import Row, Table
from ttsf.portrait.crop import crop_square, cut_square
from ttsf.portrait.detection import choose_face, find_faces


def open_judges(folder: Path | None, whisper: Path | None) -> PublicJudges | None:
    """The public judges; raises TtsfError that says what to fetch where a file lacks."""
    if folder is None:
        return None
    judges = PublicJudges(folder, whisper)
    needed = judges.available().missing
    if whisper is None:
        needed = {name: told for name, told in needed.items() if name != "Whisper"}
    if needed:
        raise TtsfError("; ".join(needed.values()))
    return judges


def tables(judges: PublicJudges, judged: Sequence[Judged], cases: Sequence[Case]) -> list[Table]:
    """Tables 1 (with FID) and 2 with 5; `judged` begins with the real clips.

    Clips that the offline judges refused stay refused. Every clip is cut to the square of its first
    picture's face, as portraits are.
    """
    columns = [
        fid_metric(),
        identity_metric(SOURCE),
        lse_c_metric(),
        lse_d_metric(),
        div_metric(),
        div_degrees_metric(),
    ]
    if judges.whisper is not None:
        columns.append(wer_metric(judges.whisper))
    found = []
    for key, title, recorded in (
        ("public_1", "Table 1, public judges", True),
        ("public_2", "Tables 2 and 5, public judges", False),
    ):
        names = {case.name for case in cases if case.recorded == recorded}
        chosen = [case for case in cases if case.name in names]
        rows = [_row(judges, system, judged[0], chosen, len(columns)) for system in judged]
        if any(row.used or row.refused for row in rows):
            found.append(Table(key, title, tuple(columns), tuple(rows)))
    return found


def _row(
    judges: PublicJudges, system: Judged, real: Judged, cases: Sequence[Case], columns: int
) -> Row:
    clips = _read(system, cases)
    judged = sum(case.name in system.clips for case in cases)
    refused = sum(case.name in system.refused for case in cases) + judged - len(clips)
    if not clips:
        return Row(system.system.name, (None,) * columns, 0, refused)
    truths = _read(real, [case for case in cases if case.name in clips])
    portraits = {}
    for case in cases:
        if case.name in clips:
            portraits[case.name] = cut(case.picture()[None])[0]
    figures: list[Figure | None] = [
        fid(judges, {name: clips[name] for name in truths}, truths) if truths else None,
        source_identity(judges, clips, portraits),
        *lip_synchrony(judges, clips),
        *diversity(judges, clips),
    ]
    if judges.whisper is not None:
        texts = {case.name: case.text for case in cases if system is not real or case.recorded}
        figures.append(word_errors(judges, clips, texts))
    return Row(system.system.name, tuple(figures), len(clips), refused)


def _read(system: Judged, cases: Sequence[Case]) -> dict[str, JudgedClip]:
    """The judged clips, cut; what cannot be cut is left out with its reason."""
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
    """[T, H, W, 3] cut to the square around the largest face of the first: [T, 256, 256, 3]."""
    square = crop_square(frames.shape[2], frames.shape[1], choose_face(find_faces(frames[0])))
    return np.stack([cut_square(frame, square, PICTURE_SIDE) for frame in frames])
