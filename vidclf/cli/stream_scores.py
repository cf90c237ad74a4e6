"""Scores of a stream's events, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidclf.cli.console import output

if TYPE_CHECKING:
    from vidclf.metrics.events import EventScores


def show_event_scores(scores: EventScores) -> None:
    """Print them."""
    output.print(
        f"{scores.num_found} events reported, {scores.num_events} in {scores.hours * 60:.1f} minutes: Levenshtein "
        f"accuracy {_share(scores.levenshtein_accuracy)}, precision {_share(scores.precision)}, recall "
        f"{_share(scores.recall)}, IoU {_share(scores.iou)}"
    )
    waited = scores.median_seconds_to_detect
    output.print(
        f"{scores.false_alarms_per_hour:.1f} false alarms an hour"
        + ("" if waited is None else f"; reported {waited:.2f} s after a gesture's end (median)")
    )


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"
