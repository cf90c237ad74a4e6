"""Cameras and streams as they are: a slow reader sees the newest frames, and a lost source is opened again."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from vidclf.errors import DecodeError, StoppedError
from vidclf.secrets import SourceAddress
from vidclf.types import Frame
from vidclf.video.reader import open_source

logger = logging.getLogger(__name__)

# How long to wait before a lost source is opened again, in seconds: longer each time, up to the last.
_WAITS_SECONDS = (0.2, 0.5, 1.0, 2.0)
# Whoever stops does not wait longer for a read that hangs.
_PATIENCE_SECONDS = 1.0


class Capture:
    """Frames of a live source, by one thread of its own; used in a `with` statement, and gone through once.

    Where they are not taken as fast as they come, the oldest ones that wait are left out. A source that ends, breaks
    off or falls silent is opened again until it is back: the end of a stream looks like its loss. Its times go on as
    the clock does, whatever its own begin with.

    A file is no live source: each of its frames is given, in its own time, and its end is the end.

    Args:
        source: as for `open_source`.
        waiting: how many frames may wait.
        silent_seconds: how long a source may be silent before it counts as lost.
        give_up_seconds: end with an error when it has been lost for so long; None: never.
        paced: give the frames of a file as a camera would, at the pace of their times, leaving out what comes too
            late.

    Raises:
        SourceRefusedError: an address of a kind that is not opened.
        DecodeError: while it is gone through: it cannot be opened in the first place, or it is a file and damaged.
        StoppedError: while it is gone through: it was lost for `give_up_seconds`.

    Attributes:
        skipped: how many frames were left out so far.
        losses: how often the source was lost so far.
    """

    def __init__(
        self,
        source: str | Path | int,
        *,
        waiting: int = 4,
        silent_seconds: float = 2.0,
        give_up_seconds: float | None = None,
        paced: bool = False,
    ) -> None:
        self._source = source
        self._address = SourceAddress.parse(source)
        self._is_live = self._address.kind != "file"
        self._drops = self._is_live or paced
        self._paced = paced and not self._is_live
        self._silent_seconds, self._give_up_seconds = silent_seconds, give_up_seconds
        self._waiting: deque[Frame] = deque()
        self._most = waiting
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self._ended = False
        self._begun = time.monotonic()
        self.skipped = 0
        self.losses = 0
        self._thread = threading.Thread(target=self._run, name=f"capture {self._address.shown}", daemon=True)

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join(_PATIENCE_SECONDS)

    def stop(self) -> None:
        """End the iteration, from any thread."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Frame]:
        while True:
            with self._changed:
                while not (self._waiting or self._ended or self._stopped.is_set()):
                    self._changed.wait()
                if self._stopped.is_set():
                    return
                if not self._waiting:
                    if self._error is not None:
                        raise self._error
                    return
                frame = self._waiting.popleft()
                self._changed.notify_all()
            yield frame

    def _run(self) -> None:
        try:
            if self._is_live:
                self._stay()
            else:
                self._pass(lambda frame: frame.pts_seconds)
        except BaseException as error:  # whoever iterates is told
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _stay(self) -> None:
        """Give frames of a live source for as long as there are any, and longer."""
        attempt, lost_at = 0, time.monotonic()
        while not self._stopped.is_set():
            clock = _Clock(self._begun)
            why = "it ended"
            try:
                self._pass(clock)
            except DecodeError as error:
                if not (clock.has_begun or self.losses):  # an address that never answered is a wrong one
                    raise
                why = str(error)
            if self._stopped.is_set():
                return
            if clock.has_begun:
                attempt, lost_at = 0, time.monotonic()
                self.losses += 1
                logger.warning("%s was lost (%s); it is opened again", self._address.shown, why.rstrip(". "))
            elif self._give_up_seconds is not None and time.monotonic() - lost_at > self._give_up_seconds:
                raise StoppedError(f"{self._address.shown} was lost and did not come back: {why}")
            self._stopped.wait(_WAITS_SECONDS[min(attempt, len(_WAITS_SECONDS) - 1)])
            attempt += 1

    def _pass(self, clock: Callable[[Frame], float]) -> None:
        """Go through the source once."""
        with open_source(self._source, timeout_seconds=self._silent_seconds) as opened:
            first_seconds: float | None = None
            for frame in opened:
                if self._paced:
                    first_seconds = frame.pts_seconds if first_seconds is None else first_seconds
                    self._stopped.wait(self._begun + frame.pts_seconds - first_seconds - time.monotonic())
                self._put(replace(frame, pts_seconds=clock(frame)))
                if self._stopped.is_set():
                    return

    def _put(self, frame: Frame) -> None:
        with self._changed:
            if self._drops and len(self._waiting) >= self._most:
                self._waiting.popleft()
                self.skipped += 1
            while len(self._waiting) >= self._most and not self._stopped.is_set():
                self._changed.wait()
            self._waiting.append(frame)
            self._changed.notify_all()


class _Clock:
    """Times of one connection's frames, in seconds since the capture began: its own, from where the clock stands."""

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self._offset_seconds: float | None = None

    @property
    def has_begun(self) -> bool:
        return self._offset_seconds is not None

    def __call__(self, frame: Frame) -> float:
        if self._offset_seconds is None:
            self._offset_seconds = time.monotonic() - self._begun - frame.pts_seconds
        return frame.pts_seconds + self._offset_seconds
