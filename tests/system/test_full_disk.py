"""A full disk, while any command writes: exit code 2, one line, nothing half-written.

A limit on the size of files stops the writing as a full disk does.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.support.parts import write_parts
from tests.support.recordings import talking
from tests.support.tiny_stages import write_speech
from ttsf.checkpoint import BUNDLED
from ttsf.cli.main import main
from ttsf.research.evaluation.study.make import make_study

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
Given = Callable[[Path, Path, Path], list[str]]


def speak(folder: Path, photo: Path, model: Path) -> list[str]:
    """Only the frames are more than a page."""
    out = folder / "out" / "a.mp4"
    beside = ["--save-audio", str(out.with_suffix(".wav")), "--timings", str(out) + ".json"]
    return ["speak", str(photo), "Hi.", "-o", str(out), "--model", str(model), *beside]


def faces(folder: Path, photo: Path, model: Path) -> list[str]:
    """The labelled picture."""
    return ["faces", str(photo), "--output", str(folder / "out" / "a.png")]


def voices(folder: Path, photo: Path, model: Path) -> list[str]:
    """The voice of a face."""
    save = str(folder / "out" / "a.safetensors")
    return ["voices", "--portrait", str(photo), "--save", save, "--model", str(model)]


def prepare(folder: Path, photo: Path, model: Path) -> list[str]:
    """A corpus of one recording."""
    talking(folder / "videos" / "anna" / "one.mp4", 40)
    out = str(folder / "out")
    return ["prepare", "folder", str(folder / "videos"), "--out", out, "--workers", "1"]


def corpus(folder: Path, photo: Path, model: Path) -> list[str]:
    """An open corpus of one portrait."""
    parts = write_parts(folder / "parts", [("portrait/a.png", "train", "", "")])
    Image.open(photo).save(parts / "portrait" / "a.png")
    return ["corpus", str(parts), "--out", str(folder / "out"), "--workers", "1"]


def render(folder: Path, photo: Path, model: Path) -> list[str]:
    """One portrait in motion."""
    parts = write_parts(folder / "parts", [("portrait/a.png", "train", "", "")])
    Image.open(photo).save(parts / "portrait" / "a.png")
    words = ["--data", str(parts), "--use", "train", "--frames", "2"]
    return ["render", *words, "--out", str(folder / "out")]


def train(folder: Path, photo: Path, model: Path) -> list[str]:
    """A step of the vocoder."""
    data = str(write_speech(folder / "speech"))
    return ["train", "vocoder", "--data", data, "--out", str(folder / "out"), "--steps", "1"]


def assemble(folder: Path, photo: Path, model: Path) -> list[str]:
    """A model of a model."""
    return ["assemble", str(BUNDLED), "--out", str(folder / "out")]


def evaluate(folder: Path, photo: Path, model: Path) -> list[str]:
    """One case."""
    cases = folder / "cases"
    cases.mkdir()
    Image.open(photo).save(cases / "a.png")
    (cases / "cases.csv").write_text("name,person,portrait,video,text,register\na,,a.png,,Hi.,\n")
    out = str(folder / "out")
    return ["evaluate", str(cases), "--out", out, "--no-ablations", "--model", str(model)]


def study_make(folder: Path, photo: Path, model: Path) -> list[str]:
    """A page for raters."""
    (folder / "a").mkdir()
    (folder / "a" / "x.mp4").write_bytes(bytes(9_000))
    return ["study", "make", f"a={folder / 'a'}", "--out", str(folder / "out")]


def study_analyse(folder: Path, photo: Path, model: Path) -> list[str]:
    """A table of one sheet."""
    (folder / "a").mkdir()
    (folder / "a" / "x.mp4").write_bytes(b"x")
    key = make_study({"a": folder / "a"}, folder / "study").key
    identifier = next((folder / "study" / "pages" / "clips").iterdir()).stem
    sheet = folder / "sheet.csv"
    sheet.write_text(f"id,lip_sync,motion,realness\n{identifier},1,2,3\n")
    return ["study", "analyse", str(key), str(sheet), "--out", str(folder / "out" / "a.md")]


def batch(folder: Path, photo: Path, model: Path) -> list[str]:
    """A file of one line."""
    lines = folder / "in.jsonl"
    lines.write_text(f'{{"id": "a", "portrait": "{photo}", "text": "Hi."}}\n')
    out = str(folder / "out")
    return ["batch", str(lines), out, "--model", str(model), "--workers", "1"]


def serve(folder: Path, photo: Path, model: Path) -> list[str]:
    """A server, which keeps a list of its jobs."""
    return ["serve", "--port", "0", "--folder", str(folder / "out"), "--model", str(model)]


COMMANDS = (
    *(speak, faces, voices, prepare, corpus, render, train, assemble, evaluate),
    *(study_make, study_analyse, batch, serve),
)
LATER = (speak, prepare, corpus, render, train, assemble, study_make, batch, serve)
"""Those whose first files are smaller than their last."""


@pytest.mark.parametrize(
    ("given", "limit"), [(one, 0) for one in COMMANDS] + [(one, 1_500) for one in LATER]
)
def test_a_full_disk_is_one_line(
    given: Given,
    limit: int,
    photo: Path,
    model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = given(tmp_path, photo, model_folder)
    capsys.readouterr()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, old[1]))
    try:
        code = main(arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    said = capsys.readouterr().err.splitlines()
    errors = [line for line in said if line.startswith("ttsf: error: ")]
    assert (code, len(errors)) == (2, 1), said
    assert all(line.startswith("ttsf: ") for line in said)
    assert not list(tmp_path.rglob("*.part"))
