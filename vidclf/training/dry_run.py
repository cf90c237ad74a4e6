"""What a training would be: layers, inputs, memory and time, before anything is trained."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate.utils import send_to_device
from torch import Tensor, nn

from vidclf.config import Config
from vidclf.data import Augmentation, Batch, ClipDataset, ClipReader, Manifest
from vidclf.draw import SheetRow, contact_sheet, film_strip, save_png
from vidclf.engines import pick_device
from vidclf.errors import ConfigError, NoFramesError
from vidclf.infer import Predictor
from vidclf.models import ClipClassifier, initial_classifier, make_classifier
from vidclf.prep import Preprocessing
from vidclf.training.optimizers import make_optimizer
from vidclf.training.stages import count_parameters, set_training_mode
from vidclf.training.tasks import Classify
from vidclf.types import Float32Array, UInt8Array

_SHEET_ROWS = 8
_DEPTH = 3  # how deep into the network the table of layers goes


@dataclass(frozen=True)
class Layer:
    """One row of the table of layers: its name, its kind, the shape that comes out, its weights."""

    name: str
    kind: str
    shape: str
    parameters: int


@dataclass(frozen=True)
class Estimate:
    """What one step and one epoch cost here.

    Attributes:
        step_seconds: one batch forwards and backwards.
        read_seconds: reading and changing the clips of one batch.
        epoch_seconds: all batches, clips read anew.
        memory_bytes: the most that was held while the step ran.
    """

    step_seconds: float
    read_seconds: float
    epoch_seconds: float
    memory_bytes: int


def measure(config: Config, manifest: Manifest) -> tuple[list[Layer], Estimate]:
    """Run one real training step: the layers it passes through, and what it costs.

    Raises:
        ConfigError: the task is another than to classify.
        NoFramesError: not one of the first clips can be read.
    """
    if config.task != "classify":
        raise ConfigError([f"task: a dry run shows what a classifier costs, and this config says {config.task}"])
    device = pick_device(config.device)
    network, preprocessing = initial_classifier(config.model, config.prep, manifest.classes)
    dataset = _dataset(config, manifest, preprocessing)
    started = time.perf_counter()
    batch = _first_batch(dataset, config.train.batch)
    read = time.perf_counter() - started

    predictor = Predictor(network, preprocessing, manifest.classes, device)
    task = Classify(config, predictor, dataset.reader, [entry.label for entry in dataset.entries], ())
    optimizer = make_optimizer(network, config.train)
    set_training_mode(network, config, config.train.epochs)
    moved = send_to_device(batch, device)
    layers = _layers(network, moved)
    times = [_timed_step(task, network, optimizer, moved) for _ in range(2)]  # the first one warms up
    steps = -(-len(dataset) // config.train.batch)
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else _peak_memory()
    return layers, Estimate(times[-1], read, steps * (times[-1] + read), memory)


def draw_inputs(config: Config, manifest: Manifest, path: Path) -> None:
    """Write a sheet of training clips as the network gets them, one strip a clip, motion below colours."""
    _, preprocessing = make_classifier(config.model.untrained(), config.prep, 2)
    dataset = _dataset(config, manifest, preprocessing)
    places = np.linspace(0, len(dataset) - 1, min(_SHEET_ROWS, len(dataset))).round().astype(int)
    rows = []
    for place in places.tolist():
        batch = dataset.collate([dataset[place]])
        if batch.weights.any():
            entry, label = dataset.entries[place], manifest.classes[int(batch.labels[0])]
            mirrored = "" if label == entry.label else f", mirrored to {label}"
            strip = _strip(batch.frames[0].numpy(), preprocessing)
            rows.append(SheetRow(f"{entry.label}{mirrored}: {entry.name}", strip))
    if rows:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_png(path, contact_sheet(rows, title="inputs as the network gets them (augmented)"))


def _dataset(config: Config, manifest: Manifest, preprocessing: Preprocessing) -> ClipDataset:
    return ClipDataset(
        manifest.of_split("train"),
        manifest.classes,
        ClipReader(preprocessing, config.data.on_truncated),
        Augmentation(config.augment, manifest.classes),
        seed=config.train.seed,
    )


def _first_batch(dataset: ClipDataset, size: int) -> Batch:
    places = np.linspace(0, len(dataset) - 1, min(size, len(dataset))).round().astype(int)
    batch = dataset.collate([dataset[place] for place in places.tolist()])
    if not batch.weights.any():
        raise NoFramesError(
            "the training clips", f"none of {len(places)} can be read; the first: {batch.bad[0].reason}"
        )
    return batch


def _timed_step(task: Classify, network: ClipClassifier, optimizer: torch.optim.Optimizer, batch: Batch) -> float:
    started = time.perf_counter()
    outcome = task.step(network, batch)
    outcome.loss_sum.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    optimizer.zero_grad()
    if outcome.loss_sum.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _layers(network: ClipClassifier, batch: Batch) -> list[Layer]:
    layers: list[Layer] = []

    def seen(name: str, module: nn.Module, output: object) -> None:
        first = output[0] if isinstance(output, tuple) else output
        shape = " x ".join(map(str, first.shape)) if isinstance(first, Tensor) else ""
        layers.append(Layer(name, type(module).__name__, shape, count_parameters(module)))

    hooks = [
        module.register_forward_hook(lambda module, _, output, name=name: seen(name, module, output))
        for name, module in network.named_modules()
        if name and name.count(".") < _DEPTH and not isinstance(module, nn.Sequential)
    ]
    with torch.no_grad():
        network(batch.frames, batch.lengths)
    for hook in hooks:
        hook.remove()
    return layers


def _strip(inputs: Float32Array, preprocessing: Preprocessing) -> UInt8Array:
    """Inputs (T, C, h, w) as pictures: colours, and below them motion as grey."""
    parts = []
    if preprocessing.motion != "only":
        parts.append(_as_picture(inputs[:, :3]))
    if preprocessing.motion == "two_stream":
        parts.append(_as_picture(inputs[:, 3:]))
    if preprocessing.motion in ("add", "only"):
        parts.append(_as_picture(np.repeat(inputs[:, -1:], 3, axis=1), around_zero=True))
    frames = np.concatenate(parts, axis=1)  # (T, h or 2h, w, 3)
    return film_strip(frames, count=10, height=96 * len(parts))


def _as_picture(channels: Float32Array, *, around_zero: bool = False) -> UInt8Array:
    """Stretch (T, 3, h, w) to uint8 (T, h, w, 3); zero becomes the middle grey where it means nothing moves."""
    if around_zero:
        high = max(float(np.percentile(np.abs(channels), 99.5)), 1e-6)
        low = -high
    else:
        low, high = float(channels.min()), max(float(channels.max()), float(channels.min()) + 1e-6)
    scaled: UInt8Array = (np.clip((channels - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    return scaled.transpose(0, 2, 3, 1)


def _peak_memory() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def in_words(seconds: float) -> str:
    """Seconds as a person would say them."""
    return f"{seconds:.1f} s" if seconds < 90 else f"{seconds / 60:.1f} min"
