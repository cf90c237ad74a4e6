"""Splits that no group crosses."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from vidclf.config import SplitConfig
from vidclf.data.manifest import ClipEntry, Manifest
from vidclf.errors import ManifestError


def split_by_group(manifest: Manifest, *, val: float, test: float, seed: int) -> Manifest:
    """Divide clips into train, val and test, stratified by class, each group on one side only.

    A clip without a group is a group of its own. The shares are met as closely as whole groups allow.

    Args:
        manifest: rows whose split is not decided.
        val: share of all clips to validate on.
        test: share of all clips to test on.
        seed: one seed is always the same split.

    Raises:
        ManifestError: there are too few groups.
    """
    entries = list(manifest.entries)
    groups = [entry.group or f"\0{number}" for number, entry in enumerate(entries)]
    wanted = 1 + (val > 0) + (test > 0)
    if len(set(groups)) < wanted:
        raise ManifestError(
            f"{manifest.source}: {len(set(groups))} groups cannot be divided into {wanted} splits. Give more "
            "groups, or set data.split.test=0 or data.split.val=0."
        )
    labels = [entry.label for entry in entries]
    splits = ["train"] * len(entries)
    rest = np.arange(len(entries))
    remaining_share = 1.0
    for name, share in (("test", test), ("val", val)):
        if share > 0:
            chosen = rest[_one_fold(labels, groups, rest, share / remaining_share, seed)]
            for index in chosen:
                splits[index] = name
            rest = np.setdiff1d(rest, chosen)
            remaining_share -= share
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


def split_hash(entries: Iterable[ClipEntry]) -> str:
    """A fingerprint of who is in which split: the first 16 digits of a sha256, the same in any order of rows."""
    rows = sorted(
        json.dumps([entry.name, entry.label, entry.group, entry.split, entry.start_seconds, entry.end_seconds])
        for entry in entries
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def _one_fold(labels: Sequence[str], groups: Sequence[str], among: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Positions within `among` that make up about `share` of it."""
    own_groups = [groups[index] for index in among]
    folds = int(np.clip(round(1 / share), 2, len(set(own_groups))))
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class with fewer clips than folds is told by `data show`; it is no reason to stop.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        parts = [held for _, held in splitter.split(among, [labels[index] for index in among], own_groups)]
    return min(parts, key=lambda held: abs(len(held) - share * len(among)))
