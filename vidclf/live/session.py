"""A stream from its first frame to its last event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vidclf.infer import Stepper
from vidclf.live.events import EventEngine
from vidclf.types import Frame, GestureEvent

# Names that people give to the class of everything else.
_REST = ("none", "background", "rest", "static", "random", "nothing", "negative", "other", "no_gesture", "no gesture")
# Across a gap of so many seconds nothing is carried on: whoever stood there may have left.
_GAP_SECONDS = 2.0


def likely_background(classes: Sequence[str]) -> tuple[str, ...]:
    """The classes that, by their names, show no gesture."""
    return tuple(label for label in classes if label.lower() in _REST)


def recognise(frames: Iterable[Frame], stepper: Stepper, engine: EventEngine) -> Iterator[GestureEvent]:
    """The events of a stream, each as soon as it is known.

    Frames whose time is not later than that of the one before are left out. Behind a gap, or where the clock has
    jumped back, all begins anew.

    Args:
        frames: in the order in which they come.
        stepper: the model.
        engine: turns what it says into events; what it remembers is forgotten first.
    """
    engine.reset()
    state, latest_seconds = stepper.begin(), None
    for frame in frames:
        if latest_seconds is not None:
            passed = frame.pts_seconds - latest_seconds
            if abs(passed) > _GAP_SECONDS:
                yield from engine.finish()
                state = stepper.begin()
            elif passed <= 0:
                continue
        latest_seconds = frame.pts_seconds
        for said in stepper.steps(frame, state):
            yield from engine.push(said.pts_seconds, said.probabilities)
    yield from engine.finish()
