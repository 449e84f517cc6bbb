"""Strange files of all kinds and strange command lines: refused in one line, or a whole video.

`make fuzz [INPUTS=100]` tries so many of each kind. A failing one is told by its number, which
makes it again, and kept in `out/fuzz`.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.support.fuzz import lines, models
from tests.support.fuzz.commands import MOST_MB, MOST_S, Commands, Outcome
from tests.support.fuzz.pictures import damaged, picture
from tests.support.fuzz.texts import text

INPUTS, FIRST = (
    int(os.environ.get(f"TTSF_FUZZ_{name}", value))
    for name, value in (("INPUTS", "6"), ("FIRST", "0"))
)
KINDS = ("picture", "text", "config", "weights", "lexicon", "line")
FILMS = ("a.mp4", "a.wav", "b.webm")
KEPT = Path("out") / "fuzz"
FAST = ("--size", "64", "--framing", "face", "--steps", "1", "--max-seconds", "4")
REFUSED = "ttsf: error: "


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    one = Commands()
    yield one
    one.close()


@pytest.mark.parametrize("kind", KINDS)
def test_strange_input_is_refused_or_spoken(
    kind: str, commands: Commands, model_folder: Path, astronaut: np.ndarray, tmp_path: Path
) -> None:
    face, faults, ends = astronaut[:256, 96:352], [], Counter[str]()
    for number in range(FIRST, FIRST + INPUTS):
        given = tmp_path / "given"
        out = tmp_path / "out"
        out.mkdir()
        told = commands.run(*make(kind, number, given, model_folder, face, out))
        fault = fault_of(told, out)
        ends["fault" if fault else "spoken" if told.code == 0 else "refused"] += 1
        if fault:
            faults.append(f"{kind} {number}: {fault}")
            print(faults[-1], flush=True)
            shutil.copytree(given, KEPT / f"{kind}-{number}", symlinks=True, dirs_exist_ok=True,
                            ignore=lambda _, names: [n for n in names if n == "pipe"])  # fmt: skip
        shutil.rmtree(out)
        shutil.rmtree(given)
    print(f"{kind}: {dict(ends)}")
    assert not faults


def test_strange_films_have_a_verdict(
    commands: Commands, model_folder: Path, photo: Path, tmp_path: Path
) -> None:
    plain = ["speak", str(photo), "Hi there.", "--model", str(model_folder), "--size", "128"]
    for name in ("a.mp4", "b.webm"):
        beside = ["--save-audio", str(tmp_path / "a.wav")]
        assert commands.run(*plain, "--output", str(tmp_path / name), *beside).code == 0
    faults, ends = [], Counter[str]()
    for number in range(FIRST, FIRST + INPUTS):
        chance = random.Random(f"film {number}")
        name = chance.choice(FILMS)
        given = tmp_path / f"given{chance.choice((Path(name).suffix, '.mp4', ''))}"
        given.write_bytes(damaged(chance, (tmp_path / name).read_bytes()))
        told = commands.run("verify", str(given))
        refused = told.code == 2 and told.err.startswith(REFUSED) and told.err.count("\n") == 1
        slow = told.seconds > MOST_S or told.memory_mb > MOST_MB
        ends[f"exit code {told.code}"] += 1
        if slow or not (refused or (told.code in (0, 1) and not told.err)):
            faults.append(f"film {number}: {told}")
            print(faults[-1], flush=True)
            KEPT.mkdir(parents=True, exist_ok=True)
            shutil.copy(given, KEPT / f"film-{number}{given.suffix}")
        given.unlink()
    print(f"film: {dict(ends)}")
    assert not faults


def make(
    kind: str, number: int, given: Path, model: Path, face: np.ndarray, out: Path
) -> list[str]:
    """The input of that number in the folder `given`, and a command that reads it."""
    chance = random.Random(f"{kind} {number}")
    given.mkdir()
    portrait, words, folder = given / "portrait", given / "text", given / "model"
    further: list[str] = []
    Image.fromarray(face).save(portrait, "PNG")
    words.write_text("Hi.")
    if kind == "picture":
        portrait.write_bytes(picture(chance, face))
    elif kind == "text":
        words.write_bytes(text(chance))
    elif kind == "lexicon":
        table = given / "lexicon"
        table.write_bytes(lines.lexicon(chance))
        further = ["--lexicon", str(table)]
    elif kind == "line":
        further = lines.options(chance, out)
    else:
        shutil.copytree(model, folder)
        name = "config.json" if kind == "config" else "model.safetensors"
        if chance.random() < 0.05:
            models.special(chance, folder / name)
        elif kind == "config":
            (folder / name).write_bytes(models.config(chance, (model / name).read_bytes()))
        else:
            (folder / name).write_bytes(models.weights(chance, model / name))
        model = folder
    plain = ["speak", str(portrait), "--text-file", str(words), "--model", str(model)]
    return [*plain, "--output", str(out / "a.mp4"), *FAST, *further]


def fault_of(told: Outcome, out: Path) -> str | None:
    """What is wrong with how a command ended; None where nothing is."""
    said = told.err.splitlines()
    left = sorted(path for path in out.rglob("*") if path.is_file())
    if told.code not in (0, 2):
        return f"exit code {told.code}: {told.err[-400:]}"
    if told.seconds > MOST_S or told.memory_mb > MOST_MB:
        return f"{told.seconds:.0f} s, {told.memory_mb:.0f} MB"
    if any(not line.startswith("ttsf: ") for line in said):
        return f"says {told.err[:400]!r}"
    if sum(line.startswith(REFUSED) for line in said) != (told.code == 2):
        return f"exit code {told.code}, but says {told.err[:400]!r}"
    if bool(left) != (told.code == 0) or any(path.suffix == ".part" for path in left):
        return f"exit code {told.code} leaves {left}"
    return next(filter(None, map(_fault_of_file, left)), None)


def _fault_of_file(path: Path) -> str | None:
    if path.suffix not in (".mp4", ".webm"):
        return None if path.stat().st_size else f"{path.name} is empty"
    with av.open(str(path)) as video:
        frames = sum(1 for _ in video.decode(video=0))
    return None if frames else "a video without a frame"
