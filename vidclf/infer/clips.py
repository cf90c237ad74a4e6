"""Predictions of clips one at a time, by processes that each load the model once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

from vidclf.errors import DecodeError
from vidclf.infer.loading import load
from vidclf.infer.predictor import Predictor
from vidclf.parallel import Lost, Where, map_in_order
from vidclf.secrets import redact
from vidclf.types import Prediction


def predict_clips(
    run: str | Path, sources: Sequence[str | Path], *, workers: int | None = None, on: Where = "local"
) -> Iterator[Prediction | DecodeError]:
    """Classify clips in several processes, in the order of the sources; what cannot be read is its error.

    Each process has a network of its own, on the processor. One network on all cores or on a GPU, as
    `Predictor.predict_many` has it, is the better way on one machine.

    Args:
        run: a run folder, which each node of a cluster must see.
        sources: files, folders of pictures, addresses.
        workers: see `vidclf.parallel.map_clips`.
        on: see `vidclf.parallel.map_clips`.

    Raises:
        RunError: there is no model; see `load`.
        MissingExtraError: Ray is not installed.
        StoppedError: the processes cannot be started, or there is no such cluster.
    """
    outcomes = map_in_order(partial(_predicted, run), sources, workers=workers, on=on)
    for source, outcome in zip(sources, outcomes, strict=True):
        if isinstance(outcome, Lost):
            yield DecodeError(redact(str(source)), f"while it was read, {outcome.reason}")
        else:
            yield outcome


def _predicted(run: str | Path, source: str | Path) -> Prediction | DecodeError:
    try:
        return _model(run).predict(source)
    except DecodeError as error:
        return error


@cache
def _model(run: str | Path) -> Predictor:
    return load(run, device="cpu")
