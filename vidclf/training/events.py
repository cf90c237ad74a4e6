"""TensorBoard event files, where they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from vidclf.draw import EpochRow
from vidclf.errors import MissingExtraError


@contextmanager
def event_writer(folder: Path, *, wanted: bool) -> Iterator[Callable[[EpochRow], None]]:
    """Give a function that writes an epoch's numbers; it does nothing where no events are wanted.

    Raises:
        MissingExtraError: events are wanted and TensorBoard is not installed.
    """
    if not wanted:
        yield lambda row: None  # noqa: ARG005
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingExtraError(
            'train.tensorboard=true needs TensorBoard: pip install "vidclf[tensorboard]".'
        ) from None
    writer = SummaryWriter(str(folder))

    def write(row: EpochRow) -> None:
        for name, value in asdict(row).items():
            if name != "epoch" and value is not None:
                writer.add_scalar(name, value, row.epoch)
        writer.flush()

    try:
        yield write
    finally:
        writer.close()
