"""Generate the videos of a batch; progress survives a kill at any moment."""

import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ttsf.batch.lines import Refused, Request, check_list, read_lines
from ttsf.batch.results import Outcome, write_results
from ttsf.engine.files import FILES, SOUND, VIDEO
from ttsf.engine.options import DEFAULTS
from ttsf.engine.output import Outputs
from ttsf.engine.production import PORTRAITS_KEPT, failure_of, write_beside
from ttsf.errors import TtsfError
from ttsf.parallel import Parallel, only_run, record_path, run_jobs
from ttsf.pipeline import Pipeline, load

DIED = {"status": "failed", "code": "died", "message": "its process died twice"}


@dataclass(frozen=True)
class BatchSettings:
    """Settings of one run."""

    model: Path | None = None
    """Model folder (None: the bundled weights)."""
    device: str = "cpu"
    most_speech_s: float = DEFAULTS.max_seconds
    """Maximum length of the speech, s."""


def run_batch(
    path: Path, out: Path, settings: BatchSettings, workers: Parallel
) -> list[tuple[Request | Refused, Outcome]]:
    """Generate the missing videos of a batch; return and write the outcome of each line.

    `out` gets a folder per video, `results.jsonl` and `index.html`. Lines with status `failed` are
    retried. Raises TtsfError if the batch cannot be read, `out` cannot be written or the model
    cannot be loaded.
    """
    check_list(path)
    model = None if settings.model is None else str(settings.model.resolve())
    with only_run(out, {"model": model, "most_speech_s": settings.most_speech_s}):
        lines = read_lines(path, out)
        jobs = [line for line in lines if isinstance(line, Request)]
        for line in jobs:
            if _outcome(out, line).get("status") == "failed":
                record_path(out, line.key).unlink()
        try:
            write_results(out, path.name, _outcomes(out, lines))
            run_jobs(_Work(settings), jobs, out.absolute(), workers, lambda _: json.dumps(DIED))
        finally:
            outcomes = _outcomes(out, lines)
            write_results(out, path.name, outcomes)
    return outcomes


def _outcomes(out: Path, lines: list[Request | Refused]) -> list[tuple[Request | Refused, Outcome]]:
    return [(line, _outcome(out, line)) for line in lines]


def _outcome(out: Path, line: Request | Refused) -> Outcome:
    if isinstance(line, Refused):
        return {"status": "refused", "code": "invalid_line", "message": line.reason}
    try:
        return json.loads(record_path(out, line.key).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"status": "waiting"}


@dataclass(frozen=True)
class _Work:
    settings: BatchSettings

    def __call__(self, line: Request, out: Path) -> str:
        engine = _engine(self.settings.model, self.settings.device)
        folder = out / line.folder
        records = record_path(out, line.key).parent
        for earlier in records.glob("*.json"):  # of an earlier version of the line
            earlier.unlink()
        try:
            made = engine.make(line, folder, self.settings.most_speech_s)
            return json.dumps({"status": "done", **made})
        except (Exception, MemoryError) as error:
            code, message = failure_of(error, None)
            for name in FILES:
                (folder / name).unlink(missing_ok=True)
            status = "refused" if code == "unusable" else "failed"
            return json.dumps({"status": status, "code": code, "message": message})


class _Engine:
    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.portrait = lru_cache(PORTRAITS_KEPT)(pipeline.portrait)

    def make(self, line: Request, folder: Path, most_speech_s: float) -> dict[str, Any]:
        portrait = self.portrait(line.picture, line.wanted.face)
        text = line.wanted.prompt
        outputs = Outputs(
            folder / VIDEO,
            sound=folder / SOUND,
            captions=line.wanted.captions,
        )
        options = line.options(most_speech_s)
        made = self.pipeline.write(portrait, text, outputs, options, audio=line.audio)
        return write_beside(folder, text or "", made, self.pipeline.model.config.video.fps)


@lru_cache(1)
def _engine(model: Path | None, device: str) -> _Engine:
    """Return the engine of this process, which all lines share."""
    logging.getLogger("ttsf").setLevel(logging.ERROR)  # warnings do not name their line
    return _Engine(load(model, device))


def check_all_made(outcomes: list[tuple[Request | Refused, Outcome]], results: Path) -> None:
    """Raise TtsfError if any video is missing."""
    others = sum(outcome["status"] != "done" for _, outcome in outcomes)
    if others:
        raise TtsfError(f"{others} of {len(outcomes)} lines were not made; {results} says why")
