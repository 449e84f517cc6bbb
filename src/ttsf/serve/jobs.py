"""Persistent job list in SQLite; accepted jobs survive a restart."""

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
    """One requested video."""

    id: str
    kind: Kind
    """For "stream" and "sync" a client waits for the response; if it disconnects, they are
    dropped."""
    request: str
    """The request as JSON."""
    portrait: str
    """Portrait id."""
    created_at: float
    """Unix time, s."""
    status: Status = "accepted"
    attempts: int = 0
    """How often the engine died while it ran."""
    finished_at: float | None = None
    seconds: float | None = None
    """Length of the video, s."""
    frames: int | None = None
    size: str | None = None
    """WIDTHxHEIGHT px."""
    stored: int = 0
    """Size of all its files, bytes."""
    error_code: str | None = None
    error: str | None = None
    """Why there is no video."""
    key: str | None = None
    """Idempotency-Key of the client."""
    fingerprint: str = ""
    """Hash of the request that came with the key."""

    @property
    def finished(self) -> bool:
        """Whether the status is final."""
        return self.status not in UNFINISHED


COLUMNS = tuple(field.name for field in fields(Job))


class Jobs:
    """Job list of one folder, which is locked against other servers."""

    def __init__(self, path: Path) -> None:
        """Raise TtsfError for a folder that is in use or cannot be written."""
        columns = ", ".join(f"{name} PRIMARY KEY" if name == "id" else name for name in COLUMNS)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)  # also the mode of the files that SQLite adds
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
        """Insert a job, or replace the job with the same id."""
        marks = ", ".join("?" * len(COLUMNS))
        self._base.execute(f"INSERT OR REPLACE INTO jobs VALUES ({marks})", astuple(job))
        return job

    def get(self, job_id: str) -> Job | None:
        """Return the job with this id, or None."""
        return next(iter(self._select("WHERE id = ?", (job_id,))), None)

    def of_key(self, key: str) -> Job | None:
        """Return the job with this Idempotency-Key, or None."""
        return next(iter(self._select("WHERE key = ?", (key,))), None)

    def delete(self, job_id: str) -> None:
        """Delete a job."""
        self._base.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def unfinished(self) -> list[Job]:
        """Return unfinished jobs, oldest first."""
        return self._select("WHERE status IN (?, ?) ORDER BY created_at, id", UNFINISHED)

    def finished(self) -> list[Job]:
        """Return finished jobs, the earliest finished first."""
        return self._select("WHERE status NOT IN (?, ?) ORDER BY finished_at, id", UNFINISHED)

    def page(self, limit: int, after: Job | None, newest_first: bool) -> list[Job]:
        """Return at most `limit` jobs by age, starting after the job `after`."""
        order, sign = ("DESC", "<") if newest_first else ("ASC", ">")
        where = "" if after is None else f"WHERE (created_at, id) {sign} (?, ?)"
        place = () if after is None else (after.created_at, after.id)
        tail = f"ORDER BY created_at {order}, id {order} LIMIT ?"
        return self._select(f"{where} {tail}", (*place, limit))

    def uses(self, portrait: str) -> bool:
        """Whether an unfinished job needs this portrait."""
        found = self._select("WHERE portrait = ? AND status IN (?, ?)", (portrait, *UNFINISHED))
        return bool(found)

    def close(self) -> None:
        """Close the database."""
        self._base.close()

    def _select(self, where: str, values: Iterable[object]) -> list[Job]:
        rows = self._base.execute(f"SELECT {', '.join(COLUMNS)} FROM jobs {where}", tuple(values))
        return [Job(**dict(zip(COLUMNS, row, strict=True))) for row in rows]
