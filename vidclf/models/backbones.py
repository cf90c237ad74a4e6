"""CNNs that turn a frame into a feature vector: a small one of our own, and every torchvision classifier."""

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
from vidclf.prep import HALF, IMAGENET, Statistics
from vidclf.weights import fetch_weights, read_state_dict

BACKBONES: tuple[str, ...] = get_args(config.Backbone)
_SMALL_WIDTHS = (32, 64, 96)
_SMALL_GRID = 4
_SMALL_DEPTH = 24
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

    Attributes:
        feature_dim: D times streams.
    """

    def __init__(self, network: nn.Module, network_dim: int, statistics: Statistics, *, streams: int = 1) -> None:
        super().__init__()
        self.network = network
        self.feature_dim = network_dim * streams
        self.statistics = statistics
        self.streams = streams

    def forward(self, frames: Tensor) -> Tensor:
        """Encode float frames (N, streams * C, h, w) as features (N, feature_dim)."""
        if self.streams == 1:
            return self.network(frames)  # type: ignore[no-any-return]
        pictures = frames.reshape(-1, frames.shape[1] // self.streams, *frames.shape[2:])
        features: Tensor = self.network(pictures.contiguous(memory_format=torch.channels_last))
        return features.reshape(-1, self.feature_dim)


def make_backbone(name: str, *, weights: str, channels: int, size: tuple[int, int], streams: int = 1) -> FrameEncoder:
    """Build a frame encoder.

    Args:
        name: `small`, or the name of a torchvision classification network.
        weights: `none`, `default` (the best that torchvision publishes), or a state_dict file.
        channels: channels of a picture; where it is not three, the first layer is adapted.
        size: (height, width) of the input, which transformers must know.
        streams: how many pictures of so many channels make a frame.

    Raises:
        WeightsError: the weights are missing, or are not those of this network.
        ConfigError: there are no such weights, or the network cannot take this size.
    """
    if name == "small":
        if weights == "default":
            raise ConfigError(["model.weights: the small backbone has no published weights; say none, or a file"])
        small = _small(channels)
        if weights != "none":
            _load(small, read_state_dict(weights), weights)
        return FrameEncoder(small, _SMALL_DEPTH * _SMALL_GRID**2, HALF, streams=streams)

    network = _torchvision(name, size)
    statistics = HALF
    if weights != "none":
        state, statistics = _published(name) if weights == "default" else (read_state_dict(weights), IMAGENET)
        # A file without the classifier is as good as one with it: the classifier is cut off below.
        _load(network, state, weights, may_lack=_classifier_keys(network))
        if hasattr(network, "transform_input"):
            network.transform_input = channels == 3  # type: ignore[assignment]
    feature_dim = _cut_classifier(network)
    if channels != 3:
        _adapt_first_convolution(network, channels)
    return FrameEncoder(network, feature_dim, statistics, streams=streams)


def _small(channels: int) -> nn.Sequential:
    """Three convolutions down to a sixteenth, then a coarse grid: 0.1 million parameters, for 64 to 128 pixels.

    The first one takes a quarter of the side at once: at full size, the normalisation and activation behind it would
    cost more than all the rest. The grid keeps where something is. Averaging over the whole picture, as networks for
    ImageNet do, throws that away, and where the hand is over time is what tells most gestures apart.
    """
    first, *further = _SMALL_WIDTHS
    layers: list[nn.Module] = _convolution(channels, first, side=6, stride=4)  # (N, 32, h/4, w/4)
    for before, after in zip(_SMALL_WIDTHS, further, strict=False):
        layers += _convolution(before, after, side=3, stride=2)  # (N, after, half, half)
    layers += [
        nn.AdaptiveAvgPool2d(_SMALL_GRID),  # (N, 96, 4, 4)
        nn.Conv2d(_SMALL_WIDTHS[-1], _SMALL_DEPTH, kernel_size=1),  # (N, 24, 4, 4)
        nn.Flatten(),  # (N, 384)
    ]
    return nn.Sequential(*layers)


def _convolution(before: int, after: int, *, side: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(before, after, kernel_size=side, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    ]


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
