"""How a hand moves through each gesture: poses over continuous time, before anything is drawn.

Reaches follow the minimum-jerk profile of Flash & Hogan, "The coordination of arm movements: an
experimentally confirmed mathematical model", Journal of Neuroscience 5(7), 1985. The two classes of a pair in
`TIME_PAIRS` are one distribution of trajectories, played forwards and backwards: no single frame and no
average over frames tells them apart, only their order does.
"""

from __future__ import annotations

import numpy as np

from vidclf.synth.idle import background
from vidclf.synth.pose import (
    CURLS,
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    Habits,
    Pose,
    Trajectory,
    X,
    Y,
    base_pose,
    minimum_jerk,
    tremor,
    turned_about_elbow,
)
from vidclf.synth.strokes import STROKES, Stroke
from vidclf.types import Float64Array

GESTURES: tuple[str, ...] = (
    *("swipe_left", "swipe_right", "swipe_up", "swipe_down"),
    *("circle_clockwise", "circle_counterclockwise"),
    *("push", "pull", "wave", "open", "close", "none"),
)
TIME_PAIRS: tuple[tuple[str, str], ...] = (
    ("swipe_left", "swipe_right"),
    ("swipe_up", "swipe_down"),
    ("circle_clockwise", "circle_counterclockwise"),
    ("push", "pull"),
    ("open", "close"),
)

# Each class on the left is its partner on the right, played backwards.
_BACKWARDS = {
    "swipe_left": "swipe_right",
    "swipe_up": "swipe_down",
    "circle_counterclockwise": "circle_clockwise",
    "pull": "push",
    "close": "open",
}

_SHORTEST_REST_SECONDS = 0.12


def trajectory(label: str, habits: Habits, fps: float, rng: np.random.Generator) -> Trajectory:
    """Draw one performance of a gesture.

    Args:
        label: one of `GESTURES`.
        habits: the performer's.
        fps: frames per second of the clip.
        rng: where every draw comes from. The same state gives the two classes of a pair the same path, in
            opposite directions.
    """
    if label in _BACKWARDS:
        return trajectory(_BACKWARDS[label], habits, fps, rng).backwards()
    if label == "none":
        return background(habits, fps, rng)
    stroke = STROKES[label](habits, rng)
    base = base_pose(habits, rng)
    if label == "open":
        base[CURLS] = 0  # the stroke alone says how far the fingers are bent
    return _performed(stroke, base, habits, fps, rng)


def poses(label: str, habits: Habits, fps: float, rng: np.random.Generator) -> list[Pose]:
    """The poses of one performance at its frames; see `trajectory`."""
    path = trajectory(label, habits, fps, rng)
    return path.poses(path.frame_seconds)


def _performed(
    stroke: Stroke,
    base: Float64Array,
    habits: Habits,
    fps: float,
    rng: np.random.Generator,
) -> Trajectory:
    """Rest, reach to the stroke's start, stroke, reach to another rest."""
    active = np.array([rng.uniform(0.2, 0.45), stroke.seconds, rng.uniform(0.2, 0.45)])
    seconds = np.clip(active.sum() + rng.uniform(0.25, 0.7), SHORTEST_SECONDS, LONGEST_SECONDS)
    num_frames = round(seconds * fps)
    seconds = (num_frames - 1) / fps
    active *= min(1.0, (seconds - 3 * _SHORTEST_REST_SECONDS) / active.sum())
    spare = seconds - active.sum() - 2 * _SHORTEST_REST_SECONDS
    first_rest = _SHORTEST_REST_SECONDS + spare * rng.beta(2, 2)
    reach_at, stroke_at, leave_at = first_rest + np.concatenate([[0], np.cumsum(active[:2])])

    start, end = stroke.curve(np.array([0.0, 1.0]))
    rest_before, rest_after = _rest(start, rng), _rest(end, rng)
    shaking = tremor(rng)

    def curve(t: Float64Array) -> Float64Array:
        not_reached = 1 - minimum_jerk((t - reach_at) / active[0])
        left = minimum_jerk((t - leave_at) / active[2])
        pose = base + stroke.curve(np.clip((t - stroke_at) / active[1], 0, 1)) + shaking(t)
        pose += not_reached[:, None] * (rest_before - start) + left[:, None] * (rest_after - end)
        return turned_about_elbow(pose, habits)

    return Trajectory(num_frames, fps, curve)


def _rest(stroke_end: Float64Array, rng: np.random.Generator) -> Float64Array:
    """A rest near one end of the stroke, drawn from one distribution for both ends."""
    rest = stroke_end * (1 - rng.uniform(0, 0.45))
    rest[CURLS] = stroke_end[CURLS] * (1 - rng.uniform(0, 0.12))
    rest[[X, Y]] += rng.normal(0, 0.015, 2)
    return rest
