"""Do the figures order known damage as a person would? Real clips against the same clips, damaged.

    python -m ttsf.evaluation.distortions CASES --out DIR [--use valid ...] [--limit 20]

Only clips with a text are taken. Damage: sound 200 ms late; another person's sound; one frozen
picture; blurred pictures; pictures that jitter by a pixel or two. Writes OUT/distortions.md and
.csv; the videos stay for whoever wants to look.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from scipy.ndimage import gaussian_filter

from ttsf.cli.progress import Progress
from ttsf.config import FPS, SAMPLE_RATE
from ttsf.data.parts import Use
from ttsf.errors import TtsfError
from ttsf.evaluation.cases import Case, read_cases
from ttsf.evaluation.clips import JudgedClip, read_clip
from ttsf.evaluation.judging import judge_systems
from ttsf.evaluation.metrics import offline
from ttsf.evaluation.paper_tables import MOTION, PICTURES, SPEECH, TableBuilder
from ttsf.evaluation.systems import System, ground_truth
from ttsf.evaluation.tables import Table
from ttsf.media.files import new_file
from ttsf.media.recording import fit_sound
from ttsf.media.video import write_video

LATE_S = 0.2
BLUR = 3.0  # px, standard deviation
JITTER = 2  # px


def sound_late(clip: JudgedClip, other: JudgedClip) -> JudgedClip:
    """The sound begins 200 ms, 5 pictures, too late."""
    late = round(LATE_S * SAMPLE_RATE)
    return clip._replace(samples=np.pad(clip.samples, (late, 0))[: len(clip.samples)])


def other_sound(clip: JudgedClip, other: JudgedClip) -> JudgedClip:
    """The sound of another person's clip, ended or filled with silence."""
    return clip._replace(samples=fit_sound(other.samples, 0, len(clip.frames)))


def frozen(clip: JudgedClip, other: JudgedClip) -> JudgedClip:
    """The first picture throughout."""
    return clip._replace(frames=np.repeat(clip.frames[:1], len(clip.frames), axis=0))


def blurred(clip: JudgedClip, other: JudgedClip) -> JudgedClip:
    """Every picture through a Gaussian."""
    soft = [gaussian_filter(frame, (BLUR, BLUR, 0)) for frame in clip.frames]
    return clip._replace(frames=np.stack(soft))


def jittered(clip: JudgedClip, other: JudgedClip) -> JudgedClip:
    """Every picture moved by up to two pixels to each side, at random."""
    rng = np.random.default_rng(0)
    moved = [
        np.roll(frame, rng.integers(-JITTER, JITTER + 1, 2), axis=(0, 1)) for frame in clip.frames
    ]
    return clip._replace(frames=np.stack(moved))


DAMAGE: dict[str, Callable[[JudgedClip, JudgedClip], JudgedClip]] = {
    "sound 200 ms late": sound_late,
    "another's sound": other_sound,
    "frozen picture": frozen,
    "blurred picture": blurred,
    "jittered picture": jittered,
}


def damage(cases: Sequence[Case], out: Path, progress: Progress | None) -> list[System]:
    """Write every damage of every real clip; `other` is the next person's clip."""
    clips = {case.name: read_clip(case.video) for case in cases if case.video}
    systems = []
    for k, (name, spoil) in enumerate(DAMAGE.items()):
        videos = {}
        for i, case in enumerate(cases):
            others = [c for c in (*cases[i + 1 :], *cases[:i]) if c.person != case.person]
            path = out / name.replace(" ", "_").replace("'", "") / f"{case.name}.mp4"
            if not path.exists():
                bad = spoil(clips[case.name], clips[others[0].name])
                path.parent.mkdir(parents=True, exist_ok=True)
                rate = SAMPLE_RATE
                write_video(path, [bad.frames], bad.samples, FPS, rate)
            videos[case.name] = path
        systems.append(System(name, videos))
        if progress is not None:
            progress(k + 1, len(DAMAGE))
    return systems


def judge_damage(root: Path, out: Path, uses: Sequence[Use], limit: int, workers: int) -> Table:
    """The table of all figures; raises TtsfError with fewer than two people who say their text."""
    metrics = offline.metrics()
    cases = [case for case in read_cases(root, uses, 2, limit) if case.recorded]
    if len({case.person for case in cases}) < 2:
        raise TtsfError(f"{root}: fewer than two people with a clip and its text")
    systems = [ground_truth(cases), *damage(cases, out, Progress("kinds of damage"))]
    judged = judge_systems(systems, cases, {}, workers, Progress("clips"))
    builder = TableBuilder(metrics, judged[0])
    names = ("fd", *PICTURES, *MOTION, *SPEECH)
    everything = frozenset(case.name for case in cases)
    return builder.table("distortions", "Real clips, damaged", judged, everything, names)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, metavar="CASES")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--use", nargs="+", choices=get_args(Use), default=["valid"])
    parser.add_argument("--limit", type=int, default=20, help="clips (20)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    try:
        table = judge_damage(
            chosen.root, chosen.out, tuple(chosen.use), chosen.limit, chosen.workers
        )
        for suffix, text in ((".md", table.markdown()), (".csv", table.csv())):
            with new_file(chosen.out / f"distortions{suffix}") as temporary:
                temporary.write_text(text, encoding="utf-8")
    except TtsfError as error:
        parser.exit(2, f"error: {error}\n")
    print(table.markdown())


if __name__ == "__main__":
    main()
