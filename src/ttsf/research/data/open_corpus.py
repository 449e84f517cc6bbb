"""`ttsf corpus`: build a training corpus from openly licensed parts of the user.

Videos are prepared like any other and their motion is tracked; recorded and synthetic speech gets
phone times; portraits become one-frame clips and, with speech of the register that their viewer
expects, animated ones. The animated clips are a training aid, not recordings. Every clip says how
it was made, and everything random depends on the seed and on names alone.

Below the corpus's folder: clips/, phones/, and tracks/ with the motion of recorded videos.
"""

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from ttsf.errors import TtsfError, needing
from ttsf.parallel import Parallel, only_run
from ttsf.research.data.clip_files import read_samples
from ttsf.research.data.manifest import Clip
from ttsf.research.data.parts import PARTS, Part, Use, read_parts
from ttsf.research.data.recorded.layouts import SourceVideo
from ttsf.research.data.recorded.speech import PACES, SpeechJob, speech_one
from ttsf.research.data.recorded.video import PrepareJob, prepare_one
from ttsf.research.data.records import Record, Refusal, piece_of, record_jobs
from ttsf.research.data.report import finish
from ttsf.research.data.settings import OpenCorpusSettings
from ttsf.research.data.speech.alignment import phone_times, save_phones
from ttsf.research.data.speech.speech_files import agreed_register, median_pitch
from ttsf.research.data.synthetic.animated_clips import PortraitJob, portrait_one, track_path
from ttsf.research.data.synthetic.portraits import shows_teeth
from ttsf.research.data.synthetic.timed_voices import timed_jobs, timed_one
from ttsf.research.landmarks.face_mesh import load_solutions
from ttsf.research.landmarks.tracking import save_track, track_video

USES: tuple[Use, ...] = ("train", "valid")
TRACKED_SHARE = 1 / 3
"""Fraction of animated clips driven by the motion of a recorded video."""
DONORS = 4


def build_open_corpus(
    parts: Path,
    out: Path,
    settings: OpenCorpusSettings = OpenCorpusSettings(),
    workers: Parallel = Parallel(),
) -> list[Record]:
    """Build a corpus of a folder of parts (`data.parts`) in `out`; see `parallel.run_jobs`.

    Goes on where an earlier run stopped. Videos, recorded and timed speech and portraits are worked
    through in turn. Raises TtsfError for unusable settings, parts or folders, and where something
    is not installed.
    """
    videos, speech, portraits = (
        read_parts(parts, kind, USES) for kind in ("video", "speech", "portrait")
    )
    check_packages(pictures=bool(videos or portraits))
    check_names([*videos, *speech, *portraits], settings.paces)
    timed = [] if settings.timed is None else timed_jobs(settings.timed, settings.longest_s)
    root = parts.resolve()
    with only_run(out, describe(root, settings)):
        filmed = [plan_video(root, part, settings) for part in videos]
        records = record_jobs(video_one, filmed, out, workers)
        recordings = [SpeechJob(root, part, settings.longest_s, settings.paces) for part in speech]
        records += record_jobs(speech_one, recordings, out, workers)
        records += record_jobs(timed_one, timed, out, workers)
        records = settle_registers(records)
        drives = find_drives(records, out)
        donors = [p.file for p in portraits if p.use == "train" and shows_teeth(p)]
        jobs = [plan_portrait(root, part, drives, donors, settings) for part in portraits]
        records += record_jobs(portrait_one, jobs, out, workers)
        finish(out, "Open corpus", records)
    return records


def check_packages(pictures: bool) -> None:
    """Raise MissingPackage without ttsf[data]; `pictures` need the face mesh."""
    if pictures:
        load_solutions()
    with needing("the open corpus", "pocketsphinx, scipy and soxr", "data"):
        import pocketsphinx  # noqa: F401
        import scipy  # noqa: F401
        import soxr  # noqa: F401


def check_names(parts: Sequence[Part], paces: bool) -> None:
    """Raise TtsfError if a part has the name of another part's possible clip."""
    cut = {part.key for part in parts if part.kind != "portrait"}
    for part in parts:
        for pace in PACES if paces else ("",):
            whole = part.key.removesuffix(pace)
            for other in (whole, piece_of(whole)):
                if other != part.key and other in cut:
                    raise TtsfError(
                        f"'{part.key}' is also the name of a clip of '{other}'; rename one of them"
                    )


def describe(root: Path, settings: OpenCorpusSettings) -> dict[str, object]:
    """Return everything that must not change while a corpus is built, by content."""
    return asdict(settings) | {
        "kind": "open",
        "parts": str(root),
        "list": zlib.crc32((root / PARTS).read_bytes()),
        "timed": settings.timed and str(settings.timed.resolve()),
    }


def plan_video(root: Path, part: Part, settings: OpenCorpusSettings) -> PrepareJob:
    """Plan one recorded video; word times beside it override the list's transcript."""
    video = root / part.file
    source = SourceVideo(
        key=part.key,
        video=video,
        source=part.file,
        dataset=part.dataset,
        speaker=part.speaker,
        split=part.split,
        licence=part.licence,
        transcript=video.with_suffix(".align") if part.align else None,
        words=part.transcript,
        voice_register=part.voice_register,
    )
    return PrepareJob(source, settings.size, settings.longest_s, None)


def video_one(job: PrepareJob, out: Path) -> Record:
    """Make the clips of one video, with the motion of each in `tracks/`."""
    record = prepare_one(job, out)
    clips, refused = [], list(record.refused)
    for clip in record.clips:
        samples = read_samples(out / str(clip.audio), 0, clip.samples)
        pitch = median_pitch(samples)
        phones, problem = phone_times(samples, clip.text)
        try:
            track = track_video(out / str(clip.video))
        except TtsfError as error:
            refused.append(Refusal(f"{clip.source} (its motion)", str(error)))
        else:
            save_track(track_path(out, clip.name), track)
        if problem is not None:
            refused.append(Refusal(f"{clip.source} (its phone times)", problem))
        settled = replace(
            clip,
            voice_register=job.source.voice_register,
            pitch_hz=None if pitch is None else round(pitch, 1),
            phones=save_phones(clip.name, phones, out),
        )
        clips.append(settled)
    return Record(job.key, clips, refused)


def settle_registers(records: Sequence[Record]) -> list[Record]:
    """Set one register per voice, by `agreed_register` on all its clips.

    A contradiction to the listed register is reported once per voice.
    """
    pitches: defaultdict[str, list[float]] = defaultdict(list)
    for clip in (clip for record in records for clip in record.clips):
        if clip.pitch_hz is not None:
            pitches[clip.speaker].append(clip.pitch_hz)
    medians = {speaker: float(np.median(found)) for speaker, found in pitches.items()}
    settled: list[Record] = []
    doubted: set[str] = set()
    for record in records:
        clips, refused = [], list(record.refused)
        for clip in record.clips:
            register, doubt = agreed_register(clip.voice_register, medians.get(clip.speaker))
            if doubt is not None and clip.speaker not in doubted:
                doubted.add(clip.speaker)
                refused.append(Refusal(f"{clip.speaker} (its register)", doubt))
            clips.append(replace(clip, voice_register=register))
        settled.append(Record(record.key, clips, refused))
    return settled


def find_drives(records: Sequence[Record], out: Path) -> list[Clip]:
    """Find everything that can drive a portrait, sorted by name: tracked videos, speech with
    phones."""

    def moves(clip: Clip) -> bool:
        return track_path(out, clip.name).is_file() if clip.video else clip.phones is not None

    clips = (clip for record in records for clip in record.clips)
    return sorted(filter(moves, clips), key=lambda clip: clip.name)


def plan_portrait(
    root: Path,
    part: Part,
    drives: Sequence[Clip],
    donors: Sequence[str],
    settings: OpenCorpusSettings,
) -> PortraitJob:
    """Plan one portrait with its teeth donors and its drives of the same register and split."""
    rng = np.random.default_rng((settings.seed, zlib.crc32(part.key.encode())))
    chosen = rng.permutation(len(donors))[:DONORS]
    return PortraitJob(
        folder=root,
        part=part,
        size=settings.size,
        seed=settings.seed,
        donors=tuple(donors[i] for i in chosen),
        drives=tuple(pick_drives(part, drives, settings.clips_per_portrait, rng)),
    )


def pick_drives(
    part: Part, drives: Sequence[Clip], count: int, rng: np.random.Generator
) -> list[Clip]:
    """Choose up to `count` different random drives of the portrait's split and register.

    A third are tracked videos, if there are any. An unsure portrait speaks with any voice, an
    unsure voice moves unsure portraits only.
    """
    wanted = part.voice_register or "unsure"
    fitting = [
        clip
        for clip in drives
        if clip.split == part.split and wanted in ("unsure", clip.voice_register)
    ]
    order = [fitting[i] for i in rng.permutation(len(fitting))]
    tracked = [clip for clip in order if clip.video is not None]
    spoken = [clip for clip in order if clip.video is None]
    picked: list[Clip] = []
    for _ in range(min(count, len(fitting))):
        first, second = (tracked, spoken) if rng.random() < TRACKED_SHARE else (spoken, tracked)
        picked.append((first or second).pop())
    return picked
