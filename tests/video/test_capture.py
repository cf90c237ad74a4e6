"""Live sources: the newest frames, and sources that come back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from vidclf.errors import DecodeError
from vidclf.video import Capture, write_video

FRAMES, FPS = 40, 20


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of MPEG-TS; each frame is as bright as its number says."""
    path = tmp_path_factory.mktemp("stream") / "clip.ts"
    write_video(path, (np.full((48, 64, 3), 5 * number, np.uint8) for number in range(FRAMES)), fps=FPS)
    return path


class Camera:
    """A TCP server on the loopback: what each connection is sent, and whether it is then closed."""

    def __init__(self, content: bytes, *, stalls_first: bool = False) -> None:
        self.content, self.stalls_first = content, stalls_first
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._ended.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(OSError):
                connection.sendall(self.content)
                if self.stalls_first and self.connections == 1:
                    connection.settimeout(8)
                    connection.recv(1)  # the connection stands, and nothing comes, until the other side leaves


@contextmanager
def camera(content: bytes, *, stalls_first: bool = False) -> Iterator[Camera]:
    served = Camera(content, stalls_first=stalls_first)
    try:
        yield served
    finally:
        served.close()


def test_a_file_is_given_whole_however_slowly_it_is_taken(stream: Path) -> None:
    with Capture(stream, waiting=2) as capture:
        shown = []
        for frame in capture:
            shown.append(frame)
            if len(shown) < 5:
                time.sleep(0.02)
    assert [frame.index for frame in shown] == list(range(FRAMES))
    assert capture.skipped == 0
    np.testing.assert_allclose(np.diff([frame.pts_seconds for frame in shown]), 1 / FPS, atol=1e-3)


def test_a_paced_file_comes_as_a_camera_would_and_a_slow_reader_sees_the_newest(stream: Path) -> None:
    begun = time.monotonic()
    with Capture(stream, waiting=2, paced=True) as capture:
        numbers = []
        for frame in capture:
            numbers.append(frame.index)
            time.sleep(0.15)  # three frames' time
    assert time.monotonic() - begun > 0.9 * FRAMES / FPS
    assert capture.skipped > FRAMES / 3
    assert len(numbers) + capture.skipped == FRAMES
    assert numbers == sorted(numbers)


def test_a_lost_stream_is_opened_again_and_time_goes_on(stream: Path) -> None:
    with camera(stream.read_bytes()) as served, Capture(served.address, waiting=100) as capture:
        times: list[float] = []
        for frame in capture:
            times.append(frame.pts_seconds)
            if capture.losses == 2 and len(times) > 2 * FRAMES:
                break
    assert served.connections >= 3
    jumps = np.flatnonzero(np.diff(times) < 0)  # a stream that is sent faster than it plays is ahead of the clock
    assert len(jumps) <= 2
    assert times[-1] < 30


def test_a_stream_that_falls_silent_is_opened_again(stream: Path) -> None:
    with (
        camera(stream.read_bytes(), stalls_first=True) as served,
        Capture(served.address, waiting=100, silent_seconds=0.5) as capture,
    ):
        begun = time.monotonic()
        for _ in capture:
            if served.connections > 1:
                break
    assert capture.losses == 1
    assert time.monotonic() - begun < 5


def test_an_address_that_never_answers_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with Capture(f"tcp://127.0.0.1:{port}") as capture, pytest.raises(DecodeError, match=str(port)):
        next(iter(capture))


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(bytes(range(256)) * 20)
    with Capture(path) as capture, pytest.raises(DecodeError, match=r"noise\.mp4"):
        list(capture)


def test_stopping_ends_it_from_another_thread(stream: Path) -> None:
    with camera(stream.read_bytes(), stalls_first=True) as served, Capture(served.address) as capture:
        threading.Timer(0.5, capture.stop).start()
        begun = time.monotonic()
        for _ in capture:
            pass
    assert time.monotonic() - begun < 4
