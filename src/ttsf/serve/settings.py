"""What whoever runs a server may choose."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ttsf.errors import TtsfError

KEY_VARIABLE = "TTSF_API_KEY"
LEAST_KEY = 16
"""Characters of a key."""
MOST_SPEECH_S = 1_200.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Of one server. The folder holds portraits, videos and the list of jobs."""

    folder: Path
    model: Path | None = None
    device: str = "cpu"
    ray_address: str | None = None
    """Of a Ray cluster on which engines run ("local": one on this machine); None: one process."""
    replicas: int = 1
    """Engines on the cluster at most."""
    gpus: float = 0.0
    """Of each of them; a quarter lets four share one."""
    keys: tuple[str, ...] = ()
    """Any of them opens the API; none: whoever reaches it may use it."""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    """Names under which a server without keys answers, so that no other site's page reaches it."""
    at_once: int = 1
    """Videos or speeches that are made at the same time."""
    waiting: int = 16
    """That wait for it at most."""
    readers: int = 8
    """Portraits that wait to be read at most."""
    most_body: int = 25_000_000
    """Bytes of a request."""
    most_text: int = 20_000
    """Characters."""
    most_speech_s: float = MOST_SPEECH_S
    """Length of what a text would be spoken for."""
    most_making_s: float = 3_600.0
    """Time for one video; what takes longer fails."""
    stalled_s: float = 120.0
    """An engine that tells nothing for so long while it works is restarted."""
    upload_s: float = 60.0
    """Time for the body of a request."""
    keep_s: float = 24 * 3_600.0
    """Age at which what was made, and a portrait that is not used, is removed."""
    keep_bytes: float = 20e9
    """Of all videos; the oldest are removed first."""
    least_free: float = 300e6
    """Bytes on the disk below which nothing is accepted."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_keys(file: Path | None, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Keys of a file, one a line, and the one of TTSF_API_KEY; raises TtsfError for weak ones."""
    lines = [environment.get(KEY_VARIABLE, "")]
    if file is not None:
        try:
            lines += file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text"
            raise TtsfError(f"{file}: {reason}") from None
    keys = tuple(key for key in map(str.strip, lines) if key)
    if any(len(key) < LEAST_KEY or not key.isascii() for key in keys):
        raise TtsfError(f"a key has at least {LEAST_KEY} characters, all of them ASCII")
    if file is not None and not keys:
        raise TtsfError(f"{file}: holds no key")
    return keys


def check_host(host: str, keys: tuple[str, ...]) -> None:
    """Raises TtsfError where other machines would reach a server that asks for no key."""
    if not keys and not is_loopback(host):
        raise TtsfError(
            f"{host} is reached by other machines: set {KEY_VARIABLE} or give --api-key-file"
        )
