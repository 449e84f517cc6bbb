"""`ttsf serve`: web page and HTTP API; `ttsf mcp`: tools for agents; `ttsf batch`: many videos."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from ttsf.cli.options import ONE_A_PROCESSOR, Device, Model, Quiet, refuse_idle
from ttsf.cli.streams import Progress, show, tell
from ttsf.engine.options import DEFAULTS, MaxSeconds
from ttsf.errors import TtsfError, needing
from ttsf.media.files import home_folder, read_text
from ttsf.parallel import Parallel
from ttsf.serve.settings import (
    CHAT_KEY_VARIABLE,
    MOST_SPEECH_S,
    PERSONA,
    Settings,
    check_host,
    read_keys,
)

OWN_FOLDER = "(default: ~/.local/share/ttsf)"


@dataclass(frozen=True)
class Serve:
    """Serve a web page and an HTTP API that generate videos.

    ttsf serve --port 8000
    """

    host: str = "127.0.0.1"
    """Address to listen on; one that other machines can reach requires an API key."""
    port: int = 8000
    """Port to listen on; 0 picks a free one."""
    api_key_file: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None
    """File with accepted API keys, one per line; TTSF_API_KEY adds another."""
    folder: Annotated[Path | None, arg(metavar="DIR", help_behavior_hint=OWN_FOLDER)] = None
    """Folder for portraits, videos and the job list."""
    queue: int = 16
    """Maximum number of waiting videos."""
    at_once: Annotated[int | None, arg(help_behavior_hint="(default: one per engine)")] = None
    """Videos generated at the same time."""
    engine: Literal["process", "ray"] = "process"
    """Run the model in one process beside the server, or on a Ray cluster."""
    ray: Annotated[str, arg(metavar="ADDRESS")] = "local"
    """Address of the Ray cluster: local, auto or HOST:PORT."""
    replicas: int = 2
    """Maximum number of engines on the cluster."""
    gpus: float = 0.0
    """GPUs per engine on Ray; with 0.25 four engines share one."""
    keep_hours: float = 24.0
    """Age in hours at which videos and unused portraits are removed."""
    keep_gb: float = 20.0
    """Total size of videos in GB above which the oldest are removed."""
    live: int = 2
    """Maximum number of live sessions."""
    chat_url: Annotated[str | None, arg(metavar="URL", help_behavior_hint="")] = None
    """Base address of a server with OpenAI's chat API, such as http://127.0.0.1:11434/v1; the
    page then has a Talk tab. TTSF_CHAT_KEY holds its key."""
    chat_model: Annotated[str, arg(metavar="NAME", help_behavior_hint="")] = ""
    """Name of the language model."""
    persona: Annotated[Path | None, arg(metavar="FILE", help_behavior_hint="")] = None
    """Text file that tells the language model who it is."""
    transcribe_url: Annotated[str | None, arg(metavar="URL", help_behavior_hint="")] = None
    """Base address of a server with OpenAI's transcription API, to speak instead of typing."""
    transcribe_model: str = "whisper-1"
    """Name of the transcription model."""
    max_seconds: MaxSeconds = MOST_SPEECH_S
    model: Model = None
    device: Device = "cpu"
    quiet: Quiet = False

    def run(self) -> None:
        """Serve until Ctrl-C."""
        with needing("ttsf serve", "FastAPI", "serve"):
            from ttsf.serve.api.server import serve
        settings = self._settings()
        if not self.quiet:
            logging.getLogger("ttsf.serve").setLevel(logging.INFO)
            tell("ttsf: loading the model")
        serve(settings, self.host, self.port)

    def _settings(self) -> Settings:
        """Return the settings of the server; raises TtsfError for unusable options."""
        on_ray = self.engine == "ray"
        engines = self.replicas if on_ray else 1
        at_once = engines if self.at_once is None else self.at_once
        if min(self.queue, at_once, self.replicas) < 1 or not 0 <= self.port < 65_536:
            raise TtsfError("queue, at_once and replicas must be at least 1, port below 65536")
        if not 0 <= self.gpus <= 64:
            raise TtsfError(f"gpus must be from 0 to 64, not {self.gpus:g}")
        if not (self.keep_hours > 0 and self.keep_gb > 0 and self.max_seconds > 0):
            raise TtsfError("keep_hours, keep_gb and max_seconds must be above 0")
        if self.live < 0:
            raise TtsfError(f"live must be at least 0, not {self.live}")
        if not on_ray:
            refuse_idle(self, ("ray", "replicas", "gpus"), "--engine ray")
        if self.chat_url is None:
            refuse_idle(self, ("chat_model", "persona", "transcribe_url"), "--chat-url")
        elif not self.chat_model:
            raise TtsfError("--chat-url needs the name of a model: --chat-model NAME")
        if self.transcribe_url is None:
            refuse_idle(self, ("transcribe_model",), "--transcribe-url")
        for url in (self.chat_url, self.transcribe_url):
            if url is not None and not url.startswith(("http://", "https://")):
                raise TtsfError(f"{url}: an address begins with http:// or https://")
        keys = read_keys(self.api_key_file)
        check_host(self.host, keys)
        return Settings(
            folder=(self.folder or _own_folder()).absolute(),
            model=self.model,
            device=self.device,
            keys=keys,
            ray_address=self.ray if on_ray else None,
            replicas=self.replicas,
            gpus=self.gpus,
            at_once=at_once,
            waiting=self.queue,
            live=self.live,
            chat_url=self.chat_url,
            chat_model=self.chat_model,
            chat_key=os.environ.get(CHAT_KEY_VARIABLE, ""),
            persona=PERSONA if self.persona is None else read_text(self.persona),
            transcribe_url=self.transcribe_url,
            transcribe_model=self.transcribe_model,
            most_speech_s=self.max_seconds,
            keep_s=self.keep_hours * 3_600,
            keep_bytes=self.keep_gb * 1e9,
        )


@dataclass(frozen=True)
class Mcp:
    """Offer tools to agents over the Model Context Protocol, on standard input and output.

    ttsf mcp --folder out/agent
    """

    folder: Annotated[Path, arg(metavar="DIR", help_behavior_hint="(default: here)")] = Path()
    """Folder for the videos."""
    model: Model = None
    device: Device = "cpu"

    def run(self) -> None:
        """Serve until standard input ends."""
        with needing("ttsf mcp", "the package mcp", "mcp"):
            from ttsf.serve.mcp import server
        from ttsf.pipeline import load

        server(load(self.model, self.device), self.folder).run()


@dataclass(frozen=True)
class Batch:
    """Generate the videos listed in a JSONL file; a rerun continues an interrupted batch.

    ttsf batch batch.jsonl out/batch
    """

    lines: Annotated[Positional[Path], arg(metavar="IN.jsonl")]
    """One video per line: {"id": "a", "portrait": "me.jpg", "text": "Hello."} and options of the
    API, or OpenAI's batch format."""
    out: Annotated[Positional[Path], arg(metavar="OUT")]
    """Output folder."""
    workers: Annotated[int | None, arg(help_behavior_hint=ONE_A_PROCESSOR)] = None
    """Number of worker processes, each with its own copy of the model."""
    ray: Annotated[str | None, arg(metavar="ADDRESS")] = None
    """Use a Ray cluster: local, auto or HOST:PORT."""
    gpus: float = 0.0
    """GPUs per worker on Ray; with 0.25 four workers share one."""
    max_seconds: MaxSeconds = DEFAULTS.max_seconds
    model: Model = None
    device: Device = "cpu"
    quiet: Quiet = False

    def run(self) -> None:
        """Write the folder and print one line."""
        if self.ray is None:
            refuse_idle(self, ("gpus",), "--ray")
        usual = (os.cpu_count() or 1) if self.device == "cpu" else 1
        progress = None if self.quiet else Progress("videos")
        count = usual if self.workers is None else self.workers
        workers = Parallel(count, self.ray, progress, self.gpus)
        if not self.max_seconds > 0:
            raise TtsfError("max_seconds must be above 0")
        from ttsf.batch.make import BatchSettings, check_all_made, run_batch
        from ttsf.batch.results import PAGE, RESULTS

        settings = BatchSettings(self.model, self.device, self.max_seconds)
        outcomes = run_batch(self.lines, self.out, settings, workers)
        check_all_made(outcomes, self.out / RESULTS)
        if not self.quiet:
            show(f"{self.out}: {len(outcomes)} videos; see {self.out / PAGE}")


def _own_folder() -> Path:
    data = os.environ.get("XDG_DATA_HOME", "")
    home = Path(data) if data else home_folder("give --folder") / ".local" / "share"
    return home / "ttsf"
