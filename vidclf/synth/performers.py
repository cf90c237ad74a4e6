"""Rendered performers: everything that stays the same over one performer's clips."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from vidclf.synth.hand import Colour, HandLook
from vidclf.synth.pose import Habits
from vidclf.synth.seeds import generator

FRAME_RATES = (10.0, 12.5, 15.0, 20.0, 24.0, 25.0, 30.0)

# The Monk Skin Tone Scale (Ellis Monk, 2022), light to dark.
_SKIN_TONES = (
    *((246, 237, 228), (243, 231, 219), (247, 234, 208), (234, 218, 186), (215, 189, 150)),
    *((160, 126, 86), (130, 92, 67), (96, 65, 52), (58, 49, 42), (41, 36, 32)),
)

_NUM_SCENES = 4
# Steps through a cycle or an interval so that few performers are already far apart.
_RATE_STEP = 3
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Camera:
    """A performer's camera and light.

    Attributes:
        fps: frames per second.
        exposure_seconds: how long the shutter is open in each frame; gives motion blur.
        gain: brightness.
        temperature: red over blue, 0 for neutral light.
        gradient: light across the picture, x + 1j * y: relative change from the middle to an edge.
        shake: camera shake, view units; 0 on a tripod.
        noise: standard deviation of the sensor noise, of 255.
        blur: standard deviation of the lens blur, view units.
    """

    fps: float
    exposure_seconds: float
    gain: float
    temperature: float
    gradient: complex
    shake: float
    noise: float
    blur: float


@dataclass(frozen=True)
class Performer:
    """Who gestures, with what hand, how, and in front of which camera.

    Attributes:
        name: the group in the manifest, and the folder of the clips.
        hand: what the hand and arm look like.
        habits: how this performer moves.
        camera: the camera and the light.
        num_scenes: number of backgrounds that the clips are spread over.
        in_view: whether head and shoulders are behind the hand.
        shirt: colour of the shirt.
    """

    name: str
    hand: HandLook
    habits: Habits
    camera: Camera
    num_scenes: int
    in_view: bool
    shirt: Colour


def performer(seed: int, index: int) -> Performer:
    """Draw a performer; the others' number changes nothing about this one.

    Args:
        seed: the data set's.
        index: number of the performer, from 0.
    """
    rng = generator(seed, "performer", index)
    shared = generator(seed, "performers")
    rate_offset, tone_offset = int(shared.integers(len(FRAME_RATES))), shared.random()
    tone = (tone_offset + index * _GOLDEN) % 1.0
    left_handed = bool(rng.random() < 0.3)
    side = 1.0 if left_handed else -1.0  # of the picture, where the elbow is
    length = rng.uniform(0.40, 0.50)
    sleeve = _cloth(rng)
    habits = Habits(
        centre=(rng.uniform(-0.08, 0.08), rng.uniform(0.14, 0.22)),
        hand_length=length,
        amplitude=rng.uniform(0.85, 1.12),
        speed=rng.uniform(0.85, 1.2),
        tilt=rng.normal(0, 0.1),
        pivot=rng.uniform(0.2, 0.7),
    )
    hand = HandLook(
        length=length,
        breadth=rng.uniform(0.88, 1.14),
        finger_length=rng.uniform(0.9, 1.1),
        finger_radius=rng.uniform(0.046, 0.058),
        mirrored=left_handed,
        skin=_skin(tone, rng),
        sleeve=sleeve,
        sleeve_bands=_cloth(rng) if rng.random() < 0.4 else sleeve,
        cuff=rng.uniform(0.1, 0.9),
        elbow=complex(habits.centre[0] + side * rng.uniform(0.0, 0.3), rng.uniform(0.95, 1.25)),
    )
    camera = Camera(
        fps=FRAME_RATES[(rate_offset + _RATE_STEP * index) % len(FRAME_RATES)],
        exposure_seconds=rng.uniform(0.004, 0.03),
        gain=rng.uniform(0.85, 1.15),
        temperature=rng.normal(0, 0.06),
        gradient=rng.uniform(0, 0.25) * complex(np.exp(1j * rng.uniform(0, 2 * np.pi))),
        shake=0.0 if rng.random() < 0.35 else rng.uniform(0.001, 0.008),
        noise=rng.uniform(0.5, 5.0),
        blur=rng.uniform(0.0, 0.008),
    )
    return Performer(
        name=f"performer_{index:03d}",
        hand=hand,
        habits=habits,
        camera=camera,
        num_scenes=_NUM_SCENES,
        in_view=bool(rng.random() < 0.45),
        shirt=sleeve,
    )


def _skin(tone: float, rng: np.random.Generator) -> Colour:
    place = 1.0 + tone * (len(_SKIN_TONES) - 3)  # palms are neither as light nor as dark as the ends
    lighter = int(place)
    tones = np.array(_SKIN_TONES[lighter : lighter + 2], dtype=np.float64)
    mixed = tones[0] + (place - lighter) * (tones[1] - tones[0])
    warm = mixed * np.array([1.02, 0.95, 0.9]) + rng.normal(0, 4, 3)
    red, green, blue = np.clip(warm, 20, 250).round().astype(int).tolist()
    return red, green, blue


def _cloth(rng: np.random.Generator) -> Colour:
    channels = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.05, 0.8), rng.uniform(0.15, 0.9))
    red, green, blue = (round(255 * channel) for channel in channels)
    return red, green, blue
