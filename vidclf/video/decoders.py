"""Which decoder reads a stream, with what settings, and what it says of a packet."""

from __future__ import annotations

from typing import NamedTuple

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from vidclf.video.decoder_log import Message, listening
from vidclf.video.limits import Limits

_LIBVPX_VP9 = "libvpx-vp9"
_EIGHT_BITS = frozenset({"yuv420p", "yuv422p", "yuv440p", "yuv444p", "gbrp"})


def decoder_for(stream: VideoStream, limits: Limits) -> VideoCodecContext:
    """The decoder to read a stream with: FFmpeg's own, but libvpx for VP9 of 8 bits.

    FFmpeg's VP9 decoder makes garbage of overwritten bytes without a word; libvpx reports them, for a fifth
    more time. It leaves alone what the container says (`Orientation`), which the stream's own decoder knows.
    """
    own = stream.codec_context
    decoder = own
    if own.name == "vp9" and own.pix_fmt in _EIGHT_BITS and _LIBVPX_VP9 in av.codecs_available:
        created = av.CodecContext.create(_LIBVPX_VP9, "r")
        assert isinstance(created, VideoCodecContext)
        decoder = created
    for context in (own, decoder):
        # Threads over frames hide damage, and threads over slices report it where nobody listens; loaders run
        # several clips side by side anyway.
        context.thread_count = 1
        context.options = {"max_pixels": str(limits.decoder_max_pixels)}
    return decoder


class Decoded(NamedTuple):
    """What became of one packet.

    Attributes:
        frames: those that it completed; none of what cannot be decoded.
        messages: what the decoder said.
        failure: the reason in words why something is wrong, or an empty string.
    """

    frames: list[av.VideoFrame]
    messages: list[Message]
    failure: str


def decode(decoder: VideoCodecContext, packet: av.Packet[VideoStream] | None) -> Decoded:
    """Decode a packet; None gives up what the decoder still holds."""
    failure = ""
    frames: list[av.VideoFrame] = []
    with listening() as messages:
        try:
            frames = decoder.decode(packet)
        except av.FFmpegError as error:
            failure = str(error.strerror)
    return Decoded(frames, messages, messages[-1].text if messages else failure)
