"""Run an evaluation: from cases and folders of videos to tables, figure and report.

OUT/cases      portraits, texts (`cases.csv`): what other systems need for the same cases
OUT/ours, ...  our videos and their speech (`speech/*.wav`, for cascades), one folder a model
OUT/voices     one sentence in the voice of each person under several motions
OUT/table_*.md, .csv, tables.md, clips.csv (every figure of every clip), refused.csv, figure5.png,
report.html
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ttsf.errors import TtsfError
from ttsf.media.files import csv_text, write_new
from ttsf.parallel import Progress
from ttsf.pipeline import Pipeline, load
from ttsf.research.evaluation import figure5, naturalness, public_tables, report, scoring
from ttsf.research.evaluation.cases import Case, read_cases, save_portraits
from ttsf.research.evaluation.clips import read_clip
from ttsf.research.evaluation.metrics.c_sim import Voice, VoiceScorer
from ttsf.research.evaluation.metrics.metric import version
from ttsf.research.evaluation.metrics.x_vectors import read_x_vectors
from ttsf.research.evaluation.offline_tables import Ablated, tables, with_voices
from ttsf.research.evaluation.scoring import Scored, score_systems
from ttsf.research.evaluation.settings import EvaluateSettings
from ttsf.research.evaluation.systems import (
    GROUND_TRUTH,
    System,
    ground_truth,
    open_folder,
    speak_cases,
    spread_frames,
    voices_under_motion,
)
from ttsf.research.evaluation.table import Table
from ttsf.research.experts.x_vector import XVector

logger = logging.getLogger("ttsf")
OURS = "ours"
CASCADE, REAL_SOUND = "cascade", "GT audio"
RESERVED = (OURS, GROUND_TRUTH, CASCADE, REAL_SOUND, "cases", "voices")
"""Reserved names of systems and folders."""


class Made(NamedTuple):
    """The videos and voices that our models made."""

    systems: list[System]
    missing: dict[str, dict[str, str]]
    """Failures by system and case."""
    voices: dict[str, dict[str, list[Voice]]]
    """Voices under several motions, by system and person."""


def evaluate(
    root: Path, out: Path, settings: EvaluateSettings, progress: Mapping[str, Progress]
) -> list[Table]:
    """Evaluate the cases in `root`; an interrupted run continues from its finished videos.

    progress: callbacks for "videos", "voices" and "clips". Raises TtsfError, before long work, if
    anything required is missing.
    """
    metrics = scoring.metrics()
    version("scikit-learn", "matplotlib")
    cases = read_cases(root, settings.uses, settings.per_person, settings.limit)
    notes = lacking(cases)
    for note in notes:
        logger.warning("%s", note)
    folders = [open_folder(name, path, cases) for name, path in settings.systems.items()]
    if settings.experts is not None:
        public_tables.check_files(settings.experts, settings.whisper)
    judges = naturalness.judges(settings.experts, settings.distillmos)
    x_vectors = None if settings.x_vectors is None else read_x_vectors(settings.x_vectors)
    names = [*RESERVED, *settings.ablations, *settings.systems]
    if len(set(names)) < len(names):
        raise TtsfError(f"names of systems must be unique, and none of {', '.join(RESERVED)}")
    models = {OURS: settings.model, **settings.ablations}
    pipelines = {name: load(model, settings.device) for name, model in models.items()}
    changed = {name: changes(pipelines[name], pipelines[OURS]) for name in settings.ablations}
    save_portraits(cases, out / "cases")
    made = speak_models(pipelines, changed, cases, out, settings, progress)
    systems = [ground_truth(cases), *made.systems, *folders]
    scored = score_systems(systems, cases, made.missing, settings.workers, progress.get("clips"))
    recorded = frozenset(case.name for case in cases if case.recorded)
    found = tables(scored, changed, recorded, metrics, only_speech(made.voices))
    if settings.experts is not None:
        found += public_tables.read_tables(settings.experts, settings.whisper, scored, cases)
    voices = made.voices
    if x_vectors is not None:
        voices = by_network(voices, x_vectors.network)
        if recorded:
            voiced, spoken = with_voices(scored, changed), only_speech(voices)
            found.append(public_tables.voice_table(x_vectors, voiced, recorded, spoken))
    if judges:
        found.append(naturalness.table(judges, scored))
    _write(out, found, scored, notes)
    draw_voices(voices, out / "figure5.png")
    report.write(out, cases, scored, found)
    return found


def speak_models(
    pipelines: Mapping[str, Pipeline],
    changed: Mapping[str, frozenset[Ablated]],
    cases: Sequence[Case],
    out: Path,
    settings: EvaluateSettings,
    progress: Mapping[str, Progress],
) -> Made:
    """Make the videos and voices of our model, which is first, and of its ablations."""
    made = Made([], {}, {})
    frames: dict[str, Sequence[np.ndarray]] = {}
    videos = progress.get("videos")
    for name, pipeline in pipelines.items():
        changes_of = changed.get(name, frozenset(Ablated))
        said = [case for case in cases if Ablated.PICTURE in changes_of or case.recorded]
        system, made.missing[name] = speak_cases(name, pipeline, said, out / name, videos)
        made.systems.append(system)
        if name == OURS:
            frames = _frames(cases, system, settings.people)
        if Ablated.VOICE in changes_of:
            folder = out / "voices" / name
            sounds = voices_under_motion(pipeline, frames, folder, progress.get("voices"))
            made.voices[name] = hear_voices(sounds)
    for name, paths in _sounds(cases, out / OURS).items() if settings.by_sound else ():
        told = [case for case in cases if case.name in paths]
        system, made.missing[name] = speak_cases(
            name, pipelines[OURS], told, out / name, videos, paths
        )
        made.systems.append(system)
    return made


def changes(ablation: Pipeline, ours: Pipeline) -> frozenset[Ablated]:
    """Return what an ablation changes: the voice if the speech model differs, else the picture."""
    a, b = ablation.model.config, ours.model.config
    voice_differs = a.speech != b.speech
    rest_differs = replace(a, name=b.name, speech=b.speech) != b
    found = {Ablated.VOICE} if voice_differs else set[Ablated]()
    return frozenset(found | ({Ablated.PICTURE} if rest_differs or not voice_differs else set()))


def _sounds(cases: Sequence[Case], ours: Path) -> dict[str, dict[str, Path]]:
    """Return the sounds that drive our face: our own speech, and that of real clips."""
    speech = {case.name: ours / "speech" / f"{case.name}.wav" for case in cases}
    real = {case.name: case.video for case in cases if case.recorded and case.video}
    return {CASCADE: {k: path for k, path in speech.items() if path.exists()}, REAL_SOUND: real}


def _frames(cases: Sequence[Case], ours: System, people: int) -> dict[str, Sequence[np.ndarray]]:
    """Pick five frames of each person, from the real clip or else from our video."""
    shown: dict[str, Sequence[np.ndarray]] = {}
    for case in cases:
        path = case.video or ours.videos.get(case.name)
        if case.person in shown or path is None or len(shown) == people:
            continue
        try:
            shown[case.person] = spread_frames(read_clip(path).frames)
        except TtsfError:
            continue
    return shown


def hear_voices(said: Mapping[str, Sequence[np.ndarray]]) -> dict[str, list[Voice]]:
    """Embed every clip of each person, without speech too; silent clips are left out."""
    scorer, voices = VoiceScorer(), dict[str, list[Voice]]()
    for person, sounds in said.items():
        voices[person] = []
        for samples in sounds:
            with suppress(TtsfError):
                voices[person].append(scorer.hear(samples))
    return voices


def by_network(
    voices: Mapping[str, Mapping[str, Sequence[Voice]]], network: XVector
) -> dict[str, dict[str, list[Voice]]]:
    """Return the same voices with x-vectors."""
    return {
        name: {k: [v._replace(embedding=network.embed(v.samples)) for v in own]
               for k, own in people.items()}
        for name, people in voices.items()
    }  # fmt: skip


def only_speech(
    voices: Mapping[str, Mapping[str, Sequence[Voice]]],
) -> dict[str, dict[str, list[np.ndarray]]]:
    """Return the embeddings of clips in which speech is heard; drops people with only one."""
    found: dict[str, dict[str, list[np.ndarray]]] = {}
    for name, people in voices.items():
        spoken = {k: [v.embedding for v in own if v.speech] for k, own in people.items()}
        found[name] = {person: own for person, own in spoken.items() if len(own) > 1}
    return found


def lacking(cases: Sequence[Case]) -> list[str]:
    """Say which tables these cases cannot give, and why."""
    found = []
    if not any(case.recorded for case in cases):
        found.append("no case has a video with its text: Tables 1 and 3 are left out")
    if not any(case.video for case in cases):
        found.append("no case has a real clip: nothing is compared with real ones")
    if all(case.recorded for case in cases):
        found.append("every case says its own sentence: Tables 2 and 5 are left out")
    return found


def _write(
    out: Path, found: Sequence[Table], scored: Sequence[Scored], notes: Sequence[str]
) -> None:
    for table in found:
        table.write(out / f"table_{table.key}")
    parts = [f"{note}\n" for note in notes] + [table.markdown() for table in found]
    write_new(out / "tables.md", "\n".join(parts))
    refused: list[Sequence[object]] = [("system", "clip", "figure", "reason")]
    clips: list[Sequence[object]] = [("system", "clip", "figure", "value")]
    for system in scored:
        title = system.system.name
        refused += [(title, name, "all", why) for name, why in sorted(system.refused.items())]
        refused += [
            (title, name, "all", "no video of this name") for name in sorted(system.missing)
        ]
        refused += [(title, name, "all", "belongs to no case") for name in system.system.extra]
        for name, clip in sorted(system.clips.items()):
            refused += [(title, name, figure, why) for figure, why in sorted(clip.reasons.items())]
            clips += [(title, name, figure, f"{v:.6g}") for figure, v in clip.values.items()]
    write_new(out / "refused.csv", csv_text(refused))
    write_new(out / "clips.csv", csv_text(clips))


def draw_voices(voices: Mapping[str, Mapping[str, Sequence[Voice]]], path: Path) -> None:
    """Draw Fig. 5 from all clips, and say in how many no speech is heard.

    With too few clips, delete an older one and say so.
    """
    path.unlink(missing_ok=True)
    panels: dict[str, dict[str, list[np.ndarray]]] = {}
    for name, people in voices.items():
        heard = [voice.speech for own in people.values() for voice in own]
        if sum(map(bool, people.values())) < 2 or len(heard) < figure5.FEWEST_CLIPS:
            logger.warning(
                "%s is left out of Fig. 5: fewer than %d clips of two people have a sound",
                name, figure5.FEWEST_CLIPS,
            )  # fmt: skip
            continue
        title, without = name, heard.count(False)
        if without:
            title += f"\nno speech heard in {without} of {len(heard)} clips"
            logger.warning(
                "Fig. 5: no speech is heard in %d of %d clips of %s, so their voices mean nothing",
                without, len(heard), name,
            )  # fmt: skip
        panels[title] = {k: [voice.embedding for voice in own] for k, own in people.items()}
    if panels:
        figure5.draw(panels, path)
