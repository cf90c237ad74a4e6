"""Finds the clips that lists and annotations name, wherever below a folder they lie."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from vidclf.data.layouts.folders import VIDEOS


class ClipFinder:
    """The videos below a folder, by name. The tree is gone through once, when the first clip is asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, name: str) -> Path | None:
        """The one video that a published name means; None where there is none, or no telling which.

        Of several with the file's name, those whose folders agree with the name's are taken. Another suffix is
        accepted where the named one is not there: data sets are often re-encoded.
        """
        wanted = PurePosixPath(name)
        found = self._by_stem.get(wanted.stem, [])
        found = [path for path in found if path.suffix == wanted.suffix] or found
        for depth in range(2, len(wanted.parts) + 1):
            folders = wanted.parts[-depth:-1]
            found = [path for path in found if path.parts[-depth:-1] == folders] or found
        return found[0] if len(found) == 1 else None

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        by_stem: dict[str, list[Path]] = defaultdict(list)
        for path in _files(self.root):
            if path.suffix.lower() in VIDEOS and not path.name.startswith("."):
                by_stem[path.stem].append(path)
        return by_stem


def _files(root: Path) -> Iterator[Path]:
    """Files at any depth; data sets are often links to another disk, so links are followed, each folder once."""
    seen: set[tuple[int, int]] = set()
    for folder, subfolders, names in os.walk(root, followlinks=True):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:
            subfolders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        yield from (Path(folder, name) for name in names)
