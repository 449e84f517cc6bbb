"""The engine's side without a server."""

import threading
from pathlib import Path

import pytest

import ttsf
from tests.support.server import LONG
from ttsf.engine.options import GenerateOptions
from ttsf.serve.process.task_runner import TaskRunner
from ttsf.serve.process.tasks import Event, Failed, MakeSpeech, MakeVideo


@pytest.mark.parametrize("kind", ["speech", "video"])
def test_work_ends_when_its_file_is_removed(
    model_folder: Path, photo: Path, tmp_path: Path, kind: str
) -> None:
    """As the server does with what nobody waits for; the engine may hear nothing else of it."""
    options, folder = GenerateOptions(steps=1, size=64), tmp_path / "out"
    folder.mkdir()
    task = (
        MakeSpeech(photo, 1, LONG, options, "wav", folder / "a.wav")
        if kind == "speech"
        else MakeVideo(photo, 1, LONG, options, "none", folder)
    )
    told = list[Event]()

    def tell(event: Event) -> None:
        told.append(event)
        for path in folder.iterdir():
            path.unlink()

    last = TaskRunner(ttsf.load(model_folder)).do(task, threading.Event(), tell)
    assert isinstance(last, Failed) and last.code == "cancelled"
    assert len(told) < 5
