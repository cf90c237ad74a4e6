"""What is behind the hand: drawn rooms, and at times the performer's head and shoulders."""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from vidclf.synth.hand import Colour
from vidclf.synth.performers import Performer
from vidclf.types import Float64Array, UInt8Array

_CONTRAST = 40  # least difference in brightness between hand and background, of 255


def scene(performer: Performer, size: tuple[int, int], unit: float, rng: np.random.Generator) -> UInt8Array:
    """Draw one background.

    Args:
        performer: who stands there; the background is kept apart from this skin in brightness.
        size: (height, width), pixels.
        unit: pixels for one view unit.
        rng: the scene's own, so that several clips can share a scene.

    Returns:
        uint8 RGB (H, W, 3).
    """
    height, width = size
    kinds = (_plain, _wall_and_floor, _blobs, _shelves, _stripes, _noise)
    picture = kinds[rng.integers(len(kinds))](height, width, rng)
    picture = picture + rng.uniform(0, 14) * _cloud(height, width, 6, rng)[..., None]  # nothing real is flat
    picture = _apart_from(picture, performer.hand.skin)
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.025) * unit))
    if performer.in_view:
        _draw_person(image, performer, unit, rng)
    return np.asarray(image)


def _apart_from(picture: Float64Array, skin: Colour) -> Float64Array:
    """Darken or brighten a background until the hand can be seen before nearly all of it."""
    luma = np.array([0.299, 0.587, 0.114])
    hand = float(np.array(skin) @ luma)
    dark, middle, bright = np.percentile(picture @ luma, (10, 50, 90)).tolist()
    darkest, brightest = hand + _CONTRAST, hand - _CONTRAST
    if brightest < 40 or (middle > hand and darkest < 190):
        return np.asarray(255 - (255 - picture) * min(1.0, (255 - darkest) / max(255 - dark, 1.0)))
    return np.asarray(picture * min(1.0, brightest / max(bright, 1.0)))


def _colour(rng: np.random.Generator) -> Float64Array:
    hue, saturation, value = rng.random(), rng.uniform(0.0, 0.55), rng.uniform(0.15, 0.95)
    return 255 * np.array(colorsys.hsv_to_rgb(hue, saturation, value))


def _near(colour: Float64Array, spread: float, rng: np.random.Generator) -> Float64Array:
    return np.clip(colour + rng.normal(0, spread, 3) + rng.normal(0, spread), 0, 255)


def _mix(first: Float64Array, second: Float64Array, share: Float64Array) -> Float64Array:
    return first + (second - first) * share[..., None]


def _along(height: int, width: int, rng: np.random.Generator) -> Float64Array:
    """Distance along a random direction, (H, W), about -1 to 1."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : 1j * height, -1 : 1 : 1j * width]
    return np.asarray(x * np.cos(angle) + y * np.sin(angle))


def _cloud(height: int, width: int, cells: int, rng: np.random.Generator) -> Float64Array:
    """Value noise, (H, W), about -1 to 1: a coarse random grid, smoothly enlarged."""
    grid = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64)


def _plain(height: int, width: int, rng: np.random.Generator) -> Float64Array:
    colour = _colour(rng)
    return _mix(colour, _near(colour, 40, rng), 0.5 + 0.5 * _along(height, width, rng))


def _wall_and_floor(height: int, width: int, rng: np.random.Generator) -> Float64Array:
    y, x = np.mgrid[0 : 1 : 1j * height, -1 : 1 : 1j * width]
    floor = y > rng.uniform(0.55, 0.85) + rng.normal(0, 0.06) * x
    picture = _mix(_colour(rng), _colour(rng), floor.astype(np.float64))
    left, top = rng.uniform(-1, 0.4), rng.uniform(0, 0.3)
    window = (x > left) & (x < left + rng.uniform(0.3, 0.7)) & (y > top) & (y < top + rng.uniform(0.2, 0.4))
    return _mix(picture, _colour(rng), window.astype(np.float64))


def _blobs(height: int, width: int, rng: np.random.Generator) -> Float64Array:
    y, x = np.mgrid[0 : 1 : 1j * height, 0 : 1 : 1j * width]
    picture = np.broadcast_to(_colour(rng), (height, width, 3))
    for _ in range(rng.integers(4, 10)):
        centre_x, centre_y, radius = rng.random(), rng.random(), rng.uniform(0.08, 0.3)
        distance = np.hypot(x - centre_x, y - centre_y) / radius
        picture = _mix(picture, _colour(rng), 0.7 / (1 + distance**4))
    return picture


def _shelves(height: int, width: int, rng: np.random.Generator) -> Float64Array:
    wood = _colour(rng)
    image = Image.new("RGB", (width, height), _to_tuple(_near(wood, 25, rng)))
    draw = ImageDraw.Draw(image)
    rows = int(rng.integers(2, 5))
    board = max(1, height // 40)
    for row in range(rows):
        floor = (row + 1) * height // rows
        left = 0.0
        while left < width:
            book = rng.uniform(0.02, 0.09) * width
            if rng.random() < 0.8:
                top = floor - rng.uniform(0.5, 0.9) * height / rows
                draw.rectangle((left, top, left + book, floor), fill=_to_tuple(_near(wood, 45, rng)))
            left += book
        draw.rectangle((0, floor - board, width, floor), fill=_to_tuple(wood))
    return np.asarray(image, dtype=np.float64)


def _stripes(height: int, width: int, rng: np.random.Generator) -> Float64Array:
    colour = _colour(rng)
    wave = np.sin(2 * np.pi * rng.uniform(1.5, 6) * _along(height, width, rng))
    return _mix(colour, _near(colour, 35, rng), 0.5 + 0.5 * np.tanh(rng.uniform(1, 6) * wave))


def _noise(height: int, width: int, rng: np.random.Generator) -> Float64Array:
    texture = sum(_cloud(height, width, cells, rng) / cells**0.5 for cells in (4, 9, 20, 40))
    return _mix(_colour(rng), _colour(rng), np.clip(0.5 + 0.6 * np.asarray(texture), 0, 1))


def _draw_person(image: Image.Image, performer: Performer, unit: float, rng: np.random.Generator) -> None:
    """Head and shoulders, in the size that fits the hand; the face darker than the hand before it."""
    draw = ImageDraw.Draw(image)
    size = performer.hand.length * unit
    inwards = -1 if performer.hand.mirrored else 1  # the head is on the thumb's side of a raised hand
    x = image.width / 2 + (performer.habits.centre[0] + inwards * rng.uniform(0.12, 0.32)) * unit
    y = image.height / 2 - rng.uniform(0.1, 0.2) * unit
    skin = _to_tuple(0.72 * np.array(performer.hand.skin))
    shirt = _to_tuple(0.8 * np.array(performer.shirt))
    hair = _to_tuple(rng.uniform(10, 110) * np.array([1.0, 0.85, 0.7]))
    draw.ellipse((x - 1.25 * size, y + 0.75 * size, x + 1.25 * size, y + 4 * size), fill=shirt)
    draw.rectangle((x - 0.18 * size, y + 0.3 * size, x + 0.18 * size, y + 0.9 * size), fill=skin)
    draw.ellipse((x - 0.45 * size, y - 0.66 * size, x + 0.45 * size, y + 0.5 * size), fill=hair)
    draw.ellipse((x - 0.37 * size, y - 0.5 * size, x + 0.37 * size, y + 0.58 * size), fill=skin)
    for eye in (x - 0.15 * size, x + 0.15 * size):
        draw.ellipse((eye - 0.05 * size, y - 0.1 * size, eye + 0.05 * size, y - 0.02 * size), fill=hair)


def _to_tuple(colour: Float64Array) -> Colour:
    red, green, blue = np.clip(colour, 0, 255).astype(int).tolist()
    return red, green, blue
