"""`ttsf prepare`: a folder of recorded videos becomes a corpus with a manifest and a report."""

from dataclasses import asdict
from pathlib import Path

from ttsf.parallel import Parallel, only_run
from ttsf.research.data.recorded.layouts import find_videos
from ttsf.research.data.recorded.recogniser import check_recogniser
from ttsf.research.data.recorded.video import PrepareJob, prepare_one
from ttsf.research.data.records import Record, record_jobs
from ttsf.research.data.report import finish
from ttsf.research.data.settings import PrepareSettings


def prepare(settings: PrepareSettings, out: Path, workers: Parallel = Parallel()) -> list[Record]:
    """Prepare every video of the layout in `out`; see `jobs.run_jobs`.

    Goes on where an earlier run stopped. Raises TtsfError for unusable settings or folders.
    """
    check_recogniser(settings.recogniser)
    jobs = [
        PrepareJob(video, settings.size, settings.longest_s, settings.recogniser)
        for video in find_videos(settings.layout, settings.root)
    ]
    with only_run(out, asdict(settings) | {"root": str(settings.root.resolve())}):
        records = record_jobs(prepare_one, jobs, out, workers)
        finish(out, f"{settings.layout} corpus", records)
    return records
