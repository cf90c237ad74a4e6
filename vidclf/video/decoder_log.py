"""What FFmpeg says while it works: kept as evidence, never printed.

FFmpeg reports damage that it works around only through its log. PyAV can hand these lines to the thread in
which they arise; all that stays process-wide is the level, which is switched on at first use.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from types import TracebackType
from typing import NamedTuple

import av.logging

from vidclf.secrets import redact


class Message(NamedTuple):
    """One line of FFmpeg's log, secrets masked; `component` is the demuxer or decoder that spoke."""

    component: str
    text: str


def listening() -> AbstractContextManager[list[Message]]:
    """Collect FFmpeg's error lines of this thread; the list is filled when the block ends."""
    _switch_on()
    return _Listening()


class _Listening:
    # A class and no generator: it stands around each packet, where these microseconds count.

    def __init__(self) -> None:
        self._capture = av.logging.Capture()
        self._heard: list[Message] = []

    def __enter__(self) -> list[Message]:
        self._capture.__enter__()
        return self._heard

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._capture.__exit__(None, None, None)
        for level, name, text in self._capture.logs:
            if level <= av.logging.ERROR:
                self._heard.append(Message(name, redact(text.strip())))


def _switch_on() -> None:
    level = av.logging.get_level()
    if level is None or level < av.logging.ERROR:
        av.logging.set_level(av.logging.ERROR)
    # A second file with the same damage would otherwise seem sound: PyAV drops a line equal to its last one.
    av.logging.set_skip_repeated(False)


# Lines from outside a `listening` block, or from another thread, go to this logger of PyAV's. They may hold an
# address with its password, and without a handler Python prints them.
_libav = logging.getLogger("libav")
_libav.addHandler(logging.NullHandler())
_libav.propagate = False
