"""Heads: features over time in, logits out. One file a head, all under one contract (`head.py`).

`forward(features, lengths)` takes features (B, T, D) and lengths (B,) >= 1, and gives logits (B, K). Steps
beyond a clip's length change nothing. Heads that are `causal` go step by step as well.
"""

from collections.abc import Callable

from vidclf.config import ModelConfig
from vidclf.models.heads.attention import AttentionHead
from vidclf.models.heads.bilstm import BiLSTMHead
from vidclf.models.heads.frame import FrameHead
from vidclf.models.heads.gru import GRUHead
from vidclf.models.heads.head import Head, State
from vidclf.models.heads.lstm import LSTMHead
from vidclf.models.heads.mean import MeanHead
from vidclf.models.heads.moments import MomentsHead
from vidclf.models.heads.tcn import TCNHead

_Builder = Callable[[ModelConfig, int, int], Head]


def _sequence(kind: type[LSTMHead | BiLSTMHead | GRUHead | TCNHead]) -> _Builder:
    return lambda model, feature_dim, num_classes: kind(
        feature_dim,
        num_classes,
        hidden=model.hidden,
        layers=model.layers,
        pooling=model.pooling,
        dropout=model.dropout,
    )


def _attention(model: ModelConfig, feature_dim: int, num_classes: int) -> Head:
    return AttentionHead(feature_dim, num_classes, hidden=model.hidden, dropout=model.dropout)


def _linear(kind: type[MeanHead | MomentsHead | FrameHead]) -> _Builder:
    return lambda model, feature_dim, num_classes: kind(feature_dim, num_classes, dropout=model.dropout)


HEADS: dict[str, _Builder] = {
    "lstm": _sequence(LSTMHead),
    "bilstm": _sequence(BiLSTMHead),
    "gru": _sequence(GRUHead),
    "tcn": _sequence(TCNHead),
    "attention": _attention,
    "mean": _linear(MeanHead),
    "moments": _linear(MomentsHead),
    "frame": _linear(FrameHead),
}


def make_head(config: ModelConfig, feature_dim: int, num_classes: int) -> Head:
    """The head that a config names, for features of `feature_dim` and `num_classes` classes."""
    return HEADS[config.head](config, feature_dim, num_classes)


__all__ = [
    "HEADS",
    "AttentionHead",
    "BiLSTMHead",
    "FrameHead",
    "GRUHead",
    "Head",
    "LSTMHead",
    "MeanHead",
    "MomentsHead",
    "State",
    "TCNHead",
    "make_head",
]
