from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import Tensor

from vidclf import config
from vidclf.config import ModelConfig
from vidclf.errors import UsageError
from vidclf.models.heads import HEADS, Head, make_head

FEATURES, CLASSES = 10, 4
LENGTHS = torch.tensor([5, 1, 7, 3])

POOLED = ("lstm", "bilstm", "gru", "tcn")  # those that `model.pooling` is for
KINDS = [(head, pooling) for head in POOLED for pooling in get_args(config.Pooling)]
KINDS += [(head, "last") for head in HEADS if head not in POOLED]
every_head = pytest.mark.parametrize(("head", "pooling"), KINDS)

# To whom a clip played backwards is the same clip.
BLIND_TO_ORDER = {"attention", "mean", "moments", "frame"}
CAUSAL = {"lstm", "gru", "tcn", "attention", "mean"}
every_causal_head = pytest.mark.parametrize(("head", "pooling"), [kind for kind in KINDS if kind[0] in CAUSAL])


def make(head: str, pooling: str = "last", **more: object) -> Head:
    torch.manual_seed(0)
    settings = ModelConfig.model_validate({"head": head, "pooling": pooling, "hidden": 6, **more})
    return make_head(settings, FEATURES, CLASSES).eval()


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
def test_every_valid_step_counts_and_no_other(head: str, pooling: str) -> None:
    network, batch = make(head, pooling), features().requires_grad_()
    network(batch, LENGTHS).square().sum().backward()
    assert batch.grad is not None
    for row, length in zip(batch.grad, LENGTHS.tolist(), strict=True):
        counted = row.abs().sum(dim=-1) > 0
        expected = [length // 2] if head == "frame" else range(length)
        assert counted.nonzero().flatten().tolist() == list(expected)


@every_head
def test_order_matters_to_all_that_look_at_it(head: str, pooling: str) -> None:
    network, batch = make(head, pooling), features()
    lengths = torch.full((4,), 7)
    forwards, backwards = network(batch, lengths), network(batch.flip(1), lengths)
    assert torch.allclose(forwards, backwards, atol=1e-5) == (head in BLIND_TO_ORDER)


@every_head
def test_dropout_is_for_training_alone(head: str, pooling: str) -> None:
    network, batch = make(head, pooling, dropout=0.5), features()
    assert torch.equal(network(batch, LENGTHS), network(batch, LENGTHS))
    network.train()
    assert not torch.equal(network(batch, LENGTHS), network(batch, LENGTHS))


@every_causal_head
@pytest.mark.parametrize("layers", [1, 2])
def test_step_by_step_gives_what_the_clip_so_far_gives(head: str, pooling: str, layers: int) -> None:
    network = make(head, pooling, layers=layers)
    # Longer than a convolution sees, and strong enough for attention to weight steps apart.
    stream = 5 * torch.randn(3, 70, FEATURES, generator=torch.Generator().manual_seed(2))
    state = network.initial_state(3)
    for done in range(1, stream.shape[1] + 1):
        logits, state = network.step(stream[:, done - 1], state)
        if done < 10 or done % 30 == 0:
            expected = network(stream[:, :done], torch.full((3,), done))
            torch.testing.assert_close(logits, expected, atol=1e-5, rtol=0)


@every_head
def test_only_causal_heads_go_step_by_step(head: str, pooling: str) -> None:
    network = make(head, pooling)
    assert network.causal == (head in CAUSAL)
    if not network.causal:
        with pytest.raises(UsageError, match=r"whole clips.*model\.head=lstm, gru or tcn"):
            network.initial_state(1)
        with pytest.raises(UsageError, match="whole clips"):
            network.step(features()[:, 0], ((), ()))


def test_a_convolution_sees_sixty_steps_back() -> None:
    network, lengths = make("tcn", hidden=64), torch.full((1,), 70)
    stream = torch.randn(1, 70, FEATURES, generator=torch.Generator().manual_seed(3)).requires_grad_()
    network(stream, lengths).sum().backward()
    assert stream.grad is not None
    (seen,) = stream.grad.abs().sum(dim=-1) > 0
    assert seen.nonzero().flatten().tolist() == list(range(70 - 61, 70))


def test_moments_are_mean_and_deviation_over_valid_steps() -> None:
    network, batch = make("moments"), features()
    changed = batch.clone()
    changed[2] = batch[2].mean(dim=0) + 2 * (batch[2] - batch[2].mean(dim=0))  # the same mean, twice the deviation
    logits, other = network(batch, LENGTHS), network(changed, LENGTHS)
    assert torch.allclose(logits[[0, 1, 3]], other[[0, 1, 3]])
    assert not torch.allclose(logits[2], other[2], atol=1e-3)


def test_moments_learn_from_a_batch_of_one_clip() -> None:
    network = make("moments").train()
    network(features()[:1], LENGTHS[:1]).sum().backward()
    assert all(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("lstm", {"normalise", "lstm", "attention", "classifier"}),
        ("bilstm", {"normalise", "lstm", "attention", "classifier"}),
        ("mean", {"classifier"}),
        ("moments", {"standardise", "classifier"}),
    ],
)
def test_weights_keep_the_names_that_saved_models_have(head: str, names: set[str]) -> None:
    assert {key.partition(".")[0] for key in make(head, "attention").state_dict()} == names


def test_the_config_names_just_the_heads_that_there_are() -> None:
    assert list(get_args(config.Head)) == list(HEADS)
