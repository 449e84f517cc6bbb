"""The list of jobs, in SQLite: what was accepted is known again after a restart."""

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal

from ttsf.errors import TtsfError

Kind = Literal["job", "stream", "sync"]
Status = Literal["accepted", "running", "done", "failed", "cancelled"]
UNFINISHED: tuple[Status, ...] = ("accepted", "running")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One video that somebody asked for."""

    id: str
    kind: Kind
    """Of "stream" and "sync" a client waits for the answer; without it they are not made."""
    request: str
    """What was asked, as JSON."""
    portrait: str
    """Its id."""
    created_at: float
    """Seconds since 1970."""
    status: Status = "accepted"
    attempts: int = 0
    """How often the engine died of it."""
    finished_at: float | None = None
    seconds: float | None = None
    """Length of the video."""
    frames: int | None = None
    size: str | None = None
    """WIDTHxHEIGHT px."""
    stored: int = 0
    """Bytes of all its files."""
    error_code: str | None = None
    error: str | None = None
    """Why it has no video."""
    key: str | None = None
    """The client's Idempotency-Key."""
    fingerprint: str = ""
    """Of the request that came with it."""

    @property
    def finished(self) -> bool:
        """Whether it will not change any more."""
        return self.status not in UNFINISHED


COLUMNS = tuple(field.name for field in fields(Job))


class Jobs:
    """All jobs of one folder; no other server may open it meanwhile."""

    def __init__(self, path: Path) -> None:
        """Raises TtsfError for a folder that is in use or cannot be written."""
        columns = ", ".join(f"{name} PRIMARY KEY" if name == "id" else name for name in COLUMNS)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(
                path, timeout=1.0, isolation_level=None, check_same_thread=False
            )
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute(f"CREATE TABLE IF NOT EXISTS jobs ({columns})")
            self._base.execute("CREATE UNIQUE INDEX IF NOT EXISTS keys ON jobs (key)")
        except (OSError, sqlite3.Error) as error:
            busy = "locked" in str(error)
            reason = "another server uses it" if busy else getattr(error, "strerror", None) or error
            raise TtsfError(f"{path.parent}: {reason}") from None

    def put(self, job: Job) -> Job:
        """Add a job, or replace the one of this id."""
        marks = ", ".join("?" * len(COLUMNS))
        self._base.execute(f"INSERT OR REPLACE INTO jobs VALUES ({marks})", astuple(job))
        return job

    def get(self, job_id: str) -> Job | None:
        """The job of an id."""
        return next(iter(self._select("WHERE id = ?", (job_id,))), None)

    def of_key(self, key: str) -> Job | None:
        """The job of an Idempotency-Key."""
        return next(iter(self._select("WHERE key = ?", (key,))), None)

    def delete(self, job_id: str) -> None:
        """Forget a job."""
        self._base.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def unfinished(self) -> list[Job]:
        """In the order in which they came."""
        return self._select("WHERE status IN (?, ?) ORDER BY created_at, id", UNFINISHED)

    def finished(self) -> list[Job]:
        """The oldest first."""
        return self._select("WHERE status NOT IN (?, ?) ORDER BY finished_at, id", UNFINISHED)

    def page(self, limit: int, after: Job | None, newest_first: bool) -> list[Job]:
        """At most `limit` jobs by age, those that come after one of them."""
        order, sign = ("DESC", "<") if newest_first else ("ASC", ">")
        where = "" if after is None else f"WHERE (created_at, id) {sign} (?, ?)"
        place = () if after is None else (after.created_at, after.id)
        tail = f"ORDER BY created_at {order}, id {order} LIMIT ?"
        return self._select(f"{where} {tail}", (*place, limit))

    def uses(self, portrait: str) -> bool:
        """Whether a job that is not finished needs a portrait."""
        found = self._select("WHERE portrait = ? AND status IN (?, ?)", (portrait, *UNFINISHED))
        return bool(found)

    def close(self) -> None:
        """End it."""
        self._base.close()

    def _select(self, where: str, values: Iterable[object]) -> list[Job]:
        rows = self._base.execute(f"SELECT {', '.join(COLUMNS)} FROM jobs {where}", tuple(values))
        return [Job(**dict(zip(COLUMNS, row, strict=True))) for row in rows]
