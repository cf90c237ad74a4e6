"""Where in each frame a network found what it decided by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vidclf.models import ClipClassifier
from vidclf.types import Float32Array

_LEAST_HEAT = 1e-12


def gradcam(network: ClipClassifier, frames: Tensor, class_index: int) -> Float32Array | None:
    """What in each frame of a clip spoke for a class, by Grad-CAM on the last feature map of the backbone.

    The map's channels are weighted by how much the class's logit grows with them, on average over a frame; what
    speaks against the class is left out. Frames share one scale, so a frame that said nothing stays dark.

    Args:
        network: in evaluation mode.
        frames: float (T, C, h, w) on the network's device.
        class_index: which logit.

    Returns:
        float32 (T, h, w) from 0 to 1; None where the backbone has no map of more than one place, as transformers
        that cut the picture into tokens.

    Source:
        Selvaraju et al., Grad-CAM, ICCV 2017.
    """
    lengths = torch.tensor([len(frames)], device=frames.device)
    # cuDNN runs recurrent layers backwards in training mode only, with which dropout would come back.
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False), _watched(network.backbone.network) as seen:
        # The input needs gradients, else there are none behind a backbone whose weights are frozen.
        logits = network(frames[None].requires_grad_(), lengths)
    feature_map = seen.feature_map
    if feature_map is None:
        return None
    (gradients,) = torch.autograd.grad(logits[0, class_index], feature_map)  # (T * streams, C', h', w')
    weights = gradients.mean(dim=(2, 3), keepdim=True)
    heat = (weights * feature_map.detach()).sum(dim=1, keepdim=True).relu()  # (T * streams, 1, h', w')
    heat = F.interpolate(heat, size=frames.shape[-2:], mode="bilinear")
    heat = heat.reshape(len(frames), -1, *frames.shape[-2:]).sum(dim=1)  # a step's pictures stand side by side
    shares: Float32Array = (heat / heat.max().clamp(min=_LEAST_HEAT)).float().cpu().numpy()
    return shares


@dataclass
class _Seen:
    """Feature maps (N, C', h', w') of more than one place that went by, each the last of its kind.

    Attributes:
        pooled: what an adaptive pooling took in: where there is one, the last map in full resolution.
        last: what a layer gave; None again once the picture is cut into tokens (N, L, D).
    """

    pooled: Tensor | None = None
    last: Tensor | None = None

    @property
    def feature_map(self) -> Tensor | None:
        return self.last if self.pooled is None else self.pooled


@contextmanager
def _watched(network: nn.Module) -> Iterator[_Seen]:
    seen = _Seen()

    def note(module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        if isinstance(module, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
            if _is_map(inputs[0]):
                seen.pooled = inputs[0]
        elif _is_map(output):
            seen.last = output
        elif isinstance(output, Tensor) and output.ndim == 3:
            seen.last = None

    hooks = [module.register_forward_hook(note) for module in network.modules()]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _is_map(value: object) -> TypeGuard[Tensor]:
    return isinstance(value, Tensor) and value.ndim == 4 and min(value.shape[2:]) > 1
