from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vidclf.metrics import fit_temperature, reliability, tempered


def drawn(num_clips: int, num_classes: int = 4, seed: int = 0):
    """Probabilities, and labels that are drawn from them: calibrated but for chance."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(num_classes, 0.6), size=num_clips)
    labels = (rng.random((num_clips, 1)) > probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return probabilities, labels


def likelihood(probabilities, labels) -> float:
    return float(np.log(probabilities[np.arange(len(labels)), labels]).mean())


def test_the_error_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.92, 0.08], [0.3, 0.7], [0.55, 0.45]])
    found = reliability(probabilities, np.array([0, 1, 1, 1]))
    # (13/15, 14/15] holds two clips, one of them right; the others stand alone.
    assert [(row.clips, row.confidence, row.accuracy) for row in found.bins] == [
        (1, pytest.approx(0.55), 0.0),
        (1, pytest.approx(0.7), 1.0),
        (2, pytest.approx(0.91), 0.5),
    ]
    assert found.ece == pytest.approx((0.55 + 0.3 + 2 * 0.41) / 4)


def test_a_bin_holds_its_upper_end_and_the_ends_of_the_scale_have_one():
    found = reliability(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.75, 0.25, 0.0]]), np.array([0, 0, 0]), bins=4)
    assert [(row.low, row.high, row.clips) for row in found.bins] == [(0.25, 0.5, 1), (0.5, 0.75, 1), (0.75, 1.0, 1)]


def test_calibrated_clips_have_hardly_an_error_and_need_no_temperature():
    probabilities, labels = drawn(20_000)
    assert reliability(probabilities, labels).ece < 0.02
    assert fit_temperature(probabilities, labels) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("wrong_by", [0.25, 3.0])
def test_a_temperature_is_found_and_mends_the_error(wrong_by):
    calibrated, labels = drawn(20_000)
    probabilities = tempered(calibrated, wrong_by)
    temperature = fit_temperature(probabilities, labels)
    assert temperature == pytest.approx(1 / wrong_by, rel=0.03)
    mended = tempered(probabilities, temperature)
    assert reliability(mended, labels).ece < 0.2 * reliability(probabilities, labels).ece
    assert np.array_equal(mended.argmax(axis=1), probabilities.argmax(axis=1))


def test_no_temperature_makes_the_clips_likelier():
    probabilities, labels = drawn(40, seed=5)
    temperature = fit_temperature(probabilities, labels)
    assert temperature is not None
    best = likelihood(tempered(probabilities, temperature), labels)
    for other in np.geomspace(0.05, 20, 60):
        assert likelihood(tempered(probabilities, other), labels) <= best + 1e-12


def test_where_the_clips_do_not_tell_there_is_none():
    surely = np.array([[0.8, 0.2], [0.3, 0.7]])
    assert fit_temperature(surely, np.array([0, 1])) is None  # the sharper the better
    assert fit_temperature(surely, np.array([1, 0])) is None  # the flatter the better
    assert fit_temperature(np.full((3, 4), 0.25), np.array([0, 1, 2])) is None


def test_a_class_that_was_ruled_out_is_no_division_by_nothing():
    temperature = fit_temperature(np.array([[1.0, 0.0], [0.9, 0.1], [0.8, 0.2]]), np.array([1, 0, 0]))
    assert temperature is None or 0.05 <= temperature <= 20


@given(
    weights=hnp.arrays(float, st.tuples(st.integers(1, 6), st.integers(2, 5)), elements=st.floats(1e-6, 1)),
    temperature=st.floats(0.05, 20),
)
def test_tempering_keeps_sums_and_order(weights, temperature):
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    scaled = tempered(probabilities, temperature)
    assert scaled.sum(axis=1) == pytest.approx(1)
    order = np.argsort(probabilities, axis=1)
    assert np.all(np.diff(np.take_along_axis(scaled, order, axis=1), axis=1) >= 0)
    logits = np.log(probabilities) / temperature
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(scaled, expected / expected.sum(axis=1, keepdims=True), rtol=1e-9)
