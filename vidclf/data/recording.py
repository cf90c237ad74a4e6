"""Takes from a camera: clips with their real times, and a manifest that names each as soon as it is whole.

Everything goes by the source's own clock: a countdown of 3 s passes with 3 s of its frames. A camera's clock is
the real one, so nothing has to wait; a file passes as fast as it is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vidclf.data.layouts.table import read_csv, write_csv
from vidclf.data.manifest import ClipEntry
from vidclf.errors import DecodeError, StoppedError, UsageError
from vidclf.files import appearing
from vidclf.types import Frame, UInt8Array
from vidclf.video import VideoSource, write_video
from vidclf.video.retime import retime_video
from vidclf.video.sampling import CLOCK_ERROR_SECONDS

# Encoding must keep up with the camera, and a clip is recorded once and decoded often: quick, and few losses.
_CRF, _PRESET = 18, "ultrafast"

# A camera in good light is within a few per cent of what it declares.
_SLOW_SHARE = 0.9

# A clock that goes back by more is that of another recording, or of a camera that started anew.
_JITTER_SECONDS = 1.0

_NO_FOLDER_NAME = re.compile(r'^[. ]|[/\\:*?"<>|\x00-\x1f]|[. ]$|^$')


@dataclass(frozen=True)
class Moment:
    """What is going on when a frame arrives.

    Attributes:
        label: what is, or will be, recorded.
        number: which take of this label, from 1.
        total: of how many.
        phase: `countdown` or `recording`.
        seconds_left: until the phase ends.
    """

    label: str
    number: int
    total: int
    phase: Literal["countdown", "recording"]
    seconds_left: float


Watch = Callable[[Frame, Moment], None]


@dataclass(frozen=True)
class Take:
    """One recorded clip.

    Attributes:
        path: the file.
        label: its class.
        num_frames: how many frames came.
        fps: frames per second as they came; 0 for a single frame.
        declared_fps: frames per second as the source declares them.
    """

    path: Path
    label: str
    num_frames: int
    fps: float
    declared_fps: float

    @property
    def is_slow(self) -> bool:
        """Whether clearly fewer frames came than the source declares."""
        return self.fps < _SLOW_SHARE * self.declared_fps


def record_takes(
    source: VideoSource,
    folder: Path,
    takes: Sequence[tuple[str, int]],
    *,
    seconds: float,
    countdown_seconds: float,
    group: str = "",
    watch: Watch | None = None,
) -> Iterator[Take]:
    """Record takes one after the other; each is in `folder/manifest.csv` before it is given.

    A clip is `folder/LABEL/LABEL_0001.mp4`; numbers go on after those that are there. Frames are encoded as they
    come, so memory does not grow with a take. What is interrupted or breaks off leaves the finished takes.

    Args:
        source: a camera, stream or file, just opened.
        folder: where clips and manifest go.
        takes: labels, and how many takes of each.
        seconds: length of a take.
        countdown_seconds: what passes before each take.
        group: who is recorded; written to the manifest.
        watch: is given every frame, to show it or to count down.

    Raises:
        UsageError: a label that cannot be a folder's name, or lengths below 0; said before anything is recorded.
        ManifestError: the manifest that is there cannot be read.
        StoppedError: the source broke off or ended in the middle of a take, or the disk is full.
    """
    for label, _ in takes:
        _check_label(label)
    if not seconds > 0 or not countdown_seconds >= 0:
        raise UsageError("a take must be longer than 0 seconds, and a countdown not shorter than 0.")
    manifest = folder / "manifest.csv"
    _rows(manifest)  # a manifest that cannot be read is said before anybody waves at a camera
    return _record(source, manifest, takes, seconds, countdown_seconds, group, watch)


def _record(
    source: VideoSource,
    manifest: Path,
    takes: Sequence[tuple[str, int]],
    seconds: float,
    countdown_seconds: float,
    group: str,
    watch: Watch | None,
) -> Iterator[Take]:
    frames = _Frames(source, watch)
    for label, total in takes:
        for number in range(1, total + 1):
            for _ in frames.of(Moment(label, number, total, "countdown", countdown_seconds)):
                pass
            path = _next_path(manifest, label)
            times = _write(path, frames.of(Moment(label, number, total, "recording", seconds)), source)
            fps = (len(times) - 1) / times[-1] if len(times) > 1 else 0.0
            take = Take(path, label, len(times), fps, 1 / source.nominal_interval)
            _add_row(manifest, take, group)
            yield take


class _Frames:
    """One pass over a source, cut into countdowns and takes."""

    def __init__(self, source: VideoSource, watch: Watch | None) -> None:
        self._source, self._watch = source, watch
        self._rest = iter(source)
        self._held: Frame | None = None  # the first frame after what was last asked for
        self._latest_seconds = -math.inf

    def of(self, whole: Moment) -> Iterator[Frame]:
        """The frames of one countdown or take, which lasts as long as `whole` has left."""
        if whole.seconds_left == 0:
            return
        frame = self._held or self._next(whole)
        if frame is None:
            raise _lost(self._source, whole, "it has ended")
        start_seconds = frame.pts_seconds
        while (passed := frame.pts_seconds - start_seconds) < whole.seconds_left - CLOCK_ERROR_SECONDS:
            if self._watch:
                self._watch(frame, replace(whole, seconds_left=whole.seconds_left - passed))
            yield frame
            following = self._next(whole)
            if following is None:
                # The last frame lasts for an interval too; half of one more for a clock that is not exact.
                if passed + 1.5 * self._source.nominal_interval < whole.seconds_left:
                    raise _lost(self._source, whole, f"it ended after {passed:.1f} s")
                self._held = None
                return
            frame = following
        self._held = frame

    def _next(self, moment: Moment) -> Frame | None:
        """The next frame whose time is later than that of the one before; None at the end."""
        try:
            for frame in self._rest:
                if frame.pts_seconds > self._latest_seconds:
                    self._latest_seconds = frame.pts_seconds
                    return frame
                if frame.pts_seconds < self._latest_seconds - _JITTER_SECONDS:
                    raise _lost(self._source, moment, "its clock jumped back")
        except DecodeError as error:
            raise _lost(self._source, moment, str(error)) from None
        return None


def _lost(source: VideoSource, moment: Moment, why: str) -> StoppedError:
    where = f"take {moment.number} of {moment.total} of {moment.label!r}"
    when = f"in the middle of {where}, which was not kept" if moment.phase == "recording" else f"before {where}"
    return StoppedError(f"{source.source} was lost {when}: {why.rstrip('. ')}. The takes before it are kept.")


def _write(path: Path, frames: Iterator[Frame], source: VideoSource) -> list[float]:
    """Write one take; gives the times of its frames in seconds, from 0."""
    pts_seconds: list[float] = []

    def images() -> Iterator[UInt8Array]:
        for frame in frames:
            pts_seconds.append(frame.pts_seconds)
            yield frame.image

    with appearing(path) as part:
        encoded = part.with_name(f"encoded{part.suffix}")
        # When the first frame is encoded, nobody knows when the last one will come: the times follow.
        write_video(encoded, images(), fps=1 / source.nominal_interval, crf=_CRF, preset=_PRESET)
        times = [seconds - pts_seconds[0] for seconds in pts_seconds]
        retime_video(encoded, part, times)
    return times


def _check_label(label: str) -> None:
    if _NO_FOLDER_NAME.search(label):
        raise UsageError(
            f'{label!r} cannot be a label here: it names a folder, so it must not be empty, hold / \\ : * ? " < > | '
            "or begin or end with a dot or a blank."
        )


def _rows(manifest: Path) -> tuple[ClipEntry, ...]:
    return read_csv(manifest, manifest.parent).entries if manifest.exists() else ()


def _next_path(manifest: Path, label: str) -> Path:
    """The first name after all that are there, as files or as rows."""
    folder = manifest.parent / label
    names = [path.name for path in folder.glob("*")] + [row.path.name for row in _rows(manifest)]
    numbered = (re.fullmatch(rf"{re.escape(label)}_(\d+)\.mp4", name) for name in names)
    latest = max((int(match[1]) for match in numbered if match), default=0)
    return folder / f"{label}_{latest + 1:04}.mp4"


def _add_row(manifest: Path, take: Take, group: str) -> None:
    extra = {"frames": str(take.num_frames), "fps": f"{take.fps:.3f}", "declared_fps": f"{take.declared_fps:.3f}"}
    name = take.path.relative_to(manifest.parent).as_posix()
    row = ClipEntry(name, take.path, take.label, group=group, extra=extra)
    # Read anew: somebody may have labelled the takes before it in the meantime.
    write_csv(manifest, [*_rows(manifest), row])
