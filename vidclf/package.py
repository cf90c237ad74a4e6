"""Run folders: what people keep, copy and load. Tensors are safetensors, the rest is JSON; nothing executes.

config.yaml             every setting as resolved
model/model.safetensors the weights
model/model.json        what they belong to: architecture, classes, preprocessing, versions, metrics
model/detector.onnx     what finds the person to look at, where the preprocessing crops around one
state/                  what a killed training needs to go on
split.csv               every clip and the split it is in
history.csv             one line an epoch
events/                 for TensorBoard, where it is wanted
curves.png confusion.png reliability.png report.html metrics.json

The folder of a cross-validation has config.yaml, and over all folds metrics.json, confusion.png, reliability.png and
report.html; beside these

fold_0/ fold_1/ ...     the run folder of each fold
folds.csv               every clip and the fold it is tested in
predictions.csv         what was said of every clip, by the model that had not seen it

An ensemble has a model/ only, in which model.json counts the members and each lies in a folder of its own:

model/member_0/ ...     what model/ is to a run
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError

from vidclf.errors import RunError
from vidclf.files import appearing, hash_file

FORMAT_VERSION = 1
# Of ensembles, which came later: a vidclf that would look for weights beside model.json refuses them by this.
ENSEMBLE_FORMAT_VERSION = 2
_DETECTOR = "detector.onnx"

Tensors = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class RunFolder:
    """The names of what lies in a run folder."""

    path: Path

    @property
    def config(self) -> Path:
        """Every setting, as resolved."""
        return self.path / "config.yaml"

    @property
    def model(self) -> Path:
        """The model's own folder; it can be copied away and loaded alone."""
        return self.path / "model"

    @property
    def state(self) -> Path:
        """What a killed training needs to go on."""
        return self.path / "state"

    @property
    def events(self) -> Path:
        """What TensorBoard reads, where it is wanted."""
        return self.path / "events"

    @property
    def split(self) -> Path:
        """Every clip and the split it is in."""
        return self.path / "split.csv"

    @property
    def history(self) -> Path:
        """One line an epoch."""
        return self.path / "history.csv"

    @property
    def curves(self) -> Path:
        """Loss and accuracy over the epochs."""
        return self.path / "curves.png"

    @property
    def confusion(self) -> Path:
        """What was taken for what."""
        return self.path / "confusion.png"

    @property
    def reliability(self) -> Path:
        """How sure the model is against how often it is right."""
        return self.path / "reliability.png"

    @property
    def report(self) -> Path:
        """The page with all of it."""
        return self.path / "report.html"

    @property
    def metrics(self) -> Path:
        """Scores of the held-out clips."""
        return self.path / "metrics.json"

    @property
    def folds(self) -> Path:
        """Of a cross-validation: every clip and the fold it is tested in."""
        return self.path / "folds.csv"

    @property
    def predictions(self) -> Path:
        """Of a cross-validation: what was said of every clip."""
        return self.path / "predictions.csv"

    @property
    def live(self) -> Path:
        """Thresholds for use on a stream, where they were tuned."""
        return self.path / "live.json"

    def is_run(self) -> bool:
        """Whether a training has begun here."""
        return self.config.is_file() and self.split.is_file()

    def clear(self) -> None:
        """Remove what a training wrote; whatever else lies in the folder stays."""
        for folder in (self.model, self.state, self.events):
            if folder.is_dir():
                shutil.rmtree(folder)
        for file in (
            self.config, self.split, self.history, self.curves, self.confusion, self.reliability, self.report,
            self.metrics, self.folds, self.predictions, self.live,
        ):  # fmt: skip
            file.unlink(missing_ok=True)


def write_model(
    folder: Path, tensors: Tensors, description: Mapping[str, Any], *, detector: bytes | None = None
) -> None:
    """Write `model.safetensors` and `model.json`; the description gets this version's `format_version`.

    The description gets the weights' sha256 too, so a kill between the two files is told when loading.

    Args:
        folder: where they go.
        tensors: the weights.
        description: what they belong to.
        detector: content of the ONNX file that the preprocessing needs; the description must hold its sha256.
    """
    weights = folder / "model.safetensors"
    write_tensors(weights, tensors)
    if detector is None:
        (folder / _DETECTOR).unlink(missing_ok=True)
    else:
        _write(folder / _DETECTOR, detector)
    write_json(
        folder / "model.json",
        {"format_version": FORMAT_VERSION, "weights_sha256": hash_file(weights), **description},
    )


def read_model(path: str | Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read what `write_model` wrote, from a run folder or from its `model` folder.

    Raises:
        RunError: there is no model, it is damaged, or a newer vidclf wrote it.
    """
    description = read_description(path)
    weights = _model_folder(Path(path)) / "model.safetensors"
    tensors = read_tensors(weights)
    if description.get("weights_sha256") != hash_file(weights):
        raise RunError(
            f"{path}: model.safetensors is not the file that model.json describes: it was changed, or a training "
            "was killed between writing the two. Copy the folder again, or resume the training."
        )
    return tensors, description


def read_description(path: str | Path) -> dict[str, Any]:
    """Read `model.json` alone, from a run folder or from its `model` folder.

    Raises:
        RunError: there is no model, it is damaged, or a newer vidclf wrote it.
    """
    path = Path(path)
    folder = _model_folder(path)
    if not (folder / "model.json").is_file():
        raise RunError(
            f"{path}: there is no model here (no {folder / 'model.json'}). Give the folder that `vidclf train` "
            "wrote; a training that was stopped before its first epoch ended has no model yet."
        )
    description = read_json(folder / "model.json")
    version = description.get("format_version")
    if not isinstance(version, int):
        raise RunError(f"{folder / 'model.json'}: it has no format_version, so it is no model of vidclf.")
    newest = ENSEMBLE_FORMAT_VERSION if description.get("kind") == "ensemble" else FORMAT_VERSION
    if version > newest:
        raise RunError(
            f"{path}: this model has format {version}, and this vidclf reads up to {newest}. "
            "A newer vidclf wrote it; update with pip install -U vidclf."
        )
    return description


def write_ensemble(folder: Path, members: Sequence[str | Path], description: Mapping[str, Any]) -> None:
    """Copy models into one folder, and write the `model.json` that makes them one model.

    Args:
        folder: where they go.
        members: run folders, or their `model` folders.
        description: what holds for all of them.
    """
    for number, member in enumerate(members):
        for name in ("model.safetensors", _DETECTOR, "model.json"):
            file = _model_folder(Path(member)) / name
            if file.is_file():
                _write(member_folder(folder, number) / name, file.read_bytes())
    # The description comes last: where it stands, the members stand too.
    write_json(
        folder / "model.json",
        {
            "format_version": ENSEMBLE_FORMAT_VERSION,
            "kind": "ensemble",
            "members": len(members),
            **description,
        },
    )


def member_folder(path: str | Path, number: int) -> Path:
    """Where a member of an ensemble lies, in its run folder or its `model` folder."""
    return _model_folder(Path(path)) / f"member_{number}"


def read_detector(path: str | Path, sha256: str) -> bytes:
    """Content of the detector's file in a model's folder.

    Raises:
        RunError: it is missing, or its hash is another.
    """
    file = _model_folder(Path(path)) / _DETECTOR
    try:
        content = file.read_bytes()
    except OSError as error:
        raise RunError(
            f"{file}: the detector that this model crops with cannot be read ({error.strerror}). Copy the model's "
            "whole folder."
        ) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise RunError(
            f"{file}: this is not the detector that model.json describes: it was changed, or a training was killed "
            "while it was written. Copy the folder again, or resume the training."
        )
    return content


def write_json(path: Path, tree: Mapping[str, Any]) -> None:
    """Write JSON; the file appears whole or not at all."""
    _write(path, json.dumps(tree, indent=1, ensure_ascii=False).encode() + b"\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        RunError: it cannot be read, or is none.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: it cannot be read as JSON ({error}). Copy it again, or train again.") from None
    if not isinstance(tree, dict):
        raise RunError(f"{path}: it holds no JSON object.")
    return tree


def write_tensors(path: Path, tensors: Tensors) -> None:
    """Write arrays as safetensors; the file appears whole or not at all."""
    from safetensors.numpy import save

    _write(path, save(dict(tensors)))


def read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read arrays from safetensors.

    Raises:
        RunError: the file is missing or damaged.
    """
    from safetensors.numpy import load

    try:
        return load(path.read_bytes())
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise RunError(
            f"{path}: the weights cannot be read ({error}). Copy the folder again, or train again."
        ) from None


def _model_folder(path: Path) -> Path:
    return path / "model" if (path / "model").is_dir() else path


def _write(path: Path, content: bytes) -> None:
    with appearing(path) as part:
        part.write_bytes(content)
