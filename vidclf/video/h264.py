"""As much of H.264's syntax (ITU-T H.264) as tells where decoding may begin."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SLICE, _IDR_SLICE = 1, 5  # nal_unit_type, table 7-1
_START_CODE = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)


def begins_afresh(head: bytes, extradata: bytes | None) -> bool:
    """Whether the picture at the start of some data is an IDR picture, which needs nothing that was before it.

    Args:
        head: the start of a packet.
        extradata: of the stream; tells whether units have lengths before them (ISO/IEC 14496-15) or start codes.
    """
    units = _after_lengths(head, extradata) if extradata and extradata[0] == 1 else _after_start_codes(head)
    return next((kind for kind in units if kind in (_SLICE, _IDR_SLICE)), None) == _IDR_SLICE


def _after_start_codes(head: bytes) -> Iterator[int]:
    return (match[1][0] & 31 for match in _START_CODE.finditer(head))


def _after_lengths(head: bytes, extradata: bytes) -> Iterator[int]:
    if len(extradata) < 5:
        return
    width = (extradata[4] & 3) + 1
    position = 0
    while position + width < len(head):
        yield head[position + width] & 31
        position += width + int.from_bytes(head[position : position + width])
