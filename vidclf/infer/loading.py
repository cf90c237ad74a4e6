"""Models to folders and back."""

from __future__ import annotations

import platform
import textwrap
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from vidclf.config import ModelConfig, PrepConfig
from vidclf.engines import pick_device
from vidclf.errors import RunError
from vidclf.infer.predictor import Predictor
from vidclf.models import make_classifier
from vidclf.package import read_model, write_model
from vidclf.prep import Preprocessing


def save(folder: Path, predictor: Predictor, model: ModelConfig, facts: Mapping[str, Any]) -> None:
    """Write a model's folder.

    Args:
        folder: where `model.safetensors` and `model.json` go.
        predictor: the network with its classes and preprocessing.
        model: the settings that the network was built from.
        facts: what else to keep beside it: metrics, seed, hash of the split.
    """
    tensors = {
        name: tensor.detach().cpu().contiguous().numpy() for name, tensor in predictor.network.state_dict().items()
    }
    description = {
        "kind": "classifier",
        # The weights are in the folder; where they once came from must not be needed again.
        "model": {**model.model_dump(mode="json"), "weights": "none"},
        "classes": list(predictor.classes),
        "preprocessing": predictor.preprocessing.to_json(),
        "versions": versions(),
        **facts,
    }
    write_model(folder, tensors, description)


def load(path: str | Path, *, device: str = "auto") -> Predictor:
    """Load a trained model.

    Args:
        path: a run folder, or its `model` folder.
        device: `auto`, `cpu`, `cuda` or `mps`.

    Raises:
        RunError: there is no model, it is damaged, or a newer vidclf wrote it.
        DeviceError: the device is not there.
    """
    chosen = pick_device(device)
    tensors, description = read_model(path)
    try:
        model = ModelConfig.model_validate(description["model"])
        preprocessing = Preprocessing.from_json(description["preprocessing"])
        classes = [str(label) for label in description["classes"]]
        if len(set(classes)) < len(classes):
            raise ValueError("a class is named twice")
        network, _ = make_classifier(model, _prep_like(preprocessing), len(classes))
        network.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = textwrap.shorten(f"{type(error).__name__}: {error}", 300, placeholder=" ...")
        raise RunError(
            f"{path}: the weights and model.json, which describes them, do not fit together ({reason}). Copy the "
            "folder again, or train again."
        ) from None
    return Predictor(network, preprocessing, classes, chosen)


def describe_model(path: str | Path) -> dict[str, Any]:
    """What `model.json` says beside the weights: metrics, versions, seed, hash of the split."""
    return read_model(path)[1]


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    names = ("vidclf", "torch", "torchvision", "av", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def _prep_like(preprocessing: Preprocessing) -> PrepConfig:
    """The settings that decide the network's shape: its input's channels and size."""
    return PrepConfig(size=preprocessing.size, motion=preprocessing.motion)
