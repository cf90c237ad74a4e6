"""A stream from frames to events."""

from __future__ import annotations

import numpy as np
import pytest

from tests.infer.test_stepper import CLASSES, a_clip, a_model
from vidclf.data.events import likely_background
from vidclf.infer import Stepper
from vidclf.live import EventEngine, EventSettings, recognise
from vidclf.types import Clip, Frame, GestureEvent

# A network that has not learned anything is sure of nothing; whatever is likeliest is an event here.
SETTINGS = EventSettings(onset=0.01, offset=0.01, longest_seconds=1.05)  # no whole number of steps


def frames(clip: Clip, start_seconds: float = 0.0) -> list[Frame]:
    return [
        Frame(image, start_seconds + float(seconds), number)
        for number, (image, seconds) in enumerate(zip(clip.frames, clip.pts_seconds, strict=True))
    ]


def events(shown: list[Frame]) -> list[GestureEvent]:
    return list(recognise(shown, Stepper(a_model()), EventEngine(CLASSES, SETTINGS)))


def test_frames_that_come_again_change_nothing() -> None:
    shown = frames(a_clip())
    assert events([frame for frame in shown for _ in range(2)]) == events(shown) != []


@pytest.mark.parametrize("second_seconds", [60.0, -60.0])
def test_behind_a_gap_or_a_jump_all_begins_anew(second_seconds: float) -> None:
    clip = a_clip()
    alone = events(frames(clip))
    both = events(frames(clip) + frames(clip, second_seconds))
    assert [event.label for event in both] == [event.label for event in alone] * 2
    np.testing.assert_allclose(
        [event.start_seconds for event in both],
        [event.start_seconds + offset for offset in (0, second_seconds) for event in alone],
    )


def test_rest_is_known_by_its_names() -> None:
    assert likely_background(["wave", "None", "static", "push"]) == ("None", "static")
