"""Reading in a process of its own: the same clips, errors and warnings, under limits, with nothing left over."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.video.drawing import numbered, write_video
from vidclf.errors import (
    DamagedVideoError,
    LimitExceededError,
    MixedSizesError,
    NotAVideoError,
    SourceNotFoundError,
    TruncatedVideoWarning,
    UsageError,
)
from vidclf.types import Float64Array
from vidclf.video import Limits, Picked, read_clip, sampling


@pytest.fixture(autouse=True)
def _no_process_is_left() -> object:
    before = _children()
    yield
    assert _children() <= before


def _children() -> set[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(map(int, path.read_text().split())) if path.exists() else set()


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("isolated") / "clip.mp4"
    return write_video(path, [numbered(k) for k in range(40)], options={"g": "12", "bf": "2"})


@pytest.fixture(scope="module")
def large_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its decoder needs tens of megabytes."""
    path = tmp_path_factory.mktemp("isolated") / "large.mp4"
    image = np.random.default_rng(0).integers(0, 256, (1440, 2560, 3), dtype=np.uint8)
    return write_video(path, [image] * 2, ticks=[0, 1], options={"preset": "ultrafast", "qp": "1"})


def test_it_gives_the_same_clip(clip_path: Path) -> None:
    def choose(pts: Float64Array) -> Picked:
        return sampling.uniform(pts, 50)

    alone = read_clip(clip_path, sampling=choose, start_seconds=0.2, size=(20, 30), isolate=True)
    here = read_clip(clip_path, sampling=choose, start_seconds=0.2, size=(20, 30))
    assert np.array_equal(alone.frames, here.frames)
    assert np.array_equal(alone.pts_seconds, here.pts_seconds)
    assert np.array_equal(alone.valid, here.valid)
    assert alone.source == here.source


def test_a_folder_of_pictures_is_read_too_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "http:" / "%02d #1"
    folder.mkdir(parents=True)
    for number, height in ((1, 64), (2, 64), (10, 80)):
        Image.fromarray(numbered(number, height)).save(folder / f"{number}.png")
    with pytest.raises(MixedSizesError, match="96x80"):
        read_clip(folder, isolate=True)
    assert len(read_clip(folder, size=32, isolate=True)) == 3


def test_errors_are_those_of_reading_here(clip_path: Path, tmp_path: Path) -> None:
    (tmp_path / "page.mp4").write_text("<html>")
    (tmp_path / "cut.mkv").write_bytes(
        write_video(tmp_path / "a.mkv", [numbered(k) for k in range(9)]).read_bytes()[:1500]
    )
    for name, kind in (
        ("page.mp4", NotAVideoError),
        ("none.mp4", SourceNotFoundError),
        ("cut.mkv", DamagedVideoError),
    ):
        with pytest.raises(kind) as alone:
            read_clip(tmp_path / name, isolate=True)
        with pytest.raises(kind) as here:
            read_clip(tmp_path / name)
        assert str(alone.value) == str(here.value)
    with pytest.warns(TruncatedVideoWarning, match=r"cut\.mkv"):
        read_clip(tmp_path / "cut.mkv", on_truncated="keep", isolate=True)
    with pytest.raises(UsageError, match="must be before"):
        read_clip(clip_path, start_seconds=2, end_seconds=1, isolate=True)
    with pytest.raises(ValueError, match="sampling must choose from the 40 frames"):
        read_clip(clip_path, sampling=lambda _: Picked(np.array([99]), np.ones(1, np.bool_)), isolate=True)


def test_an_error_of_the_sampling_passes(clip_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        read_clip(clip_path, sampling=lambda _: 1 // 0, isolate=True)  # type: ignore[arg-type, return-value]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is limited on Linux only")
def test_memory_is_limited(large_path: Path) -> None:
    with pytest.raises(LimitExceededError, match=r"large\.mp4.*16,777,216 bytes of max_process_bytes"):
        read_clip(large_path, size=16, limits=Limits(max_process_bytes=16 * 2**20), isolate=True)
    assert len(read_clip(large_path, size=16, isolate=True)) == 2


def test_processor_time_is_limited(clip_path: Path) -> None:
    with pytest.raises(LimitExceededError, match=r"clip\.mp4.*1 seconds of max_cpu_seconds"):
        read_clip(clip_path, size=2500, limits=Limits(max_cpu_seconds=1), isolate=True)


def test_wall_time_is_limited(clip_path: Path) -> None:
    def slow(pts: Float64Array) -> Picked:
        time.sleep(1.5)
        return sampling.dense(pts)

    with pytest.raises(LimitExceededError, match=r"1 seconds of max_wall_seconds"):
        read_clip(clip_path, sampling=slow, limits=Limits(max_wall_seconds=1), isolate=True)


def test_a_crash_is_an_error_that_names_the_file(clip_path: Path) -> None:
    before = _children()

    def crash(pts: Float64Array) -> Picked:
        for child in _children() - before:
            os.kill(child, signal.SIGSEGV)
        return sampling.dense(pts)

    with pytest.raises(DamagedVideoError, match=r"clip\.mp4: its decoder crashed \(Segmentation fault\)"):
        read_clip(clip_path, sampling=crash, isolate=True)


def test_several_threads_read_side_by_side(clip_path: Path) -> None:
    lengths: list[int] = []
    threads = [
        threading.Thread(target=lambda: lengths.append(len(read_clip(clip_path, isolate=True)))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert lengths == [40] * 3
