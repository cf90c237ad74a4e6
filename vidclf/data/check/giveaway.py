"""Kind `giveaway`: properties of the files that tell the label without a look at what happens.

A decision tree of depth 3 (scikit-learn's CART; Breiman and others 1984) guesses the label from one property, or
from width and height, on folds that divide no group. A model that scores no more has shown no more.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding
from vidclf.data.manifest import ClipEntry, Manifest
from vidclf.data.splits import folds_by_group, most_folds
from vidclf.metrics import bootstrap_interval
from vidclf.types import BoolArray, Float64Array, IntArray

_DEPTH = 3
_FOLDS = 5
# A property gives the label away where the tree beats chance by this, and by three standard errors of guessing
# (on random properties of small sets, less was a false alarm in 7 of 100), and its interval lies above chance.
_LEAST_GAIN = 0.15
_STANDARD_ERRORS = 3
_CONFIDENCE = 0.95
# With fewer clips there is nothing to say.
_LEAST_CLIPS = 10
_MEASURED = "measured "


@dataclass(frozen=True)
class Guessed:
    """How well a property alone predicts the label.

    Attributes:
        name: a column of the manifest, or `measured` and what was measured in the files; two are joined by a +.
        accuracy: share of the labels that the tree guesses, as the mean over classes (balanced accuracy), on the
            clips of all folds.
        low: lower end of its 95 % bootstrap interval over groups.
        high: upper end.
        chance: what guessing without looking gives.
        threshold: the accuracy from which on the property gives the label away.
    """

    name: str
    accuracy: float
    low: float
    high: float
    chance: float
    threshold: float

    @property
    def gives_away(self) -> bool:
        """Whether it is more than chance, by enough to matter."""
        return self.accuracy >= self.threshold and self.low > self.chance


def guess_labels(evidence: Evidence) -> tuple[Guessed, ...]:
    """Try each property on the clips that have it; none where there are too few groups to hold any out."""
    folds = _folds(evidence)
    if folds is None:
        return ()
    guessed = (_guessed(name, values, evidence.entries, folds) for name, values in _properties(evidence).items())
    return tuple(guess for guess in guessed if guess is not None)


def find_giveaway(guessed: Sequence[Guessed]) -> Iterator[Finding]:
    """Each property that gives the label away."""
    for guess in guessed:
        if guess.gives_away:
            sentence = (
                f"{guess.name} alone predicts {guess.accuracy:.0%} of the labels (95 % interval {guess.low:.0%} to "
                f"{guess.high:.0%}); chance is {guess.chance:.0%}."
            )
            details: dict[str, float | str] = {
                "property": guess.name,
                "accuracy": guess.accuracy,
                "chance": guess.chance,
            }
            yield Finding("giveaway", (), sentence, details=details)


def _folds(evidence: Evidence) -> IntArray | None:
    """The fold of each row, (N,): the given ones, else by group; None where there are too few groups."""
    if "fold" in evidence.sides:
        return np.array(evidence.sides["fold"], dtype=np.int64)
    whole = Manifest(tuple(replace(entry, split="") for entry in evidence.entries), evidence.source)
    count = min(_FOLDS, most_folds(whole))
    if count < 2:
        return None
    by_name = folds_by_group(whole, count, seed=0)
    return np.array([by_name[entry.name] for entry in evidence.entries])


def _guessed(name: str, values: Float64Array, entries: Sequence[ClipEntry], folds: IntArray) -> Guessed | None:
    """Try one property, (N, 1) or (N, 2); None where too few clips have it."""
    labels = np.array([entry.label for entry in entries])
    groups = np.array([entry.group or entry.name for entry in entries])
    known = np.isfinite(values).all(axis=1)
    # A class of one group cannot be both learned and tested.
    groups_of = Counter(label for label, _ in set(zip(labels[known].tolist(), groups[known].tolist(), strict=True)))
    classes = [label for label, number in groups_of.items() if number > 1]
    known &= np.isin(labels, classes)
    values, labels, count = values[known], labels[known], int(known.sum())
    if count < _LEAST_CLIPS or len(classes) < 2 or len(np.unique(values, axis=0)) < 2:
        return None
    right = _guess(values, labels, folds[known])
    _, numbers, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    weights = 1 / sizes[numbers]  # so that each class counts alike
    interval = bootstrap_interval(
        lambda drawn: (drawn @ (weights * right)) / (drawn @ weights),
        count,
        groups=groups[known].tolist(),
        confidence=_CONFIDENCE,
    )
    chance = 1 / len(classes)
    gain = max(_LEAST_GAIN, _STANDARD_ERRORS * math.sqrt(chance * (1 - chance) / count))
    accuracy = float(weights @ right / weights.sum())
    return Guessed(name, accuracy, interval.low, interval.high, chance, chance + gain)


def _guess(values: Float64Array, labels: npt.NDArray[np.str_], folds: IntArray) -> BoolArray:
    """Whether the label of each row was guessed by a tree that was grown on the other folds, (N,)."""
    from sklearn.tree import DecisionTreeClassifier

    right = np.zeros(len(labels), dtype=np.bool_)
    for fold in np.unique(folds):
        held = folds == fold
        if held.all():
            continue
        tree = DecisionTreeClassifier(max_depth=_DEPTH, class_weight="balanced", random_state=0)
        tree.fit(values[~held], labels[~held])
        right[held] = tree.predict(values[held]) == labels[held]
    return right


def _properties(evidence: Evidence) -> dict[str, Float64Array]:
    """What may tell, each float64 (N, 1) or (N, 2), NaN where a clip has it not."""
    columns, measured = _columns(evidence), _measured(evidence)
    if all(name in columns for name in ("width", "height")):
        columns["width+height"] = np.concatenate([columns["width"], columns["height"]], axis=1)
    measured["width+height"] = np.concatenate([measured["width"], measured["height"]], axis=1)
    for name, values in measured.items():
        # A column that says what was measured is enough.
        if name not in columns or not np.allclose(columns[name], values, rtol=0.01, equal_nan=True):
            columns[f"{_MEASURED}{name}"] = values
    return columns


def _columns(evidence: Evidence) -> dict[str, Float64Array]:
    """Numeric columns of the manifest."""
    columns = {}
    for name in dict.fromkeys(name for entry in evidence.entries for name in entry.extra):
        values = [_number(entry.extra, name) for entry in evidence.entries]
        filled = [value for entry, value in zip(evidence.entries, values, strict=True) if entry.extra.get(name)]
        if filled and all(map(math.isfinite, filled)):
            columns[name] = np.array(values)[:, None]
    return columns


def _number(extra: Mapping[str, str], name: str) -> float:
    try:
        return float(extra.get(name, ""))
    except ValueError:
        return math.nan


def _measured(evidence: Evidence) -> dict[str, Float64Array]:
    rows = []
    for entry in evidence.entries:
        moments, size = evidence.moments(entry), evidence.surveys[entry.path].height_width
        if moments is None or size is None:
            rows.append([math.nan] * 5)
            continue
        fps = 1 / moments.interval if moments.interval else math.nan
        rows.append([size[1], size[0], fps, len(moments.pts_seconds), moments.seconds])
    values = np.array(rows, dtype=np.float64)
    return {
        name: values[:, [place]] for place, name in enumerate(("width", "height", "fps", "num_frames", "seconds"))
    }
