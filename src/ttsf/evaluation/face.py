"""Face figures with an offline judge: mediapipe's face mesh, which no part of the model contains.

    python -m ttsf.evaluation.face --portraits DIR... --out DIR [--model DIR]

For every portrait: is a face found in every frame, does the mouth's opening follow the loudness of
the speech, how far and how smoothly the head moves. Writes a contact sheet of all portraits.
"""

import argparse
import statistics
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ttsf.errors import TtsfError
from ttsf.evaluation.sentences import PLAIN

INNER_LIPS, EYE_CORNERS = (13, 14), (33, 263)  # face-mesh landmarks
NOSE_SIDES = (234, 454, 1)  # left and right edge of the face, nose tip


class FaceTrack(NamedTuple):
    """What the judge saw in a clip of T frames; NaN where it found no face."""

    opening: np.ndarray
    """Gap of the inner lips over the distance of the outer eye corners: [T]."""
    turn: np.ndarray
    """Nose tip between the edges of the face, -1 .. 1: [T]."""


def track(frames: np.ndarray) -> FaceTrack:
    """Judge frames uint8 [T, H, W, 3], each on its own."""
    try:
        from mediapipe import solutions
    except ImportError:
        raise TtsfError("the landmark judge is missing; install ttsf[eval]") from None
    opening, turn = np.full(len(frames), np.nan), np.full(len(frames), np.nan)
    with solutions.face_mesh.FaceMesh(static_image_mode=True) as mesh:
        for i, frame in enumerate(frames):
            found = mesh.process(np.ascontiguousarray(frame)).multi_face_landmarks
            if not found:
                continue
            points = np.array([(p.x, p.y) for p in found[0].landmark])
            across = np.linalg.norm(points[EYE_CORNERS[0]] - points[EYE_CORNERS[1]])
            opening[i] = np.linalg.norm(points[INNER_LIPS[0]] - points[INNER_LIPS[1]]) / across
            left, right, nose = (points[k, 0] for k in NOSE_SIDES)
            turn[i] = 2 * (nose - left) / (right - left) - 1
    return FaceTrack(opening, turn)


def loudness(samples: np.ndarray, frames: int) -> np.ndarray:
    """RMS level of each picture's sound in dB, floored 40 dB below the loudest: [frames]."""
    parts = samples[: len(samples) // frames * frames].reshape(frames, -1)
    level = 20 * np.log10(np.sqrt((parts**2).mean(1)) + 1e-6)
    return np.maximum(level, level.max() - 40)


def correlation(opening: np.ndarray, level: np.ndarray) -> float:
    """Pearson's r over the frames with a face; 0 for a mouth that does not move."""
    seen = ~np.isnan(opening)
    if seen.sum() < 3 or np.std(opening[seen]) < 1e-6:
        return 0.0
    return float(np.corrcoef(opening[seen], level[seen])[0, 1])


def main() -> None:
    """Judge one sentence per portrait and print a line for each and the medians."""
    from ttsf.pipeline import load

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="model folder (default: bundled)")
    parser.add_argument("--portraits", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for the contact sheet")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    speaker, rows, r, lost, gaps = load(args.model), [], [], 0, []
    for i, path in enumerate(args.portraits):
        result = speaker.speak(path, PLAIN[i % len(PLAIN)])
        frames, samples = np.asarray(result.frames), np.asarray(result.samples)
        seen = track(frames)
        missing = int(np.isnan(seen.opening).sum())
        lost += missing
        r.append(correlation(seen.opening, loudness(samples, len(frames))))
        gap = np.nanpercentile(seen.opening, [5, 95])
        gaps.append(gap[1] - gap[0])
        sway = np.nanpercentile(seen.turn, 95) - np.nanpercentile(seen.turn, 5)
        print(
            f"{path.name}: {len(frames)} frames, {missing} without a face, r {r[-1]:.2f}, "
            f"opening {gap[0]:.3f}-{gap[1]:.3f}, sway {sway:.3f}",
            flush=True,
        )
        picks = np.linspace(0, len(frames) - 1, 8).astype(int)
        rows.append(np.concatenate([frames[k] for k in picks], axis=1))
        Image.fromarray(np.concatenate(rows[-10:], axis=0)).save(args.out / f"sheet_{i // 10}.png")
        if len(rows) == 10:
            rows = []
    print(
        f"median r {statistics.median(r):.3f}, frames without a face {lost}, "
        f"median opening range {statistics.median(gaps):.3f}"
    )


if __name__ == "__main__":
    main()
