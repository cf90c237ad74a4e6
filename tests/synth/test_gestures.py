from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from vidclf.errors import StoppedError, UsageError
from vidclf.synth import GESTURES, render_gestures

SMALL = (48, 64)


def rendered(out: Path, **changed: object) -> Path:
    settings = {"clips_per_class": 3, "performers": 2, "classes": ["wave", "none"], "size": SMALL, "workers": 1}
    return render_gestures(out, **{**settings, **changed})


def rows(manifest: Path) -> list[dict[str, str]]:
    with manifest.open(newline="") as file:
        return list(csv.DictReader(file))


def contents(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.mp4"))}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("base") / "gestures"
    rendered(out)
    return out


def test_what_is_written(base: Path) -> None:
    assert sorted(path.name for path in base.iterdir()) == ["README.md", "clips", "manifest.csv", "synth.json"]
    listed = rows(base / "manifest.csv")
    assert list(listed[0]) == ["path", "label", "group", "fps", "num_frames", "seconds", "rendered"]
    assert sorted(row["path"] for row in listed) == sorted(contents(base))
    # Three clips of a class over two performers: the first one gets two.
    assert [(row["label"], row["group"]) for row in listed] == [
        *[("wave", "performer_000")] * 2,
        *[("none", "performer_000")] * 2,
        ("wave", "performer_001"),
        ("none", "performer_001"),
    ]
    assert "rendered" in (base / "README.md").read_text()
    assert "seed 0" in (base / "README.md").read_text()


def test_clips_decode_to_what_the_manifest_says(base: Path) -> None:
    for row in rows(base / "manifest.csv"):
        with av.open(str(base / row["path"])) as container:
            stream = container.streams.video[0]
            times = [frame.time for frame in container.decode(stream)]
            assert (stream.height, stream.width) == SMALL
            assert float(stream.average_rate) == float(row["fps"])
        assert len(times) == int(row["num_frames"])
        assert times[-1] + 1 / float(row["fps"]) == pytest.approx(float(row["seconds"]), abs=2e-3)


def test_the_same_bytes_whatever_the_number_of_workers(base: Path, tmp_path: Path) -> None:
    # As a user runs it from a shell: processes are spawned from `python -c`.
    code = (
        "from vidclf.synth import render_gestures;"
        f"render_gestures({str(tmp_path / 'two')!r}, clips_per_class=3, performers=2, classes=['wave', 'none'],"
        f" size={SMALL}, workers=2)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""
    assert contents(tmp_path / "two") == contents(base)
    assert (tmp_path / "two/manifest.csv").read_bytes() == (base / "manifest.csv").read_bytes()


def test_growing_keeps_the_clips_there_are(base: Path, tmp_path: Path) -> None:
    rendered(tmp_path / "more", clips_per_class=6, performers=3, classes=["none", "open", "wave"])
    before, after = contents(base), contents(tmp_path / "more")
    assert before.items() <= after.items()
    assert len(after) == 18


def test_another_seed_gives_other_clips(base: Path, tmp_path: Path) -> None:
    rendered(tmp_path / "other", seed=1)
    other = contents(tmp_path / "other")
    assert set(other) == set(contents(base))
    assert all(other[path] != data for path, data in contents(base).items())


def test_called_again_renders_only_what_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "gestures"
    rendered(out)
    before = contents(out)
    gone, kept = out / min(before), out / max(before)
    gone.unlink()
    stamp = kept.stat().st_mtime_ns
    told = []

    def track(items: Any, *, total: int, what: str) -> Any:  # noqa: ARG001
        told.append(total)
        yield from items

    rendered(out, track=track)
    assert told == [1]
    assert contents(out) == before
    assert kept.stat().st_mtime_ns == stamp


def test_all_classes_by_default_and_something_moves(tmp_path: Path) -> None:
    manifest = render_gestures(tmp_path, clips_per_class=1, performers=1, size=SMALL, workers=1)
    listed = rows(manifest)
    assert [row["label"] for row in listed] == list(GESTURES)
    for row in listed[:-1]:  # the last is none
        with av.open(str(tmp_path / row["path"])) as container:
            frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
        assert frames.astype(float).std(axis=0).max() > 15


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"clips_per_class": 0}, "clips_per_class must be at least 1, not 0"),
        ({"performers": 0}, "performers must be between 1"),
        ({"performers": 4}, "performers must be between 1 and clips_per_class"),
        ({"classes": ["swipe_lfet"]}, "did you mean 'swipe_left'"),
        ({"classes": ["wave", "wave"]}, "names a class twice"),
        ({"classes": []}, "names no class"),
        ({"size": (20, 64)}, "at least 48 pixels"),
        ({"seed": -1}, "seed must not be below 0"),
        ({"workers": 0}, "workers must be at least 1"),
    ],
)
def test_wrong_settings(tmp_path: Path, changed: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        rendered(tmp_path / "out", **changed)
    assert not (tmp_path / "out").exists()


def test_two_data_sets_are_not_mixed(base: Path, tmp_path: Path) -> None:
    before = contents(base)
    with pytest.raises(UsageError, match="holds rendered gestures of other settings"):
        rendered(base, seed=5)
    assert contents(base) == before
    (tmp_path / "holiday.mp4").write_bytes(b"mine")
    with pytest.raises(UsageError, match="is not empty"):
        rendered(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.mp4"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoppedError, match="cannot be used"):
        rendered(tmp_path / "file" / "out")


def test_a_script_without_main_guard_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from vidclf.synth import render_gestures\n"
        f"render_gestures({str(tmp_path / 'out')!r}, clips_per_class=1, performers=1, workers=2, size={SMALL})\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "call render_gestures under `if __name__ == '__main__':`" in done.stderr


def test_rendering_loads_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from vidclf.synth import render_gestures;"
        f"render_gestures({str(tmp_path / 'out')!r}, clips_per_class=1, performers=1, classes=['none'],"
        f" size={SMALL}, workers=1);"
        "print([name for name in ('torch', 'torchvision', 'cv2', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
