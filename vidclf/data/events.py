"""What a long recording shows when: a CSV table `label,start_seconds,end_seconds`."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from vidclf.errors import ManifestError
from vidclf.files import appearing
from vidclf.metrics.events import Interval

_COLUMNS = ("label", "start_seconds", "end_seconds")
# Names that people give to the class of everything else.
_REST = (
    "none", "background", "rest", "static", "random", "nothing", "negative", "other", "no_gesture", "no gesture",
)  # fmt: skip


def likely_background(classes: Sequence[str]) -> tuple[str, ...]:
    """The classes that, by their names, show no gesture."""
    return tuple(label for label in classes if label.lower() in _REST)


def read_events(path: Path) -> tuple[Interval, ...]:
    """Read a table of events, in the order of their starts; further columns do not matter.

    Raises:
        ManifestError: names the lines that are wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise ManifestError(f"{path}: the first line must name the columns {', '.join(_COLUMNS)}.")
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise ManifestError(f"{path}: it cannot be read ({error.strerror}).") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: it is no CSV table in UTF-8 ({error}).") from None
    events = []
    for line, row in rows:
        try:
            event = Interval(row["label"].strip(), float(row["start_seconds"]), float(row["end_seconds"]))
        except (ValueError, TypeError, AttributeError):
            raise ManifestError(f"{path}: line {line} holds no label and two times in seconds.") from None
        if not event.label or not 0 <= event.start_seconds < event.end_seconds:
            raise ManifestError(f"{path}: line {line}: an event needs a label, and must end after it starts.")
        events.append(event)
    return tuple(sorted(events, key=lambda event: event.start_seconds))


def write_events(path: Path, events: Sequence[Interval]) -> None:
    """Write a table of events; the file appears whole or not at all."""
    with appearing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows((event.label, f"{event.start_seconds:.3f}", f"{event.end_seconds:.3f}") for event in events)
