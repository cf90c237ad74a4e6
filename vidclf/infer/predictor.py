"""The predictor: clips in, probabilities out; the one that validation, `predict` and applications share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol, overload

import numpy as np
import torch
from torch import nn

from vidclf.data import ClipEntry, ClipReader, pad_clips
from vidclf.errors import DecodeError
from vidclf.parallel import map_ahead
from vidclf.prep import Prepared, Preprocessing, read_prepared
from vidclf.types import Clip, Float64Array, Prediction, UInt8Array
from vidclf.video import OnTruncated

Source = str | Path | Clip | UInt8Array


class EntryReader(Protocol):
    """Reads a manifest's rows as a predictor takes them."""

    def prepared(self, entry: ClipEntry) -> Prepared:
        """One row.

        Raises:
            DecodeError: it cannot be read.
        """
        ...


class Predictor:
    """A trained classifier, ready to use.

    Attributes:
        network: (frames (B, T, C, h, w), lengths (B,)) -> logits (B, K); in evaluation mode while it predicts.
        preprocessing: from frames to the network's input.
        classes: the K labels in the network's order.
        device: where it computes.

    Example:
        >>> model = vidclf.load("runs/gestures")
        >>> model.predict("clip.mp4").label
        'swipe_left'
    """

    def __init__(
        self, network: nn.Module, preprocessing: Preprocessing, classes: Sequence[str], device: torch.device
    ) -> None:
        self.network = network.to(device)
        self.preprocessing = preprocessing
        self.classes = tuple(classes)
        self.device = device

    def reader(self, on_truncated: OnTruncated = "error") -> EntryReader:
        """Reads a manifest's rows as this predictor takes them."""
        return ClipReader(self.preprocessing, on_truncated)

    def predict(
        self,
        source: Source,
        *,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
        fps: float = 25.0,
        on_truncated: OnTruncated = "error",
    ) -> Prediction:
        """Classify one clip.

        Args:
            source: a file, a folder of pictures, an address, a `Clip`, or an array uint8 RGB (T, H, W, 3); one
                picture (H, W, 3) is a clip of length one.
            start_seconds: begin here, in the source's own time; for files, folders and addresses.
            end_seconds: end before this.
            fps: frames per second of an array, which carries no times of its own.
            on_truncated: `keep` takes the good part of a damaged file, with a warning.

        Raises:
            DecodeError: the source cannot be read.
        """
        prepared = self._prepare(source, fps, on_truncated, start_seconds, end_seconds)
        return self._prediction(prepared, self.probabilities([prepared])[0])

    @overload
    def predict_many(
        self,
        sources: Iterable[Source],
        *,
        batch: int = ...,
        fps: float = ...,
        on_truncated: OnTruncated = ...,
        on_error: Literal["raise"] = ...,
    ) -> Iterator[Prediction]: ...

    @overload
    def predict_many(
        self,
        sources: Iterable[Source],
        *,
        batch: int = ...,
        fps: float = ...,
        on_truncated: OnTruncated = ...,
        on_error: Literal["yield"],
    ) -> Iterator[Prediction | DecodeError]: ...

    def predict_many(
        self,
        sources: Iterable[Source],
        *,
        batch: int = 8,
        fps: float = 25.0,
        on_truncated: OnTruncated = "error",
        on_error: Literal["raise", "yield"] = "raise",
    ) -> Iterator[Prediction | DecodeError]:
        """Classify clips in batches, in the order they come in; the next are read while one batch computes.

        Args:
            sources: see `predict`.
            batch: clips that are computed together.
            fps: frames per second of arrays.
            on_truncated: see `predict`.
            on_error: `yield` gives a source's error in place of its prediction and goes on.

        Raises:
            DecodeError: a source cannot be read, and `on_error` is `raise`.
        """

        def prepare(source: Source) -> Prepared | DecodeError:
            try:
                return self._prepare(source, fps, on_truncated)
            except DecodeError as error:
                return error

        for outcome, row in self.answers(map_ahead(prepare, sources, ahead=2 * batch), batch=batch):
            if isinstance(outcome, Prepared) and row is not None:
                yield self._prediction(outcome, row)
            elif isinstance(outcome, DecodeError) and on_error == "yield":
                yield outcome
            elif isinstance(outcome, DecodeError):
                raise outcome

    def answers(
        self, outcomes: Iterator[Prepared | DecodeError], *, batch: int
    ) -> Iterator[tuple[Prepared | DecodeError, Float64Array | None]]:
        """Each prepared clip with its probabilities (K,), computed in batches; an error passes with None."""
        for group in _batched(outcomes, batch):
            good = [outcome for outcome in group if isinstance(outcome, Prepared)]
            rows = iter(self.probabilities(good)) if good else iter(())
            for outcome in group:
                yield outcome, next(rows) if isinstance(outcome, Prepared) else None

    @torch.inference_mode()
    def probabilities(self, clips: Sequence[Prepared]) -> Float64Array:
        """Probabilities (B, K) of prepared clips; each row sums to 1."""
        training = self.network.training
        self.network.eval()
        try:
            frames, lengths = pad_clips([self.preprocessing.tensor(clip) for clip in clips])
            logits = self.network(frames.to(self.device), lengths.to(self.device))
        finally:
            self.network.train(training)
        probabilities: Float64Array = logits.double().softmax(dim=1).cpu().numpy()
        return probabilities

    def _prepare(
        self,
        source: Source,
        fps: float,
        on_truncated: OnTruncated,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
    ) -> Prepared:
        if isinstance(source, np.ndarray):
            source = Clip.from_frames(source, fps=fps, source="array")
        if isinstance(source, Clip):
            return self.preprocessing.take(source)
        return read_prepared(
            self.preprocessing,
            source,
            start_seconds=start_seconds,
            end_seconds=end_seconds,
            on_truncated=on_truncated,
        )

    def _prediction(self, prepared: Prepared, probabilities: Float64Array) -> Prediction:
        times = prepared.pts_seconds[prepared.steps]
        return Prediction(
            label=self.classes[int(probabilities.argmax())],
            probabilities=dict(zip(self.classes, probabilities.tolist(), strict=True)),
            start_seconds=float(times[0]),
            end_seconds=float(times[-1]),
            source=prepared.source,
        )


def _batched(items: Iterator[Prepared | DecodeError], size: int) -> Iterator[list[Prepared | DecodeError]]:
    batch: list[Prepared | DecodeError] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
