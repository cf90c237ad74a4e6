"""The tables of a clustering: which clip is in which cluster, and what each cluster is called."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from vidclf.data import ClipEntry
from vidclf.errors import ManifestError
from vidclf.features.clustering import Clustering
from vidclf.files import appearing

_WINDOW = ("start_seconds", "end_seconds")


def write_clusters(path: Path, entries: Sequence[ClipEntry], clustering: Clustering) -> None:
    """Write `path,cluster`, and the window of each clip where clips are parts of files."""
    windowed = any(entry.start_seconds is not None or entry.end_seconds is not None for entry in entries)
    rows = [
        {"path": entry.name, "cluster": number, **(_window(entry) if windowed else {})}
        for entry, number in zip(entries, clustering.numbers.tolist(), strict=True)
    ]
    _write(path, ("path", "cluster", *(_WINDOW if windowed else ())), rows)


def write_labels(path: Path, count: int) -> None:
    """Write `cluster,label` with empty labels, to be typed in."""
    _write(path, ("cluster", "label"), [{"cluster": number, "label": ""} for number in range(1, count + 1)])


def read_labels(path: Path) -> dict[str, str]:
    """The labels that were typed, by cluster; a cluster without one is left out.

    Raises:
        ManifestError: it cannot be read, or calls a cluster by two labels.
    """
    labels: dict[str, str] = {}
    for row in _read(path, ("cluster", "label")):
        cluster, label = row["cluster"], row["label"]
        if label and labels.setdefault(cluster, label) != label:
            raise ManifestError(f"{path}: cluster {cluster} is called {labels[cluster]} and {label}.")
    return labels


def labelled(entries: Iterable[ClipEntry], clusters: Path, labels: Path, *, root: Path) -> list[ClipEntry]:
    """Give each clip its cluster's label; clips of clusters without one, and clips of no cluster, are left out.

    Args:
        entries: the clips that were clustered.
        clusters: the table of clips, as `write_clusters` wrote it.
        labels: the table of labels, filled in.
        root: folder that the labelled rows' paths shall start from.

    Raises:
        ManifestError: a table cannot be read, no label was typed, or one is of a cluster that is not there.
    """
    rows = _read(clusters, ("path", "cluster"))
    cluster_of = {(row["path"], *(row.get(name, "") for name in _WINDOW)): row["cluster"] for row in rows}
    label_of = read_labels(labels)
    if not label_of:
        raise ManifestError(f"{labels}: no cluster has a label yet. Type them into its second column.")
    unknown = sorted(label_of.keys() - set(cluster_of.values()))
    if unknown:
        raise ManifestError(f"{labels}: there is no cluster {', '.join(unknown)} in {clusters}.")
    return [
        replace(entry, name=Path(os.path.relpath(entry.path, root)).as_posix(), label=label)
        for entry in entries
        if (label := label_of.get(cluster_of.get((entry.name, *_window(entry).values()), "")))
    ]


def _window(entry: ClipEntry) -> dict[str, str]:
    times = (entry.start_seconds, entry.end_seconds)
    return {name: "" if time is None else str(time) for name, time in zip(_WINDOW, times, strict=True)}


def _write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    with appearing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _read(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # a spreadsheet may have saved it
            rows = [
                {str(key).strip(): (value or "").strip() for key, value in row.items() if key}
                for row in csv.DictReader(file)
            ]
    except OSError as error:
        raise ManifestError(f"{path}: it cannot be read ({error.strerror}). Cluster the clips first.") from None
    except (csv.Error, UnicodeDecodeError, AttributeError) as error:
        raise ManifestError(f"{path}: it is no CSV table in UTF-8 ({error}).") from None
    if not rows or not set(needed) <= rows[0].keys():
        raise ManifestError(f"{path}: it must have the columns {','.join(needed)}, and rows.")
    return rows
