"""What a file holds, as a hash: a moved or renamed clip is the same clip, a changed one is another."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np

from vidclf.data.cache.store import EntryStore, entry_key
from vidclf.files import hash_file

# A file may change again within one tick of its file system's clock, and look the same from outside (as in Git's
# "racy" index); the coarsest clock in use ticks every two seconds.
_SETTLED_NS = 2_000_000_000


def content_hash(path: Path, memo: EntryStore) -> str:
    """The sha256 of what a file, or a folder of pictures, holds, in hexadecimal.

    Args:
        path: the file or folder.
        memo: keeps hashes by path, size and time of change, so that a file is not read again to be hashed.

    Raises:
        OSError: it cannot be read.
    """
    files = sorted(inner for inner in path.iterdir() if inner.is_file()) if path.is_dir() else [path]
    stats = [file.stat() for file in files]
    looks = [[file.name, stat.st_size, stat.st_mtime_ns] for file, stat in zip(files, stats, strict=True)]
    key = entry_key(path=str(path.resolve()), files=looks)
    if known := memo.get(key):
        return bytes(known["sha256"]).hex()
    digest = _hash_folder(files) if path.is_dir() else hash_file(path)
    if time.time_ns() - max((stat.st_mtime_ns for stat in stats), default=0) > _SETTLED_NS:
        memo.put(key, {"sha256": np.frombuffer(bytes.fromhex(digest), np.uint8)})
    return digest


def _hash_folder(files: list[Path]) -> str:
    """The pictures' order is that of their names, so the names count as well."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\0{hash_file(file)}\n".encode())
    return digest.hexdigest()
