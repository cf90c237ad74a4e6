"""Reading video: `open_source` to go through frames, `read_clip` to get a clip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vidclf.errors import NoFramesError, UsageError
from vidclf.secrets import SourceAddress
from vidclf.types import Clip, Float64Array, IntArray
from vidclf.video.damage import OnTruncated
from vidclf.video.files import ContainerSource
from vidclf.video.heic import HeicPicture, is_heic
from vidclf.video.isolation import read_isolated
from vidclf.video.limits import Limits
from vidclf.video.pictures import PictureFolder
from vidclf.video.sampling import Picked, dense
from vidclf.video.source import Collected, VideoSource
from vidclf.video.times import ascending

Sampling = Callable[[Float64Array], Picked]

_DEFAULT_LIMITS = Limits()


def open_source(
    source: str | Path | int,
    *,
    stream: int = 0,
    limits: Limits = _DEFAULT_LIMITS,
    on_truncated: OnTruncated = "error",
    picture_fps: float = 25.0,
    timeout_seconds: float = 10.0,
) -> VideoSource:
    """Open anything that frames come from.

    Args:
        source: a video file, GIF or picture; a folder of pictures; a camera's number; or the address of a
            stream (rtsp, http, tcp ...).
        stream: which of the video streams, from 0; covers do not count.
        limits: how large the frames may be and how long the source.
        on_truncated: what to do with a file that is damaged or cut off: raise an error, or keep what decodes
            and warn. Not all damage shows: decoders of HEVC, VP8, WMV and JPEG may take overwritten bytes for
            pictures, and a few formats end anywhere without a trace (see `signatures.missing_end`).
        picture_fps: rate of a folder of pictures, in frames per second; pictures carry no times.
        timeout_seconds: how long a stream or camera may be silent.

    Returns:
        the open source, to be used in a `with` statement.

    Raises:
        SourceRefusedError: an address of a kind that is not opened.
        DecodeError: it cannot be read; one of the tree's leaves says why.
    """
    address = SourceAddress.parse(source)
    if address.kind == "file" and _is_folder(address.raw):
        return PictureFolder(Path(address.raw), picture_fps=picture_fps, limits=limits)
    if address.kind == "file" and is_heic(Path(address.raw)):
        return HeicPicture(Path(address.raw), limits=limits)
    return ContainerSource(
        address, stream=stream, limits=limits, on_truncated=on_truncated, timeout_seconds=timeout_seconds
    )


def read_clip(
    path: str | Path,
    *,
    sampling: Sampling | None = None,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    size: tuple[int, int] | int | None = None,
    stream: int = 0,
    limits: Limits = _DEFAULT_LIMITS,
    on_truncated: OnTruncated = "error",
    picture_fps: float = 25.0,
    isolate: bool = False,
) -> Clip:
    """Read a clip from a file or a folder of pictures.

    Which frames to take is planned on the packets' times. Of a file whose packets number the frames for certain
    (`video.selective`) no more is decoded than the frames need; all others are decoded whole, and where the
    decoded times differ from the planned ones (edit lists, hidden or broken frames, missing timestamps), it is
    planned again. The frames are the same either way.

    All packets are read each time, so a file that is cut off is told, as is damage that shows in them. Damage
    within a packet shows only where it is decoded, so a clip of some frames says nothing of the rest of its file.
    With neither sampling nor window everything is decoded.

    Args:
        path: a video file, picture, folder of pictures, or http address of a file.
        sampling: says which frames to take, given the times of those within the window, float64 (N,), ascending
            (see `vidclf.video.sampling`); may be called twice. All of them where None.
        start_seconds: take frames from this time on, by the source's own clock.
        end_seconds: take frames before this time.
        size: (height, width) to resize to, or one number for both. Where None, the size of the source's first
            frame, to which later ones are scaled should it change.
        stream: which of the video streams, from 0.
        limits: how large the frames, how long the source, how much memory.
        on_truncated: "error" refuses a damaged file, "keep" takes what decodes and warns.
        picture_fps: rate of a folder of pictures, in frames per second.
        isolate: decode in a process of its own, under the `limits` of a process: for files of strangers. Starting
            it takes some tenths of a second.

    Returns:
        the frames, in order, with times that never decrease: a source whose timestamps jump back goes on one
        frame interval after the jump.

    Raises:
        UsageError: the window is empty, or the source is a camera or stream, which has no end.
        SourceNotFoundError: there is no such file.
        NotAVideoError: the content is no video.
        NoVideoStreamError: only sound, subtitles or a cover.
        NoFramesError: not one frame, or none within the window.
        DamagedVideoError: broken or cut off, and `on_truncated` is "error".
        UnreadablePictureError: a picture of a folder.
        MixedSizesError: the pictures of a folder have several sizes and `size` is None.
        LimitExceededError: larger or longer than `limits`, or the process took more than they allow.
    """
    if start_seconds is not None and end_seconds is not None and not start_seconds < end_seconds:
        raise UsageError(f"start_seconds {start_seconds} must be before end_seconds {end_seconds}")
    if isolate:
        options = {
            "start_seconds": start_seconds,
            "end_seconds": end_seconds,
            "size": size,
            "stream": stream,
            "on_truncated": on_truncated,
            "picture_fps": picture_fps,
        }
        return read_isolated(SourceAddress.parse(path), sampling, limits, options)
    target = (size, size) if isinstance(size, int) else size
    with open_source(
        path, stream=stream, limits=limits, on_truncated=on_truncated, picture_fps=picture_fps
    ) as source:
        if source.is_live:
            raise UsageError(f"{source.source} has no end to read up to; go through it with open_source")
        if sampling is None and start_seconds is None and end_seconds is None:
            return _everything(source, target)

        def choose(pts_seconds: Float64Array) -> Picked:
            return _choose(source, pts_seconds, sampling or dense, start_seconds, end_seconds)

        return _chosen(source, choose, target)


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except ValueError:  # a NUL byte in the name
        return False


def _everything(source: VideoSource, size: tuple[int, int] | None) -> Clip:
    collected = source.collect(None, size)
    pts_seconds = ascending(collected.pts_seconds, source.nominal_interval)
    return _clip(source, collected, dense(pts_seconds), pts_seconds)


def _chosen(source: VideoSource, choose: Sampling, size: tuple[int, int] | None) -> Clip:
    planned = source.planned_pts_seconds()
    if planned is None or len(planned) == 0:
        planned = ascending(source.pts_seconds(), source.nominal_interval)
    picked = choose(planned)
    collected = source.collect(_numbers(picked), size)
    real = ascending(collected.pts_seconds, source.nominal_interval)
    if not np.array_equal(planned, real):
        picked = choose(real)
        if not collected.holds(picked.indices):
            collected = source.collect(_numbers(picked), size)
    return _clip(source, collected, picked, real)


def _choose(
    source: VideoSource,
    pts_seconds: Float64Array,
    sampling: Sampling,
    start_seconds: float | None,
    end_seconds: float | None,
) -> Picked:
    """Apply `sampling` within the window; the result counts from the source's first frame."""
    first = 0 if start_seconds is None else int(np.searchsorted(pts_seconds, start_seconds))
    stop = len(pts_seconds) if end_seconds is None else int(np.searchsorted(pts_seconds, end_seconds))
    if first >= stop:
        raise NoFramesError(
            source.source,
            f"no frame lies within the window from {start_seconds} to {end_seconds} seconds; "
            f"its frames run from {pts_seconds[0]:.3f} to {pts_seconds[-1]:.3f}",
            advice="Check start_seconds and end_seconds.",
        )
    picked = sampling(pts_seconds[first:stop])
    if len(picked) == 0 or picked.indices.min() < 0 or picked.indices.max() >= stop - first:
        raise ValueError(f"sampling must choose from the {stop - first} frames it was given, and at least one")
    indices: IntArray = picked.indices + first
    return Picked(indices, picked.valid)


def _numbers(picked: Picked) -> frozenset[int]:
    return frozenset(picked.indices.tolist())


def _clip(source: VideoSource, collected: Collected, picked: Picked, pts_seconds: Float64Array) -> Clip:
    source.limits.check_frames(source.source, len(picked), *collected.frames.shape[1:3])
    return Clip(collected.take(picked.indices), pts_seconds[picked.indices], picked.valid, source.source)
