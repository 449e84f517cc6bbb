"""`ttsf mcp` by the official client: each tool, and its errors in one line."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

import ttsf

pytest.importorskip("mcp.server.mcpserver", reason="needs ttsf[mcp]")


@pytest.fixture
def asked(model_folder: Path, photo: Path, tmp_path: Path) -> dict[str, Any]:
    """The answers of a session by their names: structured content, or the text of an error."""
    from mcp import Client

    from ttsf.serve.mcp import server

    spoken = {"portrait": str(photo), "text": "Hello.", "name": "hello.mp4"}
    calls = {
        "voices": ("list_voices", {}),
        "made": ("speak", spoken),
        "made again": ("speak", spoken),
        "elsewhere": ("speak", {**spoken, "name": "../hello.mp4"}),
        "voice": ("speak", {**spoken, "name": "b.mp4", "voice": "nobody"}),
        "verified": ("verify", {"file": str(tmp_path / "hello.mp4")}),
        "no file": ("verify", {"file": str(tmp_path / "none.mp4")}),
    }

    async def answers() -> dict[str, Any]:
        async with Client(server(ttsf.load(model_folder), tmp_path)) as client:
            tools = {tool.name: tool.description for tool in (await client.list_tools()).tools}
            found: dict[str, Any] = {"tools": tools}
            for name, (tool, given) in calls.items():
                answer = await client.call_tool(tool, given)
                text = getattr(answer.content[0], "text", "") if answer.content else ""
                found[name] = text if answer.is_error else answer.structured_content
            return found

    return asyncio.run(answers())


def test_the_tools(asked: dict[str, Any], model_folder: Path, tmp_path: Path) -> None:
    assert asked["tools"].keys() == {"speak", "list_voices", "verify"}
    assert "has agreed" in asked["tools"]["speak"]
    names = [voice.name for voice in ttsf.load(model_folder).model.config.speech.voices]
    assert [voice["name"] for voice in asked["voices"]["result"]] == names
    assert asked["made"]["video"] == str(tmp_path / "hello.mp4") and asked["made"]["seconds"] > 0.2
    assert asked["verified"]["tags"], "the file says that it was generated"
    assert asked["made again"].endswith("exists already; choose another name")
    assert "without a folder" in asked["elsewhere"] and "nobody" in asked["voice"]
    assert "none.mp4" in asked["no file"]
    assert [path.name for path in tmp_path.iterdir()] == ["hello.mp4"]
