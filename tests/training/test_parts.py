"""The parts of the loop: learning rate, stages of transfer learning, averages, state, guards."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from vidclf import config as names
from vidclf.config import Config, make_config
from vidclf.data import Batch
from vidclf.errors import OutOfMemoryError, RunError
from vidclf.infer import Predictor
from vidclf.models import ClipClassifier, make_classifier
from vidclf.training.averaging import averaged
from vidclf.training.guards import memory_watched
from vidclf.training.optimizers import OPTIMIZERS, lr_factor, make_optimizer, set_lr
from vidclf.training.stages import set_training_mode
from vidclf.training.state import load_state, save_state
from vidclf.training.tasks import Classify


def _network(**model: Any) -> tuple[ClipClassifier, Config]:
    config = make_config({"model": {"hidden": 8, **model}, "prep": {"size": 32, "frames": 4}})
    torch.manual_seed(0)
    return make_classifier(config.model, config.prep, 3)[0], config


def _batch(clips: int = 4) -> Batch:
    torch.manual_seed(1)
    return Batch(
        torch.randn(clips, 4, 3, 32, 32),
        torch.tensor([4, 3, 2, 1])[:clips],
        torch.arange(clips) % 3,
        torch.ones(clips),
        (),
    )


def test_every_optimizer_a_config_may_name_is_there() -> None:
    assert set(OPTIMIZERS) == set(get_args(names.Optimizer))


def test_the_learning_rate_warms_up_then_falls_along_half_a_cosine() -> None:
    factors = [lr_factor(step, steps=100, warmup_steps=10, schedule="cosine") for step in range(100)]
    assert factors[:10] == pytest.approx([(step + 1) / 11 for step in range(10)])
    assert factors[10] == 1.0
    assert factors[55] == pytest.approx(0.5, abs=0.01)
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[-1] < 0.01
    assert lr_factor(70, steps=100, warmup_steps=0, schedule="constant") == 1.0


def test_the_backbone_may_learn_slower_and_biases_do_not_decay() -> None:
    network, config = _network()
    settings = config.train.model_copy(update={"lr": 0.1, "backbone_lr_scale": 0.1, "weight_decay": 0.5})
    optimizer = make_optimizer(network, settings)
    set_lr(optimizer, 0.5)
    rates = {id(p): (group["lr"], group["weight_decay"]) for group in optimizer.param_groups for p in group["params"]}
    for name, parameter in network.named_parameters():
        lr, decay = rates[id(parameter)]
        assert lr == pytest.approx(0.005 if name.startswith("backbone") else 0.05)
        assert decay == (0.5 if parameter.ndim > 1 else 0.0)


@pytest.mark.parametrize(
    ("freeze", "moves_early", "moves_late"),
    [("none", True, True), ("staged", False, True), ("backbone", False, False)],
)
def test_what_is_frozen_does_not_move(freeze: str, moves_early: bool, moves_late: bool) -> None:
    network, config = _network(freeze=freeze)
    for epoch, moves in ((1, moves_early), (config.train.unfreeze_epoch, moves_late)):
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        _one_step(network, config, epoch)
        after = network.state_dict()
        moved = {name for name in before if not torch.equal(before[name], after[name])}
        assert any(name.startswith("head") for name in moved)
        assert any(name.startswith("backbone") for name in moved) == moves  # its batch statistics included


def test_batch_statistics_stay_where_they_are_told_to() -> None:
    network, config = _network(freeze_batch_norm=True)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    _one_step(network, config, epoch=1)
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before if "running" in name)
    assert not torch.equal(before["backbone.network.0.weight"], after["backbone.network.0.weight"])


def _one_step(network: ClipClassifier, config: Config, epoch: int) -> None:
    set_training_mode(network, config, epoch)
    optimizer = make_optimizer(network, config.train)
    predictor = Predictor(network, make_classifier(config.model, config.prep, 3)[1], "abc", torch.device("cpu"))
    task = Classify(config, predictor, None, list("abc"), ())  # type: ignore[arg-type]
    task.step(network, _batch()).loss_sum.backward()
    optimizer.step()


def test_class_weights_make_every_class_count_the_same() -> None:
    network, config = _network()
    settings = make_config({"train": {"class_weights": "balanced", "label_smoothing": 0.0}})
    predictor = Predictor(network, make_classifier(config.model, config.prep, 3)[1], "abc", torch.device("cpu"))
    task = Classify(settings, predictor, None, list("aaaabbcccccc"), ())  # type: ignore[arg-type]
    assert (task.class_weights * torch.tensor([4.0, 2.0, 6.0])).tolist() == pytest.approx([4.0, 4.0, 4.0])

    network.eval()
    batch = _batch()
    outcome = task.step(network, batch)
    losses = -network(batch.frames, batch.lengths).log_softmax(dim=1)[range(4), batch.labels]
    weights = task.class_weights[batch.labels]
    assert (outcome.loss_sum / outcome.weight).item() == pytest.approx(
        ((losses * weights).sum() / weights.sum()).item()
    )


def test_a_stand_in_counts_nothing() -> None:
    network, config = _network()
    network.eval()
    predictor = Predictor(network, make_classifier(config.model, config.prep, 3)[1], "abc", torch.device("cpu"))
    task = Classify(config, predictor, None, list("abc"), ())  # type: ignore[arg-type]
    outcome = task.step(network, _batch(1)._replace(weights=torch.zeros(1)))
    assert (outcome.loss_sum.item(), outcome.weight.item(), outcome.clips.item()) == (0, 0, 0)


def test_the_average_follows_the_weights_and_forgets_the_start() -> None:
    network, _ = _network()
    average = averaged(network, 0.9)
    name = "head.classifier.bias"
    with torch.no_grad():
        network.get_parameter(name).fill_(1.0)
    for _ in range(200):
        average.update_parameters(network)
    kept = average.module.get_parameter(name)
    assert torch.allclose(kept, torch.ones_like(kept), atol=0.01)
    with torch.no_grad():
        network.get_parameter(name).fill_(2.0)
    average.update_parameters(network)
    assert torch.allclose(kept, torch.full_like(kept, 1.1), atol=0.01)


def test_state_round_trip_keeps_only_the_newest(tmp_path: Path) -> None:
    tree = {"a": torch.randn(2, 3), "b": {"0": [torch.tensor(1), 2.5, None, "x"]}, "c": float("-inf")}
    save_state(tmp_path, 1, {"a": 1})
    save_state(tmp_path, 2, tree)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["epoch-2.json", "epoch-2.safetensors"]
    back = load_state(tmp_path)
    assert torch.equal(back["a"], tree["a"])
    assert torch.equal(back["b"][0][0], torch.tensor(1))
    assert back["b"][0][1:] == [2.5, None, "x"]
    assert back["c"] == float("-inf")


def test_half_a_state_is_no_state(tmp_path: Path) -> None:
    save_state(tmp_path, 1, {"a": torch.ones(2)})
    (tmp_path / "epoch-2.safetensors").write_bytes(b"cut off before the JSON was written")
    assert torch.equal(load_state(tmp_path)["a"], torch.ones(2))
    (tmp_path / "epoch-1.safetensors").write_bytes(b"cut")
    with pytest.raises(RunError, match=r"epoch-1\.safetensors"):
        load_state(tmp_path)


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")],
)
def test_running_out_of_memory_names_the_batch_to_try(error: BaseException) -> None:
    config = make_config({"train": {"batch": 16, "accumulate": 2}})
    with pytest.raises(OutOfMemoryError, match=r"train\.batch=8 train\.accumulate=4"), memory_watched(config):
        raise error


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    with pytest.raises(RuntimeError, match="shape"), memory_watched(make_config({})):
        raise RuntimeError("shape mismatch")
