"""`ttsf prepare`: a folder of recorded videos becomes a corpus with a manifest and a report."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

from ttsf.config import PICTURE_SIDE
from ttsf.data.manifest import write_manifest
from ttsf.data.recorded.layouts import find_videos
from ttsf.data.recorded.recogniser import check_recogniser
from ttsf.data.recorded.video import LONGEST_S, PrepareJob, prepare_one
from ttsf.data.report import write_report
from ttsf.errors import TtsfError
from ttsf.jobs import Record, only_run, run_jobs
from ttsf.media.files import new_file

Progress = Callable[[int, int], None]
LONGEST_RANGE_S = (1.28, 60.0)


def prepare(
    layout: str,
    root: Path,
    out: Path,
    size: int = PICTURE_SIDE,
    longest_s: float = LONGEST_S,
    recogniser: str | None = None,
    workers: int = 1,
    ray_address: str | None = None,
    progress: Progress | None = None,
) -> list[Record]:
    """Prepare every video of a layout (`data.layouts`) below `root`; see `jobs.run_jobs`.

    Goes on where an earlier run stopped. Raises TtsfError for unusable settings or folders.
    """
    if size % 2 or not 64 <= size <= 512:
        raise TtsfError(f"--size {size}: an even number of pixels from 64 to 512 is needed")
    low, high = LONGEST_RANGE_S
    if not low <= longest_s <= high:
        raise TtsfError(f"--longest {longest_s:g}: {low} to {high:g} seconds are possible")
    if workers < 1:
        raise TtsfError(f"--workers {workers}: at least one is needed")
    check_recogniser(recogniser)
    jobs = [PrepareJob(v, size, longest_s, recogniser) for v in find_videos(layout, root)]
    settings = {
        "layout": layout,
        "root": str(root.resolve()),
        "size": size,
        "longest_s": longest_s,
        "recogniser": recogniser,
    }
    with only_run(out, settings):
        records = run_jobs(prepare_one, jobs, out, workers, ray_address, progress)
        finish(out, f"{layout} corpus", records)
    return records


def finish(out: Path, title: str, records: list[Record]) -> None:
    """Write what belongs to the whole corpus: manifest, list of the refused, picture report."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["source", "reason"])
    rows.writerows((r.source, r.reason) for record in records for r in record.refused)
    with new_file(out / "refused.csv") as temporary:
        temporary.write_text(table.getvalue(), encoding="utf-8")
    write_report(out, title, records)
    write_manifest(out, (clip for record in records for clip in record.clips))
