"""Omniglot: handwritten characters of many alphabets, each drawn once by each of twenty people.

    images_background/Greek/character01/0394_01.png     (in images_background.zip, or unpacked)

A character is an identity, an alphabet a group. The number behind the underscore says who drew it, a number of that
alphabet's drawers. Drawings are ink on white paper.

Source: Lake, Salakhutdinov and Tenenbaum, Human-level concept learning through probabilistic program induction,
Science 350 (2015); https://github.com/brendenlake/omniglot.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from vidclf.data.archives import is_archive, unpacked
from vidclf.data.layouts.folders import subfolders, visible
from vidclf.data.layouts.layout import Layout, Request
from vidclf.data.manifest import ClipEntry

_DRAWING = re.compile(r"\d+_(\d+)\.png")
_IN_ZIP = re.compile(r"(?:[^/]+/)?[^/]+/character\d+/\d+_\d+\.png")


def _read(request: Request) -> Iterator[ClipEntry]:
    root = unpacked(request.path.resolve()) if is_archive(request.path) else request.tree
    top = root if is_archive(request.path) else request.path
    for alphabet in _alphabets(top):
        for character in subfolders(alphabet):
            for path in visible(character):
                if drawing := _DRAWING.fullmatch(path.name):
                    yield ClipEntry(
                        path.relative_to(root).as_posix(),
                        path,
                        f"{alphabet.name}/{character.name}",
                        alphabet.name,
                        extra={"maker": drawing[1]},
                    )


def _alphabets(top: Path) -> list[Path]:
    """The folders of alphabets: those in a folder, or one level below (`images_background`)."""
    folders = subfolders(top)
    if any((folder / "character01").is_dir() for folder in folders):
        return folders
    return [inner for folder in folders for inner in subfolders(folder) if (inner / "character01").is_dir()]


def _detect(path: Path) -> bool:
    if is_archive(path):
        with zipfile.ZipFile(path) as archive:
            return any(_IN_ZIP.fullmatch(name) for name in archive.namelist())
    return path.is_dir() and bool(_alphabets(path))


LAYOUT = Layout("omniglot", "Alphabet/character01/0394_01.png", _detect, _read)
