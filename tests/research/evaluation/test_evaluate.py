"""Systems, their scoring and a whole evaluation, with stubs in the networks' place."""

import copy
import csv
import importlib.metadata
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tests.support.recordings import face_picture, murmur, write_recording
from tests.support.sounds import sung
from ttsf.engine.options import GenerateOptions
from ttsf.engine.output import Outputs
from ttsf.errors import TtsfError
from ttsf.model.ttsf import TTSF
from ttsf.parallel import THREAD_LIMITS, worker_pool
from ttsf.pipeline import Pipeline
from ttsf.research.evaluation import evaluate as evaluation
from ttsf.research.evaluation import figure5, scoring, systems
from ttsf.research.evaluation.cases import CASES, COLUMNS, Case
from ttsf.research.evaluation.evaluate import draw_voices, evaluate, hear_voices, only_speech
from ttsf.research.evaluation.metrics.c_sim import Voice
from ttsf.research.evaluation.offline_tables import MOTION, SPEECH, VIDEO, Ablated
from ttsf.research.evaluation.scoring import Known, Measured, score_systems
from ttsf.research.evaluation.settings import EvaluateSettings
from ttsf.research.evaluation.systems import System, ground_truth, open_folder


def case_of(name: str, video: Path | None = None, recorded: bool = False) -> Case:
    return Case(name, name, Path("a.png"), video, f"Text of {name}.", recorded)


CASE_LIST = [case_of("a", Path("a.mp4"), True), case_of("b", Path("b.mp4")), case_of("c")]


def measured(value: float) -> Measured:
    values = dict.fromkeys((*VIDEO, *MOTION, *SPEECH), value)
    faces = np.random.default_rng(round(10 * value)).normal(size=(4, 8))
    return Measured(values, {}, faces, np.arange(4.0), np.empty(0), np.zeros(4))


def test_a_folder_of_videos(tmp_path: Path) -> None:
    for name in ("a.mp4", "c.mp4", "zebra.mp4", "b.avi", "notes.txt"):
        (tmp_path / name).touch()
    found = open_folder("theirs", tmp_path, CASE_LIST)
    videos = {name[0]: tmp_path / name for name in ("a.mp4", "b.avi", "c.mp4")}
    assert found == System("theirs", videos, ("zebra",))
    (tmp_path / "c.webm").touch()
    with pytest.raises(TtsfError, match="two videos are called 'c'"):
        open_folder("theirs", tmp_path, CASE_LIST)


def test_folders_that_do_not_pair(tmp_path: Path) -> None:
    with pytest.raises(TtsfError, match=r"none: no such folder"):
        open_folder("theirs", tmp_path / "none", CASE_LIST)
    with pytest.raises(TtsfError, match=r"holds no video \(\.mp4"):
        open_folder("theirs", tmp_path, CASE_LIST)
    (tmp_path / "zebra.mp4").touch()
    with pytest.raises(TtsfError, match=r"no video has a case's name \(such as a\.mp4, not zebra"):
        open_folder("theirs", tmp_path, CASE_LIST)


def test_ground_truth_is_every_real_clip() -> None:
    assert ground_truth(CASE_LIST).videos == {"a": Path("a.mp4"), "b": Path("b.mp4")}


class StubPipeline:
    """Writes a small video at once; some texts are refused."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.written: list[str] = []
        self.seeds: list[int] = []

    def write(
        self,
        portrait: np.ndarray,
        text: str,
        output: Outputs,
        options: GenerateOptions,
        audio: Path | None,
    ) -> None:
        assert audio is None
        if "refused" in text:
            raise TtsfError("no face found")
        self.written.append(text)
        self.seeds.append(options.seed)
        pictures = [face_picture(64, 48, shift=i) for i in range(20)]
        write_recording(output.video, pictures, murmur(0.8))
        assert output.sound is not None
        output.sound.touch()

    def say(self, portrait: np.ndarray, text: str) -> np.ndarray:
        if not portrait.any():
            raise TtsfError("no face found")
        return murmur(0.2)[0] * portrait.mean() / 255


@pytest.fixture
def pipeline(tiny_model: TTSF) -> Any:
    return StubPipeline(tiny_model)


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    Image.fromarray(face_picture(64, 64)).save(tmp_path / "p.png")
    return tmp_path / "p.png"


def test_our_videos_are_written_once(pipeline: Any, portrait: Path, tmp_path: Path) -> None:
    texts = {"a": "One.", "b": "A refused one.", "c": "Three."}
    cases = [Case(n, n, portrait, None, text, False) for n, text in texts.items()]
    lost = Case("d", "d", tmp_path / "none.png", None, "Four.", False)
    done = []
    for _ in range(2):
        ours, refused = systems.speak_cases(
            "ours", pipeline, [*cases, lost], tmp_path / "out", lambda *at: done.append(at)
        )
        assert ours == System(
            "ours", {n: tmp_path / "out" / f"{n}.mp4" for n in "ac"}, expected=frozenset("abcd")
        )
        assert refused["b"] == "no face found" and "none.png" in refused["d"]
    assert pipeline.written == ["One.", "Three."]
    assert done == [(i, 4) for i in (1, 2, 3, 4)] * 2
    (tmp_path / "out" / "speech" / "c.wav").unlink()
    systems.speak_cases("ours", pipeline, cases, tmp_path / "out", None)
    assert pipeline.written == ["One.", "Three.", "Three."]
    a, c, again = pipeline.seeds
    assert a != c == again


def test_a_folder_belongs_to_the_weights_that_began_it(pipeline: Any, tmp_path: Path) -> None:
    other = StubPipeline(copy.deepcopy(pipeline.model))
    with torch.no_grad():
        next(other.model.parameters()).view(-1)[0] += 1
    systems.speak_cases("ours", pipeline, [], tmp_path / "out", None)
    systems.speak_cases("ours", pipeline, [], tmp_path / "out", None)
    with pytest.raises(TtsfError, match="holds videos of other weights"):
        systems.speak_cases("ours", other, [], tmp_path / "out", None)  # type: ignore[arg-type]


def test_voices_under_motion(pipeline: Any, tmp_path: Path) -> None:
    bright, dark = np.full((64, 64, 3), 200, np.uint8), np.zeros((64, 64, 3), np.uint8)
    pictures = {"ann": [bright, dark, bright // 2], "bob": [bright, dark]}
    done = []
    heard = systems.voices_under_motion(pipeline, pictures, tmp_path, lambda *at: done.append(at))
    assert list(heard) == ["ann"] and len(heard["ann"]) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ann_0.wav", "ann_2.wav", "bob_0.wav"]
    assert done == [(1, 2), (2, 2)]


def test_five_frames_from_first_to_last() -> None:
    frames = np.arange(101)[:, None, None, None]
    assert [int(f) for f in np.ravel(systems.spread_frames(frames))] == [0, 25, 50, 75, 100]
    assert len(systems.spread_frames(frames[:3])) == 5


@pytest.fixture
def in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "worker_pool", lambda n, quiet: ThreadPoolExecutor(n))


def test_refused_and_missing_clips_have_their_reason(
    in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def score(case: Case, video: Path, real: bool) -> Measured | str:
        seen.append((video.parent.name, case.name, real))
        return "no face" if video == Path("theirs/a.mp4") else measured(1)

    monkeypatch.setattr(scoring, "_score", score)
    ours = System("ours", {"a": Path("ours/a.mp4")})
    theirs = System("theirs", {n: Path(f"theirs/{n}.mp4") for n in "ab"})
    missing, done = {"ours": {"b": "the text is empty"}}, []
    real, first, second = score_systems(
        [ground_truth(CASE_LIST), ours, theirs], CASE_LIST, missing, 2, lambda *at: done.append(at)
    )
    assert (set(real.clips), real.refused) == ({"a", "b"}, {})
    assert set(first.clips) == {"a"}
    assert (first.refused, first.missing) == ({"b": "the text is empty"}, {"c"})
    assert set(second.clips) == {"b"}
    assert (second.refused, second.missing) == ({"a": "no face"}, {"c"})
    assert [at for at, total in done] == [1, 2, 3, 4, 5] and {total for _, total in done} == {5}
    assert sorted(seen) == [
        ("", "a", True), ("", "b", True), ("ours", "a", False), ("theirs", "a", False),
        ("theirs", "b", False),
    ]  # fmt: skip


class NoScorers:
    """In the place of the identity scorer."""

    def __init__(self) -> None:
        self.identity = self

    def embed(self, picture: np.ndarray) -> np.ndarray:
        return picture.mean((0, 1))


def test_what_the_scorers_know(
    portrait: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real clip's text is known only if it was recorded; the truth is a clip that says it."""
    video = write_recording(tmp_path / "v.mp4", [face_picture(64, 48)] * 15, murmur(0.6))
    given: list[Known] = []
    monkeypatch.setattr(scoring, "_scorers", NoScorers)
    monkeypatch.setattr(scoring, "measure", lambda clip, known, scorers: given.append(known))
    for recorded in (True, False):
        one = Case("v", "ann", portrait, video, "Hello.", recorded)
        for real in (True, False):
            scoring._score(one, video, real)
    assert [known.text for known in given] == ["Hello.", "Hello.", None, "Hello."]
    assert [known.truth is None for known in given] == [True, False, True, True]
    assert all(known.source is not None for known in given)
    gone = scoring._score(one, tmp_path / "w.mp4", False)
    assert isinstance(gone, str) and gone.startswith("w.mp4: not a readable video")


@pytest.fixture
def stubbed(in_threads: None, pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network is needed: ours speaks at once, each system has one value."""

    class Ears:
        def hear(self, samples: np.ndarray) -> Voice:
            return Voice(samples, np.array([1.0, np.abs(samples).max()]), speech=True)

    def score(case: Case, video: Path, real: bool) -> Measured | str:
        if case.name == "bad" and not real:
            return "a face in only 3 of 20 frames"
        return measured(1 if real else 2)

    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.0")
    monkeypatch.setattr(evaluation, "load", lambda model, device: pipeline)
    monkeypatch.setattr(figure5, "draw", lambda embeddings, path: None)
    monkeypatch.setattr(evaluation, "VoiceScorer", Ears)
    monkeypatch.setattr(scoring, "_score", score)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two people who say their text, one of whom is refused, and a portrait."""
    folder = tmp_path / "in"
    folder.mkdir()
    Image.fromarray(face_picture(64, 64)).save(folder / "p.png")
    pictures = [face_picture(64, 48, shift=i) for i in range(20)]
    for name in ("good", "bad"):
        write_recording(folder / f"{name}.mp4", pictures, murmur(0.8))
    rows = ["good,ann,,good.mp4,Hi & bye.,", "bad,bob,,bad.mp4,Hello.,", "p,eve,p.png,,,high"]
    (folder / CASES).write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    return folder


def test_an_evaluation_writes_tables_and_a_report(
    stubbed: None, root: Path, tmp_path: Path
) -> None:
    theirs, out = tmp_path / "theirs", tmp_path / "out"
    for name in ("good", "zebra"):
        pictures = [face_picture(64, 48)] * 15
        write_recording(theirs / f"{name}.mp4", pictures, murmur(0.6))
    settings = EvaluateSettings(systems={"theirs": theirs}, workers=1)
    found = {table.key: table for table in evaluate(root, out, settings, {})}
    assert list(found) == ["1", "2", "motion", "expression", "3"]  # 5 needs ablations
    counts = [(row.system, row.used, row.refused, row.missing) for row in found["1"].rows]
    assert counts == [("real clips", 2, 0, 0), ("ours", 1, 1, 0), ("theirs", 1, 0, 1)]
    for row, value in zip(found["1"].rows, (1, 2, 2), strict=True):
        assert {figure.value for figure in row.figures[1:] if figure} == {value}
    assert found["1"].rows[0].figures[0].value == 0  # type: ignore[union-attr]
    names = {path.name for path in out.iterdir()}
    assert {f"table_{key}.md" for key in found} | {f"table_{key}.csv" for key in found} <= names
    assert {"cases", "ours", "voices", "tables.md", "refused.csv", "report.html"} <= names
    assert (out / "tables.md").read_text() == "\n".join(t.markdown() for t in found.values())
    with (out / "refused.csv").open(newline="") as file:
        lines = [tuple(row.values()) for row in csv.DictReader(file)]
    assert lines == [
        ("ours", "bad", "all", "a face in only 3 of 20 frames"),
        ("theirs", "bad", "all", "no video of this name"),
        ("theirs", "p", "all", "no video of this name"),
        ("theirs", "zebra", "all", "belongs to no case"),
    ]
    with (out / "clips.csv").open(newline="") as file:
        rows = {
            (row["system"], row["clip"], row["figure"]): row["value"]
            for row in csv.DictReader(file)
        }
    assert {key[:2] for key in rows} == {
        ("real clips", "good"), ("real clips", "bad"),
        ("ours", "good"), ("ours", "p"), ("theirs", "good"),
    }  # fmt: skip
    assert float(rows["ours", "good", "identity"]) == 2
    page = (out / "report.html").read_text()
    assert "<h3>good</h3><p>Hi &amp; bye.</p>" in page and "a face in only 3 of 20" in page
    assert page.count('class="clip"') == 5 and "http" not in page and "<script" not in page
    assert sorted(p.name for p in (out / "cases").iterdir()) == [
        "bad.png", "cases.csv", "good.png", "p.png",
    ]  # fmt: skip


def test_voices_without_speech_are_drawn_and_named_but_not_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A model of a few steps hums; a click has no speech either, and silence has no voice."""
    pytest.importorskip("resemblyzer", reason="needs ttsf[eval]")
    click, silence = np.zeros(16_000, np.float32), np.zeros(16_000, np.float32)
    click[8_000] = 0.5
    said = {"ann": [sung(120, 2.0), click, silence, sung(125, 2.0)], "bob": [sung(220, 1.0)] * 2}
    voices = hear_voices(said)
    assert [voice.speech for voice in voices["ann"]] == [True, False, True]
    ours = only_speech({"ours": voices})["ours"]
    assert {person: len(own) for person, own in ours.items()} == {"ann": 2, "bob": 2}
    hummed = hear_voices({"ann": [click] * 3, "bob": [click, 0.5 * click]})
    assert only_speech({"few steps": hummed}) == {"few steps": {}}
    drawn: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figure5, "draw", lambda panels, path: drawn.update(panels))
        one = {"ann": voices["ann"]}
        draw_voices({"ours": voices, "few steps": hummed, "one": one}, tmp_path / "figure5.png")
    assert {title: sum(map(len, panel.values())) for title, panel in drawn.items()} == {
        "ours\nno speech heard in 1 of 5 clips": 5,
        "few steps\nno speech heard in 5 of 5 clips": 5,
    }
    assert "no speech is heard in 5 of 5 clips of few steps" in caplog.text
    assert "one is left out of Fig. 5" in caplog.text


def test_wrong_evaluations_end_before_long_work(stubbed: None, root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    video = {"theirs": tmp_path / "none"}
    with pytest.raises(TtsfError, match="no such folder"):
        evaluate(root, out, EvaluateSettings(systems=video), {})
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "good.mp4").touch()
    for settings in (
        EvaluateSettings(systems={"ours": theirs}),
        EvaluateSettings(systems={"x": theirs}, ablations={"x": tmp_path}),
    ):
        with pytest.raises(TtsfError, match="names of systems must be unique"):
            evaluate(root, out, settings, {})
    with pytest.raises(TtsfError, match=r"neither cases\.csv"):
        evaluate(tmp_path / "nowhere", out, EvaluateSettings(), {})
    assert not out.exists()


def test_which_tables_the_cases_cannot_give_is_said() -> None:
    """A recorded sentence, a real clip and a portrait, alone and together."""
    recorded, clip, portrait = CASE_LIST
    assert evaluation.lacking(CASE_LIST) == []
    assert [note[:40] for note in evaluation.lacking([portrait])] == [
        "no case has a video with its text: Table", "no case has a real clip: nothing is comp",
    ]  # fmt: skip
    assert len(evaluation.lacking([clip, portrait])) == 1
    assert evaluation.lacking([recorded])[0].endswith("Tables 2 and 5 are left out")


def test_an_ablation_stands_where_it_differs(tiny_model: TTSF) -> None:
    tiny = tiny_model.config
    quiet = replace(tiny, name="b", audio_mapper=replace(tiny.audio_mapper, energy="none"))
    moving = replace(tiny, name="c", speech=replace(tiny.speech, voice_from="id+motion"))
    both = replace(moving, audio_mapper=quiet.audio_mapper)
    ours = Pipeline(tiny_model)
    found = [evaluation.changes(Pipeline(TTSF(c)), ours) for c in (quiet, moving, both)]
    assert found == [{Ablated.PICTURE}, {Ablated.VOICE}, set(Ablated)]
    same = Pipeline(TTSF(replace(tiny, name="d")))
    assert evaluation.changes(same, ours) == {Ablated.PICTURE}


def test_a_case_that_was_not_expected_is_not_refused(
    in_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "_score", lambda case, video, real: measured(1))
    ours = System("ours", {}, expected=frozenset("a"))
    _, found = score_systems([ground_truth(CASE_LIST), ours], CASE_LIST, {}, 1, None)
    assert (found.refused, found.missing) == ({}, {"a"})


def test_a_pool_gives_each_process_one_thread_and_leaves_the_environment_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = dict(os.environ)
    with worker_pool(1, quiet=True) as pool:
        seen = [pool.submit(os.getenv, name).result() for name in THREAD_LIMITS]
    assert seen == ["1"] * len(THREAD_LIMITS) and dict(os.environ) == before
    with pytest.raises(TtsfError, match="a worker died"), worker_pool(1) as pool:
        pool.submit(os._exit, 1).result()
