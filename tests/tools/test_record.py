"""`tools/record.py` as its user runs it."""

from __future__ import annotations

import logging
import runpy
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.command_line import Done, python
from tests.video.drawing import numbered, write_video
from vidclf.data import read_manifest

_TOOL = Path(__file__).resolve().parents[2] / "tools" / "record.py"


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Done]]:
    """The tool in this process, which spares the seconds that importing PyTorch takes."""
    root = logging.getLogger("vidclf")
    before = root.handlers, root.level, root.propagate, warnings.showwarning
    tool = runpy.run_path(str(_TOOL))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str | Path) -> Done:
        monkeypatch.setattr("sys.argv", [str(_TOOL), *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            tool["main"]()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    yield run
    root.handlers, root.level, root.propagate, warnings.showwarning = before


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """4 s of 25 frames/s, of which the second half has only every second one."""
    ticks = [*range(50), *range(50, 100, 2)]
    return write_video(tmp_path / "source.mp4", [numbered(k) for k in range(len(ticks))], ticks=ticks)


def test_takes_are_counted_down_recorded_and_listed(source: Path, tmp_path: Path) -> None:
    words = ["--source", source, "--out", tmp_path / "out", "--label", "wave", "--takes", "1", "--group", "anna"]
    done = python(_TOOL, *words, "--seconds", "0.6", "--countdown", "1.3", "--background-takes", "1")
    assert done.code == 0, done.err
    entries = read_manifest(tmp_path / "out" / "manifest.csv").entries
    assert [(entry.label, entry.group) for entry in entries] == [("wave", "anna"), ("background", "anna")]
    assert done.out.splitlines() == [
        f"{entries[0].path} (15 frames, 25.0 frames/s)",
        f"{entries[1].path} (8 frames, 12.5 frames/s)",
    ]
    said = done.err.splitlines()
    assert said[:3] == ["wave 1 of 1 in 2 ...", "wave 1 of 1 in 1 ...", "wave 1 of 1: recording"]
    assert said[5] == "background 1 of 1: recording"
    assert "declares 25.0 frames/s, and 12.5 came" in said[6]
    assert len(said) == 7


def test_a_source_that_ends_too_early_exits_with_4(record: Callable[..., Done], source: Path, tmp_path: Path) -> None:
    words = ["--source", source, "--out", tmp_path / "out", "--label", "wave", "--takes", "3"]
    done = record(*words, "--seconds", "1.9", "--countdown", "0")
    assert done.code == 4
    assert "no --group" in done.err
    assert "error: " in done.err
    assert "in the middle of take 3 of 3" in done.err
    assert len(read_manifest(tmp_path / "out" / "manifest.csv").entries) == 2


def test_what_cannot_work_is_said(record: Callable[..., Done], source: Path, tmp_path: Path) -> None:
    words = ["--out", tmp_path / "out", "--label", "wave", "--takes", "1"]
    missing = record("--source", "rtsp://me:secret@127.0.0.1:9/x", *words)
    assert missing.code == 1
    assert "secret" not in missing.err
    unseen = record("--source", source, *words, "--preview")
    assert unseen.code == 2
    assert "no display" in unseen.err
    assert not (tmp_path / "out").exists()
