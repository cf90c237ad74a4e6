"""The frozen encoder: fast, and PyTorch's features."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from vidclf.data import ClipEntry, ClipReader
from vidclf.data.cache import EntryStore, usage
from vidclf.features import FeatureCache, FrozenEncoder
from vidclf.models import make_backbone
from vidclf.prep import Preprocessing
from vidclf.video.write import write_video

CPU = torch.device("cpu")
SHAPE = (1, 24, 32)
PREPROCESSING = Preprocessing(sampling="uniform", frames=4, size=(24, 32), motion="only")


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> EntryStore:
    return EntryStore(tmp_path_factory.mktemp("cache"), "graphs")


def backbone(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return make_backbone("small", weights="none", channels=1, size=(24, 32))


def by_torch(network: nn.Module, frames: np.ndarray) -> np.ndarray:
    network.eval()
    with torch.inference_mode():
        return network(torch.from_numpy(frames)).numpy()


def pictures(count: int, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, *shape)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 33, 70])
def test_onnx_runtime_gives_the_features_of_pytorch(graphs: EntryStore, count: int) -> None:
    network = backbone()
    encoder = FrozenEncoder(network, SHAPE, device=CPU, graphs=graphs)
    assert encoder.engine == "onnxruntime"
    given, expected = encoder(pictures(count)), by_torch(network, pictures(count))
    assert given.shape == expected.shape
    assert given.dtype == np.float32
    assert np.abs(given - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file", "dim"),
    [
        ("mobilenet_v2", "mobilenet_v2_features_imagenet.pth", 1280),
        ("squeezenet1_1", "squeezenet1_1_imagenet.pth", 512),
    ],
)
def test_published_weights_give_the_features_of_pytorch(
    shared_data: Path, tmp_path: Path, name: str, file: str, dim: int
) -> None:
    weights = str(shared_data / "weights" / file)
    network = make_backbone(name, weights=weights, channels=3, size=(112, 160))
    encoder = FrozenEncoder(network, (3, 112, 160), device=CPU, graphs=EntryStore(tmp_path, "graphs"))
    assert encoder.engine == "onnxruntime"
    preprocessing = Preprocessing(sampling="uniform", frames=6, size=(112, 160), statistics=network.statistics)
    clip = min((shared_data / "fight" / "clips" / "fight").iterdir())
    frames = preprocessing.tensor(ClipReader(preprocessing).prepared(ClipEntry(clip.name, clip, "")))
    given, expected = encoder(frames), by_torch(network, frames)
    assert given.shape == (6, dim)
    assert np.abs(given - expected).max() <= 1e-4 * np.abs(expected).max()


def test_a_graph_is_exported_once_for_the_same_weights(graphs: EntryStore) -> None:
    for _ in range(2):
        FrozenEncoder(backbone(), SHAPE, device=CPU, graphs=graphs)
    assert len(list(graphs.folder.glob("*/*"))) == 1


def test_other_weights_are_another_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # which is not asked for here
    one, same, other = (FrozenEncoder(backbone(seed), SHAPE, device=CPU).identity for seed in (0, 0, 1))
    assert one == same != other


def test_without_onnx_runtime_pytorch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    network = backbone()
    encoder = FrozenEncoder(network, SHAPE, device=CPU)
    assert encoder.engine == "torch"
    np.testing.assert_allclose(encoder(pictures(5)), by_torch(network, pictures(5)), rtol=1e-5, atol=1e-6)
    assert not network.training


class _Undecided(nn.Module):
    """What no graph can say: it does one thing or another, by what it sees."""

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        total = frames.flatten(1).sum(dim=1, keepdim=True)
        return total if float(total.sum()) > 0 else -total


def test_what_cannot_be_exported_is_computed_by_pytorch() -> None:
    encoder = FrozenEncoder(_Undecided(), SHAPE, device=CPU)
    assert encoder.engine == "torch"
    assert encoder(pictures(3)).shape == (3, 1)


def test_features_are_kept_and_told_apart(graphs: EntryStore, tmp_path: Path) -> None:
    video = tmp_path / "a.mp4"
    coarse = np.random.default_rng(0).integers(0, 256, (9, 3, 4, 3)).astype(np.uint8)
    write_video(video, coarse.repeat(8, axis=1).repeat(8, axis=2), fps=10)
    row, network, cache = ClipEntry("a.mp4", video, ""), backbone(), tmp_path / "cache"
    encoder = FrozenEncoder(network, SHAPE, device=CPU, graphs=graphs)

    def of(preprocessing: Preprocessing) -> np.ndarray:
        kept = FeatureCache(cache, preprocessing, encoder).features(row)
        assert len(kept.pts_seconds) == len(kept.features)
        return np.array(kept.features)

    computed = of(PREPROCESSING)
    prepared = ClipReader(PREPROCESSING).prepared(row)
    np.testing.assert_allclose(computed, by_torch(network, PREPROCESSING.tensor(prepared)), atol=1e-4)
    np.testing.assert_array_equal(of(PREPROCESSING), computed)
    every_frame = of(replace(PREPROCESSING, sampling="dense"))
    assert len(every_frame) == 9
    normalised = of(replace(PREPROCESSING, statistics="clip"))
    assert not np.allclose(normalised, computed)
    entries = {found.kind: found.entries for found in usage(cache)}
    assert entries["features"] == 3


def test_layers_of_one_network_are_told_apart(graphs: EntryStore) -> None:
    """The addition and the module before it have the same layers and weights behind them."""
    encoders = []
    for layer in ("7.branch", "7"):
        torch.manual_seed(0)
        network = make_backbone("residual", weights="none", channels=1, size=(24, 32), features_at=layer)
        encoder = FrozenEncoder(network, SHAPE, device=CPU, graphs=graphs)
        assert encoder.engine == "onnxruntime"
        given, expected = encoder(pictures(3)), by_torch(network, pictures(3))
        assert given.shape == (3, network.feature_dim)
        assert np.abs(given - expected).max() <= 1e-4 * np.abs(expected).max()
        encoders.append(encoder)
    assert encoders[0].identity != encoders[1].identity
    assert not np.allclose(encoders[0](pictures(3)), encoders[1](pictures(3)))


def test_a_network_of_two_streams_takes_any_number_of_frames(graphs: EntryStore) -> None:
    torch.manual_seed(0)
    network = make_backbone("small", weights="none", channels=3, size=(24, 32), streams=2)
    encoder = FrozenEncoder(network, (6, 24, 32), device=CPU, graphs=graphs)
    assert encoder.engine == "onnxruntime"
    for count in (1, 3, 35):
        frames = pictures(count, (6, 24, 32))
        expected = by_torch(network, frames)
        assert np.abs(encoder(frames) - expected).max() <= 1e-4 * np.abs(expected).max()
