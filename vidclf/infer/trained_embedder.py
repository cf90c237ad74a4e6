"""An embedder that was trained here: from a run folder to vectors, by the preprocessing that it was trained with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from vidclf.config import ModelConfig
from vidclf.data import BadClip, ClipEntry, pad_clips
from vidclf.engines import pick_device
from vidclf.errors import DecodeError, RunError
from vidclf.infer.loading import described_rightly, prep_like, read_preprocessing, versions
from vidclf.infer.predictor import EntryReader, Source, evaluating
from vidclf.models import make_embedder
from vidclf.package import read_model, write_model
from vidclf.parallel import map_ahead
from vidclf.prep import Prepared, Preprocessing
from vidclf.progress import Track, untracked
from vidclf.types import Clip, Crop, Float32Array
from vidclf.video import read_clip, resize_frames

_AT_ONCE = 64


class TrainedEmbedder:
    """Embeds whole pictures or clips; see `vidclf.infer.embedder.Embedder`.

    Args:
        network: (frames (B, T, C, h, w), lengths (B,)) -> vectors (B, D) of length one.
        preprocessing: from frames to the network's input.
        device: where it computes.
        identity: sha256 over weights and preprocessing.
        threshold: see `Embedder`.
    """

    def __init__(
        self,
        network: nn.Module,
        preprocessing: Preprocessing,
        device: torch.device,
        *,
        dim: int,
        identity: str,
        threshold: float | None = None,
    ) -> None:
        self.network = network.to(device)
        self.preprocessing = preprocessing
        self.device = device
        self._dim = dim
        self._identity = identity
        self._threshold = threshold

    @classmethod
    def load(cls, path: str | Path, device: str = "auto") -> Self:
        """Load what a training with `task: embed` left behind.

        Args:
            path: a run folder, or its `model` folder.
            device: `auto`, `cpu`, `cuda` or `mps`.

        Raises:
            RunError: there is no model, it is damaged or no embedder, or a newer vidclf wrote it.
            MissingExtraError: its detector needs ONNX Runtime, which is not installed.
            DeviceError: the device is not there.
        """
        chosen = pick_device(device)
        tensors, description = read_model(path)
        if description.get("kind") != "embedder":
            raise RunError(f"{path}: this model gives classes, no embeddings. Train one with task=embed.")
        with described_rightly(path):
            model = ModelConfig.model_validate(description["model"])
            preprocessing = read_preprocessing(path, description["preprocessing"])
            network, _ = make_embedder(model, prep_like(preprocessing))
            network.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
            threshold = description.get("threshold")
            threshold = None if threshold is None else float(threshold)
        return cls(
            network,
            preprocessing,
            chosen,
            dim=model.embedding_dim,
            identity=_identity(description),
            threshold=threshold,
        )

    @property
    def identity(self) -> str:
        """Sha256 over weights, architecture and preprocessing, hexadecimal."""
        return self._identity

    @property
    def dim(self) -> int:
        """Length D of a vector."""
        return self._dim

    @property
    def threshold(self) -> float | None:
        """The cosine that one in a hundred pairs of different validation identities reached; None without such."""
        return self._threshold

    def crops(self, source: Source) -> list[Crop]:
        """The whole picture or clip as one crop: all its frames at the network's size.

        Raises:
            DecodeError: the source cannot be read.
        """
        if isinstance(source, np.ndarray):
            source = Clip.from_frames(source, fps=25.0, source="array")
        clip = source if isinstance(source, Clip) else read_clip(source)
        fitted = self.preprocessing.fit(clip)
        return [Crop(fitted.frames[fitted.valid], fitted.pts_seconds[fitted.valid], source=fitted.source)]

    def embed(self, crops: Sequence[Crop]) -> Float32Array:
        """The crops' vectors, float32 (N, D), each of length one; crops of another size are resized."""
        vectors = [self._vectors(crops[first : first + _AT_ONCE]) for first in range(0, len(crops), _AT_ONCE)]
        return np.concatenate([np.zeros((0, self.dim), dtype=np.float32), *vectors])

    def _vectors(self, crops: Sequence[Crop]) -> Float32Array:
        return embed_prepared(self.network, self.preprocessing, [self._prepared(crop) for crop in crops], self.device)

    def _prepared(self, crop: Crop) -> Prepared:
        # Not `preprocessing.take`: what is fitted must not be cropped again.
        plan = self.preprocessing.plan(crop.pts_seconds)
        frames = resize_frames(crop.pixels[plan.wanted], self.preprocessing.size)
        return Prepared(frames, plan.steps, plan.before, crop.pts_seconds[plan.wanted], crop.source)


@dataclass(frozen=True, eq=False)
class Embedded:
    """Rows of a manifest as vectors.

    Attributes:
        entries: the rows that could be read.
        vectors: float32 (N, D), theirs, each of length one.
        failures: those that could not.
    """

    entries: tuple[ClipEntry, ...]
    vectors: Float32Array
    failures: tuple[BadClip, ...]


def embed_entries(
    network: nn.Module,
    entries: Sequence[ClipEntry],
    reader: EntryReader,
    preprocessing: Preprocessing,
    device: torch.device,
    *,
    batch: int,
    track: Track = untracked,
) -> Embedded:
    """Embed a manifest's rows; the next are read while one batch computes."""

    def read(entry: ClipEntry) -> tuple[ClipEntry, Prepared | BadClip]:
        try:
            return entry, reader.prepared(entry)
        except DecodeError as error:
            return entry, BadClip(entry.title, str(error))

    good: list[ClipEntry] = []
    waiting: list[Prepared] = []
    vectors: list[Float32Array] = []
    failures: list[BadClip] = []
    ahead = map_ahead(read, entries, ahead=2 * batch)
    for entry, outcome in track(ahead, total=len(entries), what="embedding"):
        if isinstance(outcome, BadClip):
            failures.append(outcome)
            continue
        good.append(entry)
        waiting.append(outcome)
        if len(waiting) == batch:
            vectors.append(embed_prepared(network, preprocessing, waiting, device))
            waiting.clear()
    if waiting:
        vectors.append(embed_prepared(network, preprocessing, waiting, device))
    rows = np.concatenate(vectors) if vectors else np.zeros((0, 0), dtype=np.float32)
    return Embedded(tuple(good), rows, tuple(failures))


@torch.inference_mode()
def embed_prepared(
    network: nn.Module, preprocessing: Preprocessing, clips: Sequence[Prepared], device: torch.device
) -> Float32Array:
    """Vectors (N, D) of prepared clips, by a network in evaluation mode."""
    frames, lengths = pad_clips([preprocessing.tensor(clip) for clip in clips])
    with evaluating(network):
        vectors: Float32Array = network(frames.to(device), lengths.to(device)).float().cpu().numpy()
    return vectors


def save_embedder(
    folder: Path, network: nn.Module, preprocessing: Preprocessing, model: ModelConfig, facts: Mapping[str, Any]
) -> None:
    """Write a model's folder; see `vidclf.infer.save`.

    Args:
        folder: where it goes.
        network: the embedder.
        preprocessing: what belongs to it.
        model: the settings that the network was built from.
        facts: what else to keep beside it; `threshold` is what `TrainedEmbedder.threshold` will be.
    """
    tensors = {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in network.state_dict().items()}
    description = {
        "kind": "embedder",
        # The weights are in the folder; where they once came from must not be needed again.
        "model": model.untrained().model_dump(mode="json"),
        "preprocessing": preprocessing.to_json(),
        "versions": versions(),
        **facts,
    }
    person = preprocessing.person
    write_model(folder, tensors, description, detector=None if person is None else person.detector.weights)


def _identity(description: Mapping[str, Any]) -> str:
    decides = {name: description[name] for name in ("weights_sha256", "model", "preprocessing")}
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
