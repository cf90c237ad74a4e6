"""What FFmpeg says while it works: kept as evidence, never printed.

FFmpeg reports damage that it works around only through its log. PyAV can hand these lines to the thread in
which they arise; all that stays process-wide is the level, which is switched on at first use.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import av.logging

from vidclf.secrets import redact


class Message(NamedTuple):
    """One line of FFmpeg's log, secrets masked; `component` is the demuxer or decoder that spoke."""

    component: str
    text: str


@contextmanager
def listening() -> Iterator[list[Message]]:
    """Collect FFmpeg's error lines of this thread; the list is filled when the block ends."""
    _switch_on()
    heard: list[Message] = []
    with av.logging.Capture() as lines:
        try:
            yield heard
        finally:
            heard += [Message(name, redact(text.strip())) for level, name, text in lines if level <= av.logging.ERROR]


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
