"""The `openai` client, unchanged, against our server."""

import io
import warnings
import wave
from pathlib import Path

import av
import openai
import pytest

from tests.support.server import FAST, Server


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0)


@pytest.mark.parametrize("kind", ["wav", "mp3", "opus", "aac", "flac"])
def test_speech(client: openai.OpenAI, kind: str) -> None:
    answer = client.audio.speech.create(
        model="tts-1", voice="alloy", input="Hello there.", response_format=kind
    )
    with av.open(io.BytesIO(answer.content)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
        assert samples / container.streams.audio[0].rate > 0.3


def test_pcm_and_wav_hold_the_same_length(client: openai.OpenAI) -> None:
    def said(kind: str) -> bytes:
        with client.audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input="Hello there.", response_format=kind
        ) as answer:
            return answer.read()

    wav = said("wav")
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
    assert abs(len(said("pcm")) / 24_000 - (len(wav) - 44) / 16_000) < 0.02


def test_videos(client: openai.OpenAI, photo: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        video = client.videos.create_and_poll(
            prompt="Hello there.",
            input_reference=("me.png", photo.read_bytes(), "image/png"),
            extra_body={**FAST, "still": True},
            poll_interval_ms=200,
        )
        assert video.status == "completed" and video.progress == 100
        assert client.videos.download_content(video.id).read()[4:8] == b"ftyp"
        assert video.id in [one.id for one in client.videos.list(limit=5)]
        assert client.videos.delete(video.id).deleted


def test_models_and_errors(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["ttsf"]
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.audio.speech.create(model="tts-1", voice="nobody", input="Hello.")
    assert caught.value.code == "unknown_voice" and caught.value.param == "voice"
    assert "no voice nobody" in str(caught.value)
