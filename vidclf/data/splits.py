"""Splits and folds that no group crosses."""

from __future__ import annotations

import csv
import hashlib
import json
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from vidclf.config import SplitConfig
from vidclf.data.manifest import ClipEntry, Manifest
from vidclf.errors import ManifestError
from vidclf.files import appearing

# One in twenty is as fine as a share can sensibly be asked for.
_MOST_FOLDS = 20


def split_by_group(manifest: Manifest, *, val: float, test: float, seed: int) -> Manifest:
    """Divide clips into train, val and test, stratified by class, each group on one side only.

    Rows without a group are grouped by their file. The shares are met as closely as whole groups allow, and no
    split is left empty.

    Args:
        manifest: rows whose split is not decided.
        val: share of all clips to validate on.
        test: share of all clips to test on; with `val` below 1.
        seed: one seed is always the same split.

    Raises:
        ManifestError: there are too few groups, or too few clips of each class.
    """
    entries = manifest.entries
    labels = [entry.label for entry in entries]
    groups = _groups(manifest)
    shares = (test, val)
    wanted = 1 + sum(share > 0 for share in shares)
    num_groups, most_clips = len(set(groups)), max(Counter(labels).values())
    if min(num_groups, most_clips) < wanted:
        raise ManifestError(
            f"{manifest.source}: {num_groups} groups with at most {most_clips} clips a class cannot be divided into "
            f"{wanted} splits. Give more, or set data.split.test=0 or data.split.val=0."
        )
    splits = ["train"] * len(entries)
    if wanted > 1:
        counts = _fewest_folds(shares, wanted, min(num_groups, most_clips, _MOST_FOLDS))
        folds = _folds(labels, groups, sum(counts), seed)
        for name, share, count in zip(("test", "val"), shares, counts[:-1], strict=True):
            for index in _take(folds, count, clips=share * len(entries)):
                splits[index] = name
    divided = tuple(replace(entry, split=split) for entry, split in zip(entries, splits, strict=True))
    return Manifest(divided, manifest.source)


def decided(manifest: Manifest, config: SplitConfig) -> Manifest:
    """The manifest with every row in a split: as its own column says, or divided by group.

    Raises:
        ManifestError: some rows say a split and others do not, none is for training, or there are too few groups.
    """
    if not manifest.has_splits:
        return split_by_group(manifest, val=config.val, test=config.test, seed=config.seed)
    undecided = [entry.name for entry in manifest.entries if not entry.split]
    if undecided:
        raise ManifestError(
            f"{manifest.source}: {len(undecided)} of {len(manifest.entries)} rows have no split (first: "
            f"{undecided[0]}). Fill the split column everywhere, or leave it out."
        )
    if not manifest.of_split("train"):
        raise ManifestError(f"{manifest.source}: its split column puts no clip into train.")
    return manifest


def folds_by_group(manifest: Manifest, count: int, seed: int) -> dict[str, int]:
    """Divide clips into folds for cross-validation, stratified by class, each group in one fold only.

    Rows without a group are grouped by their file. What the rows say of a split plays no part.

    Args:
        manifest: the clips.
        count: how many folds, at least 2 and at most `most_folds`.
        seed: one seed is always the same folds.

    Returns:
        The fold of each file, from 0, by the name that the manifest has for it.

    Raises:
        ManifestError: there are too few groups, or too few clips of each class.
    """
    most = most_folds(manifest)
    if not 2 <= count <= most:
        raise ManifestError(
            f"{manifest.source}: {count} folds were asked for; its groups and classes allow "
            + (f"2 to {most}." if most >= 2 else "none: two groups and two clips of a class are needed.")
        )
    folds = _folds([entry.label for entry in manifest.entries], _groups(manifest), count, seed)
    by_row = {row: fold for fold, rows in enumerate(folds) for row in rows}
    return {entry.name: by_row[row] for row, entry in enumerate(manifest.entries)}


def most_folds(manifest: Manifest) -> int:
    """How many folds clips can be divided into: the number of groups, or of clips of the most common class."""
    return min(len(set(_groups(manifest))), max(Counter(entry.label for entry in manifest.entries).values()))


def folds_of(manifest: Manifest, folds: Mapping[str, int]) -> tuple[int, ...]:
    """The fold of each row, (N,).

    Raises:
        ManifestError: a row has none.
    """
    without = [entry.name for entry in manifest.entries if entry.name not in folds]
    if without:
        raise ManifestError(
            f"{manifest.source}: {len(without)} of {len(manifest.entries)} clips have no fold (first: {without[0]}). "
            "The paths in the table of folds must be written as in the manifest."
        )
    return tuple(folds[entry.name] for entry in manifest.entries)


def read_folds(path: str | Path) -> dict[str, int]:
    """Read a CSV table `path,fold`: the fold of each file by its name, as the manifest writes it.

    Raises:
        ManifestError: it cannot be read, a fold is no number, or a file has two.
    """
    folds: dict[str, int] = {}
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, skipinitialspace=True)
            if not {"path", "fold"} <= set(table.fieldnames or ()):
                raise ManifestError(f"{path}: the first line must name the columns path and fold.")
            for row in table:
                name, fold = row["path"], row["fold"]
                if not name or not fold or not fold.strip().isdecimal():
                    raise ManifestError(f"{path}: line {table.line_num}: a path and a fold, 0 or more, are expected.")
                if folds.setdefault(name, int(fold)) != int(fold):
                    raise ManifestError(f"{path}: line {table.line_num}: {name} is in two folds.")
    except OSError as error:
        raise ManifestError(f"{path}: it cannot be read ({error.strerror}).") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: it is no CSV table in UTF-8 ({error}).") from None
    return folds


def write_folds(path: str | Path, folds: Mapping[str, int]) -> None:
    """Write a table that `read_folds` reads; the file appears whole or not at all."""
    with appearing(Path(path)) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("path", "fold"))
        writer.writerows(folds.items())


def split_hash(entries: Iterable[ClipEntry]) -> str:
    """A fingerprint of who is in which split: the first 16 digits of a sha256, the same in any order of rows."""
    rows = sorted(
        json.dumps([entry.name, entry.label, entry.group, entry.split, entry.start_seconds, entry.end_seconds])
        for entry in entries
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def _groups(manifest: Manifest) -> list[str]:
    """The group of each row; a file without one is its own, by a name that no group has."""
    return [entry.group or f"\0{entry.name}" for entry in manifest.entries]


def _fewest_folds(shares: Sequence[float], least: int, most: int) -> list[int]:
    """How many folds each share gets, and training: of all choices that come closest, the one with fewest folds.

    Fewer folds are larger, so each holds more of every class.
    """

    def distance(counts: Sequence[int]) -> float:
        return max(abs(count / sum(counts) - share) for count, share in zip(counts[:-1], shares, strict=True))

    choices = [_dealt(shares, total) for total in range(least, most + 1)]
    return min(choices, key=lambda counts: (round(distance(counts), 2), sum(counts)))


def _dealt(shares: Sequence[float], total: int) -> list[int]:
    """`total` folds dealt to the shares, at least one to each above 0, and the rest, at least one, to training."""
    counts = [max(1, round(share * total)) if share > 0 else 0 for share in shares]
    while sum(counts) >= total:
        counts[counts.index(max(counts))] -= 1
    return [*counts, total - sum(counts)]


def _folds(labels: Sequence[str], groups: Sequence[str], total: int, seed: int) -> list[list[int]]:
    """Positions of the rows in each fold."""
    from sklearn.model_selection import StratifiedGroupKFold  # seconds to import

    splitter = StratifiedGroupKFold(n_splits=total, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class with fewer clips than folds is told by `data show`; it is no reason to stop.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        return [held.tolist() for _, held in splitter.split(labels, labels, groups)]


def _take(folds: list[list[int]], count: int, *, clips: float) -> list[int]:
    """Take `count` folds out of the list that have about so many clips together."""
    taken: list[int] = []
    for left in range(count, 0, -1):
        fitting = (clips - len(taken)) / left
        fold = min(folds, key=lambda fold, fitting=fitting: abs(len(fold) - fitting))  # type: ignore[misc]
        folds.remove(fold)
        taken += fold
    return taken
