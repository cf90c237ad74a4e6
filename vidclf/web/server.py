"""Pages on a port of the loopback, until the user ends it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import APIRouter

from vidclf.errors import UsageError
from vidclf.web.app import make_app
from vidclf.web.guard import Access

_HOST = "127.0.0.1"
_PATIENCE_SECONDS = 1  # with what is still being sent when the server ends


class LocalServer:
    """Serves pages to this computer only; used in a `with` statement.

    Attributes:
        access: what a request must carry.

    Raises:
        UsageError: the port is taken, or not to be had.
    """

    def __init__(self, pages: Sequence[APIRouter], *, port: int = 0) -> None:
        try:
            self._socket = socket.create_server((_HOST, port))
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"port {port} of {_HOST} cannot be used ({error}). Name another, or none to have a free one chosen."
            ) from None
        self._port = int(self._socket.getsockname()[1])
        self.access = Access.on_loopback(self._port)
        config = uvicorn.Config(
            make_app(pages, self.access),
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=_PATIENCE_SECONDS,
        )
        self._server = uvicorn.Server(config)

    def url(self, path: str) -> str:
        """The address of a page, with the token that lets a browser in."""
        return f"http://{_HOST}:{self._port}{path}?token={self.access.token}"

    def run(self) -> None:
        """Serve until `stop`, or until the user interrupts, which is the usual end and no error."""
        with suppress(KeyboardInterrupt):  # uvicorn ends in good order and then passes the signal on
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End `run`, from another thread."""
        self._server.should_exit = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()
