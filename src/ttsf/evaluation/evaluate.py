"""One evaluation: cases, our videos and other systems' folders in; tables, figure and report out.

OUT/cases      portraits, texts (`cases.csv`): what other systems need for the same cases
OUT/ours, ...  our videos and their speech (`speech/*.wav`, for cascades), one folder a model
OUT/voices     one sentence in the voice of each person under several motions
OUT/table_*.md, .csv, tables.md, refused.csv, figure5.png, report.html
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ttsf.data.parts import Use
from ttsf.errors import TtsfError
from ttsf.evaluation import figure5, public_tables, report
from ttsf.evaluation.cases import Case, read_cases, save_portraits
from ttsf.evaluation.clips import read_clip
from ttsf.evaluation.judging import Judged, judge_systems
from ttsf.evaluation.metric import version
from ttsf.evaluation.metrics import offline, voice
from ttsf.evaluation.paper_tables import tables
from ttsf.evaluation.systems import (
    GROUND_TRUTH,
    System,
    ground_truth,
    open_folder,
    speak_cases,
    spread_pictures,
    voices_under_motion,
)
from ttsf.evaluation.tables import Table
from ttsf.media.files import new_file
from ttsf.pipeline import Progress, Speaker, load

OURS = "ours"
RESERVED = (OURS, GROUND_TRUTH, "cases", "voices")
"""Names of systems and folders that nobody else may have."""


@dataclass(frozen=True)
class EvaluateSettings:
    """What one evaluation looks at."""

    model: Path | None = None
    """None: the bundled one."""
    ablations: Mapping[str, Path] = field(default_factory=dict)
    """Models that differ from ours in one point, for Tables 3 and 5."""
    systems: Mapping[str, Path] = field(default_factory=dict)
    """Folders of other systems' videos."""
    uses: tuple[Use, ...] = ("valid", "evaluate_only")
    per_person: int = 2
    limit: int | None = 20
    """Cases of each sort."""
    people: int = 8
    """Whose voices are compared under several motions."""
    judges: Path | None = None
    """Folder of public judges; None: the offline grade alone."""
    whisper: Path | None = None
    device: str = "cpu"
    workers: int = 2


def evaluate(
    root: Path, out: Path, settings: EvaluateSettings, progress: Mapping[str, Progress]
) -> list[Table]:
    """Evaluate on the cases in `root`; a run that was cut off goes on from its finished videos.

    progress: what follows "videos", "voices" and "clips". Raises TtsfError before long work where
    anything that is needed lacks.
    """
    metrics = offline.metrics()
    version("scikit-learn", "matplotlib")
    if settings.whisper is not None and settings.judges is None:
        raise TtsfError("--whisper is a public judge; name the folder of the others by --judges")
    cases = read_cases(root, settings.uses, settings.per_person, settings.limit)
    folders = [open_folder(name, path, cases) for name, path in settings.systems.items()]
    public = public_tables.open_judges(settings.judges, settings.whisper)
    names = [*RESERVED, *settings.ablations, *settings.systems]
    if len(set(names)) < len(names):
        raise TtsfError(f"systems need names of their own, none of {', '.join(RESERVED)}")
    models = {OURS: settings.model, **settings.ablations}
    speakers = {name: load(model, settings.device) for name, model in models.items()}
    save_portraits(cases, out / "cases")
    systems, missing, voices = [ground_truth(cases)], {}, {}
    changed = {name: changed_tables(speakers[name], speakers[OURS]) for name in settings.ablations}
    for name, speaker in speakers.items():
        lips = "5" in changed.get(name, "35")
        said = [case for case in cases if lips or case.recorded]
        system, missing[name] = speak_cases(name, speaker, said, out / name, progress.get("videos"))
        systems.append(system)
        if "3" not in changed.get(name, "35"):
            continue
        pictures = _pictures(cases, systems[1], settings.people)
        folder = out / "voices" / name
        sounds = voices_under_motion(speaker, pictures, folder, progress.get("voices"))
        voices[name] = _embed(sounds)
    systems += folders
    judged = judge_systems(systems, cases, missing, settings.workers, progress.get("clips"))
    recorded = frozenset(case.name for case in cases if case.recorded)
    found = tables(judged, changed, recorded, metrics, voices)
    if public is not None:
        found += public_tables.tables(public, judged, cases)
    _write(out, found, judged)
    _draw_voices(voices, out / "figure5.png")
    report.write(out, cases, judged, found)
    return found


def changed_tables(ablation: Speaker, ours: Speaker) -> str:
    """In which tables an ablation stands: "3" where its voice differs, "5" where anything else."""
    a, b = ablation.model.config, ours.model.config
    voice_differs = a.speech != b.speech
    rest_differs = replace(a, name=b.name, speech=b.speech) != b
    return ("3" if voice_differs else "") + ("5" if rest_differs or not voice_differs else "")


def _pictures(cases: Sequence[Case], ours: System, people: int) -> dict[str, Sequence[np.ndarray]]:
    """Five pictures of each of some people: of their real clip, else of our video of them."""
    shown: dict[str, Sequence[np.ndarray]] = {}
    for case in cases:
        path = case.video or ours.videos.get(case.name)
        if case.person in shown or path is None or len(shown) == people:
            continue
        try:
            shown[case.person] = spread_pictures(read_clip(path).frames)
        except TtsfError:
            continue
    return shown


def _embed(said: Mapping[str, Sequence[np.ndarray]]) -> dict[str, list[np.ndarray]]:
    """Speaker embeddings; a silent voice is left out, and who then has but one."""
    judge = voice.VoiceJudge()
    heard = {}
    for person, sounds in said.items():
        embedded = []
        for samples in sounds:
            try:
                embedded.append(judge.embed(samples))
            except TtsfError:
                continue
        if len(embedded) > 1:
            heard[person] = embedded
    return heard


def _write(out: Path, found: Sequence[Table], judged: Sequence[Judged]) -> None:
    for table in found:
        for suffix, text in ((".md", table.markdown()), (".csv", table.csv())):
            with new_file(out / f"table_{table.key}{suffix}") as temporary:
                temporary.write_text(text, encoding="utf-8")
    with new_file(out / "tables.md") as temporary:
        temporary.write_text("\n".join(table.markdown() for table in found), encoding="utf-8")
    with (
        new_file(out / "refused.csv") as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["system", "clip", "figure", "reason"])
        for system in judged:
            for name, reason in sorted(system.refused.items()):
                writer.writerow([system.system.name, name, "all", reason])
            for name in system.system.extra:
                writer.writerow([system.system.name, name, "all", "belongs to no case"])
            for name, clip in sorted(system.clips.items()):
                for figure, reason in sorted(clip.reasons.items()):
                    writer.writerow([system.system.name, name, figure, reason])


def _draw_voices(voices: Mapping[str, Mapping[str, Sequence[np.ndarray]]], path: Path) -> None:
    """Fig. 5; too few voices give no figure."""
    enough = {
        name: people
        for name, people in voices.items()
        if len(people) > 1 and sum(map(len, people.values())) >= figure5.FEWEST_CLIPS
    }
    if enough:
        figure5.draw(enough, path)
