"""Frames into a video file that reads back as it was written: sizes, times and colours."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.codec import Codec, UnknownCodecError
from av.container import OutputContainer
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)
from av.video.stream import VideoStream

from vidclf.errors import UsageError
from vidclf.files import appearing
from vidclf.types import Float64Array, UInt8Array

# MPEG's own clock: a multiple of the common frame rates, and it keeps a time to 11 microseconds.
_OWN_TIMES_BASE = Fraction(1, 90_000)

# With its lookahead, x264 now and then gives other bytes for the same small frames (measured at 64x48: 1 in 60
# with one thread, none without the lookahead or without its assembly).
_REPEATABLE = {"rc-lookahead": "0"}

_PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow", "placebo"),
)


def write_video(
    path: str | Path,
    frames: Iterable[UInt8Array],
    *,
    fps: float | None = None,
    pts_seconds: Sequence[float] | Float64Array | None = None,
    crf: int = 20,
    codec: str = "libx264",
    preset: str = "veryfast",
) -> None:
    """Encode RGB frames into a video file, at a constant rate or at times of their own.

    The same frames and settings give the same bytes (with the same FFmpeg). The file appears under its name
    only when it is whole; after an error nothing is left of it. Pixels are stored as limited-range yuv420p
    with the BT.601 matrix and tagged so: readers that ignore the tags assume just that, so all give back the
    colours written. yuv420p has even sizes only; an odd height or width is made even by repeating the last
    row or column, so no pixel is lost.

    Args:
        path: the file to write, `.mp4` or another container that FFmpeg can write; its folder is made.
        frames: uint8 RGB, an array (T, H, W, 3) or an iterable of (H, W, 3) pictures of one size. An iterator
            is read as the file is written, so a long video needs little memory.
        fps: frames per second of a constant rate, the first frame at 0. Give this or `pts_seconds`.
        pts_seconds: the time of each frame, in seconds, not below 0 and increasing (variable frame rate). The
            last frame is shown for as long as the mean of the others.
        crf: constant rate factor of x264, from 0 (lossless) to 51 (worst).
        codec: name of an FFmpeg encoder that takes yuv420p.
        preset: x264's trade of speed for size.

    Raises:
        UsageError: frames, times or settings that cannot be written as asked.
        StoppedError: the file system refused the file (disk full, no permission).
    """
    path = Path(path)
    clock = _Clock.from_times(path, pts_seconds) if fps is None else _Clock.from_fps(path, fps, pts_seconds)
    _check_settings(path, crf, codec, preset)
    with appearing(path) as unfinished:
        try:
            _encode(path, unfinished, frames, clock, codec, {"crf": str(crf), "preset": preset, **_REPEATABLE})
        except av.FFmpegError as error:
            if isinstance(error, OSError):
                raise  # of the file system, which `appearing` explains
            raise UsageError(f"{path}: FFmpeg cannot write this video as asked: {error}.") from error


def _check_settings(path: Path, crf: int, codec: str, preset: str) -> None:
    # Checked here because x264 speaks to the console itself, and takes a crf of 99 without a word.
    if not 0 <= crf <= 51:
        raise UsageError(f"{path}: crf must be between 0 (lossless) and 51 (worst), not {crf}.")
    if preset not in _PRESETS:
        raise UsageError(f"{path}: '{preset}' is no preset of x264; take one of {', '.join(_PRESETS)}.")
    try:
        is_video = Codec(codec, "w").type == "video"
    except UnknownCodecError:
        is_video = False
    if not is_video:
        raise UsageError(f"{path}: this FFmpeg has no video encoder '{codec}'; take libx264.")


@dataclass(frozen=True)
class _Clock:
    """When frames are shown, in ticks of `time_base` seconds; `ticks` is None at a constant rate."""

    rate: Fraction
    time_base: Fraction
    ticks: tuple[int, ...] | None = None

    @classmethod
    def from_fps(cls, path: Path, fps: float, pts_seconds: object) -> _Clock:
        if pts_seconds is not None:
            raise UsageError(f"{path}: give fps or pts_seconds, not both.")
        if not 0.01 <= fps <= 1000:
            raise UsageError(f"{path}: fps must be between 0.01 and 1000, not {fps}.")
        rate = Fraction(fps).limit_denominator(1001)  # 1001 keeps 24000/1001 and its kin exact
        return cls(rate, 1 / rate)

    @classmethod
    def from_times(cls, path: Path, pts_seconds: Sequence[float] | Float64Array | None) -> _Clock:
        if pts_seconds is None:
            raise UsageError(f"{path}: give fps for a constant rate, or pts_seconds with the time of each frame.")
        times = np.asarray(pts_seconds, dtype=np.float64)
        if times.ndim != 1 or len(times) == 0 or not np.isfinite(times).all() or times[0] < 0:
            raise UsageError(f"{path}: pts_seconds must be a list of finite times, in seconds, not below 0.")
        ticks = np.round(times / float(_OWN_TIMES_BASE)).astype(np.int64)
        steps = np.diff(ticks)
        if np.any(steps <= 0):
            at = int(np.argmax(steps <= 0))
            raise UsageError(
                f"{path}: pts_seconds must increase; frame {at + 1} at {times[at + 1]:g} follows {times[at]:g}."
            )
        # The mean rate guides the encoder's spending of bits and the last frame's duration, nothing else.
        mean_rate = np.clip(1 / np.diff(times).mean(), 0.01, 1000) if len(steps) else 25
        return cls(Fraction(mean_rate).limit_denominator(1001), _OWN_TIMES_BASE, tuple(ticks.tolist()))

    def tick(self, index: int) -> int:
        return index if self.ticks is None else self.ticks[index]

    def check_within(self, path: Path, index: int) -> None:
        if self.ticks is not None and index >= len(self.ticks):
            raise UsageError(f"{path}: there are more frames than the {len(self.ticks)} times in pts_seconds.")

    def check_complete(self, path: Path, count: int) -> None:
        if count == 0:
            raise UsageError(f"{path}: there is no frame to write; a video needs at least one.")
        if self.ticks is not None and count < len(self.ticks):
            raise UsageError(f"{path}: {count} frames came for the {len(self.ticks)} times in pts_seconds.")


def _encode(
    path: Path,
    unfinished: Path,
    frames: Iterable[UInt8Array],
    clock: _Clock,
    codec: str,
    options: dict[str, str],
) -> None:
    pictures = _even_pictures(path, frames, clock)
    first = next(pictures)
    reformatter = VideoReformatter()
    with _open(path, unfinished) as container:
        stream = _add_stream(path, container, codec, options, first, clock)
        for index, picture in enumerate(itertools.chain([first], pictures)):
            container.mux(stream.encode(_yuv_frame(picture, index, clock, reformatter)))
        container.mux(stream.encode(None))


def _even_pictures(path: Path, frames: Iterable[UInt8Array], clock: _Clock) -> Generator[UInt8Array, None, None]:
    shape: tuple[int, ...] | None = None
    count = 0
    for picture in frames:
        shape = shape or picture.shape
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
            raise UsageError(f"{path}: frame {count} is {picture.dtype} {picture.shape}; give uint8 RGB, (H, W, 3).")
        if picture.shape != shape:
            raise UsageError(
                f"{path}: frame {count} is {picture.shape[1]}x{picture.shape[0]} and the first was "
                f"{shape[1]}x{shape[0]}; resize them to one size."
            )
        clock.check_within(path, count)
        yield _evened(picture)
        count += 1
    clock.check_complete(path, count)


def _evened(picture: UInt8Array) -> UInt8Array:
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _open(path: Path, unfinished: Path) -> OutputContainer:
    try:
        # bitexact: neither date nor version of the muxer is stamped into the file.
        return av.open(str(unfinished), "w", options={"fflags": "+bitexact"})
    except ValueError as error:
        raise UsageError(
            f"{path}: FFmpeg knows no container for the suffix '{path.suffix}'; name the file .mp4 or .mkv."
        ) from error


def _add_stream(
    path: Path,
    container: OutputContainer,
    codec: str,
    options: dict[str, str],
    first: UInt8Array,
    clock: _Clock,
) -> VideoStream:
    try:
        stream = container.add_stream(codec, rate=clock.rate, options=options)
    except ValueError as error:
        raise UsageError(f"{path}: FFmpeg cannot write this video as asked: {error}.") from error
    assert isinstance(stream, VideoStream)  # _check_settings saw to that
    context = stream.codec_context
    context.height, context.width = first.shape[:2]
    context.pix_fmt = "yuv420p"
    context.time_base = clock.time_base
    context.max_b_frames = 0  # reordered frames would need an edit list, which some readers ignore
    context.thread_count = 1  # x264 decides differently with other counts, and the bytes are to be the same
    context.colorspace = Colorspace.ITU601
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    return stream


def _yuv_frame(picture: UInt8Array, index: int, clock: _Clock, reformatter: VideoReformatter) -> av.VideoFrame:
    frame = reformatter.reformat(
        av.VideoFrame.from_ndarray(picture, format="rgb24"),
        format="yuv420p",
        dst_colorspace=Colorspace.ITU601,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT,
        threads=1,
    )
    frame.time_base = clock.time_base
    frame.pts = clock.tick(index)
    return frame
