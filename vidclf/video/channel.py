"""Messages between two processes: JSON and plain arrays, so that receiving them runs nothing of the sender's."""

from __future__ import annotations

import json
import math
import struct
from typing import IO, Any, TypeVar

import numpy as np
import numpy.typing as npt

_LENGTH = struct.Struct("<Q")
_MESSAGE_MAX_BYTES = 2**20

Scalar = TypeVar("Scalar", bound=np.generic)


class ChannelBrokenError(Exception):
    """The other side is gone, or sends what no message is."""


class Channel:
    """Two pipes to another process.

    Args:
        incoming: where messages come from.
        outgoing: where they go.
        max_bytes: the largest array that is taken.
    """

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes], *, max_bytes: int) -> None:
        self._incoming, self._outgoing, self._max_bytes = incoming, outgoing, max_bytes

    def send(self, message: dict[str, Any], *arrays: npt.NDArray[Any]) -> None:
        """Send a message and the arrays that belong to it.

        Raises:
            ChannelBrokenError: nobody reads.
        """
        text = json.dumps(message).encode()
        try:
            self._outgoing.write(_LENGTH.pack(len(text)) + text)
            for array in arrays:
                self._outgoing.write(np.ascontiguousarray(array).data.cast("B"))
            self._outgoing.flush()
        except OSError:
            raise ChannelBrokenError from None

    def receive(self) -> dict[str, Any]:
        """The next message.

        Raises:
            ChannelBrokenError: there is none, or it is none.
        """
        (length,) = _LENGTH.unpack(self._read_bytes(_LENGTH.size))
        if length > _MESSAGE_MAX_BYTES:
            raise ChannelBrokenError
        try:
            message = json.loads(self._read_bytes(length))
        except ValueError:
            raise ChannelBrokenError from None
        if not isinstance(message, dict):
            raise ChannelBrokenError
        return message

    def receive_array(self, kind: type[Scalar], *shape: int) -> npt.NDArray[Scalar]:
        """An array of the message just received.

        Raises:
            ChannelBrokenError: it does not come whole, or is too large.
        """
        if not all(isinstance(side, int) and side > 0 for side in shape):
            raise ChannelBrokenError
        if math.prod(shape) * np.dtype(kind).itemsize > self._max_bytes:
            raise ChannelBrokenError
        array = np.empty(shape, dtype=kind)
        self._fill(array.data.cast("B"))
        return array

    def _read_bytes(self, count: int) -> bytearray:
        content = bytearray(count)
        self._fill(memoryview(content))
        return content

    def _fill(self, view: memoryview) -> None:
        while view:
            count = self._incoming.readinto(view)  # type: ignore[attr-defined]
            if not count:
                raise ChannelBrokenError
            view = view[count:]
