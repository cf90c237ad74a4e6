"""Embedders: vectors of length one, and two legs that are one network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from vidclf.config import make_config
from vidclf.infer import Predictor, save
from vidclf.infer.trained_embedder import save_embedder
from vidclf.models import (
    ClipEmbedder,
    SiameseNetwork,
    euclidean_distances,
    initial_embedder,
    make_classifier,
    make_embedder,
)


def make(frames: int = 4, **model: Any) -> ClipEmbedder:
    config = make_config(
        {"model": {"embedding_dim": 12, "hidden": 8, **model}, "prep": {"size": 32, "frames": frames}}
    )
    torch.manual_seed(0)
    return make_embedder(config.model, config.prep)[0].eval()


@pytest.mark.parametrize("head", ["frame", "lstm", "bilstm", "attention"])
def test_vectors_have_length_one_and_padding_changes_none(head: str) -> None:
    network = make(head=head)
    clips, lengths = torch.randn(3, 6, 3, 32, 32), torch.tensor([6, 2, 1])
    vectors = network(clips, lengths)
    assert vectors.shape == (3, 12)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(network(clips[1:2, :2], lengths[1:2]), vectors[1:2], rtol=0, atol=1e-5)


def test_the_drawing_network_takes_any_size() -> None:
    for size in (8, 35, 112):
        config = make_config(
            {"model": {"backbone": "residual_grid", "head": "frame"}, "prep": {"size": size, "frames": 1}}
        )
        network, preprocessing = make_embedder(config.model, config.prep)
        picture = torch.randn(2, 1, preprocessing.channels, size, size)
        assert network(picture, torch.ones(2, dtype=torch.int64)).shape == (2, config.model.embedding_dim)


@torch.no_grad()
def test_the_legs_share_their_weights_and_give_euclidean_distances() -> None:
    leg = make()
    siamese = SiameseNetwork(leg)
    assert sum(p.numel() for p in siamese.parameters()) == sum(p.numel() for p in leg.parameters())
    left, right = torch.randn(2, 4, 3, 32, 32), torch.randn(3, 4, 3, 32, 32)
    two, three = torch.tensor([4, 3]), torch.tensor([4, 4, 2])
    distances = siamese(left, two, right, three)
    one, other = leg(left, two), leg(right, three)
    naive = torch.tensor([[float((a - b).norm()) for b in other] for a in one])
    torch.testing.assert_close(distances, naive, rtol=0, atol=1e-5)
    torch.testing.assert_close(siamese(right, three, left, two), distances.T, rtol=0, atol=1e-5)
    assert siamese(left[:1], two[:1], left[:1], two[:1]).item() == pytest.approx(0, abs=1e-3)


def test_equal_vectors_have_a_gradient_of_zero() -> None:
    vectors = torch.ones(2, 3, requires_grad=True)
    euclidean_distances(vectors, vectors).sum().backward()
    assert vectors.grad is not None
    assert torch.equal(vectors.grad, torch.zeros(2, 3))


def test_a_training_may_begin_with_a_classifier_or_an_embedder(tmp_path: Path) -> None:
    config = make_config({"model": {"embedding_dim": 12, "hidden": 8}, "prep": {"size": 32, "frames": 4}})
    classifier, preprocessing = make_classifier(config.model, config.prep, 3)
    save(tmp_path / "a", Predictor(classifier, preprocessing, "abc", torch.device("cpu")), config.model, {})
    embedder, _ = make_embedder(config.model, config.prep)
    save_embedder(tmp_path / "b", embedder, preprocessing, config.model, {})

    model = config.model.model_copy(update={"init_from": str(tmp_path / "a")})
    begun, _ = initial_embedder(model, config.prep)
    name = "backbone.network.0.weight"
    assert torch.equal(begun.state_dict()[name], classifier.state_dict()[name])
    assert begun.state_dict()["head.classifier.weight"].shape[0] == 12

    model = config.model.model_copy(update={"init_from": str(tmp_path / "b")})
    again, _ = initial_embedder(model, config.prep)
    assert all(torch.equal(tensor, embedder.state_dict()[key]) for key, tensor in again.state_dict().items())
