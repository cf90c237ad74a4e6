"""Changes to training clips: one draw a clip, the same for each of its frames."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from vidclf.config import AugmentConfig
from vidclf.errors import ConfigError
from vidclf.prep import Chance, Prepared

_MIRRORED_WORDS = (("left", "right"), ("clockwise", "counterclockwise"), ("clockwise", "anticlockwise"))
_GREY = 0.5  # what comes in from outside the picture, and what erases: no class's colour
_ERASED_SHARE = (0.02, 0.15)


class Augmentation:
    """Geometry, colour, erasing and mirroring of a prepared clip, by torchvision transforms.v2.

    The draws come from the generator that is handed in, never from PyTorch's own state, so that clips can be
    changed in several threads at once and still come out the same.

    Args:
        config: how much of each.
        classes: the labels in the network's order.

    Attributes:
        mirror_labels: for each class, what a mirrored clip of it shows.

    Raises:
        ConfigError: `flip_labels` names a label that is no class.
    """

    def __init__(self, config: AugmentConfig, classes: Sequence[str]) -> None:
        named = config.flip_labels or {}
        unknown = sorted({*named, *named.values()} - set(classes))
        if unknown:
            raise ConfigError(
                [f"augment.flip_labels: {', '.join(unknown)} is no class; the classes are {', '.join(classes)}"]
            )
        self.config = config
        self.mirror_labels = tuple(named.get(label, label) for label in classes)
        self._mirrored = [classes.index(label) for label in self.mirror_labels]

    def draw(self, rng: np.random.Generator) -> Chance:
        """What chance decides about a clip's time."""
        speed = _around_one(rng, self.config.speed)
        begin, end = rng.uniform(0, self.config.trim, size=2)
        return Chance(rng, speed, (float(begin), float(end)))

    def __call__(self, prepared: Prepared, label: int, rng: np.random.Generator) -> tuple[Prepared, int]:
        """Change a clip's frames, uint8 (N, h, w, 3 or 1), and its label where it is mirrored."""
        config = self.config
        frames = torch.from_numpy(prepared.frames).permute(0, 3, 1, 2)  # (N, C, h, w)
        # Our own copy from here on, so it may be worked on in place.
        frames = frames.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
        if config.scale or config.shift or config.rotate:
            frames = self._moved(frames, rng)
        if config.colour:
            frames = self._coloured(frames, rng)
        if config.erase and rng.random() < config.erase:
            frames = _with_hole(frames, rng)
        if config.flip_labels is not None and rng.random() < 0.5:
            frames, label = transforms.horizontal_flip(frames), self._mirrored[label]
        changed = frames.mul_(255).round_().permute(0, 2, 3, 1)  # (N, h, w, C)
        changed = changed.to(torch.uint8, memory_format=torch.contiguous_format)
        return replace(prepared, frames=changed.numpy()), label

    def _moved(self, frames: Tensor, rng: np.random.Generator) -> Tensor:
        height, width = frames.shape[-2:]
        shift = rng.uniform(-self.config.shift, self.config.shift, size=2)
        # What comes in from outside is zero, which is grey here; transforms' own filling warps a mask as well.
        moved: Tensor = transforms.affine(
            frames.sub_(_GREY),
            angle=float(rng.uniform(-self.config.rotate, self.config.rotate)),
            translate=[float(shift[0] * width), float(shift[1] * height)],
            scale=_around_one(rng, self.config.scale),
            shear=[0.0, 0.0],
            interpolation=InterpolationMode.BILINEAR,
        )
        return moved.add_(_GREY)

    def _coloured(self, frames: Tensor, rng: np.random.Generator) -> Tensor:
        for adjust in (transforms.adjust_brightness, transforms.adjust_contrast, transforms.adjust_saturation):
            frames = adjust(frames, _around_one(rng, self.config.colour))
        return frames


def suggest_flip_labels(classes: Sequence[str]) -> dict[str, str]:
    """What mirrored labels probably become, from the names: of each class whose mirror image is a class too.

    To be confirmed by a person: whether a wave of the other hand is another gesture, no name says.
    """
    suggested: dict[str, str] = {}
    for one, other in _MIRRORED_WORDS:
        for label in classes:
            mirrored = re.sub(rf"(?<![a-z]){one}(?![a-z])", other, label)
            if mirrored != label and mirrored in classes:
                suggested |= {label: mirrored, mirrored: label}
    return suggested


def _around_one(rng: np.random.Generator, spread: float) -> float:
    return 1.0 + float(rng.uniform(-spread, spread))


def _with_hole(frames: Tensor, rng: np.random.Generator) -> Tensor:
    """Erase one rectangle (Zhong et al., Random Erasing, AAAI 2020)."""
    height, width = frames.shape[-2:]
    share, aspect = rng.uniform(*_ERASED_SHARE), np.exp(rng.uniform(-1, 1))
    high = min(height, max(1, round(np.sqrt(share * aspect) * height)))
    wide = min(width, max(1, round(np.sqrt(share / aspect) * width)))
    top, left = int(rng.integers(height - high + 1)), int(rng.integers(width - wide + 1))
    erased: Tensor = transforms.erase(frames, top, left, high, wide, torch.tensor(_GREY))
    return erased
