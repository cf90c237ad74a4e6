"""The background class: what hands do in front of a camera that is none of the gestures."""

from __future__ import annotations

import numpy as np

from vidclf.synth.pose import (
    ANGLE,
    COLUMNS,
    CURLS,
    LOG_SCALE,
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    Curve,
    Habits,
    Trajectory,
    X,
    Y,
    base_pose,
    minimum_jerk,
    tremor,
    turned_about_elbow,
)
from vidclf.types import Float64Array


def background(habits: Habits, fps: float, rng: np.random.Generator) -> Trajectory:
    """Draw one clip without a gesture: resting, drifting, scratching, entering, leaving, or breaking off."""
    num_frames = round(rng.uniform(SHORTEST_SECONDS, LONGEST_SECONDS) * fps)
    seconds = (num_frames - 1) / fps
    base = base_pose(habits, rng)
    base[[X, Y]] += rng.uniform(-0.09, 0.09, 2)
    if rng.random() < 0.25:
        base[CURLS] = rng.uniform(0.9, 1.0, 5)  # a fist
    idling = _IDLING[rng.choice(len(_IDLING), p=_SHARES)](seconds, rng)
    shaking = tremor(rng)

    def curve(t: Float64Array) -> Float64Array:
        return turned_about_elbow(base + idling(t) + shaking(t), habits)

    return Trajectory(num_frames, fps, curve)


def _still(seconds: float, rng: np.random.Generator) -> Curve:  # noqa: ARG001
    """The hand does nothing."""
    return lambda t: np.zeros((len(t), COLUMNS))


def _absent(seconds: float, rng: np.random.Generator) -> Curve:  # noqa: ARG001
    """The hand is outside the picture."""
    return lambda t: _moved(np.full(len(t), 3.0 + 0j))


def _drifting(seconds: float, rng: np.random.Generator) -> Curve:
    """Slow wandering around a place, turning a little."""
    hertz = rng.uniform(0.1, 0.3, 3)
    phase = rng.uniform(0, 2 * np.pi, 3)
    size = rng.uniform(0.02, 0.07)
    turn = rng.uniform(0, 0.15)

    def curve(t: Float64Array) -> Float64Array:
        across, down, turning = np.sin(2 * np.pi * hertz[:, None] * (t - seconds / 2) + phase[:, None])
        added = _moved(size * (across + 1j * down))
        added[:, ANGLE] = turn * turning
        return added

    return curve


def _scratching(seconds: float, rng: np.random.Generator) -> Curve:  # noqa: ARG001
    """Half-bent fingers that go to and fro quickly, in one or two bouts."""
    hertz = rng.uniform(2.2, 3.6)
    strength = rng.uniform(0.1, 0.2)
    bout = rng.uniform(0.8, 1.4)
    first = rng.uniform(0.2, 0.8)
    half_bent = rng.uniform(0.4, 0.55)

    def curve(t: Float64Array) -> Float64Array:
        busy = np.clip(4 * np.sin(np.pi * (t - first) / bout), 0, 1)
        stir = busy * np.sin(2 * np.pi * hertz * t)
        added = _moved((0.008 + 0.012j) * stir)
        added[:, CURLS] = half_bent + strength * stir[:, None]
        return added

    return curve


def _entering(seconds: float, rng: np.random.Generator) -> Curve:
    """From outside the picture to a rest; the other way round the hand leaves."""
    outside = rng.choice([1.0 + 0.3j, -1.0 + 0.3j, 0.35 + 1.0j, -0.35 + 1.0j, 1.0j])
    takes = rng.uniform(0.7, 1.2)
    starts = rng.uniform(0.05, seconds - takes)
    leaves = rng.random() < 0.5

    def curve(t: Float64Array) -> Float64Array:
        arrived = minimum_jerk(((seconds - t if leaves else t) - starts) / takes)
        return _moved(outside * (1 - arrived))

    return curve


def _breaking_off(seconds: float, rng: np.random.Generator) -> Curve:
    """The beginning of a movement, small, that goes back where it came from."""
    takes = rng.uniform(0.7, 1.1)
    starts = rng.uniform(0.15, seconds - takes - 0.1)
    direction = np.exp(1j * rng.uniform(0, 2 * np.pi)) * rng.uniform(0.05, 0.1)
    kind = rng.choice(["reach", "nearer", "turn", "bend"])

    def curve(t: Float64Array) -> Float64Array:
        progress = np.clip((t - starts) / takes, 0, 1)
        there_and_back = minimum_jerk(1 - np.abs(2 * progress - 1))
        added = _moved(direction * there_and_back * (1.0 if kind == "reach" else 0.2))
        if kind == "nearer":
            added[:, LOG_SCALE] = 0.13 * there_and_back
        elif kind == "turn":
            added[:, ANGLE] = 4 * direction.real * there_and_back
        elif kind == "bend":
            added[:, CURLS] = 0.35 * there_and_back[:, None]
        return added

    return curve


def _moved(place: np.ndarray) -> Float64Array:
    added = np.zeros((len(place), COLUMNS))
    added[:, X], added[:, Y] = place.real, place.imag
    return added


_IDLING = (_still, _absent, _drifting, _scratching, _entering, _breaking_off)
_SHARES = (0.2, 0.1, 0.25, 0.15, 0.2, 0.1)
