"""Run folders: what people keep, copy and load. Tensors are safetensors, the rest is JSON; nothing executes.

config.yaml             every setting as resolved
model/model.safetensors the weights
model/model.json        what they belong to: architecture, classes, preprocessing, versions, metrics
state/                  what a killed training needs to go on
split.csv               every clip and the split it is in
history.csv             one line an epoch
events/                 for TensorBoard, where it is wanted
curves.png confusion.png report.html metrics.json
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError

from vidclf.errors import RunError
from vidclf.files import appearing, hash_file

FORMAT_VERSION = 1

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
    def report(self) -> Path:
        """The page with all of it."""
        return self.path / "report.html"

    @property
    def metrics(self) -> Path:
        """Scores of the held-out clips."""
        return self.path / "metrics.json"

    def is_run(self) -> bool:
        """Whether a training has begun here."""
        return self.config.is_file() and self.split.is_file()

    def clear(self) -> None:
        """Remove what a training wrote; whatever else lies in the folder stays."""
        for folder in (self.model, self.state, self.events):
            if folder.is_dir():
                shutil.rmtree(folder)
        for file in (
            self.config, self.split, self.history, self.curves, self.confusion, self.report, self.metrics,
        ):  # fmt: skip
            file.unlink(missing_ok=True)


def write_model(folder: Path, tensors: Tensors, description: Mapping[str, Any]) -> None:
    """Write `model.safetensors` and `model.json`; the description gets this version's `format_version`.

    The description gets the weights' sha256 too, so a kill between the two files is told when loading.
    """
    weights = folder / "model.safetensors"
    write_tensors(weights, tensors)
    write_json(
        folder / "model.json",
        {"format_version": FORMAT_VERSION, "weights_sha256": hash_file(weights), **description},
    )


def read_model(path: str | Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Read what `write_model` wrote, from a run folder or from its `model` folder.

    Raises:
        RunError: there is no model, it is damaged, or a newer vidclf wrote it.
    """
    path = Path(path)
    folder = path / "model" if (path / "model").is_dir() else path
    if not (folder / "model.json").is_file():
        raise RunError(
            f"{path}: there is no model here (no {folder / 'model.json'}). Give the folder that `vidclf train` "
            "wrote; a training that was stopped before its first epoch ended has no model yet."
        )
    description = read_json(folder / "model.json")
    version = description.get("format_version")
    if not isinstance(version, int):
        raise RunError(f"{folder / 'model.json'}: it has no format_version, so it is no model of vidclf.")
    if version > FORMAT_VERSION:
        raise RunError(
            f"{path}: this model has format {version}, and this vidclf reads up to {FORMAT_VERSION}. "
            "A newer vidclf wrote it; update with pip install -U vidclf."
        )
    weights = folder / "model.safetensors"
    tensors = read_tensors(weights)
    if description.get("weights_sha256") != hash_file(weights):
        raise RunError(
            f"{path}: model.safetensors is not the file that model.json describes: it was changed, or a training "
            "was killed between writing the two. Copy the folder again, or resume the training."
        )
    return tensors, description


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


def _write(path: Path, content: bytes) -> None:
    with appearing(path) as part:
        part.write_bytes(content)
