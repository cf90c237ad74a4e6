"""A CSV table: path,label and optionally group,split,start_seconds,end_seconds; further columns are kept."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from vidclf.data.layouts.layout import SPLIT_NAMES, Layout, Request
from vidclf.data.manifest import SPLITS, ClipEntry, Manifest
from vidclf.errors import ManifestError
from vidclf.files import appearing

_COLUMNS = ("path", "label", "group", "split", "start_seconds", "end_seconds")
_SHOWN = 5


def read_csv(path: Path, root: Path) -> Manifest:
    """Read a table whose paths start from `root`.

    Raises:
        ManifestError: names the lines that are wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            missing = [name for name in ("path", "label") if name not in columns]
            if missing:
                raise ManifestError(
                    f"{path}: the first line must name the columns, and {' and '.join(missing)} is not among "
                    f"them (found: {', '.join(columns) or 'nothing'})."
                )
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise ManifestError(f"{path}: it cannot be read ({error.strerror}).") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: it is no CSV table in UTF-8 ({error}).") from None

    entries, problems = [], []
    for line, row in rows:
        try:
            entries.append(_entry(row, root))
        except ValueError as error:
            problems.append(f"line {line}: {error}")
    if problems:
        more = f"\n  ... and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise ManifestError(f"{path}: {len(problems)} wrong lines:\n  " + "\n  ".join(problems[:_SHOWN]) + more)
    return Manifest(tuple(entries), path)


def write_csv(path: Path, entries: Sequence[ClipEntry]) -> None:
    """Write a table; the file appears whole or not at all."""
    extra = list(dict.fromkeys(key for entry in entries for key in entry.extra))
    rows = [_row(entry) for entry in entries]
    columns = [name for name in _COLUMNS if name in ("path", "label") or any(row[name] for row in rows)] + extra
    with appearing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _entry(row: Mapping[str | None, str | None], root: Path) -> ClipEntry:
    if None in row:
        raise ValueError("it has more fields than the first line names (a path with a comma needs quotes)")
    cells = {str(key): (value or "").strip() for key, value in row.items()}
    name, label, split = cells["path"], cells["label"], cells.get("split", "").lower()
    if not name or not label:
        raise ValueError("path and label must not be empty")
    if split and split not in SPLIT_NAMES:
        raise ValueError(f"split {cells['split']!r} is none of {', '.join(SPLITS)}")
    start, end = _seconds(cells, "start_seconds"), _seconds(cells, "end_seconds")
    if start is not None and end is not None and end <= start:
        raise ValueError(f"end_seconds {end:g} is not after start_seconds {start:g}")
    return ClipEntry(
        name=name,
        path=root / name,
        label=label,
        group=cells.get("group", ""),
        split=SPLIT_NAMES.get(split, ""),
        start_seconds=start,
        end_seconds=end,
        extra={key: value for key, value in cells.items() if key not in _COLUMNS},
    )


def _seconds(cells: Mapping[str, str], column: str) -> float | None:
    text = cells.get(column, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{column} {text!r} is no number of seconds")
    return value


def _row(entry: ClipEntry) -> dict[str, str]:
    return {
        **entry.extra,
        "path": entry.name,
        "label": entry.label,
        "group": entry.group,
        "split": entry.split,
        "start_seconds": "" if entry.start_seconds is None else str(entry.start_seconds),
        "end_seconds": "" if entry.end_seconds is None else str(entry.end_seconds),
    }


def _read(request: Request) -> tuple[ClipEntry, ...]:
    return read_csv(request.path, request.root).entries


LAYOUT = Layout("csv", "a first line that names the columns path and label", Path.is_file, _read)
