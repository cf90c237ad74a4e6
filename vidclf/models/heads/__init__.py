"""Heads: features over time in, logits out. One file a head, all under one contract.

`forward(features, lengths)` takes features (B, T, D) and lengths (B,) >= 1, and gives logits (B, K). Steps
beyond a clip's length change nothing.
"""

from torch import nn

from vidclf.config import ModelConfig
from vidclf.models.heads.lstm import LSTMHead
from vidclf.models.heads.mean import MeanHead

HEADS = ("lstm", "bilstm", "mean")


def make_head(config: ModelConfig, feature_dim: int, num_classes: int) -> nn.Module:
    """The head that a config names, for features of `feature_dim` and `num_classes` classes."""
    if config.head == "mean":
        return MeanHead(feature_dim, num_classes, dropout=config.dropout)
    return LSTMHead(
        feature_dim,
        num_classes,
        hidden=config.hidden,
        layers=config.layers,
        bidirectional=config.head == "bilstm",
        pooling=config.pooling,
        dropout=config.dropout,
    )


__all__ = ["HEADS", "LSTMHead", "MeanHead", "make_head"]
