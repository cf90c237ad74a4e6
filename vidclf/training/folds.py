"""Folds of a cross-validation: every clip is tested on once, by a model that saw none of its group."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vidclf.config import Config
from vidclf.data import ClipEntry, Manifest, folds_by_group, read_folds, split_by_group
from vidclf.data.splits import folds_of
from vidclf.errors import ManifestError
from vidclf.training.run import read_clips

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fold:
    """One training of a cross-validation.

    Attributes:
        number: as it is given, or from 0.
        manifest: all clips; those of the fold are in `test`, the others in `train` or `val`.
    """

    number: int
    manifest: Manifest

    @property
    def name(self) -> str:
        """What its run folder is called."""
        return f"fold_{self.number}"

    @property
    def held_out(self) -> tuple[ClipEntry, ...]:
        """The clips that it is tested on."""
        return self.manifest.of_split("test")


def make_folds(config: Config) -> tuple[Fold, ...]:
    """The folds that `cv` asks for, in the order of their numbers.

    What a fold validates on, where `data.split.val` asks for it, is taken by group out of what it would train on:
    a model is never chosen by the clips that it is tested on.

    Raises:
        ConfigError: no clips are named.
        ManifestError: the clips cannot be divided so, a clip has no fold, or a group is in several.
    """
    manifest = read_clips(config)
    if manifest.has_splits:
        logger.warning("%s: its split column plays no part in a cross-validation", manifest.source)
    numbers = folds_of(manifest, _numbers(manifest, config))
    _check_groups(manifest, numbers)
    return tuple(Fold(number, _of_fold(manifest, numbers, number, config)) for number in sorted(set(numbers)))


def _numbers(manifest: Manifest, config: Config) -> Mapping[str, int]:
    """The fold of each file by its name."""
    kind, _, rest = config.cv.partition(":")
    if kind == "file":
        return read_folds(rest)
    if kind == "group":
        return folds_by_group(manifest, int(rest), config.data.split.seed)
    without = [entry.name for entry in manifest.entries if not entry.group]
    if without:
        raise ManifestError(
            f"{manifest.source}: leave-one-group-out needs the group of each clip; {len(without)} of "
            f"{len(manifest.entries)} have none (first: {without[0]})."
        )
    number_of = {group: number for number, group in enumerate(sorted({entry.group for entry in manifest.entries}))}
    return {entry.name: number_of[entry.group] for entry in manifest.entries}


def _check_groups(manifest: Manifest, numbers: tuple[int, ...]) -> None:
    if len(set(numbers)) < 2:
        raise ManifestError(f"{manifest.source}: all clips are in one fold, so none are left to train on.")
    folds_of_group: dict[str, set[int]] = defaultdict(set)
    for entry, number in zip(manifest.entries, numbers, strict=True):
        if entry.group:
            folds_of_group[entry.group].add(number)
    torn = [f"{group} ({', '.join(map(str, sorted(its)))})" for group, its in folds_of_group.items() if len(its) > 1]
    if torn:
        raise ManifestError(
            f"{manifest.source}: {len(torn)} groups are in more than one fold: {', '.join(torn[:5])}"
            f"{', ...' if len(torn) > 5 else ''}. A model would be tested on what it has seen; put each group into "
            "one fold, or use cv=group:K."
        )


def _of_fold(manifest: Manifest, numbers: tuple[int, ...], number: int, config: Config) -> Manifest:
    others = tuple(
        replace(entry, split="") for entry, its in zip(manifest.entries, numbers, strict=True) if its != number
    )
    split = config.data.split
    learnt = iter(split_by_group(Manifest(others, manifest.source), val=split.val, test=0, seed=split.seed).entries)
    entries = (
        replace(entry, split="test") if its == number else next(learnt)
        for entry, its in zip(manifest.entries, numbers, strict=True)
    )
    return Manifest(tuple(entries), manifest.source)
