"""Forced alignment: words for the dictionary, errors, and flite's own phone times as the truth."""

import difflib
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.flite import speak
from tests.support.optional import needs_voice
from ttsf.errors import TtsfError
from ttsf.research.data.speech.alignment import IPA, align, spoken_words
from ttsf.research.data.synthetic.visemes import SHAPES

TEXT = "My name is Anna, and I live near the well-known station."


def test_words_are_written_as_in_the_dictionary() -> None:
    words = spoken_words("The boys' Well-known, don’t — “twenty-one”?")  # noqa: RUF001
    assert words == [["the"], ["boys"], ["well", "known"], ["don't"], [], ["twenty", "one"]]


def test_every_phone_has_a_mouth_shape() -> None:
    assert {symbol for symbols in IPA.values() for symbol in symbols} <= SHAPES.keys()


def test_pocketsphinx_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(TtsfError, match="pip install 'ttsf\\[data\\]'"):
        align(np.zeros(16_000, np.float32), "hello")


def test_what_cannot_be_aligned(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pocketsphinx", reason="alignment needs ttsf[data]")
    noise = 0.01 * np.random.default_rng(0).standard_normal(16_000).astype(np.float32)
    with pytest.raises(TtsfError, match="no words to align"):
        align(noise, "— …")
    with pytest.raises(TtsfError, match="too short"):
        align(noise[:1_000], "hello")
    with pytest.raises(TtsfError, match="does not fit"):
        align(noise[:6_000], "this is far too much text for a third of a second of noise " * 3)
    monkeypatch.setattr("ttsf.research.data.speech.alignment.phonemize", lambda word, language: "")
    with pytest.raises(TtsfError, match="no pronunciation is known for the word 'zqxx'"):
        align(noise, "a zqxx is here")


def test_words_that_no_dictionary_has_are_aligned_and_another_text_is_refused(
    tmp_path: Path,
) -> None:
    pytest.importorskip("pocketsphinx", reason="alignment needs ttsf[data]")
    needs_voice("slt")
    samples = speak("My blorfing name is Holofernes.", "slt", tmp_path)
    phones = align(samples, "My blorfing name is Holofernes.", -35.0)
    assert "".join(p.symbols for p in phones if p.word == 1) == "blɔɹfɪŋ"  # noqa: RUF001
    with pytest.raises(TtsfError, match="does not fit"):
        align(samples, "The weather was warm for days.", -35.0)


@pytest.mark.parametrize("voice", ["slt", "rms"])
def test_phone_times_agree_with_the_synthesiser(voice: str, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="alignment needs ttsf[data]")
    needs_voice(voice)
    path = tmp_path / "spoken.wav"
    command = ["flite", "-voice", voice, "-psdur", "-t", TEXT, "-o", str(path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    ends = [(name, float(end)) for name, end in (item.split(":") for item in printed.split())]
    samples, _ = soundfile.read(path, dtype="float32")
    phones = align(samples, TEXT)
    assert {phone.word for phone in phones} == set(range(len(TEXT.split())))
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(phones))
    starts = [0.0, *(end for _, end in ends)]
    true = [
        (IPA.get("AH" if name == "ax" else name.upper()), start)
        for (name, _), start in zip(ends, starts, strict=False)
        if name != "pau"
    ]
    match = difflib.SequenceMatcher(
        None, [symbols for symbols, _ in true], [p.symbols for p in phones], autojunk=False
    )
    errors = [
        abs(phones[block.b + k].start_s - true[block.a + k][1])
        for block in match.get_matching_blocks()
        for k in range(block.size)
    ]
    assert len(errors) > 0.85 * len(phones)
    assert np.median(errors) < 0.02 and np.percentile(errors, 90) < 0.05
