"""Models to folders and back."""

from __future__ import annotations

import math
import platform
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from vidclf.config import ModelConfig, PrepConfig
from vidclf.engines import pick_device
from vidclf.errors import RunError, UsageError, VidclfError
from vidclf.infer.ensemble import EnsemblePredictor
from vidclf.infer.predictor import Predictor
from vidclf.models import make_classifier
from vidclf.package import (
    member_folder,
    read_description,
    read_detector,
    read_model,
    write_ensemble,
    write_model,
)
from vidclf.prep import Preprocessing


def save(folder: Path, predictor: Predictor, model: ModelConfig, facts: Mapping[str, Any]) -> None:
    """Write a model's folder.

    Args:
        folder: where `model.safetensors`, `model.json` and the detector's file go.
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
        "model": model.untrained().model_dump(mode="json"),
        "classes": list(predictor.classes),
        "preprocessing": predictor.preprocessing.to_json(),
        "mirror_labels": predictor.mirror_labels,
        "temperature": predictor.temperature,
        "versions": versions(),
        **facts,
    }
    person = predictor.preprocessing.person
    write_model(folder, tensors, description, detector=None if person is None else person.detector.weights)


def save_ensemble(folder: Path, runs: Sequence[str | Path]) -> None:
    """Write a model's folder that holds copies of several models, which answer as one.

    Args:
        folder: where they go.
        runs: run folders, or their `model` folders, of models with the same classes.

    Raises:
        UsageError: there are fewer than two, they know different classes, or one is an ensemble itself.
        RunError: there is no model in one of them; see `load`.
    """
    if len(runs) < 2:
        raise UsageError(f"an ensemble is of two runs or more; {len(runs)} was given.")
    classes = load(runs[0], device="cpu").classes
    for run in runs:
        if read_description(run).get("kind") == "ensemble":
            raise UsageError(f"{run}: this is an ensemble itself; name the runs that it was made of.")
        if (its_classes := load(run, device="cpu").classes) != classes:
            raise UsageError(
                f"{run}: it knows {', '.join(its_classes)}, but {runs[0]} knows {', '.join(classes)}. The members of "
                "an ensemble must know the same classes."
            )
    write_ensemble(folder, runs, {"classes": list(classes), "versions": versions()})


def load(path: str | Path, *, device: str = "auto") -> Predictor:
    """Load a trained model, or an ensemble of several.

    Args:
        path: a run folder, or its `model` folder.
        device: `auto`, `cpu`, `cuda` or `mps`.

    Raises:
        RunError: there is no model, it is damaged, or a newer vidclf wrote it.
        MissingExtraError: its detector needs ONNX Runtime, which is not installed.
        DeviceError: the device is not there.
    """
    chosen = pick_device(device)
    description = read_description(path)
    if description.get("kind") != "ensemble":
        return _load_one(path, chosen)
    count = description.get("members")
    members = [_load_one(member_folder(path, n), chosen) for n in range(count if isinstance(count, int) else 0)]
    if not members or any(list(member.classes) != description.get("classes") for member in members):
        raise RunError(
            f"{path}: the members and model.json, which describes the ensemble, do not fit together. Copy the folder "
            "again, or make it again with vidclf ensemble."
        )
    return EnsemblePredictor(members)


@contextmanager
def described_rightly(path: str | Path) -> Iterator[None]:
    """While a model is built of its folder: whatever does not fit is one sentence.

    Raises:
        RunError: something did not fit.
    """
    try:
        yield
    except VidclfError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = textwrap.shorten(f"{type(error).__name__}: {error}", 300, placeholder=" ...")
        raise RunError(
            f"{path}: the weights and model.json, which describes them, do not fit together ({reason}). Copy the "
            "folder again, or train again."
        ) from None


def _load_one(path: str | Path, device: torch.device) -> Predictor:
    tensors, description = read_model(path)
    if description.get("kind") == "embedder":
        raise RunError(f"{path}: this model is an embedder and knows no classes. Name it with --embedder.")
    with described_rightly(path):
        model = ModelConfig.model_validate(description["model"])
        preprocessing = read_preprocessing(path, description["preprocessing"])
        classes = [str(label) for label in description["classes"]]
        if len(set(classes)) < len(classes):
            raise ValueError("a class is named twice")
        mirror_labels = description.get("mirror_labels")
        if mirror_labels is not None and sorted(mirror_labels) != sorted(classes):
            raise ValueError("mirror_labels are not the classes")
        temperature = float(description.get("temperature", 1.0))  # which the first models did not have
        if not 0 < temperature < math.inf:
            raise ValueError("temperature is no number above 0")
        network, _ = make_classifier(model, prep_like(preprocessing), len(classes))
        network.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    return Predictor(network, preprocessing, classes, device, mirror_labels=mirror_labels, temperature=temperature)


def describe_model(path: str | Path) -> dict[str, Any]:
    """What `model.json` says beside the weights: metrics, versions, seed, hash of the split."""
    return read_description(path)


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    names = ("vidclf", "torch", "torchvision", "av", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def read_preprocessing(path: str | Path, values: Mapping[str, Any]) -> Preprocessing:
    """The preprocessing that a `model.json` describes, with its detector out of the same folder."""
    sha256 = (values.get("person") or {}).get("weights_sha256")
    return Preprocessing.from_json(values, None if sha256 is None else read_detector(path, sha256))


def prep_like(preprocessing: Preprocessing) -> PrepConfig:
    """The settings that decide the network's shape: its input's channels and size."""
    return PrepConfig(size=preprocessing.size, motion=preprocessing.motion)
