"""`ttsf mcp`: tools for agents that speak the Model Context Protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from ttsf.engine.options import GenerateOptions
from ttsf.errors import TtsfError
from ttsf.media.files import local_path
from ttsf.pipeline import Pipeline
from ttsf.provenance.detect.verify import verify

GUIDE = "Videos of a face that speaks a text, from one picture. Every video is marked as synthetic."


@contextmanager
def told() -> Iterator[None]:
    """Pass a TtsfError on to the agent, as one line."""
    try:
        yield
    except TtsfError as error:
        raise ToolError(str(error)) from None


class Tools:
    """What an agent may do; its videos are written into one folder."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self.pipeline, self.folder = pipeline, folder

    def speak(
        self, portrait: str, text: str, name: str, voice: str | None = None, face: int = 1
    ) -> dict[str, Any]:
        """Write an MP4 of a portrait that speaks a text, and return its path and length in s.

        portrait: path of a picture of someone who has agreed to this, or of nobody real.
        text: English; [pause:0.5s] is a pause. name: file name of the video, ending in .mp4.
        voice: a name of list_voices; without one the face chooses. face: its number, 1 for the
        largest.
        """
        if Path(name).name != name or not name.endswith(".mp4"):
            raise TtsfError(f"{name}: give a file name that ends in .mp4, without a folder")
        path = self.folder / name
        if path.exists():
            raise TtsfError(f"{path} exists already; choose another name")
        read = self.pipeline.portrait(local_path(portrait), face)
        made = self.pipeline.write(read, text, path, GenerateOptions(voice=voice))
        doubts = [doubt.sentence for doubt in read.doubts]
        return {"video": str(path), "seconds": round(made.seconds, 2), "doubts": doubts}

    def list_voices(self) -> list[dict[str, str]]:
        """Return the name and register of each voice."""
        voices = self.pipeline.model.config.speech.voices
        return [{"name": voice.name, "register": voice.register} for voice in voices]

    def verify(self, file: str) -> dict[str, Any]:
        """Return whether a video, sound or picture carries ttsf's watermark, and how sure that is.

        A watermark proves that the file comes from ttsf; its absence proves nothing.
        """
        return verify(local_path(file)).as_json()


def server(pipeline: Pipeline, folder: Path) -> MCPServer:
    """Return a server with the tools; videos go into `folder`."""
    tools, found = Tools(pipeline, folder.absolute()), MCPServer("ttsf", instructions=GUIDE)
    for tool in (tools.speak, tools.list_voices, tools.verify):
        found.tool()(told()(tool))
    return found
