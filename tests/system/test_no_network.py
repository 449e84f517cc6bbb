"""Everything works in a process that may not open a network connection."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

WATCHED = """
import sys

def refuse(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.gethostby", "urllib.")):
        sys.exit(f"asked the network: {event} {arguments}")

sys.addaudithook(refuse)
"""
COMMANDS = """
import json
from ttsf.cli.main import main

for words in json.loads(sys.argv[1]):
    if code := main(words):
        sys.exit(f"{words} ended with {code}")
"""


ASKING = (
    "import socket; socket.create_connection(('127.0.0.1', 9))",
    "import urllib.request as u; u.urlopen('http://a.invalid')",
)


@pytest.mark.parametrize("watch", ASKING)
def test_the_watch_sees_a_connection(watch: str) -> None:
    ran = _run(WATCHED + watch)
    assert ran.returncode == 1 and "asked the network" in ran.stderr


def test_no_command_asks_the_network(photo: Path, model_folder: Path, tmp_path: Path) -> None:
    video, model = str(tmp_path / "a.mp4"), ("--model", str(model_folder))
    lines = tmp_path / "in.jsonl"
    lines.write_text(f'{{"id": "a", "portrait": "{photo}", "text": "Hi."}}\n')
    commands = (
        ("speak", str(photo), "Hi.", "--output", video, "--size", "64", *model),
        ("verify", video),
        ("faces", str(photo)),
        ("voices", *model),
        ("info", *model),
        ("batch", str(lines), str(tmp_path / "out"), *model),
    )
    ran = _run(WATCHED + COMMANDS, json.dumps(commands))
    assert ran.returncode == 0, ran.stderr


def _run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
