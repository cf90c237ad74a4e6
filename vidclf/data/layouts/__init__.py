"""How data sets lie on disk; one file a layout, each giving the one manifest."""

from __future__ import annotations

from pathlib import Path

from vidclf.data.layouts.folders import read_folders
from vidclf.data.layouts.table import read_csv, write_csv
from vidclf.data.manifest import Manifest
from vidclf.errors import ManifestError

__all__ = ["read_csv", "read_folders", "read_manifest", "write_csv"]


def read_manifest(path: str | Path, *, root: str | Path | None = None) -> Manifest:
    """Read a CSV table, or a tree with a folder for each class.

    Args:
        path: the table or the folder. A relative path is looked for in `root` first, then from the working
            folder.
        root: what the table's paths start from; default: the table's own folder.

    Raises:
        ManifestError: it is not there, is malformed, or none of its clips is there.
    """
    tried = [Path(root) / path, Path(path)] if root is not None else [Path(path)]
    found = next((candidate for candidate in tried if candidate.exists()), None)
    if found is None:
        raise ManifestError(f"there is no manifest or folder at {' or '.join(dict.fromkeys(map(str, tried)))}.")
    manifest = read_folders(found) if found.is_dir() else read_csv(found, Path(root) if root else found.parent)
    if not any(entry.path.exists() for entry in manifest.entries):
        raise ManifestError(
            f"{manifest.source}: none of its {len(manifest.entries)} clips is there; the first was "
            f"looked for at {manifest.entries[0].path}. Say with data.root where the paths start from."
        )
    return manifest
