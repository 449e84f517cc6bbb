import io
import re
import shlex
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

import ttsf
from ttsf import checkpoint, pipeline
from ttsf.cli import main as main_module
from ttsf.cli.main import main, parse
from ttsf.cli.speak import Speak
from ttsf.cli.streams import Progress
from ttsf.engine.output import Outputs
from ttsf.research.presets import PRESETS
from ttsf.research.training import start
from ttsf.research.training.settings import FaceOptions, RunSettings

COMMANDS = (
    *("speak", "prepare", "corpus", "render", "assemble", "ablate", "evaluate"),
    *("info", "voices", "verify", "completion", "faces", "serve", "batch"),
    *("study make", "study analyse"),
    *("train tts", "train vocoder", "train face", "train motion", "train voice"),
    *("train syncnet", "train joint", "train sound-lips", "statistics", "mcp"),
)


@pytest.fixture
def speak(model_folder: Path, photo: Path, tmp_path: Path) -> list[str]:
    return ["speak", str(photo), "-o", str(tmp_path / "a.mp4"), "--model", str(model_folder)]


def test_speak_writes_and_says_one_line(
    speak: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*speak, "Hello.", "--save-audio", str(tmp_path / "a.wav")]) == 0
    captured = capsys.readouterr()
    (line,) = captured.out.splitlines()
    sound, rate = soundfile.read(tmp_path / "a.wav")
    assert f"{len(sound) / rate:.2f} s of video, {len(sound) // 640} frames" in line
    assert "real-time factor" in line and captured.err == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "a.wav"]


def test_quiet(speak: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*speak, "Hi.", "--quiet", "--still", "--steps", "1", "--temperature", "0"]) == 0
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_text_from_a_file_and_from_standard_input(
    speak: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []

    def write(
        speaker: pipeline.Pipeline,
        portrait: ttsf.Portrait,
        text: str,
        output: Outputs,
        options: ttsf.GenerateOptions,
        progress: object,
        audio: object,
    ) -> object:
        assert audio is None
        heard.append(text)
        return pipeline.Written(25, 1.0)

    monkeypatch.setattr(pipeline.Pipeline, "write", write)
    (tmp_path / "text.txt").write_bytes("\ufeffFrom a file: café\r\n".encode())
    assert main([*speak, "--text-file", str(tmp_path / "text.txt")]) == 0
    stdin = types.SimpleNamespace(buffer=io.BytesIO(b"From a pipe"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert main([*speak, "-"]) == 0
    stdin.buffer.seek(0)
    assert main([*speak, "--text-file", "-"]) == 0
    assert heard == ["From a file: café\r\n", "From a pipe", "From a pipe"]


def test_several_faces_are_said_aloud(
    model_folder: Path, tmp_path: Path, astronaut: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    head = Image.fromarray(astronaut[:300, 50:350])
    both = Image.new("RGB", (620, 300), (90, 90, 90))
    both.paste(head.resize((210, 210)), (20, 50))
    both.paste(head, (310, 0))
    both.save(tmp_path / "two.png")
    arguments = ["speak", str(tmp_path / "two.png"), "Hi.", "--model", str(model_folder)]
    for number in ("1", "2"):
        assert main([*arguments, "-o", str(tmp_path / f"{number}.mp4"), "--face", number]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "shows 2 faces; the largest, " in line and "--face 2" in line
    assert (tmp_path / "1.mp4").read_bytes() != (tmp_path / "2.mp4").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "one of {speak, faces, prepare"),
        (["dance"], "dance"),
        (["--version", "speak"], "--version"),
        (["speak"], "Missing from ttsf speak: PORTRAIT"),
        (["speak", "a.png", "Hi"], "--output"),
        (["speak", "a.png", "-o", "a.mp4", "Hi", "there"], "there"),
        (["speak", "a.png", "--hello", "-o", "a.mp4"], "--hello"),
        (["speak", "a.png", "--rat", "1", "Hi", "-o", "a.mp4"], "--rat"),
        (["speak", "a.png", "Hi", "--ouput", "a.mp4"], "--ouput"),
        (["speak", "a.png", "Hi", "-o"], "Missing value for argument '-o/--output'"),
        (["speak", "a.png", "-o", "a.mp4"], "give the text either"),
        (["speak", "a.png", "Hi", "--text-file", "t", "-o", "a.mp4"], "give the text either"),
        (["speak", "a.png", "--text-file", "none.txt", "-o", "a.mp4"], "none.txt: No such file"),
        (["speak", "a.png", "Hi", "-o", "a.mp4", "--audio", "b", "--rate", "2"], "no --rate"),
        (["speak", "a.png", "Hi", "-o", "a.mp4", "--audio", "b", "--voice", "c"], "no --voice"),
        (["speak", "a.png", "-o", "a.mp4", "--audio", "b", "--subtitles", "c.srt"], "the words"),
        (["speak", "a.png", "-o", "a.mp4", "--audio", "b", "--captions", "burnt"], "--captions"),
        (["speak", "-", "-", "-o", "a.mp4"], "standard input holds either"),
        (["speak", "-", "--text-file", "-", "-o", "a.mp4"], "standard input holds either"),
        (["speak", "a.png", "-", "-o", "a.mp4", "--audio", "-"], "standard input holds either"),
        (["speak", "a.png", "Hi", "-o", "a.mp4", "--seed", "x"], "--seed"),
        (["speak", "a.png", "Hi", "-o", "a.mp4", "--rat", "1"], "--rat"),
        (["speak", "a.png", "Hi", "-o", "a.mp4", "--rate", "None"], "--rate"),
        (["info", "--preset", "huge"], "huge"),
        (["info", "--preset", "mini", "--model", "m"], "--preset and --model"),
        (["prepare", "tape", "videos", "-o", "out"], "tape"),
        (["prepare", "folder", "videos", "-o", "out", "--size", "65"], "size 65"),
        (["prepare", "folder", "videos", "-o", "out", "--longest", "90"], "longest clip 90"),
        (["corpus", "parts"], "--out"),
        (["train"], "one of {tts, vocoder"),
        (["train", "dance", "--out", "run"], "dance"),
        (["train", "tts", "--out", "run"], "--data"),
        (["train", "tts", "--data", "c", "-o", "run", "--preset", "huge"], "huge"),
        (["train", "tts", "--data", "c", "-o", "run", "--steps", "0"], "steps: "),
        (["train", "tts", "--data", "c", "-o", "run", "--accumulate", "0"], "accumulate: "),
        (["train", "tts", "--data", "c", "-o", "run", "--loaders", "none"], "--loaders"),
        (["train", "tts", "--data", "c", "-o", "r", "--steps", "1", "--epochs", "1"], "--epochs"),
        (["assemble", "--out", "model"], "name at least one run"),
        (["serve", "--replicas", "3"], "--replicas has no effect without --engine ray"),
        (["serve", "--chat-model", "a"], "--chat-model has no effect without --chat-url"),
        (["serve", "--transcribe-model", "a"], "no effect without --transcribe-url"),
        (["batch", "a.jsonl", "out", "--gpus", "0.5"], "--gpus has no effect without --ray"),
        (["completion", "cmd"], "cmd"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ttsf: error: ") and complaint in line


@pytest.mark.parametrize(
    "option",
    [
        ("--steps", "0"),
        ("--rate", "3"),
        ("--rate", "nan"),
        ("--temperature", "-1"),
        ("--seed", "-1"),
        ("--seed", str(2**32)),
        ("--device", "toaster"),
    ],
)
def test_numbers_out_of_range(
    speak: list[str], tmp_path: Path, option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*speak, "Hello.", *option]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert option[0][2:] in line and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("problem", "code"), [(RuntimeError("a\nb"), 1), (KeyboardInterrupt(), 130)]
)
def test_the_unexpected_is_one_line_too(
    speak: list[str],
    tmp_path: Path,
    problem: BaseException,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object) -> None:
        raise problem

    monkeypatch.delenv("TTSF_DEBUG", raising=False)
    monkeypatch.setattr(pipeline.Pipeline, "_open", fail)
    assert main([*speak, "Hello."]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ttsf: error: ") and list(tmp_path.iterdir()) == []


def test_without_bundled_weights_the_option_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkpoint, "BUNDLED", tmp_path / "none")
    assert main(["speak", "a.png", "Hi", "-o", "a.mp4"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("no bundled weights; give --model DIR")


def test_progress_is_redrawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", screen)
    progress = Progress("frames")
    progress(8, 16)
    progress(16, 16)
    assert screen.getvalue() == "\rttsf: 8 of 16 frames\rttsf: 16 of 16 frames\n"


def test_info_counts_the_published_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--preset", "paper"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    rows = [line.rsplit(maxsplit=1) for line in lines]
    counts = {name.strip(): float(count) for name, count in rows}
    assert counts["E_v + MLP of E_m"] == pytest.approx(22.7, rel=0.02)
    assert counts["G (generator)"] == pytest.approx(22.4, rel=0.02)


def test_info_of_a_model_directory(model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--model", str(model_folder)]) == 0
    assert capsys.readouterr().out.startswith("tiny")


def test_help_imports_no_torch() -> None:
    code = (
        "import sys, ttsf.cli.main\n"
        "try: ttsf.cli.main.main(['speak', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["a.png", "-5 degrees.", "-o", "b.mp4"], "-5 degrees."),
        (["a.png", "-o", "b.mp4", "-5"], "-5"),
        (["-o", "b.mp4", "a.png", "--hello there"], "--hello there"),
        (["a.png", "--rate is high", "-o", "b.mp4"], "--rate is high"),
        (["a.png", "--x=1 is true", "-o", "b.mp4"], "--x=1 is true"),
        (["a.png", "-o", "b.mp4", "--", "--hello"], "--hello"),
        (["a.png", "-o", "b.mp4", "--", "-5 degrees."], "-5 degrees."),
        (["--seed", "1", "--", "a.png", "-"], "-"),
        (["a.png", "None", "-o", "b.mp4"], "None"),
        (["a.png", "--text-file=my file", "-o", "b.mp4"], None),
    ],
)
def test_a_text_may_begin_like_an_option(words: list[str], text: str | None) -> None:
    output = [] if "-o" in words else ["-o", "b.mp4"]
    command = parse(["speak", *output, *words])
    assert isinstance(command, Speak)
    assert (command.portrait, command.output, command.text) == (Path("a.png"), Path("b.mp4"), text)
    assert command.text_file == (None if text else Path("my file"))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert re.fullmatch(r"ttsf \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example_that_is_right(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as stopped:
        main([*command.split(), "--help"])
    assert not stopped.value.code
    (example,) = re.findall(rf"^ttsf ({command} .+)$", capsys.readouterr().out, re.MULTILINE)
    parse(shlex.split(example.partition(" > ")[0]))


def test_every_command_has_its_help_tested(capsys: pytest.CaptureFixture[str]) -> None:
    for group in ("", "train", "study"):
        with pytest.raises(SystemExit):
            main([*group.split(), "--help"])
        names = re.findall(r"^. {3}• (\S+)", capsys.readouterr().out, re.MULTILINE)
        tested = {
            line.removeprefix(group).split()[0] for line in COMMANDS if line.startswith(group)
        }
        assert set(names) == tested


@pytest.mark.parametrize("known", main_module.COMMANDS.values(), ids=main_module.COMMANDS)
def test_the_list_of_commands_says_what_each_says_itself(known: main_module.Known) -> None:
    form = known.load()
    if isinstance(form, type):  # no group of commands
        summary = (form.__doc__ or "").partition("\n\n")[0]
        assert " ".join(summary.split()) == known.summary


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["completion", shell])
    script = capsys.readouterr().out
    assert "speak" in script and "save-audio" in script


def test_training_is_told_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(start, "train_stage", lambda *given: calls.append(given))
    line = "train face --data d --valid v --warm-start w -o run --preset paper"
    assert main([*line.split(), "--epochs", "1.5", "--accumulate", "3", "--log-every", "7"]) == 0
    assert main(["train", "tts", "--data", "d", "-o", "run", "--steps", "9"]) == 0
    (face, preset, out, settings, unset, epochs), (_, _, _, short, steps, none) = calls
    assert face == FaceOptions(Path("d"), Path("v"), Path("w"))
    assert (preset, out, epochs, none) == (PRESETS["paper"], Path("run"), 1.5, None)
    assert vars(settings) == vars(RunSettings(steps=1, accumulate=3, log_every=7))
    assert vars(short) == vars(RunSettings(steps=1))
    assert (unset, steps) == (None, 9)
