"""Optimizers and the learning rate over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn, optim

from vidclf.config import TrainConfig
from vidclf.models import ClipClassifier

OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd": optim.SGD,
    "momentum": lambda groups, lr: optim.SGD(groups, lr=lr, momentum=0.9),
    "adagrad": optim.Adagrad,
    "rmsprop": optim.RMSprop,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
}


def make_optimizer(network: ClipClassifier, config: TrainConfig, *others: nn.Module) -> optim.Optimizer:
    """The optimizer a config names: the backbone may learn slower; biases and norms do not decay.

    `others` are learned beside the network.
    """
    groups: list[dict[str, Any]] = [
        *_groups(network.backbone.parameters(), config.lr * config.backbone_lr_scale, config.weight_decay),
        *_groups(network.head.parameters(), config.lr, config.weight_decay),
        *(group for other in others for group in _groups(other.parameters(), config.lr, config.weight_decay)),
    ]
    return OPTIMIZERS[config.optimizer](groups, lr=config.lr)


def lr_factor(step: int, *, steps: int, warmup_steps: int, schedule: str) -> float:
    """What the learning rate is multiplied with at a step: linear warm-up, then constant or half a cosine.

    The cosine is that of Loshchilov & Hutter (SGDR, ICLR 2017), without restarts.
    """
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    if schedule == "constant":
        return 1.0
    done = (step - warmup_steps) / max(1, steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def set_lr(optimizer: optim.Optimizer, factor: float) -> None:
    """Set each group's learning rate to a share of its own."""
    for group in optimizer.param_groups:
        group["lr"] = group["full_lr"] * factor


def _groups(parameters: Iterable[nn.Parameter], lr: float, weight_decay: float) -> list[dict[str, Any]]:
    matrices: list[nn.Parameter] = []
    vectors: list[nn.Parameter] = []
    for parameter in parameters:
        (matrices if parameter.ndim > 1 else vectors).append(parameter)
    decays = ((matrices, weight_decay), (vectors, 0.0))
    return [
        {"params": members, "lr": lr, "full_lr": lr, "weight_decay": decay} for members, decay in decays if members
    ]
