"""From a data set as it lies on disk to the one manifest, and to a table of it."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from vidclf.data.archives import is_archive
from vidclf.data.layouts import cvat, folders, hmdb51, images, jester, kinetics, label_studio, omniglot, table, ucf101
from vidclf.data.layouts.layout import Request, Skipped, summary
from vidclf.data.layouts.table import write_csv
from vidclf.data.manifest import ClipEntry, Manifest
from vidclf.errors import ManifestError, UsageError

logger = logging.getLogger(__name__)

# Told by files that only they have. At most one fits a path.
_PUBLISHED = (
    cvat.LAYOUT, hmdb51.LAYOUT, jester.LAYOUT, kinetics.LAYOUT, label_studio.LAYOUT, omniglot.LAYOUT,
    ucf101.LAYOUT,
)  # fmt: skip
# For whatever else there is; the first that fits.
_GENERAL = (images.LAYOUT, folders.LAYOUT, table.LAYOUT)
_LAYOUTS = {layout.name: layout for layout in (*_GENERAL, *_PUBLISHED)}


@dataclass(frozen=True)
class Imported:
    """A data set as it was found.

    Attributes:
        manifest: its clips.
        skipped: what became none of them, and why.
        layout: name of the layout that it was read as.
    """

    manifest: Manifest
    skipped: tuple[Skipped, ...]
    layout: str


def read_manifest(path: str | Path, *, root: str | Path | None = None) -> Manifest:
    """Read clips from a CSV table, a tree with a folder for each class, or any other layout that is known.

    What had to be left out is logged.

    Args:
        path: the table, annotation file or folder. A relative path is looked for in `root` first, then from the
            working folder.
        root: where the clips lie, and what a table's paths start from; default: the folder itself, or the one that
            holds the file.

    Raises:
        ManifestError: it is not there, is malformed, or none of its clips is there.
    """
    imported = import_clips(path, root=root)
    for sentence in summary(imported.skipped):
        logger.warning("%s (read as %s): %s", imported.manifest.source, imported.layout, sentence)
    _check_any_there(imported.manifest)
    return imported.manifest


def import_clips(
    path: str | Path,
    *,
    layout: str | None = None,
    root: str | Path | None = None,
    official_split: int = 1,
    fps: float | None = None,
    control: str | None = None,
) -> Imported:
    """Read a data set of any layout, and tell what of it became no clip.

    Args:
        path: as for `read_manifest`.
        layout: name of the layout; None: told from what is there.
        root: as for `read_manifest`.
        official_split: which of the published splits of UCF101 and HMDB51, 1 to 3.
        fps: the `frameRate` that Label Studio counted frames in; None: what its tasks say, else its default.
        control: which of Label Studio's controls holds the class; None: the only one.

    Raises:
        UsageError: there is no layout of that name.
        ManifestError: it is not there, is malformed, holds no clip that can be used, or has a group in two splits.
    """
    start = expanded(root) if root is not None else None
    source = _found(expanded(path), start)
    known = _LAYOUTS.get(layout or detect_layout(source))
    if known is None:
        near = difflib.get_close_matches(str(layout), _LAYOUTS, n=1, cutoff=0)[0]
        raise UsageError(f"'{layout}' is no layout; did you mean '{near}'? There are: {', '.join(_LAYOUTS)}.")
    if known in _PUBLISHED and not known.detect(source):
        raise ManifestError(f"{source}: it is no {known.name}, which is told by {known.marks}.")
    home = start or (source if source.is_dir() else source.parent)
    clips, skipped = _divided(known.read(Request(source, home, official_split, fps, control)))
    if skipped and not clips:
        raise ManifestError(
            f"{source}: read as {known.name}, no clip of it can be used. {'. '.join(summary(skipped))}. The folder "
            "that clips are looked for in is named with --root (data.root in a config)."
        )
    return Imported(Manifest(clips, source), skipped, known.name)


def write_imported(imported: Imported, out: str | Path, *, root: str | Path | None = None) -> Imported:
    """Write a manifest of the clips that are there, with paths that start from its own folder, or from `root`.

    Returns:
        the data set as it was written: what is not there counts as skipped.

    Raises:
        UsageError: it would replace the very table that it was made from.
        ManifestError: not one clip is there.
        StoppedError: the file system refuses the file.
    """
    target = expanded(out)
    if is_there(target) and target.samefile(imported.manifest.source):
        raise UsageError(f"{target}: this is what is imported; name another file.")
    if is_archive(imported.manifest.source):
        raise UsageError(
            f"{imported.manifest.source}: a table cannot name what lies within a zip. Unpack it first; for a "
            "training data.manifest may be the zip itself."
        )
    _check_any_there(imported.manifest)
    base = target.parent if root is None else expanded(root)
    entries = imported.manifest.entries
    there = tuple(replace(entry, name=_from(base, entry.path)) for entry in entries if is_there(entry.path))
    missing = tuple(Skipped(entry.name, "it is not there") for entry in entries if not is_there(entry.path))
    manifest = Manifest(there, imported.manifest.source)
    write_csv(target, there)
    return replace(imported, manifest=manifest, skipped=(*imported.skipped, *missing))


def detect_layout(path: Path) -> str:
    """Name of the layout that a file or folder has.

    Raises:
        ManifestError: it could be several.
    """
    names = [layout.name for layout in _PUBLISHED if layout.detect(path)]
    if len(names) > 1:
        raise ManifestError(f"{path}: it looks like {' and '.join(names)}; name the one it is with --layout.")
    names += [layout.name for layout in _GENERAL if layout.detect(path)]
    return names[0] if names else table.LAYOUT.name


def is_there(path: Path) -> bool:
    """Whether there is a file or folder; false where the name is none that the system could have."""
    with suppress(OSError):
        return path.exists()
    return False


def _check_any_there(manifest: Manifest) -> None:
    if not any(is_there(entry.path) for entry in manifest.entries):
        raise ManifestError(
            f"{manifest.source}: none of its {len(manifest.entries)} clips is there; the first was looked for at "
            f"{manifest.entries[0].path}. Say with data.root (--root) where the paths start from."
        )


def _divided(rows: Iterable[ClipEntry | Skipped]) -> tuple[tuple[ClipEntry, ...], tuple[Skipped, ...]]:
    rows = [_writable(row) if isinstance(row, ClipEntry) else row for row in rows]
    clips = tuple(row for row in rows if isinstance(row, ClipEntry))
    return clips, tuple(row for row in rows if isinstance(row, Skipped))


def _writable(clip: ClipEntry) -> ClipEntry | Skipped:
    try:
        f"{clip.name}{clip.label}".encode()
    except UnicodeEncodeError:  # Linux takes any bytes for a name
        shown = clip.name.encode(errors="backslashreplace").decode()
        return Skipped(shown, "its name is no UTF-8, so that no table can hold it; rename it")
    return clip


def _found(path: Path, root: Path | None) -> Path:
    tried = [root / path, path] if root is not None else [path]
    found = next((candidate for candidate in tried if is_there(candidate)), None)
    if found is None:
        raise ManifestError(f"there is no manifest or folder at {' or '.join(dict.fromkeys(map(str, tried)))}.")
    return found


def _from(base: Path, path: Path) -> str:
    """A path as a table in `base` names it; one on another drive stays as it is."""
    with suppress(ValueError):
        return Path(os.path.relpath(path, base)).as_posix()
    return path.as_posix()


def expanded(path: str | Path) -> Path:
    """A path whose `~` is somebody's home folder, as in a shell."""
    with suppress(RuntimeError):  # a ~user that nobody is
        return Path(path).expanduser()
    return Path(path)
