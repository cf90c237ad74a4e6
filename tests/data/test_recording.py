"""Takes from files, whose frames say which they are; a camera is a file that does not end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.video.drawing import number_of, numbered, write_video
from vidclf.data import read_manifest
from vidclf.data.recording import Moment, Take, Watch, record_takes
from vidclf.errors import ManifestError, StoppedError, UsageError
from vidclf.types import Frame
from vidclf.video import open_source, read_clip


def record(
    source: Path,
    out: Path,
    *takes: tuple[str, int],
    seconds: float = 0.4,
    countdown: float = 0.2,
    group: str = "",
    watch: Watch | None = None,
) -> list[Take]:
    with open_source(source) as opened:
        return list(
            record_takes(opened, out, takes, seconds=seconds, countdown_seconds=countdown, group=group, watch=watch)
        )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """60 numbered frames, 25 a second."""
    return write_video(tmp_path / "source.mp4", [numbered(k) for k in range(60)])


def numbers(path: Path) -> list[int | None]:
    return [number_of(frame) for frame in read_clip(path).frames]


def test_takes_and_countdowns_follow_each_other(source: Path, tmp_path: Path) -> None:
    takes = record(source, tmp_path / "out", ("wave", 2), ("background", 1), group="anna")
    assert [take.path.relative_to(tmp_path / "out").as_posix() for take in takes] == [
        "wave/wave_0001.mp4",
        "wave/wave_0002.mp4",
        "background/background_0001.mp4",
    ]
    assert [numbers(take.path) for take in takes] == [[*range(at, at + 10)] for at in (5, 20, 35)]
    entries = read_manifest(tmp_path / "out" / "manifest.csv").entries
    assert [(entry.label, entry.group, entry.path) for entry in entries] == [
        (take.label, "anna", take.path) for take in takes
    ]
    assert entries[0].extra == {"frames": "10", "fps": "25.000", "declared_fps": "25.000"}


def test_a_folder_is_gone_on_with(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    record(source, out, ("wave", 1))
    (out / "manifest.csv").write_text("path,label,light\nwave/wave_0001.mp4,wave,dim\nwave/wave_0007.mp4,wave,dim\n")
    (out / "wave" / "wave_0003.mp4").touch()  # written, but not in the manifest: a kill came between
    [take] = record(source, out, ("wave", 1))
    assert take.path.name == "wave_0008.mp4"
    lines = (out / "manifest.csv").read_text().splitlines()
    assert lines[0] == "path,label,light,frames,fps,declared_fps"
    assert lines[1] == "wave/wave_0001.mp4,wave,dim,,,"
    assert len(lines) == 4


def test_uneven_times_are_kept_and_a_slow_camera_is_told(tmp_path: Path) -> None:
    # Declared 25 frames/s; after six, every second one is missing, and one comes late.
    ticks = [0, 1, 2, 3, 4, 5, *range(6, 26, 2), 27, 28, 29, 30]
    source = write_video(tmp_path / "slow.mp4", [numbered(k) for k in range(len(ticks))], ticks=ticks)
    [take] = record(source, tmp_path / "out", ("wave", 1), seconds=1.0, countdown=0)
    times = read_clip(take.path).pts_seconds
    assert times == pytest.approx([tick / 25 for tick in ticks if tick < 25], abs=1e-4)
    assert take.num_frames == len(times)
    assert take.fps == pytest.approx((len(times) - 1) / times[-1], rel=1e-3)
    assert take.is_slow


def test_a_source_of_its_rate_is_not_slow(source: Path, tmp_path: Path) -> None:
    [take] = record(source, tmp_path / "out", ("wave", 1))
    assert not take.is_slow


def test_every_frame_is_shown_with_what_is_left(source: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, Moment]] = []

    def watch(frame: Frame, moment: Moment) -> None:
        seen.append((frame.index, moment))

    record(source, tmp_path / "out", ("wave", 2), watch=watch)
    assert [index for index, _ in seen] == [*range(30)]
    assert [moment.phase for _, moment in seen] == (["countdown"] * 5 + ["recording"] * 10) * 2
    assert seen[7][1].seconds_left == pytest.approx(0.4 - 2 / 25)
    assert seen[20][1] == Moment("wave", 2, 2, "recording", pytest.approx(0.4))


@pytest.mark.parametrize(("seconds", "kept"), [(0.4, 4), (1.0, 2), (2.2, 1)])
def test_what_ends_in_a_take_leaves_the_takes_before_it(
    source: Path, tmp_path: Path, seconds: float, kept: int
) -> None:
    done: list[Take] = []
    with open_source(source) as opened, pytest.raises(StoppedError, match=f"take {kept + 1} of 9 of 'wave'"):
        done.extend(record_takes(opened, tmp_path / "out", [("wave", 9)], seconds=seconds, countdown_seconds=0.2))
    assert len(read_manifest(tmp_path / "out" / "manifest.csv").entries) == kept
    left = sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert left == ["manifest.csv", *(f"wave_{number:04}.mp4" for number in range(1, kept + 1))]


def test_a_take_may_end_with_its_source(source: Path, tmp_path: Path) -> None:
    [take] = record(source, tmp_path / "out", ("wave", 1), seconds=2.4, countdown=0)
    assert numbers(take.path) == [*range(60)]


def test_damage_in_a_take_is_the_loss_of_the_source(tmp_path: Path) -> None:
    broken = write_video(tmp_path / "broken.mp4", [numbered(k) for k in range(60)], options={"g": "5"})
    content = bytearray(broken.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = np.random.default_rng(0).bytes(300)
    broken.write_bytes(content)
    with pytest.raises(StoppedError, match="was lost"):
        record(broken, tmp_path / "out", ("wave", 9), seconds=0.4, countdown=0)
    assert 1 <= len(read_manifest(tmp_path / "out" / "manifest.csv").entries) <= 5


def test_an_interrupt_keeps_what_was_recorded(source: Path, tmp_path: Path) -> None:
    def interrupt(_: Frame, moment: Moment) -> None:
        if moment.number == 2 and moment.phase == "recording" and moment.seconds_left < 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(source, tmp_path / "out", ("wave", 3), watch=interrupt)
    assert [entry.name for entry in read_manifest(tmp_path / "out" / "manifest.csv").entries] == [
        "wave/wave_0001.mp4"
    ]
    assert [path.name for path in (tmp_path / "out" / "wave").iterdir()] == ["wave_0001.mp4"]


@pytest.mark.parametrize("label", ["", ".", "..", "a/b", "a\\b", "../up", ".hidden", "end ", "a:b", "two\nlines"])
def test_a_label_must_be_a_folders_name(source: Path, tmp_path: Path, label: str) -> None:
    with pytest.raises(UsageError, match="cannot be a label"):
        record(source, tmp_path / "out", ("wave", 1), (label, 1))
    assert not (tmp_path / "out").exists()


def test_what_cannot_work_is_said_before_anything_is_recorded(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="longer than 0"):
        record(source, tmp_path / "out", ("wave", 1), seconds=0)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.csv").write_text("nothing\n")
    with pytest.raises(ManifestError, match="path and label"):
        record(source, tmp_path / "out", ("wave", 1))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.csv"]
