"""The one resize."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vidclf.video import Resizer, resize_frames

_RNG = np.random.default_rng(0)
_NOISE = _RNG.integers(0, 256, (3, 48, 64, 3), dtype=np.uint8)


def _area_weights(large: int, small: int) -> npt.NDArray[np.float64]:
    """(small, large): the share of each pixel in each larger one that covers it."""
    edges = np.arange(small + 1) * large / small
    low, high = np.maximum(edges[:-1, None], np.arange(large)), np.minimum(edges[1:, None], np.arange(large) + 1)
    return np.maximum(high - low, 0) * small / large


@pytest.mark.parametrize("size", [(12, 16), (20, 30), (33, 21), (47, 63), (1, 5)])
def test_shrinking_weighs_every_pixel_by_the_area_that_it_covers(size: tuple[int, int]) -> None:
    rows, columns = _area_weights(48, size[0]), _area_weights(64, size[1])
    exact = np.einsum("yh,thwc,xw->tyxc", rows, _NOISE.astype(float), columns)
    assert np.abs(resize_frames(_NOISE, size) - exact).max() < 2


@pytest.mark.parametrize("size", [(7, 9), (48, 20), (96, 128), (100, 10), (1, 1)])
@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (17, 99, 201)])
def test_flat_colours_stay_exact(size: tuple[int, int], colour: tuple[int, int, int]) -> None:
    flat = np.broadcast_to(np.array(colour, np.uint8), (1, 48, 64, 3))
    resized = resize_frames(flat, size)
    assert resized.shape == (1, *size, 3)
    assert np.unique(resized.reshape(-1, 3), axis=0).tolist() == [list(colour)]


def test_the_same_size_is_the_same_array() -> None:
    assert resize_frames(_NOISE, (48, 64)) is _NOISE


def test_enlarging_is_smooth() -> None:
    ramp = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8)[None, :, None], (16, 16, 3))
    steps = np.diff(Resizer().resize(ramp, (16, 128))[8, :, 0].astype(int))
    assert steps.min() >= 0
    assert steps.max() <= 2


def test_a_crop_gives_what_its_copy_gives() -> None:
    crop = _NOISE[:, 3:40, 5:60][:, :, ::-1]
    assert not crop.flags.c_contiguous
    assert np.array_equal(resize_frames(crop, (16, 16)), resize_frames(crop.copy(), (16, 16)))


def test_one_resizer_for_many_sizes_gives_what_fresh_ones_give() -> None:
    shared = Resizer()
    for _ in range(2):
        for image in (_NOISE[0], _NOISE[1, :20], _NOISE[2, :, :30]):
            assert np.array_equal(shared.resize(image, (11, 13)), Resizer().resize(image, (11, 13)))


def test_wrong_input_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="image must be uint8 RGB"):
        Resizer().resize(_NOISE[0].astype(float), (4, 4))
    with pytest.raises(ValueError, match="size must be"):
        Resizer().resize(_NOISE[0], (0, 4))
    with pytest.raises(ValueError, match="frames must be"):
        resize_frames(_NOISE[0], (4, 4))
