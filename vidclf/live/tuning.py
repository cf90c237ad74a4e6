"""Thresholds of the event engine out of an annotated recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from vidclf.infer import Said
from vidclf.live.events import EventEngine, EventSettings
from vidclf.live.session import events_of
from vidclf.metrics.events import EventScores, Interval, event_scores
from vidclf.types import GestureEvent

_ONSETS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_OFFSET_SHARES = (0.5, 0.7, 0.9)  # of the onset
_SMOOTH_SECONDS = (0.0, 0.15, 0.4, 0.8)
_LEAST_SECONDS = (0.0, 0.2, 0.5)
_REFRACTORY_SECONDS = (0.2, 0.8)


@dataclass(frozen=True)
class Tuned:
    """The settings that were best, and how good they are on the recording that they were chosen on."""

    settings: EventSettings
    scores: EventScores


def score_events(found: Sequence[GestureEvent], truth: Sequence[Interval], seconds: float) -> EventScores:
    """Compare reported events with the true ones; see `event_scores`."""
    intervals = [
        Interval(event.label, event.start_seconds, event.end_seconds, event.detected_seconds) for event in found
    ]
    return event_scores(intervals, truth, seconds=seconds)


def tune_events(
    said: Sequence[Said | None],
    truth: Sequence[Interval],
    classes: Sequence[str],
    settings: EventSettings,
    *,
    seconds: float,
) -> Tuned:
    """Try thresholds and times on what a model said of a recording.

    The model is asked once; each trial only runs the engine again. The best has the highest Levenshtein accuracy,
    then the fewest false alarms, then the quickest answer.

    Args:
        said: see `answers`.
        truth: what the recording shows.
        classes: the model's labels.
        settings: what is not tried stays as it is here.
        seconds: length of the recording.
    """
    tried = []
    for trial in _trials(settings):
        found = list(events_of(said, EventEngine(classes, trial)))
        tried.append(Tuned(trial, score_events(found, truth, seconds)))
    return max(tried, key=lambda one: _goodness(one.scores))


def _trials(settings: EventSettings) -> Iterator[EventSettings]:
    for onset, share, smooth, least, refractory in product(
        _ONSETS, _OFFSET_SHARES, _SMOOTH_SECONDS, _LEAST_SECONDS, _REFRACTORY_SECONDS
    ):
        yield replace(
            settings,
            onset=onset,
            offset=onset * share,
            smooth_seconds=smooth,
            least_seconds=least,
            refractory_seconds=refractory,
        )


def _goodness(scores: EventScores) -> tuple[float, float, float]:
    accuracy = -float(scores.num_found) if scores.levenshtein_accuracy is None else scores.levenshtein_accuracy
    waited = scores.median_seconds_to_detect
    return accuracy, -scores.false_alarms_per_hour, -waited if waited is not None else float("-inf")
