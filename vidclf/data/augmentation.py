"""Changes to training clips: one draw a clip, the same for each of its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torchvision.transforms import v2

from vidclf.config import AugmentConfig
from vidclf.errors import ConfigError
from vidclf.prep import Prepared

_GREY = 127  # what comes in from outside the picture, and what erases: no class's colour


class Augmentation:
    """Geometry, colour, erasing and mirroring on a prepared clip (torchvision transforms.v2).

    Args:
        config: how much of each.
        classes: the labels in the network's order.

    Raises:
        ConfigError: `flip_labels` names a label that is no class.
    """

    def __init__(self, config: AugmentConfig, classes: Sequence[str]) -> None:
        named = {**(config.flip_labels or {})}
        unknown = sorted({*named, *named.values()} - set(classes))
        if unknown:
            raise ConfigError(
                [f"augment.flip_labels: {', '.join(unknown)} is no class; the classes are {', '.join(classes)}"]
            )
        self.config = config
        self._mirrored = [classes.index(named.get(label, label)) for label in classes]
        self._pictures = _transforms(config)

    def draw_speed(self, rng: np.random.Generator) -> float:
        """How many times as fast a clip is played."""
        return 1.0 + float(rng.uniform(-self.config.speed, self.config.speed))

    def __call__(self, prepared: Prepared, label: int, rng: np.random.Generator) -> tuple[Prepared, int]:
        """Change a clip's frames, uint8 (N, h, w, 3), and its label where it is mirrored."""
        frames = torch.from_numpy(prepared.frames).permute(0, 3, 1, 2)  # (N, 3, h, w)
        if self._pictures is not None:
            # transforms.v2 draws from PyTorch's own state; one seed a clip makes the draw the clip's alone.
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(int(rng.integers(2**62)))
                frames = self._pictures(frames)
        if self.config.flip_labels is not None and rng.random() < 0.5:
            frames, label = frames.flip(-1), self._mirrored[label]
        return replace(prepared, frames=frames.permute(0, 2, 3, 1).contiguous().numpy()), label


def _transforms(config: AugmentConfig) -> v2.Compose | None:
    steps: list[torch.nn.Module] = []
    if config.scale or config.shift or config.rotate:
        steps.append(
            v2.RandomAffine(
                degrees=config.rotate,
                translate=(config.shift, config.shift),
                scale=(1 - config.scale, 1 + config.scale),
                interpolation=v2.InterpolationMode.BILINEAR,
                fill=_GREY,
            )
        )
    if config.colour:
        steps.append(v2.ColorJitter(brightness=config.colour, contrast=config.colour, saturation=config.colour))
    if config.erase:
        steps.append(v2.RandomErasing(p=config.erase, scale=(0.02, 0.15), value=_GREY))
    return v2.Compose(steps) if steps else None
