"""Run folders: what people keep, copy and load. Tensors are safetensors, the rest is JSON; nothing executes.

config.yaml             every setting as resolved
model/model.safetensors the weights
model/model.json        what they belong to: architecture, classes, preprocessing, versions, metrics
state/                  what a killed training needs to go on
history.csv             one line an epoch
curves.png confusion.png report.html metrics.json
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError

from vidclf.errors import RunError, StoppedError

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


def write_model(folder: Path, tensors: Tensors, description: Mapping[str, Any]) -> None:
    """Write `model.safetensors` and `model.json`; the description gets this version's `format_version`.

    The description names the weights by what is in them, so a kill between the two files is told when loading.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / "model.safetensors", tensors)
    write_json(folder / "model.json", {"format_version": FORMAT_VERSION, **description})


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
    return read_tensors(folder / "model.safetensors"), description


def write_json(path: Path, tree: Mapping[str, Any]) -> None:
    """Write JSON; the file appears whole or not at all."""
    _replace(path, json.dumps(tree, indent=1, ensure_ascii=False).encode() + b"\n")


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

    _replace(path, save(dict(tensors)))


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


def _replace(path: Path, content: bytes) -> None:
    part = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except OSError as error:
        if part:
            Path(part).unlink(missing_ok=True)
        raise StoppedError(
            f"{path}: it cannot be written ({error.strerror}). Free some space, or set out=DIR."
        ) from None
