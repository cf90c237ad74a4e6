"""Mixed precision, on a processor."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from vidclf.training import train


def test_bf16_computes_in_bf16_also_after_the_backbone_thaws(settings: Any) -> None:
    seen: list[tuple[bool, torch.dtype]] = []  # whether the backbone was trained, and what a convolution gave

    def note(module: nn.Module, _: object, output: torch.Tensor) -> None:
        if isinstance(module, nn.Conv2d) and torch.is_grad_enabled():
            seen.append((module.weight.requires_grad, output.dtype))

    hook = nn.modules.module.register_module_forward_hook(note)
    config = settings(model={"freeze": "staged"}, train={"epochs": 2, "unfreeze_epoch": 2, "amp": "bf16"})
    try:
        train(config, score=False)
    finally:
        hook.remove()
    assert set(seen) == {(False, torch.bfloat16), (True, torch.bfloat16)}
