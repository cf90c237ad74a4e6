"""Sources that FFmpeg opens as one: files, still pictures, stream addresses, cameras."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream

from vidclf.errors import NoFramesError
from vidclf.secrets import SourceAddress
from vidclf.types import Float64Array
from vidclf.video.container import Opened, open_container
from vidclf.video.damage import DamageWatch, OnTruncated
from vidclf.video.decoder_log import listening
from vidclf.video.limits import Limits
from vidclf.video.orientation import UPRIGHT, Orientation, orientation_of
from vidclf.video.rgb import RgbConverter
from vidclf.video.source import Presented, VideoSource

_FALLBACK_FPS = 25

_NOTHING_DECODES = "It may be broken, encrypted, or of a kind that this FFmpeg cannot decode."

# Over these, packets get lost, and a recording is joined in the middle: what the decoder complains of is no
# sign of a damaged source.
_WHOLE_SCHEMES = ("file", "http", "https")


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
        self._container_orientation: Orientation | None = None
        self._unused: Opened | None = self._reopen()
        rate = self._unused.stream.guessed_rate or self._unused.stream.average_rate
        self._nominal_interval = float(1 / rate) if rate else 1 / _FALLBACK_FPS

    @property
    def is_live(self) -> bool:
        """Whether it has no end and can be gone through only once: a camera or a stream."""
        return self._address.scheme not in _WHOLE_SCHEMES

    @property
    def nominal_interval(self) -> float:
        """Seconds from frame to frame where timestamps are missing."""
        return self._nominal_interval

    def close(self) -> None:
        """Let go of all that is open; may be called twice."""
        for opened in self._open:
            opened.container.close()
        self._open.clear()
        self._unused = None

    def present(self, wanted: Callable[[int], bool]) -> Generator[Presented, None, None]:
        """Decode all frames in presentation order; only those are converted whose number is wanted."""
        index = self._damage.frames_so_far = 0
        opened = self._take()
        try:
            for packet in self._packets(opened):
                # The one place for what may be skipped: `skip_frame` on packets of frames that nobody wants.
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
        opened = self._take()
        ticks: list[int] = []
        try:
            for packet in self._packets(opened):
                if packet.size == 0 or packet.is_discard:
                    continue
                if packet.pts is None:
                    return None
                ticks.append(packet.pts)
        finally:
            self._release(opened)
        # Not `tick * time_base`: PyAV's rationals have 32 bits and overflow.
        unit = opened.stream.time_base or Fraction(1)
        planned = np.array([tick * unit.numerator / unit.denominator for tick in sorted(ticks)], dtype=np.float64)
        if len(planned):
            self.limits.check_seconds(self.source, planned[-1] - planned[0])
        return planned

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
                    packet, failure = cast("av.Packet[VideoStream]", av.Packet()), str(error.strerror)
            if messages and not self.is_live:
                failure = messages[-1].text
            if failure:
                self._damage.note(failure)
            if packet is None:
                return
            yield packet

    def _decoded(self, opened: Opened, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        """The frames that a packet completes; none of what cannot be decoded."""
        failure = ""
        frames: list[av.VideoFrame] = []
        with listening() as messages:
            try:
                frames = opened.decoder.decode(packet)
            except av.FFmpegError as error:
                failure = str(error.strerror)
        self.limits.check_decoder_refusal(self.source, [m.text for m in messages])
        if messages:
            failure = messages[-1].text
        elif any(frame.is_corrupt for frame in frames):
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
