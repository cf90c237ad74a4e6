"""Read from a source just the frames that a preprocessing looks at."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vidclf.prep.preprocessing import Chance, FramePlan, Prepared, Preprocessing
from vidclf.types import Float64Array
from vidclf.video import OnTruncated, Picked, read_clip


def read_prepared(
    preprocessing: Preprocessing,
    source: str | Path,
    *,
    start_seconds: float | None = None,
    end_seconds: float | None = None,
    on_truncated: OnTruncated = "error",
    chance: Chance | None = None,
) -> Prepared:
    """What `preprocessing.take` gives for the whole clip, without converting the frames that are not needed.

    Args:
        preprocessing: what the network wants.
        source: a file, a folder of pictures or an address.
        start_seconds: begin here, in the source's own time.
        end_seconds: end before this.
        on_truncated: `keep` takes the good part of a damaged file, with a warning.
        chance: what is drawn, for training.

    Raises:
        DecodeError: the source cannot be read.
    """
    plan: FramePlan | None = None

    def choose(pts_seconds: Float64Array) -> Picked:
        nonlocal plan  # the reader plans again when the real times turn out not to be the declared ones
        plan = preprocessing.plan(pts_seconds, chance)
        return Picked(plan.read, np.ones(len(plan.read), dtype=np.bool_))

    clip = read_clip(
        source,
        sampling=choose,
        start_seconds=start_seconds,
        end_seconds=end_seconds,
        on_truncated=on_truncated,
    )
    assert plan is not None
    return preprocessing.prepare(clip, plan.within_read())
