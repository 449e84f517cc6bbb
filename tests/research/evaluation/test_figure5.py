"""Fig. 5: atomic files, consistent colours, clusters of people."""

import sys

import numpy as np
import pytest
from PIL import Image

from ttsf.errors import TtsfError
from ttsf.research.evaluation import figure5


@pytest.fixture
def drawing():
    pytest.importorskip("sklearn", reason="needs ttsf[eval]")
    pytest.importorskip("matplotlib", reason="needs ttsf[eval]")


def voices(people: int, clips: int, seed: int = 0) -> dict[str, list[np.ndarray]]:
    """Unlike people whose own clips are alike: person -> [16]."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(people, 16))
    return {
        f"person {i}": [centre + 0.05 * rng.normal(size=16) for _ in range(clips)]
        for i, centre in enumerate(centres)
    }


def palette(picture: Image.Image) -> set[tuple[int, ...]]:
    """The bright colours of many pixels."""
    pixels, counts = np.unique(np.asarray(picture).reshape(-1, 3), axis=0, return_counts=True)
    vivid = (np.ptp(pixels.astype(int), axis=1) > 60) & (counts > 12)
    return {tuple(map(int, pixel)) for pixel in pixels[vivid]}


def test_panels_side_by_side_in_the_same_colours(drawing, tmp_path):
    file = tmp_path / "new" / "fig5.png"
    alone, with_dollar = voices(3, 4), dict(reversed(voices(3, 3, seed=1).items()))
    figure5.draw({"real": alone, "ours $x^": with_dollar}, file)
    with Image.open(file) as opened:
        assert opened.format == "PNG"
        picture = opened.convert("RGB")
    assert picture.width > picture.height
    left, right = (
        palette(picture.crop((int(picture.width * a), 0, int(picture.width * b), picture.height)))
        for a, b in ((0, 0.42), (0.42, 0.84))
    )
    assert left == right and len(left) == 3
    assert [path.name for path in file.parent.iterdir()] == ["fig5.png"]


def test_the_same_input_gives_the_same_file(drawing, tmp_path):
    for name in ("a.png", "b.png"):
        figure5.draw({"ours": voices(2, 3)}, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_legend_names_up_to_twelve_people(drawing, tmp_path):
    widths = []
    for people in (12, 13):
        figure5.draw({"ours": voices(people, 1)}, tmp_path / "fig5.png")
        with Image.open(tmp_path / "fig5.png") as opened:
            picture = np.asarray(opened.convert("L"))
        widths.append(int(np.flatnonzero((picture < 80).sum(0) > 0.5 * len(picture)).max()))
    assert widths[0] < widths[1]


def test_people_stay_together(drawing):
    people = voices(3, 6)
    points = figure5.project(np.array([clip for clips in people.values() for clip in clips]))
    groups = points.reshape(3, 6, 2)
    spread = np.linalg.norm(groups - groups.mean(1, keepdims=True), axis=2).max()
    centres = groups.mean(1)
    apart = min(np.linalg.norm(centres[i] - centres[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    assert apart > spread
    assert np.isfinite(figure5.project(np.ones((5, 4)))).all()


def test_colours_are_distinct(drawing):
    assert len(set(figure5.colours(40))) == 40


def test_missing_packages_are_named_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    with pytest.raises(TtsfError, match=r"scikit-learn.*pip install 'ttsf\[eval\]'"):
        figure5.draw({"ours": voices(2, 3)}, tmp_path / "fig5.png")
    assert list(tmp_path.iterdir()) == []
