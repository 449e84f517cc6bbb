"""Middleware for all endpoints: authentication, body size, Host and Origin, security headers."""

import hmac
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ttsf.serve.metrics import Metrics
from ttsf.serve.problems import Problem, response_to
from ttsf.serve.settings import Settings

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; media-src 'self' blob:; img-src 'self' blob: data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
GUARDED = ("/v1/", "/metrics")
"""Paths that require a key, if the server has keys; the page itself is public."""
SAFE = ("GET", "HEAD", "OPTIONS")
PORTS = {"http": 80, "https": 443}


class Guard:
    """ASGI middleware that checks each request before the application."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] == "websocket":
            try:  # the key of a live session is in its first message
                self._check_source("POST", Headers(scope=scope))
            except Problem:
                await send({"type": "websocket.close", "code": 1008})
                return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        scope = _with_path(scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
                route = getattr(scope.get("route"), "path", "other")
                self.metrics.requests.labels(route, message["status"]).inc()
            await send(message)

        try:
            self._check(scope["method"], scope["path"], Headers(scope=scope))
        except Problem as problem:
            await response_to(problem)(scope, receive, answer)
            return
        if scope["method"] == "HEAD":  # the server's own scope is still HEAD: it sends no body
            scope = {**scope, "method": "GET"}
        await self.app(scope, self._limited(receive), answer)

    def _check_source(self, method: str, headers: Headers) -> None:
        """Check Host and Origin."""
        host = _host(headers.get("host", ""))
        if not self.settings.keys and host not in self.settings.hosts:
            raise Problem(421, "wrong_host", "this server does not answer to that name")
        origin = headers.get("origin")
        if method not in SAFE and origin is not None and not _same_site(origin, headers):
            raise Problem(403, "foreign_origin", "other sites' pages may not send requests")

    def _check(self, method: str, path: str, headers: Headers) -> None:
        self._check_source(method, headers)
        if self.settings.keys and path.startswith(GUARDED):
            given = headers.get("authorization", "")
            scheme, _, key = given.partition(" ")
            if scheme.lower() != "bearer" or not is_key(key.strip(), self.settings.keys):
                detail = "send a key: Authorization: Bearer KEY"
                challenge = {"WWW-Authenticate": "Bearer"}
                raise Problem(401, "invalid_api_key", detail, None, challenge)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.settings.most_body:
            raise self._too_large()

    def _limited(self, receive: Receive) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.settings.most_body:
                raise self._too_large()
            return message

        return counted

    def _too_large(self) -> Problem:
        most = f"{self.settings.most_body:,}"
        return Problem(413, "too_large", f"a request has at most {most} bytes")


def _with_path(scope: Scope) -> Scope:
    """Turn a request for a whole address (RFC 9112, 3.2.2) into one for its path, of its host."""
    target = scope.get("raw_path") or b""
    if not target.lower().startswith((b"http://", b"https://")):
        return scope
    try:
        address = urlsplit(target.decode("ascii"))
    except ValueError:
        return scope
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    headers = [(b"host", address.netloc.encode()), *others]
    path = address.path or "/"
    return {**scope, "path": unquote(path), "raw_path": path.encode(), "headers": headers}


def _same_site(origin: str, headers: Headers) -> bool:
    """Whether a page of this server sends the request; a left-out port is the scheme's default."""
    try:
        theirs, ours = urlsplit(origin), urlsplit(f"//{headers.get('host', '')}")
        usual = PORTS.get(theirs.scheme)
        same = (theirs.hostname, theirs.port or usual) == (ours.hostname, ours.port or usual)
    except ValueError:
        return False
    return same and theirs.hostname is not None


def is_key(given: str, keys: Sequence[str]) -> bool:
    """Whether a text is one of the keys; compares all of them, in constant time."""
    return any([hmac.compare_digest(given.encode(), key.encode()) for key in keys])


def _host(header: str) -> str:
    """Return the host without port, and an IPv6 address without brackets."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
