"""Speech with the time of every symbol: its files, the clips made of it, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.readings import SOUND_S, write_reading
from ttsf.errors import TtsfError
from ttsf.research.data.manifest import write_manifest
from ttsf.research.data.speech.speech_clips import SpeechClips
from ttsf.research.data.speech.symbol_times import SymbolTimes, read_times, save_times
from ttsf.research.data.synthetic.timed_voices import timed_jobs, timed_one


def test_times_come_back_and_add_up(tmp_path: Path) -> None:
    save_times(tmp_path / "a.json", "_hə.", [0.06, 0.1, 0.255, 0.4])
    times = read_times(tmp_path / "a.json")
    assert times == SymbolTimes("_hə.", (0.06, 0.1, 0.255, 0.4))
    assert times.frames(41) == [6, 4, 16, 15] and times.frames(20) == [6, 4, 10, 0]


def test_spaces_without_a_pause_are_shared_by_the_sounds_beside_them() -> None:
    ends = (0.1, 0.2, 0.25, 0.35, 0.45, 0.55, 0.65)
    closed = SymbolTimes("_a b, c", ends).closed()
    assert closed.ends_s == pytest.approx((0.1, 0.22, 0.23, 0.35, 0.45, 0.55, 0.65))


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"symbols": "a"}', '{"symbols": "ab", "ends_s": [1]}',
     '{"symbols": "", "ends_s": []}', '{"symbols": "a%", "ends_s": [1, 2]}',
     '{"symbols": "ab", "ends_s": [2, 1]}'],
)  # fmt: skip
def test_what_holds_no_times_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(TtsfError, match=r"a\.json"):
        read_times(tmp_path / "a.json")


def test_a_reading_becomes_a_clip_at_both_rates(tmp_path: Path) -> None:
    (job,) = timed_jobs(write_reading(tmp_path / "read"), longest_s=5.0)
    (clip,) = timed_one(job, tmp_path / "out").clips
    assert (clip.speaker, clip.split, clip.text, clip.licence) == ("ann", "train", "Hello.", "CC0")
    assert clip.samples == pytest.approx((SOUND_S + 0.12) * 16_000, abs=400)
    times = read_times(tmp_path / "out" / str(clip.times))
    assert times.ends_s[0] == pytest.approx(0.06, abs=0.02)
    assert times.ends_s[-1] == pytest.approx(clip.samples / 16_000, abs=1e-4)
    assert sum(times.frames(clip.samples // 160)) == clip.samples // 160
    write_manifest(tmp_path / "out", [clip])
    speech = SpeechClips(tmp_path / "out", ("train",))
    whole = speech.waveform(clip)
    narrow, wide = (speech.segment(clip, whole, 8_000, 16_000, r) for r in (16_000, 24_000))
    assert len(narrow) == 16_000 and len(wide) == 24_000
    above = np.abs(np.fft.rfft(wide))[8_100:].sum() / np.abs(np.fft.rfft(wide)).sum()
    assert above > 0.02  # the wide file goes beyond 8 kHz
    assert np.median(np.load(tmp_path / "out" / str(clip.f0))) == pytest.approx(150, abs=2)
    frames = clip.samples // 160
    end = 160 * (frames - 10)
    assert len(speech.segment(clip, whole, end, 1_600, 24_000)) == 2_400


def test_held_out_texts_are_held_out_for_every_voice(tmp_path: Path) -> None:
    write_reading(tmp_path, f"{25:012x}")
    write_reading(tmp_path, f"{26:012x}")
    assert [job.split for job in timed_jobs(tmp_path, 5.0)] == ["valid", "train"]


def test_readings_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match=r"no VOICE/NAME\.json"):
        timed_jobs(tmp_path, 5.0)
    folder = write_reading(tmp_path / "read")
    with pytest.raises(TtsfError, match=r"lasts 1\.7 s, not 0\.5 to 1"):
        timed_one(timed_jobs(folder, longest_s=1.0)[0], tmp_path / "out")
    sound, _ = soundfile.read(folder / "ann/000000000001.flac")
    soundfile.write(folder / "ann/000000000001.flac", sound, 22_050)
    with pytest.raises(TtsfError, match="not 24000 Hz mono"):
        timed_one(timed_jobs(folder, 5.0)[0], tmp_path / "out")
    (folder / "LICENCE").unlink()
    with pytest.raises(TtsfError, match="LICENCE"):
        timed_jobs(folder, 5.0)
