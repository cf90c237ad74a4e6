"""The routes of the label page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Body, HTTPException, Query
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from vidclf.errors import VidclfError
from vidclf.secrets import redact
from vidclf.web.label.previews import Preview, Previews
from vidclf.web.label.session import Session, View
from vidclf.web.label.store import Reason
from vidclf.web.rendering import templates

_Text = Annotated[str, Body(embed=True)]


@dataclass(frozen=True)
class Media:
    """What the page needs to play a clip.

    Attributes:
        video: address of what to play; empty where nothing can be.
        first_seconds: time of its first frame in the source.
        interval_seconds: typical time from frame to frame.
        problem: why nothing can be played, or empty.
    """

    video: str
    first_seconds: float
    interval_seconds: float
    problem: str = ""


def label_page(session: Session, previews: Previews, *, title: str) -> APIRouter:
    """The page and what it calls.

    Clips go by their number in the session: no request names a file.
    """
    router = APIRouter(prefix="/label")

    def preview(number: int, copy: bool) -> Preview:
        if not session.serves(number):
            raise HTTPException(404)
        return previews.of(session.item(number).entry.path, copy=copy)

    def known(number: int) -> int:
        if not 0 <= number < len(session):
            raise HTTPException(404)
        return number

    @router.get("")
    def page(request: Request) -> Response:
        return templates.TemplateResponse(request, "label.html.j2", {"title": title})

    @router.get("/view")
    def view(clip: Annotated[int | None, Query()] = None) -> View:
        return session.view(clip if clip is None else known(clip))

    @router.get("/clips/{number}/media")
    def media(number: int, copy: bool = False) -> Media:
        try:
            made = preview(known(number), copy)
        except VidclfError as error:
            return Media("", 0.0, 1.0, redact(str(error)))
        address = f"/label/clips/{number}/video{'?copy=1' if copy else ''}"
        return Media(address, float(made.pts_seconds[0]), made.interval_seconds)

    @router.get("/clips/{number}/video")
    def video(number: int, copy: bool = False) -> Response:
        made = preview(known(number), copy)
        return FileResponse(made.path, media_type=made.media_type)

    @router.post("/clips/{number}/label")
    def label(number: int, label: _Text) -> View:
        return session.label(known(number), label)

    @router.post("/clips/{number}/set-aside")
    def set_aside(number: int, reason: Annotated[Reason, Body(embed=True)]) -> View:
        return session.set_aside(known(number), reason)

    @router.post("/clips/{number}/mark")
    def mark(number: int, seconds: Annotated[float, Body(embed=True)], copy: bool = False) -> View:
        return session.mark(number, *preview(known(number), copy).frame_at(seconds))

    @router.delete("/clips/{number}/marks")
    def clear_marks(number: int) -> View:
        return session.clear_marks(known(number))

    @router.post("/clips/{number}/labels")
    def add_label(number: int, label: _Text) -> View:
        return session.add_label(known(number), label)

    @router.post("/undo")
    def undo() -> View:
        return session.undo()

    return router
