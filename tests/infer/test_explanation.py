"""Where a model found what it decided by."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from vidclf.config import make_config
from vidclf.infer import EnsemblePredictor, Predictor, explain
from vidclf.infer.gradcam import gradcam
from vidclf.models import ClipClassifier, make_classifier
from vidclf.models.backbones import FrameEncoder
from vidclf.models.heads import Head
from vidclf.prep import HALF, Preprocessing
from vidclf.types import Clip

CPU = torch.device("cpu")


class BrightOrDark(Head):
    """Class 0 is how bright the frames are, class 1 how dark."""

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG002
        brightness = features.mean(dim=(1, 2))
        return torch.stack([brightness, -brightness], dim=1)


def brightness(streams: int = 1) -> ClipClassifier:
    """A network that adds up what is bright, in eighths of the picture."""
    convolution = nn.Conv2d(1, 1, kernel_size=4, stride=4, bias=False)
    nn.init.constant_(convolution.weight, 1.0)
    network = nn.Sequential(convolution, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return ClipClassifier(FrameEncoder(network, 1, HALF, streams=streams), BrightOrDark()).eval()


def test_heat_lies_where_and_when_it_was_bright() -> None:
    frames = torch.zeros(5, 1, 32, 32)
    frames[3, 0, 8:16, 20:28] = 1.0
    heat = gradcam(brightness(), frames, 0)
    assert heat is not None
    assert heat.shape == (5, 32, 32)
    assert heat.max() == 1.0
    assert heat[[0, 1, 2, 4]].max() == 0
    assert heat[3, 10:14, 22:26].min() > 0.9
    assert heat[3, 20:].max() == heat[3, :, :16].max() == 0


def test_what_speaks_against_a_class_is_not_shown() -> None:
    heat = gradcam(brightness(), torch.ones(2, 1, 32, 32), 1)
    assert heat is not None
    assert heat.max() == 0


def test_pictures_of_one_step_share_its_heat() -> None:
    frames = torch.zeros(3, 2, 32, 32)
    frames[1, 0, :8, :8] = frames[2, 1, -8:, -8:] = 1.0
    heat = gradcam(brightness(streams=2), frames, 0)
    assert heat is not None
    assert heat[0].max() == 0
    assert np.argwhere(heat[1] > 0.9).max() < 8
    assert np.argwhere(heat[2] > 0.9).min() >= 24


@pytest.mark.parametrize("backbone", ["small", "medium", "shufflenet_v2_x0_5", "squeezenet1_1"])
def test_networks_have_heat_and_are_left_as_they_were(backbone: str) -> None:
    config = make_config(
        {
            "model": {"backbone": backbone, "head": "bilstm", "layers": 2, "hidden": 8},
            "prep": {"size": 64, "frames": 3},
        }
    )
    torch.manual_seed(0)
    network, preprocessing = make_classifier(config.model, config.prep, 2)
    network.backbone.requires_grad_(False)  # as a frozen one is
    clip = preprocessing.take(_clip())
    predictor = Predictor(network, preprocessing, ("a", "b"), CPU)
    found, again = explain(predictor, clip), explain(predictor, clip)
    assert found.heat is not None
    assert again.heat is not None
    assert found.heat.shape == found.frames.shape[:3] == (3, 64, 64)
    assert np.array_equal(found.heat, again.heat)  # no dropout
    assert 0 <= found.heat.min() <= found.heat.max() <= 1
    assert network.training
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())
    assert found.over_time.prediction == predictor.over_time(_clip()).prediction


def test_where_there_is_no_map_there_is_no_heat() -> None:
    transformer = VisionTransformer(
        image_size=32, patch_size=16, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=8, num_classes=2
    )
    encoder = FrameEncoder(transformer, 2, HALF)
    preprocessing = Preprocessing("dense", (32, 32))
    model = Predictor(ClipClassifier(encoder, BrightOrDark()), preprocessing, ("a", "b"), CPU)
    assert explain(model, model.prepare(_clip())).heat is None

    config = make_config({"model": {"hidden": 8}, "prep": {"size": 32, "frames": 3}})
    network, preprocessing = make_classifier(config.model, config.prep, 2)
    several = EnsemblePredictor([Predictor(network, preprocessing, ("a", "b"), CPU)] * 2)
    found = explain(several, several.prepare(_clip()))
    assert found.heat is None
    assert found.over_time.probabilities.shape == (3, 2)


def _clip() -> Clip:
    return Clip.from_frames(np.random.default_rng(0).integers(256, size=(6, 48, 64, 3), dtype=np.uint8), fps=10)
