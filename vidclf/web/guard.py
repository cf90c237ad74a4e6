"""Who may talk to the server: the browser that was given the address, and only from the server's own pages."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_METHODS = ("GET", "HEAD")

_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Access:
    """What a request must carry.

    Attributes:
        hosts: the names and ports that the server answers to.
        token: the secret; in the address once, in a cookie from then on.
    """

    hosts: frozenset[str]
    token: str = field(repr=False)

    @classmethod
    def on_loopback(cls, port: int) -> Access:
        """Access to a port of this computer, with a new token."""
        return cls(frozenset({f"127.0.0.1:{port}", f"localhost:{port}"}), secrets.token_urlsafe(24))

    @property
    def cookie(self) -> str:
        """The cookie's name; cookies do not tell ports apart, so two servers need two names."""
        return "vidclf_" + min(self.hosts).rpartition(":")[2]

    def admits(self, token: str) -> bool:
        """Whether it is the token."""
        return secrets.compare_digest(token.encode(), self.token.encode())


class Guard:
    """Stands before all pages.

    A request must name one of our hosts, or a foreign page could reach us under a name of its own that it turns
    to the loopback address (DNS rebinding). It must carry the token, which only the terminal shows. One that
    changes something must come from our own pages (`Origin`). Foreign scripts and frames are forbidden.
    """

    def __init__(self, app: ASGIApp, *, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._answer(Request(scope)) or self._app
        await answer(scope, receive, send_with_headers)

    def _answer(self, request: Request) -> Response | None:
        """What the guard itself answers; None for a request that may pass."""
        host = request.headers.get("host", "")
        if host not in self._access.hosts:
            return _refused(f"this server answers to {' and '.join(sorted(self._access.hosts))} only")
        if request.method in _SAFE_METHODS and (token := request.query_params.get("token")) is not None:
            return (
                self._let_in(request) if self._access.admits(token) else _refused("this token is not the right one")
            )
        if not self._access.admits(request.cookies.get(self._access.cookie, "")):
            return _refused("open the address that the command printed, with its token")
        if request.method not in _SAFE_METHODS and request.headers.get("origin") != f"http://{host}":
            return _refused("changes are made from the server's own pages only")
        return None

    def _let_in(self, request: Request) -> Response:
        """To the same page without the token in its address, where it would be seen and stored."""
        response = RedirectResponse(request.url.remove_query_params("token"), status_code=303)
        response.set_cookie(self._access.cookie, self._access.token, httponly=True, samesite="strict")
        return response


def _refused(reason: str) -> Response:
    return PlainTextResponse(f"Refused: {reason}.\n", status_code=403)
