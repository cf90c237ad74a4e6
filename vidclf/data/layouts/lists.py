"""The lists and tables that publishers put beside their clips."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from vidclf.data.layouts.folders import VIDEOS
from vidclf.errors import ManifestError
from vidclf.video.pictures import PICTURE_SUFFIXES


def beside(path: Path, pattern: str) -> list[Path]:
    """Files of a name within a folder, else within the folders right in it; sorted. None where it is no folder."""
    if not path.is_dir():
        return []
    with os.scandir(path) as inner:
        entries = [entry for entry in inner if not entry.name.startswith(".")]
    found = [entry.name for entry in entries if fnmatchcase(entry.name, pattern)]
    folders = [path / entry.name for entry in entries if entry.is_dir()]
    return sorted(path / name for name in found) or sorted(
        folder / name for folder in folders for name in _lists(folder) if fnmatchcase(name, pattern)
    )


def text_of(path: Path) -> str:
    """The text of a list or annotation file.

    Raises:
        ManifestError: it cannot be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ManifestError(f"{path}: it cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: it is no text in UTF-8 ({error}).") from None


def lines_of(path: Path) -> Iterator[tuple[str, str]]:
    """The lines of a list that hold something, each after where it stands (`trainlist01.txt, line 3`)."""
    for number, line in enumerate(text_of(path).splitlines(), 1):
        if line.strip():
            yield f"{path.name}, line {number}", line.strip()


def _lists(folder: Path) -> list[str]:
    """What lies in a folder, unless it holds clips: then it may be large, and nobody keeps lists in it."""
    names = []
    with os.scandir(folder) as inner:
        for entry in inner:
            if PurePath(entry.name).suffix.lower() in VIDEOS | PICTURE_SUFFIXES:
                return []
            names.append(entry.name)
    return names
