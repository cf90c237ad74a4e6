"""Each gesture is reported once, and rest is not reported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vidclf.errors import UsageError
from vidclf.live import EventEngine, EventSettings
from vidclf.types import GestureEvent

CLASSES = ("none", "push", "wave")
SETTINGS = EventSettings(background=("none",), smooth_seconds=0.0, least_seconds=0.15, refractory_seconds=0.0)


def events(shown: str, settings: EventSettings = SETTINGS, *, fps: float = 10) -> list[GestureEvent]:
    """Events of a stream in words: a letter an instant, of the class (n, p, w); a capital is very sure of it."""
    engine = EventEngine(CLASSES, settings)
    found: list[GestureEvent] = []
    for number, letter in enumerate(shown):
        probabilities = np.full(3, 0.05 if letter.isupper() else 0.25)
        probabilities["npw".index(letter.lower())] = 0.9 if letter.isupper() else 0.5
        found += engine.push(number / fps, probabilities)
    return found + engine.finish()


def labels(found: list[GestureEvent]) -> str:
    return " ".join(event.label for event in found)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("NNNNNN", ""),
        ("NNWWWWNN", "wave"),
        ("NNWwwwWNN", "wave"),  # between the thresholds it goes on
        ("NNwwwwwNN", ""),  # never sure enough to begin
        ("NNWNNNN", ""),  # too short
        ("NNWWWNNWWWNN", "wave wave"),
        ("NNPPPPWWWWNN", "push wave"),  # without a rest between them
        ("NNWWWW", "wave"),  # the stream ends
    ],
)
def test_what_is_reported(shown: str, said: str) -> None:
    assert labels(events(shown)) == said


def test_times_are_those_of_the_stream() -> None:
    (event,) = events("NNNWWWWWNNN")
    assert (event.start_seconds, event.end_seconds) == pytest.approx((0.3, 0.7))
    assert event.detected_seconds == pytest.approx(0.8)
    assert event.score == 0.9


def test_the_rate_of_the_stream_changes_nothing_but_its_grain() -> None:
    settings = replace(SETTINGS, smooth_seconds=0.2)
    slow, fast = (events("N" * 10 * k + "W" * 10 * k + "N" * 10 * k, settings, fps=10 * k) for k in (1, 6))
    assert labels(slow) == labels(fast) == "wave"
    assert slow[0].start_seconds == pytest.approx(fast[0].start_seconds, abs=0.1)
    assert slow[0].end_seconds == pytest.approx(fast[0].end_seconds, abs=0.2)


def test_smoothing_bridges_a_slip_and_refractory_time_an_echo() -> None:
    shown = "NNWWWWNWWWWNNNN"
    assert labels(events(shown)) == "wave wave"
    assert labels(events(shown, replace(SETTINGS, smooth_seconds=0.25))) == "wave"
    assert labels(events(shown, replace(SETTINGS, refractory_seconds=1.0))) == "wave"


def test_what_goes_on_for_ever_is_reported_now_and_then() -> None:
    found = events("W" * 100, replace(SETTINGS, longest_seconds=3.0))
    assert [event.label for event in found] == ["wave"] * 4


@pytest.mark.parametrize(
    ("settings", "said"),
    [(EventSettings(background=("rest",)), "rest"), (EventSettings(background=CLASSES), "background")],
)
def test_backgrounds_that_make_no_sense_are_refused(settings: EventSettings, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        EventEngine(CLASSES, settings)


def test_thresholds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(UsageError, match="offset"):
        EventSettings(onset=0.3, offset=0.5)
