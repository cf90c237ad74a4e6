"""Sources that FFmpeg opens as one: files, still pictures, stream addresses, cameras."""

from __future__ import annotations

import errno
import math
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import cast

import av
from av.video.stream import VideoStream

from vidclf.errors import NoFramesError
from vidclf.secrets import SourceAddress
from vidclf.types import Float64Array
from vidclf.video.container import Opened, open_container
from vidclf.video.damage import DamageWatch, OnTruncated
from vidclf.video.decoder_log import listening
from vidclf.video.decoders import decode
from vidclf.video.index import PacketIndex, is_shown
from vidclf.video.limits import Limits
from vidclf.video.orientation import UPRIGHT, Orientation, orientation_of
from vidclf.video.rgb import RgbConverter
from vidclf.video.selective import NotCertain, can_select, selected
from vidclf.video.source import Collected, Gathering, Presented, VideoSource

_FALLBACK_FPS = 25

_NOTHING_DECODES = "It may be broken, encrypted, or of a kind that this FFmpeg cannot decode."

# Over these, packets get lost, and a recording is joined in the middle: what the decoder complains of is no
# sign of a damaged source.
_WHOLE_SCHEMES = ("file", "http", "https")

# How cameras send single JPEG pictures over http, for ever.
_ENDLESS_FORMAT = "mpjpeg"

# What FFmpeg says at the end of an http answer that did not say how long it is: the largest 64-bit number.
_UNSAID_LENGTH = f"should be {2**64 - 1}"


class ContainerSource(VideoSource):
    """A source that FFmpeg opens. It is opened at once, and again for each further pass."""

    def __init__(
        self,
        address: SourceAddress,
        *,
        stream: int,
        limits: Limits,
        on_truncated: OnTruncated,
        timeout_seconds: float,
        converter: RgbConverter | None = None,
    ) -> None:
        super().__init__(address.shown, limits)
        self._address, self._stream, self._timeout_seconds = address, stream, timeout_seconds
        self._converter = converter or RgbConverter()
        self._damage = DamageWatch(address.shown, on_truncated)
        self._open: list[Opened] = []
        self._listed: tuple[Opened, PacketIndex | None] | None = None
        self._container_orientation: Orientation | None = None
        self._unused: Opened | None = self._reopen()
        context = self._unused.stream.codec_context
        self._declared_size = context.width, context.height
        self._endless = address.scheme not in _WHOLE_SCHEMES or self._unused.container.format.name == _ENDLESS_FORMAT
        rate = self._unused.stream.guessed_rate or self._unused.stream.average_rate
        self._nominal_interval = float(1 / rate) if rate else 1 / _FALLBACK_FPS

    @property
    def is_live(self) -> bool:
        """Whether it has no end and can be gone through only once: a camera or a stream."""
        return self._endless

    @property
    def nominal_interval(self) -> float:
        """Seconds from frame to frame where timestamps are missing."""
        return self._nominal_interval

    def close(self) -> None:
        """Let go of all that is open; may be called twice."""
        for opened in self._open:
            opened.container.close()
        self._open.clear()
        self._unused = self._listed = None

    def present(self, wanted: Callable[[int], bool]) -> Generator[Presented, None, None]:
        """Decode all frames in presentation order; only those are converted whose number is wanted."""
        index = self._damage.frames_so_far = 0
        opened = self._take()
        try:
            for packet in self._packets(opened):
                for frame in self._decoded(opened, packet):
                    orientation = self._orientation(opened, frame, packet)
                    yield self._presented(frame, orientation, index, wanted(index))
                    index += 1
                    self._damage.frames_so_far = index
        finally:
            self._release(opened)
        if index == 0:
            raise NoFramesError(
                self.source,
                "it has a video stream, but not one frame came from it",
                decoder_said=self._damage.last_word,
            )
        self._damage.warn_if_damaged()

    def planned_pts_seconds(self) -> Float64Array | None:
        """Times of the packets that will be shown, sorted; None where packets have none."""
        _, index = self._indexed()
        return None if index is None else index.planned_pts_seconds

    def collect(self, wanted: Collection[int] | None, size: tuple[int, int] | None = None) -> Collected:
        """The wanted frames (all where None), and the times of all.

        Of a file, only what the wanted frames need is decoded where the packets tell that for certain; everything
        where they do not, or show damage. See `VideoSource.collect`.
        """
        if wanted and self._address.kind == "file":
            with suppress(NotCertain):
                return self._collect_only(wanted, size)
        return super().collect(wanted, size)

    def _collect_only(self, wanted: Collection[int], size: tuple[int, int] | None) -> Collected:
        opened, index = self._indexed()
        if index is None or self._damage.last_word or not can_select(opened, index):
            raise NotCertain("only a full decode tells")
        if max(wanted) >= len(index.pts):
            raise NotCertain("there are fewer packets")
        gathering = Gathering(self, wanted, size)
        for number, frame, packet in selected(opened, index, wanted):
            if (frame.width, frame.height) != self._declared_size:
                raise NotCertain("the size changes")  # and all frames take the first one's
            orientation = self._orientation(opened, frame, packet)
            gathering.add(self._presented(frame, orientation, number, number in wanted))
        planned = index.planned_pts_seconds
        assert planned is not None  # its frames are numbered by it
        return gathering.collected(planned)

    def _indexed(self) -> tuple[Opened, PacketIndex | None]:
        """The packets, gone through once without decoding, and what was opened for it (now at its end)."""
        if self._listed is None:
            opened = self._take()
            unit = opened.stream.time_base or Fraction(1)
            self._listed = opened, PacketIndex.of(self._within_seconds(self._packets(opened), unit), unit)
        return self._listed

    def _within_seconds(
        self, packets: Iterator[av.Packet[VideoStream]], unit: Fraction
    ) -> Iterator[av.Packet[VideoStream]]:
        """The packets, as long as the times of the frames lie within the limit."""
        first, last = math.inf, -math.inf
        for packet in packets:
            if packet.pts is not None and is_shown(packet):
                first, last = min(first, packet.pts), max(last, packet.pts)
                self.limits.check_seconds(self.source, (last - first) * float(unit))
            yield packet

    def _reopen(self) -> Opened:
        opened = open_container(
            self._address, stream=self._stream, limits=self.limits, timeout_seconds=self._timeout_seconds
        )
        self._open.append(opened)
        return opened

    def _take(self) -> Opened:
        opened, self._unused = self._unused or self._reopen(), None
        return opened

    def _release(self, opened: Opened) -> None:
        opened.container.close()
        if opened in self._open:
            self._open.remove(opened)

    def _packets(self, opened: Opened) -> Iterator[av.Packet[VideoStream]]:
        """All packets of the stream, and an empty one at the end."""
        for evidence in () if self.is_live else opened.evidence:
            self._damage.note(evidence)
        packets = opened.container.demux(opened.stream)
        while True:
            failure = ""
            packet: av.Packet[VideoStream] | None
            with listening() as messages:
                try:
                    packet = next(packets, None)
                except av.FFmpegError as error:
                    # No more will come; an empty packet makes the decoder give up what it holds.
                    packet, failure = _last_packet(opened.stream), str(error.strerror)
                    if error.errno == errno.EIO and self._length_unsaid(opened):
                        failure = ""  # the connection was closed, which is the end
            messages = [m for m in messages if not m.text.endswith(_UNSAID_LENGTH)]
            if messages and not self.is_live:
                failure = messages[-1].text
            if failure:
                self._damage.note(failure)
            if packet is None:
                return
            yield packet

    def _length_unsaid(self, opened: Opened) -> bool:
        return self._address.kind == "stream" and opened.container.size < 0

    def _decoded(self, opened: Opened, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        """The frames that a packet completes; none of what cannot be decoded."""
        frames, messages, failure = decode(opened.decoder, packet)
        self.limits.check_decoder_refusal(self.source, [m.text for m in messages])
        if any(frame.is_corrupt for frame in frames):
            failure = failure or self._damage.last_word or "corrupt decoded frame"
        if failure and not self.is_live:
            self._damage.note(failure, advice="" if self._damage.frames_so_far else _NOTHING_DECODES)
        return frames

    def _orientation(self, opened: Opened, frame: av.VideoFrame, packet: av.Packet[VideoStream]) -> Orientation:
        if opened.decoder is opened.stream.codec_context:
            return orientation_of(frame, packet)
        if self._container_orientation is None:
            # Only the stream's own decoder passes on what the container says; one frame of it tells.
            self._container_orientation = UPRIGHT
            with listening(), suppress(av.FFmpegError, IndexError):
                self._container_orientation = orientation_of(opened.stream.decode(packet)[0], packet)
        return self._container_orientation

    def _presented(self, frame: av.VideoFrame, orientation: Orientation, index: int, wanted: bool) -> Presented:
        self.limits.check_picture(self.source, frame.width, frame.height)
        return Presented(
            index,
            frame.time,
            orientation.upright_size(frame.height, frame.width),
            self._converter.convert(frame, orientation) if wanted else None,
        )


def _last_packet(stream: VideoStream) -> av.Packet[VideoStream]:
    packet = cast("av.Packet[VideoStream]", av.Packet())
    packet.stream = stream
    packet.time_base = stream.time_base or Fraction(1)  # or the last frames get 0 as their time
    return packet
