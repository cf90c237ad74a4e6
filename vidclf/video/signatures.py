"""What the bytes of a file tell before and beside FFmpeg."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

_ISO_BOXES = (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot")
_PNG = b"\x89PNG"
_JPEG = b"\xff\xd8\xff"
_ASF = b"\x30\x26\xb2\x75"
_MAGIC = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"RIFF",
    b"OggS",
    b"FLV\x01",
    b"GIF8",
    _PNG,
    _JPEG,
    _ASF,
    b"\x00\x00\x01\xba",  # MPEG program stream
)
# The chunk that makes a PNG an animation stands before the picture data.
_ANIMATED_PNG_CHUNK = b"acTL"
_HEAD_BYTES = 4096
_TS_PACKET_BYTES = 188
_TS_SYNC = 0x47
# GUID of the object that holds the file's size, 40 bytes after the GUID's start.
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_OGG_LAST_PAGE = 0x04
_OGG_PAGE_MAX_BYTES = 65_307


def starts_like_a_container(path: Path) -> bool:
    """Whether a file that cannot be opened at least begins as a video file does, so is one that broke."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return head.startswith(_MAGIC) or head[4:8] in _ISO_BOXES or _is_transport_stream(head)


def still_format(path: Path) -> str | None:
    """FFmpeg's format of a JPEG or PNG picture; None for all else, which it finds out itself.

    It is told because it goes by the name first: `shot %d.png` would be a pattern of names.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if path.suffix.lower() in (".jpg", ".jpeg") and head.startswith(_JPEG):
        return "jpeg_pipe"
    if path.suffix.lower() == ".png" and head.startswith(_PNG) and _ANIMATED_PNG_CHUNK not in head:
        return "png_pipe"
    return None


def missing_end(path: Path) -> str:
    """What shows that the end of a file is missing, or an empty string.

    Only for what FFmpeg itself passes over in silence: where an MPEG transport stream, an Ogg, AVI or ASF file
    breaks off. (MPEG program streams, raw YUV and FLV, and a transport stream cut exactly between two
    packets, leave no trace.)
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        size = file.seek(0, os.SEEK_END)
        if _is_transport_stream(head):
            rest = size % _TS_PACKET_BYTES
            return f"the last transport stream packet has {rest} of {_TS_PACKET_BYTES} bytes" if rest else ""
        if head.startswith(b"OggS"):
            file.seek(max(0, size - _OGG_PAGE_MAX_BYTES))
            return "" if _ends_with_last_ogg_page(file.read()) else "the Ogg file ends before its last page"
        if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
            missing = _avi_frames_end(file, size) - size
            return f"the AVI file declares {missing} bytes of frames more than it holds" if missing > 0 else ""
        if head.startswith(_ASF):
            missing = _asf_size(head) - size
            return f"the ASF file declares {missing} bytes more than it holds" if missing > 0 else ""
    return ""


def _is_transport_stream(head: bytes) -> bool:
    return len(head) > 2 * _TS_PACKET_BYTES and all(head[k * _TS_PACKET_BYTES] == _TS_SYNC for k in range(3))


def _avi_frames_end(file: BinaryIO, size: int) -> int:
    """Where the first list of frames of an AVI file should end; 0 where none is found."""
    position = 12
    while position + 12 <= size:
        file.seek(position)
        kind, length, list_kind = struct.unpack("<4sI4s", file.read(12))
        if kind == b"LIST" and list_kind == b"movi":
            return int(position + 8 + length)
        position += 8 + length + length % 2
    return 0


def _ends_with_last_ogg_page(tail: bytes) -> bool:
    """RFC 3533: a page is 27 bytes, a table of segment lengths, the segments; the last one is flagged."""
    start = tail.rfind(b"OggS")
    page = tail[start:]
    if start < 0 or len(page) < 27:
        return False
    segments = page[26]
    whole = len(page) >= 27 + segments + sum(page[27 : 27 + segments])
    return whole and bool(page[5] & _OGG_LAST_PAGE)


def _asf_size(head: bytes) -> int:
    """The size that an ASF file gives itself; 0 where it has none, as a broadcast."""
    start = head.find(_ASF_FILE_PROPERTIES)
    field = head[start + 40 : start + 48]
    return int.from_bytes(field, "little") if start >= 0 and len(field) == 8 else 0
