"""Where a server keeps portraits and videos; no name of a file comes from a client."""

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

from ttsf.engine.files import FILES
from ttsf.media.files import write_new

PORTRAIT = re.compile(r"portrait_[0-9a-f]{32}")
VIDEO = re.compile(r"video_[0-9a-f]{32}")
EXAMPLE = Path(__file__).parent / "page" / "astronaut.jpg"


class Files:
    """A folder: `portraits/ID/picture`, `portraits/ID/faces.json`, `videos/ID/`, `speech/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.rmtree(folder / "speech", ignore_errors=True)
        for name in ("portraits", "videos", "speech"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)

    def free(self) -> int:
        """Bytes on the disk."""
        return shutil.disk_usage(self.folder).free

    def add_picture(self, content: bytes) -> str:
        """Keep a picture's file; gives the portrait's id, which is that of the same bytes again."""
        portrait = f"portrait_{hashlib.sha256(content).hexdigest()[:32]}"
        if not self.picture(portrait).exists():
            write_new(self.picture(portrait), content)
        self.touch(portrait)
        return portrait

    def picture(self, portrait: str) -> Path:
        """The file of a portrait."""
        return self.folder / "portraits" / portrait / "picture"

    def touch(self, portrait: str) -> None:
        """A portrait is used: it expires later."""
        os.utime(self.picture(portrait))

    def put_faces(self, portrait: str, faces: dict[str, Any]) -> None:
        """Keep what was read in a portrait."""
        write_new(self.picture(portrait).with_name("faces.json"), json.dumps(faces))

    def faces(self, portrait: str) -> dict[str, Any] | None:
        """What was read in it; None for an unknown portrait."""
        if not PORTRAIT.fullmatch(portrait):
            return None
        try:
            return json.loads(self.picture(portrait).with_name("faces.json").read_text())
        except FileNotFoundError:
            return None

    def used_at(self, portrait: str) -> float:
        """Seconds since 1970."""
        return self.picture(portrait).stat().st_mtime

    def portraits(self) -> list[str]:
        """All ids."""
        return [path.name for path in (self.folder / "portraits").iterdir()]

    def delete_portrait(self, portrait: str) -> None:
        """Remove its files."""
        shutil.rmtree(self.folder / "portraits" / portrait, ignore_errors=True)

    def expired_portraits(self, keep_s: float) -> list[str]:
        """Those that were not used for so long."""
        before = time.time() - keep_s
        return [one for one in self.portraits() if _modified(self.picture(one)) < before]

    def video(self, video: str) -> Path:
        """The folder of a video."""
        return self.folder / "videos" / video

    def size(self, video: str) -> int:
        """Bytes of all its files."""
        places = (self.video(video) / name for name in FILES)
        return sum(place.stat().st_size for place in places if place.exists())

    def delete_video(self, video: str) -> None:
        """Remove its files."""
        shutil.rmtree(self.video(video), ignore_errors=True)

    def delete_other_videos(self, known: Collection[str]) -> None:
        """Remove what no job is there for."""
        for path in (self.folder / "videos").iterdir():
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)

    def new_speech(self) -> Path:
        """A name for speech that is only kept until it is sent."""
        return self.folder / "speech" / secrets.token_hex(16)


def new_video_id() -> str:
    """Nobody guesses it."""
    return f"video_{secrets.token_hex(16)}"


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
