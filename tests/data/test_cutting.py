from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.video.drawing import number_of, numbered, write_video
from vidclf.data import ClipEntry, Manifest, read_manifest
from vidclf.data.cutting import Cut, cut_clips
from vidclf.errors import StoppedError, UsageError
from vidclf.types import Clip
from vidclf.video import read_clip


def film(path: Path, count: int = 60, size: tuple[int, int] = (64, 96), **timing: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, [numbered(k, *size) for k in range(count)], **timing)


def part(path: Path, start: float | None, end: float | None, label: str = "wave", **more: Any) -> ClipEntry:
    return ClipEntry(path.name, path, label, start_seconds=start, end_seconds=end, **more)


def cut(entries: list[ClipEntry], out: Path, **options: Any) -> Cut:
    return cut_clips(Manifest(tuple(entries), Path("segments.csv")), out, **options)


def numbers(clip: Clip) -> list[int | None]:
    return [number_of(image) for image in clip.frames]


def test_a_clip_holds_the_frames_and_times_of_its_window(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    phone = film(
        tmp_path / "phone.mp4", ticks=np.cumsum(rng.integers(300, 3000, 60)).tolist(), ticks_per_second=30_000
    )
    screen = film(tmp_path / "screen.mkv")
    entries = [
        part(phone, 0.5, 1.5),
        part(screen, 0.4, 0.8, "nod"),
        part(phone, 1.0, 2.0),  # overlaps the first
        part(phone, 1.5, None),
        part(screen, None, 0.04),
        part(screen, None, None, "none"),
    ]
    done = cut(entries, tmp_path / "out")
    assert (done.num_clips, done.failures) == (6, ())
    rows = read_manifest(tmp_path / "out" / "manifest.csv").entries
    assert [row.label for row in rows] == ["wave", "nod", "wave", "wave", "wave", "none"]
    for entry, row in zip(entries, rows, strict=True):
        wanted = read_clip(entry.path, start_seconds=entry.start_seconds, end_seconds=entry.end_seconds)
        got = read_clip(row.path)
        assert numbers(got) == numbers(wanted)
        np.testing.assert_allclose(got.pts_seconds, wanted.pts_seconds - wanted.pts_seconds[0], atol=2e-5)
        assert np.abs(got.frames.astype(int) - wanted.frames).mean() < 3
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"manifest.csv", *(row.name for row in rows)}


def test_rows_keep_what_they_said_and_videos_become_groups(tmp_path: Path) -> None:
    a, b = film(tmp_path / "a.mp4"), film(tmp_path / "b.mp4")
    entries = [
        part(a, 0, 1, split="train", extra={"light": "dim"}),
        part(a, 1, 2, split="train"),
        part(b, 0, 1, group="Ann", split="test", extra={"light": "bright"}),
    ]
    done = cut(entries, tmp_path / "out")
    assert done.manifest is not None
    rows = read_manifest(done.manifest).entries
    assert [(row.name, row.group, row.split, dict(row.extra)) for row in rows] == [
        ("a_0.000-1.000.mp4", "a.mp4", "train", {"light": "dim"}),
        ("a_1.000-2.000.mp4", "a.mp4", "train", {"light": ""}),
        ("b_0.000-1.000.mp4", "Ann", "test", {"light": "bright"}),
    ]
    assert all(row.start_seconds is None and row.end_seconds is None for row in rows)


def test_names_do_not_collide(tmp_path: Path) -> None:
    one, other = film(tmp_path / "x" / "day.mp4", 5), film(tmp_path / "y" / "Day.mkv", 5)
    long = film(tmp_path / f"{'ü' * 120}.mp4", 5)
    done = cut(
        [part(one, 0, 0.1), part(one, 0, 0.1, "nod"), part(other, 0, 0.1), part(long, 0, None)], tmp_path / "out"
    )
    assert (done.num_clips, done.failures) == (4, ())
    names = sorted(path.name for path in (tmp_path / "out").glob("*.mp4"))
    assert names == sorted(
        ["day_0.000-0.100.mp4", "day_0.000-0.100_2.mp4", "Day_0.000-0.100_3.mp4", f"{'ü' * 75}_0.000-end.mp4"]
    )


def test_a_bad_video_is_told_and_the_others_are_cut(tmp_path: Path) -> None:
    good, bad, gone = film(tmp_path / "good.mp4"), tmp_path / "bad.mp4", tmp_path / "gone.mp4"
    bad.write_bytes(b"<html>not found</html>")
    done = cut(
        [part(bad, 0, 1), part(bad, 1, 2), part(gone, 0, 1), part(good, 0, 1), part(good, 7, 8)], tmp_path / "out"
    )
    assert done.num_clips == 1
    assert [failure.name for failure in done.failures] == [
        "bad.mp4 [0-1 s]",
        "bad.mp4 [1-2 s]",
        "gone.mp4 [0-1 s]",
        "good.mp4 [7-8 s]",
    ]
    assert "run from 0.000 to 2.360 seconds" in done.failures[-1].reason
    assert all(str(tmp_path) in failure.reason for failure in done.failures[:-1])


def test_nothing_is_listed_where_nothing_could_be_cut(tmp_path: Path) -> None:
    done = cut([part(tmp_path / "gone.mp4", 0, 1)], tmp_path / "out")
    assert (done.manifest, done.num_clips, len(done.failures)) == (None, 0, 1)
    assert list((tmp_path / "out").iterdir()) == []


def test_what_decodes_of_a_damaged_video_is_cut_on_demand(tmp_path: Path) -> None:
    video = film(tmp_path / "a.mkv", options={"g": "5", "bf": "0"})
    video.write_bytes(video.read_bytes()[:-2000])
    entries = [part(video, 0, 0.4), part(video, 0.4, None)]
    assert len(cut(entries, tmp_path / "none").failures) == 2
    with pytest.warns(UserWarning, match="damaged or cut off"):
        done = cut(entries, tmp_path / "some", on_truncated="keep")
    assert (done.num_clips, done.failures) == (2, ())
    assert numbers(read_clip(tmp_path / "some" / "a_0.000-0.400.mp4")) == list(range(10))
    assert numbers(read_clip(tmp_path / "some" / "a_0.400-end.mp4"))[:5] == [10, 11, 12, 13, 14]


def test_folders_of_pictures_are_cut_and_mixed_sizes_told(tmp_path: Path) -> None:
    from PIL import Image

    folder = tmp_path / "frames"
    folder.mkdir()
    for k in range(20):
        Image.fromarray(numbered(k, *((32, 48) if k == 7 else (64, 96)))).save(folder / f"{k:05d}.png")
    entries = [part(folder, 0, 0.2), part(folder, 0.2, 0.4), part(folder, 0.4, 0.8)]
    done = cut(entries, tmp_path / "out")
    assert [failure.name for failure in done.failures] == ["frames [0.2-0.4 s]"]
    assert "48x32" in done.failures[0].reason
    assert numbers(read_clip(tmp_path / "out" / "frames_0.400-0.800.mp4")) == list(range(10, 20))


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["duplicate_pts.mkv", "ts_cat_timestamps_jump_back.ts", "size_change.mkv", "rot90.mp4"]
)
def test_awkward_videos_are_cut_as_they_are_read(shared_data: Path, tmp_path: Path, name: str) -> None:
    video = shared_data / "decoder" / name
    whole = read_clip(video)
    middle = float(whole.pts_seconds[len(whole) // 2])
    entries = [part(video, None, middle), part(video, middle, None)]
    done = cut(entries, tmp_path / "out", crf=0)
    assert (done.num_clips, done.failures) == (2, ())
    clips = [read_clip(row.path) for row in read_manifest(tmp_path / "out" / "manifest.csv").entries]
    got = np.concatenate([clip.frames for clip in clips])
    height, width = whole.frames.shape[1:3]
    assert np.abs(got[:, :height, :width].astype(int) - whole.frames).mean() < 3
    assert len(clips[0]) == np.searchsorted(whole.pts_seconds, middle)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(UsageError, match="not empty"):
        cut([part(tmp_path / "a.mp4", 0, 1)], tmp_path / "out")
    with pytest.raises(StoppedError, match=r"mine\.txt"):
        cut([part(tmp_path / "a.mp4", 0, 1)], tmp_path / "out" / "mine.txt")
