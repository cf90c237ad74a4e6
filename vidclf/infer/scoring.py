"""Predictions over the rows of a manifest, and their scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vidclf.data import BadClip, ClipEntry
from vidclf.errors import DecodeError, NoFramesError
from vidclf.infer.predictor import EntryReader, Predictor
from vidclf.metrics import ClassificationScores, Reliability, classification_scores, reliability
from vidclf.parallel import map_ahead
from vidclf.prep import Prepared
from vidclf.progress import Track, untracked
from vidclf.secrets import redact
from vidclf.types import Float64Array


@dataclass(frozen=True, eq=False)
class EntryResult:
    """What a model said of one row: probabilities (K,), or why it could not be read."""

    entry: ClipEntry
    probabilities: Float64Array | None
    reason: str = ""

    def predicted(self, classes: Sequence[str]) -> str:
        """The most probable of the classes; empty where the clip could not be read."""
        return "" if self.probabilities is None else classes[int(self.probabilities.argmax())]


@dataclass(frozen=True)
class GroupScore:
    """Accuracy over one group's clips: a share, and of how many clips."""

    group: str
    accuracy: float
    clips: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores over the rows that could be read.

    Attributes:
        scores: accuracy and the rest.
        loss: mean cross-entropy in nats.
        reliability: how sure the model was against how often it was right.
        results: the rows that could be read, in the manifest's order.
        failures: the rows that could not.
    """

    scores: ClassificationScores
    loss: float
    reliability: Reliability
    results: tuple[EntryResult, ...]
    failures: tuple[BadClip, ...]

    @property
    def per_group(self) -> tuple[GroupScore, ...]:
        """One score for each group, in the order of their names; clips without a group are in none."""
        right: dict[str, list[bool]] = defaultdict(list)
        for result in self.results:
            if result.entry.group:
                right[result.entry.group].append(result.predicted(self.scores.classes) == result.entry.label)
        return tuple(GroupScore(group, sum(clips) / len(clips), len(clips)) for group, clips in sorted(right.items()))

    def to_json(self) -> dict[str, Any]:
        """Scores and failures as plain values."""
        return {
            **self.scores.to_json(),
            "per_group": {row.group: {"accuracy": row.accuracy, "clips": row.clips} for row in self.per_group},
            "loss": self.loss,
            "ece": self.reliability.ece,
            "num_failed": len(self.failures),
            "failures": [{"path": redact(bad.name), "error": bad.reason} for bad in self.failures],
        }


def predict_entries(
    predictor: Predictor,
    entries: Sequence[ClipEntry],
    reader: EntryReader,
    *,
    batch: int = 8,
    track: Track = untracked,
) -> list[EntryResult]:
    """What a model says of each row; a clip that cannot be read is a result with a reason."""

    def prepare(entry: ClipEntry) -> Prepared | DecodeError:
        try:
            return reader.prepared(entry)
        except DecodeError as error:
            return error

    outcomes = track(map_ahead(prepare, entries, ahead=2 * batch), total=len(entries), what="predicting")
    return [
        EntryResult(entry, row, str(outcome) if isinstance(outcome, DecodeError) else "")
        for entry, (outcome, row) in zip(entries, predictor.answers(outcomes, batch=batch), strict=True)
    ]


def summarise(results: Sequence[EntryResult], classes: Sequence[str], *, seed: int = 0) -> Evaluation:
    """Score results.

    Args:
        results: of rows whose labels are among `classes`.
        classes: the labels in the network's order.
        seed: of the interval's resampling.

    Raises:
        NoFramesError: not one of the clips could be read.
    """
    good = tuple(result for result in results if result.probabilities is not None)
    failures = tuple(BadClip(result.entry.title, result.reason) for result in results if result.probabilities is None)
    if not good:
        first = f"the first: {failures[0].reason}" if failures else "there are none"
        raise NoFramesError("the evaluation", f"not one of {len(results)} clips could be read; {first}", advice=" ")
    probabilities = np.stack([result.probabilities for result in good if result.probabilities is not None])
    labels = np.array([classes.index(result.entry.label) for result in good])
    # A clip without a group stands for itself in the interval.
    groups = [result.entry.group or result.entry.name for result in good]
    scores = classification_scores(probabilities, labels, classes, groups=groups, seed=seed)
    of_truth = probabilities[np.arange(len(good)), labels]
    loss = float(-np.log(np.maximum(of_truth, 1e-12)).mean())
    return Evaluation(scores, loss, reliability(probabilities, labels), good, failures)
