"""Streams as cameras, editors and broadcasters leave them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.video.drawing import number_of, numbered, write_video
from vidclf.types import UInt8Array
from vidclf.video import open_source, read_clip, sampling

_IMAGES = [numbered(k) for k in range(24)]


def _flat(red: int, green: int, blue: int) -> UInt8Array:
    return np.tile(np.array([red, green, blue], np.uint8), (64, 96, 1))


@pytest.mark.parametrize(
    ("codec", "suffix", "options", "pix_fmt"),
    [
        ("libx264", ".mp4", {"bf": "3"}, "yuv420p"),
        ("libx264", ".mp4", {"x264-params": "open-gop=1:keyint=8:bframes=2"}, "yuv420p"),
        ("libx264", ".mkv", {"qp": "10"}, "yuv422p10le"),
        ("libx265", ".mp4", {"x265-params": "log-level=none:keyint=8:bframes=3"}, "yuv420p"),
        ("libx265", ".mkv", {"x265-params": "log-level=none:open-gop=1:keyint=8"}, "yuv420p10le"),
        ("libx265", ".mkv", {"x265-params": "log-level=none"}, "yuv420p12le"),
        ("libvpx-vp9", ".webm", {}, "yuv420p"),
        ("libsvtav1", ".mp4", {"svtav1-params": "lp=1"}, "yuv420p"),
        ("libsvtav1", ".mkv", {"svtav1-params": "lp=1"}, "yuv420p10le"),
        ("mpeg2video", ".ts", {"bf": "2", "q:v": "3"}, "yuv420p"),
        ("mpeg2video", ".mpg", {"bf": "2"}, "yuv420p"),
        ("mpeg4", ".mp4", {"bf": "2"}, "yuv420p"),
        ("mjpeg", ".avi", {}, "yuvj420p"),
        ("prores_ks", ".mov", {}, "yuv422p10le"),
    ],
)
def test_codecs_give_every_frame_in_order(
    tmp_path: Path, codec: str, suffix: str, options: dict[str, str], pix_fmt: str
) -> None:
    path = write_video(tmp_path / f"clip{suffix}", _IMAGES, codec=codec, options=options, pix_fmt=pix_fmt)
    clip = read_clip(path)
    assert [number_of(frame) for frame in clip.frames] == list(range(24))
    assert np.diff(clip.pts_seconds) == pytest.approx(1 / 25, abs=1.5e-3)
    few = read_clip(path, sampling=lambda pts: sampling.uniform(pts, 5))
    assert [number_of(frame) for frame in few.frames] == [2, 7, 12, 16, 21]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_start_that_is_not_zero_is_kept(tmp_path: Path, suffix: str) -> None:
    ticks = list(range(1000, 1024))
    path = write_video(tmp_path / f"late{suffix}", _IMAGES, ticks=ticks, options={"bf": "2"})
    clip = read_clip(path)
    start = clip.pts_seconds[0]
    assert start >= 40
    assert clip.pts_seconds - start == pytest.approx(np.arange(24) / 25, abs=1e-3)
    window = read_clip(path, start_seconds=start + 0.2, end_seconds=start + 0.3)
    assert [number_of(frame) for frame in window.frames] == [5, 6, 7]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_each_of_several_video_tracks_can_be_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"two{suffix}"
    sizes = ((64, 96), (128, 192), (32, 48))
    with av.open(str(path), "w") as container:
        streams = []
        for height, width in sizes:
            stream = container.add_stream("libx264", rate=25, options={"bf": "2", "g": "6"})
            stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
            streams.append(stream)
        for index in range(20):
            for number, (stream, size) in enumerate(zip(streams, sizes, strict=True)):
                image = numbered(100 * number + index, *size)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        for stream in streams:
            container.mux(stream.encode(None))
    for number, size in enumerate(sizes[:2]):
        clip = read_clip(path, stream=number, sampling=lambda pts: sampling.uniform(pts, 4))
        assert clip.frames.shape[1:3] == size
        assert [number_of(frame) for frame in clip.frames] == [100 * number + k for k in (2, 7, 12, 17)]
    assert read_clip(path, stream=2).frames.shape == (20, 32, 48, 3)


def test_frames_that_an_edit_list_discards_are_not_shown(tmp_path: Path) -> None:
    """What cutting without encoding leaves: leading frames that are decoded only because others need them."""
    whole = write_video(tmp_path / "whole.mp4", _IMAGES, options={"g": "24", "bf": "0"})
    cut = tmp_path / "cut.mp4"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as output:
        stream = source.streams.video[0]
        copy = output.add_stream_from_template(stream)
        assert stream.time_base is not None
        shift = round(10 * Fraction(1, 25) / stream.time_base)
        for packet in source.demux(stream):
            if packet.dts is None or packet.pts is None:
                continue
            # The muxer writes an edit list that starts at 0.
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
            output.mux(packet)
    clip = read_clip(cut)
    assert [number_of(frame) for frame in clip.frames] == list(range(10, 24))
    assert clip.pts_seconds == pytest.approx(np.arange(14) / 25, abs=1e-3)
    few = read_clip(cut, sampling=lambda pts: sampling.uniform(pts, 2))
    assert [number_of(frame) for frame in few.frames] == [13, 20]


def _tagged(path: Path, image: UInt8Array, pix_fmt: str, *, space: int, full: bool, transfer: int = 1) -> Path:
    """Three frames of one picture, converted and tagged as said."""
    from av.video.reformatter import VideoReformatter

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=25, options={"x265-params": "log-level=none:lossless=1"})
        stream.height, stream.width, stream.pix_fmt = *image.shape[:2], pix_fmt
        context = stream.codec_context
        context.colorspace, context.color_range, context.color_trc = space, 2 if full else 1, transfer
        reformatter = VideoReformatter()
        for number in range(3):
            frame = reformatter.reformat(
                av.VideoFrame.from_ndarray(image, format="rgb24"),
                format=pix_fmt,
                dst_colorspace=space,
                dst_color_range=2 if full else 1,
            )
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le", "yuv444p12le"])
@pytest.mark.parametrize("space", [1, 5, 9], ids=["bt709", "bt601", "bt2020"])
@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
def test_colours_follow_matrix_range_and_depth(tmp_path: Path, pix_fmt: str, space: int, full: bool) -> None:
    for colour in ((200, 40, 40), (30, 180, 60), (128, 128, 128), (255, 255, 255), (0, 0, 0)):
        path = _tagged(tmp_path / "a.mkv", _flat(*colour), pix_fmt, space=space, full=full)
        assert np.abs(read_clip(path).frames.astype(int) - colour).max() <= 4


def test_hdr_is_converted_and_not_tone_mapped(tmp_path: Path) -> None:
    """As FFmpeg does: the transfer function (PQ here) changes nothing."""
    hdr, sdr = (
        read_clip(_tagged(tmp_path / name, _flat(180, 90, 60), "yuv420p10le", space=9, full=False, transfer=transfer))
        for name, transfer in (("hdr.mkv", 16), ("sdr.mkv", 1))
    )
    with av.open(str(tmp_path / "hdr.mkv")) as container:
        assert next(container.decode(video=0)).color_trc == 16
    assert np.array_equal(hdr.frames, sdr.frames)


def test_leading_frames_of_an_open_group_that_starts_a_stream_are_left_out(tmp_path: Path) -> None:
    whole = write_video(
        tmp_path / "whole.ts",
        _IMAGES,
        options={"x264-params": "open-gop=1:keyint=8:bframes=2:b-pyramid=none:scenecut=0"},
    )
    cut = tmp_path / "cut.ts"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as output:
        stream = source.streams.video[0]
        copy = output.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        _, second_key, *_ = [number for number, packet in enumerate(packets) if packet.is_keyframe]
        for packet in packets[second_key:]:
            packet.stream = copy
            output.mux(packet)
    numbers = [number_of(frame) for frame in read_clip(cut).frames]
    assert numbers == list(range(8, 24))
    with open_source(cut) as found:
        assert [number_of(image) for image in found.read([0, 5])] == [8, 13]
