"""Of photographs that nothing was trained on, how many come out right?

    python recipes/strangers.py PARTS OUT [--hard] [--limit N]
    python recipes/strangers.py PARTS OUT --table

PARTS is a folder of cases for `ttsf evaluate`, of which the portraits are taken. Each says one
sentence, as `ttsf speak` makes it, and is measured; with --hard each is first spoilt as by
hard_portraits.py. OUT gets the videos, figures.csv, and sheets to look at: the picture, and of the
video the frame at rest, an open vowel, closed lips, the lids at their lowest, the brows at their
highest and the eyes looking farthest aside (often a blink that the tracker misses). What is seen
goes into OUT/faults.csv (columns clip, fault; a line for each), with which --table counts. Killed
and run again, it goes on.
"""

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np
from hard_portraits import VARIANTS, harden
from PIL import Image, ImageDraw, ImageOps

import ttsf
from ttsf.config import FPS
from ttsf.media.images import read_image
from ttsf.portrait.detection import choose_face, find_faces
from ttsf.research.data.report import spread
from ttsf.research.data.speech.alignment import align
from ttsf.research.evaluation.cases import Case, read_cases
from ttsf.research.evaluation.clips import VideoClip, read_clip
from ttsf.research.evaluation.metrics.face.landmarks import FaceTrack
from ttsf.research.evaluation.metrics.face.lips import BILABIALS, OPENNESS
from ttsf.research.evaluation.scoring import Known, Scorers, measure
from ttsf.research.landmarks.face_mesh import brow_height
from ttsf.text.normalize import clean, spell_out

COLUMNS = ("clip", "kind", "refused", "doubts", "identity", "lips", "phones", "closed", "opening")
LEAST_RANGE = 0.06
"""Mouth range below which a portrait does not speak, in e; real speakers have .134."""
RIGHT = {
    "found": lambda row: not row["refused"],
    "speaks": lambda row: _number(row, "opening") >= LEAST_RANGE and row["phones"] != "",
    "identity at most .25": lambda row: _number(row, "identity", 9.0) <= 0.25,
    "lips r at least .6": lambda row: _number(row, "lips") >= 0.6,
    "lips closed at 3/4 of /p b m/": lambda row: _number(row, "closed") >= 0.75,
}
FAULTS = "faults.csv"
SIDE, ROWS, OPEN = 256, 6, 0.8
"""Of the sheets: px of a picture, and rows; share of the usual aperture of eyes that are open."""


def _number(row: dict[str, str], name: str, missing: float = -1.0) -> float:
    return float(row[name]) if row[name] else missing


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def make(pipeline: ttsf.Pipeline, scorers: Scorers, case: Case, kind: str, out: Path) -> list[str]:
    """Make, measure and show one video; return its line of figures.csv."""
    picture = read_image(case.portrait) if case.portrait else case.picture()
    if kind in VARIANTS:
        hard = harden(Image.fromarray(picture), choose_face(find_faces(picture)), kind)
        picture = np.asarray(hard.convert("RGB"))
    name = case.name if kind not in VARIANTS else f"{case.name}-{kind}"
    video = out / "videos" / f"{name}.mp4"
    try:
        portrait = pipeline.portrait(picture)
        pipeline.write(portrait, case.text, video)
        clip = read_clip(video)
        # A spoilt picture is compared with the person before.
        known = Known(case.text, scorers.identity.embed(case.picture()), None, case.register)
        values = measure(clip, known, scorers).values
    except ttsf.TtsfError as error:
        return [name, kind, str(error), "", *[""] * 5]
    show(name, picture, clip, scorers, case.text).save(out / "strips" / f"{name}.png")
    figures = [f"{values[key]:.3f}" if key in values else "" for key in COLUMNS[4:]]
    return [name, kind, "", " ".join(map(str, portrait.doubts)), *figures]


def show(
    name: str, picture: np.ndarray, clip: VideoClip, scorers: Scorers, text: str
) -> Image.Image:
    """The picture and six faces of its video, in a row."""
    try:
        track = scorers.landmarks.track(clip.frames)
        left, top, right, bottom = track.box
    except ttsf.TtsfError:
        track, (top, left), (bottom, right) = None, (0, 0), clip.frames.shape[1:3]
    x, y = (left + right) / 2, (top + bottom) / 2
    half = 0.7 * max(right - left, bottom - top)
    chosen = moments(clip, track, text)
    strip = Image.new("RGB", ((1 + len(chosen)) * SIDE, SIDE))
    strip.paste(ImageOps.contain(Image.fromarray(picture), (SIDE, SIDE)))
    for k, i in enumerate(chosen, start=1):
        face = Image.fromarray(clip.frames[i]).crop((x - half, y - half, x + half, y + half))
        strip.paste(face.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (k * SIDE, 0))
    ImageDraw.Draw(strip).text(
        (4, SIDE - 14), name, (255, 255, 0), stroke_width=1, stroke_fill=(0, 0, 0)
    )
    return strip


def moments(clip: VideoClip, track: FaceTrack | None, text: str) -> list[int]:
    """Frames at rest, in the longest open vowel, at the first /m b p/ that has one, at a blink,
    with the highest brows, and at the farthest glance."""
    try:
        phones = align(clip.samples, spell_out(clean(text)))
    except ttsf.TtsfError:
        return spread(range(len(clip.frames)), 6)
    vowel = max(phones, key=lambda p: (OPENNESS.get(p.symbols[0], 0) >= 0.75, p.end_s - p.start_s))
    shut = min((p for p in phones if p.symbols in BILABIALS), default=phones[0],
               key=lambda p: "mbp".find(p.symbols))  # fmt: skip
    first, last = int(shut.start_s * FPS), int(shut.end_s * FPS) + 1
    closed, lids, brows, aside = first, 0, 0, 0
    if track is not None:
        closed += int(track.opening[first:last].argmin())
        lids = int(track.aperture.argmin())
        brows = int(brow_height(track.frontal).argmax())
        turned = np.hypot(*(track.gaze - np.median(track.gaze, 0)).T)
        seeing = track.aperture >= OPEN * np.median(track.aperture)
        aside = int(np.where(seeing, turned, 0).argmax())
    return [0, int((vowel.start_s + vowel.end_s) / 2 * FPS), closed, lids, brows, aside]


def sheets(out: Path) -> None:
    """All strips, six to a picture."""
    strips = sorted((out / "strips").glob("*.png"))
    for k in range(0, len(strips), ROWS):
        rows = [np.asarray(Image.open(path)) for path in strips[k : k + ROWS]]
        Image.fromarray(np.concatenate(rows)).save(out / f"sheet{k // ROWS + 1:02}.png")


def table(out: Path) -> str:
    """Counts by kind, and of the faults seen."""
    rows = _rows(out / "figures.csv")
    faults: dict[str, set[str]] = {}
    for row in _rows(out / FAULTS):
        faults.setdefault(row["clip"], set()).add(row["fault"])
    unknown = faults.keys() - {row["clip"] for row in rows}
    if unknown:
        raise SystemExit(f"{out / FAULTS}: no clip is called {', '.join(sorted(unknown))}")
    kinds = [*dict.fromkeys(row["kind"] for row in rows)]
    groups = [[row for row in rows if row["kind"] == kind] for kind in kinds]
    if len(kinds) > 1:
        groups, kinds = [*groups, rows], [*kinds, "all"]
    met = {name: [sum(map(rule, group)) for group in groups] for name, rule in RIGHT.items()}
    measured = [[row for row in g if all(r(row) for r in RIGHT.values())] for g in groups]
    met["all of these"] = [len(group) for group in measured]
    if (out / FAULTS).exists():
        met["no fault seen"] = [sum(row["clip"] not in faults for row in g) for g in groups]
        met["**right**"] = [sum(row["clip"] not in faults for row in g) for g in measured]
    met["a warning"] = [sum(row["doubts"] != "" for row in g) for g in groups]
    lines = [f"| | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    lines.append(f"| portraits | {' | '.join(str(len(g)) for g in groups)} |")
    lines += [f"| {name} | {' | '.join(map(str, counts))} |" for name, counts in met.items()]
    seen = Counter(fault for row in rows for fault in faults.get(row["clip"], ()))
    return "\n".join([*lines, "", *(f"{n} {fault}" for fault, n in seen.most_common())])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hard", action="store_true", help="each portrait spoilt in six ways")
    parser.add_argument("--limit", type=int, help="so many portraits, spread over the list")
    parser.add_argument("--table", action="store_true", help="count what is there")
    chosen = parser.parse_args()
    if chosen.table:
        print(table(chosen.out))
        return
    cases = [c for c in read_cases(chosen.parts, ("valid",), 1, None) if c.video is None]
    cases = spread(cases, chosen.limit or len(cases))
    for folder in ("videos", "strips"):
        (chosen.out / folder).mkdir(parents=True, exist_ok=True)
    listed = chosen.out / "figures.csv"
    done = {row["clip"] for row in _rows(listed)}
    pipeline, scorers = ttsf.load(), Scorers()
    with listed.open("a", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        if not done:
            lines.writerow(COLUMNS)
        for case in cases:
            for kind in VARIANTS[1:] if chosen.hard else (case.name.split("_")[0],):
                name = f"{case.name}-{kind}" if chosen.hard else case.name
                if name not in done:
                    lines.writerow(make(pipeline, scorers, case, kind, chosen.out))
                    file.flush()
    sheets(chosen.out)
    print(table(chosen.out))


if __name__ == "__main__":
    main()
