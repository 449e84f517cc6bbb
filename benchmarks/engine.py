"""The engine beside an earlier one: `python benchmarks/engine.py [--against REVISION] [--repeat N]
[--minutes M]`.

Checks that revision out beside this tree, each with its own weights, lets both speak the same texts
and writes `engine.json` and `engine.png` beside this file. Costs are those of a longer text less
those of a short one, so that loading does not count; the two trees take turns, and the medians are
compared: only ratios of one run mean something, and only processor time on a machine that is not
idle. Takes an hour on two cores.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from PIL import Image

ROOT = Path(__file__).parents[1]
BEFORE = "76881ed"
SENTENCES = (
    "The weather will be cold and dry tomorrow, I am afraid.",
    "Did you see the swans on the lake this morning?",
    "We should go there one day, you and I, and stay for a week.",
    "Nobody has ever been in a hurry in this village.",
)
FULL_HD = (1920, 1080)
HELPER = Path(__file__).with_name("engine_inside.py")


class Cost(NamedTuple):
    """Of one command."""

    video_s: float
    made_s: float
    """After loading, by the clock."""
    cpu_s: float
    memory_mb: float


def text_of(sentences: int) -> str:
    """So many sentences."""
    return " ".join(SENTENCES[k % len(SENTENCES)] for k in range(sentences))


def speak(
    tree: Path, portrait: Path, text: str, options: Sequence[str] = (), one_thread: bool = False
) -> Cost:
    """`ttsf speak` of a tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
    if one_thread:
        environment["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "text.txt").write_text(text)
        command = [sys.executable, "-m", "ttsf", "speak", str(portrait), "--output", "a.mp4"]
        command += ["--text-file", "text.txt", *options]
        with open(Path(folder, "out"), "w") as out:
            child = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=out, stderr=subprocess.DEVNULL
            )
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        said = Path(folder, "out").read_text()
    found = re.search(r"([\d.]+) s of video.*made in ([\d.]+) s", said)
    if child.returncode or not found:
        raise SystemExit(f"{' '.join(command)} failed in {tree}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Cost(float(found[1]), float(found[2]), cpu_s, usage.ru_maxrss / 1024)


def per_second(long: Cost, short: Cost) -> dict[str, float]:
    """What one more second of video costs."""
    seconds = long.video_s - short.video_s
    return {
        "clock": (long.made_s - short.made_s) / seconds,
        "cpu": (long.cpu_s - short.cpu_s) / seconds,
    }


def medians(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of every column."""
    return {key: round(statistics.median(row[key] for row in rows), 3) for key in rows[0]}


@contextmanager
def busy() -> Iterator[None]:
    """A loop that never waits on each core."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def measure(before: Path, folder: Path, repeat: int, minutes: float) -> dict[str, object]:
    """All figures."""
    face, picture = ROOT / "docs" / "pictures" / "astronaut.jpg", folder / "full_hd.png"
    with Image.open(face) as image:
        wide = image.convert("RGB").resize((FULL_HD[0], FULL_HD[0]))
        wide.crop((0, 0, *FULL_HD)).save(picture)
    forms = {
        "256 px face": (face, ("--framing", "face", "--size", "256")),
        "1080p picture": (picture, ("--size", str(FULL_HD[0]))),
    }
    trees = {"before": before, "now": ROOT}
    runs = {f"{when}, {what}": (trees[when], *forms[what]) for what in forms for when in trees}
    found: dict[str, object] = {}
    for one_thread, title in ((False, "all threads"), (True, "one thread")):
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
        for _ in range(repeat):
            for name, (tree, portrait, options) in runs.items():
                long, short = (
                    speak(tree, portrait, text_of(n), options, one_thread) for n in (8, 1)
                )
                rows[name].append(per_second(long, short))
        found[f"cost of a second, {title}"] = {name: medians(row) for name, row in rows.items()}
    with busy():
        for name, tree in trees.items():
            portrait, options = forms["256 px face"]
            pairs = [
                [speak(tree, portrait, text_of(2), options, one) for one in (False, True)]
                for _ in range(max(repeat, 2))
            ]
            free, one = (statistics.median(pair[k].made_s for pair in pairs) for k in (0, 1))
            found[f"busy machine, {name}: all threads / one"] = round(free / one, 2)
    found |= inside("first_frame") | inside("joins")
    return found | memory(minutes)


def memory(minutes: float) -> dict[str, object]:
    """Of a long text over that of a short one, and how fast both go."""
    face, options = (
        ROOT / "docs" / "pictures" / "astronaut.jpg",
        ("--framing", "face", "--size", "256"),
    )
    short = speak(ROOT, face, text_of(4), options)
    long = speak(ROOT, face, text_of(round(minutes * 60 / 3.4)), options)
    return {
        "long text": {
            "minutes": round(long.video_s / 60, 2),
            "memory over that of a short one, MB": round(long.memory_mb - short.memory_mb, 1),
            "memory of the short one, MB": round(short.memory_mb, 1),
            "cpu_s": round(long.cpu_s / long.video_s, 3),
        }
    }


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Another revision's tree, for as long as it is needed."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, revision)
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def inside(what: str) -> dict[str, object]:
    """A measurement that needs the library, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, str(HELPER), what, text_of(20)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def plot(found: dict, path: Path) -> None:
    """The costs as bars."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3), sharey=True)
    for axis, title in zip(axes, ("all threads", "one thread"), strict=True):
        costs = found[f"cost of a second, {title}"]
        for k, kind in enumerate(("clock", "cpu")):
            places = [row + 0.4 * k for row in range(len(costs))]
            axis.barh(places, [cost[kind] for cost in costs.values()], 0.38, label=kind)
        axis.set_yticks([row + 0.2 for row in range(len(costs))], costs)
        axis.set_title(title)
        axis.set_xlabel("s for a second of video")
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="REVISION", default=BEFORE)
    parser.add_argument("--minutes", type=float, default=10, help="of the long text")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    given = parser.parse_args()
    began = time.monotonic()
    with checked_out(given.against) as before, tempfile.TemporaryDirectory() as folder:
        found = measure(before, Path(folder), given.repeat, given.minutes)
    found["against"] = given.against
    found["load"] = [round(load, 1) for load in os.getloadavg()]
    found["minutes taken"] = round((time.monotonic() - began) / 60, 1)
    given.out.write_text(json.dumps(found, indent=2) + "\n")
    plot(found, given.out.with_suffix(".png"))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
