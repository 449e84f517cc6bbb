"""The engine's side: holds the model, reads portraits, generates videos and speech.

Runs as a child process: receives tasks, sends events, exits with the server.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttsf.engine.files import SOUND, STREAM, VIDEO
from ttsf.engine.output import Outputs
from ttsf.engine.production import PORTRAITS_KEPT, failure_of, without_path, write_beside
from ttsf.errors import TtsfError
from ttsf.media.remux import fast_start
from ttsf.media.sound_formats import new_sound
from ttsf.serve.process.live_talk import LiveTalks
from ttsf.serve.process.tasks import (
    Cancel,
    CheckVideo,
    Done,
    Event,
    Failed,
    Grew,
    LiveTalk,
    MakeSpeech,
    MakeVideo,
    ReadPortrait,
    Ready,
    Task,
    Tell,
)
from ttsf.timings.exports import word_entries
from ttsf.timings.words import WordTimes

if TYPE_CHECKING:
    from ttsf.pipeline import Pipeline

OUT_OF_MEMORY = 137
logger = logging.getLogger("ttsf.serve")


class Stopped(Exception):
    """The task was cancelled."""


class _File:
    """A growing file, written by the pipeline and read by the server, until the server removes it:
    on a cluster a cancelled request may not reach the engine.
    """

    def __init__(self, path: Path, stopped: threading.Event) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file, self.stopped = path.open("wb", buffering=0), stopped

    def write(self, content: bytes) -> int:
        if not os.fstat(self.file.fileno()).st_nlink:
            self.stopped.set()
        if self.stopped.is_set():
            raise Stopped
        view = memoryview(content)
        while view:
            view = view[self.file.write(view) :]
        return len(content)


def run(connection: Connection, model: Path | None, device: str) -> None:
    """Load the model, and run tasks until the server exits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        worker = load_worker(model, device)
    except TtsfError as error:
        connection.send((0, Failed("unusable", str(error))))
        return
    connection.send((0, worker.about))
    Listener(worker, connection).listen()


def load_worker(model: Path | None, device: str) -> "TaskRunner":
    """Load the model in a child process, whose log must hold no texts. Raises TtsfError."""
    logging.getLogger("ttsf").setLevel(logging.ERROR)  # warnings quote the user's text
    from ttsf.pipeline import load

    return TaskRunner(load(model, device))


class Listener:
    """Receives numbered tasks from the server, and runs each in its own thread."""

    def __init__(self, worker: "TaskRunner", connection: Connection) -> None:
        self.worker, self.connection = worker, connection
        self._telling = threading.Lock()
        self._stopped: dict[int, threading.Event] = {}

    def listen(self) -> None:
        """Receive tasks until the server exits."""
        while True:
            try:
                number, task = self.connection.recv()
            except (EOFError, OSError):
                os._exit(0)  # without waiting for the threads
            if isinstance(task, Tell):
                self.worker.live.tell(task.id, task.message)
                continue
            if isinstance(task, Cancel):
                with suppress(KeyError):
                    self._stopped[number].set()
                continue
            stopped = self._stopped[number] = threading.Event()
            thread = threading.Thread(target=self._do, args=(number, task, stopped), daemon=True)
            thread.start()

    def _do(self, number: int, task: Task, stopped: threading.Event) -> None:
        last = self.worker.do(task, stopped, lambda event: self._tell(number, event))
        del self._stopped[number]
        self._tell(number, last)

    def _tell(self, number: int, event: Event) -> None:
        with self._telling, suppress(OSError):
            self.connection.send((number, event))


class TaskRunner:
    """Runs tasks with a `Pipeline`; thread-safe."""

    def __init__(self, pipeline: "Pipeline") -> None:
        self.pipeline = pipeline
        self.portrait = lru_cache(PORTRAITS_KEPT)(pipeline.portrait)
        self.live = LiveTalks()

    @property
    def about(self) -> Ready:
        """Describe the model."""
        config = self.pipeline.model.config
        voices = tuple((voice.name, voice.register) for voice in config.speech.voices)
        return Ready(config.name, voices, config.video.fps, config.sample_rate)

    def do(
        self, task: Task, stopped: threading.Event, tell: Callable[[Event], None]
    ) -> Done | Failed:
        """Run a task until it ends or is cancelled; report progress to `tell`."""

        def tell_unless_stopped(event: Event) -> None:
            if stopped.is_set():
                raise Stopped
            tell(event)

        try:
            return Done(self._result(task, stopped, tell_unless_stopped))
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except Exception as error:
            if stopped.is_set():  # Stopped, or what a codec makes of it
                return Failed("cancelled", "it was cancelled")
            return Failed(*failure_of(error, getattr(task, "picture", None)))

    def _result(
        self, task: Task, stopped: threading.Event, tell: Callable[[Event], None]
    ) -> dict[str, Any]:
        if isinstance(task, ReadPortrait):
            return self._faces(task)
        if isinstance(task, CheckVideo):
            portrait = self.portrait(task.picture, task.face)
            self.pipeline.check(portrait, task.text, task.options, task.recording)
        elif isinstance(task, MakeVideo):
            return self._video(task, stopped, tell)
        elif isinstance(task, MakeSpeech):
            self._speech(task, stopped, tell)
        elif isinstance(task, LiveTalk):
            session = self.pipeline.live(self.portrait(task.picture, task.face), task.options)
            self.live.run(task.id, session, stopped, tell)
        else:
            self.portrait.cache_clear()
        return {}

    def _faces(self, task: ReadPortrait) -> dict[str, Any]:
        """Find the faces, the largest first, with boxes as fractions of the picture's sides.

        An unusable face carries the reason, a usable one its warnings.
        """
        first = self.portrait(task.picture, 1)
        height, width = first.picture.shape[:2]
        faces = []
        for number, box in enumerate(first.faces, start=1):
            left, top = box.x - box.side / 2, box.y - box.side / 2
            sides = (left / width, top / height, box.side / width, box.side / height)
            face: dict[str, Any] = {"face": number, "box": [round(side, 4) for side in sides]}
            try:
                portrait = self.portrait(task.picture, number)
                face["place"] = portrait.place
                face["doubts"] = [doubt._asdict() for doubt in portrait.doubts]
            except TtsfError as error:
                face["unusable"] = without_path(error, task.picture)
            faces.append(face)
        return {"width": width, "height": height, "faces": faces}

    def _video(
        self, task: MakeVideo, stopped: threading.Event, tell: Callable[[Event], None]
    ) -> dict[str, Any]:
        portrait, folder = self.portrait(task.picture, task.face), task.folder
        said = WordTimes(())

        def heard(spoken: WordTimes) -> None:
            nonlocal said
            said = spoken

        def progress(done: int, total: int) -> None:
            tell(Grew(done, total, tuple(word_entries(said))))

        live = _File(folder / STREAM, stopped)
        outputs = Outputs(live, sound=folder / SOUND, captions=task.captions)
        with live.file:
            made = self.pipeline.write(
                portrait, task.text, outputs, task.options, progress, heard, task.recording
            )
        fast_start(folder / STREAM, folder / VIDEO)
        return write_beside(folder, task.text or "", made, self.pipeline.model.config.video.fps)

    def _speech(
        self, task: MakeSpeech, stopped: threading.Event, tell: Callable[[Event], None]
    ) -> None:
        portrait = None if task.picture is None else self.portrait(task.picture, task.face)
        live, rate = _File(task.file, stopped), self.pipeline.model.config.sample_rate
        with live.file, new_sound(live, task.kind, rate) as sound:
            for samples in self.pipeline.sounds(portrait, task.text, task.options):
                sound.add(samples)
                tell(Grew())
