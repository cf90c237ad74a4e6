"""Entries by key in a folder that threads, processes and trainings share.

<folder>/<kind>/<first two digits>/<key>.safetensors

A key is a hash of all that an entry depends on, so an entry never changes: it is there, whole, or it is not.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vidclf.data.cache.entries import Arrays, map_entry, write_entry
from vidclf.errors import StoppedError
from vidclf.files import appearing

logger = logging.getLogger(__name__)

KINDS = ("frames", "features", "graphs", "hashes")

_ENTRY = re.compile(r"[0-9a-f]{64}\.safetensors")
# What `appearing` leaves beside it when its process is killed; one younger than this may still be written to.
_LEFT_OVER = re.compile(r"\.[0-9a-f]{64}\.safetensors\..+")
_LEFT_OVER_SECONDS = 3600


class EntryStore:
    """The entries of one kind.

    Two who make the same entry at the same time both may: the last one stays, and it is the same.

    Args:
        folder: the cache's folder; made when the first entry is put.
        kind: one of `KINDS`.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder / kind
        self._checked: set[str] = set()

    def get(self, key: str) -> Arrays | None:
        """The arrays that were put under a key, mapped and read-only; None where there are none.

        An entry is compared with its checksum when it is first opened, and dropped where it is damaged.
        """
        path = self._path(key)
        try:
            arrays = map_entry(path, check=key not in self._checked)
        except FileNotFoundError:
            return None
        except ValueError as error:
            logger.warning("%s is damaged and will be made again: %s", path, error)
            path.unlink(missing_ok=True)
            return None
        self._checked.add(key)
        return arrays

    def put(self, key: str, arrays: Arrays) -> Arrays:
        """Keep arrays under a key, and give them back.

        Raises:
            StoppedError: the disk is full, or may not be written to.
        """
        try:
            with appearing(self._path(key)) as part:
                write_entry(part, arrays)
        except StoppedError as error:
            raise StoppedError(
                f"{error} This is the cache: data.cache_dir or VIDCLF_CACHE puts it elsewhere, data.cache=none does "
                "without, `vidclf cache clear` empties it."
            ) from None
        return arrays

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.safetensors"


def entry_key(**facts: object) -> str:
    """A key for all that an entry depends on: the sha256 of the facts as JSON, in hexadecimal."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Usage:
    """What a kind of entries takes: how many there are, and their bytes."""

    kind: str
    entries: int
    bytes: int


def usage(folder: Path) -> list[Usage]:
    """What lies in a cache's folder, by kind."""
    found = {kind: [path.stat().st_size for path in _entries(folder, kind)] for kind in KINDS}
    return [Usage(kind, len(sizes), sum(sizes)) for kind, sizes in found.items()]


def clear(folder: Path) -> list[Usage]:
    """Remove all entries, and what killed processes left of half-written ones; say what there was.

    Anything else that lies in the folder stays, and so do folders that are not empty then.
    """
    before = usage(folder)
    for kind in KINDS:
        for path in _entries(folder, kind):
            path.unlink(missing_ok=True)
        for path in _left_over(folder, kind):
            shutil.rmtree(path, ignore_errors=True)
        for emptied in (*(folder / kind).glob("[0-9a-f][0-9a-f]"), folder / kind):
            if emptied.is_dir() and not any(emptied.iterdir()):
                emptied.rmdir()
    return before


def _entries(folder: Path, kind: str) -> Iterator[Path]:
    return (path for path in (folder / kind).glob("??/*.safetensors") if _ENTRY.fullmatch(path.name))


def _left_over(folder: Path, kind: str) -> Iterator[Path]:
    for path in (folder / kind).glob("??/.*"):
        if _LEFT_OVER.fullmatch(path.name) and time.time() - path.stat().st_mtime > _LEFT_OVER_SECONDS:
            yield path
