from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor

from vidclf.errors import ConfigError, WeightsError
from vidclf.models.backbones import BACKBONES, FrameEncoder, make_backbone
from vidclf.prep import HALF, IMAGENET, Preprocessing, Statistics
from vidclf.types import Clip
from vidclf.video import read_clip

# One of each family, the smallest; the others under `slow`.
FAMILIES = (
    "small", "medium", "plain", "residual",
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet",
    "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf",
    "regnet_y_400mf", "resnet18", "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "swin_v2_t",
    "vgg11", "vgg11_bn", "vit_b_32", "wide_resnet50_2",
)  # fmt: skip


def side_of(name: str) -> int:
    return 299 if name == "inception_v3" else 224


def encode_without_memory(name: str, channels: int) -> None:
    side = side_of(name)
    with torch.device("cpu" if name.startswith("regnet") else "meta"):  # a RegNet computes its widths when built
        encoder = make_backbone(name, weights="none", channels=channels, size=(side, side)).eval()
    features = encoder.to("meta")(torch.empty(2, channels, side, side, device="meta"))
    assert features.shape == (2, encoder.feature_dim)
    assert encoder.statistics == HALF


@pytest.mark.parametrize("name", FAMILIES)
def test_a_network_of_each_family_encodes_frames(name: str) -> None:
    encode_without_memory(name, channels=4)


def test_the_plain_network_has_the_parameters_of_the_tutorials() -> None:
    encoder = make_backbone("plain", weights="none", channels=3, size=(32, 32))
    assert encoder.feature_dim == 64
    assert sum(weight.numel() for weight in encoder.parameters()) + 64 * 10 + 10 == 79_626


def test_a_picture_too_small_for_the_plain_network_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"prep\.size: plain cannot take 32 x 30 pixels .*32 or more"):
        make_backbone("plain", weights="none", channels=3, size=(32, 30))


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_network_encodes_frames(name: str, channels: int) -> None:
    encode_without_memory(name, channels)


@pytest.mark.parametrize("name", ["small", "resnet18", "mobilenet_v3_small", "squeezenet1_1", "convnext_tiny"])
def test_other_sizes_give_as_many_features(name: str) -> None:
    encoder = make_backbone(name, weights="none", channels=3, size=(64, 96)).eval()
    with torch.inference_mode():
        features = encoder(torch.randn(2, 3, 64, 96))
    assert features.shape == (2, encoder.feature_dim)
    assert features.isfinite().all()


@pytest.mark.parametrize("name", ["vit_b_16", "maxvit_t"])
def test_a_size_that_a_network_cannot_take_is_said(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"prep\.size: {name}"):
        make_backbone(name, weights="none", channels=3, size=(100, 150))


def written(path: Path, state: Mapping[str, Tensor]) -> str:
    if path.suffix == ".safetensors":
        save_file(dict(state), path)
    else:
        torch.save(dict(state), path)
    return str(path)


def random_state(name: str) -> dict[str, Tensor]:
    torch.manual_seed(0)
    options = {"init_weights": True} if name == "googlenet" else {}
    return dict(torchvision.models.get_model(name, weights=None, **options).state_dict())


def load(name: str, weights: str, channels: int = 3) -> FrameEncoder:
    return make_backbone(name, weights=weights, channels=channels, size=(64, 64)).eval()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_from_a_file_are_those_that_compute(tmp_path: Path, suffix: str) -> None:
    torch.manual_seed(0)
    network = torchvision.models.resnet18(weights=None).eval()
    encoder = load("resnet18", written(tmp_path / f"net{suffix}", network.state_dict()))
    network.fc = torch.nn.Identity()
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(encoder(pictures), network(pictures))
    assert encoder.statistics == IMAGENET


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "googlenet", "squeezenet1_1"])
def test_a_file_without_the_classifier_is_as_good(tmp_path: Path, name: str) -> None:
    state = random_state(name)
    without = {key: value for key, value in state.items() if not key.startswith(("fc", "classifier", "aux"))}
    if name == "mobilenet_v3_small":  # of whose classifier only the last layer names classes
        without |= {key: value for key, value in state.items() if key.startswith("classifier.0")}
    assert len(without) < len(state)
    with_it = load(name, written(tmp_path / "with.pth", state))
    without_it = load(name, written(tmp_path / "without.pth", without))
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(with_it(pictures), without_it(pictures))


def test_a_network_that_normalises_by_itself_is_given_what_it_makes_of_pictures(tmp_path: Path) -> None:
    """Or it would have to be told so wherever it is loaded."""
    torch.manual_seed(0)
    network = torchvision.models.googlenet(weights=None, init_weights=True, transform_input=True).eval()
    encoder = load("googlenet", written(tmp_path / "net.pth", network.state_dict()))
    network.fc = torch.nn.Identity()
    pixels = torch.rand(2, 3, 64, 64)

    def seen(statistics: Statistics) -> Tensor:
        mean, std = (torch.tensor(values)[:, None, None] for values in (statistics.mean, statistics.std))
        return (pixels - mean) / std

    with torch.inference_mode():
        torch.testing.assert_close(encoder(seen(encoder.statistics)), network(seen(IMAGENET)))


def test_files_from_before_batches_were_counted_load(tmp_path: Path) -> None:
    state = {key: value for key, value in random_state("resnet18").items() if "num_batches_tracked" not in key}
    load("resnet18", written(tmp_path / "old.pth", state))


def test_densenet_files_with_their_old_names_load(tmp_path: Path) -> None:
    """As torchvision publishes them: norm.1 where the network has norm1, and batches not counted."""
    state = random_state("densenet121")
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): value
        for key, value in state.items()
        if "num_batches_tracked" not in key
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    encoder = load("densenet121", written(tmp_path / "old.pth", old))
    name = "features.denseblock3.denselayer7.conv2.weight"
    assert torch.equal(encoder.network.state_dict()[name], state[name])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda state: state.pop("layer1.0.conv1.weight"), "1 missing (layer1.0.conv1.weight)"),
        (lambda state: state.update(extra=torch.ones(1)), "1 not its own (extra)"),
        (
            lambda state: state.update({"conv1.weight": torch.ones(64, 1, 7, 7)}),
            "conv1.weight (64x1x7x7 for 64x3x7x7)",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_what_differs(tmp_path: Path, change, words: str) -> None:  # type: ignore[no-untyped-def]
    state = random_state("resnet18")
    change(state)
    with pytest.raises(WeightsError, match=re.escape(words)) as caught:
        load("resnet18", written(tmp_path / "net.pth", state))
    assert str(tmp_path / "net.pth") in str(caught.value)
    assert "model.backbone" in str(caught.value)


def test_the_small_backbone_takes_a_file_and_nothing_published(tmp_path: Path) -> None:
    small = load("small", "none")
    again = load("small", written(tmp_path / "small.safetensors", small.network.state_dict()))
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(small(pictures), again(pictures))
    with pytest.raises(ConfigError, match=r"model\.weights"):
        load("small", "default")


def test_published_weights_are_looked_for_where_torch_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong file under the published name is told by its hash, so nothing is downloaded here."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut off")
    with pytest.raises(WeightsError, match="f37072fd") as caught:
        load("resnet18", "default")
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "squeezenet1_1"])
def test_one_channel_sees_what_three_see_of_a_grey_picture(tmp_path: Path, name: str) -> None:
    weights = written(tmp_path / "net.pth", random_state(name))
    grey = torch.randn(2, 1, 64, 64)
    one, three = load(name, weights, channels=1), load(name, weights, channels=3)
    with torch.inference_mode():
        torch.testing.assert_close(one(grey), three(grey.expand(-1, 3, -1, -1)), rtol=1e-3, atol=1e-4)


def test_a_fourth_channel_leaves_what_the_others_have_learned(tmp_path: Path) -> None:
    weights = written(tmp_path / "net.pth", random_state("resnet18"))
    pictures = torch.randn(2, 3, 64, 64)
    still = torch.cat([pictures, torch.zeros(2, 1, 64, 64)], dim=1)
    with torch.inference_mode():
        three, four = load("resnet18", weights), load("resnet18", weights, channels=4)
        torch.testing.assert_close(four(still), three(pictures))
        assert not torch.allclose(four(still + torch.tensor([0, 0, 0, 1.0])[:, None, None]), three(pictures))


@pytest.mark.shared
def test_real_weights_tell_real_pictures_apart(shared_data: Path) -> None:
    weights = str(shared_data / "weights" / "squeezenet1_1_imagenet.pth")
    encoder = make_backbone("squeezenet1_1", weights=weights, channels=3, size=(128, 128)).eval()
    assert encoder.feature_dim == 512
    prep = Preprocessing(sampling="uniform", frames=2, size=(128, 128), crop="center", statistics=encoder.statistics)
    files = [
        sorted((shared_data / folder).rglob(pattern))[0]
        for folder, pattern in (("fight", "*.mp4"), ("asl_samples", "*.mkv"))
    ]
    inputs = np.concatenate([prep(read_clip(file)) for file in files])  # two frames of each
    with torch.inference_mode():
        features = torch.nn.functional.normalize(encoder(torch.from_numpy(inputs)))
    assert features.shape == (4, 512)
    assert features.isfinite().all()
    alike = features @ features.T
    assert alike[0, 1] > alike[0, 2] + 0.05  # a frame is more like another of its own clip
    assert alike[2, 3] > alike[2, 0] + 0.05


@pytest.mark.shared
def test_real_weights_without_a_classifier_compute_what_torchvision_does(shared_data: Path) -> None:
    weights = shared_data / "weights" / "mobilenet_v2_features_imagenet.pth"
    encoder = make_backbone("mobilenet_v2", weights=str(weights), channels=3, size=(96, 96)).eval()
    network = torchvision.models.mobilenet_v2(weights=None).eval()
    network.load_state_dict(torch.load(weights, weights_only=True), strict=False)
    network.classifier = torch.nn.Identity()
    clip = Clip.from_frames(np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3)).astype(np.uint8), fps=1)
    pictures = torch.from_numpy(Preprocessing("dense", (96, 96), statistics=encoder.statistics)(clip))
    with torch.inference_mode():
        torch.testing.assert_close(encoder(pictures), network(pictures))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["mobilenet_v2", "squeezenet1_0", "resnet18", "small"])
def test_real_weights_of_another_network_are_refused(shared_data: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="belong to another network"):
        load(name, str(shared_data / "weights" / "squeezenet1_1_imagenet.pth"))


def test_each_stream_goes_through_the_same_network() -> None:
    torch.manual_seed(0)
    both = make_backbone("small", weights="none", channels=3, size=(32, 32), streams=2).eval()
    alone = make_backbone("small", weights="none", channels=3, size=(32, 32)).eval()
    alone.load_state_dict(both.state_dict())
    frames = torch.randn(4, 6, 32, 32, generator=torch.Generator().manual_seed(1))
    expected = torch.cat([alone(frames[:, :3]), alone(frames[:, 3:])], dim=1)
    assert both.feature_dim == 2 * alone.feature_dim
    torch.testing.assert_close(both(frames), expected)
