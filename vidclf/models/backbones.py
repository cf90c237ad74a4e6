"""CNNs that turn a frame into a feature vector: those of `networks.py`, and every torchvision classifier."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

import torch
import torchvision
from torch import Tensor, nn

from vidclf import config
from vidclf.errors import ConfigError, WeightsError
from vidclf.models.layers import LayerOutput, end_at, list_layers
from vidclf.models.networks import NETWORKS
from vidclf.prep import HALF, IMAGENET, Statistics
from vidclf.weights import fetch_weights, read_state_dict

BACKBONES: tuple[str, ...] = get_args(config.Backbone)
# Branches that only help training on ImageNet; their names in torchvision.
_AUXILIARY = ("aux1", "aux2", "AuxLogits")
# The published DenseNet files are older than the rule that a module's name holds no dot.
_OLD_DENSENET_NAME = re.compile(r"(\.denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")


class FrameEncoder(nn.Module):
    """A CNN over single frames.

    Args:
        network: (N, C, h, w) -> (N, D).
        network_dim: D.
        statistics: mean and deviation of the pictures that its weights were trained on.
        streams: how many pictures make a frame, one after the other in its channels; each goes through the network.
        features_at: the layer that the network ends behind, where that is not its last.

    Attributes:
        feature_dim: D times streams.
    """

    def __init__(
        self,
        network: nn.Module,
        network_dim: int,
        statistics: Statistics,
        *,
        streams: int = 1,
        features_at: str | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.feature_dim = network_dim * streams
        self.statistics = statistics
        self.streams = streams
        self.features_at = features_at

    def extra_repr(self) -> str:
        """What the list of modules does not tell: where within them the network ends."""
        return "" if self.features_at is None else f"features_at={self.features_at}"

    def forward(self, frames: Tensor) -> Tensor:
        """Encode float frames (N, streams * C, h, w) as features (N, feature_dim)."""
        if self.streams == 1:
            return self.network(frames)  # type: ignore[no-any-return]
        pictures = frames.reshape(-1, frames.shape[1] // self.streams, *frames.shape[2:])
        features: Tensor = self.network(pictures.contiguous(memory_format=torch.channels_last))
        return features.reshape(-1, self.feature_dim)


def make_backbone(
    name: str,
    *,
    weights: str,
    channels: int,
    size: tuple[int, int],
    streams: int = 1,
    features_at: str | None = None,
) -> FrameEncoder:
    """Build a frame encoder.

    Args:
        name: one of `vidclf.models.networks`, or the name of a torchvision classification network.
        weights: `none`, `default` (the best that torchvision publishes), or a state_dict file.
        channels: channels of a picture; where it is not three, the first layer is adapted.
        size: (height, width) of the input, which transformers must know.
        streams: how many pictures of so many channels make a frame.
        features_at: take the features at this layer, averaged over the picture, and leave out what is behind it.

    Raises:
        WeightsError: the weights are missing, or are not those of this network.
        ConfigError: there are no such weights, no such layer, or the network cannot take this size.
    """
    make = _own if name in NETWORKS else _of_torchvision
    network, network_dim, statistics = make(name, weights, channels, size)
    if features_at is not None:
        network, network_dim = end_at(network, features_at, backbone=name, channels=channels, size=size)
    return FrameEncoder(network, network_dim, statistics, streams=streams, features_at=features_at)


def describe_layers(name: str, size: tuple[int, int]) -> list[LayerOutput]:
    """The layers of a backbone that `features_at` may name, and what each gives for an RGB picture of a size.

    Raises:
        ConfigError: the network cannot take this size.
    """
    return list_layers(make_backbone(name, weights="none", channels=3, size=size).network, 3, size)


def _of_torchvision(
    name: str, weights: str, channels: int, size: tuple[int, int]
) -> tuple[nn.Module, int, Statistics]:
    network = _torchvision(name, size)
    statistics = HALF
    if weights != "none":
        state, statistics = _published(name) if weights == "default" else (read_state_dict(weights), IMAGENET)
        # A file without the classifier is as good as one with it: the classifier is cut off below.
        _load(network, state, weights, may_lack=_classifier_keys(network))
        if hasattr(network, "transform_input"):
            statistics = HALF  # what it would turn ImageNet's into by itself, in three channels only
    feature_dim = _cut_classifier(network)
    if channels != 3:
        _adapt_first_convolution(network, channels)
    return network, feature_dim, statistics


def _own(name: str, weights: str, channels: int, size: tuple[int, int]) -> tuple[nn.Module, int, Statistics]:
    if weights == "default":
        raise ConfigError([f"model.weights: the {name} backbone has no published weights; say none, or a file"])
    try:
        network, network_dim = NETWORKS[name](channels, size)
    except ValueError as error:
        raise ConfigError([f"prep.size: {name} cannot take {size[0]} x {size[1]} pixels ({error})"]) from None
    if weights != "none":
        _load(network, read_state_dict(weights), weights)
    return network, network_dim, HALF


def _torchvision(name: str, size: tuple[int, int]) -> nn.Module:
    options: dict[str, Any] = {}
    if name.startswith("vit_"):
        if size[0] != size[1]:
            raise ConfigError([f"prep.size: {name} takes square pictures, not {size[0]} x {size[1]}"])
        options["image_size"] = size[0]
    elif name == "maxvit_t":
        options["input_size"] = size
    elif name in ("googlenet", "inception_v3"):
        options["init_weights"] = True
    try:
        network: nn.Module = torchvision.models.get_model(name, weights=None, **options)
    except (ValueError, AssertionError) as error:
        raise ConfigError([f"prep.size: {name} cannot take {size[0]} x {size[1]} pixels ({error})"]) from None
    return network


def _published(name: str) -> tuple[dict[str, Tensor], Statistics]:
    """The best weights that torchvision publishes for a network, and the statistics that go with them."""
    entry = torchvision.models.get_model_weights(name).DEFAULT
    # The file's name ends in the first digits of its sha256: resnet18-f37072fd.pth.
    sha256 = Path(entry.url).stem.rpartition("-")[2]
    path = fetch_weights(entry.url, Path(torch.hub.get_dir()) / "checkpoints", sha256=sha256)
    transform = entry.transforms()
    return read_state_dict(path), Statistics(mean=tuple(transform.mean), std=tuple(transform.std))


def _load(network: nn.Module, state: Mapping[str, Tensor], file: str, *, may_lack: Collection[str] = ()) -> None:
    own = network.state_dict()
    given = {_OLD_DENSENET_NAME.sub(r"\1\2", key): tensor for key, tensor in state.items()}
    differing = {
        key: f"{key} ({'x'.join(map(str, given[key].shape))} for {'x'.join(map(str, tensor.shape))})"
        for key, tensor in own.items()
        if key in given and given[key].shape != tensor.shape
    }
    fitting = {key: tensor for key, tensor in given.items() if key not in differing}
    # PyTorch itself says what is missing: it knows what older files never had (num_batches_tracked).
    outcome = network.load_state_dict(fitting, strict=False)
    missing = [key for key in outcome.missing_keys if key not in may_lack and key not in differing]
    found = [
        f"{len(keys)} {what} ({', '.join(keys[:4])}{', ...' if len(keys) > 4 else ''})"
        for what, keys in (
            ("missing", missing),
            ("not its own", outcome.unexpected_keys),
            ("of another shape", list(differing.values())),
        )
        if keys
    ]
    if found:
        raise WeightsError(
            f"{file}: these weights belong to another network; of {len(own)} tensors {'; '.join(found)}. "
            "Check that model.backbone is the network that they were trained with."
        )


def _last_linear(network: nn.Module) -> str:
    linear: list[str] = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    return [name for name in linear if not name.startswith(_AUXILIARY)][-1]


def _classifier_keys(network: nn.Module) -> set[str]:
    cut = "classifier" if isinstance(network, torchvision.models.SqueezeNet) else _last_linear(network)
    return {key for key in network.state_dict() if key.startswith((f"{cut}.", *_AUXILIARY))}


def _cut_classifier(network: nn.Module) -> int:
    """Take off the layer that names ImageNet's classes, and say how many features stood before it."""
    for name in _AUXILIARY:
        if hasattr(network, name):
            setattr(network, name, None)
            network.aux_logits = False  # type: ignore[assignment]
    if isinstance(network, torchvision.models.SqueezeNet):
        # Its classifier is a convolution; what stands before it is a map that still has to be pooled.
        convolution = network.classifier[1]
        network.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(1))
        return int(convolution.in_channels)
    name = _last_linear(network)
    linear = network.get_submodule(name)
    assert isinstance(linear, nn.Linear)
    network.set_submodule(name, nn.Identity())
    return linear.in_features


def _adapt_first_convolution(network: nn.Module, channels: int) -> None:
    """Let a network made for RGB take another number of channels, keeping what its first layer has learned.

    A single channel is seen as a grey picture (the three kernels are added up); further channels start from
    the mean of the three (Wang et al., Temporal Segment Networks, ECCV 2016).
    """
    name, first = next((name, module) for name, module in network.named_modules() if isinstance(module, nn.Conv2d))
    adapted = nn.Conv2d(
        channels,
        first.out_channels,
        kernel_size=first.kernel_size,  # type: ignore[arg-type]
        stride=first.stride,  # type: ignore[arg-type]
        padding=first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    with torch.no_grad():
        if channels == 1:
            adapted.weight.copy_(first.weight.sum(dim=1, keepdim=True))
        else:
            further = first.weight.mean(dim=1, keepdim=True).expand(-1, channels - 3, -1, -1)
            adapted.weight.copy_(torch.cat([first.weight, further], dim=1))
        if first.bias is not None and adapted.bias is not None:
            adapted.bias.copy_(first.bias)
    network.set_submodule(name, adapted)
