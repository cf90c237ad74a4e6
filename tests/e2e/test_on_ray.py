"""Work on one clip at a time on a Ray cluster of two nodes, against the same on this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command_line import TINY, Done, vidclf
from vidclf.errors import StoppedError
from vidclf.parallel import Lost, map_clips, map_in_order

slow = pytest.mark.slow  # the cluster alone takes seconds to start


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a cluster of two nodes with a core each answers."""
    cluster_utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed (extra: ray)")
    node = {"num_cpus": 1, "object_store_memory": 100_000_000}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=node)
    cluster.add_node(**node)
    cluster.wait_for_nodes()
    yield cluster.address
    cluster.shutdown()


@pytest.fixture
def _connected(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)


def where_it_runs(number: int) -> tuple[int, str]:
    import ray

    time.sleep(0.3)
    return number, ray.get_runtime_context().get_node_id()


def size_of(name: str) -> int:
    return Path(name).stat().st_size


def dies_the_first_time(marker: Path) -> str:
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return marker.name


def dies(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fails(number: int) -> int:
    raise ValueError(f"{number} is not taken")


@slow
@pytest.mark.usefixtures("_connected")
def test_items_go_to_both_nodes_and_come_back_in_their_order() -> None:
    results = list(map_in_order(where_it_runs, range(8), on="ray"))
    assert [result[0] for result in results if not isinstance(result, Lost)] == list(range(8))
    assert len({result[1] for result in results if not isinstance(result, Lost)}) == 2


@slow
@pytest.mark.usefixtures("_connected")
def test_relative_paths_mean_there_what_they_mean_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "three").write_text("abc")
    monkeypatch.chdir(tmp_path)
    assert list(map_clips(size_of, ["three"], on="ray")) == [("three", 3)]


@slow
@pytest.mark.usefixtures("_connected")
def test_what_a_killed_process_had_is_done_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    markers = [tmp_path / str(number) for number in range(4)]
    assert list(map_in_order(dies_the_first_time, markers, on="ray")) == ["0", "1", "2", "3"]
    assert all(marker.exists() for marker in markers)
    assert capfd.readouterr().out == ""  # where results go


@slow
@pytest.mark.usefixtures("_connected")
def test_what_kills_each_process_is_lost_and_nothing_else_is() -> None:
    assert dict(map_clips(dies, range(3), on="ray")) == {0: 0, 1: Lost("its process ended, 3 times over"), 2: 2}


@slow
@pytest.mark.usefixtures("_connected")
def test_an_error_of_the_function_is_raised_as_it_is_here() -> None:
    with pytest.raises(ValueError, match="7 is not taken") as caught:
        list(map_clips(fails, [7], on="ray"))
    assert "fails" in "".join(caught.value.__notes__)


def test_a_cluster_that_does_not_answer_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (extra: ray)")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    with pytest.raises(StoppedError, match=r"RAY_ADDRESS.*ray start --head"):
        list(map_clips(fails, [7], on="ray"))


def test_a_gpu_is_not_asked_of_a_cluster(tiny_run: Path, clip: Path) -> None:
    done = vidclf("predict", tiny_run, clip, "--on", "ray", "--device", "cuda")
    assert done.code == 2
    assert "--device cuda" in done.err


@pytest.mark.parametrize("words", [("predict", "RUN", "CLIP"), ("data", "check", "DATA"), ("cache", "build", "DATA")])
def test_without_ray_commands_name_the_extra(
    words: tuple[str, ...], tiny_run: Path, clip: Path, gestures: Path, tmp_path: Path
) -> None:
    given = {"RUN": tiny_run, "CLIP": clip, "DATA": gestures}
    env = {"VIDCLF_CACHE": str(tmp_path)}
    done = vidclf(*(given.get(word, word) for word in words), "--on", "ray", env=env, without="ray")
    assert done.code == 2
    assert "vidclf[ray]" in done.err


@slow
def test_commands_give_what_they_give_here(address: str, gestures: Path, tiny_run: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(gestures.parent, data)
    bad = min(data.rglob("*.mp4"))
    bad.write_bytes(b"<html>not found</html>")

    def run(*words: str | Path) -> tuple[Done, Done]:
        here = vidclf(*words, cwd=tmp_path)
        there = vidclf(*words, "--on", "ray", cwd=tmp_path, env={"RAY_ADDRESS": address})
        assert here.code == there.code == 1, there.err
        return here, there

    folders = sorted({path.parent.relative_to(tmp_path) for path in data.rglob("*.mp4")})
    here, there = run("predict", tiny_run, *folders, "--json")
    assert _lines(there) == [pytest.approx(line, abs=1e-5) for line in _lines(here)]

    here, there = run("data", "check", data / "manifest.csv", "--json")
    assert json.loads(there.out) == json.loads(here.out)

    settings = [word for word in TINY if not word.startswith("data.cache")]
    entries = {}
    for folder, words, env in (("here", [], {}), ("there", ["--on", "ray"], {"RAY_ADDRESS": address})):
        env = {**env, "VIDCLF_CACHE": str(tmp_path / folder)}
        done = vidclf("cache", "build", data / "manifest.csv", *settings, *words, cwd=tmp_path, env=env)
        assert done.code == 1
        assert str(bad) in done.err
        entries[folder] = {path.name: path.read_bytes() for path in (tmp_path / folder / "frames").rglob("*.s*")}
    assert entries["there"] == entries["here"] != {}


def _lines(done: Done) -> list[dict[str, Any]]:
    """Lines of JSON, flat, so that their numbers can be compared."""
    lines = [json.loads(line) for line in done.out.splitlines()]
    return [line.pop("probabilities", {}) | line for line in lines]
