"""What the packets of a stream tell before anything is decoded: times, key frames, and what a frame needs."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.stream import VideoStream

from vidclf.types import BoolArray, Float64Array, IntArray

_NO_TIME = -(2**63)  # FFmpeg's AV_NOPTS_VALUE
_HEAD_BYTES = 4096


def is_shown(packet: av.Packet[VideoStream]) -> bool:
    """Whether a frame should come of a packet: it is neither empty nor decoded only because others need it."""
    return packet.size > 0 and not packet.is_discard


@dataclass(frozen=True)
class Span:
    """A run of packets to decode, from a key frame to the last packet that a wanted frame comes from.

    Attributes:
        first: position of the key frame's packet in the index.
        last: position of the last packet.
        wanted: numbers of the wanted frames in presentation order, by the positions of their packets.
    """

    first: int
    last: int
    wanted: dict[int, int]


@dataclass(frozen=True, eq=False)
class PacketIndex:
    """The packets of a stream, in the order of the file.

    Attributes:
        unit: seconds of a tick.
        pts: int64 (N,), presentation times in ticks.
        dts: int64 (N,), decoding times in ticks; where missing (Matroska has none at the start), that of
            presentation.
        sizes: int64 (N,), in bytes.
        keys: bool (N,), true on key frames.
        shown: bool (N,), as `is_shown` says.
        corrupt: bool (N,), true where the demuxer says that something is missing.
        head: the first bytes of the first packet.
    """

    unit: Fraction
    pts: IntArray
    dts: IntArray
    sizes: IntArray
    keys: BoolArray
    shown: BoolArray
    corrupt: BoolArray
    head: bytes

    @classmethod
    def of(cls, packets: Iterable[av.Packet[VideoStream]], unit: Fraction) -> PacketIndex | None:
        """Go through all packets but an empty one at the end; None as soon as one that is shown has no time."""
        pts, dts, sizes = array("q"), array("q"), array("q")
        keys, shown, corrupt = array("B"), array("B"), array("B")
        head = b""
        for packet in packets:
            if packet.size == 0 and packet.dts is None:
                continue
            if packet.pts is None and is_shown(packet):
                return None
            if not pts:
                head = bytes(packet)[:_HEAD_BYTES]
            pts.append(_NO_TIME if packet.pts is None else packet.pts)
            dts.append(pts[-1] if packet.dts is None else packet.dts)
            sizes.append(packet.size)
            keys.append(packet.is_keyframe)
            shown.append(is_shown(packet))
            corrupt.append(packet.is_corrupt)
        return cls(
            unit,
            *(np.array(pts, np.int64), np.array(dts, np.int64), np.array(sizes, np.int64)),
            *(np.array(keys, np.bool_), np.array(shown, np.bool_), np.array(corrupt, np.bool_)),
            head,
        )

    @property
    def planned_pts_seconds(self) -> Float64Array | None:
        """Times of the frames that will be shown, sorted, float64 (M,); None where recordings seem joined."""
        if not self._keys_ascend:
            return None
        # Not `tick * unit`: PyAV's rationals have 32 bits and overflow.
        return np.sort(self.pts[self.shown]).astype(np.float64) * self.unit.numerator / self.unit.denominator

    @property
    def numbers_frames(self) -> bool:
        """Whether the order of the packets' times is the order of the frames.

        It is when each packet is whole, shown, and has a time of its own, and nothing is shown before the first
        one, which is a key frame (frames there refer to what is missing, and do not come).
        """
        return bool(
            len(self.pts)
            and self.shown.all()
            and not self.corrupt.any()
            and self.keys[0]
            and self.pts.min() == self.pts[0]
            and (np.diff(np.sort(self.pts)) > 0).all()
            and self._keys_ascend
        )

    @property
    def _keys_ascend(self) -> bool:
        return bool((np.diff(self.pts[self.keys & self.shown]) > 0).all())

    @property
    def is_ascending(self) -> bool:
        """Whether the frames are shown in the order of the file."""
        return bool((np.diff(self.pts) > 0).all())

    def spans(self, numbers: Collection[int]) -> Iterator[Span]:
        """What to decode for some frames, in the order of the file; only where `numbers_frames`.

        A frame needs its packet's predecessors from the last key frame on that is not shown after it: leading
        frames of an open group of pictures stand behind its key frame in the file, and refer to the group before.

        Args:
            numbers: frames by their number in presentation order.
        """
        wanted = np.array(sorted(numbers), dtype=np.int64)
        positions = np.argsort(self.pts)[wanted]
        keys = np.flatnonzero(self.keys)
        starts = keys[np.searchsorted(self.pts[keys], self.pts[positions], side="right") - 1]
        span: Span | None = None
        for start in np.unique(starts):
            here = starts == start
            frames = dict(zip(positions[here].tolist(), wanted[here].tolist(), strict=True))
            last = max(frames)
            if span is not None and start <= span.last + 1:
                span = Span(span.first, max(span.last, last), span.wanted | frames)
                continue
            if span is not None:
                yield span
            span = Span(int(start), last, frames)
        if span is not None:
            yield span
