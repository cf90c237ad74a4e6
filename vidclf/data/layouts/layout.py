"""What a layout is: how it is told, how it is read, and what of it had to be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from vidclf.data.manifest import SPLITS, ClipEntry

# What people and publishers call the three splits.
SPLIT_NAMES = {
    **{split: split for split in SPLITS},
    "training": "train",
    "valid": "val",
    "validate": "val",
    "validation": "val",
    "testing": "test",
}


@dataclass(frozen=True)
class Request:
    """What is to be read.

    Attributes:
        path: the table, annotation file or folder.
        root: the folder that the clips are looked for in, at any depth, and that their names start from.
        official_split: which of the published splits, from 1, where a data set comes with several.
        fps: frames a second that an annotation tool counted in; None: as its file says, or the tool's default.
        control: name of the annotation tool's control whose values are the classes; None: its only one.
    """

    path: Path
    root: Path
    official_split: int = 1
    fps: float | None = None
    control: str | None = None

    @property
    def tree(self) -> Path:
        """What the names of clips start from where `path` is itself the folder that holds them."""
        return self.root if self.path.is_relative_to(self.root) else self.path


@dataclass(frozen=True)
class Skipped:
    """A row or a file that became no clip.

    Attributes:
        name: what the source calls it.
        reason: why, in words that others may share.
        broken: whether something is wrong with it; false where leaving it out is what the publisher means.
    """

    name: str
    reason: str
    broken: bool = True


@dataclass(frozen=True)
class Layout:
    """One way in which data sets lie on disk.

    Attributes:
        name: as it is named by the user.
        marks: what it is told by, in words.
        detect: whether a path has this layout; looks at names and first lines, and raises nothing.
        read: gives a clip, or why it is none, for each row; raises ManifestError where the whole is malformed.
    """

    name: str
    marks: str
    detect: Callable[[Path], bool]
    read: Callable[[Request], Iterable[ClipEntry | Skipped]]


def clip_entry(path: Path, root: Path, label: str, *, group: str = "", split: str = "") -> ClipEntry:
    """The row of a whole file that lies within `root`."""
    return ClipEntry(path.relative_to(root).as_posix(), path, label, group, split)


def summary(skipped: Sequence[Skipped]) -> list[str]:
    """A sentence for each reason, in order of appearance."""
    return [
        f"{len(of_one)} left out: {reason} ({'' if len(of_one) == 1 else 'first: '}{of_one[0].name})"
        for reason in dict.fromkeys(map(attrgetter("reason"), skipped))
        if (of_one := [skip for skip in skipped if skip.reason == reason])
    ]
