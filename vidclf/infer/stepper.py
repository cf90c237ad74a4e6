"""A trained classifier on a stream: each frame is encoded once, and what the head has seen is carried on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from vidclf.errors import UsageError
from vidclf.infer.predictor import Predictor, evaluating
from vidclf.metrics import tempered
from vidclf.models import ClipClassifier
from vidclf.models.heads import Head, State
from vidclf.prep import LiveSteps, Preprocessing, Step, needs_whole_clips
from vidclf.types import Float64Array, Frame


@dataclass(frozen=True, eq=False)
class Said:
    """What a model says at one instant of a stream.

    Attributes:
        pts_seconds: the instant.
        probabilities: float64 (K,), of all that was seen up to it.
    """

    pts_seconds: float
    probabilities: Float64Array


class _Memory(Protocol):
    """What the head remembers of the steps so far."""

    def logits(self, features: Tensor) -> Tensor:
        """Take the next step's features (V, D) of each view: logits (V, K) of what is remembered."""


class _Carried:
    """The head's own state, which costs the same for each step."""

    def __init__(self, head: Head, views: int) -> None:
        self._head = head
        self._state: State = head.initial_state(views)

    def logits(self, features: Tensor) -> Tensor:
        """See `_Memory`."""
        logits, self._state = self._head.step(features, self._state)
        return logits


class _Window:
    """The features of the latest steps, which the head looks at anew each time."""

    def __init__(self, head: Head, steps: int) -> None:
        self._head = head
        self._latest: deque[Tensor] = deque(maxlen=steps)

    def logits(self, features: Tensor) -> Tensor:
        """See `_Memory`."""
        self._latest.append(features)
        lengths = torch.full((len(features),), len(self._latest), device=features.device)
        logits: Tensor = self._head(torch.stack(tuple(self._latest), dim=1), lengths)
        return logits


@dataclass(eq=False)
class StreamState:
    """What is carried from frame to frame of one stream; made by `Stepper.begin`, opaque to callers."""

    _steps: LiveSteps = field(repr=False)
    _memory: _Memory = field(repr=False)


class Stepper:
    """Goes through a stream frame by frame.

    After the frames of a clip it says what the model says of the clip, as far as the steps have come. Without a
    window that takes a head, a sampling, a crop and a normalisation that only look back. With one, the head looks at
    the features of the latest seconds at each step, none of which is encoded again: any head can, and steps that were
    spread over a clip in training are spread over the window, whose square follows the person.

    Args:
        predictor: the trained model.
        window_seconds: None: the head's own state is carried.

    Raises:
        UsageError: the model needs whole clips; the sentence names what to train with in its place.
    """

    def __init__(self, predictor: Predictor, *, window_seconds: float | None = None) -> None:
        network = predictor.network
        if not isinstance(network, ClipClassifier) or not isinstance(network.head, Head):
            raise UsageError("Only a single trained classifier can run live; an ensemble cannot.")
        self.classes = predictor.classes
        self._predictor = predictor
        self._network, self._head = network, network.head
        self._window: int | None = None
        self._preprocessing = predictor.preprocessing
        if window_seconds is not None:
            if not window_seconds > 0:
                raise UsageError(f"The window must be longer than 0 seconds, not {window_seconds}.")
            self._preprocessing = _in_windows(self._preprocessing, window_seconds)
            assert self._preprocessing.fps is not None
            self._window = max(1, round(window_seconds * self._preprocessing.fps))
        reasons = needs_whole_clips(self._preprocessing)
        if self._window is None and not self._head.causal:
            name = type(self._head).__name__
            reasons.append(f"its head ({name}) looks at the whole clip; train with model.head=lstm, gru or tcn")
        if reasons:
            windows_help = window_seconds is None and not needs_whole_clips(_in_windows(self._preprocessing, 1.0))
            instead = ", or run it in windows (--window SECONDS)" if windows_help else ""
            raise UsageError(f"This model cannot run live: {'; '.join(reasons)}{instead}.")
        mirrored = predictor.mirror_labels
        self._mirrored = None if mirrored is None else [self.classes.index(label) for label in mirrored]

    @property
    def fps(self) -> float:
        """Steps a second."""
        assert self._preprocessing.fps is not None
        return self._preprocessing.fps

    def begin(self) -> StreamState:
        """The state before the first frame of a stream."""
        views = 1 if self._mirrored is None else 2
        memory = _Carried(self._head, views) if self._window is None else _Window(self._head, self._window)
        return StreamState(LiveSteps(self._preprocessing), memory)

    def step(self, frame: Frame, state: StreamState) -> tuple[Float64Array | None, StreamState]:
        """Take the next frame: the probabilities (K,) of all up to it, and what to carry on.

        None in place of the probabilities where the frame is between two steps of the model.
        """
        said = None
        for said in self.steps(frame, state):  # noqa: B007  # the last one counts
            pass
        return None if said is None else said.probabilities, state

    @torch.inference_mode()
    def steps(self, frame: Frame, state: StreamState) -> Iterator[Said]:
        """Take the next frame: what is said at each instant that is known with it, none or several."""
        with evaluating(self._network):
            for step in state._steps.push(frame):
                yield Said(step.pts_seconds, self._probabilities(step, state._memory))

    def _probabilities(self, step: Step, memory: _Memory) -> Float64Array:
        views = torch.from_numpy(step.inputs)[None].to(self._predictor.device)
        if self._mirrored is not None:
            views = torch.cat([views, views.flip(-1)])
        features = self._network.backbone(views.contiguous(memory_format=torch.channels_last))
        answers = memory.logits(features).double().softmax(dim=1).cpu().numpy()  # (V, K)
        if self._mirrored is not None:
            answers = np.stack([answers[0], answers[1][self._mirrored]])
        probabilities: Float64Array = tempered(answers.mean(axis=0, keepdims=True), self._predictor.temperature)[0]
        return probabilities


def _in_windows(preprocessing: Preprocessing, window_seconds: float) -> Preprocessing:
    """The same preprocessing for windows of a stream: the steps of a clip spread over one, the crop following."""
    changed = preprocessing
    if preprocessing.sampling in ("uniform", "center"):
        assert preprocessing.frames is not None
        fps = preprocessing.fps if preprocessing.sampling == "center" else preprocessing.frames / window_seconds
        changed = replace(changed, sampling="rate", frames=None, fps=fps)
    return replace(changed, crop="causal") if changed.crop == "clip" else changed
