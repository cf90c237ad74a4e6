from __future__ import annotations

from pathlib import Path

import pytest
import torch

from vidclf.config import ModelConfig, PrepConfig
from vidclf.models import ClipClassifier, make_classifier
from vidclf.prep import HALF, IMAGENET


def make(head: str = "lstm", motion: str = "none", **more: object) -> ClipClassifier:
    torch.manual_seed(0)
    model = ModelConfig.model_validate({"head": head, "hidden": 8, "dropout": 0, **more})
    return make_classifier(model, PrepConfig.model_validate({"size": 32, "motion": motion}), 5)[0]


LENGTHS = torch.tensor([4, 1, 6])


def clips(channels: int = 3) -> torch.Tensor:
    return torch.randn(3, 6, channels, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("head", ["lstm", "bilstm", "mean"])
@pytest.mark.parametrize(("motion", "channels"), [("none", 3), ("add", 4), ("only", 1)])
def test_clips_become_a_logit_for_each_class(head: str, motion: str, channels: int) -> None:
    logits = make(head, motion)(clips(channels), LENGTHS)
    assert logits.shape == (3, 5)
    assert logits.isfinite().all()


@pytest.mark.parametrize("head", ["lstm", "bilstm", "mean"])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("garbage", [50.0, float("nan")])
def test_padding_changes_no_logit(head: str, training: bool, garbage: float) -> None:
    """Not in training either, where batch normalisation would mix what stands on padding into all."""
    dirty = clips()
    for clip, length in zip(dirty, LENGTHS, strict=True):
        clip[length:] = garbage
    dirty = torch.cat([dirty, torch.full((3, 2, 3, 32, 32), garbage)], dim=1)
    clean, soiled = make(head).train(training), make(head).train(training)
    torch.testing.assert_close(clean(clips(), LENGTHS), soiled(dirty, LENGTHS), atol=1e-5, rtol=0)
    for name, tensor in clean.state_dict().items():
        torch.testing.assert_close(soiled.state_dict()[name], tensor, msg=name)


@pytest.mark.parametrize("head", ["lstm", "bilstm", "mean"])
def test_a_clip_gets_the_same_logits_in_any_company(head: str) -> None:
    network, batch = make(head).eval(), clips()
    together = network(batch, LENGTHS)
    for index, length in enumerate(LENGTHS):
        alone = network(batch[index : index + 1, :length], LENGTHS[index : index + 1])
        torch.testing.assert_close(alone[0], together[index], atol=1e-5, rtol=0)


def test_the_network_learns_through_every_part() -> None:
    network = make("lstm", pooling="attention").train()
    network(clips(), LENGTHS).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


@pytest.mark.parametrize(
    ("normalise", "statistics"),
    [("auto", HALF), ("half", HALF), ("imagenet", IMAGENET), ("clip", "clip"), ("frame", "frame")],
)
def test_the_preprocessing_is_what_the_config_asks_for(normalise: str, statistics: object) -> None:
    prep = PrepConfig.model_validate(
        {"size": [32, 48], "sampling": "rate", "fps": 12.5, "crop": "center", "motion": "add",
         "motion_seconds": 0.2, "normalise": normalise}
    )  # fmt: skip
    _, preprocessing = make_classifier(ModelConfig(), prep, 2)
    assert preprocessing.size == (32, 48)
    assert (preprocessing.sampling, preprocessing.fps, preprocessing.crop) == ("rate", 12.5, "center")
    assert (preprocessing.motion, preprocessing.motion_seconds) == ("add", 0.2)
    assert preprocessing.statistics == statistics


def test_the_preprocessing_is_what_the_weights_want(tmp_path: Path) -> None:
    from torchvision.models import squeezenet1_1

    torch.save(squeezenet1_1(weights=None).state_dict(), tmp_path / "net.pth")
    model = ModelConfig(backbone="squeezenet1_1", weights=str(tmp_path / "net.pth"))
    assert make_classifier(model, PrepConfig(), 2)[1].statistics == IMAGENET
    assert make_classifier(model, PrepConfig(normalise="half"), 2)[1].statistics == HALF
