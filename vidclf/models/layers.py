"""Features from within a network: it ends behind a layer, and what that layer gives is averaged over the picture."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from vidclf.errors import ConfigError

_LISTED_DEPTH = 3
_CLIPS = 2
# Axes of places where they cannot be seen from two sizes: of vectors, of a transformer's tokens, of maps.
_USUAL_PLACES = {2: (), 3: (1,), 4: (2, 3)}


@dataclass(frozen=True)
class LayerOutput:
    """What a layer gives for one picture.

    Attributes:
        name: what the layer is called.
        shape: of its output, without the batch.
        places: axes of the output, the batch's being 0, that are averaged over.
        feature_dim: how many numbers are left.
    """

    name: str
    shape: tuple[int, ...]
    places: tuple[int, ...]
    feature_dim: int


def end_at(
    network: nn.Module, layer: str, *, backbone: str, channels: int, size: tuple[int, int]
) -> tuple[nn.Module, int]:
    """End a network behind one of its layers; what stands behind it is dropped, weights included.

    The weights that stay keep their names.

    Args:
        network: (N, C, h, w) -> (N, D); the result shares its weights.
        layer: name of a module, or of an operation as torchvision's feature extraction counts them.
        backbone: what the network is called, for messages.
        channels: C.
        size: (h, w).

    Returns:
        the network, (N, C, h, w) -> (N, D'), and D'.

    Raises:
        ConfigError: there is no such layer, or what it gives are no features of a picture.
    """
    node_of = _nodes(network)
    if layer not in node_of:
        wanted = layer.removeprefix("backbone.").removeprefix("network.")  # what a dry run calls them
        near = difflib.get_close_matches(wanted, node_of, n=5, cutoff=0.5) or list(node_of)[:5]
        raise ConfigError(
            [
                f"model.features_at: {backbone} has no layer {layer!r}; nearest: {', '.join(near)}. "
                f"`vidclf config layers {backbone}` lists them"
            ]
        )
    ended = create_feature_extractor(network, {node_of[layer]: layer}, suppress_diff_warning=True)
    output = next(_outputs(ended, channels, size), None)
    if output is None:
        raise ConfigError(
            [
                f"model.features_at: what {backbone} computes at {layer} are no features of a picture; "
                f"`vidclf config layers {backbone}` lists the layers that give some"
            ]
        )
    for graph in (ended.train_graph, ended.eval_graph):
        end = next(iter(reversed(graph.nodes)))
        features = end.args[0][layer]
        if output.places:
            with graph.inserting_before(end):
                features = graph.call_function(torch.mean, (features, output.places))
        end.args = (features,)
    ended.graph = ended.train_graph if ended.training else ended.eval_graph  # compiles it
    return ended, output.feature_dim


def list_layers(network: nn.Module, channels: int, size: tuple[int, int]) -> list[LayerOutput]:
    """The layers that features can be taken at, in the order in which they compute."""
    node_of = {name: node for name, node in _nodes(network).items() if name.count(".") < _LISTED_DEPTH}
    nodes = dict.fromkeys(node_of.values())
    extractor = create_feature_extractor(network, {node: node for node in nodes}, suppress_diff_warning=True)
    found = {output.name: output for output in _outputs(extractor, channels, size)}
    return [
        LayerOutput(name, found[node].shape, found[node].places, found[node].feature_dim)
        for name, node in node_of.items()
        if node in found
    ]


def _nodes(network: nn.Module) -> dict[str, str]:
    """For each module and operation, by name, the operation that gives its output."""
    _, operations = get_graph_node_names(network, suppress_diff_warning=True)
    last = {}
    for operation in operations[1:]:  # the first is the picture itself
        parts = operation.split(".")
        for depth in range(1, len(parts) + 1):
            last[".".join(parts[:depth])] = operation
    return last


def _outputs(extractor: nn.Module, channels: int, size: tuple[int, int]) -> Iterator[LayerOutput]:
    """What the layers of an extractor give, those left out that give no features of a picture."""
    outputs = _computed(extractor, channels, size)
    try:
        larger = _computed(extractor, channels, (2 * size[0], 2 * size[1]))
    except (AssertionError, RuntimeError, ValueError):  # it takes pictures of one size only
        larger = {}
    for name, output in outputs.items():
        if not isinstance(output, Tensor) or output.ndim not in _USUAL_PLACES or len(output) != _CLIPS:
            continue
        # What grows with the picture are its places: some networks keep the features of a place last.
        of_larger = larger.get(name)
        grown = of_larger.shape if isinstance(of_larger, Tensor) else output.shape
        places = tuple(axis for axis in range(output.ndim) if grown[axis] != output.shape[axis])
        places = places or _USUAL_PLACES[output.ndim]
        features = set(range(1, output.ndim)) - set(places)
        if 0 in places or len(features) != 1:
            continue
        feature_dim = output.shape[features.pop()]
        if feature_dim > 1:  # one number is a place that was taken for a feature
            yield LayerOutput(name, tuple(output.shape[1:]), places, feature_dim)


def _computed(extractor: nn.Module, channels: int, size: tuple[int, int]) -> dict[str, object]:
    """What an extractor gives for pictures, as shapes alone: nothing is really computed."""
    weights = {name: tensor.to("meta") for name, tensor in extractor.state_dict().items()}
    pictures = torch.empty(_CLIPS, channels, *size, device="meta")
    computed: dict[str, object] = functional_call(extractor, weights, (pictures,))
    return computed
