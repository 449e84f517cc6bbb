"""Clients of a language model and of a transcriber, both with OpenAI's HTTP API."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx

from ttsf.serve.settings import Settings

MOST_TURNS = 20
"""Number of past messages that the model is sent."""
SILENT_S = 60.0
"""Time limit for the other server to send something, s."""


class Refused(Exception):
    """The other server cannot be reached, or did not answer as expected."""


class Chat:
    """One conversation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turns = list[dict[str, str]]()

    @property
    def is_set(self) -> bool:
        """Whether there is a language model."""
        return self._settings.chat_url is not None

    @property
    def can_hear(self) -> bool:
        """Whether there is a transcriber."""
        return self._settings.transcribe_url is not None

    async def answer(self, question: str) -> AsyncGenerator[str]:
        """Yield the answer in pieces; raises Refused. Pieces not consumed are not remembered."""
        settings, answer = self._settings, ""
        turns = [*self._turns[-MOST_TURNS:], {"role": "user", "content": question}]
        wanted = {
            "model": settings.chat_model,
            "messages": [{"role": "system", "content": settings.persona}, *turns],
            "stream": True,
        }
        try:
            async with (
                self._client() as client,
                client.stream(
                    "POST", _under(settings.chat_url, "chat/completions"), json=wanted
                ) as response,
            ):
                await _check(response)
                async for line in response.aiter_lines():
                    if piece := _piece(line):
                        answer += piece
                        yield piece
        except httpx.HTTPError as error:
            raise Refused(f"the chat server cannot be reached ({type(error).__name__})") from None
        finally:
            self._turns = turns[-MOST_TURNS:]
            if answer:
                self._turns.append({"role": "assistant", "content": answer})

    async def heard(self, sound: bytes) -> str:
        """Transcribe a recording; raises Refused."""
        settings = self._settings
        try:
            async with self._client() as client:
                response = await client.post(
                    _under(settings.transcribe_url, "audio/transcriptions"),
                    data={"model": settings.transcribe_model},
                    files={"file": ("question.webm", sound, "audio/webm")},
                )
                await _check(response)
                return str(response.json()["text"]).strip()
        except httpx.HTTPError as error:
            detail = f"the transcription server cannot be reached ({type(error).__name__})"
            raise Refused(detail) from None
        except (ValueError, KeyError, TypeError):
            raise Refused("the transcription server sent no text") from None

    def _client(self) -> httpx.AsyncClient:
        key = self._settings.chat_key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.AsyncClient(headers=headers, timeout=SILENT_S)


def _under(base: str | None, path: str) -> str:
    base = (base or "").rstrip("/")
    return base if base.endswith(path) else f"{base}/{path}"


async def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    await response.aread()
    try:
        told = response.json()["error"]
        reason = told["message"] if isinstance(told, dict) else told
    except (ValueError, KeyError, TypeError):
        reason = response.reason_phrase
    raise Refused(f"the other server answered {response.status_code}: {str(reason)[:300]}")


def _piece(line: str) -> str:
    """Return the text in a line of server-sent events; empty if there is none."""
    if not line.startswith("data:") or line.endswith("[DONE]"):
        return ""
    try:
        choices: list[dict[str, Any]] = json.loads(line[5:])["choices"]
        return choices[0].get("delta", {}).get("content") or "" if choices else ""
    except (ValueError, KeyError, TypeError):
        raise Refused("the chat server sent something other than an answer") from None
