"""What a head costs: its weights, and the time that backbone and head take for a frame."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vidclf.config import Config
from vidclf.engines import pick_device
from vidclf.models import ClipClassifier, make_classifier, make_head
from vidclf.training.stages import count_parameters

_MOST_ROUNDS, _LEAST_ROUNDS = 25, 3
_PATIENCE_SECONDS = 30.0  # past it, large backbones are timed in fewer rounds
_USUAL_FRAMES = 16  # where the number of steps depends on the clip


@dataclass(frozen=True)
class Cost:
    """What a network costs.

    Attributes:
        parameters: number of weights, of backbone and head.
        ms_per_frame: milliseconds of backbone and head for a frame, one clip at a time; reading left out.
    """

    parameters: int
    ms_per_frame: float


def measure_costs(configs: Sequence[Config], num_classes: int) -> list[Cost]:
    """Time the networks of configs that differ in their heads alone, on the device that they name.

    They take turns, so that whatever else the machine does slows all of them alike; of each the median counts.
    """
    config = configs[0]
    device = pick_device(config.device)
    # How fast a network is does not depend on what it has learned.
    first, preprocessing = make_classifier(config.model.untrained(), config.prep, num_classes)
    backbone = first.backbone
    heads = (make_head(each.model, backbone.feature_dim, num_classes) for each in configs)
    networks = [ClipClassifier(backbone, head).to(device).eval() for head in heads]
    steps = config.prep.frames or _USUAL_FRAMES
    clip = torch.randn(1, steps, preprocessing.channels, *preprocessing.size, device=device)
    seconds = _in_turns(networks, clip)
    return [
        Cost(count_parameters(network), 1000 * statistics.median(times) / steps)
        for network, times in zip(networks, seconds, strict=True)
    ]


@torch.inference_mode()
def _in_turns(networks: Sequence[nn.Module], clip: Tensor) -> list[list[float]]:
    """Seconds of each network for a clip (1, T, C, h, w), round by round."""
    lengths = torch.tensor([clip.shape[1]], device=clip.device)
    for network in networks:
        network(clip, lengths)  # the first time sets things up
    seconds: list[list[float]] = [[] for _ in networks]
    began = time.perf_counter()
    for number in range(_MOST_ROUNDS):
        if number >= _LEAST_ROUNDS and time.perf_counter() - began > _PATIENCE_SECONDS:
            break
        for network, times in zip(networks, seconds, strict=True):
            times.append(_seconds(network, clip, lengths))
    return seconds


def _seconds(network: nn.Module, clip: Tensor, lengths: Tensor) -> float:
    _wait_for(clip.device)
    began = time.perf_counter()
    network(clip, lengths)
    _wait_for(clip.device)
    return time.perf_counter() - began


def _wait_for(device: torch.device) -> None:
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
