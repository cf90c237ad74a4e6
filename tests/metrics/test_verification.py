"""Scores of pairs, against plain loops and what others compute."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN

from vidclf.metrics import pair_interval, retrieval, roc, threshold_at_fpir
from vidclf.types import BoolArray, Float32Array, IntArray


def people(count: int, pictures: int, spread: float) -> tuple[Float32Array, IntArray]:
    rng = np.random.default_rng(count)
    identities = np.repeat(np.arange(count), pictures)
    vectors = rng.normal(size=(count, 16))[identities] + spread * rng.normal(size=(count * pictures, 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), identities


def pairs_of(vectors: Float32Array, identities: IntArray) -> tuple[Float32Array, BoolArray, IntArray, IntArray]:
    first, second = np.triu_indices(len(identities), 1)
    same = identities[first] == identities[second]
    return (vectors @ vectors.T)[first, second], same, identities[first], identities[second]


@given(
    hnp.arrays(np.float64, 40, elements=st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75, 1.0])),
    hnp.arrays(np.bool_, 40).filter(lambda same: same.any() and not same.all()),
)
def test_the_curve_is_what_counting_gives(similarities: np.ndarray, same: np.ndarray) -> None:
    found = roc(similarities, same)
    for threshold, far, tar in zip(found.thresholds, found.far, found.tar, strict=True):
        assert far == pytest.approx(np.mean(similarities[~same] >= threshold))
        assert tar == pytest.approx(np.mean(similarities[same] >= threshold))
    wins = [(a > b) + (a == b) / 2 for a in similarities[same] for b in similarities[~same]]
    assert found.auc == pytest.approx(np.mean(wins))
    gaps = np.abs(1 - found.tar - found.far)[1:]
    at = found.eer_threshold
    wrong = np.mean(similarities[same] < at), np.mean(similarities[~same] >= at)
    assert found.eer == pytest.approx(np.mean(wrong))
    assert abs(wrong[0] - wrong[1]) == pytest.approx(gaps.min())


def test_perfect_and_reversed_similarities() -> None:
    same = np.array([True, True, False, False])
    best = roc(np.array([0.9, 0.8, 0.1, 0.2]), same)
    assert (best.auc, best.eer) == (1.0, 0.0)
    assert best.eer_threshold == pytest.approx(0.5)
    assert roc(np.array([0.1, 0.2, 0.9, 0.8]), same).auc == 0.0


def test_rates_that_the_pairs_cannot_tell_are_not_given() -> None:
    similarities, same, *_ = pairs_of(*people(10, 5, 0.8))
    found = roc(similarities, same)
    assert found.num_different == (~same).sum() == 1125
    assert found.tar_at(1e-4) is None
    allowed = found.tar_at(0.01)
    threshold = np.sort(similarities[~same])[::-1][int(0.01 * 1125)]
    assert allowed == pytest.approx(np.mean(similarities[same] > threshold))
    with pytest.raises(ValueError, match="same"):
        roc(similarities, np.ones(len(same), np.bool_))


def test_the_interval_draws_identities_and_their_pairs() -> None:
    similarities, same, first, second = pairs_of(*people(8, 4, 1.0))
    right = (similarities >= 0.5) == same
    found = pair_interval(right, first, second, seed=3)
    assert found.low < right.mean() < found.high
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(1000):
        drawn = np.bincount(rng.integers(8, size=8), minlength=8)
        weights = np.where(first == second, drawn[first], drawn[first] * drawn[second])
        shares.append(weights @ right / weights.sum())
    assert (found.low, found.high) == pytest.approx(np.quantile(shares, [0.025, 0.975]), abs=0.015)


@given(hnp.arrays(np.float32, st.integers(1, 60), elements=st.floats(-1, 1, width=32)), st.floats(0, 1))
def test_no_more_strangers_reach_a_threshold_than_may(strangers: Float32Array, rate: float) -> None:
    threshold = threshold_at_fpir(strangers, rate)
    assert np.mean(strangers >= threshold) <= rate
    lower = strangers[strangers < threshold]
    if len(lower):  # and it is the lowest such
        assert np.mean(strangers >= lower.max()) > rate


@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0])
def test_retrieval_is_that_of_pytorch_metric_learning(spread: float) -> None:
    vectors, identities = people(12, 5, spread)
    found = retrieval(vectors, identities)
    assert found is not None
    calculator = AccuracyCalculator(
        include=("mean_average_precision_at_r", "precision_at_1"),
        knn_func=CustomKNN(CosineSimilarity()),
        device=torch.device("cpu"),
    )
    expected = calculator.get_accuracy(torch.from_numpy(vectors), torch.from_numpy(identities))
    assert found.map_at_r == pytest.approx(expected["mean_average_precision_at_r"])
    assert found.recall_at[1] == pytest.approx(expected["precision_at_1"])
    assert found.recall_at[1] <= found.recall_at[5] <= found.recall_at[10]
    assert found.num_queries == 60


def test_an_identity_with_one_vector_asks_nothing() -> None:
    vectors, identities = people(6, 1, 0.5)
    assert retrieval(vectors, identities) is None
    identities[1] = identities[0]
    found = retrieval(vectors, identities)
    assert found is not None
    assert found.num_queries == 2
