"""The child of `isolation.read_isolated`: reads one clip under limits, and answers on its standard output."""

from __future__ import annotations

import math
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from vidclf.errors import DecodeError, LimitExceededError, TruncatedVideoWarning, UsageError
from vidclf.types import Float64Array
from vidclf.video.channel import Channel, ChannelBrokenError
from vidclf.video.limits import Limits
from vidclf.video.reader import read_clip
from vidclf.video.sampling import Picked

_STATUS = Path("/proc/self/status")  # Linux only
_OPEN_FILES = 64


def main() -> None:
    """Read one clip as asked on the standard input."""
    # What a library prints must not come between the messages.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    channel = Channel(sys.stdin.buffer, answers, max_bytes=sys.maxsize)
    try:
        request = channel.receive()
        limits = Limits(**request["limits"])
        _limit_process(limits)
        _answer(channel, request, limits)
    except ChannelBrokenError:
        sys.exit(1)  # whoever asked is gone


def _answer(channel: Channel, request: dict[str, Any], limits: Limits) -> None:
    def ask(pts_seconds: Float64Array) -> Picked:
        channel.send({"times": len(pts_seconds)}, pts_seconds)
        count = channel.receive()["picked"]
        if count == 0:
            nothing = np.empty(0, np.int64)
            return Picked(nothing, nothing.astype(np.bool_))
        return Picked(channel.receive_array(np.int64, count), channel.receive_array(np.bool_, count))

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", TruncatedVideoWarning)
            sampling = ask if request["samples"] else None
            # A file's name stays a name, whatever it looks like.
            address = Path(request["address"]) if request["kind"] == "file" else request["address"]
            clip = read_clip(address, sampling=sampling, limits=limits, **request["options"])
    except Exception as error:
        channel.send({"error": _described(error, limits)})
        return
    said = [str(warning.message) for warning in caught if warning.category is TruncatedVideoWarning]
    shape = list(clip.frames.shape[:3])
    channel.send({"shape": shape, "warnings": said}, clip.frames, clip.pts_seconds, clip.valid)


def _described(error: Exception, limits: Limits) -> dict[str, str]:
    if isinstance(error, MemoryError) or (isinstance(error, DecodeError) and _memory_ran_out(limits)):
        said = f"reading it took more than the {limits.max_process_bytes:,} bytes of max_process_bytes"
        return {"kind": LimitExceededError.__name__, "said": said}
    if isinstance(error, DecodeError):
        return {
            "kind": type(error).__name__,
            "said": error.found,
            "decoder_said": error.decoder_said,
            "advice": error.advice,
        }
    kind = next((kind for kind in (UsageError, ValueError) if isinstance(error, kind)), type(error))
    return {"kind": kind.__name__, "said": str(error)}


def _memory_ran_out(limits: Limits) -> bool:
    """Whether this process came close to its limit: a decoder without memory calls the file broken."""
    if not _STATUS.exists():
        return False
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    return _kibibytes("VmPeak") * 1024 > most - limits.max_process_bytes // 8


def _limit_process(limits: Limits) -> None:
    """Give this process its limits, where the system has any: no more memory, time, files, or writing."""
    try:
        import resource
    except ImportError:  # Windows; the parent still keeps the wall time
        return
    seconds = math.ceil(limits.max_cpu_seconds)
    # One second more where nothing can be done about it: at the first the system tells why.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    if _STATUS.exists():
        most = _kibibytes("VmSize") * 1024 + limits.max_process_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _kibibytes(name: str) -> int:
    """A size that the system tells of this process (proc(5), kB there is KiB)."""
    lines = (line.split() for line in _STATUS.read_text().splitlines())
    return next(int(line[1]) for line in lines if line[0] == f"{name}:")
