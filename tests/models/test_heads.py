from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from vidclf.config import ModelConfig
from vidclf.models.heads import make_head

FEATURES, CLASSES = 10, 4
LENGTHS = torch.tensor([5, 1, 7, 3])

KINDS = [(head, pooling) for head in ("lstm", "bilstm") for pooling in ("last", "mean", "attention")]
KINDS.append(("mean", "last"))
every_head = pytest.mark.parametrize(("head", "pooling"), KINDS)


def make(head: str, pooling: str, **more: object) -> nn.Module:
    torch.manual_seed(0)
    config = ModelConfig.model_validate({"head": head, "pooling": pooling, "hidden": 6, **more})
    return make_head(config, FEATURES, CLASSES).eval()


def features() -> Tensor:
    return torch.randn(len(LENGTHS), 7, FEATURES, generator=torch.Generator().manual_seed(1))


@every_head
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("hidden", [1, 6])
def test_features_over_time_become_logits(head: str, pooling: str, layers: int, hidden: int) -> None:
    logits = make(head, pooling, layers=layers, hidden=hidden)(features(), LENGTHS)
    assert logits.shape == (4, CLASSES)
    assert logits.isfinite().all()


@every_head
@pytest.mark.parametrize("garbage", [0.0, 3.0, 1e30, float("inf"), float("nan")])
def test_what_stands_on_padding_changes_nothing(head: str, pooling: str, garbage: float) -> None:
    network, clean = make(head, pooling, layers=2), features()
    dirty = clean.clone()
    for row, length in zip(dirty, LENGTHS, strict=True):
        row[length:] = garbage
    longer = torch.cat([dirty, torch.full((4, 5, FEATURES), garbage)], dim=1)
    expected = network(clean, LENGTHS)
    torch.testing.assert_close(network(dirty, LENGTHS), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(network(longer, LENGTHS), expected, atol=1e-5, rtol=0)


@every_head
def test_a_clip_gets_the_same_logits_in_any_company(head: str, pooling: str) -> None:
    network, batch = make(head, pooling), features()
    together = network(batch, LENGTHS)
    for index, length in enumerate(LENGTHS):
        alone = network(batch[index : index + 1, :length], LENGTHS[index : index + 1])
        torch.testing.assert_close(alone[0], together[index], atol=1e-5, rtol=0)


@every_head
def test_every_valid_step_counts(head: str, pooling: str) -> None:
    network, batch = make(head, pooling), features().requires_grad_()
    network(batch, LENGTHS).square().sum().backward()
    assert batch.grad is not None
    for row, length in zip(batch.grad, LENGTHS, strict=True):
        assert (row[:length].abs().sum(dim=-1) > 0).all()
        assert not row[length:].any()


@every_head
def test_order_matters_to_all_but_the_mean(head: str, pooling: str) -> None:
    network, batch = make(head, pooling), features()
    lengths = torch.full((4,), 7)
    forwards, backwards = network(batch, lengths), network(batch.flip(1), lengths)
    assert torch.allclose(forwards, backwards, atol=1e-5) == (head == "mean")


@every_head
def test_dropout_is_for_training_alone(head: str, pooling: str) -> None:
    network, batch = make(head, pooling, dropout=0.5), features()
    assert torch.equal(network(batch, LENGTHS), network(batch, LENGTHS))
    network.train()
    assert not torch.equal(network(batch, LENGTHS), network(batch, LENGTHS))


def test_a_one_way_head_does_not_look_ahead() -> None:
    """What live recognition needs: the logits after k steps are those of the clip cut there."""
    network, batch = make("lstm", "last", layers=2), features()
    for length in range(1, 7):
        lengths = torch.full((4,), length)
        torch.testing.assert_close(network(batch, lengths), network(batch[:, :length], lengths), atol=1e-5, rtol=0)
