"""Every file of the decoder folder against what a full FFmpeg decode gives (`expected.json` there)."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.video.drawing import number_of
from vidclf import errors
from vidclf.types import UInt8Array
from vidclf.video import Picked, open_source, read_clip, sampling

pytestmark = pytest.mark.shared

_FOLDER = Path(os.environ.get("VIDCLF_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data" / "decoder"
_EXPECTED: dict[str, dict[str, Any]] = (
    json.loads((_FOLDER / "expected.json").read_text())["files"] if _FOLDER.is_dir() else {}
)
_DAMAGED = [name for name in _EXPECTED if name.startswith(("truncated", "corrupt_"))]
_REFUSED = [name for name, e in _EXPECTED.items() if e["outcome"] == "error" and name not in _DAMAGED]
_GOOD = [name for name in _EXPECTED if name not in {*_DAMAGED, *_REFUSED}]

_KINDS: dict[str, tuple[type[errors.DecodeError], ...]] = {
    "no_video_stream": (errors.NoVideoStreamError,),
    "not_a_video": (errors.NotAVideoError,),
    "damaged": (errors.DamagedVideoError,),
    # An encrypted file and one that broke at once look alike.
    "no_frames": (errors.NoFramesError, errors.DamagedVideoError),
    "unsupported_by_ffmpeg": (errors.DamagedVideoError,),
    "unreadable_picture": (errors.UnreadablePictureError,),
    "frames_of_different_sizes": (errors.MixedSizesError,),
}


@pytest.fixture(scope="session")
def folder(shared_data: Path) -> Path:
    return shared_data / "decoder"


@pytest.fixture(autouse=True)
def _no_handle_is_left() -> Any:
    before = _handles()
    yield
    assert _handles() == before


def _handles() -> list[str]:
    """Open files of the decoder folder, where the system tells."""
    links = Path("/proc/self/fd")
    targets = [str(link.readlink()) for link in links.iterdir() if link.exists()] if links.is_dir() else []
    return sorted(target for target in targets if "/decoder/" in target)


def _numbers(expected: dict[str, Any], frames: UInt8Array) -> list[int | None]:
    code = expected.get("code")
    if code is None:
        return [number_of(frame) for frame in frames]
    return [round((float(frame.mean()) - code["first"]) / code["step"]) for frame in frames]


@pytest.mark.parametrize("name", _GOOD)
def test_a_good_file_gives_the_frames_of_a_full_decode(folder: Path, name: str) -> None:
    expected = _EXPECTED[name]
    clip = read_clip(folder / name)
    assert len(clip) == expected["n_frames"]
    assert _numbers(expected, clip.frames) == expected["indices"]
    assert clip.frames.shape[1:3] == (expected["height"], expected["width"])
    for patch in expected.get("rgb_patches", []):
        pixel = clip.frames[0, patch["y"], patch["x"]].astype(int)
        assert np.abs(pixel - patch["rgb"]).max() <= patch["tolerance"], patch


@pytest.mark.parametrize("name", _GOOD)
def test_a_good_file_gives_its_own_times(folder: Path, name: str) -> None:
    expected = _EXPECTED[name]
    with open_source(folder / name) as source:
        pts = source.pts_seconds()
    assert pts.shape == (expected["n_frames"],)
    for found, wanted in zip(pts, expected.get("pts", []), strict=False):
        assert wanted is None or found == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("name", _GOOD)
def test_sampled_frames_are_those_of_the_dense_clip(folder: Path, name: str) -> None:
    clip = read_clip(folder / name)
    for count in (1, 5, 16):
        picked = sampling.uniform(clip.pts_seconds, count)
        sampled = read_clip(folder / name, sampling=lambda pts, count=count: sampling.uniform(pts, count))
        assert np.array_equal(sampled.frames, clip.frames[picked.indices])
        assert np.array_equal(sampled.pts_seconds, clip.pts_seconds[picked.indices])
        assert np.array_equal(sampled.valid, picked.valid)


@pytest.mark.parametrize("name", _GOOD)
def test_windows_and_runs_of_frames_are_those_of_the_whole_clip(folder: Path, name: str) -> None:
    whole = read_clip(folder / name)
    times, count = whole.pts_seconds, len(whole)
    run = np.arange(max(0, count // 2 - 16), min(count, count // 2 + 16))
    part = read_clip(folder / name, sampling=lambda _: Picked(run, np.ones(len(run), np.bool_)))
    assert np.array_equal(part.frames, whole.frames[run])
    for first, stop in ((0, count // 3 + 1), (count // 2, count // 2 + 2), (count - 1, count)):
        end = float(times[stop]) if stop < count else None
        window = read_clip(folder / name, start_seconds=float(times[first]), end_seconds=end)
        inside = (times >= times[first]) & (times < (np.inf if end is None else end))
        assert np.array_equal(window.pts_seconds, times[inside])
        assert np.array_equal(window.frames, whole.frames[inside])


@pytest.mark.slow
@pytest.mark.parametrize("name", _GOOD)
def test_each_single_frame_is_that_of_the_whole_clip(folder: Path, name: str) -> None:
    whole = read_clip(folder / name, size=(48, 64))
    for number in range(len(whole)):
        only = Picked(np.array([number]), np.ones(1, np.bool_))
        part = read_clip(folder / name, sampling=lambda _, only=only: only, size=(48, 64))
        assert np.array_equal(part.frames[0], whole.frames[number]), number
        assert part.pts_seconds[0] == whole.pts_seconds[number]


def test_of_a_file_with_damage_elsewhere_whole_frames_are_read(folder: Path) -> None:
    whole, outcomes = read_clip(folder / "h265_opengop.mp4"), []
    for number in range(len(whole)):
        only = Picked(np.array([number]), np.ones(1, np.bool_))
        try:
            part = read_clip(folder / "corrupt_middle_h265.mp4", sampling=lambda _, only=only: only)
        except errors.DamagedVideoError:
            outcomes.append("told")
        else:
            outcomes.append("right" if np.array_equal(part.frames[0], whole.frames[number]) else "wrong")
    assert outcomes.count("told") > 10
    assert outcomes.count("right") > 40
    # The first overwritten packet decodes to a picture without a word; only those after it give it away.
    assert outcomes.count("wrong") <= 1


@pytest.mark.parametrize("name", [*_REFUSED, *_DAMAGED])
def test_a_file_to_be_refused_raises_the_error_that_says_why(folder: Path, name: str) -> None:
    wanted = _KINDS[_EXPECTED[name].get("kind", "damaged")]
    with pytest.raises(errors.DecodeError) as caught:
        read_clip(folder / name)
    assert isinstance(caught.value, wanted)
    assert str(folder / name.rstrip("/")) in str(caught.value)


@pytest.mark.parametrize("name", _DAMAGED)
def test_a_damaged_file_is_refused_whatever_is_asked_of_it(folder: Path, name: str) -> None:
    with pytest.raises(errors.DamagedVideoError):
        read_clip(folder / name, sampling=lambda pts: sampling.uniform(pts, 2), size=16)
    with pytest.raises(errors.DamagedVideoError), open_source(folder / name) as source:
        list(source)


@pytest.mark.parametrize("name", [name for name in _DAMAGED if "n_frames" in _EXPECTED[name]])
def test_what_decodes_of_a_damaged_file_can_be_kept_with_a_warning(folder: Path, name: str) -> None:
    expected = _EXPECTED[name]
    with pytest.warns(errors.TruncatedVideoWarning, match="frames that decode are kept") as caught:
        clip = read_clip(folder / name, on_truncated="keep")
    assert len(caught) == 1
    # How many come depends on the decoder's version.
    assert 0 < len(clip) <= expected["n_frames"] + 1
    numbers = _numbers(expected, clip.frames)
    whole = len(clip) - 2 if name.startswith("truncated") else 5
    assert numbers[:whole] == expected["indices"][:whole]


@pytest.mark.parametrize("name", ["theora.ogv", "interlaced_mpeg2.ts", "wmv2.wmv", "ffv1.mkv", "animated.apng"])
def test_a_good_file_that_is_cut_short_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) * 7 // 10])
    with pytest.raises(errors.DamagedVideoError):
        read_clip(tmp_path / name)


@pytest.mark.parametrize("name", [name for name in _REFUSED if _EXPECTED[name]["kind"] != "damaged"])
def test_keeping_what_decodes_makes_no_video_of_what_is_none(folder: Path, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(errors.DecodeError):
            read_clip(folder / name, on_truncated="keep")


@pytest.mark.parametrize("name", [name for name in _GOOD if "second_stream" in _EXPECTED[name]])
def test_the_second_video_stream_can_be_chosen(folder: Path, name: str) -> None:
    expected = _EXPECTED[name]["second_stream"]
    clip = read_clip(folder / name, stream=1)
    assert [number_of(frame) for frame in clip.frames] == expected["indices"]
    assert clip.pts_seconds == pytest.approx(expected["pts"], abs=1e-3)


@pytest.mark.parametrize("name", ["size_change.mkv", "size_change.ts"])
def test_a_size_that_changes_shows_in_the_source_and_not_in_the_clip(folder: Path, name: str) -> None:
    expected = _EXPECTED[name]
    with open_source(folder / name) as source:
        sizes = [list(frame.image.shape[1::-1]) for frame in source]
    assert sizes == expected["sizes"]
    assert read_clip(folder / name).frames.shape == (48, 128, 192, 3)
    assert read_clip(folder / name, size=32).frames.shape == (48, 32, 32, 3)


def test_pictures_of_several_sizes_need_one_to_be_given(folder: Path) -> None:
    clip = read_clip(folder / "frames_jpg_sizes", size=(32, 96))
    assert [number_of(frame) for frame in clip.frames] == [8, 9, 10, 11]


def test_times_that_jump_back_go_on_in_the_clip(folder: Path) -> None:
    clip = read_clip(folder / "ts_cat_timestamps_jump_back.ts")
    assert clip.pts_seconds == pytest.approx(1.48 + np.arange(48) * 0.04, abs=1e-3)


def test_transparent_parts_are_the_same_in_every_run(folder: Path) -> None:
    for name in [name for name in _GOOD if name.startswith(("alpha_", "gif_"))]:
        assert np.array_equal(read_clip(folder / name).frames, read_clip(folder / name).frames)
