"""Reading a clip of an untrusted file in a process of its own, which a broken decoder cannot leave.

Decoders are large programs in C, and a file may be made to crash them or to keep them busy. The child runs
`isolated.main` in a fresh interpreter under the limits of `Limits`, and sends times, frames or an error over a
pipe. Frames are chosen here, so that any function will do for `sampling`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from vidclf import errors
from vidclf.secrets import SourceAddress
from vidclf.types import Clip, Float64Array
from vidclf.video.channel import Channel, ChannelBrokenError
from vidclf.video.limits import Limits
from vidclf.video.sampling import Picked

_CHILD = "from vidclf.video.isolated import main; main()"
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]

# How long a child may take to end once it has closed its pipe.
_LEAVING_SECONDS = 5.0


def read_isolated(
    address: SourceAddress,
    sampling: Callable[[Float64Array], Picked] | None,
    limits: Limits,
    options: Mapping[str, Any],
) -> Clip:
    """Read a clip in a child process; nothing of it is left afterwards.

    Args:
        address: a file or folder of pictures.
        sampling: as for `read_clip`; called here.
        limits: of the source and of the process.
        options: the other arguments of `read_clip`, as JSON takes them.

    Raises:
        DamagedVideoError: the decoder crashed.
        LimitExceededError: it took more memory or time than it may.
        DecodeError: as for `read_clip`.
        UsageError: as for `read_clip`.
    """
    request = {
        "kind": address.kind,
        "address": address.raw,
        "samples": sampling is not None,
        "limits": asdict(limits),
        "options": options,
    }
    with _child(limits.max_wall_seconds) as (process, timed_out):
        assert process.stdin is not None
        assert process.stdout is not None
        channel = Channel(process.stdout, process.stdin, max_bytes=limits.max_bytes)
        try:
            channel.send(request)
            answer = channel.receive()
            while "times" in answer:
                assert sampling is not None
                picked = sampling(channel.receive_array(np.float64, answer["times"]))
                channel.send({"picked": len(picked)}, picked.indices.astype(np.int64), picked.valid.astype(np.bool_))
                answer = channel.receive()
            if "shape" in answer:
                return _received_clip(channel, answer, address.shown)
            _raise(answer.get("error"), address.shown)
        except ChannelBrokenError:
            raise _explain(process, address.shown, limits, timed_out=timed_out.is_set()) from None


@contextmanager
def _child(max_wall_seconds: float) -> Iterator[tuple[subprocess.Popen[bytes], threading.Event]]:
    """A fresh interpreter, killed when its time is up and when the block ends; the event says the former."""
    path = os.pathsep.join(filter(None, [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH")]))
    timed_out = threading.Event()
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Each thread of OpenBLAS would reserve memory, and none is used.
        env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        assert process.stdin is not None

        def time_is_up() -> None:
            timed_out.set()
            process.kill()

        timer = threading.Timer(max_wall_seconds, time_is_up)
        timer.daemon = True
        timer.start()
        try:
            yield process, timed_out
        finally:
            timer.cancel()
            process.kill()
            with suppress(OSError):  # what nobody reads any more
                process.stdin.close()


def _received_clip(channel: Channel, answer: Mapping[str, Any], source: str) -> Clip:
    try:
        count, height, width = answer["shape"]
        said = [str(text) for text in answer["warnings"]]
    except (KeyError, TypeError, ValueError):
        raise ChannelBrokenError from None
    frames = channel.receive_array(np.uint8, count, height, width, 3)
    pts_seconds = channel.receive_array(np.float64, count)
    valid = channel.receive_array(np.uint8, count) != 0
    try:
        clip = Clip(frames, pts_seconds, valid, source)
    except ValueError:
        raise ChannelBrokenError from None
    for text in said:
        warnings.warn(text, errors.TruncatedVideoWarning, stacklevel=4)
    return clip


def _raise(error: object, source: str) -> NoReturn:
    """Raise the child's error here: one of ours, by its name."""
    if not isinstance(error, dict):
        raise ChannelBrokenError
    kind, said = str(error.get("kind")), str(error.get("said"))
    for leaf in errors.DecodeError.__subclasses__():
        if leaf.__name__ == kind:
            raise leaf(
                source,
                said,
                decoder_said=str(error.get("decoder_said", "")),
                advice=str(error.get("advice", "")),
            )
    if kind == "UsageError":
        raise errors.UsageError(said)
    if kind == "ValueError":
        raise ValueError(said)
    raise errors.DecodeError(source, f"reading it failed ({kind}: {said})")


def _explain(process: subprocess.Popen[bytes], source: str, limits: Limits, *, timed_out: bool) -> errors.DecodeError:
    """Why a child stopped talking."""
    try:
        code = process.wait(timeout=_LEAVING_SECONDS)
    except subprocess.TimeoutExpired:
        return errors.DecodeError(source, "its decoder answered nonsense")
    if timed_out:
        return errors.LimitExceededError(
            source, f"reading it took longer than the {limits.max_wall_seconds:g} seconds of max_wall_seconds"
        )
    if -code == getattr(signal, "SIGXCPU", None):
        return errors.LimitExceededError(
            source, f"reading it took more than the {limits.max_cpu_seconds:g} seconds of max_cpu_seconds"
        )
    if -code == getattr(signal, "SIGKILL", None):
        return errors.LimitExceededError(source, "the system ended its decoder, as it does when memory runs out")
    how = signal.strsignal(-code) if code < 0 else f"exit code {code}"
    return errors.DamagedVideoError(source, f"its decoder crashed ({how})", advice="Do not trust this file.")
