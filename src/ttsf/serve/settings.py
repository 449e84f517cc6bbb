"""Settings of a server."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ttsf.errors import TtsfError

KEY_VARIABLE = "TTSF_API_KEY"
LEAST_KEY = 16
"""Minimum length of an API key, characters."""
CHAT_KEY_VARIABLE = "TTSF_CHAT_KEY"
MOST_SPEECH_S = 1_200.0
PERSONA = (
    "You are the person in a portrait who talks with a visitor. Your answers are spoken: keep them "
    "short, in plain sentences, without lists, tables or links."
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one server; `folder` holds portraits, videos and the job list."""

    folder: Path
    model: Path | None = None
    device: str = "cpu"
    ray_address: str | None = None
    """Ray cluster for the engines ("local" starts one here); None: one engine process."""
    replicas: int = 1
    """Maximum number of engines on the cluster."""
    gpus: float = 0.0
    """GPUs per engine; with 0.25 four share one."""
    keys: tuple[str, ...] = ()
    """API keys; if empty, no authentication."""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    """Accepted Host names of a server without keys (protects against DNS rebinding)."""
    at_once: int = 1
    """Maximum number of videos and speech requests that run at the same time."""
    live: int = 2
    """Maximum number of live sessions; they need no turn in the queue."""
    chat_url: str | None = None
    """Base address of a server with OpenAI's chat API, such as http://127.0.0.1:11434/v1."""
    chat_model: str = ""
    chat_key: str = ""
    persona: str = PERSONA
    """System prompt of the chat."""
    transcribe_url: str | None = None
    """Base address of a server with OpenAI's transcription API."""
    transcribe_model: str = "whisper-1"
    waiting: int = 16
    """Maximum number of waiting requests."""
    readers: int = 8
    """Maximum number of portraits waiting to be read."""
    most_body: int = 25_000_000
    """Maximum size of a request body, bytes."""
    most_text: int = 20_000
    """Maximum length of a text, characters."""
    most_speech_s: float = MOST_SPEECH_S
    """Maximum length of the speech, s."""
    most_making_s: float = 3_600.0
    """Time limit for generating one video, s."""
    stalled_s: float = 120.0
    """Watchdog: restart an engine that sends no event for this long during a task, s."""
    upload_s: float = 60.0
    """Time limit for receiving a request body, s."""
    keep_s: float = 24 * 3_600.0
    """Age at which videos and unused portraits are removed, s."""
    keep_bytes: float = 20e9
    """Total size of videos above which the oldest are removed, bytes."""
    least_free: float = 300e6
    """Free disk space below which requests are refused, bytes."""


def is_loopback(host: str) -> bool:
    """Whether a host is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_keys(file: Path | None, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Read keys from a file (one per line) and TTSF_API_KEY; raises TtsfError for weak ones."""
    lines = [environment.get(KEY_VARIABLE, "")]
    if file is not None:
        try:
            lines += file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text"
            raise TtsfError(f"{file}: {reason}") from None
    keys = tuple(key for key in map(str.strip, lines) if key)
    if any(len(key) < LEAST_KEY or not key.isascii() for key in keys):
        raise TtsfError(f"an API key needs at least {LEAST_KEY} characters, all of them ASCII")
    if file is not None and not keys:
        raise TtsfError(f"{file}: holds no key")
    return keys


def check_host(host: str, keys: tuple[str, ...]) -> None:
    """Raise TtsfError if other machines can reach a server that requires no key."""
    if not keys and not is_loopback(host):
        raise TtsfError(
            f"other machines can reach {host}: set {KEY_VARIABLE} or give --api-key-file"
        )
