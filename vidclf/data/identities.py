"""Who or what is shown: folders of identities, and who made the clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from vidclf.data.archives import is_archive, unpacked
from vidclf.data.layouts import detect_layout, read_manifest
from vidclf.data.layouts.folders import VIDEOS, subfolders, visible
from vidclf.data.manifest import ClipEntry, Manifest
from vidclf.errors import ManifestError
from vidclf.video.pictures import PICTURE_SUFFIXES


def read_identities(path: str | Path) -> Manifest:
    """Read pictures or clips of identities.

    Args:
        path: a folder for each identity with pictures or videos in it, at any depth: the folder above identities is
            their group (an alphabet, a place); or a zip of such folders; or a table whose `label` is the identity.

    Raises:
        ManifestError: it is not there, or holds none.
        StoppedError: a zip cannot be unpacked for want of room.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise ManifestError(f"there is no table, folder or zip at {path}.")
    if path.is_file() and not is_archive(path):
        return read_manifest(path)
    if detect_layout(path) == "omniglot":
        return read_manifest(path)
    top = unpacked(path.resolve()) if is_archive(path) else path
    while len(inner := visible(top)) == 1 and inner[0].is_dir() and not _clips(inner[0]):
        top = inner[0]
    entries = tuple(_entries(top, top))
    if not entries:
        raise ManifestError(
            f"{path}: it holds no identities. A folder for each is expected, with pictures or clips in it: "
            f"{path.stem}/ada/first.jpg, {path.stem}/grace/first.jpg ..."
        )
    return Manifest(entries, path)


def makers_of(entries: Sequence[ClipEntry]) -> list[str] | None:
    """Who made each clip; None where that is not known of all, or where all are by one.

    The column `maker` says it; without it groups do where identities are shown by several of them, as gestures are
    by performers.
    """
    makers = [entry.extra.get("maker", "") for entry in entries]
    if not all(makers):
        makers = [entry.group for entry in entries] if _span_groups(entries) else []
    return makers if len(set(makers)) > 1 and all(makers) else None


def _span_groups(entries: Sequence[ClipEntry]) -> bool:
    groups: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        groups[entry.label].add(entry.group)
    return any(len(of_one) > 1 for of_one in groups.values())


def _entries(folder: Path, top: Path) -> Iterator[ClipEntry]:
    for inner in subfolders(folder):
        label = inner.relative_to(top).as_posix()
        group = "" if folder == top else folder.relative_to(top).as_posix()
        for path in _clips(inner):
            yield ClipEntry(path.relative_to(top).as_posix(), path, label, group)
        yield from _entries(inner, top)


def _clips(folder: Path) -> list[Path]:
    return [path for path in visible(folder) if path.suffix.lower() in VIDEOS | PICTURE_SUFFIXES and path.is_file()]
