"""HEIC pictures: an HEVC picture in the boxes that phones put around it."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av

from vidclf.types import UInt8Array


def write_heic(path: Path, image: UInt8Array, *, quarter_turns: int = 0) -> Path:
    """Encode one picture, uint8 RGB (H, W, 3) of even sides; shown turned by 90 degrees, counterclockwise."""
    parameters, sample = _encoded(image)
    item_info = _full_box(b"infe", 2, struct.pack(">HH4sB", 1, 0, b"hvc1", 0))
    properties = _box(b"hvcC", parameters) + _full_box(b"ispe", 0, struct.pack(">II", image.shape[1], image.shape[0]))
    properties += _box(b"irot", bytes([quarter_turns]))
    associations = struct.pack(">IHB", 1, 1, 3) + bytes([0x81, 2, 0x83])  # the first and last are essential

    def meta(offset: int) -> bytes:
        location = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, offset, len(sample))
        parts = (
            _full_box(b"hdlr", 0, struct.pack(">I4s12sB", 0, b"pict", b"", 0)),
            _full_box(b"pitm", 0, struct.pack(">H", 1)),
            _full_box(b"iloc", 0, location),
            _full_box(b"iinf", 0, struct.pack(">H", 1) + item_info),
            _box(b"iprp", _box(b"ipco", properties) + _full_box(b"ipma", 0, associations)),
        )
        return _full_box(b"meta", 0, b"".join(parts))

    head = _box(b"ftyp", b"heic" + struct.pack(">I", 0) + b"mif1heic")
    path.write_bytes(head + meta(len(head) + len(meta(0)) + 8) + _box(b"mdat", sample))
    return path


def _encoded(image: UInt8Array) -> tuple[bytes, bytes]:
    """The content of the `hvcC` box, and the picture's own bytes."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        options = {"x265-params": "log-level=none:keyint=1", "crf": "1"}
        stream = container.add_stream("libx265", rate=1, options=options)
        stream.height, stream.width, stream.pix_fmt, stream.codec_tag = *image.shape[:2], "yuv420p", "hvc1"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    content = target.getvalue()
    start = content.index(b"hvcC")
    (length,) = struct.unpack(">I", content[start - 4 : start])
    target.seek(0)
    with av.open(target) as container:
        packet = next(container.demux(video=0))
    return content[start + 4 : start - 4 + length], bytes(packet)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _full_box(kind: bytes, version: int, content: bytes) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]) + content)
