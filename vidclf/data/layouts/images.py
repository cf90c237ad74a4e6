"""A folder of pictures for each class, as image data sets have it: every picture is a clip of one frame.

Below a class, folders may be nested at will (as for torchvision's `ImageFolder`). In the layout `folders`, such
a folder of pictures would be one clip.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vidclf.data.layouts.folders import class_folders, visible
from vidclf.data.layouts.layout import Layout, Request, clip_entry
from vidclf.data.manifest import ClipEntry
from vidclf.video.pictures import PICTURE_SUFFIXES


def read_images(request: Request) -> Iterator[ClipEntry]:
    """Read a tree of pictures."""
    for folder, split in class_folders(request.path):
        for path in _pictures(folder):
            yield clip_entry(path, request.tree, folder.name, split=split)


def _pictures(folder: Path) -> Iterator[Path]:
    for path in visible(folder):
        if path.is_dir():
            yield from _pictures(path)
        elif path.suffix.lower() in PICTURE_SUFFIXES:
            yield path


def _detect(path: Path) -> bool:
    """Whether there are pictures right in the folders of classes and nothing else, so no folders of frames."""
    if not path.is_dir():
        return False
    inner = [file for folder, _ in class_folders(path) for file in visible(folder)]
    return bool(inner) and all(file.suffix.lower() in PICTURE_SUFFIXES for file in inner)


LAYOUT = Layout("images", "a folder of pictures for each class", _detect, read_images)
