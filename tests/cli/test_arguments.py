"""Paths and options as a user types them: addresses, `~`, and options of another command."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttsf.cli.main import main, parse, whole_parser
from ttsf.cli.options import misplaced
from ttsf.cli.speak import Speak

Tables = dict[tuple[str, ...], set[str]]


@pytest.fixture(scope="module")
def parser() -> ArgumentParser:
    return whole_parser()


@pytest.fixture(scope="module")
def tables(parser: ArgumentParser) -> Tables:
    """The options of each command, by its words."""

    def of(inner: ArgumentParser, *words: str) -> Iterator[tuple[tuple[str, ...], set[str]]]:
        yield words, set(inner._option_string_actions)
        for action in inner._actions:
            if isinstance(action.choices, dict):
                for word, further in action.choices.items():
                    yield from of(further, *words, word)

    return dict(of(parser))


@pytest.mark.parametrize(
    "arguments",
    [
        ["speak", "me.jpg", "Hi.", "-o", "{}/a.mp4"],
        ["faces", "me.jpg", "--output={}/a.png"],
        ["prepare", "folder", "videos", "-o", "{}"],
        ["corpus", "parts", "-o", "out", "--timed", "{}/a"],
        ["train", "tts", "--data", "corpus", "--out", "{}"],
        ["assemble", "run", "{}", "-o", "model"],
        ["evaluate", "cases", "-o", "out", "--system", "a={}"],
        ["study", "make", "a={}", "b=c", "-o", "out"],
        ["batch", "a.jsonl", "{}/out"],
        ["serve", "--folder", "{}"],
        ["voices", "--samples", "{}"],
        ["verify", "{}/a.mp4"],
    ],
)
@pytest.mark.parametrize("address", ["http://a.example", "s3://bucket"])
def test_an_address_is_refused_and_makes_no_folder(
    arguments: list[str],
    address: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([word.replace("{}", address) for word in arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"ttsf: error: {address}")
    assert line.endswith(": addresses are neither fetched nor written to; give the path of a file")
    assert list(tmp_path.iterdir()) == []


def test_home_is_that_of_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    words = ["~/me.jpg", "~ is a tilde", "-o", "~/a.mp4", "--model=~", "--lexicon", "a/~/b"]
    command = parse(["speak", *words])
    assert isinstance(command, Speak)
    assert (command.portrait, command.output) == (tmp_path / "me.jpg", tmp_path / "a.mp4")
    assert (command.model, command.lexicon) == (tmp_path, Path("a/~/b"))
    assert command.text == "~ is a tilde"
    unknown = parse(["speak", "me.jpg", "-o", "~nobody-of-that-name/a.mp4"])
    assert isinstance(unknown, Speak) and unknown.output == Path("~nobody-of-that-name/a.mp4")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["speak", "--port", "80"],
            "--port belongs to `ttsf serve`, not to `ttsf speak` (see `ttsf speak --help`)",
        ),
        (
            ["--port=80", "serve"],
            "--port belongs to `ttsf serve`, not to `ttsf` (see `ttsf --help`)",
        ),
        (
            ["train", "face", "--at_once", "2"],
            "--at-once belongs to `ttsf serve`, not to `ttsf train face` "
            "(see `ttsf train face --help`)",
        ),
        (
            ["verify", "a.mp4", "--persona", "b", "--clips", "3"],
            "--persona belongs to `ttsf serve`, not to `ttsf verify` (see `ttsf verify --help`); "
            "--clips belongs to `ttsf study make`, not to `ttsf verify` (see `ttsf verify --help`)",
        ),
        (
            ["speak", "a.png", "Hi.", "--gpus", "1", "-o", "c.mp4"],
            "--gpus belongs to `ttsf serve` and `ttsf batch`, not to `ttsf speak` "
            "(see `ttsf speak --help`)",
        ),
    ],
)
def test_an_option_of_another_command(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"ttsf: error: {line}\n"


def test_every_option_is_found_at_its_command(parser: ArgumentParser, tables: Tables) -> None:
    every = set[str]().union(*tables.values())
    assert len(tables) > 25 and {"--port", "--recogniser", "-o"} <= every
    for words, own in tables.items():
        for option in every:
            line = misplaced([*words, option], parser)
            if option in own:
                assert line == ""
            else:
                assert line.startswith(f"{option} belongs to `ttsf ")
                (owner,) = line.split("`")[1:2]
                assert option in tables[tuple(owner.split()[1:])]


def test_an_option_of_no_command_and_a_word_after_two_dashes(parser: ArgumentParser) -> None:
    assert misplaced(["speak", "--colour", "red"], parser) == ""
    assert misplaced(["speak", "a.png", "--", "--port"], parser) == ""
    assert misplaced(["train", "dance", "--out", "run"], parser) == ""
