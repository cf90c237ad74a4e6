"""Small data sets in the formats that their publishers use."""

from __future__ import annotations

from pathlib import Path

from vidclf.data.layouts import Imported


def tree(root: Path, files: dict[str, str]) -> Path:
    """Files with their text; videos need none where nothing decodes them."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    return root


def rows(imported: Imported) -> list[tuple[str, str, str, str]]:
    """Name, label, group and split of each clip."""
    return [(entry.name, entry.label, entry.group, entry.split) for entry in imported.manifest.entries]


def left_out(imported: Imported) -> dict[str, tuple[str, bool]]:
    """By name: the reason, and whether something is wrong."""
    return {skipped.name: (skipped.reason, skipped.broken) for skipped in imported.skipped}
