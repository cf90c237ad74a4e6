"""The table of predictions: what models said of the clips they had not seen, of one training or of each fold's.

That of a cross-validation grows by a fold when it is done, so it also says which need not be trained again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from vidclf.data import ClipEntry
from vidclf.errors import UsageError
from vidclf.files import appearing
from vidclf.infer import EntryResult, Evaluation
from vidclf.secrets import redact
from vidclf.training.folds import Fold

# Where no row has a value in them, they are left out.
_OPTIONAL = ("start_seconds", "end_seconds", "error")


def said_of(entries: Iterable[ClipEntry], evaluation: Evaluation) -> list[EntryResult]:
    """What was said of each clip, in their order; also of those that could not be read."""
    said = {result.entry: result for result in evaluation.results}
    reasons = {bad.name: bad.reason for bad in evaluation.failures}
    return [said.get(entry) or EntryResult(entry, None, reasons[entry.title]) for entry in entries]


def write_predictions(path: Path, results: Mapping[int, Sequence[EntryResult]], classes: Sequence[str]) -> None:
    """Write a row a clip, the folds one after the other; the file appears whole or not at all.

    The columns are path, label, group, fold, predicted, and `p_` with its name for each class's probability. Of a
    clip that could not be read, `error` says why and the last ones are empty.

    Args:
        path: the file.
        results: by the number of their fold.
        classes: the K labels in the network's order.
    """
    rows = [
        {**_of_clip(result.entry), "fold": number, **_of_answer(result, classes)}
        for number in sorted(results)
        for result in results[number]
    ]
    columns = [name for name in rows[0] if name not in _OPTIONAL or any(row[name] for row in rows)]
    with appearing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_predictions(path: Path, folds: Iterable[Fold], classes: Sequence[str]) -> dict[int, list[EntryResult]]:
    """What `write_predictions` wrote of the folds that were done; nothing where there is no file yet.

    Raises:
        UsageError: it is of other clips, or was changed.
    """
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    done = {}
    try:
        for fold in folds:
            if its_rows := [row for row in rows if int(row["fold"]) == fold.number]:
                done[fold.number] = [
                    _read_result(row, entry, classes) for row, entry in zip(its_rows, fold.held_out, strict=True)
                ]
    except (KeyError, ValueError):
        raise UsageError(
            f"{path}: this is not what was said of the clips that there are now. Put back the clips and the file, or "
            "train anew with --overwrite."
        ) from None
    return done


def _of_clip(entry: ClipEntry) -> dict[str, object]:
    return {
        "path": redact(entry.name),
        "start_seconds": "" if entry.start_seconds is None else str(entry.start_seconds),
        "end_seconds": "" if entry.end_seconds is None else str(entry.end_seconds),
        "label": entry.label,
        "group": entry.group,
    }


def _of_answer(result: EntryResult, classes: Sequence[str]) -> dict[str, object]:
    # As Python writes numbers, so that they are read back as they were.
    shares = [""] * len(classes) if result.probabilities is None else map(repr, result.probabilities.tolist())
    return {
        "predicted": result.predicted(classes),
        **{f"p_{label}": share for label, share in zip(classes, shares, strict=True)},
        "error": result.reason,
    }


def _read_result(row: Mapping[str, str], entry: ClipEntry, classes: Sequence[str]) -> EntryResult:
    if any(row.get(name, "") != value for name, value in _of_clip(entry).items()):
        raise ValueError("another clip")
    if row.get("error"):
        return EntryResult(entry, None, row["error"])
    return EntryResult(entry, np.array([float(row[f"p_{label}"]) for label in classes]))
