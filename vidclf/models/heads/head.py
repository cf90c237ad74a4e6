"""What every head does, and what those do that can run live."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from vidclf import config
from vidclf.errors import UsageError
from vidclf.models.pooling import AttentionPooling, LastPooling, MeanPooling, Pooling, Tensors

# What a head carries from step to step: of its own steps, and of its pooling. Opaque to callers.
State = tuple[Tensors, Tensors]


class Head(nn.Module):
    """Features over time in, logits out.

    Attributes:
        causal: whether it can run live, a step at a time, at the same cost for each.
    """

    causal: ClassVar[bool] = False

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, T, D), lengths (B,) -> logits (B, K)."""
        raise NotImplementedError

    def initial_state(self, batch: int) -> State:  # noqa: ARG002
        """What is carried before the first step of `batch` streams.

        Raises:
            UsageError: this head needs the whole clip.
        """
        raise self._needs_whole_clips()

    def step(self, features: Tensor, state: State) -> tuple[Tensor, State]:  # noqa: ARG002
        """Take the next step's features (B, D): the logits (B, K) of all steps up to here, and what to carry on.

        After t steps the logits are those of `forward` on the first t, in evaluation mode.

        Raises:
            UsageError: this head needs the whole clip.
        """
        raise self._needs_whole_clips()

    def _needs_whole_clips(self) -> UsageError:
        return UsageError(
            f"{type(self).__name__} looks at whole clips and cannot go step by step. Train a head that only looks "
            "back, as model.head=lstm, gru or tcn."
        )


class PooledHead(Head):
    """Outputs of each step, pooled over time, then a linear classifier."""

    pooling: config.Pooling
    attention: AttentionPooling | None
    dropout: nn.Dropout
    classifier: nn.Linear

    def _end_with(self, width: int, num_classes: int, pooling: config.Pooling, dropout: float) -> None:
        """Make the layers behind the steps' outputs (B, T, width)."""
        self.pooling = pooling
        self.attention = AttentionPooling(width) if pooling == "attention" else None
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, T, D), lengths (B,) -> logits (B, K)."""
        return self._classify(self._pool(self._outputs(features, lengths), lengths))

    def _outputs(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Features (B, T, D), lengths (B,) -> outputs (B, T, width)."""
        raise NotImplementedError

    def _pool(self, outputs: Tensor, lengths: Tensor) -> Tensor:
        return self._pooling(outputs, lengths)

    @property
    def _pooling(self) -> Pooling:
        if self.attention is not None:
            return self.attention
        return MeanPooling() if self.pooling == "mean" else LastPooling()

    def _classify(self, pooled: Tensor) -> Tensor:
        return self.classifier(self.dropout(pooled))  # type: ignore[no-any-return]


class CausalHead(PooledHead):
    """A pooled head that only looks back."""

    causal = True

    def initial_state(self, batch: int) -> State:
        """What is carried before the first step of `batch` streams."""
        zeros = self.classifier.weight.new_zeros(batch, self.classifier.in_features)
        return self._initial(batch), self._pooling.initial(zeros)

    def step(self, features: Tensor, state: State) -> tuple[Tensor, State]:
        """See `Head.step`."""
        carried, pooled_so_far = state
        output, carried = self._step(features, carried)
        pooled, pooled_so_far = self._pooling.step(output, pooled_so_far)
        return self._classify(pooled), (carried, pooled_so_far)

    def _initial(self, batch: int) -> Tensors:  # noqa: ARG002
        """What the steps carry at first; nothing where each stands for itself."""
        return ()

    def _step(self, features: Tensor, carried: Tensors) -> tuple[Tensor, Tensors]:
        """Features (B, D) of the next step -> its output (B, width), and what to carry on."""
        raise NotImplementedError
