"""Scores of what a stream was said to show, against what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Interval:
    """Something that is shown, or was said to be, from one time to another, in seconds."""

    label: str
    start_seconds: float
    end_seconds: float
    detected_seconds: float | None = None

    def iou(self, other: Interval) -> float:
        """Time that both share over the time that either takes."""
        shared = min(self.end_seconds, other.end_seconds) - max(self.start_seconds, other.start_seconds)
        either = max(self.end_seconds, other.end_seconds) - min(self.start_seconds, other.start_seconds)
        return max(0.0, shared) / either if either > 0 else 0.0

    def overlaps(self, other: Interval) -> bool:
        """Whether there is an instant at which both are."""
        return self.start_seconds < other.end_seconds and other.start_seconds < self.end_seconds


@dataclass(frozen=True)
class EventScores:
    """How well events were found.

    Attributes:
        levenshtein_accuracy: 1 less the edits that make the found labels the true ones, in their order, over the
            number of the true ones (Levenshtein 1966); None where there is no true event.
        precision: share of the found events that match a true one of their label with at least the least IoU.
        recall: share of the true events that are matched; None where there is none.
        iou: mean over the matched pairs; None where there is none.
        false_alarms_per_hour: found events that touch no true one, for each hour of the stream.
        median_seconds_to_detect: from the end of a matched true event to when it was reported; negative where it
            was reported before its end.
    """

    levenshtein_accuracy: float | None
    precision: float | None
    recall: float | None
    iou: float | None
    false_alarms_per_hour: float
    median_seconds_to_detect: float | None
    num_events: int
    num_found: int
    hours: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return dict(self.__dict__)


def event_scores(
    found: Sequence[Interval], truth: Sequence[Interval], *, seconds: float, least_iou: float = 0.3
) -> EventScores:
    """Compare events that were found in a stream with those that are in it.

    Args:
        found: in the order in which they were reported.
        truth: in the order of their starts.
        seconds: length of the stream.
        least_iou: what a match needs.
    """
    matches = _matched(found, truth, least_iou)
    overlaps = [found[one].iou(truth[other]) for one, other in matches]
    waits = [
        event.detected_seconds - truth[other].end_seconds
        for event, other in ((found[one], other) for one, other in matches)
        if event.detected_seconds is not None
    ]
    alarms = sum(not any(event.overlaps(true) for true in truth) for event in found)
    edits = edit_distance([event.label for event in found], [event.label for event in truth])
    return EventScores(
        levenshtein_accuracy=1 - edits / len(truth) if truth else None,
        precision=len(matches) / len(found) if found else None,
        recall=len(matches) / len(truth) if truth else None,
        iou=float(np.mean(overlaps)) if overlaps else None,
        false_alarms_per_hour=alarms / (seconds / 3600),
        median_seconds_to_detect=float(np.median(waits)) if waits else None,
        num_events=len(truth),
        num_found=len(found),
        hours=seconds / 3600,
    )


def edit_distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Least number of insertions, deletions and replacements that make one sequence the other."""
    row = list(range(len(other) + 1))
    for place, label in enumerate(one, start=1):
        diagonal, row[0] = row[0], place
        for column, wanted in enumerate(other, start=1):
            kept = diagonal + (label != wanted)
            diagonal, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, kept)
    return row[-1]


def _matched(found: Sequence[Interval], truth: Sequence[Interval], least_iou: float) -> list[tuple[int, int]]:
    """Pairs of one label, the best first, each event in one pair at most."""
    pairs = sorted(
        (
            (event.iou(true), place, other)
            for place, event in enumerate(found)
            for other, true in enumerate(truth)
            if event.label == true.label and event.iou(true) >= least_iou
        ),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    used_found: set[int] = set()
    used_true: set[int] = set()
    matches = []
    for _, place, other in pairs:
        if place not in used_found and other not in used_true:
            used_found.add(place)
            used_true.add(other)
            matches.append((place, other))
    return matches
