"""Do the figures order known damage as a person would? Real clips against the same clips, damaged.

    python recipes/damaged_clips.py CASES OUT --use train valid

Only clips with a text are taken. Damage: sound 200 ms late; another person's sound; one frozen
frame; blurred frames; frames that jitter by a pixel or two. The videos stay for whoever wants to
look.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from scipy.ndimage import gaussian_filter

from ttsf.cli.streams import Progress as ProgressLine
from ttsf.config import SAMPLE_RATE
from ttsf.errors import TtsfError
from ttsf.media.recording import fit_sound
from ttsf.media.video import Chunk, new_video
from ttsf.parallel import Progress
from ttsf.research.data.parts import Use
from ttsf.research.evaluation import scoring
from ttsf.research.evaluation.cases import Case, read_cases
from ttsf.research.evaluation.clips import VideoClip, read_clip
from ttsf.research.evaluation.offline_tables import MOTION, SPEECH, VIDEO, TableBuilder
from ttsf.research.evaluation.systems import System, ground_truth
from ttsf.research.evaluation.table import Table

LATE_S = 0.2
BLUR = 3.0  # px, standard deviation
JITTER = 2  # px


def sound_late(clip: VideoClip, other: VideoClip) -> VideoClip:
    """The sound begins 200 ms, 5 frames, too late."""
    late = round(LATE_S * SAMPLE_RATE)
    return clip._replace(samples=np.pad(clip.samples, (late, 0))[: len(clip.samples)])


def other_sound(clip: VideoClip, other: VideoClip) -> VideoClip:
    """The sound of another person's clip, ended or filled with silence."""
    return clip._replace(samples=fit_sound(other.samples, 0, len(clip.frames)))


def frozen(clip: VideoClip, other: VideoClip) -> VideoClip:
    """The first frame throughout."""
    return clip._replace(frames=np.repeat(clip.frames[:1], len(clip.frames), axis=0))


def blurred(clip: VideoClip, other: VideoClip) -> VideoClip:
    """Every frame through a Gaussian."""
    soft = [gaussian_filter(frame, (BLUR, BLUR, 0)) for frame in clip.frames]
    return clip._replace(frames=np.stack(soft))


def jittered(clip: VideoClip, other: VideoClip) -> VideoClip:
    """Every frame moved by up to two pixels to each side, at random."""
    rng = np.random.default_rng(0)
    moved = [
        np.roll(frame, rng.integers(-JITTER, JITTER + 1, 2), axis=(0, 1)) for frame in clip.frames
    ]
    return clip._replace(frames=np.stack(moved))


DAMAGE: dict[str, Callable[[VideoClip, VideoClip], VideoClip]] = {
    "sound 200 ms late": sound_late,
    "another's sound": other_sound,
    "frozen frames": frozen,
    "blurred frames": blurred,
    "jittered frames": jittered,
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
                with new_video(path) as video:
                    video.add(Chunk(bad.frames, bad.samples))
            videos[case.name] = path
        systems.append(System(name, videos))
        if progress is not None:
            progress(k + 1, len(DAMAGE))
    return systems


def score_damage(root: Path, out: Path, uses: Sequence[Use], limit: int, workers: int) -> Table:
    """The table of all figures, written to OUT/distortions.md and .csv as well.

    Raises TtsfError with fewer than two people who say their text.
    """
    metrics = scoring.metrics()
    cases = [case for case in read_cases(root, uses, 2, limit) if case.recorded]
    if len({case.person for case in cases}) < 2:
        raise TtsfError(f"{root}: fewer than two people with a clip and its text")
    systems = [ground_truth(cases), *damage(cases, out, ProgressLine("kinds of damage"))]
    scored = scoring.score_systems(systems, cases, {}, workers, ProgressLine("clips"))
    everything = frozenset(case.name for case in cases)
    names = ("fd", *VIDEO, *MOTION, *SPEECH)
    builder = TableBuilder(metrics, scored[0], {})
    table = builder.table("distortions", "Real clips, damaged", scored, everything, names)
    table.write(out / "distortions")
    return table


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", type=Path, help="folder with cases.csv or manifest.csv")
    parser.add_argument("out", type=Path)
    parser.add_argument("--use", nargs="+", choices=get_args(Use), default=["valid"])
    parser.add_argument("--limit", type=int, default=20, help="clips (20)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    try:
        table = score_damage(chosen.cases, chosen.out, chosen.use, chosen.limit, chosen.workers)
    except TtsfError as error:
        parser.exit(2, f"error: {error}\n")
    print(table.markdown())


if __name__ == "__main__":
    main()
