"""The real server on a free port, and browsers that talk to it."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.video.drawing import numbered, write_video
from vidclf.infer import Predictor
from vidclf.web.label import LabelStore, Previews, Proposer, Session, label_page
from vidclf.web.server import LocalServer


@contextmanager
def serving(folder: Path, *labels: str, predictor: Predictor | None = None) -> Iterator[LocalServer]:
    """The label page of a folder."""
    session = Session(LabelStore(folder), labels, known=predictor.classes if predictor else ())
    with ExitStack() as stack:
        previews = stack.enter_context(Previews())
        server = stack.enter_context(LocalServer([label_page(session, previews, title=folder.name)]))
        if predictor:
            stack.enter_context(Proposer(session, predictor))
        thread = Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    server: LocalServer,
    path: str,
    *,
    method: str = "GET",
    body: object = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request as it is written, with the right cookie, host and origin unless told otherwise."""
    at = urlsplit(server.url("/"))
    sent = {
        "Host": at.netloc,
        "Cookie": f"{server.access.cookie}={server.access.token if token is None else token}",
        "Origin": f"http://{at.netloc}",
        "Content-Type": "application/json",
        **(headers or {}),
    }
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        data = b"" if body is None else json.dumps(body).encode()
        for name, value in {**sent, "Content-Length": str(len(data))}.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders(data)
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def make_clips(folder: Path, count: int = 3, frames: int = 20) -> Path:
    """A folder of numbered videos: clip_1.mp4 and so on, 25 frames/s, of which each frame shows its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, count + 1):
        write_video(folder / f"clip_{number}.mp4", [numbered(k) for k in range(frames)])
    return folder
