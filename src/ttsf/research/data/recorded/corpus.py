"""`ttsf prepare`: turn a folder of recorded videos into a corpus with manifest and report."""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from ttsf.parallel import Parallel, only_run
from ttsf.research.data.recorded.layouts import find_videos
from ttsf.research.data.recorded.recogniser import check_recogniser
from ttsf.research.data.recorded.video import PrepareJob, prepare_one
from ttsf.research.data.records import Record, record_jobs
from ttsf.research.data.report import finish
from ttsf.research.data.settings import PrepareSettings

HELD_OUT = 50
"""One training clip in this many is held out, if the speaker has others."""


def prepare(settings: PrepareSettings, out: Path, workers: Parallel = Parallel()) -> list[Record]:
    """Prepare every video of the layout in `out`; see `parallel.run_jobs`.

    Resumes an interrupted run. Raises TtsfError for unusable settings or folders.
    """
    check_recogniser(settings.recogniser)
    jobs = [
        PrepareJob(video, settings.size, settings.longest_s, settings.recogniser)
        for video in find_videos(settings.layout, settings.root)
    ]
    with only_run(out, asdict(settings) | {"root": str(settings.root.resolve())}):
        records = hold_out_clips(record_jobs(prepare_one, jobs, out, workers))
        finish(out, f"{settings.layout} corpus", records)
    return records


def hold_out_clips(records: Sequence[Record]) -> list[Record]:
    """Move some clips of training speakers to the split "valid".

    Layouts hold out whole people; a stage with a table of speakers is validated on people it knows.
    One clip in HELD_OUT goes, by the checksum of its name, so that more videos leave the choice as
    it is; at least one goes, and every speaker keeps one in training.
    """
    clips = [clip for record in records for clip in record.clips if clip.split == "train"]
    left = Counter(clip.speaker for clip in clips)
    order = sorted((zlib.crc32(clip.name.encode()), clip.name, clip.speaker) for clip in clips)
    chosen = set[str]()
    for checksum, name, speaker in order:
        due = checksum % HELD_OUT == 0 or not chosen
        if due and left[speaker] > 1:
            chosen.add(name)
            left[speaker] -= 1
    return [
        replace(
            record,
            clips=[replace(c, split="valid") if c.name in chosen else c for c in record.clips],
        )
        for record in records
    ]
