"""RFC 9457 problem responses with an OpenAI-style `error` object."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
STATUS_OF = {"unusable": 422, "disk_full": 507, "engine_error": 500, "cancelled": 409}
"""HTTP status by the engine's error code."""


class Problem(Exception):
    """An error response."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.param, self.headers = param, dict(headers or {})


def response_to(problem: Problem) -> JSONResponse:
    """Build the HTTP response of a problem."""
    content = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "error": error_of(problem),
    }
    return JSONResponse(content, problem.status, problem.headers, MEDIA_TYPE)


def error_of(problem: Problem) -> dict[str, Any]:
    """Build the OpenAI-style `error` object."""
    kind = "server_error" if problem.status >= 500 else "invalid_request_error"
    if problem.status == 429:
        kind = "rate_limit_error"
    return {
        "message": problem.detail,
        "type": kind,
        "code": problem.code,
        "param": problem.param,
    }


def not_found(what: str) -> Problem:
    """Build the 404 problem for an unknown id."""
    return Problem(404, "not_found", f"there is no such {what}")


def unknown_voice(name: str) -> Problem:
    """Build the 422 problem for a voice that the model lacks."""
    detail = f"there is no voice {name[:40]}; GET /v1/voices lists the voices"
    return Problem(422, "unknown_voice", detail, "voice")
