"""A server of OpenAI's chat and transcription shapes, whose answers are known."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER = ["Yes, of course", " I can, and you", " can too. ", "Now it is ", "your turn."]
HEARD = "What did I just say?"


class ChatServer:
    """What it was asked, and when it sent which piece."""

    def __init__(self, url: str) -> None:
        self.url, self.asked, self.sent = url, list[dict[str, Any]](), list[float]()
        self.sounds, self.pause_s, self.status = list[bytes](), 0.15, 200
        self.answer = ANSWER


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if one.status != 200:
                self._send(
                    one.status, "application/json", b'{"error": {"message": "no such model"}}'
                )
            elif self.path.endswith("/audio/transcriptions"):
                one.sounds.append(body)
                self._send(200, "application/json", json.dumps({"text": HEARD}).encode())
            else:
                one.asked.append(json.loads(body))
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for piece in one.answer:
                    event = {"choices": [{"delta": {"content": piece}}]}
                    self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                    self.wfile.flush()
                    one.sent.append(time.monotonic())
                    time.sleep(one.pause_s)
                self.wfile.write(b"data: [DONE]\n\n")

        def _send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one = ChatServer(f"http://127.0.0.1:{server.server_port}/v1")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
