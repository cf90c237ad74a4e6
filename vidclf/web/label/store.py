"""Where labels are kept: the manifest, and beside it what is known of clips that have no label yet."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from vidclf.data import ClipEntry, write_csv
from vidclf.data.layouts import read_csv
from vidclf.data.layouts.folders import VIDEOS
from vidclf.errors import ManifestError, StoppedError
from vidclf.files import appearing

Reason = Literal["skipped", "bad"]
SetAside = Literal["", Reason]

_FORMAT_VERSION = 1


@dataclass(frozen=True)
class Item:
    """One clip, or one part of a clip that the manifest has a row for.

    Attributes:
        entry: its row; the label is empty while none is chosen.
        set_aside: why it gets none, empty where it may still get one.
    """

    entry: ClipEntry
    set_aside: SetAside = ""

    @property
    def is_done(self) -> bool:
        """Whether it is decided."""
        return bool(self.entry.label or self.set_aside)

    @property
    def is_remembered(self) -> bool:
        """Whether anything is known of it that the manifest cannot hold, for want of a label."""
        entry = self.entry
        known = self.set_aside or entry.start_seconds is not None or entry.group or entry.split or entry.extra
        return not entry.label and bool(known)


class LabelStore:
    """The clips of a folder and their labels, on disk.

    The manifest holds what is labelled, so that a training can start from it at any time. `NAME.labelling.json`
    beside it holds the order of the labels, and what is set aside or only marked.

    Attributes:
        folder: only files within it, links followed, are ever shown.
        table: the manifest.
    """

    def __init__(self, folder: Path, table: Path | None = None) -> None:
        self.folder = folder
        self.table = table or folder / "manifest.csv"
        self._notes = self.table.with_name(f"{self.table.stem}.labelling.json")
        self._elsewhere: tuple[ClipEntry, ...] = ()
        self._stamp: tuple[int, ...] = ()
        self._notes_text = ""

    def load(self) -> tuple[list[Item], list[str]]:
        """All clips, those with a row first, and the labels in the order they were made in.

        Raises:
            ManifestError: there is no such folder, it holds no videos, or what is kept of it cannot be read.
        """
        if not self.folder.is_dir():
            raise ManifestError(f"{self.folder}: there is no such folder.")
        self._stamp = _stamp(self.table)
        rows = read_csv(self.table, self.table.parent).entries if self._stamp else ()
        self._elsewhere = tuple(row for row in rows if not self.holds(row.path))
        remembered, labels = self._read_notes()
        items = [Item(row) for row in rows if self.holds(row.path)]
        items += [item for item in remembered if self.holds(item.entry.path)]
        known = {_absolute(item.entry.path) for item in items}
        items += [
            Item(ClipEntry(self._name(path), path, "")) for path in self._videos() if _absolute(path) not in known
        ]
        if not items:
            raise ManifestError(f"{self.folder}: it holds no videos, nor do its folders.")
        return items, labels

    def save(self, items: Sequence[Item], labels: Sequence[str]) -> None:
        """Write what `load` shall give.

        Raises:
            StoppedError: the disk refuses, or another program changed the manifest in the meantime.
        """
        if _stamp(self.table) != self._stamp:
            raise StoppedError(
                f"{self.table}: another program changed it while this page was open, so nothing was saved. Start "
                "the page again to go on from what is there now."
            )
        rows = [*self._elsewhere, *(item.entry for item in items if item.entry.label)]
        if rows:
            write_csv(self.table, rows)
        else:
            self.table.unlink(missing_ok=True)  # the first label was undone; no row, no manifest
        self._stamp = _stamp(self.table)
        self._write_notes([item for item in items if item.is_remembered], labels)

    def holds(self, path: Path) -> bool:
        """Whether a path, links followed, lies in the folder."""
        try:
            return path.resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError, ValueError):  # links in a circle, a NUL in the name
            return False

    def _videos(self) -> Iterator[Path]:
        found = (path for path in self.folder.rglob("*") if path.suffix.lower() in VIDEOS)
        for path in sorted(found, key=_by_number):
            is_hidden = any(part.startswith(".") for part in path.relative_to(self.folder).parts)
            if path.is_file() and not is_hidden and self.holds(path):
                yield path

    def _name(self, path: Path) -> str:
        """The path as the manifest writes it: from the manifest's folder."""
        return Path(os.path.relpath(path, self.table.parent)).as_posix()

    def _read_notes(self) -> tuple[list[Item], list[str]]:
        if not self._notes.exists():
            return [], []
        try:
            self._notes_text = self._notes.read_text(encoding="utf-8")
            notes = json.loads(self._notes_text)
            if notes["format_version"] != _FORMAT_VERSION:
                raise ValueError(f"format_version {notes['format_version']}")
            items = [_item(note, self.table.parent) for note in notes["unlabelled"]]
            return items, [str(label) for label in notes["labels"]]
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ManifestError(
                f"{self._notes}: it is not what the label page writes ({type(error).__name__}: {error}). Move it "
                "away to start without it: it holds which clips were skipped, no labels."
            ) from None

    def _write_notes(self, remembered: Sequence[Item], labels: Sequence[str]) -> None:
        notes = {
            "format_version": _FORMAT_VERSION,
            "labels": list(labels),
            "unlabelled": [_note(item) for item in remembered],
        }
        text = json.dumps(notes, ensure_ascii=False, indent=1)
        if text != self._notes_text:
            with appearing(self._notes) as part:
                part.write_text(text, encoding="utf-8")
            self._notes_text = text


def _note(item: Item) -> dict[str, Any]:
    entry = item.entry
    return {
        "path": entry.name,
        "set_aside": item.set_aside,
        "start_seconds": entry.start_seconds,
        "end_seconds": entry.end_seconds,
        "group": entry.group,
        "split": entry.split,
        "extra": dict(entry.extra),
    }


def _item(note: Mapping[str, Any], root: Path) -> Item:
    if note["set_aside"] not in ("", "skipped", "bad"):
        raise ValueError(f"set_aside {note['set_aside']!r}")
    entry = ClipEntry(
        name=note["path"],
        path=root / note["path"],
        label="",
        group=note["group"],
        split=note["split"],
        start_seconds=note["start_seconds"],
        end_seconds=note["end_seconds"],
        extra=note["extra"],
    )
    return Item(entry, note["set_aside"])


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes when a file is written; empty where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100  # drops "..", which Path.absolute keeps, and follows no link


def _by_number(path: Path) -> list[str | int]:
    """Sorts take_2 before take_10."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", str(path))]
