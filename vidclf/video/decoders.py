"""Which decoder reads a stream, and with what settings."""

from __future__ import annotations

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

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
