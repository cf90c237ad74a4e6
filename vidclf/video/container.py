"""Opening what FFmpeg reads: a file, a stream address or a camera, and nothing that these refer to."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from vidclf.errors import (
    DamagedVideoError,
    DecodeError,
    NotAVideoError,
    NoVideoStreamError,
    SourceNotFoundError,
)
from vidclf.secrets import SourceAddress, redact
from vidclf.video.decoder_log import Message, listening
from vidclf.video.decoders import decoder_for
from vidclf.video.limits import Limits
from vidclf.video.signatures import missing_end, starts_like_a_container, still_format

# Demuxers that open what the content names: playlists, manifests, file name patterns; and those that draw any
# text file as a picture of text.
_REFERRING_FORMATS = frozenset(
    {"concat", "dash", "hls", "image2", "imf", "lavfi", "sap", "sdp", "svg_pipe", "vobsub", "webm_dash_manifest"}
)
_TEXT_ART_FORMATS = frozenset({"adf", "bin", "idf", "tty", "xbin"})
_FORMAT_WHITELIST = ",".join(sorted(av.formats_available - _REFERRING_FORMATS - _TEXT_ART_FORMATS))

_CAMERA_FORMATS = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}

# A cover or a preview is a video stream to FFmpeg, but no video.
_STILL_EXTRAS = Disposition.attached_pic | Disposition.timed_thumbnails


@dataclass(frozen=True)
class Opened:
    """An open container, ready to be read.

    Attributes:
        container: what was opened; whoever opened it closes it.
        stream: the video stream that is to be read.
        decoder: what decodes its packets.
        evidence: what showed already on opening that the source is damaged.
    """

    container: InputContainer
    stream: VideoStream
    decoder: VideoCodecContext
    evidence: tuple[str, ...]


def open_container(address: SourceAddress, *, stream: int, limits: Limits, timeout_seconds: float) -> Opened:
    """Open a source and choose its video stream; the caller closes the container.

    Args:
        address: where from.
        stream: which of the video streams, from 0; covers and previews do not count.
        limits: checked against the declared size of the frames.
        timeout_seconds: how long a stream or camera may be silent.

    Raises:
        SourceNotFoundError: nothing is there, or nothing answers.
        NotAVideoError: the content is none that FFmpeg knows, or refers to other files.
        DamagedVideoError: it begins as a video file but cannot be opened.
        NoVideoStreamError: there is no such video stream.
        LimitExceededError: frames are declared too large.
        DecodeError: the file may not be read, or its codec is unknown to this FFmpeg.
    """
    shown = address.shown
    if address.kind == "file":
        _check_regular_file(Path(address.raw), shown)
    container, messages = _open(address, limits, timeout_seconds)
    try:
        chosen = _choose_stream(container, stream, shown)
        limits.check_picture(shown, chosen.codec_context.width, chosen.codec_context.height)
    except BaseException:
        container.close()
        raise
    for other in container.streams:
        if other is not chosen:
            other.discard = Discard.all
    # A decoder that probes from the middle of a stream complains about what it has not seen yet and decodes it
    # again later; what the demuxer says is said only once.
    evidence = [m.text for m in messages if m.component == container.format.name]
    if address.kind == "file" and (missing := missing_end(Path(address.raw))):
        evidence.append(missing)
    return Opened(container, chosen, decoder_for(chosen, limits), tuple(evidence))


def _check_regular_file(path: Path, shown: str) -> None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        raise SourceNotFoundError(shown, "there is no such file or folder") from None
    if not stat.S_ISREG(status.st_mode):
        raise NotAVideoError(shown, "it is a device or a pipe, not a file")
    if status.st_size == 0:
        raise NotAVideoError(shown, "the file is empty (0 bytes)")
    if not os.access(path, os.R_OK):
        raise DecodeError(shown, "it may not be read", advice="Check its permissions.")


def _open(address: SourceAddress, limits: Limits, timeout_seconds: float) -> tuple[InputContainer, list[Message]]:
    url, known_format = _url(address)
    options = {
        "protocol_whitelist": address.protocol_whitelist,
        "format_whitelist": _FORMAT_WHITELIST,
        "max_pixels": str(limits.decoder_max_pixels),
    }
    if address.scheme in ("rtsp", "rtsps"):
        options["rtsp_transport"] = "tcp"
    # FFmpeg asks Python for the time while it waits; not worth it for files.
    timeout = None if address.kind == "file" else timeout_seconds
    reason: av.FFmpegError
    messages: list[Message] = []
    try:
        with listening() as messages:
            container = av.open(url, format=known_format, options=options, metadata_errors="replace", timeout=timeout)
        return container, messages
    except av.FFmpegError as error:
        reason = error
    # Raised outside the handler: the decoder's own error holds the address with its password.
    raise _explain(address, reason, messages, limits)


def _url(address: SourceAddress) -> tuple[str, str | None]:
    """What to hand to FFmpeg, and the format where it must not guess."""
    if address.kind == "file":
        # The prefix makes names such as "concat:a|b" mere names.
        return f"file:{address.raw}", still_format(Path(address.raw))
    if address.kind == "stream":
        return address.raw, None
    return _camera(int(address.raw), address.shown)


def _camera(number: int, shown: str) -> tuple[str, str]:
    device_format = _CAMERA_FORMATS.get(sys.platform)
    if device_format is None:
        raise SourceNotFoundError(shown, f"cameras are not supported on {sys.platform}", advice="Give a file.")
    if device_format == "v4l2":
        device = f"/dev/video{number}"
        if not Path(device).exists():
            raise SourceNotFoundError(shown, f"there is no {device}", advice="Plug the camera in and try again.")
        return device, device_format
    if device_format == "avfoundation":
        return str(number), device_format
    cameras = [d for d in av.enumerate_input_devices(device_format) if "video" in d.media_types]
    if number >= len(cameras):
        raise SourceNotFoundError(
            shown, f"there are {len(cameras)} cameras", advice="Plug the camera in and try again."
        )
    return f"video={cameras[number].name}", device_format


def _explain(address: SourceAddress, reason: av.FFmpegError, messages: list[Message], limits: Limits) -> DecodeError:
    shown = address.shown
    limits.check_decoder_refusal(shown, [m.text for m in messages])
    said = messages[-1].text if messages else redact(str(reason.strerror))
    if any("not on whitelist" in m.text for m in messages):
        return NotAVideoError(
            shown,
            "it is a list that refers to other files or addresses, or plain text",
            advice="Give the video itself.",
        )
    if address.kind != "file":
        return SourceNotFoundError(
            shown,
            "it could not be opened",
            decoder_said=said,
            advice="Check the address, the network and the camera.",
        )
    if starts_like_a_container(Path(address.raw)):
        return DamagedVideoError(shown, "it begins as a video file but its index cannot be read", decoder_said=said)
    return NotAVideoError(shown, "its content is no video format that the decoder knows", decoder_said=said)


def _choose_stream(container: InputContainer, number: int, shown: str) -> VideoStream:
    videos = [s for s in container.streams.video if not s.disposition & _STILL_EXTRAS]
    if not videos:
        kinds = ", ".join(sorted({s.type for s in container.streams} - {"video"})) or "nothing"
        covers = " and a cover picture" if container.streams.video else ""
        raise NoVideoStreamError(shown, f"it holds {kinds}{covers}, no video")
    if not 0 <= number < len(videos):
        raise NoVideoStreamError(shown, f"stream {number} was asked for, but it has {len(videos)} video streams")
    chosen = videos[number]
    if chosen.codec_context is None:
        raise DecodeError(shown, "its video is in a codec that this FFmpeg cannot decode")
    return chosen
