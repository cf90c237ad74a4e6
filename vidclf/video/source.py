"""What every kind of source can do: give its frames in order, its times, and chosen frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from vidclf.errors import MixedSizesError
from vidclf.types import Float64Array, Frame, IntArray, UInt8Array
from vidclf.video.buffer import FrameBuffer
from vidclf.video.limits import Limits
from vidclf.video.resize import Resizer
from vidclf.video.times import repaired

# For how many frames there is room at first where it is not known how many will come.
_FIRST_ROOM = 32


@dataclass(frozen=True, eq=False)
class Presented:
    """One frame as a full decode presents it.

    Attributes:
        index: its number in presentation order; this is what identifies a frame.
        raw_seconds: its time as the source has it, None where there is none.
        size: (height, width), upright; None where it was not looked at.
        image: uint8 RGB (H, W, 3), upright; None where it was not wanted.
    """

    index: int
    raw_seconds: float | None
    size: tuple[int, int] | None
    image: UInt8Array | None


@dataclass(frozen=True, eq=False)
class Collected:
    """What one pass over a source brought.

    Attributes:
        numbers: int64 (K,), the wanted frames that there are, ascending.
        frames: uint8 RGB (K, H, W, 3).
        pts_seconds: float64 (N,), times of all frames of the source, wanted or not, as `pts_seconds()` gives.
    """

    numbers: IntArray
    frames: UInt8Array
    pts_seconds: Float64Array

    def holds(self, numbers: IntArray) -> bool:
        """Whether all these frames are there."""
        return bool(np.isin(numbers, self.numbers).all())

    def take(self, numbers: IntArray) -> UInt8Array:
        """Some of the frames by their numbers, in any order; without a copy where it is all of them, as they are."""
        if np.array_equal(numbers, self.numbers):
            return self.frames
        return self.frames[np.searchsorted(self.numbers, numbers)]


class Gathering:
    """Resizes wanted frames and puts them together, within the limits, while a source is gone through.

    Args:
        source: whose frames.
        wanted: numbers of frames; all where None.
        size: (height, width) to resize to; as the first frame that is added where None.
    """

    def __init__(self, source: VideoSource, wanted: Collection[int] | None, size: tuple[int, int] | None) -> None:
        self._source, self._size, self._target = source, size, size
        self._expected = len(wanted) if wanted is not None else 0
        self._numbers: list[int] = []
        self._frames = FrameBuffer(self._expected or _FIRST_ROOM)

    def add(self, shown: Presented) -> None:
        """Take a frame if it has an image; where no size was given, the first one with a size gives it.

        Raises:
            MixedSizesError: pictures of a folder differ in size, and none was given.
            LimitExceededError: they take more memory than they may.
        """
        self._target = self._target or shown.size
        if shown.image is None or self._target is None:
            return
        if self._size is None and not self._source.scales_to_first:
            self._check_same_size(shown, self._target)
        count = max(len(self._numbers) + 1, self._expected)
        self._source.limits.check_frames(self._source.source, count, *self._target)
        self._frames.append(self._source.resizer.resize(shown.image, self._target))
        self._numbers.append(shown.index)

    def collected(self, pts_seconds: Float64Array) -> Collected:
        """What came, with the times of all frames of the source."""
        return Collected(np.array(self._numbers, dtype=np.int64), self._frames.frames(), pts_seconds)

    def _check_same_size(self, shown: Presented, target: tuple[int, int]) -> None:
        if shown.size is not None and shown.size != target:
            raise MixedSizesError(
                self._source.source,
                f"frame {shown.index} has {shown.size[1]}x{shown.size[0]} pixels, "
                f"the first one {target[1]}x{target[0]}",
            )


class VideoSource(ABC):
    """A file, folder of pictures, stream or camera; made by `open_source`, used in a `with` statement.

    Iterating gives every frame as `Frame`: upright RGB in its own size, with its time as the source has it
    (where timestamps jump back, so do these; `read_clip` gives times that never decrease). A file or folder can
    be gone through several times, a stream or camera once.

    Attributes:
        source: what it is, with secrets masked.
    """

    # Whether frames of another size than the first are scaled to it where one size is needed, as FFmpeg's
    # own program does for a video. In a folder of pictures they are a mistake.
    scales_to_first = True

    def __init__(self, source: str, limits: Limits) -> None:
        self.source = source
        self.limits = limits
        self.resizer = Resizer()
        self._pts_seconds: Float64Array | None = None

    @property
    def is_live(self) -> bool:
        """Whether it has no end and can be gone through only once."""
        return False

    @property
    @abstractmethod
    def nominal_interval(self) -> float:
        """Seconds from frame to frame where timestamps are missing."""

    @abstractmethod
    def present(self, wanted: Callable[[int], bool]) -> Generator[Presented, None, None]:
        """Decode all frames in presentation order; only those are converted whose number is wanted."""

    @abstractmethod
    def planned_pts_seconds(self) -> Float64Array | None:
        """Times that the frames should have, found without decoding, or None where that cannot be known."""

    @abstractmethod
    def close(self) -> None:
        """Let go of all that is open; may be called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        latest, interval = -self.nominal_interval, self.nominal_interval
        with closing(self._present_checked(lambda _: True)) as frames:
            for shown in frames:
                assert shown.image is not None
                latest = latest + interval if shown.raw_seconds is None else shown.raw_seconds
                yield Frame(shown.image, latest, shown.index)

    def pts_seconds(self) -> Float64Array:
        """Times of all frames that a full decode presents, float64 (N,), in presentation order.

        As the source has them, save that missing ones continue at the frame interval and that those in coding
        order are put in order. Decodes everything once, converts nothing.

        Raises:
            DecodeError: as for `open_source`.
        """
        if self._pts_seconds is None:
            self.collect(frozenset())
        assert self._pts_seconds is not None
        return self._pts_seconds

    def read(self, indices: Sequence[int] | np.typing.NDArray[np.int64]) -> UInt8Array:
        """The frames of these numbers; no others are converted.

        Args:
            indices: numbers from 0, in any order, repeats allowed; at least one.

        Returns:
            uint8 RGB (len(indices), H, W, 3). Where the size changes in mid-stream, all are scaled to the
            first frame's.

        Raises:
            IndexError: there are fewer frames.
            MixedSizesError: pictures of a folder that differ in size.
            DecodeError: as for `open_source`.
        """
        numbers = np.asarray(indices, dtype=np.int64)
        if len(numbers) == 0 or numbers.min() < 0:
            raise IndexError(f"{self.source}: indices must be 0 or more, and at least one")
        collected = self.collect(frozenset(numbers.tolist()))
        if numbers.max() >= len(collected.pts_seconds):
            raise IndexError(
                f"{self.source}: frame {numbers.max()} was asked for; it has {len(collected.pts_seconds)}"
            )
        return collected.take(numbers)

    def collect(self, wanted: Collection[int] | None, size: tuple[int, int] | None = None) -> Collected:
        """One pass: the wanted frames (all where None), and the times of all.

        Args:
            wanted: numbers of frames.
            size: (height, width) to resize to; as the first frame of the source where None.

        Raises:
            MixedSizesError: pictures of a folder differ in size and `size` is None.
            DecodeError: as for `open_source`.
        """
        raw_seconds: list[float | None] = []
        gathering = Gathering(self, wanted, size)
        # A generator, so that no image of full size outlives its turn.
        with closing(self._present_checked(lambda index: wanted is None or index in wanted)) as frames:
            for shown in frames:
                raw_seconds.append(shown.raw_seconds)
                gathering.add(shown)
        self._pts_seconds = repaired(raw_seconds, self.nominal_interval)
        return gathering.collected(self._pts_seconds)

    def _present_checked(self, wanted: Callable[[int], bool]) -> Generator[Presented, None, None]:
        """`present` within the limit of time, which is none for what has no end."""
        first: float | None = None
        with closing(self.present(wanted)) as frames:
            for shown in frames:
                if shown.raw_seconds is not None and not self.is_live:
                    first = shown.raw_seconds if first is None else first
                    self.limits.check_seconds(self.source, shown.raw_seconds - first)
                yield shown
