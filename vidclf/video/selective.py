"""Decoding no more than some frames need: from the key frame before them, without what nothing refers to.

What comes is what a full decode gives, or `NotCertain` is raised. The packets' times are trusted to number the
frames (`PacketIndex.numbers_frames`), and each thing that would show that they do not is looked for: a packet
that is not where it was, a start that is no intra picture, a frame that does not come, interlaced fields (which
may be a packet each), any word of the decoder. A full decode is then the judge, also of damage.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Generator, Iterator
from typing import NamedTuple

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from vidclf.video.container import Opened
from vidclf.video.decoder_log import listening
from vidclf.video.decoders import decode
from vidclf.video.h264 import begins_afresh
from vidclf.video.index import PacketIndex, Span

# Decoders that leave out exactly the frames that no other refers to. AV1's and MPEG-4's lost others too.
_SKIPS_RIGHTLY = frozenset({"h264", "hevc", "mpeg2video"})

# Containers that keep no times of presentation; those that come of them may be the times of coding.
_CODING_TIMES = frozenset({"asf", "avi"})


class NotCertain(Exception):  # noqa: N818 - no error: it never leaves this room
    """Something does not fit; only a full decode tells what is there."""


class Chosen(NamedTuple):
    """A wanted frame, its number in presentation order, and a packet of its span."""

    number: int
    frame: av.VideoFrame
    packet: av.Packet[VideoStream]


def can_select(opened: Opened, index: PacketIndex) -> bool:
    """Whether `selected` may be tried on a file."""
    decoder = opened.decoder
    if not index.numbers_frames:
        return False
    if decoder.codec.intra_only:
        return True
    # Times in the order of coding number the wrong frames.
    in_order = decoder.has_b_frames and index.is_ascending
    return decoder.name in _SKIPS_RIGHTLY and not in_order and opened.container.format.name not in _CODING_TIMES


def selected(opened: Opened, index: PacketIndex, numbers: Collection[int]) -> Generator[Chosen, None, None]:
    """Decode chosen frames, in presentation order, and now and then the first one of the file.

    Args:
        opened: an open file, wherever it stands.
        index: its packets; `can_select` must hold.
        numbers: frames by their number in presentation order.

    Raises:
        NotCertain: what comes may not be what a full decode gives.
    """
    # Where the first packet does not start afresh, its frame shows whether a full decode drops frames there, which
    # would number all others anew.
    checks_start = not (opened.decoder.codec.intra_only or _starts_afresh(opened.decoder, index))
    for span in index.spans({0, *numbers} if checks_start else numbers):
        with listening() as messages:
            try:
                # By the decoding time: where a seek goes by it, that of presentation leads past the key frame.
                opened.container.seek(int(index.dts[span.first]), stream=opened.stream)
            except av.FFmpegError as error:
                raise NotCertain(f"seek: {error}") from None
        if messages:
            raise NotCertain(messages[-1].text)
        yield from _decode_span(opened, index, span)


def _starts_afresh(decoder: VideoCodecContext, index: PacketIndex) -> bool:
    return decoder.name == "h264" and begins_afresh(index.head, decoder.extradata)


def _decode_span(opened: Opened, index: PacketIndex, span: Span) -> Generator[Chosen, None, None]:
    missing = {int(index.pts[position]): number for position, number in span.wanted.items()}
    start_pts = int(index.pts[span.first])
    started = False
    latest = -math.inf
    for position, packet in _packets(opened, index, span):
        skips = position not in span.wanted and opened.decoder.name in _SKIPS_RIGHTLY
        opened.decoder.skip_frame = "NONREF" if skips else "DEFAULT"
        frames = _decoded(opened.decoder, packet)
        if position == span.last:
            # What the decoder holds back for reordering; nothing more is wanted of it until the next seek.
            frames += _decoded(opened.decoder, None)
        for frame in frames:
            if frame.interlaced_frame:
                raise NotCertain("interlaced")
            if frame.pts is None or frame.pts <= latest:
                raise NotCertain("frames are out of order")
            latest = frame.pts
            if frame.pts == start_pts:
                if frame.pict_type != PictureType.I:
                    raise NotCertain("the start is no intra picture")
                started = True
            number = missing.pop(frame.pts, None)
            if number is not None:
                if not started:
                    raise NotCertain("a frame came before the start")
                yield Chosen(number, frame, packet)
    if missing:
        raise NotCertain(f"{len(missing)} frames did not come")


def _packets(opened: Opened, index: PacketIndex, span: Span) -> Iterator[tuple[int, av.Packet[VideoStream]]]:
    """The packets of a span with their positions, as the index has them."""
    packets = opened.container.demux(opened.stream)
    position = span.first
    while position <= span.last:
        with listening() as messages:
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                raise NotCertain(f"demux: {error}") from None
        if packet is None or messages:
            raise NotCertain("the packets end early")
        if position == span.first and packet.pts != index.pts[position]:
            continue  # the seek landed before the key frame
        found = (packet.pts, packet.size, packet.is_keyframe)
        if found != (index.pts[position], index.sizes[position], index.keys[position]):
            raise NotCertain("another packet stands there")
        yield position, packet
        position += 1


def _decoded(decoder: VideoCodecContext, packet: av.Packet[VideoStream] | None) -> list[av.VideoFrame]:
    outcome = decode(decoder, packet)
    if outcome.failure or any(frame.is_corrupt for frame in outcome.frames):
        raise NotCertain(outcome.failure or "corrupt frame")
    return outcome.frames
