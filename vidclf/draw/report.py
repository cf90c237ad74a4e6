"""What the page of a run holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vidclf.draw.curves import EpochRow
from vidclf.draw.over_time import Shares
from vidclf.draw.reliability import ReliabilityFigures
from vidclf.types import UInt8Array


@dataclass(frozen=True)
class Figure:
    """One number that sums up the run.

    Attributes:
        name: what it is, in a few words.
        value: a share between 0 and 1, or any number where `percent` is false; None is "not measured".
        interval: lower and upper end in the same unit, or None.
        percent: whether to show it in per cent.
        note: how it came about, such as "95 % bootstrap over groups, 212 clips".
    """

    name: str
    value: float | None
    interval: tuple[float, float] | None = None
    percent: bool = True
    note: str = ""


class ClassFigures(Protocol):
    """One row of the per-class table; `vidclf.metrics.ClassScores` is one."""

    @property
    def label(self) -> str:
        """The class's name."""

    @property
    def precision(self) -> float:
        """A share, 0 to 1."""

    @property
    def recall(self) -> float:
        """A share, 0 to 1."""

    @property
    def f1(self) -> float:
        """A share, 0 to 1."""

    @property
    def support(self) -> int:
        """Number of the class's clips."""


@dataclass(frozen=True, eq=False)
class Mistake:
    """One clip that was taken for another class.

    Attributes:
        source: the file, with secrets masked.
        truth: the class it is of.
        predicted: the class it was taken for.
        probability: of the predicted class.
        truth_probability: of the true class.
        frames: uint8 RGB (T, H, W, 3) as far as they are at hand; up to eight are shown, evenly chosen.
        pts_seconds: time of each frame (T,), or None.
        heat: uint8 RGB (T, h, w, 3), what the network saw of each frame, with heat drawn over it; or None.
        over_time: of the true and the predicted class, or None.
    """

    source: str
    truth: str
    predicted: str
    probability: float
    truth_probability: float
    frames: UInt8Array | None = None
    pts_seconds: Sequence[float] | None = None
    heat: UInt8Array | None = None
    over_time: Shares | None = None


@dataclass(frozen=True)
class DataSplit:
    """How many clips of which class are in which split.

    Attributes:
        classes: the K names.
        clips: for each split by name, clips of each class (K,).
        groups: for each split by name, how many groups it holds; empty without groups.
        hash: of the assignment of clips to splits.
    """

    classes: tuple[str, ...]
    clips: Mapping[str, tuple[int, ...]]
    hash: str
    groups: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PartFigures:
    """Accuracy, 0 to 1, over the clips of one part of the data, such as a group or a fold."""

    name: str
    accuracy: float
    clips: int


@dataclass(frozen=True)
class Breakdown:
    """Accuracy by part.

    Attributes:
        title: what is told apart, such as "Groups".
        parts: in the order in which they are shown.
        note: what the reader should know of their choice or order.
    """

    title: str
    parts: Sequence[PartFigures]
    note: str = ""


@dataclass(frozen=True)
class Failure:
    """One input that could not be used, and why; secrets in both are masked when the page is written."""

    source: str
    reason: str


@dataclass(frozen=True)
class Report:
    """Everything the page of a run shows; what is empty is left out, or said to be empty where that is news.

    Attributes:
        title: of the page.
        figures: the one that matters first stands first.
        subtitle: a line on what was scored, such as "body_gesture, test split".
        notes: what a reader must know to read the figures, such as that the data are rendered.
        history: of the training, in the order of its epochs.
        classes: the K names.
        confusion: counts (K, K), rows are the truth; empty where nothing was scored.
        per_class: scores of each class.
        reliability: how sure the model was against how often it was right; None where nothing was scored.
        reliability_note: what the reader should know of it, such as the temperature.
        breakdowns: accuracy by group, by fold; one of a single part is left out.
        mistakes: the worst first.
        mistakes_note: what stands below the frames.
        split: of the data.
        failures: inputs that could not be used.
        config: as resolved, as text.
        environment: versions and machine, by name.
    """

    title: str
    figures: Sequence[Figure]
    subtitle: str = ""
    notes: Sequence[str] = ()
    history: Sequence[EpochRow] = ()
    classes: Sequence[str] = ()
    confusion: Sequence[Sequence[int]] = ()
    per_class: Sequence[ClassFigures] = ()
    reliability: ReliabilityFigures | None = None
    reliability_note: str = ""
    breakdowns: Sequence[Breakdown] = ()
    mistakes: Sequence[Mistake] = ()
    mistakes_note: str = ""
    split: DataSplit | None = None
    failures: Sequence[Failure] = ()
    config: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
