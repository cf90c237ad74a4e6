"""Broken bytes: frames or an error of ours, in bounded time; never a crash, a hang or a handle left open."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.video.drawing import numbered, write_video
from vidclf.errors import DecodeError
from vidclf.video import Limits, read_clip, sampling

# Small enough that a file which declares more is refused and not waited for.
_LIMITS = Limits(max_pixels=1_000_000, max_seconds=600, max_bytes=200 * 2**20)
_SLOWEST_SECONDS = 20.0
_CHILD_SECONDS = 600.0

_FILES = {
    "h264.mp4": ("libx264", {"g": "6", "bf": "2"}, "yuv420p"),
    "h264.ts": ("libx264", {"g": "6", "bf": "2"}, "yuv420p"),
    "h265.mkv": ("libx265", {"x265-params": "keyint=6:log-level=none"}, "yuv420p"),
    "vp9.webm": ("libvpx-vp9", {"g": "6"}, "yuv420p"),
    "av1.mp4": ("libsvtav1", {"g": "6", "svtav1-params": "lp=1"}, "yuv420p"),
    "mpeg2.mpg": ("mpeg2video", {"g": "6", "bf": "2"}, "yuv420p"),
    "mpeg4.avi": ("mpeg4", {"g": "6", "bf": "1"}, "yuv420p"),
    "mjpeg.mov": ("mjpeg", {}, "yuvj420p"),
    "pages.gif": ("gif", {}, "rgb8"),
}


def break_bytes(whole: bytes, rng: np.random.Generator) -> bytes:
    """A copy with some bytes flipped, a stretch overwritten, or the end missing."""
    content = bytearray(whole)
    kind = rng.integers(4)
    if kind == 0:
        return bytes(content[: rng.integers(1, len(content))])
    if kind == 1:
        start = int(rng.integers(len(content)))
        stretch = rng.bytes(int(rng.integers(1, 200)))
        content[start : start + len(stretch)] = stretch
        return bytes(content[: len(whole)])
    # Headers hold the sizes and counts that make programs stumble.
    reach = len(content) if kind == 2 else min(len(content), 1500)
    for position in rng.integers(0, reach, rng.integers(1, 12)):
        content[position] ^= 1 << int(rng.integers(8))
    return bytes(content)


def read_broken(folder: Path, seeds: range) -> dict[str, int]:
    """Read each file of the folder, broken in as many ways as there are seeds; how often what came of it."""
    outcomes = {"frames": 0, "errors": 0}
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for seed in seeds:
            rng = np.random.default_rng([seed, len(whole)])
            broken = folder.parent / f"broken{path.suffix}"
            broken.write_bytes(break_bytes(whole, rng))
            choose = (None, lambda pts: sampling.uniform(pts, 4), lambda pts: sampling.center_window(pts, 3, 10.0))[
                seed % 3
            ]
            start = time.perf_counter()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    read_clip(broken, sampling=choose, limits=_LIMITS, on_truncated=("error", "keep")[seed % 2])
                outcomes["frames"] += 1
            except DecodeError:
                outcomes["errors"] += 1
            if time.perf_counter() - start > _SLOWEST_SECONDS:
                raise AssertionError(f"{path.name}, seed {seed}, takes too long")
    return outcomes


def _read_in_a_child(folder: Path, seeds: range) -> dict[str, int]:
    """In a process of its own, where a crash is a failure that can be told and not the end of all tests."""
    code = (
        "import json, sys; from pathlib import Path; from tests.video.test_fuzz import read_broken;"
        "print(json.dumps(read_broken(Path(sys.argv[1]), range(int(sys.argv[2]), int(sys.argv[3])))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(seeds.start), str(seeds.stop)],
        capture_output=True,
        text=True,
        timeout=_CHILD_SECONDS,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-2000:]}"
    assert done.stderr == ""
    outcomes: dict[str, int] = json.loads(done.stdout)
    return outcomes


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "whole"
    folder.mkdir()
    for name, (codec, options, pix_fmt) in _FILES.items():
        images = [numbered(k) for k in range(14)]
        write_video(folder / name, images, codec=codec, options=options, pix_fmt=pix_fmt)
    return folder


def test_broken_bytes_give_frames_or_an_error(whole_files: Path) -> None:
    outcomes = _read_in_a_child(whole_files, range(12))
    assert sum(outcomes.values()) == 12 * len(_FILES)
    assert min(outcomes.values()) > 0


@pytest.mark.slow
def test_many_broken_bytes_give_frames_or_an_error(whole_files: Path) -> None:
    outcomes = _read_in_a_child(whole_files, range(12, 400))
    assert sum(outcomes.values()) == 388 * len(_FILES)


@pytest.mark.parametrize("opens", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_no_handle_is_left_after_many_opens(whole_files: Path, tmp_path: Path, opens: int) -> None:
    handles = Path("/proc/self/fd")
    if not handles.is_dir():
        pytest.skip("needs /proc")
    good = whole_files / "h264.mp4"
    cut = tmp_path / "cut.ts"
    cut.write_bytes((whole_files / "h264.ts").read_bytes()[:-100])
    page = tmp_path / "page.mp4"
    page.write_text("<html>")
    gc.collect()
    before = sorted(link.name for link in handles.iterdir())
    for number in range(opens):
        try:
            read_clip((good, good, cut, page)[number % 4], sampling=lambda pts: sampling.uniform(pts, 2), size=16)
        except DecodeError:
            assert number % 4 > 1
    gc.collect()
    assert sorted(link.name for link in handles.iterdir()) == before
