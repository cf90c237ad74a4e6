"""What stops a training, said in a sentence."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch

from vidclf.config import Config
from vidclf.data import BadClip
from vidclf.errors import NanLossError, OutOfMemoryError, TooManyBadClipsError
from vidclf.package import RunFolder
from vidclf.training.tasks import TrainingClips

logger = logging.getLogger(__name__)

_SHOWN = 5


def stop_at_nan(loss: float, *, step: int, lr: float, config: Config, run: RunFolder) -> None:
    """Stop when a loss is no number any more.

    Raises:
        NanLossError: names the step, the learning rate, and what to try.
    """
    if math.isfinite(loss):
        return
    kept = f"the last good model and state are kept in {run.path}" if run.model.exists() else "no epoch was finished"
    advice = f"train.lr={config.train.lr / 10:g}" + ("" if config.train.amp == "no" else " or train.amp=no")
    raise NanLossError(
        f"the loss is no finite number at step {step + 1}, learning rate {lr:.3g}; {kept}. Try {advice}."
    )


def note_bad_clips(clips: TrainingClips, bad: Iterable[BadClip], config: Config) -> None:
    """Remember bad clips so that they are not tried again, and say each once.

    Raises:
        TooManyBadClipsError: they are more than `data.max_bad_share`.
    """
    for clip in bad:
        if clip.name not in clips.known_bad:
            clips.known_bad[clip.name] = clip
            logger.warning("left out: %s", clip.reason)
    known = list(clips.known_bad.values())
    if len(known) > config.data.max_bad_share * len(clips.entries):
        reasons = "\n  ".join(clip.reason for clip in known[:_SHOWN])
        raise TooManyBadClipsError(
            f"{len(known)} of {len(clips.entries)} training clips cannot be read, more than "
            f"data.max_bad_share={config.data.max_bad_share:g} allows. The first:\n  {reasons}\n"
            "Mend or remove them, or raise data.max_bad_share."
        )


@contextmanager
def memory_watched(config: Config) -> Iterator[None]:
    """Turn the running out of memory into a sentence.

    Raises:
        OutOfMemoryError: names the batch to try.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # PyTorch's CPU allocator has no error class of its own.
        if not isinstance(error, MemoryError | torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        batch, accumulate = config.train.batch, config.train.accumulate
        raise OutOfMemoryError(
            f"the memory is used up with train.batch={batch}. Try train.batch={max(1, batch // 2)} "
            f"train.accumulate={accumulate * 2}, which learns the same, or a smaller prep.size or prep.frames."
        ) from None
