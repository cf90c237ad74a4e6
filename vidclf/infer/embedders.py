"""Embedders by name: a run folder, or a YAML file that says of what one is put together.

kind: onnx                  # or run: a run folder that was trained with task=embed
weights: mobilefacenet.onnx # paths start from the YAML's folder
sha256: 6ced4e0c...         # optional: another file is refused
preprocessing: {side: 112, colours: rgb, mean: 127.5, deviation: 128}
detector: {kind: yunet, weights: face_detection_yunet_2026may.onnx}  # without one, whole pictures
threshold: 0.4              # optional: the cosine from which two are the same, where nobody has calibrated
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, Protocol

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vidclf.detect import YunetDetector
from vidclf.errors import ConfigError, DeviceError, UsageError, WeightsError
from vidclf.infer.embedder import Embedder
from vidclf.infer.faces import FaceFinder
from vidclf.infer.finders import Finder, WholeFinder
from vidclf.infer.foreign import OnnxEncoder, PicturePreprocessing
from vidclf.infer.predictor import Source
from vidclf.infer.trained_embedder import TrainedEmbedder
from vidclf.types import Crop, Float32Array


class Encoder(Protocol):
    """Turns crops into vectors; an `Embedder` is one too."""

    @property
    def identity(self) -> str: ...  # noqa: D102

    @property
    def dim(self) -> int: ...  # noqa: D102

    def embed(self, crops: Sequence[Crop]) -> Float32Array:
        """See `Embedder.embed`."""
        ...


@dataclass(frozen=True)
class ComposedEmbedder:
    """An embedder out of any finder and any encoder; see `Embedder`."""

    finder: Finder
    encoder: Encoder
    threshold: float | None = None

    @property
    def identity(self) -> str:
        """See `Embedder`."""
        decides = {"finder": dict(self.finder.to_json()), "encoder": self.encoder.identity}
        return sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    @property
    def dim(self) -> int:
        """See `Embedder`."""
        return self.encoder.dim

    def crops(self, source: Source) -> list[Crop]:
        """See `Embedder.crops`."""
        return self.finder.crops(source)

    def embed(self, crops: Sequence[Crop]) -> Float32Array:
        """See `Embedder.embed`."""
        return self.encoder.embed(crops)


def load_embedder(path: str | Path, device: str = "auto") -> Embedder:
    """The embedder that a run folder holds or a YAML file describes.

    Args:
        path: a run folder (or its `model` folder) of a training with task=embed, or a YAML file.
        device: `auto`, `cpu`, `cuda` or `mps`; networks of others compute on the CPU.

    Raises:
        UsageError: there is no such file or folder.
        ConfigError: the YAML is wrong.
        RunError: the folder holds no embedder.
        WeightsError: a file of weights is missing, has another sha256, or holds another network.
        DeviceError: the device is not there.
        MissingExtraError: ONNX Runtime is needed and not installed.
    """
    path = Path(path)
    if path.is_dir():
        return TrainedEmbedder.load(path, device)
    if not path.is_file():
        raise UsageError(f"{path}: there is no such embedder. Name a run folder, or a YAML file that describes one.")
    return _composed(_read(path), path.parent, device)


class _Described(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        coerce_numbers_to_str=True,  # YAML reads a folder 2024 as a number
    )


class _DetectorFile(_Described):
    kind: Literal["yunet"]
    weights: str
    sha256: str | None = None
    side: int = Field(112, ge=8, le=4096)


class _EmbedderFile(_Described):
    kind: Literal["onnx", "run"]
    weights: str
    sha256: str | None = None
    preprocessing: PicturePreprocessing | None = None
    detector: _DetectorFile | None = None
    threshold: float | None = Field(None, ge=-1, le=1)

    @model_validator(mode="after")
    def _belongs_together(self) -> _EmbedderFile:
        if self.kind == "onnx" and self.preprocessing is None:
            raise ValueError("kind onnx needs preprocessing: what the network wants its pictures to be")
        if self.kind == "run" and (self.preprocessing is not None or self.sha256 is not None):
            raise ValueError("kind run knows its own preprocessing and hash; leave both out")
        if self.kind == "run" and self.detector is None:
            raise ValueError("kind run without a detector is the run itself; name its folder in place of this file")
        return self


def _read(path: Path) -> _EmbedderFile:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ConfigError([f"it cannot be read as YAML ({' '.join(str(error).split())})"], where=str(path)) from None
    if not isinstance(tree, dict):
        raise ConfigError(["it must hold keys: kind, weights, preprocessing, detector"], where=str(path))
    try:
        return _EmbedderFile.model_validate(tree)
    except ValidationError as error:
        problems = []
        for detail in error.errors():
            key = ".".join(map(str, detail["loc"])) or "it"
            problems.append(f"{key}: {detail['msg'].removeprefix('Value error, ')}")
        raise ConfigError(problems, where=str(path)) from None


def _composed(described: _EmbedderFile, folder: Path, device: str) -> Embedder:
    finder = None if described.detector is None else _face_finder(described.detector, folder)
    if described.kind == "run":
        trained = TrainedEmbedder.load(folder / described.weights, device)
        threshold = trained.threshold if described.threshold is None else described.threshold
        assert finder is not None
        return ComposedEmbedder(finder, trained, threshold)
    if device not in ("auto", "cpu"):
        raise DeviceError(f"an embedder of kind onnx computes on the CPU; leave out device {device}.")
    assert described.preprocessing is not None
    weights = _content(folder / described.weights, described.sha256)
    try:
        encoder = OnnxEncoder(weights, described.preprocessing)
    except WeightsError as error:
        raise WeightsError(f"{folder / described.weights}: {error}") from None
    return ComposedEmbedder(finder or WholeFinder(described.preprocessing.side), encoder, described.threshold)


def _face_finder(described: _DetectorFile, folder: Path) -> FaceFinder:
    weights = _content(folder / described.weights, described.sha256)
    try:
        return FaceFinder(YunetDetector(weights), described.side)
    except WeightsError as error:
        raise WeightsError(f"{folder / described.weights}: {error}") from None


def _content(path: Path, expected: str | None) -> bytes:
    """A file of weights.

    Raises:
        WeightsError: it is not there, or has another sha256.
    """
    wanted = f" Its sha256 is {expected}." if expected else ""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"{path}: this file of weights is needed and cannot be read ({error.strerror}). Put it there.{wanted}"
        ) from None
    digest = sha256(content).hexdigest()
    if expected and digest != expected.lower():
        raise WeightsError(
            f"{path}: the file has the sha256 {digest}, but {expected} was expected. Put the right file there."
        )
    return content
