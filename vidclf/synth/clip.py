"""One rendered clip: the hand's path, drawn in front of a scene, seen through a camera."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from vidclf.synth.hand import draw_hand
from vidclf.synth.motion import trajectory
from vidclf.synth.performers import Camera, Performer, performer
from vidclf.synth.pose import Pose, Trajectory
from vidclf.synth.scene import scene
from vidclf.synth.seeds import generator
from vidclf.types import Float32Array, UInt8Array

_SUPERSAMPLING = 2
_MAX_EXPOSURES = 5  # pictures that are averaged for the motion blur of one frame
_SHARP_PIXELS = 1.5  # movement within one of them
_GRAIN_ROOM = 64  # pixels; 64 x 64 places for the noise field
_MAX_TURN, _MAX_SHAKE = 0.04, 0.03  # how far the camera points elsewhere, and shakes, view units


@dataclass(frozen=True)
class ClipPlan:
    """Which clip; everything in it follows from these.

    Attributes:
        seed: the data set's.
        performer_index: number of the performer.
        label: one of `GESTURES`.
        number: number of the clip among this performer's of this label.
        size: (height, width), pixels.
    """

    seed: int
    performer_index: int
    label: str
    number: int
    size: tuple[int, int]

    @property
    def performer(self) -> Performer:
        """Who gestures."""
        return performer(self.seed, self.performer_index)

    @property
    def path(self) -> Trajectory:
        """How the hand moves."""
        who = self.performer
        return trajectory(self.label, who.habits, who.camera.fps, self._generator("motion"))

    def frames(self) -> Iterator[UInt8Array]:
        """Draw the clip.

        Yields:
            uint8 RGB (H, W, 3), one for each frame of `path`.
        """
        who, path = self.performer, self.path
        height, width = self.size
        unit = min(height, 0.75 * width)  # movements fit into 4:3
        rng = self._generator("scene")
        scene_rng = generator(self.seed, "scene", self.performer_index, int(rng.integers(who.num_scenes)))
        margin = math.ceil((_MAX_TURN + _MAX_SHAKE) * unit) + 1
        behind = Image.fromarray(scene(who, (height + 2 * margin, width + 2 * margin), unit, scene_rng))
        points_at = rng.uniform(-_MAX_TURN, _MAX_TURN, 2)
        shake = _shake(who.camera, rng)
        light = _light(who.camera, self.size, rng)
        sensor = _Sensor(who.camera, self.size, unit, self._generator("noise"))
        for seconds in path.frame_seconds:
            moved = np.clip(shake(seconds), -_MAX_SHAKE, _MAX_SHAKE)  # of everything in the picture
            offset = unit * (points_at - moved) + margin
            # Between pixels, so that slow shaking does not jump.
            box = (*offset, *np.add(offset, (width, height)))
            ground = behind.resize((width, height), Image.Resampling.BILINEAR, box=box)
            origin = complex(width / 2, height / 2) + unit * complex(*moved.tolist())
            hand = _exposed(path, float(seconds), who, self.size, unit, origin)
            picture = np.asarray(ground) * (1 - hand[..., 3:] / 255) + hand[..., :3]
            yield sensor.seen(picture.astype(np.float32) * light)

    def _generator(self, use: str) -> np.random.Generator:
        return generator(self.seed, use, self.performer_index, self.label, self.number)


def _exposed(
    path: Trajectory, seconds: float, who: Performer, size: tuple[int, int], unit: float, origin: complex
) -> Float32Array:
    """The hand as it moves while the shutter is open: premultiplied RGBA (H, W, 4), 0..255.

    The shutter opens and closes evenly around the frame's time, so that a clip played backwards has the very
    same frames.
    """
    half_open = who.camera.exposure_seconds / 2
    first, last = path.poses(np.array([seconds - half_open, seconds + half_open]))
    pixels = unit * _moved_by(first, last, who.hand.length)
    exposures = int(np.clip(np.ceil(pixels / _SHARP_PIXELS), 1, _MAX_EXPOSURES))
    at = seconds + half_open * (2 * np.arange(exposures) + 1 - exposures) / exposures
    drawn_size = (size[1] * _SUPERSAMPLING, size[0] * _SUPERSAMPLING)
    total = np.zeros((*size, 4), dtype=np.float32)
    for pose in path.poses(at):
        drawn = draw_hand(pose, who.hand, drawn_size, unit * _SUPERSAMPLING, origin * _SUPERSAMPLING)
        total += np.asarray(drawn.reduce(_SUPERSAMPLING))
    return total / np.float32(exposures)


def _moved_by(first: Pose, last: Pose, hand_length: float) -> float:
    """How far the fingertips get at most between two poses, roughly, view units."""
    reach = hand_length * (abs(last.angle - first.angle) + abs(last.scale - first.scale))
    bent = hand_length * max(abs(b - a) for a, b in zip(first.curls, last.curls, strict=True))
    return float(np.hypot(last.x - first.x, last.y - first.y)) + reach + bent


def _shake(camera: Camera, rng: np.random.Generator) -> Callable[[float], np.ndarray]:
    """Where the camera's shaking puts the picture at a time: x and y, view units."""
    hertz, phase = rng.uniform(0.3, 5.0, (4, 2)), rng.uniform(0, 2 * np.pi, (4, 2))
    size = camera.shake / np.sqrt(hertz)
    return lambda seconds: (size * np.sin(2 * np.pi * hertz * seconds + phase)).sum(axis=0)


def _light(camera: Camera, size: tuple[int, int], rng: np.random.Generator) -> Float32Array:
    """Factor for each pixel and channel, (H, W, 3)."""
    y, x = np.mgrid[-1 : 1 : 1j * size[0], -1 : 1 : 1j * size[1]]
    across = camera.gradient.real * x + camera.gradient.imag * y
    warmth = camera.temperature + rng.normal(0, 0.02)
    colour = np.array([1 + warmth, 1.0, 1 - warmth])
    gain = camera.gain * rng.uniform(0.9, 1.1)
    return np.asarray(gain * (1 + across[..., None]) * colour, dtype=np.float32)


class _Sensor:
    """Lens and sensor: blur, noise, and eight bits."""

    def __init__(self, camera: Camera, size: tuple[int, int], unit: float, rng: np.random.Generator) -> None:
        # A box of the same variance stands for the Gaussian; it is three times as fast.
        blur_pixels = camera.blur * unit
        self._blur = ImageFilter.BoxBlur(((12 * blur_pixels**2 + 1) ** 0.5 - 1) / 2)
        self._rng = rng
        # Each frame takes its noise from another place of one larger field: drawing it anew costs as much as
        # drawing the hand.
        self._height, self._width = size
        grain = rng.standard_normal((size[0] + _GRAIN_ROOM, size[1] + _GRAIN_ROOM, 3), dtype=np.float32)
        self._grain = grain * np.float32(camera.noise) + np.float32(0.5)

    def seen(self, light: Float32Array) -> UInt8Array:
        """What comes of light (H, W, 3), 0..255: uint8."""
        sharp = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))
        top, left = self._rng.integers(_GRAIN_ROOM, size=2)
        grain = self._grain[top : top + self._height, left : left + self._width]
        picture: UInt8Array = np.clip(np.asarray(sharp.filter(self._blur)) + grain, 0, 255).astype(np.uint8)
        return picture
