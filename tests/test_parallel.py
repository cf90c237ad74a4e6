from __future__ import annotations

import faulthandler
import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vidclf.errors import MissingExtraError, NotAVideoError
from vidclf.parallel import Lost, map_ahead, map_clips, map_in_order


def test_results_come_in_the_order_of_the_items() -> None:
    def slow_first(number: int) -> int:
        time.sleep(0.002 * (5 - number % 5))
        return number * number

    assert list(map_ahead(slow_first, range(20), workers=4, ahead=5)) == [n * n for n in range(20)]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_fewer_items_than_may_wait(count: int) -> None:
    assert list(map_ahead(str, range(count), ahead=8)) == [str(n) for n in range(count)]


def test_items_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)
    assert list(map_ahead(lambda _: both.wait() >= 0, range(2), workers=2)) == [True, True]


@pytest.mark.parametrize("ahead", [1, 3])
def test_items_are_taken_only_so_far_ahead(ahead: int) -> None:
    taken = itertools.count()
    last = -1

    def items() -> Iterator[int]:
        nonlocal last
        while True:
            last = next(taken)
            yield last

    results = map_ahead(lambda item: item, items(), ahead=ahead)
    assert last == -1  # nothing happens before someone asks
    for consumed in range(1, 30):
        assert next(results) == consumed - 1
        assert last + 1 <= consumed + ahead
    results.close()


def test_an_error_is_raised_where_its_result_would_come() -> None:
    def fails_at_three(number: int) -> int:
        if number == 3:
            raise RuntimeError("three")
        return number

    results = map_ahead(fails_at_three, range(10))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(RuntimeError, match="three"):
        next(results)


def test_an_error_of_the_items_themselves_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(map_ahead(str, items()))


def test_closing_early_starts_nothing_more() -> None:
    started = []
    go = threading.Event()

    def work(number: int) -> int:
        started.append(number)
        if number:
            go.wait(10)
        return number

    results = map_ahead(work, range(100), workers=1, ahead=10)
    assert next(results) == 0
    threading.Timer(0.05, go.set).start()
    results.close()
    assert len(started) <= 3
    before = len(started)
    time.sleep(0.05)
    assert len(started) == before


def squared(number: int) -> int:
    return number * number


def dies_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def crashes(number: int) -> int:
    faulthandler._sigsegv()
    return number


def leaves(code: int) -> None:
    os._exit(code)


def fails_at_three(number: int) -> int:
    if number == 3:
        raise ValueError("three is not taken")
    return number


def cannot_be_read(name: str) -> None:
    raise NotAVideoError(name, "it is a poem")


def process_id(_: int) -> int:
    time.sleep(0.2)
    return os.getpid()


def test_each_item_comes_back_with_its_result() -> None:
    assert sorted(map_clips(squared, range(20), workers=3)) == [(n, n * n) for n in range(20)]
    assert multiprocessing.active_children() == []


def test_without_items_nothing_is_started() -> None:
    assert list(map_clips(squared, [])) == []


def test_items_go_to_several_processes_and_never_to_this_one() -> None:
    ids = {result for _, result in map_clips(process_id, range(6), workers=2)}
    assert len(ids) == 2
    assert os.getpid() not in ids


def test_a_process_that_dies_costs_only_its_item() -> None:
    results = dict(map_clips(dies_at_three, range(8), workers=2))
    assert results.pop(3) == Lost("its process was ended by SIGKILL")
    assert results == {n: n for n in range(8) if n != 3}


def test_every_process_may_die() -> None:
    assert list(map_clips(crashes, [1, 2], workers=1)) == [
        (n, Lost("its process was ended by SIGSEGV")) for n in (1, 2)
    ]
    assert dict(map_clips(leaves, [5, 7], workers=2)) == {n: Lost(f"its process ended with code {n}") for n in (5, 7)}


def test_an_error_of_the_function_is_raised_with_where_it_came_from() -> None:
    with pytest.raises(ValueError, match="three is not taken") as caught:
        list(map_clips(fails_at_three, range(100), workers=1))
    assert "fails_at_three" in "".join(caught.value.__notes__)
    assert multiprocessing.active_children() == []


def test_an_error_that_cannot_travel_is_told() -> None:
    with pytest.raises((RuntimeError, NotAVideoError), match="it is a poem"):
        list(map_clips(cannot_be_read, ["a.mp4"], workers=1))


def test_items_are_taken_as_workers_become_free() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in itertools.count():
            taken += 1
            yield number

    results = map_clips(squared, items(), workers=2)
    for consumed in range(1, 6):
        next(results)
        assert taken <= consumed + 2
    results.close()
    assert multiprocessing.active_children() == []


def in_a_process(script: Path, code: str) -> subprocess.Popen[str]:
    script.write_text(code)
    return subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )


@pytest.mark.parametrize("after_a_result", [False, True])
@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_ctrl_c_ends_all_without_a_trace_of_the_processes(tmp_path: Path, after_a_result: bool) -> None:
    """As a terminal does: the signal goes to every process of the group, whatever it is doing."""
    code = (
        "import signal, sys\nfrom vidclf.parallel import map_clips\nfrom time import sleep\n"
        "if __name__ == '__main__':\n"
        # A test that itself runs in the background has it ignored, and children inherit that.
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"    results = map_clips(sleep, [{0 if after_a_result else 60}, 60, 60], workers=2)\n"
        "    try:\n"
        "        print('going', flush=True)\n"
        "        for item, _ in results: print(item, flush=True)\n"
        "    except KeyboardInterrupt: print('stopped')\n"
    )
    with in_a_process(tmp_path / "script.py", code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "going\n"
        if after_a_result:
            assert process.stdout.readline() == "0\n"
        else:
            time.sleep(0.2)  # the processes are just importing
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert out == "stopped\n"
    assert err == ""


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    code = "from vidclf.parallel import map_clips\nlist(map_clips(abs, [1, 2], workers=1))\n"
    with in_a_process(tmp_path / "script.py", code) as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "could not start" in err
    assert '`if __name__ == "__main__":`' in err


def slow_first(number: int) -> int:
    time.sleep(0.3 * (number == 0))
    return number


def test_results_may_be_had_in_the_order_of_the_items() -> None:
    assert list(map_in_order(slow_first, range(5), workers=2)) == [0, 1, 2, 3, 4]
    assert list(map_in_order(dies_at_three, [3, 3, 4], workers=2)) == [
        Lost("its process was ended by SIGKILL"),
        Lost("its process was ended by SIGKILL"),
        4,
    ]


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"vidclf\[ray\]"):
        list(map_clips(squared, [1], on="ray"))
