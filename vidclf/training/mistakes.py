"""The worst mistakes of a model, with what it saw and said."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np

from vidclf.data import ClipEntry
from vidclf.draw import Mistake, Shares, heated
from vidclf.draw.strips import evenly_chosen
from vidclf.errors import DecodeError
from vidclf.infer import EntryResult, Evaluation, Explanation
from vidclf.types import Float64Array, UInt8Array
from vidclf.video import Picked, read_clip

_MISTAKES = 12
_STRIP_FRAMES = 8

Explain = Callable[[ClipEntry], Explanation]


def worst_mistakes(evaluation: Evaluation, explain: Explain) -> list[Mistake]:
    """The surest of the wrong answers, at most twelve, the surest first.

    Args:
        evaluation: the answers.
        explain: looks into one of them; may raise `DecodeError`.
    """
    classes = evaluation.scores.classes

    def margin(result: EntryResult) -> float:
        assert result.probabilities is not None
        return float(result.probabilities.max() - result.probabilities[classes.index(result.entry.label)])

    wrong = sorted((result for result in evaluation.results if margin(result) > 0), key=margin, reverse=True)
    return [_mistake(result, classes, explain) for result in wrong[:_MISTAKES]]


def _mistake(result: EntryResult, classes: tuple[str, ...], explain: Explain) -> Mistake:
    assert result.probabilities is not None
    truth, predicted = result.entry.label, result.predicted(classes)
    frames, pts_seconds, heat, over_time = None, None, None, None
    with contextlib.suppress(DecodeError):  # it could be read before, but files may go
        explanation = explain(result.entry)
        said = explanation.over_time
        shown = evenly_chosen(len(explanation.frames), _STRIP_FRAMES)
        pts_seconds = said.pts_seconds[shown]
        frames = _frames_at(result.entry, pts_seconds)
        if explanation.heat is not None:
            heat = heated(explanation.frames[shown], explanation.heat[shown])
        if len(explanation.frames) > 1:
            over_time = Shares(said.pts_seconds, {label: said.of_class(label) for label in (truth, predicted)})
    return Mistake(
        source=result.entry.name,
        truth=truth,
        predicted=predicted,
        probability=float(result.probabilities.max()),
        truth_probability=float(result.probabilities[classes.index(truth)]),
        frames=frames,
        pts_seconds=None if pts_seconds is None else pts_seconds.tolist(),
        heat=heat,
        over_time=over_time,
    )


def _frames_at(entry: ClipEntry, pts_seconds: Float64Array) -> UInt8Array:
    """The whole frames of a clip at these times, which are its own: uint8 RGB (T, H, W, 3)."""

    def nearest(there: Float64Array) -> Picked:
        indices = np.abs(there[:, None] - pts_seconds).argmin(axis=0)
        return Picked(indices, np.ones(len(indices), dtype=np.bool_))

    return read_clip(
        entry.path,
        sampling=nearest,
        start_seconds=entry.start_seconds,
        end_seconds=entry.end_seconds,
        on_truncated="keep",
    ).frames
