from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vidclf.engines import check_process_count
from vidclf.errors import ProcessCountError

PROCESSES = Path(__file__).parents[2] / "vidclf" / "engines" / "processes.py"
CHECK = f"import runpy; runpy.run_path({str(PROCESSES)!r})['check_process_count'](1)"  # without importing torch
# A stand-in for a launcher: starts one process, whatever it was asked for, as accelerate does on a CPU.
LAUNCHER = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {CHECK!r}]).returncode)"


def said_by(command: list[str], folder: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "WORLD_SIZE"}
    environment["PYTHONPATH"] = str(PROCESSES.parents[2])
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return ended.stderr


@pytest.mark.parametrize(("world_size", "running"), [(None, 1), ("1", 1), ("2", 2)])
def test_as_many_as_were_asked_for(monkeypatch: pytest.MonkeyPatch, world_size: str | None, running: int) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    if world_size is not None:
        monkeypatch.setenv("WORLD_SIZE", world_size)
    check_process_count(running)


def test_processes_that_do_not_know_of_each_other_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ProcessCountError, match=r"torchrun started 2 processes.*each sees 1.*device=cpu"):
        check_process_count(1)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="what was asked for can be seen on Linux only")
@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["launch", "--cpu", "--num_processes", "2", "train.py"], 2),
        (["launch", "--num-processes=3", "train.py"], 3),
        (["launch", "--config_file", "four.yaml", "train.py"], 4),
        (["launch", "--config_file", "none.yaml", "train.py"], 1),
        (["launch", "train.py"], 1),
    ],
)
def test_a_launcher_that_starts_fewer_is_found_out(tmp_path: Path, arguments: list[str], asked: int) -> None:
    (tmp_path / "accelerate").write_text(LAUNCHER)
    (tmp_path / "four.yaml").write_text("distributed_type: MULTI_CPU\nnum_processes: 4\n")
    (tmp_path / "none.yaml").write_text("num_processes:\n")
    said = said_by([sys.executable, "accelerate", *arguments], tmp_path)
    if asked == 1:
        assert said == ""
    else:
        assert f"asked for {asked} processes and started 1" in said
        assert f"torchrun --standalone --nproc-per-node {asked}" in said


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="what was asked for can be seen on Linux only")
def test_accelerate_itself_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(CHECK)
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "train.py"]
    assert "asked for 2 processes and started 1" in said_by(launch, tmp_path)
