"""Features taken at a layer of the backbone."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from vidclf.config import ModelConfig, PrepConfig
from vidclf.errors import ConfigError
from vidclf.models import FrameEncoder, describe_layers, make_backbone, make_classifier
from vidclf.models.networks import NETWORKS

SIDE = 64


def encoder(
    name: str, layer: str | None, *, weights: str = "none", channels: int = 3, side: int = SIDE
) -> FrameEncoder:
    torch.manual_seed(0)
    return make_backbone(name, weights=weights, channels=channels, size=(side, side), features_at=layer).eval()


def given_at(network: nn.Module, layer: str, pictures: torch.Tensor) -> torch.Tensor:
    """What a module gives within a network, seen by a hook."""
    seen: list[torch.Tensor] = []
    hook = network.get_submodule(layer).register_forward_hook(lambda _, __, output: seen.append(output.clone()))
    with torch.inference_mode():
        network(pictures)
    hook.remove()
    return seen[0]


@pytest.mark.parametrize(
    ("name", "layer", "places"),
    [
        ("resnet18", "layer2", (2, 3)),
        ("resnet18", "layer3.0.bn2", (2, 3)),
        ("mobilenet_v2", "features.7", (2, 3)),
        ("squeezenet1_1", "features.6.expand3x3", (2, 3)),
        ("swin_t", "features.3", (1, 2)),  # which keeps the features of a place last
        pytest.param("vit_b_32", "encoder.layers.encoder_layer_2", (1,), marks=pytest.mark.slow),
        ("small", "6", (2, 3)),
        ("residual", "7", (2, 3)),
        ("residual", "7.branch.1", (2, 3)),
        ("plain", "14", ()),
    ],
)
def test_features_are_the_layers_output_averaged_over_the_picture(
    name: str, layer: str, places: tuple[int, ...]
) -> None:
    pictures = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    whole, ended = encoder(name, None), encoder(name, layer)
    given = given_at(whole.network, layer, pictures)
    with torch.inference_mode():
        features = ended(pictures)
    assert features.shape == (2, ended.feature_dim)
    torch.testing.assert_close(features, given.mean(dim=places) if places else given)


def test_what_is_behind_the_layer_is_not_kept_and_the_rest_keeps_its_names() -> None:
    whole, ended = encoder("resnet18", None), encoder("resnet18", "layer2")
    names = set(ended.state_dict())
    assert names == {name for name in whole.state_dict() if not name.startswith(("network.layer3", "network.layer4"))}
    assert sum(weight.numel() for weight in ended.parameters()) < sum(w.numel() for w in whole.parameters()) / 10


def test_it_trains_copies_and_encodes_alike() -> None:
    """As averaging of weights, freezing and saving need it."""
    ended = encoder("residual", "12")
    other = encoder("residual", "12")
    other.load_state_dict(copy.deepcopy(ended).state_dict())
    ended.train()
    ended(torch.randn(4, 3, SIDE, SIDE)).sum().backward()
    assert all(weight.grad is not None for weight in ended.parameters())
    running = [name for name in ended.state_dict() if "running_mean" in name]
    assert not any(torch.equal(ended.state_dict()[name], other.state_dict()[name]) for name in running)
    ended.eval()
    pictures = torch.randn(2, 3, SIDE, SIDE)
    with torch.inference_mode():
        torch.testing.assert_close(copy.deepcopy(ended).eval()(pictures), ended(pictures))


def test_weights_are_loaded_before_layers_are_left_out(tmp_path: Path) -> None:
    torch.manual_seed(3)
    published = torchvision.models.squeezenet1_1(weights=None).eval()
    torch.save(published.state_dict(), tmp_path / "net.pth")
    pictures = torch.randn(1, 3, SIDE, SIDE)
    ended = encoder("squeezenet1_1", "features.5", weights=str(tmp_path / "net.pth"))
    with torch.inference_mode():
        torch.testing.assert_close(ended(pictures), published.features[:6](pictures).mean(dim=(2, 3)))


@pytest.mark.parametrize(("motion", "channels", "streams"), [("add", 4, 1), ("only", 1, 1), ("two_stream", 6, 2)])
def test_any_input_goes_to_any_layer(motion: str, channels: int, streams: int) -> None:
    model = ModelConfig(backbone="resnet18", features_at="layer1", head="moments")
    network, preprocessing = make_classifier(model, PrepConfig(size=32, motion=motion), 3)
    assert (preprocessing.channels, network.backbone.feature_dim) == (channels, 64 * streams)
    assert network(torch.randn(2, 3, channels, 32, 32), torch.tensor([3, 2])).shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "layer", "nearest"),
    [
        ("resnet18", "layer5", "layer4"),
        ("small", "backbone.network.6", "6"),
        ("mobilenet_v2", "feature.7", "features.7"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(name: str, layer: str, nearest: str) -> None:
    with pytest.raises(ConfigError, match=rf"model\.features_at: {name} has no layer '{layer}'") as caught:
        encoder(name, layer)
    named = str(caught.value).partition("nearest: ")[2].partition(". ")[0].split(", ")
    assert nearest in named
    assert f"vidclf config layers {name}" in str(caught.value)


@pytest.mark.parametrize(("name", "layer"), [("shufflenet_v2_x0_5", "stage2.0.floordiv"), ("resnet18", "x")])
def test_what_is_no_layer_of_features_is_refused(name: str, layer: str) -> None:
    with pytest.raises(ConfigError, match=r"model\.features_at"):
        encoder(name, layer)


@pytest.mark.parametrize("name", [*NETWORKS, "squeezenet1_1"])
def test_every_layer_that_is_listed_can_be_taken(name: str) -> None:
    listed = describe_layers(name, (SIDE, SIDE))
    assert len({layer.name for layer in listed}) == len(listed) > 5
    for layer in listed[:: len(listed) // 5]:
        ended = encoder(name, layer.name)
        assert ended.feature_dim == layer.feature_dim
        assert ended(torch.randn(2, 3, SIDE, SIDE)).shape == (2, layer.feature_dim)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "mnasnet0_5",
     "mobilenet_v3_small", "regnet_y_400mf", "resnext50_32x4d", "shufflenet_v2_x0_5", "swin_v2_t", "vgg11_bn"],
)  # fmt: skip
def test_every_family_ends_at_any_layer(name: str) -> None:
    side = 299 if name == "inception_v3" else 224
    listed = describe_layers(name, (side, side))
    for layer in (listed[1], listed[len(listed) // 2], listed[-2]):
        ended = encoder(name, layer.name, side=side)
        with torch.inference_mode():
            assert ended(torch.randn(2, 3, side, side)).shape == (2, layer.feature_dim)
