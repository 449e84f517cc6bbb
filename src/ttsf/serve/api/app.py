"""The FastAPI application: endpoints, error handlers, health checks and the page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles

from ttsf.serve.api import portraits, speech, talk, verify, videos
from ttsf.serve.api.guard import Guard
from ttsf.serve.api.live import Gone
from ttsf.serve.problems import Problem, response_to
from ttsf.serve.studio import Studio
from ttsf.serve.talks import Talks

PAGE = Path(__file__).parents[1] / "page"
CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed"}


def create_app(studio: Studio) -> FastAPI:
    """Create the application for a studio whose engine has been started."""

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        studio.open()
        yield
        await app.state.talks.close()
        await studio.close()

    app = FastAPI(title="ttsf", lifespan=life, docs_url=None, redoc_url=None)
    app.state.studio, app.state.keys = studio, set[str]()
    app.state.talks = Talks(studio)
    app.add_middleware(Guard, settings=studio.settings, metrics=studio.metrics)
    for router in (videos.router, speech.router, portraits.router, verify.router, talk.router):
        app.include_router(router)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(Gone, _on_gone)
    app.add_exception_handler(ClientDisconnect, _on_gone)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_error)

    @app.get("/healthz")
    async def alive() -> dict[str, str]:
        """Liveness: the server answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def ready() -> JSONResponse:
        """Readiness: the engine can generate videos."""
        up = studio.engine.is_up
        return JSONResponse({"status": "ok" if up else "loading"}, 200 if up else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        """Prometheus metrics."""
        return Response(studio.figures(), media_type="text/plain; version=0.0.4")

    app.mount("/", StaticFiles(directory=PAGE, html=True), "page")
    return app


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return response_to(error)


async def _on_gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)  # the client has gone


async def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = str(first["loc"][-1])
    return response_to(Problem(422, "invalid_value", f"{name}: {first['msg']}", name))


async def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = CODES.get(error.status_code, "error")
    problem = Problem(error.status_code, code, error.detail, None, error.headers)
    return response_to(problem)


async def _on_error(_request: Request, error: Exception) -> Response:
    return response_to(Problem(500, "server_error", f"the server failed ({type(error).__name__})"))
