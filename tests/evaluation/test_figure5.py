"""Fig. 5: maps of voices."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ttsf.errors import TtsfError
from ttsf.evaluation import figure5


def test_a_panel_for_each_system(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="needs ttsf[eval]")
    pytest.importorskip("matplotlib", reason="needs ttsf[eval]")
    rng = np.random.default_rng(0)
    people = {name: list(rng.normal(size=(4, 16)) + 9 * k) for k, name in enumerate("abc")}
    figure5.draw({"ours": people}, tmp_path / "one.png")
    figure5.draw({"ours": people, "theirs": people}, tmp_path / "two.png")
    one, two = (Image.open(tmp_path / name) for name in ("one.png", "two.png"))
    assert one.height == two.height and two.width > 1.5 * one.width
    assert np.asarray(one.convert("L")).std() > 5


def test_people_who_lie_apart_stay_apart() -> None:
    pytest.importorskip("sklearn", reason="needs ttsf[eval]")
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(16)[:3] * 20, 5, axis=0)
    points = figure5.project(centres + rng.normal(size=(15, 16)) * 0.1).reshape(3, 5, 2)
    within = np.linalg.norm(points - points.mean(1, keepdims=True), axis=2).max()
    middles = points.mean(1)
    apart = min(np.linalg.norm(middles[i] - middles[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    assert apart > within
    with pytest.raises(TtsfError, match="5 clips or more"):
        figure5.draw({"ours": {"a": [np.ones(4)] * 4}}, Path("never.png"))
