"""Scores of a classifier over a set of clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from vidclf.metrics.bootstrap import bootstrap_interval
from vidclf.types import Float64Array, IntArray


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class.

    Attributes:
        label: the class's name.
        precision: share of the clips so predicted that are of the class; 0 where none was so predicted.
        recall: share of the class's clips that were so predicted; 0 where it has no clips.
        f1: harmonic mean of the two; 0 where both are 0.
        support: number of the class's clips. Nothing else here says anything where it is 0.
    """

    label: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ClassificationScores:
    """Scores of a classifier over N clips and K classes; shares are between 0 and 1.

    Attributes:
        accuracy: share of clips whose most probable class is the true one; the first of equals wins.
        top5: share of clips whose true class is among the min(5, K) most probable.
        macro_f1: mean F1 over the classes that occur in the truth or among the predictions.
        auc: for two classes, the area under the ROC curve with the second as the positive one (the first gives
            the same for probabilities that sum to 1). None for more classes, or where the truth holds only one.
        ci95: 95 % percentile bootstrap interval of the accuracy.
        ci95_over: what was resampled for it, whole `groups` or single `clips`.
        per_class: one entry for each class, in the order of `classes`.
        confusion: counts (K, K), rows are the truth, columns the prediction.
        classes: the K names.
        num_clips: N.
    """

    accuracy: float
    top5: float
    macro_f1: float
    auc: float | None
    ci95: tuple[float, float]
    ci95_over: Literal["groups", "clips"]
    per_class: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[str, ...]
    num_clips: int

    def to_json(self) -> dict[str, Any]:
        """The attributes by name, ready for `json.dumps`."""
        return asdict(self)


def classification_scores(
    probabilities: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer],
    classes: Sequence[str],
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = 2000,
) -> ClassificationScores:
    """Score the predictions of a classifier.

    Args:
        probabilities: float (N, K), finite.
        labels: int (N,), the true classes as positions in `classes`.
        classes: the K names.
        groups: the group (performer, source) of each clip (N,), which the interval resamples as a whole.
        seed: of the interval's resampling.
        resamples: number of resamples of the interval.

    Raises:
        ValueError: no clips, shapes that disagree, labels that are no class, or values that are not finite.
    """
    probabilities, labels = _checked(np.asarray(probabilities), np.asarray(labels), classes)
    every_class = np.arange(len(classes))
    predicted = probabilities.argmax(axis=1)
    correct = (predicted == labels).astype(np.float64)
    interval = bootstrap_interval(
        lambda drawn: (drawn @ correct) / drawn.sum(axis=1),
        len(labels),
        groups=groups,
        seed=seed,
        resamples=resamples,
    )
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=every_class, zero_division=0
    )
    pairs = np.bincount(labels * len(classes) + predicted, minlength=len(classes) ** 2)
    confusion = pairs.reshape(len(classes), len(classes))
    occurs = np.union1d(labels, predicted)
    return ClassificationScores(
        accuracy=float(correct.mean()),
        top5=float((_rank_of_truth(probabilities, labels) < 5).mean()),
        macro_f1=float(f1[occurs].mean()),
        auc=_auc(probabilities, labels),
        ci95=(interval.low, interval.high),
        ci95_over=interval.over,
        per_class=tuple(
            ClassScores(label, float(precision[k]), float(recall[k]), float(f1[k]), int(support[k]))
            for k, label in enumerate(classes)
        ),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        classes=tuple(classes),
        num_clips=len(labels),
    )


def _checked(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], classes: Sequence[str]
) -> tuple[Float64Array, IntArray]:
    if probabilities.ndim != 2 or probabilities.shape[1] != len(classes):
        raise ValueError(
            f"probabilities must be of shape (clips, classes) = (N, {len(classes)}), not {probabilities.shape}"
        )
    if labels.shape != probabilities.shape[:1]:
        raise ValueError(
            f"labels must be of shape {probabilities.shape[:1]}, one for each row of probabilities, "
            f"not {labels.shape}"
        )
    if len(labels) == 0:
        raise ValueError("there are no clips to score")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be integers, positions in the list of classes, not {labels.dtype}")
    outside = (labels < 0) | (labels >= len(classes))
    if outside.any():
        raise ValueError(
            f"the label of clip {outside.argmax()} is {labels[outside][0]}, but with {len(classes)} classes "
            f"labels go from 0 to {len(classes) - 1}"
        )
    broken = ~np.isfinite(probabilities).all(axis=1)
    if broken.any():
        raise ValueError(
            f"the probabilities of {broken.sum()} of {len(broken)} clips are not finite, the first is clip "
            f"{broken.argmax()}"
        )
    return probabilities.astype(np.float64), labels.astype(np.int64)


def _rank_of_truth(probabilities: Float64Array, labels: IntArray) -> IntArray:
    """How many classes stand before the true one; among equals the first stands first, as in argmax: (N,)."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    rank: IntArray = (order == labels[:, None]).argmax(axis=1)
    return rank


def _auc(probabilities: Float64Array, labels: IntArray) -> float | None:
    if probabilities.shape[1] != 2 or len(np.unique(labels)) < 2:
        return None
    return float(roc_auc_score(labels, probabilities[:, 1]))
