"""A tree with a folder for each class: `wave/a.mp4`, or `train/wave/a.mp4`, `val/...`, `test/...`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from vidclf.data.layouts.layout import SPLIT_NAMES, Layout, Request, clip_entry
from vidclf.data.manifest import ClipEntry
from vidclf.errors import ManifestError
from vidclf.video.pictures import PICTURE_SUFFIXES

VIDEOS = {
    ".3gp", ".apng", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg",
    ".mts", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m",
}  # fmt: skip


def read_folders(request: Request) -> Iterator[ClipEntry]:
    """Read a tree: a video, a picture, or a folder of pictures is a clip; the class is the folder above it.

    Raises:
        ManifestError: there are no such folders, or no clips in them.
    """
    root = request.path
    empty = True
    for folder, split in class_folders(root):
        for path in _clips(folder):
            empty = False
            yield clip_entry(path, request.tree, folder.name, split=split)
    if empty:
        raise ManifestError(
            f"{root}: it holds no clips. A folder for each class is expected, with videos in it: "
            f"{root.name}/wave/first.mp4, {root.name}/wave/second.mp4, {root.name}/none/third.mp4 ..."
        )


def class_folders(root: Path) -> Iterator[tuple[Path, str]]:
    """The folders that are classes, each with its split; empty where there is no level of splits."""
    if not root.is_dir():
        raise ManifestError(f"{root}: this is a file; a folder for each class is expected.")
    splits = {folder: SPLIT_NAMES.get(folder.name.lower(), "") for folder in subfolders(root)}
    if "train" in splits.values() and all(splits.values()):
        for folder, split in splits.items():
            yield from ((inner, split) for inner in subfolders(folder))
    else:
        yield from ((folder, "") for folder in splits)


def clips_in(path: str) -> list[str]:
    """The clips that a path stands for: the videos of a folder of videos, else the path itself."""
    folder = Path(path)
    if not folder.is_dir():
        return [path]
    videos = [str(inner) for inner in visible(folder) if inner.suffix.lower() in VIDEOS]
    return videos or [path]


def subfolders(folder: Path) -> list[Path]:
    """The folders right in a folder, sorted."""
    return [path for path in visible(folder) if path.is_dir()]


def visible(folder: Path) -> list[Path]:
    """What lies right in a folder and is not hidden, sorted."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _clips(folder: Path) -> Iterator[Path]:
    for path in visible(folder):
        if path.is_dir():
            if any(inner.suffix.lower() in PICTURE_SUFFIXES for inner in visible(path)):
                yield path
        elif path.suffix.lower() in VIDEOS | PICTURE_SUFFIXES:
            yield path


LAYOUT = Layout("folders", "a folder for each class", Path.is_dir, read_folders)
