from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from vidclf.metrics import ClassificationScores, classification_scores

CLASSES = ("left", "right", "wave", "push", "pull", "circle", "none")


def made_up(num_clips: int, num_classes: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(num_classes), size=num_clips)
    labels = rng.integers(num_classes, size=num_clips)
    probabilities[np.arange(num_clips), labels] += 0.15
    return probabilities / probabilities.sum(axis=1, keepdims=True), labels


def test_scores_agree_with_plain_counting():
    probabilities, labels = made_up(120, 7)
    scores = classification_scores(probabilities, labels, CLASSES, resamples=100)
    confusion = [[0] * 7 for _ in range(7)]
    correct = top5 = 0
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        best_first = sorted(range(7), key=lambda k: -row[k])
        confusion[label][best_first[0]] += 1
        correct += best_first[0] == label
        top5 += label in best_first[:5]
    assert scores.accuracy == pytest.approx(correct / 120)
    assert scores.top5 == pytest.approx(top5 / 120)
    assert [list(row) for row in scores.confusion] == confusion
    assert scores.num_clips == 120
    assert scores.auc is None
    for k, row in enumerate(scores.per_class):
        assert row.label == CLASSES[k]
        assert row.support == sum(confusion[k])
        assert row.recall == pytest.approx(confusion[k][k] / row.support)
        assert row.precision == pytest.approx(confusion[k][k] / sum(c[k] for c in confusion))
        assert row.f1 == pytest.approx(2 * row.precision * row.recall / (row.precision + row.recall))


def test_agrees_with_scikit_learn():
    probabilities, labels = made_up(200, 7, seed=3)
    scores = classification_scores(probabilities, labels, CLASSES, resamples=10)
    predicted = probabilities.argmax(axis=1)
    assert scores.macro_f1 == pytest.approx(sk.f1_score(labels, predicted, average="macro"))
    assert scores.top5 == pytest.approx(sk.top_k_accuracy_score(labels, probabilities, k=5))


def test_auc_is_the_share_of_pairs_in_order_and_the_same_from_both_sides():
    probabilities, labels = made_up(60, 2)
    probabilities = np.round(probabilities, 1)  # with ties
    scores = classification_scores(probabilities, labels, ("no", "fight"), resamples=10)
    pairs = [
        1.0 if p > n else 0.5 if p == n else 0.0
        for p in probabilities[labels == 1, 1]
        for n in probabilities[labels == 0, 1]
    ]
    assert scores.auc == pytest.approx(sum(pairs) / len(pairs))
    swapped = classification_scores(probabilities[:, ::-1], 1 - labels, ("fight", "no"), resamples=10)
    assert swapped.auc == pytest.approx(scores.auc)


def test_auc_needs_both_classes_in_the_truth():
    scores = classification_scores(np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([1, 1]), ("no", "fight"))
    assert scores.auc is None


def test_an_absent_class_scores_nothing_and_does_not_lower_macro_f1():
    scores = classification_scores(np.eye(3)[[0, 1, 1]], np.array([0, 1, 1]), ("a", "b", "c"))
    assert scores.macro_f1 == 1.0
    absent = scores.per_class[2]
    assert (absent.precision, absent.recall, absent.f1, absent.support) == (0, 0, 0, 0)
    assert scores.ci95 == (1.0, 1.0)


def test_one_clip_one_class():
    scores = classification_scores(np.array([[1.0]]), np.array([0]), ("only",))
    assert (scores.accuracy, scores.top5, scores.macro_f1) == (1.0, 1.0, 1.0)
    assert scores.confusion == ((1,),)
    assert scores.ci95_over == "clips"


def test_equals_are_won_by_the_first():
    scores = classification_scores(np.full((2, 7), 1 / 7), np.array([0, 5]), CLASSES)
    assert scores.accuracy == 0.5
    assert scores.top5 == 0.5


def test_interval_is_over_groups_and_wider_where_they_agree_within():
    labels = np.zeros(120, dtype=np.int64)
    probabilities = np.eye(2)[np.repeat([0, 1, 0, 0, 1, 0], 20)]
    groups = [f"performer {n // 20}" for n in range(120)]
    by_group = classification_scores(probabilities, labels, ("a", "b"), groups=groups)
    by_clip = classification_scores(probabilities, labels, ("a", "b"))
    assert (by_group.ci95_over, by_clip.ci95_over) == ("groups", "clips")
    assert np.ptp(by_group.ci95) > 2 * np.ptp(by_clip.ci95)
    assert by_group.accuracy == by_clip.accuracy


def test_json_holds_exactly_these_and_survives_a_round_trip():
    probabilities, labels = made_up(20, 2)
    scores = classification_scores(probabilities, labels, ("no", "fight"))
    document = json.loads(json.dumps(scores.to_json(), allow_nan=False))
    assert set(document) == {
        "accuracy",
        "top5",
        "macro_f1",
        "auc",
        "ci95",
        "ci95_over",
        "per_class",
        "confusion",
        "classes",
        "num_clips",
    }
    assert set(document["per_class"][0]) == {"label", "precision", "recall", "f1", "support"}
    assert document["confusion"] == [list(row) for row in scores.confusion]
    assert document["classes"] == ["no", "fight"]


@given(num_clips=st.integers(1, 25), num_classes=st.integers(1, 8), seed=st.integers(0, 10_000), data=st.data())
def test_laws(num_clips, num_classes, seed, data):
    probabilities, labels = made_up(num_clips, num_classes, seed)
    classes = [f"class {k}" for k in range(num_classes)]

    def scored(clips=slice(None), order=slice(None), labels=labels) -> ClassificationScores:
        return classification_scores(
            probabilities[clips][:, order], labels[clips], [classes[k] for k in np.arange(num_classes)[order]],
            resamples=40,
        )  # fmt: skip

    scores = scored()
    assert 0 <= scores.ci95[0] <= scores.ci95[1] <= 1
    assert 0 <= scores.accuracy <= scores.top5 <= 1
    assert 0 <= scores.macro_f1 <= 1
    assert np.sum(scores.confusion) == num_clips
    assert np.trace(scores.confusion) == round(scores.accuracy * num_clips)
    if num_classes <= 5:
        assert scores.top5 == 1

    shuffled = scored(clips=data.draw(st.permutations(range(num_clips))))
    assert shuffled.confusion == scores.confusion
    assert shuffled.per_class == scores.per_class
    assert shuffled.top5 == scores.top5

    order = data.draw(st.permutations(range(num_classes)))
    renamed = scored(order=order, labels=np.argsort(order)[labels])
    assert renamed.accuracy == scores.accuracy
    assert renamed.macro_f1 == pytest.approx(scores.macro_f1)
    assert {row.label: row.f1 for row in renamed.per_class} == pytest.approx(
        {row.label: row.f1 for row in scores.per_class}
    )


@pytest.mark.parametrize(
    ("probabilities", "labels", "said"),
    [
        (np.zeros((0, 2)), np.zeros(0, dtype=int), "no clips"),
        (np.ones((3, 3)), np.zeros(3, dtype=int), r"\(N, 2\), not \(3, 3\)"),
        (np.ones(3), np.zeros(3, dtype=int), r"\(N, 2\), not \(3,\)"),
        (np.ones((3, 2)), np.zeros(4, dtype=int), r"\(3,\), one for each row of probabilities, not \(4,\)"),
        (np.ones((3, 2)), np.zeros(3), "must be integers.*float64"),
        (np.ones((3, 2)), np.array([0, 2, 1]), "label of clip 1 is 2, but with 2 classes.*0 to 1"),
        (np.ones((3, 2)), np.array([0, 0, -1]), "label of clip 2 is -1"),
        (
            np.array([[1, 0], [np.nan, 1], [np.inf, 0]]),
            np.zeros(3, dtype=int),
            "2 of 3 clips are not finite, the first is clip 1",
        ),
    ],
)
def test_refuses_with_a_sentence(probabilities, labels, said):
    with pytest.raises(ValueError, match=said):
        classification_scores(probabilities, labels, ("a", "b"))


def test_refuses_another_number_of_groups():
    with pytest.raises(ValueError, match="2 groups for 3 clips"):
        classification_scores(np.ones((3, 2)), np.zeros(3, dtype=int), ("a", "b"), groups=["x", "y"])
