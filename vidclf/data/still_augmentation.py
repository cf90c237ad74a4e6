"""Changes to a batch of training pictures, each by draws of its own."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from vidclf.config import AugmentConfig
from vidclf.prep import Statistics

# Smooth bending: displacements on so many points a side, and interpolated between them.
_BENDS = 4
_FLIP, _SHIFT, _ROTATE, _SCALE, _SHEAR, _COLOUR, _ERASE, _ELASTIC = 0, 1, 3, 4, 5, 6, 9, 14
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_ERASED_SHARE = (0.02, 0.15)


class StillAugmentation:
    """Colour, geometry and erasing of a batch of pictures by torch operations, and their normalisation.

    All movement is one sampling of the picture, so that it is blurred once. What comes in from outside, and what
    erases, is the network's zero: grey, or the paper of drawings that are normalised as ink.

    Args:
        config: how much of each.
        statistics: mean and deviation to normalise with.

    Attributes:
        draws: how many numbers between 0 and 1 are drawn for a picture.
    """

    draws = _ELASTIC + 2 * _BENDS**2

    def __init__(self, config: AugmentConfig, statistics: Statistics) -> None:
        self.config = config
        self.mean = torch.tensor(statistics.mean)[:, None, None]
        self.std = torch.tensor(statistics.std)[:, None, None]

    def __call__(self, pictures: Tensor, draws: Tensor, turns: Tensor) -> Tensor:
        """Change pictures and make them the network's input.

        Args:
            pictures: uint8 RGB (B, 3, h, w).
            draws: float32 (B, draws), each between 0 and 1.
            turns: int64 (B,), how many quarter turns each makes, counterclockwise.

        Returns:
            float32 (B, 3, h, w).
        """
        frames = pictures.float().div_(255)
        if self.config.colour:
            frames = self._coloured(frames, draws[:, _COLOUR:_ERASE])
        frames = (frames - self.mean) / self.std
        grid = self._grid(frames, draws, turns)
        frames = F.grid_sample(frames, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        if self.config.erase:
            frames = frames.masked_fill(self._holes(frames, draws[:, _ERASE:_ELASTIC]), 0.0)
        return frames

    def flipped(self, draws: Tensor) -> Tensor:
        """Bool (B,), which pictures are mirrored."""
        if self.config.flip_labels is None:
            return torch.zeros(len(draws), dtype=torch.bool)
        return draws[:, _FLIP] < 0.5

    def _grid(self, frames: Tensor, draws: Tensor, turns: Tensor) -> Tensor:
        """Where each pixel of the result comes from: (B, h, w, 2), x before y, -1 to 1 from border to border."""
        config, (height, width) = self.config, frames.shape[-2:]
        around = 2 * draws - 1
        angle = math.radians(config.rotate) * around[:, _ROTATE] + math.pi / 2 * turns
        slant = torch.tan(math.radians(config.shear) * around[:, _SHEAR])
        scale = 1 + config.scale * around[:, _SCALE]
        mirror = 1 - 2 * self.flipped(draws).float()
        cos, sin = angle.cos() / scale, angle.sin() / scale
        # Of pixels, so that a turned picture keeps its shape; mirrored first.
        across = torch.stack([mirror * cos, mirror * (slant * cos - sin) * (height / width)], dim=1)
        down = torch.stack([sin * (width / height), slant * sin + cos], dim=1)
        shift = 2 * config.shift * around[:, _SHIFT:_ROTATE, None]  # (B, 2, 1), the border-to-border distance is 2
        matrix = torch.cat([torch.stack([across, down], dim=1), shift], dim=2)  # (B, 2, 3)
        grid = F.affine_grid(matrix, [len(frames), 3, height, width], align_corners=False)
        if config.elastic:
            points = around[:, _ELASTIC:].reshape(-1, 2, _BENDS, _BENDS)
            bend = F.interpolate(2 * config.elastic * points, (height, width), mode="bicubic", align_corners=True)
            grid = grid + bend.permute(0, 2, 3, 1)
        return grid

    def _coloured(self, frames: Tensor, draws: Tensor) -> Tensor:
        """Brightness, contrast and saturation, as torchvision's transforms define them."""
        luma = torch.tensor(_LUMA)[:, None, None]
        bright, contrast, saturation = (1 + self.config.colour * (2 * draws - 1)).T[:, :, None, None, None]
        frames = (frames * bright).clamp_(0, 1)
        mean = (frames * luma).sum(1, keepdim=True).mean((2, 3), keepdim=True)
        frames = torch.lerp(mean, frames, contrast).clamp_(0, 1)
        grey = (frames * luma).sum(1, keepdim=True)
        return torch.lerp(grey, frames, saturation).clamp_(0, 1)

    def _holes(self, frames: Tensor, draws: Tensor) -> Tensor:
        """Bool (B, 1, h, w), a rectangle of some pictures (Zhong et al., Random Erasing, AAAI 2020)."""
        height, width = frames.shape[-2:]
        chance, share, aspect, left, top = draws.T
        low, high = _ERASED_SHARE
        area, aspect = low + (high - low) * share, torch.exp(2 * aspect - 1)
        high_px = ((area * aspect).sqrt() * height).round().clamp(1, height)
        wide_px = ((area / aspect).sqrt() * width).round().clamp(1, width)
        first_row, first_column = (top * (height - high_px + 1)).floor(), (left * (width - wide_px + 1)).floor()
        rows, columns = torch.arange(height), torch.arange(width)
        of_rows = (rows >= first_row[:, None]) & (rows < (first_row + high_px)[:, None])  # (B, h)
        of_columns = (columns >= first_column[:, None]) & (columns < (first_column + wide_px)[:, None])  # (B, w)
        erased = (chance < self.config.erase)[:, None, None]
        holes: Tensor = erased & of_rows[:, :, None] & of_columns[:, None, :]
        return holes[:, None]
