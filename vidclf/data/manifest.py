"""The manifest: one table of clips, whatever the data looked like before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vidclf.errors import ManifestError

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class ClipEntry:
    """One row.

    Attributes:
        name: the path as the manifest writes it.
        path: where the file or folder of pictures lies.
        label: its class.
        group: what must not stand on both sides of a split (a performer, a source); empty where unknown.
        split: `train`, `val`, `test`, or empty where not decided.
        start_seconds: begin here, in the source's own time; None: at its start.
        end_seconds: end before this; None: at its end.
        extra: further columns, as text.
    """

    name: str
    path: Path
    label: str
    group: str = ""
    split: str = ""
    start_seconds: float | None = None
    end_seconds: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def title(self) -> str:
        """The name, and which part of it where it is a part."""
        if self.start_seconds is None and self.end_seconds is None:
            return self.name
        start = "" if self.start_seconds is None else f"{self.start_seconds:g}"
        end = "" if self.end_seconds is None else f"{self.end_seconds:g}"
        return f"{self.name} [{start}-{end} s]"


class TornGroupsError(ManifestError):
    """Groups stand in two splits; `entries` are the rows all the same, for whoever looks for what is wrong."""

    def __init__(self, entries: tuple[ClipEntry, ...], message: str) -> None:
        super().__init__(message)
        self.entries = entries


@dataclass(frozen=True)
class Manifest:
    """All clips of a data set.

    Attributes:
        entries: the rows.
        source: the table or folder they were read from.

    Raises:
        ManifestError: there is no clip, or a group stands in two splits.
    """

    entries: tuple[ClipEntry, ...]
    source: Path

    def __post_init__(self) -> None:
        if not self.entries:
            raise ManifestError(f"{self.source}: it names no clips.")
        splits_of: dict[str, set[str]] = defaultdict(set)
        for entry in self.entries:
            if entry.split:
                splits_of[entry.group or entry.name].add(entry.split)  # parts of one file belong together too
        torn = [f"{group} ({', '.join(sorted(splits))})" for group, splits in splits_of.items() if len(splits) > 1]
        if torn:
            raise TornGroupsError(
                self.entries,
                f"{self.source}: {_several(len(torn), 'group')} in more than one split: {', '.join(torn[:5])}"
                f"{', ...' if len(torn) > 5 else ''}. A model would be tested on what it has seen; "
                "put each group into one split, or leave the split column out to have them divided by group.",
            )

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return tuple(sorted({entry.label for entry in self.entries}))

    @property
    def has_splits(self) -> bool:
        """Whether the splits are decided."""
        return any(entry.split for entry in self.entries)

    def of_split(self, split: str) -> tuple[ClipEntry, ...]:
        """The rows of one split."""
        return tuple(entry for entry in self.entries if entry.split == split)

    def count(self) -> dict[str, dict[str, int]]:
        """Clips by class, then by split; an undecided split counts under an empty name."""
        counts: dict[str, dict[str, int]] = {label: defaultdict(int) for label in self.classes}
        for entry in self.entries:
            counts[entry.label][entry.split] += 1
        return {label: dict(by_split) for label, by_split in counts.items()}


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"
