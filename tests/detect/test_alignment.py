"""Faces brought to where a network expects them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidclf.detect.alignment import align_face, cut, similarity
from vidclf.types import Float64Array, UInt8Array

FACE = np.array([(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (41.55, 92.37), (70.73, 92.20)])
COLOURS = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)])


def dotted(points: Float64Array, size: tuple[int, int], radius: float) -> UInt8Array:
    """A grey picture with a coloured disc at each point."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    picture = np.full((*size, 3), 128, np.uint8)
    for (x, y), colour in zip(points, COLOURS, strict=True):
        picture[np.hypot(columns - x, rows - y) <= radius] = colour
    return picture


def turned(degrees: float, scale: float, shift: tuple[float, float]) -> Float64Array:
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (FACE - 56) @ turn.T + shift


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1.0), (30, 0.5), (-90, 1.7), (170, 6.0), (10, 4.2)])
@pytest.mark.parametrize("side", [112, 64])
def test_the_points_come_to_their_places(degrees: float, scale: float, side: int) -> None:
    points = turned(degrees, scale, (500.3, 450.8))
    aligned = align_face(dotted(points, (900, 1000), 6 * scale), [tuple(point) for point in points], side=side)
    assert aligned.shape == (side, side, 3)
    places = ((FACE + 0.5) * side / 112 - 0.5).round().astype(int)
    for (x, y), colour in zip(places, COLOURS, strict=True):
        np.testing.assert_allclose(aligned[y, x], colour, atol=40)


def test_what_shrinks_much_is_not_torn_into_single_pixels() -> None:
    points = turned(0, 8.0, (500, 500))
    rng = np.random.default_rng(0)
    noise = rng.choice([0, 255], size=(1000, 1000, 1)).astype(np.uint8).repeat(3, axis=2)
    aligned = align_face(noise, [tuple(point) for point in points])
    assert aligned.std() < 40  # single pixels would keep 127


def test_beyond_the_picture_its_border_is_repeated() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 0] = 200
    part = cut(picture, -5, -5, 65, 45)
    assert part.shape == (50, 70, 3)
    assert (part[:, :6] == 200).all()
    assert not part[:, 6:].any()
    np.testing.assert_array_equal(part[5:45, 5:65], picture)


angles, scales, shifts = st.floats(-180, 180), st.floats(0.1, 10), st.floats(-100, 100)


@given(angles, scales, shifts, shifts)
def test_a_similarity_is_found_again(degrees: float, scale: float, x: float, y: float) -> None:
    wanted = turned(degrees, scale, (x, y))
    found = similarity(FACE, wanted)
    np.testing.assert_allclose(FACE @ found[:, :2].T + found[:, 2], wanted, atol=1e-6 * (1 + scale * 100))
    assert np.linalg.det(found[:, :2]) == pytest.approx(scale**2, rel=1e-6)


def test_it_never_mirrors_and_is_the_best_of_those_that_do_not() -> None:
    mirrored = FACE * (-1, 1)
    found = similarity(FACE, mirrored)
    assert np.linalg.det(found[:, :2]) > 0

    def error(matrix: Float64Array) -> float:
        return float(((FACE @ matrix[:, :2].T + matrix[:, 2] - mirrored) ** 2).sum())

    rng = np.random.default_rng(0)
    for _ in range(200):
        angle, scale = rng.normal(0, 0.1), rng.normal(1, 0.1)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        other = np.column_stack([scale * turn @ found[:, :2], found[:, 2] + rng.normal(0, 1, 2)])
        assert error(other) >= error(found)


def test_points_that_tell_nothing_are_refused() -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    with pytest.raises(ValueError, match="5 points"):
        align_face(picture, [(1.0, 2.0)])
    with pytest.raises(ValueError, match="one place"):
        align_face(picture, [(3.0, 3.0)] * 5)


def test_it_agrees_with_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    points = turned(20, 1.2, (150, 140))
    rng = np.random.default_rng(1)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (300, 300, 3), dtype=np.uint8), (0, 0), 3)
    expected = cv2.warpAffine(picture, similarity(points, FACE), (112, 112))
    aligned = align_face(picture, [tuple(point) for point in points])
    assert np.abs(aligned.astype(int) - expected).max() <= 3
