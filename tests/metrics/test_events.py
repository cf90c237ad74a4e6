"""Events that were found, against those that are there."""

from __future__ import annotations

import pytest

from vidclf.metrics.events import Interval, edit_distance, event_scores


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("aab", "ab", 1), ("ab", "ba", 2)],
)
def test_edit_distance_by_hand(one: str, other: str, edits: int) -> None:
    assert edit_distance(one, other) == edits == edit_distance(other, one)


def test_scores_by_hand() -> None:
    truth = [Interval("wave", 0, 2), Interval("push", 5, 7), Interval("wave", 10, 12), Interval("wave", 13, 15)]
    found = [
        Interval("wave", 0, 1, detected_seconds=1.5),  # half of it, before its end
        Interval("pull", 5, 7, detected_seconds=7.2),  # another label: no match, and no false alarm either
        Interval("push", 8, 9, detected_seconds=9.1),  # at rest
        Interval("wave", 10, 12, detected_seconds=12.4),
    ]
    scores = event_scores(found, truth, seconds=1800)
    assert (scores.precision, scores.recall) == (0.5, 0.5)
    assert scores.iou == pytest.approx((0.5 + 1) / 2)
    assert scores.levenshtein_accuracy == pytest.approx(1 - 2 / 4)  # pull is one too many, a wave is missing
    assert scores.false_alarms_per_hour == 2
    assert scores.median_seconds_to_detect == pytest.approx((-0.5 + 0.4) / 2)


def test_one_true_event_is_found_once() -> None:
    truth = [Interval("wave", 0, 2)]
    found = [Interval("wave", 0, 1, 1), Interval("wave", 1, 2, 2)]
    scores = event_scores(found, truth, seconds=10, least_iou=0.3)
    assert (scores.precision, scores.recall, scores.levenshtein_accuracy) == (0.5, 1, 0)


def test_rest_has_no_accuracy_but_alarms() -> None:
    scores = event_scores([Interval("wave", 1, 2, 2)], [], seconds=36)
    assert (scores.levenshtein_accuracy, scores.recall, scores.false_alarms_per_hour) == (None, None, 100)
