"""The predictor: clips in, probabilities out; the one that validation, `predict` and applications share."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol, overload

import numpy as np
import torch
from torch import Tensor, nn

from vidclf.data import ClipEntry, ClipReader, pad_clips
from vidclf.errors import DecodeError
from vidclf.infer.over_time import OverTime, prefix_logits
from vidclf.metrics import tempered
from vidclf.models import ClipClassifier
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
        mirror_labels: where a clip is looked at mirrored as well, for each class what a mirrored clip of it shows
            (right for left); the answer is the mean of both. None: it is looked at once.
        temperature: the probabilities are brought to it, which changes no label; see `vidclf.metrics.tempered`.

    Example:
        >>> model = vidclf.load("runs/gestures")
        >>> model.predict("clip.mp4").label
        'swipe_left'
    """

    def __init__(
        self,
        network: nn.Module,
        preprocessing: Preprocessing,
        classes: Sequence[str],
        device: torch.device,
        *,
        mirror_labels: Sequence[str] | None = None,
        temperature: float = 1.0,
    ) -> None:
        self.network = network.to(device)
        self.preprocessing = preprocessing
        self.classes = tuple(classes)
        self.device = device
        self.mirror_labels = None if mirror_labels is None else tuple(mirror_labels)
        self.temperature = temperature

    def around(self, network: nn.Module, preprocessing: Preprocessing | None = None) -> Predictor:
        """The same predictor around another network, and another preprocessing where one is given."""
        other = copy.copy(self)
        other.network = network.to(self.device)
        other.preprocessing = preprocessing or self.preprocessing
        return other

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
        prepared = self.prepare(
            source, start_seconds=start_seconds, end_seconds=end_seconds, fps=fps, on_truncated=on_truncated
        )
        return self._prediction(prepared, self.probabilities([prepared])[0])

    def over_time(
        self,
        source: Source,
        *,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
        fps: float = 25.0,
        on_truncated: OnTruncated = "error",
    ) -> OverTime:
        """What the model says of one clip having seen it up to each step; see `predict` for the arguments.

        Raises:
            DecodeError: the source cannot be read.
        """
        return self.prepared_over_time(
            self.prepare(
                source, start_seconds=start_seconds, end_seconds=end_seconds, fps=fps, on_truncated=on_truncated
            )
        )

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
                return self.prepare(source, fps=fps, on_truncated=on_truncated)
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
        frames, lengths = pad_clips([self.preprocessing.tensor(clip) for clip in clips])
        lengths = lengths.to(self.device)
        return self._probabilities(frames, lambda view: self.network(view, lengths))

    @torch.inference_mode()
    def prepared_over_time(self, clip: Prepared) -> OverTime:
        """What `over_time` says, of a prepared clip."""
        network = self.network
        assert isinstance(network, ClipClassifier)
        frames, _ = pad_clips([self.preprocessing.tensor(clip)])
        probabilities = self._probabilities(frames, lambda view: prefix_logits(network, view))
        return OverTime(clip.pts_seconds[clip.steps], probabilities, self._prediction(clip, probabilities[-1]))

    def _probabilities(self, frames: Tensor, logits_of: Callable[[Tensor], Tensor]) -> Float64Array:
        """Probabilities (N, K) by the logits that a function gives of each view of frames (B, T, C, h, w)."""

        def answers(view: Tensor) -> Tensor:
            return logits_of(view).double().softmax(dim=1)

        with evaluating(self.network):
            frames = frames.to(self.device)
            mean = answers(frames)
            if self.mirror_labels is not None:
                shown = [self.classes.index(label) for label in self.mirror_labels]
                mean = (mean + answers(frames.flip(-1))[:, shown]) / 2
        return tempered(mean.cpu().numpy(), self.temperature)

    def prepare(
        self,
        source: Source,
        *,
        start_seconds: float | None = None,
        end_seconds: float | None = None,
        fps: float = 25.0,
        on_truncated: OnTruncated = "error",
    ) -> Prepared:
        """One clip as this predictor takes it; see `predict` for the arguments.

        Raises:
            DecodeError: the source cannot be read.
        """
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


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode for a while."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


def _batched(items: Iterator[Prepared | DecodeError], size: int) -> Iterator[list[Prepared | DecodeError]]:
    batch: list[Prepared | DecodeError] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
