"""The strokes: what each gesture adds to the pose of a hand at rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from vidclf.synth.pose import ANGLE, COLUMNS, CURLS, LOG_SCALE, SPREAD, Curve, Habits, X, Y, minimum_jerk
from vidclf.types import Float64Array


@dataclass(frozen=True)
class Stroke:
    """The moving part of a gesture.

    Attributes:
        curve: what is added to the base pose at a share (0..1) of the stroke's time.
        seconds: how long it takes.
    """

    curve: Curve
    seconds: float


def _swipe(direction: complex, half_length: float, habits: Habits, rng: np.random.Generator) -> Stroke:
    half = half_length * habits.amplitude * rng.uniform(0.85, 1.15)
    heading = direction * np.exp(1j * np.clip(rng.normal(0, 0.12), -0.3, 0.3))
    bow = rng.normal(0, 0.045)
    scale_bow = rng.normal(0, 0.05)

    def stroke(progress: Float64Array) -> Float64Array:
        along = 2 * minimum_jerk(progress) - 1
        place = heading * half * (along + 1j * bow / half * (1 - along**2))
        added = np.zeros((len(progress), COLUMNS))
        added[:, X], added[:, Y] = place.real, place.imag
        added[:, LOG_SCALE] = scale_bow * (1 - along**2)
        return added

    return Stroke(stroke, rng.uniform(0.6, 1.0) / habits.speed)


def _swipe_right(habits: Habits, rng: np.random.Generator) -> Stroke:
    return _swipe(1 + 0j, 0.31, habits, rng)


def _swipe_down(habits: Habits, rng: np.random.Generator) -> Stroke:
    return _swipe(1j, 0.215, habits, rng)


def _circle_clockwise(habits: Habits, rng: np.random.Generator) -> Stroke:
    turns = rng.choice([1.0, 1.5]) + rng.uniform(-0.1, 0.15)
    radius = habits.amplitude * rng.uniform(0.16, 0.21)
    stretch = np.exp(rng.normal(0, 0.1))
    first_angle = rng.uniform(0, 2 * np.pi)
    growth = rng.normal(0, 0.1)

    def stroke(progress: Float64Array) -> Float64Array:
        # Steadier than one reach: half of it at constant speed.
        share = 0.5 * (progress + minimum_jerk(progress))
        angle = first_angle + 2 * np.pi * turns * share
        reach = radius * (1 + growth * (share - 0.5))
        added = np.zeros((len(progress), COLUMNS))
        added[:, X] = reach * stretch * np.cos(angle)
        added[:, Y] = reach / stretch * np.sin(angle)
        return added

    return Stroke(stroke, turns * rng.uniform(1.0, 1.4) / habits.speed)


def _push(habits: Habits, rng: np.random.Generator) -> Stroke:
    half = 0.5 * np.log(rng.uniform(2.3, 3.0))
    centred = np.exp(half) / 2
    sideways, upwards = rng.normal(0, 0.02, 2)

    def stroke(progress: Float64Array) -> Float64Array:
        along = 2 * minimum_jerk(progress) - 1
        added = np.zeros((len(progress), COLUMNS))
        added[:, LOG_SCALE] = half * along - 0.05
        # The palm stays where it is while the hand grows, so the wrist goes down.
        added[:, Y] = habits.hand_length * 0.45 * (np.exp(half * along) - centred) + upwards * along
        added[:, X] = sideways * along
        return added

    return Stroke(stroke, rng.uniform(0.7, 1.2) / habits.speed)


def _open(habits: Habits, rng: np.random.Generator) -> Stroke:
    lead = rng.uniform(0, 0.16, 5)  # the fingers do not start together
    fist = rng.uniform(0.92, 1.0, 5)
    flat = rng.uniform(0.0, 0.1, 5)
    spread = rng.uniform(0.3, 0.8)

    def stroke(progress: Float64Array) -> Float64Array:
        opened = minimum_jerk((progress[:, None] - lead) / (1 - 0.16))
        added = np.zeros((len(progress), COLUMNS))
        added[:, CURLS] = fist + (flat - fist) * opened
        added[:, SPREAD] = spread * (opened.mean(axis=1) - 0.5)
        return added

    return Stroke(stroke, rng.uniform(0.6, 1.1) / habits.speed)


def _wave(habits: Habits, rng: np.random.Generator) -> Stroke:
    cycles = rng.choice([2.0, 2.5])
    swing = habits.amplitude * rng.uniform(0.42, 0.6)
    first_side = rng.choice([-1.0, 1.0])
    sway = rng.uniform(0, 0.03)

    def stroke(progress: Float64Array) -> Float64Array:
        swell = np.sqrt(np.sin(np.pi * np.clip(progress, 0, 1)))
        wave = first_side * swell * np.sin(2 * np.pi * cycles * progress)
        added = np.zeros((len(progress), COLUMNS))
        added[:, ANGLE] = swing * wave
        added[:, X] = sway * wave
        return added

    return Stroke(stroke, cycles / (rng.uniform(1.1, 1.6) * habits.speed))


STROKES: Mapping[str, Callable[[Habits, np.random.Generator], Stroke]] = {
    "swipe_right": _swipe_right,
    "swipe_down": _swipe_down,
    "circle_clockwise": _circle_clockwise,
    "push": _push,
    "open": _open,
    "wave": _wave,
}
