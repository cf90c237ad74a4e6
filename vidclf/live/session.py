"""A stream from its first frame to its last event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vidclf.infer import Said, Stepper
from vidclf.live.events import EventEngine
from vidclf.types import Frame, GestureEvent

# Across a gap of so many seconds nothing is carried on: whoever stood there may have left.
_GAP_SECONDS = 2.0


def recognise(frames: Iterable[Frame], stepper: Stepper, engine: EventEngine) -> Iterator[GestureEvent]:
    """The events of a stream, each as soon as it is known; see `answers` and `events_of`."""
    return events_of(answers(frames, stepper), engine)


def answers(frames: Iterable[Frame], stepper: Stepper) -> Iterator[Said | None]:
    """What a model says of a stream at each instant; None where all begins anew.

    That is behind a gap, and where the clock has jumped back. Frames whose time is not later than that of the one
    before are left out.

    Args:
        frames: in the order in which they come.
        stepper: the model.
    """
    state, latest_seconds = stepper.begin(), None
    for frame in frames:
        if latest_seconds is not None:
            passed = frame.pts_seconds - latest_seconds
            if abs(passed) > _GAP_SECONDS:
                state = stepper.begin()
                yield None
            elif passed <= 0:
                continue
        latest_seconds = frame.pts_seconds
        yield from stepper.steps(frame, state)


def events_of(said: Iterable[Said | None], engine: EventEngine) -> Iterator[GestureEvent]:
    """The events in what a model says; None among it ends what is going on.

    Args:
        said: see `answers`.
        engine: turns it into events; what it remembers is forgotten first.
    """
    engine.reset()
    for at_instant in said:
        if at_instant is None:
            yield from engine.finish()
        else:
            yield from engine.push(at_instant.pts_seconds, at_instant.probabilities)
    yield from engine.finish()
