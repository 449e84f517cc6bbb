"""Fig. 5: speaker embeddings of generated clips in two dimensions, a panel for each system."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ttsf.errors import needing
from ttsf.media.files import new_file

FEWEST_CLIPS = 5
LONGEST_LEGEND = 12
SEED = 0


def draw(embeddings: Mapping[str, Mapping[str, Sequence[np.ndarray]]], path: Path) -> None:
    """Write a PNG of t-SNE maps from system -> person -> embeddings [D], one panel a system.

    Every panel is its own map: distances and axes of different panels do not correspond. A person
    has the same colour in all of them; a legend names up to 12 people. The file is written
    atomically. A system has FEWEST_CLIPS or more. Raises TtsfError without scikit-learn or
    matplotlib.
    """
    maps = {
        system: project(np.array([clip for own in people.values() for clip in own], np.float64))
        for system, people in embeddings.items()
    }
    people = list(dict.fromkeys(person for clips in embeddings.values() for person in clips))
    with needing("Fig. 5", "matplotlib", "eval"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.lines import Line2D
    colour = dict(zip(people, colours(len(people)), strict=True))
    figure = Figure(figsize=(4 * len(maps) + 1.6, 4.2), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(maps), squeeze=False)[0]
    for panel, (system, points) in zip(panels, maps.items(), strict=True):
        owners = [person for person, clips in embeddings[system].items() for _ in clips]
        panel.scatter(points[:, 0], points[:, 1], s=16, c=[colour[person] for person in owners])
        panel.set_title(system, parse_math=False)
        panel.set(xticks=[], yticks=[])
    if len(people) <= LONGEST_LEGEND:
        dots = [Line2D([], [], ls="", marker="o", color=colour[person]) for person in people]
        legend = figure.legend(dots, people, loc="outside right upper", frameon=False)
        for text in legend.get_texts():
            text.set_parse_math(False)
    with new_file(path) as temporary:
        FigureCanvasAgg(figure).print_png(str(temporary))


def project(points: np.ndarray) -> np.ndarray:
    """Project [n, D], scaled to unit length, to [n, 2] with deterministic t-SNE."""
    with needing("Fig. 5", "scikit-learn", "eval"):
        from sklearn.manifold import TSNE
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    perplexity = min(30, (len(points) - 1) / 3)
    # The default start (PCA) divides by the spread, which is 0 where all clips are alike.
    tsne = TSNE(2, perplexity=perplexity, init="random", random_state=SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tsne.fit_transform(unit)


def colours(count: int) -> list[tuple[float, float, float]]:
    """Return `count` hues around the colour circle, red first."""
    from matplotlib.colors import hsv_to_rgb

    hues = np.arange(count) / max(count, 1)
    brightness = np.where(np.arange(count) % 2, 0.65, 0.9)
    rows = hsv_to_rgb(np.stack([hues, np.full(count, 0.85), brightness], axis=1))
    return [(float(r), float(g), float(b)) for r, g, b in rows]
