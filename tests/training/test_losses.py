"""Losses of embedders, recomputed with plain loops."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from vidclf.config import make_config
from vidclf.training.losses import Contrastive, EmbeddingLoss, Prototypical, Triplet, every_other
from vidclf.training.mining import CollapseGuard, spread


def batch(identities: int = 4, samples: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    torch.manual_seed(seed)
    vectors = torch.nn.functional.normalize(torch.randn(identities * samples, 5), dim=1)
    return vectors, torch.arange(identities).repeat_interleave(samples)


def distance(a: Tensor, b: Tensor) -> float:
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a.tolist(), b.tolist(), strict=True)))


def mean(losses: list[float]) -> float:
    losing = [loss for loss in losses if loss > 0]
    return sum(losing) / max(1, len(losing))


def test_contrastive_weighs_pairs_across_the_legs() -> None:
    vectors, labels = batch()
    left = every_other(labels)
    same, different = [], []
    for i, j in itertools.product(range(12), range(12)):
        if left[i] and not left[j]:
            apart = distance(vectors[i], vectors[j])
            if labels[i] == labels[j]:
                same.append(apart**2)
            else:
                different.append(max(0.0, 1.1 - apart) ** 2)
    assert float(Contrastive(1.1)(vectors, labels, left)) == pytest.approx(mean(same) + mean(different), rel=1e-5)


@pytest.mark.parametrize("mining", ["all", "hard", "semi-hard"])
@pytest.mark.parametrize("margin", [0.3, None])
def test_triplets_of_each_mining(mining: Any, margin: float | None) -> None:
    vectors, labels = batch()
    losses = []

    def lose(own: float, other: float) -> None:
        losses.append(math.log1p(math.exp(own - other)) if margin is None else max(0.0, own - other + margin))

    for anchor in range(12):
        own = [
            distance(vectors[anchor], vectors[i]) for i in range(12) if labels[i] == labels[anchor] and i != anchor
        ]
        others = [distance(vectors[anchor], vectors[i]) for i in range(12) if labels[i] != labels[anchor]]
        if mining == "hard":
            lose(max(own), min(others))
            continue
        for near, far in itertools.product(own, others):
            if mining == "all" or near < far <= near + (2.0 if margin is None else margin):
                lose(near, far)
    loss = Triplet(margin, mining).eval()
    assert float(loss(vectors, labels, every_other(labels))) == pytest.approx(mean(losses), rel=1e-4)


def test_prototypes_are_means_of_the_other_half() -> None:
    vectors, labels = batch(samples=4)
    left = every_other(labels)
    assert left.tolist() == [True, False] * 8
    halves = []
    for support in (left, ~left):
        losses = []
        for query in (~support).nonzero()[:, 0].tolist():
            logits = []
            for identity in range(4):
                prototype = vectors[support & (labels == identity)].mean(dim=0)
                logits.append(-7.0 / 2 * distance(vectors[query], prototype) ** 2)
            losses.append(math.log(sum(map(math.exp, logits))) - logits[int(labels[query])])
        halves.append(sum(losses) / len(losses))
    assert float(Prototypical(7.0)(vectors, labels, left)) == pytest.approx(sum(halves) / 2, rel=1e-5)


def test_who_asks_without_an_example_is_left_out() -> None:
    vectors, labels = batch(samples=2)
    alone = torch.tensor([0, 2, 3, 4, 5])  # the first identity has one clip only
    left = every_other(labels[alone])
    loss = Prototypical(5.0)(vectors[alone], labels[alone], left)
    assert torch.isfinite(loss)
    assert float(Prototypical(5.0)(vectors[:1], labels[:1], every_other(labels[:1]))) == 0


def test_the_classifier_is_a_share_of_the_loss_with_its_margin() -> None:
    tree = {"model": {"embedding_dim": 5, "loss": "prototypical"}, "embed": {"scale": 6, "classifier": 0.25}}
    torch.manual_seed(0)
    loss = EmbeddingLoss(make_config({"task": "embed", **tree}), 7)
    vectors, labels = batch()
    left = every_other(labels)
    weights = torch.nn.functional.normalize(loss.classify.W.detach(), dim=0)  # type: ignore[union-attr, operator]
    logits = 6 * (vectors @ weights - 0.1 * torch.nn.functional.one_hot(labels, 7))
    rows = zip(logits.tolist(), labels.tolist(), strict=True)
    own = [math.log(sum(map(math.exp, row))) - row[label] for row, label in rows]
    expected = 0.75 * float(Prototypical(6)(vectors, labels, left)) + 0.25 * sum(own) / len(own)
    assert loss(vectors, labels, left).item() == pytest.approx(expected, rel=1e-5)


def test_every_other_clip_of_each_identity() -> None:
    assert every_other(torch.tensor([3, 1, 3, 3, 1, 2])).tolist() == [True, True, False, True, False, True]


def collapsing(step: int) -> Tensor:
    torch.manual_seed(step)
    noise = 0.9**step * torch.randn(12, 5)
    return torch.nn.functional.normalize(torch.ones(12, 5) + noise, dim=1)


def test_a_collapse_is_told_said_and_answered_with_semi_hard_triplets(caplog: pytest.LogCaptureFixture) -> None:
    labels = batch()[1]
    loss = Triplet(0.2, "hard").train()
    for step in range(100):
        loss(collapsing(step), labels, every_other(labels))
    assert bool(loss.guard.collapsed)
    assert len(caplog.records) == 1
    assert "collapsing" in caplog.text
    assert "semi-hard" in caplog.text
    vectors, _ = batch(seed=3)
    semi_hard = Triplet(0.2, "semi-hard").eval()(vectors, labels, every_other(labels))
    assert float(loss(vectors, labels, every_other(labels))) == pytest.approx(float(semi_hard))
    resumed = Triplet(0.2, "hard")
    resumed.load_state_dict(loss.state_dict())
    assert bool(resumed.guard.collapsed)


def test_vectors_that_keep_apart_or_a_loss_that_falls_are_no_collapse() -> None:
    guard = CollapseGuard(0.2)
    for step in range(200):
        vectors, _ = batch(seed=step)
        assert not guard.watch(torch.tensor(0.2), vectors)  # hard to learn, and yet spread out
    guard = CollapseGuard(0.2)
    assert not any(guard.watch(torch.tensor(0.01), collapsing(step)) for step in range(200))


def test_the_spread_is_zero_where_all_are_the_same() -> None:
    assert float(spread(torch.eye(4)[:1].expand(6, 4))) == 0
    assert float(spread(torch.cat([torch.eye(4), -torch.eye(4)]))) == pytest.approx(1)
