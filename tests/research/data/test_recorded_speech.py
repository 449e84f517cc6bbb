"""Recordings: their text, pauses, pieces and paces, and those that are refused."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.flite import speak
from tests.support.optional import needs_voice
from ttsf.errors import TtsfError
from ttsf.research.data.clip_files import save_samples
from ttsf.research.data.parts import Part
from ttsf.research.data.recorded import speech
from ttsf.research.data.recorded.pieces import cut_evenly, cut_in_pauses, small_letters, with_commas
from ttsf.research.data.recorded.speech import SpeechJob, play, read_speech, speech_one
from ttsf.research.data.records import Record
from ttsf.research.data.speech.alignment import Phone, read_phones
from ttsf.research.data.speech.speech_files import above_noise, longest_loud, median_pitch

RATE = 16_000


def part(transcript: str | None) -> Part:
    return Part("a.flac", "speech", "train", "ann", "mine", "CC0", transcript, "low", False,
                False, None, False)  # fmt: skip


def in_words(count: int, pauses: dict[int, float]) -> list[Phone]:
    """Words of .8 s; pauses: seconds of silence after some of them."""
    phones, time = [], 0.1
    for i in range(count):
        phones.append(Phone("ɑ", time, time + 0.8, i))  # noqa: RUF001
        time += 0.8 + pauses.get(i, 0.0)
    return phones


def buzz(seconds: float, pitch: float = 110.0) -> np.ndarray:
    """Syllables of a buzz, three a second, with silence between them."""
    time = np.arange(int(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 12))
    return (0.1 * tone * (np.sin(2 * np.pi * 3 * time) > -0.5)).astype(np.float32)


def test_long_speech_is_cut_in_its_widest_pauses() -> None:
    phones = in_words(12, {3: 0.3, 7: 0.2})
    text = "w0 w1 w2 w3 — w4 w5 w6 w7 w8 w9 w10 w11"
    phones = [p._replace(word=p.word + (p.word > 3)) for p in phones]
    length = round((phones[-1].end_s + 0.1) * RATE)
    pieces = cut_in_pauses(length, text, phones, 5.0)
    assert [p.words for p in pieces] == ["w0 w1 w2 w3 —", "w4 w5 w6 w7", "w8 w9 w10 w11"]
    assert pieces[0].start == 0 and pieces[-1].end == length
    for piece in pieces:
        assert piece.phones is not None
        assert piece.phones[0].start_s == pytest.approx(0.1 if piece.start == 0 else 0.06)
        assert piece.phones[-1].end_s <= (piece.end - piece.start) / RATE
    (whole,) = cut_in_pauses(length, "w0", [Phone("m", 0.1, 9.0, 0)], 5.0)
    assert (whole.start, whole.end) == (0, round(9.1 * RATE))


def test_noise_before_the_first_and_after_the_last_word_is_left_out() -> None:
    phones = [Phone("m", 0.75, 1.0, 0), Phone("m", 1.0, 1.5, 1)]
    (piece,) = cut_in_pauses(3 * RATE, "one two", phones, 5.0)
    assert (piece.start, piece.end) == (round(0.65 * RATE), round(1.6 * RATE))
    assert piece.phones is not None and piece.phones[0].start_s == pytest.approx(0.1)


def test_speech_without_words_is_cut_anywhere() -> None:
    pieces = cut_evenly(25 * RATE, 10.0)
    assert pieces[0][::2] == (0, None) and pieces[0].phones is None
    assert [p.end for p in pieces[:-1]] == [p.start for p in pieces[1:]]
    assert len(pieces) == 3 and pieces[-1].end == 25 * RATE
    assert len(cut_evenly(10 * RATE, 10.0)) == 1


def test_pauses_become_commas_where_nobody_wrote_any() -> None:
    phones = in_words(5, {1: 0.12, 2: 0.11, 4: 1.0})
    assert with_commas("so it was said today", phones) == "so it, was said today"
    assert with_commas("So it was said today.", phones) == "So it was said today."
    assert small_letters("IT'S NASA") == "it's nasa"
    assert small_letters("It's NASA") == "It's NASA"


def test_paces_move_length_pitch_and_phones_together() -> None:
    sound, phones = buzz(3.0), in_words(3, {})
    for pace in (0.92, 1.08):
        played, moved = play(sound, phones, pace)
        assert len(played) / len(sound) == pytest.approx(1 / pace, rel=1e-3)
        assert median_pitch(played) == pytest.approx(110 * pace, rel=0.02)
        assert moved is not None and moved[1].end_s == pytest.approx(phones[1].end_s / pace)
    same, still = play(sound, None, 1.0)
    assert same is sound and still is None


def test_noise_is_measured_and_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32)
    clean = buzz(3.0)
    level = float(np.sqrt((clean[clean != 0] ** 2).mean()))
    for wanted in (10.0, 25.0):
        noisy = clean + noise * level * 10 ** (-wanted / 20)
        assert above_noise(noisy) == pytest.approx(wanted, abs=2)
        save_samples(tmp_path / "a.flac", noisy)
        if wanted < 20:
            with pytest.raises(TtsfError, match="noisy: the speech is 9 dB"):
                read_speech(tmp_path, part(None))
    samples, begin_s = read_speech(tmp_path, part(None))
    assert len(samples) > 2.9 * RATE and begin_s == 0
    save_samples(tmp_path / "a.flac", np.zeros(RATE))
    with pytest.raises(TtsfError, match="holds less than"):
        read_speech(tmp_path, part(None))


def recorded(folder: Path, transcript: str | None, paces: bool = True) -> Record:
    return speech_one(SpeechJob(folder, part(transcript), 8.0, paces), folder / "out")


def test_speech_without_a_text_keeps_its_own_pace(tmp_path: Path) -> None:
    save_samples(tmp_path / "a.flac", buzz(9.0))
    clips = recorded(tmp_path, None).clips
    assert [(clip.name, clip.speaker) for clip in clips] == [("a-000", "ann"), ("a-001", "ann")]
    assert [clip.pitch_hz for clip in clips] == pytest.approx([110, 110], rel=0.02)
    assert clips[1].made.kind == "recorded" and clips[1].made.start_s > 4


def test_a_recording_with_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_voice("rms")
    pytest.importorskip("pocketsphinx", reason="alignment needs ttsf[data]")
    text = "The old man went home, and nobody ever saw him again in Dunstaffnage."
    save_samples(tmp_path / "a.flac", speak(text, "rms", tmp_path))
    capitals = text.upper().replace(",", "").rstrip(".")
    record = recorded(tmp_path, capitals)
    clips = {clip.name: clip for clip in record.clips}
    assert not record.refused and set(clips) == {"a", "a_slow", "a_fast"}
    assert clips["a"].text == (
        "the old man went home, and nobody ever saw him again in dunstaffnage"
    )
    assert {clip.speaker for clip in record.clips} == {"ann", "ann_slow", "ann_fast"}
    for name, pace in (("a_slow", 0.92), ("a_fast", 1.08)):
        assert clips[name].samples == pytest.approx(clips["a"].samples / pace, abs=2)
        ends = [read_phones(tmp_path / "out" / str(clips[n].phones))[-1].end_s for n in ("a", name)]
        assert ends[1] == pytest.approx(ends[0] / pace, abs=1e-3)
    assert [clip.name for clip in recorded(tmp_path, capitals, paces=False).clips] == ["a"]
    monkeypatch.setattr(speech, "PIECE_S", 2.5)
    texts = [clip.text for clip in recorded(tmp_path, capitals, paces=False).clips]
    assert len(texts) == 2 and texts[0] == "the old man went home,"
    with pytest.raises(TtsfError, match="does not fit its text"):
        recorded(tmp_path, "Seven ships sailed to the north, where it was cold.")
    with pytest.raises(TtsfError, match="the transcript lacks something that is heard for"):
        recorded(tmp_path, "The old man went home.")


def test_sound_beside_the_phones_is_measured() -> None:
    sound = np.concatenate([buzz(1.0) + 0.05, np.zeros(RATE), buzz(1.0) + 0.05])
    assert longest_loud(sound, [(0.0, 1.0), (2.0, 3.0)]) == 0
    assert longest_loud(sound, [(0.0, 1.0)]) == pytest.approx(1.0, abs=0.02)
    assert longest_loud(sound, [(0.0, 1.0), (2.0, 2.5)]) == pytest.approx(0.44, abs=0.02)
    assert longest_loud(sound, []) == pytest.approx(1.0, abs=0.02)
