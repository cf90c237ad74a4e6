"""The same encoded frames at other times, without encoding again."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from vidclf.errors import UsageError
from vidclf.video.decoder_log import listening

_TIME_BASE = Fraction(1, 90_000)


def retime_video(path: Path, target: Path, pts_seconds: Sequence[float]) -> None:
    """Copy a video that `write_video` wrote, with the frames at times of their own.

    For frames whose times are known only when the last one has come: a camera's. The last frame is shown for as
    long as the mean of the others.

    Args:
        path: the video; its frames are stored in the order they are shown in.
        target: the file to write, in any container that takes its codec.
        pts_seconds: time of each frame, in seconds, from 0 and increasing.

    Raises:
        UsageError: another number of times than of frames, or times that do not increase.
        OSError: the file system refuses the file.
    """
    ticks = [round(seconds / _TIME_BASE) for seconds in pts_seconds]
    steps = [after - before for before, after in pairwise(ticks)]
    if not ticks or ticks[0] < 0 or min(steps, default=1) <= 0:
        raise UsageError(f"{path}: the times of its frames must start at 0 or later, and increase.")
    steps.append(round(sum(steps) / len(steps)) if steps else round(1 / (25 * _TIME_BASE)))
    with (
        listening(),
        av.open(str(path)) as source,
        av.open(str(target), "w", options={"fflags": "+bitexact"}) as copy,
    ):
        stream = copy.add_stream_from_template(source.streams.video[0])
        stream.time_base = _TIME_BASE
        packets = [packet for packet in source.demux(source.streams.video[0]) if packet.size]
        if len(packets) != len(ticks):
            raise UsageError(f"{path}: it has {len(packets)} frames, and {len(ticks)} times were given.")
        for packet, tick, step in zip(packets, ticks, steps, strict=True):
            packet.stream, packet.time_base = stream, _TIME_BASE
            packet.pts = packet.dts = tick
            packet.duration = step
            copy.mux(packet)
