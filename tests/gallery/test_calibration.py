"""A threshold from pairs, counted again by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidclf.errors import TooFewPairsError
from vidclf.gallery.calibration import binomial_interval, calibrate, equal_error_rate
from vidclf.types import Float32Array, IntArray


def draw(seed: int, people: int, templates: int, impostors: int) -> tuple[Float32Array, IntArray, Float32Array]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(people, 8)).repeat(templates, axis=0)
    vectors = np.vstack([centres + 0.7 * rng.normal(size=centres.shape), rng.normal(size=(impostors, 8))])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return vectors[: len(centres)], np.arange(people).repeat(templates), vectors[len(centres) :]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 1000), st.integers(4, 9), st.integers(1, 4), st.integers(0, 20), st.sampled_from([0.3, 0.5, 0.9])
)
def test_rates_are_what_counting_gives(seed: int, people: int, templates: int, impostors: int, far: float) -> None:
    vectors, owners, others = draw(seed, people, templates, impostors)
    genuine, different = [], [float(vector @ other) for vector in vectors for other in others]
    for one, other in combinations(range(len(vectors)), 2):
        (genuine if owners[one] == owners[other] else different).append(float(vectors[one] @ vectors[other]))
    if len(different) < 30 / far:
        with pytest.raises(TooFewPairsError, match=f"there are {len(different):,}"):
            calibrate(vectors, owners, others, far)
        return
    found = calibrate(vectors, owners, others, far)
    accepted = np.mean(np.array(different, np.float32) >= found.threshold)
    assert found.num_impostor_pairs == len(different)
    assert found.num_genuine_pairs == len(genuine)
    assert found.far == pytest.approx(accepted, abs=1.5 / len(different))  # one pair may round over the threshold
    assert found.far <= far
    # The lowest such threshold: one more pair would be too many.
    assert found.far + 1 / len(different) > far
    if genuine:
        assert found.frr == pytest.approx(np.mean(np.array(genuine) < found.threshold), abs=1.5 / len(genuine))
        assert found.frr_interval is not None
        assert found.frr_interval[0] <= found.frr <= found.frr_interval[1]
    else:
        assert found.frr is found.frr_interval is found.eer is found.eer_interval is None


def test_the_equal_error_rate_of_kinds_that_are_apart_is_zero_and_of_one_kind_a_half() -> None:
    low, high = np.linspace(0, 0.4, 50, dtype=np.float32), np.linspace(0.5, 1, 40, dtype=np.float32)
    assert equal_error_rate(high, low) == 0
    assert equal_error_rate(low, low) == pytest.approx(0.5, abs=0.02)


def test_intervals_are_those_of_clopper_and_pearson() -> None:
    assert binomial_interval(0, 100) == pytest.approx((0, 0.0362), abs=1e-4)  # from their table
    assert binomial_interval(10, 100) == pytest.approx((0.0490, 0.1762), abs=1e-4)
    assert binomial_interval(100, 100) == pytest.approx((0.9638, 1), abs=1e-4)


def test_of_very_many_templates_some_people_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidclf.gallery.calibration._MOST_TEMPLATES", 30)
    vectors, owners, others = draw(0, 40, 3, 0)
    found = calibrate(vectors, owners, others, 0.1)
    assert found.num_genuine_pairs == 30  # 10 whole people of 3 templates
    assert found.num_impostor_pairs == 10 * 9 // 2 * 9
