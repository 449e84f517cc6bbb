"""File store of portraits and videos; no file name comes from a client."""

import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ttsf.engine.files import FILES, RECORDING
from ttsf.media.files import write_new

PORTRAIT = re.compile(r"portrait_[0-9a-f]{32}")
VIDEO = re.compile(r"video_[0-9a-f]{32}")
EXAMPLE = Path(__file__).parent / "page" / "astronaut.jpg"


class Files:
    """Store in one folder: `portraits/ID/{picture,faces.json}`, `videos/ID/`, `speech/`."""

    def __init__(self, folder: Path) -> None:
        """folder: exists, and keeps its mode; what is created in it is private."""
        self.folder = folder
        shutil.rmtree(folder / "speech", ignore_errors=True)
        for name in ("portraits", "videos", "speech"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)

    def free(self) -> int:
        """Return the free disk space, bytes."""
        return shutil.disk_usage(self.folder).free

    def add_picture(self, content: bytes) -> str:
        """Store a picture; return the portrait id, a hash of its bytes."""
        portrait = f"portrait_{hashlib.sha256(content).hexdigest()[:32]}"
        if not self.picture(portrait).exists():
            write_new(self.picture(portrait), content)
        self.touch(portrait)
        return portrait

    def picture(self, portrait: str) -> Path:
        """Return the picture file of a portrait."""
        return self.folder / "portraits" / portrait / "picture"

    def touch(self, portrait: str) -> None:
        """Record the use of a portrait, which postpones its expiry."""
        os.utime(self.picture(portrait))

    def put_faces(self, portrait: str, faces: dict[str, Any]) -> None:
        """Store the faces found in a portrait."""
        write_new(self.picture(portrait).with_name("faces.json"), json.dumps(faces))

    def faces(self, portrait: str) -> dict[str, Any] | None:
        """Return the faces found in a portrait; None for an unknown one."""
        if not PORTRAIT.fullmatch(portrait):
            return None
        try:
            return json.loads(self.picture(portrait).with_name("faces.json").read_text())
        except FileNotFoundError:
            return None

    def used_at(self, portrait: str) -> float:
        """Return the time of the last use, Unix time in s."""
        return self.picture(portrait).stat().st_mtime

    def portraits(self) -> list[str]:
        """Return all portrait ids."""
        return [path.name for path in (self.folder / "portraits").iterdir()]

    def delete_portrait(self, portrait: str) -> None:
        """Delete the files."""
        shutil.rmtree(self.folder / "portraits" / portrait, ignore_errors=True)

    def expired_portraits(self, keep_s: float) -> list[str]:
        """Return portraits not used for `keep_s` seconds."""
        before = time.time() - keep_s
        return [one for one in self.portraits() if _modified(self.picture(one)) < before]

    def video(self, video: str) -> Path:
        """Return the folder of a video."""
        return self.folder / "videos" / video

    def recording(self, video: str) -> Path:
        """Return the file of the client's own sound for a video."""
        return self.video(video) / RECORDING

    def size(self, video: str) -> int:
        """Return the size of a video's files, bytes."""
        places = (self.video(video) / name for name in FILES)
        return sum(place.stat().st_size for place in places if place.exists())

    def delete_video(self, video: str) -> None:
        """Delete the files."""
        shutil.rmtree(self.video(video), ignore_errors=True)

    def delete_other_videos(self, known: Collection[str]) -> None:
        """Remove videos that have no job."""
        for path in (self.folder / "videos").iterdir():
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)

    def new_speech(self) -> Path:
        """Return a path for speech, which is deleted after it has been sent."""
        return self.folder / "speech" / secrets.token_hex(16)


def new_video_id() -> str:
    """Return an unguessable id (128 random bits)."""
    return f"video_{secrets.token_hex(16)}"


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
