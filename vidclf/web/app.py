"""Puts pages together behind the guard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from vidclf.errors import DecodeError, UsageError, VidclfError
from vidclf.secrets import redact
from vidclf.web.guard import Access, Guard

_STATIC = Path(__file__).parent / "static"


def make_app(pages: Sequence[APIRouter], access: Access) -> FastAPI:
    """The application.

    Args:
        pages: one router a page, each below a path of its own.
        access: what a request must carry.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=_STATIC))
    for page in pages:
        app.include_router(page)
    app.add_exception_handler(VidclfError, _tell)
    app.add_middleware(Guard, access=access)
    return app


def _tell(_: Request, error: Exception) -> Response:
    """Our errors are sentences for whoever looks at the page."""
    status = 400 if isinstance(error, UsageError) else 422 if isinstance(error, DecodeError) else 503
    return JSONResponse({"error": redact(str(error))}, status_code=status)
