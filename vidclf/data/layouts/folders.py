"""A tree with a folder for each class: `wave/a.mp4`, or `train/wave/a.mp4`, `val/...`, `test/...`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vidclf.data.manifest import SPLITS, ClipEntry, Manifest
from vidclf.errors import ManifestError
from vidclf.video.pictures import PICTURE_SUFFIXES

VIDEOS = {
    ".3gp", ".apng", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
    ".mts", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m",
}  # fmt: skip


def read_folders(root: Path) -> Manifest:
    """Read a tree: a video, a picture, or a folder of pictures is a clip; the class is the folder above it.

    Raises:
        ManifestError: there are no such folders, or no clips in them.
    """
    folders = _subfolders(root)
    names = {folder.name for folder in folders}
    if "train" in names and names <= set(SPLITS):
        entries = [entry for split in folders for entry in _classes(split, root, split.name)]
    else:
        entries = list(_classes(root, root, split=""))
    if not entries:
        raise ManifestError(
            f"{root}: it holds no clips. A folder for each class is expected, with videos in it: "
            f"{root.name}/wave/first.mp4, {root.name}/wave/second.mp4, {root.name}/none/third.mp4 ..."
        )
    return Manifest(tuple(entries), root)


def clips_in(path: str) -> list[str]:
    """The clips that a path stands for: the videos of a folder of videos, else the path itself."""
    folder = Path(path)
    if not folder.is_dir():
        return [path]
    videos = [str(inner) for inner in _visible(folder) if inner.suffix.lower() in VIDEOS]
    return videos or [path]


def _classes(folder: Path, root: Path, split: str) -> Iterator[ClipEntry]:
    for label in _subfolders(folder):
        for path in _clips(label):
            yield ClipEntry(path.relative_to(root).as_posix(), path, label.name, split=split)


def _clips(folder: Path) -> Iterator[Path]:
    for path in _visible(folder):
        if path.is_dir():
            if any(inner.suffix.lower() in PICTURE_SUFFIXES for inner in _visible(path)):
                yield path
        elif path.suffix.lower() in VIDEOS | PICTURE_SUFFIXES:
            yield path


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in _visible(folder) if path.is_dir()]


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
