from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidclf.metrics import bootstrap_interval
from vidclf.types import Float64Array


def mean_of(values: Float64Array):
    return lambda drawn: (drawn @ values) / drawn.sum(axis=1)


def naive_group_means(values: Float64Array, groups: list[str], resamples: int, seed: int) -> Float64Array:
    """The means of resamples of groups, by plain loops and with the draws of the same generator."""
    names = sorted(set(groups))
    rng = np.random.default_rng(seed)
    means = []
    for drawn in rng.integers(len(names), size=(resamples, len(names))):
        picked = [value for d in drawn for value, g in zip(values, groups, strict=True) if g == names[d]]
        means.append(sum(picked) / len(picked))
    return np.array(means)


def test_group_interval_equals_plain_loops():
    values = np.array([1.0, 0, 0, 1, 1, 1, 0])
    groups = ["b", "b", "a", "a", "a", "c", "d"]
    interval = bootstrap_interval(mean_of(values), 7, groups=groups, resamples=300, seed=4)
    expected = np.quantile(naive_group_means(values, groups, 300, 4), [0.025, 0.975])
    assert [interval.low, interval.high] == pytest.approx(expected)
    assert interval.over == "groups"


def test_interval_of_a_mean_agrees_with_its_standard_error():
    values = np.random.default_rng(0).normal(size=400)
    interval = bootstrap_interval(mean_of(values), 400, resamples=4000)
    half = 1.96 * values.std() / np.sqrt(400)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.01)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.01)


def test_draws_are_the_same_however_they_are_batched(monkeypatch):
    values = np.random.default_rng(1).normal(size=30)
    whole = bootstrap_interval(mean_of(values), 30, resamples=500, seed=2)
    monkeypatch.setattr("vidclf.metrics.bootstrap._BATCH_VALUES", 30 * 7)
    assert bootstrap_interval(mean_of(values), 30, resamples=500, seed=2) == whole


def test_groups_that_agree_within_themselves_make_the_interval_wider():
    values = np.repeat([1.0, 0, 1, 0, 1, 1], 20)
    groups = [name for name in "abcdef" for _ in range(20)]
    by_group = bootstrap_interval(mean_of(values), len(values), groups=groups)
    by_clip = bootstrap_interval(mean_of(values), len(values))
    assert by_group.high - by_group.low > 2 * (by_clip.high - by_clip.low)


def test_a_single_group_is_resampled_by_clips():
    values = np.array([0.0, 1, 1, 0, 1])
    assert bootstrap_interval(mean_of(values), 5, groups=["a"] * 5) == bootstrap_interval(mean_of(values), 5)


def test_other_statistics_and_undefined_resamples():
    values = np.array([1.0, 2, 3])
    undefined_without_the_first = lambda drawn: np.where(drawn[:, 0] > 0, drawn.max(axis=1), np.nan)  # noqa: E731
    interval = bootstrap_interval(undefined_without_the_first, 3)
    assert 1 <= interval.low <= interval.high <= 3
    never = bootstrap_interval(lambda drawn: np.full(len(drawn), np.nan), len(values))
    assert np.isnan(never.low)
    assert np.isnan(never.high)


@given(
    values=st.lists(st.floats(-100, 100), min_size=1, max_size=30),
    seed=st.integers(0, 1000),
    confidence=st.sampled_from([0.5, 0.9, 0.95]),
)
def test_a_mean_stays_within_the_values_and_repeats(values, seed, confidence):
    array = np.array(values)
    first = bootstrap_interval(mean_of(array), len(array), seed=seed, confidence=confidence, resamples=50)
    assert min(values) - 1e-9 <= first.low <= first.high <= max(values) + 1e-9
    assert first == bootstrap_interval(mean_of(array), len(array), seed=seed, confidence=confidence, resamples=50)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"num_clips": 0}, "at least one clip"),
        ({"groups": ["a"]}, "1 groups for 3 clips"),
        ({"confidence": 1.0}, "between 0 and 1, not 1.0"),
        ({"resamples": 0}, "at least 1, not 0"),
    ],
)
def test_refuses(changed, said):
    arguments = {"statistic": mean_of(np.ones(3)), "num_clips": 3, **changed}
    with pytest.raises(ValueError, match=said):
        bootstrap_interval(**arguments)
