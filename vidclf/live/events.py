"""From probabilities at each instant to events: each gesture once, and nothing while there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidclf.errors import UsageError
from vidclf.types import Float64Array, GestureEvent


@dataclass(frozen=True)
class EventSettings:
    """When something counts as an event.

    Attributes:
        background: classes that are never reported: rest, and whatever is none of the gestures.
        onset: smoothed probability from which a class is on.
        offset: smoothed probability below which it is off again; below `onset`, so that it does not flicker.
        smooth_seconds: time constant of the smoothing; 0 takes each instant as it is.
        least_seconds: what is on for less is nothing.
        refractory_seconds: after an event ends, the same class is not on again for so long.
        longest_seconds: an event that goes on for longer is reported and begins anew.
    """

    background: tuple[str, ...] = ()
    onset: float = 0.6
    offset: float = 0.4
    smooth_seconds: float = 0.15
    least_seconds: float = 0.2
    refractory_seconds: float = 0.2
    longest_seconds: float = 10.0

    def __post_init__(self) -> None:
        if not 0 < self.offset <= self.onset <= 1:
            raise UsageError(f"0 < offset <= onset <= 1 must hold; they are {self.offset} and {self.onset}.")
        if min(self.smooth_seconds, self.least_seconds, self.refractory_seconds) < 0 or self.longest_seconds <= 0:
            raise UsageError("The seconds of event settings must not be negative.")


@dataclass(eq=False)
class _Going:
    """An event that has begun and not ended."""

    place: int
    start_seconds: float
    latest_seconds: float
    score: float


class EventEngine:
    """Turns what a model says at each instant into events, with a hysteresis between two thresholds.

    Args:
        classes: the K labels in the model's order.
        settings: the thresholds and times.

    Raises:
        UsageError: a background class is none of the classes, or all of them are background.
    """

    def __init__(self, classes: Sequence[str], settings: EventSettings) -> None:
        unknown = sorted(set(settings.background) - set(classes))
        if unknown:
            raise UsageError(f"{', '.join(unknown)} is no class of the model; it knows {', '.join(classes)}.")
        self.classes, self.settings = tuple(classes), settings
        self._reported = np.array([label not in settings.background for label in classes])
        if not self._reported.any():
            raise UsageError("All classes are background, so nothing would ever be reported.")
        self.reset()

    def reset(self) -> None:
        """Forget all, as at the beginning of a stream, or behind a gap in it."""
        self._smoothed: Float64Array | None = None
        self._latest_seconds = 0.0
        self._going: _Going | None = None
        self._free_seconds = np.full(len(self.classes), -math.inf)

    def push(self, pts_seconds: float, probabilities: Float64Array) -> list[GestureEvent]:
        """Take what is said at the next instant: the events that are known to have ended with it.

        Args:
            pts_seconds: the instant, later than the one before.
            probabilities: float64 (K,).
        """
        smoothed = self._smooth(pts_seconds, probabilities)
        ended = []
        going = self._going
        if going is not None:
            other = self._candidate(smoothed, pts_seconds, apart_from=going.place)
            if smoothed[going.place] >= self.settings.offset and (
                other is None or smoothed[other] <= smoothed[going.place]
            ):
                going.latest_seconds = pts_seconds
                going.score = max(going.score, float(probabilities[going.place]))
                if pts_seconds - going.start_seconds >= self.settings.longest_seconds:
                    ended += self._end(pts_seconds)
            else:
                ended += self._end(pts_seconds)
        if self._going is None:
            place = self._candidate(smoothed, pts_seconds)
            if place is not None:
                self._going = _Going(place, pts_seconds, pts_seconds, float(probabilities[place]))
        return ended

    def finish(self) -> list[GestureEvent]:
        """The stream has ended: what is going on ends with it."""
        ended = self._end(self._latest_seconds)
        self.reset()
        return ended

    def _smooth(self, pts_seconds: float, probabilities: Float64Array) -> Float64Array:
        if self._smoothed is None or self.settings.smooth_seconds == 0:
            self._smoothed = probabilities.copy()
        else:
            passed = pts_seconds - self._latest_seconds
            share = 1 - math.exp(-passed / self.settings.smooth_seconds)
            self._smoothed += share * (probabilities - self._smoothed)
        self._latest_seconds = pts_seconds
        return self._smoothed

    def _candidate(self, smoothed: Float64Array, pts_seconds: float, apart_from: int | None = None) -> int | None:
        """The likeliest class that may begin now."""
        may = self._reported & (smoothed >= self.settings.onset) & (self._free_seconds <= pts_seconds)
        if apart_from is not None:
            may[apart_from] = False
        return int(np.argmax(np.where(may, smoothed, -1))) if may.any() else None

    def _end(self, pts_seconds: float) -> list[GestureEvent]:
        going, self._going = self._going, None
        if going is None:
            return []
        self._free_seconds[going.place] = pts_seconds + self.settings.refractory_seconds
        if going.latest_seconds - going.start_seconds < self.settings.least_seconds:
            return []
        label = self.classes[going.place]
        return [GestureEvent(label, going.start_seconds, going.latest_seconds, pts_seconds, going.score)]
