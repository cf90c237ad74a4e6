"""One entry of a cache: named arrays in one file, which is mapped into memory and not read.

The files are safetensors, a length, a JSON header and the arrays (https://github.com/huggingface/safetensors). The
library writes them; mapping them for NumPy, which it does not do, takes a few lines. A checksum over all arrays
stands in the header.
"""

from __future__ import annotations

import json
import mmap
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

Arrays = Mapping[str, npt.NDArray[Any]]

_LENGTH_BYTES = 8
_DTYPES = {"U8": np.uint8, "I64": np.int64, "F32": np.float32, "F64": np.float64}


def write_entry(path: Path, arrays: Arrays) -> None:
    """Write arrays of uint8, int64, float32 or float64."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    path.write_bytes(save(contiguous, metadata={"crc32": _checksum(contiguous)}))


def map_entry(path: Path, *, check: bool) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an entry, read-only; the disk is read where they are looked at.

    Args:
        path: the file.
        check: compare with the checksum, which reads all of it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut off, or holds something else than what was written.
    """
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        end = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little")
        header = json.loads(content[_LENGTH_BYTES:end])
        crc32 = header.pop("__metadata__")["crc32"]
        arrays = {name: _array(content, end, facts) for name, facts in header.items()}
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"its header is no entry's ({error})") from None
    if check and crc32 != _checksum(arrays):
        raise ValueError("it differs from its checksum")
    return arrays


def _array(content: mmap.mmap, start: int, facts: Mapping[str, Any]) -> npt.NDArray[Any]:
    first, last = facts["data_offsets"]
    dtype = np.dtype(_DTYPES[facts["dtype"]])
    array: npt.NDArray[Any] = np.frombuffer(content, dtype, (last - first) // dtype.itemsize, start + first)
    return array.reshape(facts["shape"])


def _checksum(arrays: Arrays) -> str:
    """CRC-32 of the arrays with their names, types and shapes: it tells damage, not malice."""
    crc = 0
    for name in sorted(arrays):
        array = arrays[name]
        crc = zlib.crc32(f"{name} {array.dtype} {array.shape}".encode(), crc)
        crc = zlib.crc32(array.reshape(-1).view(np.uint8).data, crc)
    return f"{crc:08x}"
