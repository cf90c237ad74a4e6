"""Limits hold before memory is taken."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.video.drawing import numbered, write_video
from vidclf.errors import LimitExceededError
from vidclf.video import Limits, open_source, read_clip


def _png_header(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that declares a picture of that size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(9999)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [9_000, 30_000, 100_000])
def test_a_small_picture_that_declares_a_huge_one_is_refused(tmp_path: Path, side: int) -> None:
    (tmp_path / "bomb.png").write_bytes(_png_header(side, side))
    with pytest.raises(LimitExceededError, match=f"{side}x{side}.*max_pixels"):
        read_clip(tmp_path / "bomb.png")
    with pytest.raises(LimitExceededError):
        read_clip(tmp_path)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
def test_frames_larger_than_allowed_are_refused(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"clip{suffix}", [numbered(k) for k in range(12)])
    with pytest.raises(LimitExceededError, match=r"96x64 = 6,144 pixels, more than the 6,000 of max_pixels"):
        open_source(path, limits=Limits(max_pixels=6000))
    assert len(read_clip(path, limits=Limits(max_pixels=96 * 64))) == 12


def test_a_source_longer_than_allowed_is_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [numbered(k) for k in range(4)], ticks=[0, 25, 50, 25_000])
    with pytest.raises(LimitExceededError, match=r"1000\.0 seconds long, more than the 900 of max_seconds"):
        read_clip(path, limits=Limits(max_seconds=900))
    with pytest.raises(LimitExceededError, match="max_seconds"):
        read_clip(path, end_seconds=1, limits=Limits(max_seconds=900))
    assert len(read_clip(path, limits=Limits(max_seconds=1001))) == 4


def test_clips_that_take_more_memory_than_allowed_are_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", [numbered(k) for k in range(10)])
    frame_bytes = 96 * 64 * 3
    with pytest.raises(LimitExceededError, match=f"more than the {9 * frame_bytes:,} of max_bytes"):
        read_clip(path, limits=Limits(max_bytes=9 * frame_bytes))
    assert len(read_clip(path, limits=Limits(max_bytes=10 * frame_bytes))) == 10
    assert len(read_clip(path, size=(32, 48), limits=Limits(max_bytes=9 * frame_bytes))) == 10
    with pytest.raises(LimitExceededError):
        read_clip(path, size=(640, 960), start_seconds=0.1, limits=Limits(max_bytes=9 * frame_bytes))


def test_the_limits_hold_for_pictures_of_a_folder(tmp_path: Path) -> None:
    Image.fromarray(numbered(1)).save(tmp_path / "1.png")
    with pytest.raises(LimitExceededError, match="max_pixels"):
        read_clip(tmp_path, limits=Limits(max_pixels=100))


def test_a_limit_must_allow_something() -> None:
    with pytest.raises(ValueError, match="max_pixels must be above 0"):
        Limits(max_pixels=0)
