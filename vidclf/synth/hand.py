"""A hand as flat shapes: palm, five jointed fingers, forearm and sleeve, drawn with Pillow.

Points of the plane are complex numbers here, because turning and scaling them is one product. In the hand's
own plane the wrist is 0, the fingers point to +1j, and 1 is the hand's length; pictures have y downwards.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from vidclf.synth.pose import Pose

Colour = tuple[int, int, int]

# Index, middle, ring and little finger; the thumb is drawn by rules of its own.
_KNUCKLES = (0.155 + 0.49j, 0.05 + 0.52j, -0.055 + 0.505j, -0.15 + 0.455j)
_LENGTHS = (0.43, 0.48, 0.44, 0.34)
_FANS = (0.17, 0.03, -0.12, -0.27)  # radians to the side at full spread
_PHALANXES = (0.46, 0.31, 0.23)  # shares of a finger's length
_BENDS = (1.4, 1.75, 1.15)  # radians at each joint in a fist

_PALM = (
    *(0.125 - 0.02j, 0.19 + 0.12j, 0.2 + 0.3j, 0.205 + 0.45j, 0.16 + 0.53j),
    *(0.05 + 0.555j, -0.06 + 0.54j, -0.16 + 0.5j, -0.205 + 0.4j, -0.19 + 0.2j, -0.125 - 0.02j),
)


@dataclass(frozen=True)
class HandLook:
    """What a performer's hand and arm look like.

    Attributes:
        length: wrist to the tip of the middle finger, in view units (heights of the picture).
        breadth: width relative to a usual hand of that length.
        finger_length: length of the fingers relative to a usual hand.
        finger_radius: half a finger's width, in hand lengths.
        mirrored: a left hand (its palm is seen, so its thumb points to the left of the picture).
        skin: colour of the palm.
        sleeve: colour of the sleeve.
        sleeve_bands: colour of the bands across the sleeve; the sleeve's own for none.
        cuff: where the sleeve begins, in hand lengths below the wrist.
        elbow: where the forearm comes from, in view units, outside the picture.
    """

    length: float
    breadth: float
    finger_length: float
    finger_radius: float
    mirrored: bool
    skin: Colour
    sleeve: Colour
    sleeve_bands: Colour
    cuff: float
    elbow: complex


@dataclass(frozen=True)
class _Joint:
    """A joint or tip of a finger in the hand's plane; `height` is its height above the palm."""

    point: complex
    radius: float
    height: float


def draw_hand(pose: Pose, look: HandLook, size: tuple[int, int], unit: float, origin: complex) -> Image.Image:
    """Draw a hand with its arm on a transparent ground.

    Args:
        pose: where and how.
        look: whose.
        size: (width, height) of the picture, pixels.
        unit: pixels for one view unit.
        origin: where the view's centre is in the picture, x + 1j * y, pixels.

    Returns:
        Picture of mode RGBa: premultiplied by alpha, so that pixels may be averaged.
    """
    canvas = _Canvas(Image.new("RGBa", size), pose, look, unit, origin)
    canvas.draw_arm()
    canvas.draw_palm()
    for finger in _fingers(pose, look):
        canvas.draw_finger(finger)
    return canvas.image


def _fingers(pose: Pose, look: HandLook) -> Iterator[list[_Joint]]:
    """Fingers in the order of drawing: little finger first, the thumb on top."""
    for which in (3, 2, 1, 0):
        heading = 1j * cmath.rect(1, -_FANS[which] * (0.25 + 0.75 * pose.spread))
        yield list(_bent_finger(which, heading, pose.curls[1 + which], look))
    yield list(_thumb(pose, look))


def _bent_finger(which: int, heading: complex, curl: float, look: HandLook) -> Iterator[_Joint]:
    """Joints and tip of a finger that bends towards the viewer, projected onto the palm's plane."""
    point = complex(_KNUCKLES[which].real * look.breadth, _KNUCKLES[which].imag)
    length = _LENGTHS[which] * look.finger_length
    radius = look.finger_radius * (0.86 if which == 3 else 1.0)
    bend = height = 0.0
    yield _Joint(point, radius, height)
    for share, joint in zip(_PHALANXES, _BENDS, strict=True):
        bend += joint * curl
        point += heading * share * length * math.cos(bend)
        height += share * length * math.sin(bend)
        radius *= 0.94
        yield _Joint(point, radius * (1 + 0.35 * height), height)  # what is nearer looks larger


def _thumb(pose: Pose, look: HandLook) -> Iterator[_Joint]:
    curl = pose.curls[0]
    base = complex(0.14 * look.breadth, 0.14)
    lean = 0.45 + 0.5 * pose.spread - 1.15 * curl  # away from the fingers, or across the palm in a fist
    middle = base + 0.27 * look.finger_length * 1j * cmath.rect(1, -(lean + 0.1))
    tip = middle + 0.19 * look.finger_length * 1j * cmath.rect(1, -(lean - 0.25 - 0.7 * curl))
    radius = look.finger_radius
    yield _Joint(base, radius * 1.45, 0.0)
    yield _Joint(middle, radius * 1.1, 0.2 * curl)
    yield _Joint(tip, radius * 0.9, 0.2 * curl)


class _Canvas:
    """Shapes of one hand, put into the picture."""

    def __init__(self, image: Image.Image, pose: Pose, look: HandLook, unit: float, origin: complex) -> None:
        self.image, self.look = image, look
        self._draw = ImageDraw.Draw(image)
        self._length = look.length * pose.scale * unit
        self._turn = cmath.rect(self._length, pose.angle)
        self._wrist = origin + unit * complex(pose.x, pose.y)
        self._elbow = origin + unit * look.elbow
        self._outline = _shaded(look.skin, 0.52)
        self._line = 0.018 * self._length

    def draw_arm(self) -> None:
        """Forearm from the wrist towards the elbow, its sleeve with bands."""
        along = self._elbow - self._wrist
        along = along / max(abs(along), 1e-6) * self._length
        across = along * 1j
        half = 0.125 * self.look.breadth

        def stretch(start: float, end: float, widen: float, colour: Colour) -> None:
            near, far = (half * (1 + 0.35 * at) + widen for at in (start, end))
            first, last = self._wrist + along * start, self._wrist + along * end
            corners = (first + across * near, last + across * far, last - across * far, first - across * near)
            self._draw.polygon(_flat(corners), fill=(*colour, 255))

        stretch(-0.05, 3.0, 0.018, self._outline)
        stretch(-0.05, 3.0, 0.0, self.look.skin)
        cuff = self.look.cuff
        stretch(cuff, 4.0, 0.075, _shaded(self.look.sleeve, 0.6))
        stretch(cuff + 0.02, 4.0, 0.055, self.look.sleeve)
        for band in range(7):
            at = cuff + 0.15 + 0.34 * band
            stretch(at, at + 0.14, 0.055, self.look.sleeve_bands)

    def draw_palm(self) -> None:
        """Palm with the lines in it."""
        middle = 0.02 + 0.28j
        corners = [complex(point.real * self.look.breadth, point.imag) for point in _PALM]
        edge = [self._placed(middle + (point - middle) * 1.06) for point in corners]
        self._draw.polygon(_flat(edge), fill=(*self._outline, 255))
        self._draw.polygon(_flat([self._placed(point) for point in corners]), fill=(*self.look.skin, 255))
        creases = ((0.17 + 0.36j, 0.02 + 0.33j, -0.13 + 0.24j), (0.16 + 0.34j, 0.06 + 0.22j, 0.03 + 0.04j))
        for crease in creases:
            points = _flat([self._placed(complex(p.real * self.look.breadth, p.imag)) for p in crease])
            self._draw.line(points, fill=(*_shaded(self.look.skin, 0.78), 255), width=round(self._line) + 1)

    def draw_finger(self, joints: list[_Joint]) -> None:
        """One finger: its outline first, then its phalanges, the nearer the lighter."""
        places = [self._placed(joint.point) for joint in joints]
        radii = [joint.radius * self._length for joint in joints]
        self._draw_phalanges(places, [radius + self._line for radius in radii], [self._outline] * len(joints))
        self._draw_phalanges(places, radii, [_shaded(self.look.skin, 1 + 0.35 * joint.height) for joint in joints])

    def _draw_phalanges(self, places: list[complex], radii: list[float], colours: list[Colour]) -> None:
        """Round joints, and what is between one and the next in the next one's colour."""
        start, near = places[0], radii[0]
        for end, far, colour in zip(places, radii, colours, strict=True):
            fill = (*colour, 255)
            corner = complex(far, far)
            across = (end - start) / max(abs(end - start), 1e-6) * 1j
            corners = (start + across * near, end + across * far, end - across * far, start - across * near)
            self._draw.polygon(_flat(corners), fill=fill)
            self._draw.ellipse(_flat((end - corner, end + corner)), fill=fill)
            start, near = end, far

    def _placed(self, point: complex) -> complex:
        """A point of the hand's plane in the picture's pixels, where y goes down."""
        upright = complex(-point.real if self.look.mirrored else point.real, -point.imag)
        return self._wrist + upright * self._turn


def _flat(points: tuple[complex, ...] | list[complex]) -> list[tuple[float, float]]:
    return [(point.real, point.imag) for point in points]


def _shaded(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255, round(channel * factor)) for channel in colour)
    return red, green, blue
