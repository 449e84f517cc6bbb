"""The speech corpus: sentence cleaning, level and silence, and a whole small build with flite."""

import csv
import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ttsf.data.sentences import everyday_sentence, sentences_of
from ttsf.data.speech_corpus import build, open_pack, teacher_texts, trim_and_level
from ttsf.errors import TtsfError

TEXT = """
The cat sat on the mat. It was warm there, wasn't it? NASA SAID NO.

* A list item that is left out.
-- Somebody, who is cited here
def main(): return x.
Too short. A penny saved
is a penny earned.
"""


def test_sentences_are_plain_english() -> None:
    assert sentences_of(TEXT) == [
        "The cat sat on the mat.",
        "It was warm there, wasn't it?",
        "A penny saved is a penny earned.",
    ]


def test_teacher_texts_are_unique_and_reproducible() -> None:
    texts = teacher_texts(60, [TEXT], random.Random(0))
    assert len(texts) == len(set(texts)) == 60
    assert texts == teacher_texts(60, [TEXT], random.Random(0))
    assert all(everyday_sentence(random.Random(i)) for i in range(50))


def test_trim_and_level() -> None:
    rng = np.random.default_rng(0)
    speech = 0.05 * rng.standard_normal(16_000)
    samples = np.concatenate([np.zeros(8_000), speech, np.zeros(9_000)]).astype(np.float32)
    cut = trim_and_level(samples)
    assert abs(len(cut) - (16_000 + 2 * 960)) <= 160
    loud = 20 * np.log10(np.sqrt((cut[2_000:-2_000] ** 2).mean()))
    assert abs(loud + 23) < 0.5
    assert len(trim_and_level(np.zeros(1_000, np.float32))) == 0


def write_manifest(folder: Path) -> None:
    (folder / "speech").mkdir(parents=True)
    tone = 0.1 * np.sin(2 * np.pi * 200 * np.arange(48_000) / 24_000)
    rows = []
    for name, use in (("a", "train"), ("b", "evaluate_only")):
        soundfile.write(folder / f"speech/{name}.wav", tone, 24_000)
        rows.append(
            {"file": f"speech/{name}.wav", "kind": "speech", "use": use, "speaker": f"p_{name}",
             "transcript": "Good morning to you.", "duration_s": "2.0", "dataset": "d",
             "licence": "CC0"}
        )  # fmt: skip
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.skipif(not shutil.which("flite"), reason="flite is not installed")
def test_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifest(tmp_path / "data")
    monkeypatch.setattr("ttsf.data.speech_corpus.HELD_OUT", 4)
    clips = build(tmp_path / "data", tmp_path / "out", 7, 0, [])
    pack = open_pack(tmp_path / "out")
    assert pack.clips == clips
    held_out = {c.text for c in clips if c.split == "held_out"}
    trained = {c.text for c in clips if c.split == "train"}
    assert len(held_out) == 4 and not held_out & trained
    assert {c.speaker for c in clips if c.split == "held_out"} == {"slt", "rms"}
    real = [c for c in clips if c.source != "teacher"]
    assert [(c.speaker, c.length) for c in real] == [("p_a", 32_000)]
    assert sum(c.length for c in clips) == len(pack.samples)
    assert 0.01 < np.abs(pack.waveform(clips[0])).max() < 1
    assert "start" in json.loads((tmp_path / "out/index.json").read_text())[0]


def test_missing_inputs_are_one_line_errors(tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match="no speech corpus"):
        open_pack(tmp_path)


def test_flite_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(TtsfError, match="apt-get install flite"):
        build(tmp_path, tmp_path, 1, 0, [])
