"""A living picture: continuous, on time, silent when it is interrupted, and flat in memory."""

import gc
import resource
import threading
import time
import weakref
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

import ttsf
from tests.support.recorded import save_listening, syllables
from ttsf.engine.live.frame import LiveFrame
from ttsf.engine.live.performer import CLOSING, FADE, HUSHED, Performer, Segment
from ttsf.engine.live.session import LiveSession
from ttsf.engine.renderer import SMILE
from ttsf.engine.talk import Session
from ttsf.media.audio.source import Sound
from ttsf.model.labels import GAIN, LABELS, OPEN
from ttsf.model.ttsf import TTSF
from ttsf.pipeline import Pipeline
from ttsf.text.front_end import TextFrontEnd
from ttsf.timings.words import WordTimes

SMALL = ttsf.GenerateOptions(size=64, steps=2)
FRAME = 640
GROWTH_KB = 20_000
"""Of a session, after its first minutes."""


class Simulated:
    """A clock that moves only while someone waits."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def wait(self, woken: threading.Event, seconds: float) -> None:
        self.time += seconds + 1e-9


@pytest.fixture
def live(pipeline: Pipeline, portrait: ttsf.Portrait) -> Iterator[LiveSession]:
    session = pipeline.live(portrait, SMALL)
    yield session
    session.close()


def until(frames: Iterator[LiveFrame], what: str) -> list[LiveFrame]:
    seen = []
    for frame in frames:
        seen.append(frame)
        if any(spoke.what == what for spoke in frame.spoke):
            return seen
    raise AssertionError(f"never {what}")


def test_it_rests_speaks_and_rests(live: LiveSession) -> None:
    frames = live.frames(realtime=False)
    resting = list(islice(frames, 60))
    assert {frame.state for frame in resting} == {"idle"}
    assert all(not frame.samples.any() and not frame.spoken.words for frame in resting)
    region = live.region
    size = (region.bottom - region.top, region.right - region.left, 3)
    assert all(frame.picture is not None and frame.picture.shape == size for frame in resting)
    number = live.say(iter(["Hello the", "re, friend. ", "Good night!"]))
    seen = until(frames, "done")
    assert [(s.speech, s.what) for f in seen for s in f.spoke] == [
        (number, "begun"),
        (number, "done"),
    ]
    words = [word for frame in seen for word in frame.spoken.words]
    assert [word.text for word in words] == ["Hello", "there,", "friend.", "Good", "night!"]
    for frame in seen:
        assert all(int(w.start_s * 25 + 1e-6) == frame.number for w in frame.spoken.words)
    assert [frame.number for frame in resting + seen] == list(range(60 + len(seen)))
    assert any(frame.samples.any() for frame in seen) and live.dropped == 0
    assert not any(frame.samples.any() for frame in islice(frames, 30))


def test_an_interruption_is_silent_at_once(live: LiveSession) -> None:
    frames = live.frames(realtime=False)
    first, second = live.say("word " * 20), live.say("Never said.")
    list(islice(until(frames, "begun"), 0))
    list(islice(frames, 20))
    live.interrupt()
    after = list(islice(frames, 20))
    assert [(s.speech, s.what) for s in after[0].spoke] == [
        (first, "interrupted"),
        (second, "interrupted"),
    ]
    assert after[0].state == "idle" and after[0].samples.any()
    assert not any(frame.samples.any() for frame in after[2:])
    assert not any(frame.spoken.words for frame in after)
    third = live.say("And now.")
    seen = until(frames, "done")
    assert {s.speech for frame in seen for s in frame.spoke} == {third}


class Performed(NamedTuple):
    speaks: bool
    pose: np.ndarray
    """[N, 3]."""
    opening: np.ndarray
    """[N]."""


@pytest.fixture(scope="module")
def performed(astronaut: np.ndarray) -> list[Performed]:
    """The bundled model at rest and in speech in turn, two thirds of the segments cut."""
    pipeline, first, found = ttsf.load(), 0, list[Performed]()
    session = Session(
        pipeline.model, pipeline._workers, pipeline._face(astronaut, SMALL), (), SMALL
    )
    performer, dice = Performer(session), np.random.default_rng(0)
    extractor = pipeline.model.motion_extractor
    front_end = TextFrontEnd(pipeline.model.config.speech)
    (utterance,) = front_end.utterances("We shall see what they make of it.")
    for k in range(16):
        if k % 2:
            said = session.speech.synthesise(utterance, k)
            segment = performer.speak(first, k, said, lambda *_: WordTimes(()))
        else:
            segment = performer.rest(first, 50, listening=k % 4 == 2)
        if k % 3:
            interrupt = performer.hush if segment.speech else performer.cut
            segment = interrupt(segment, int(dice.integers(8, len(segment.f_m) - 8)))
        first = segment.end
        with torch.inference_mode():
            pose = extractor.coordinates(segment.f_m)[:, : LABELS.index("roll") + 1].numpy()
            opening = extractor.coordinates(segment.f_lip)[:, OPEN].numpy() / GAIN
        found.append(Performed(k % 2 == 1, pose, opening))
    return found


def test_pose_and_lips_do_not_jump(performed: list[Performed]) -> None:
    """Steps at the seams are like those within segments, whether these are whole or cut."""
    steps = np.concatenate([np.linalg.norm(np.diff(one.pose, axis=0), axis=1) for one in performed])
    moves = np.concatenate([np.abs(np.diff(one.opening)) for one in performed])
    seams = [np.linalg.norm(b.pose[0] - a.pose[-1]) for a, b in pairwise(performed)]
    lips = [abs(b.opening[0] - a.opening[-1]) for a, b in pairwise(performed)]
    assert max(seams) <= 1.5 * np.percentile(steps, 95) and np.median(steps) > 0.005
    assert max(lips) <= max(moves)


def test_the_mouth_is_still_at_rest_and_closes_after_an_interruption(
    performed: list[Performed],
) -> None:
    resting = [one.opening for one in performed if not one.speaks]
    for k, opening in enumerate(resting):
        assert np.ptp(opening[7 if k else 1 :]) < 1e-5, "after speech it closes, then rests"
    closed = [opening[-1] for opening in resting]
    assert np.ptp(closed) < 1e-5 and abs(closed[0]) < 0.15


def test_an_interrupted_face_moves_on_without_sampling(
    live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    performer, at = live._performer, 20
    (utterance,) = TextFrontEnd(live.session.model.config.speech).utterances("Word " * 8)
    said = live.session.speech.synthesise(utterance, 1)
    spoken = performer.speak(0, 1, said, lambda *_: WordTimes(()))
    with monkeypatch.context() as patched:
        patched.setattr(TTSF, "move", None)
        hushed = performer.hush(spoken, at)
    assert hushed.number != spoken.number, "or pictures of the open mouth would be shown"
    assert (len(hushed.f_m), hushed.keys[0], hushed.voiced) == (at + HUSHED, at, at)
    assert torch.equal(hushed.f_m, spoken.f_m[: at + HUSHED])
    still = hushed.f_lip[at + CLOSING :]
    assert torch.equal(hushed.f_lip[:at], spoken.f_lip[:at])
    assert torch.equal(still, performer.rest(0, 50).f_lip[-len(still) :])
    steps, usual = (one.f_lip.diff(dim=0).norm(dim=1) for one in (hushed, spoken))
    assert steps.max() <= usual.max(), "the mouth closes without a jump"
    assert np.array_equal(hushed.samples[: at * FRAME], spoken.samples[: at * FRAME])
    assert hushed.samples[at * FRAME :].any() and not hushed.samples[(at + FADE) * FRAME :].any()
    last = performer.hush(spoken, len(spoken.f_m) - 1)
    assert len(last.f_m) == len(spoken.f_m), "it ends with what was planned"


def test_the_rest_does_not_repeat(live: LiveSession) -> None:
    frames = [frame.picture for frame in islice(live.frames(realtime=False), 300)]
    small = np.stack(frames).astype(np.float32).reshape(300, -1)  # type: ignore[arg-type]
    one, two = small[:100], small[100:]
    distances = [float(np.abs(one - two[k : k + 100]).mean()) for k in range(0, 100, 5)]
    assert min(distances) > 0.05


def test_interpolated_frames_are_close_to_drawn_ones(live: LiveSession) -> None:
    performer = live._performer
    segment = performer.rest(0, 50)
    assert len(segment.keys) < 50
    some = performer.draw(segment, range(16))
    every = performer.draw(segment._replace(keys=tuple(range(50))), range(16))
    errors = np.abs(np.stack(some).astype(int) - np.stack(every))
    assert errors.mean() < 1 and len(some) == 16


def test_late_pictures_are_left_out_and_the_sound_goes_on(
    live: LiveSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = Performer.draw

    def slowly(self: Performer, segment: Segment, some: range) -> list[np.ndarray]:
        time.sleep(0.12 * len(some))
        return draw(self, segment, some)

    frames = live.frames()
    next(frames)
    monkeypatch.setattr(Performer, "draw", slowly)
    live.say("one two three four five six seven eight nine ten. " * 2)
    began = time.monotonic()
    seen = list(islice(frames, 250))
    took = time.monotonic() - began
    assert 9.8 < took < 30, "by the clock, whatever the pictures take"
    assert [frame.number for frame in seen] == list(range(1, 251))
    assert live.dropped == sum(frame.picture is None for frame in seen) > 50
    assert all(len(frame.samples) == FRAME for frame in seen)
    drawn = [frame.number for frame in seen if frame.picture is not None and frame.number > 100]
    assert len(drawn) > 10, "a face that is drawn too slowly moves all the same"
    assert max(b - a for a, b in pairwise([100, *drawn, 250])) < 60


def test_a_session_that_was_stopped_does_not_hurry(live: LiveSession) -> None:
    """After a machine slept, for instance, what was missed is not sent at once."""
    clock = Simulated()
    live.visible = False
    frames = live.frames(clock)
    list(islice(frames, 10))
    wait, clock.wait = clock.wait, lambda *_: setattr(clock, "time", clock.time + 500)  # type: ignore[method-assign]
    next(frames)
    clock.wait = wait  # type: ignore[method-assign]
    began = clock.time
    assert [frame.number for frame in islice(frames, 25)] == list(range(11, 36))
    assert 0.9 < clock.time - began < 1.1


@pytest.mark.parametrize("minutes", [10, pytest.param(30, marks=pytest.mark.long)])
def test_a_long_session_has_no_drift_and_keeps_nothing(live: LiveSession, minutes: int) -> None:
    clock, sizes, words, count = Simulated(), list[int](), 0, minutes * 60 * 25
    peaks_kb = list[int]()
    live.visible = False
    frames = live.frames(clock)
    next(frames)
    began, samples = clock.time, 0
    for number, frame in enumerate(islice(frames, count), 1):
        if number % 1_500 == 0:
            live.say(f"It is minute {number // 1_500} now.")
        if number % 3_700 == 0:
            live.interrupt()
        if number % 5_000 == 0:
            kept = (live._plan, live._pictures, live._ready, live._scripts, live._news)
            sizes.append(sum(map(len, kept)))
            peaks_kb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        assert frame.number == number and frame.picture is None
        samples += len(frame.samples)
        words += len(frame.spoken.words)
    drift_s, grown_kb = clock.time - began - count / 25, peaks_kb[-1] - peaks_kb[0]
    print(f"{minutes} minutes: drift {1000 * drift_s:.1f} ms, memory {grown_kb / 1000:+.1f} MB")
    assert abs(drift_s) < 0.04, "the clock and the frames agree"
    assert samples == count * FRAME and words > 2 * minutes
    assert max(sizes) < 12 and live._previous is not None
    assert grown_kb < GROWTH_KB


def test_a_consumer_that_is_away_pauses_the_session(live: LiveSession) -> None:
    clock = Simulated()
    frames = live.frames(clock)
    list(islice(frames, 10))
    clock.time += 1_000
    began = clock.time
    assert [frame.number for frame in islice(frames, 25)] == list(range(10, 35))
    assert 0.9 < clock.time - began < 1.1


def test_a_recording_is_spoken(portrait: ttsf.Portrait, tmp_path: Path) -> None:
    live = ttsf.load(save_listening(tmp_path)).live(portrait, SMALL)
    frames = live.frames(realtime=False)
    list(islice(frames, 30))
    sound = Sound([syllables(1.5, 48_000, 2), syllables(0.5, 48_000, 2)], 48_000)
    first, second = live.say(audio=sound), live.say("And now a text.")
    seen = until(frames, "done")
    speaking = [frame.number for frame in seen if frame.state == "speaking"]
    assert 50 <= len(speaking) <= 51
    spokes = [(spoke.speech, spoke.what) for frame in seen for spoke in frame.spoke]
    assert spokes[:2] == [(first, "begun"), (first, "done")]
    heard = np.concatenate([f.samples for f in seen if f.number in speaking])
    assert np.abs(heard).max() > 0.05 and len(heard) == len(speaking) * FRAME
    assert (second, "done") in [(s.speech, s.what) for f in until(frames, "done") for s in f.spoke]
    with pytest.raises(ttsf.TtsfError, match="must be a str"):
        live.say(iter(["words"]), audio=Sound([syllables(1)], 16_000))
    live.close()


@pytest.fixture
def smiling(astronaut: np.ndarray) -> Iterator[LiveSession]:
    """A session of the bundled model, which has rules of expression."""
    session = ttsf.load().live(astronaut, SMALL)
    yield session
    session.close()


def smiles(live: LiveSession, frames: Iterator[LiveFrame], count: int) -> np.ndarray:
    """Smile of the next frames, [count]."""
    found = []
    for frame in islice(frames, count):
        planned = [s for s in (live._previous, *live._plan) if s and s.first <= frame.number]
        found.append(planned[-1].expression[frame.number - planned[-1].first, SMILE])
    return np.array(found)


def test_a_smile_ends_with_its_speech(smiling: LiveSession) -> None:
    frames = smiling.frames(realtime=False)
    smiling.say("[smile]Hello there, how do you do?")
    until(frames, "begun")
    assert smiles(smiling, frames, 20).max() > 0.3
    until(frames, "done")
    assert not smiles(smiling, frames, 120)[-20:].any()


def test_a_smile_that_was_not_reached_is_not_shown_later(smiling: LiveSession) -> None:
    frames = smiling.frames(realtime=False)
    smiling.say("word " * 20 + "[smile]and more")
    until(frames, "begun")
    smiling.interrupt()
    assert not smiles(smiling, frames, 120).any()


def test_an_interruption_ends_a_smile_without_a_jump(smiling: LiveSession) -> None:
    frames = smiling.frames(realtime=False)
    smiling.say("[smile]" + "word " * 20)
    until(frames, "begun")
    before = smiles(smiling, frames, 25)
    smiling.interrupt()
    after = smiles(smiling, frames, 60)
    assert before[-1] > 0.3 and not after[-20:].any()
    assert np.abs(np.diff([before[-1], *after])).max() < 0.2


def test_as_sampled_all_frames_are_drawn(astronaut: np.ndarray) -> None:
    live = ttsf.load().live(astronaut, SMALL._replace(as_sampled=True))
    segment = live._performer.rest(0, 30)
    live.close()
    assert segment.keys == tuple(range(30))


def test_a_listener_nods(live: LiveSession) -> None:
    live.listen()
    frames = live.frames(realtime=False)
    list(islice(frames, 100))
    assert next(frames).state == "listening"
    performer = live._performer
    nods = torch.cat([performer._nods(50) for _ in range(10)])
    assert 3 < int((nods.diff().sign().diff() < 0).sum()) < 12 and nods.max() > 0.3
    live.listen(False)
    assert list(islice(frames, 5))[-1].state == "idle"


def test_errors_become_events(live: LiveSession) -> None:
    frames = live.frames(realtime=False)
    live.say("Привет, мир.")
    failed = until(frames, "failed")[-1].spoke[-1]
    assert "cannot read Cyrillic" in failed.reason
    live.say("Fine.")
    assert [word.text for f in until(frames, "done") for word in f.spoken.words] == ["Fine."]
    with pytest.raises(ttsf.TtsfError, match="must be a str"):
        live.say(3)  # type: ignore[arg-type]
    live.close()
    assert list(frames) == []
    with pytest.raises(ttsf.TtsfError, match="closed"):
        live.say("Hello.")


def test_closed_sessions_give_back_their_threads_and_memory(
    pipeline: Pipeline, portrait: ttsf.Portrait
) -> None:
    before, kept = threading.active_count(), list[LiveSession]()
    for k in range(8):
        session = pipeline.live(portrait, SMALL)
        frames = session.frames(realtime=k % 4 == 0)
        if k % 2:
            session.say(iter(["Hello there. ", "How are you?"]))
            session.say("And goodbye.")
        if k % 3:
            next(frames)
        session.close()
        if k % 4:
            assert list(frames) == []
        kept.append(session)
    del session, frames
    for _ in range(200):
        if threading.active_count() <= before:
            break
        time.sleep(0.05)
    assert threading.active_count() <= before
    sessions = [weakref.ref(session) for session in kept]
    kept.clear()
    gc.collect()
    assert not any(session() for session in sessions)


def test_options_are_checked(pipeline: Pipeline, portrait: ttsf.Portrait) -> None:
    for options in (SMALL._replace(size=3), SMALL._replace(rate=9.0)):
        with pytest.raises(ttsf.TtsfError):
            pipeline.live(portrait, options)
