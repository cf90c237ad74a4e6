"""A hand's pose, and its path over time, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vidclf.types import Float64Array

# The columns of a pose vector; a curve gives one row for each instant.
X, Y, LOG_SCALE, ANGLE, SPREAD = range(5)
CURLS = slice(5, 10)
COLUMNS = 10

SHORTEST_SECONDS, LONGEST_SECONDS = 1.6, 3.0  # of a clip

Curve = Callable[[Float64Array], Float64Array]  # times or shares of a time (N,) -> pose vectors (N, 10)


@dataclass(frozen=True)
class Pose:
    """A hand at one instant; lengths in view units (the picture's centre is 0, its height 1, y downwards).

    Attributes:
        x: place of the wrist, to the right.
        y: place of the wrist, downwards.
        scale: size relative to the performer's hand at its usual distance.
        angle: rotation in the picture, radians, 0 with the fingers up, clockwise positive.
        spread: 0 for closed fingers side by side, 1 for fingers wide apart.
        curls: bend of thumb, index, middle, ring and little finger, 0 straight, 1 in a fist.
    """

    x: float
    y: float
    scale: float
    angle: float
    spread: float
    curls: tuple[float, ...]


@dataclass(frozen=True)
class Habits:
    """What is a performer's own in every gesture.

    Attributes:
        centre: where the wrist usually is, in view units.
        hand_length: wrist to the tip of the middle finger, in view units.
        amplitude: size of movements, around 1.
        speed: speed of movements, around 1.
        tilt: usual rotation of the hand, radians.
        pivot: rotation of the hand for each view unit to the right, radians (a forearm turns about its elbow).
    """

    centre: tuple[float, float]
    hand_length: float
    amplitude: float
    speed: float
    tilt: float
    pivot: float


@dataclass(frozen=True)
class Trajectory:
    """A hand's path over `num_frames` frames at `fps`, defined at every instant between them too."""

    num_frames: int
    fps: float
    curve: Curve

    @property
    def frame_seconds(self) -> Float64Array:
        """Times of the frames, (T,), from 0."""
        return np.arange(self.num_frames) / self.fps

    def poses(self, seconds: Float64Array) -> list[Pose]:
        """The poses at some times within the clip; shortly before and after it the hand rests."""
        return [
            Pose(row[X], row[Y], float(np.exp(row[LOG_SCALE])), row[ANGLE], row[SPREAD], tuple(row[CURLS]))
            for row in self.curve(seconds).tolist()
        ]

    def backwards(self) -> Trajectory:
        """The same path played from its last frame to its first."""
        last = (self.num_frames - 1) / self.fps
        return Trajectory(self.num_frames, self.fps, lambda seconds: self.curve(last - seconds))


def minimum_jerk(progress: Float64Array) -> Float64Array:
    """Share of a reach that is done after a share of its time (Flash & Hogan 1985); clipped to 0..1."""
    p = np.clip(progress, 0.0, 1.0)
    return p**3 * (10 - 15 * p + 6 * p**2)


def base_pose(habits: Habits, rng: np.random.Generator) -> Float64Array:
    """Draw the pose around which a performer makes one clip: its place, its distance and the hand's shape."""
    base = np.zeros(COLUMNS)
    base[[X, Y]] = np.array(habits.centre) + np.clip(rng.normal(0, 0.025, 2), -0.05, 0.05)
    base[LOG_SCALE] = rng.normal(0, 0.05)
    base[ANGLE] = habits.tilt + rng.normal(0, 0.06)
    base[SPREAD] = rng.uniform(0.1, 1.0)
    base[CURLS] = _posture(rng)
    return base


def _posture(rng: np.random.Generator) -> Float64Array:
    flat = np.zeros(5)
    relaxed = np.array([0.25, 0.2, 0.28, 0.33, 0.38])
    pointing = np.array([0.7, 0.0, 0.9, 0.95, 0.95])
    two_fingers = np.array([0.8, 0.0, 0.0, 0.95, 0.95])
    chosen = (flat, relaxed, pointing, two_fingers)[rng.choice(4, p=[0.45, 0.3, 0.15, 0.1])]
    return np.clip(chosen + rng.uniform(0, 0.08, 5), 0, 1)


def tremor(rng: np.random.Generator) -> Curve:
    """Small irregular movement: sines with random phases, the same forwards as backwards in distribution."""
    hertz = rng.uniform(0.3, 2.2, (3, COLUMNS))
    phase = rng.uniform(0, 2 * np.pi, (3, COLUMNS))
    size = np.zeros(COLUMNS)
    size[[X, Y]], size[LOG_SCALE], size[ANGLE], size[CURLS] = 0.003, 0.008, 0.02, 0.015
    size *= rng.uniform(0.3, 1.2)

    def curve(t: Float64Array) -> Float64Array:
        waves = np.sin(2 * np.pi * hertz * t[:, None, None] + phase)  # (N, 3, columns)
        return np.asarray(size * waves.sum(axis=1))

    return curve


def turned_about_elbow(pose: Float64Array, habits: Habits) -> Float64Array:
    """Lean the hand with its place, as a forearm does, and keep bends within what a hand can do (in place)."""
    pose[:, ANGLE] += habits.pivot * (pose[:, X] - habits.centre[0])
    pose[:, CURLS] = np.clip(pose[:, CURLS], 0, 1)
    pose[:, SPREAD] = np.clip(pose[:, SPREAD], 0, 1)
    return pose
