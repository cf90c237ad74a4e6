"""Losses that compare clips with each other see the whole batch, also where several processes share it."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.nn import functional as dist_functional
from torch.nn import functional as F


def process_count() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def gathered(rows: Tensor) -> Tensor:
    """The rows (b, ...) of all processes, one process after the other: (B, ...); gradients find their way back.

    The shares may differ in size.
    """
    if process_count() == 1:
        return rows
    sizes = [torch.zeros(1, dtype=torch.int64, device=rows.device) for _ in range(process_count())]
    dist.all_gather(sizes, torch.tensor([len(rows)], device=rows.device))
    most = int(torch.cat(sizes).max())
    padded = F.pad(rows, [0, 0] * (rows.ndim - 1) + [0, most - len(rows)])
    everyones = dist_functional.all_gather(padded.contiguous())  # type: ignore[no-untyped-call]
    return torch.cat([share[: int(size)] for share, size in zip(everyones, sizes, strict=True)])
