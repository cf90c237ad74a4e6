"""What a browser can play of a clip: the file itself, or a small copy of it."""

from __future__ import annotations

import itertools
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from types import TracebackType
from typing import Self

import numpy as np

from vidclf.errors import StoppedError
from vidclf.secrets import SourceAddress
from vidclf.types import Float64Array, UInt8Array
from vidclf.video import Limits, Resizer, VideoSource, open_source, write_video
from vidclf.video.container import open_container
from vidclf.video.retime import retime_video
from vidclf.video.sampling import CLOCK_ERROR_SECONDS, typical_interval
from vidclf.video.times import ascending, repaired

# What the common browsers play, by FFmpeg's names of container and codec.
_MEDIA_TYPES = {
    ("mov,mp4,m4a,3gp,3g2,mj2", "h264"): "video/mp4",
    ("matroska,webm", "vp8"): "video/webm",
    ("matroska,webm", "vp9"): "video/webm",
}
_PLAYED_PIXELS = ("yuv420p", "yuvj420p")

_LONG_SIDE = 640  # of a copy, pixels
_CRF, _PRESET = 26, "ultrafast"
_MAX_KEPT = 200
_AT_ONCE = 2


@dataclass(frozen=True, eq=False)
class Preview:
    """A file that a browser plays, and how its time goes with the clip's.

    Attributes:
        path: the file; frame k of it is frame k of the clip.
        media_type: such as `video/mp4`.
        shown_seconds: when the player shows each frame, float64 (N,), from 0 and increasing.
        pts_seconds: their times in the source, float64 (N,).
    """

    path: Path
    media_type: str
    shown_seconds: Float64Array
    pts_seconds: Float64Array

    @property
    def interval_seconds(self) -> float:
        """Typical time from frame to frame; 1 s for a single one."""
        return typical_interval(self.pts_seconds) or 1.0

    def frame_at(self, seconds: float) -> tuple[float, float]:
        """From when to when, in the source's own time, the frame is shown that the player shows at `seconds`."""
        frame = int(np.searchsorted(self.shown_seconds, seconds + CLOCK_ERROR_SECONDS, side="right")) - 1
        frame = max(frame, 0)
        start = float(self.pts_seconds[frame])
        is_last = frame + 1 == len(self.pts_seconds)
        return start, start + self.interval_seconds if is_last else float(self.pts_seconds[frame + 1])


class Previews:
    """Makes previews, several at once, and keeps the latest copies in a folder that goes with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vidclf-previews-")
        self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="preview")
        self._made: OrderedDict[tuple[Path, bool], Future[Preview]] = OrderedDict()
        self._numbers = itertools.count()
        self._lock = Lock()
        self._is_over = Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._workers.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def of(self, clip: Path, *, copy: bool = False) -> Preview:
        """What to play; waits until it is made.

        Args:
            clip: a video.
            copy: make a copy even where browsers are known to play such files; this one did not.

        Raises:
            DecodeError: the clip cannot be read.
        """
        with self._lock:
            future = self._made.get((clip, copy))
            if future is None:
                target = Path(self._folder.name) / f"{next(self._numbers)}.mp4"
                future = self._workers.submit(_make, clip, target, copy, self._is_over)
                self._made[clip, copy] = future
            self._made.move_to_end((clip, copy))
            dropped = self._made.popitem(last=False)[1] if len(self._made) > _MAX_KEPT else None
        if dropped is not None:
            self._drop(dropped)
        return future.result()

    def _drop(self, future: Future[Preview]) -> None:
        if future.exception() is None and (path := future.result().path).parent == Path(self._folder.name):
            with suppress(OSError):  # where a file that is being read cannot be removed, it goes with the folder
                path.unlink()


def _make(clip: Path, target: Path, copy: bool, is_over: Event) -> Preview:
    media_type = None if copy else _media_type(clip)
    with open_source(clip) as source:
        if media_type is not None:
            pts_seconds = source.planned_pts_seconds()
            # Players and decoders disagree on what comes before the first frame, so none may come.
            if pts_seconds is not None and len(pts_seconds) and abs(pts_seconds[0]) < CLOCK_ERROR_SECONDS:
                return Preview(clip, media_type, pts_seconds, pts_seconds)
        raw_seconds: list[float] = []
        encoded = target.with_suffix(".encoded.mp4")
        images = _small_images(source, raw_seconds, is_over)
        write_video(encoded, images, fps=1 / source.nominal_interval, crf=_CRF, preset=_PRESET)
        pts_seconds = ascending(repaired(raw_seconds, source.nominal_interval), source.nominal_interval)
    shown_seconds = _increasing(pts_seconds - pts_seconds[0])
    retime_video(encoded, target, shown_seconds.tolist())
    encoded.unlink()
    return Preview(target, "video/mp4", shown_seconds, pts_seconds)


def _media_type(clip: Path) -> str | None:
    """What the common browsers know the file as; None where they are not known to play it."""
    opened = open_container(SourceAddress.parse(clip), stream=0, limits=Limits(), timeout_seconds=10.0)
    with opened.container as container:
        context = opened.stream.codec_context
        if context.pix_fmt not in _PLAYED_PIXELS or len(container.streams.video) > 1:
            return None
        return _MEDIA_TYPES.get((container.format.name, context.name))


def _increasing(seconds: Float64Array) -> Float64Array:
    """Frames at one time apart by the least that a player tells apart."""
    least = CLOCK_ERROR_SECONDS * np.arange(len(seconds))
    increasing: Float64Array = np.maximum.accumulate(seconds - least) + least
    return increasing


def _small_images(source: VideoSource, raw_seconds: list[float], is_over: Event) -> Iterator[UInt8Array]:
    """The source's pictures, none larger than the first is when small; their times go to `raw_seconds`."""
    resizer = Resizer()
    size: tuple[int, int] | None = None
    for frame in source:
        if is_over.is_set():
            raise StoppedError(f"{source.source}: nobody waits for the copy any more.")
        height, width = frame.image.shape[:2]
        scale = min(1.0, _LONG_SIDE / max(height, width))
        size = size or (max(1, round(height * scale)), max(1, round(width * scale)))
        raw_seconds.append(frame.pts_seconds)
        yield resizer.resize(frame.image, size)
