"""How recurrent layers begin."""

from __future__ import annotations

import torch
from torch import nn


def start_orthogonal(layer: nn.RNNBase) -> None:
    """Start with orthogonal recurrent weights, gate by gate (Saxe et al., ICLR 2014)."""
    for name, parameter in layer.named_parameters():
        if name.startswith("weight_hh"):
            for gate in torch.split(parameter.data, layer.hidden_size):
                nn.init.orthogonal_(gate)


def remember_at_first(lstm: nn.LSTM) -> None:
    """Start with open forget gates (Jozefowicz et al., ICML 2015)."""
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias_ih"):
            # Gates are kept in the order input, forget, cell, output.
            parameter.data[lstm.hidden_size : 2 * lstm.hidden_size].fill_(1.0)
