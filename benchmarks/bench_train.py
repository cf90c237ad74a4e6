"""What reading costs a training: clips a second from a warm cache over those on tensors that lie on the device.

    python benchmarks/bench_train.py [KEY=VALUE ...] [--quick] [--rounds N] [--json FILE]

Trains what `configs/demo.yaml` describes, on clips rendered for it, with its augmentation; a KEY=VALUE changes a
setting, as `model.backbone=resnet18` or `device=cpu`. The yardstick is a plain loop of forward, backward and step
over batches that were made, moved to the device and kept there before. On a CPU it is run twice: with as many
threads as a training gives its network, which leaves a core to reading, and with all. Epochs of the ways take turns
within a round, the first of which warms up; each is compared with the yardstick of its round, and the median over
the rounds is the ratio, so that a machine that slows down slows all alike.

The steps of a clip (T) and the clips of a batch are varied one at a time. The peak memory of a training from the disk
cache is measured in a process of its own for each: of the process on a CPU, of tensors on a GPU.

The result file (--json) holds

    format_version  1
    machine         system, processor, cpu_count, device, load_before (1 minute), versions
    settings        what was changed in the config; clips, rounds
    results         frames (T), batch, way, clips_per_second (median), ratio (to "on the device": 1 is as fast)
    memory          frames, batch, peak_mib; frames 0: of starting alone
    targets         way, measured (median over all T and batches), at_least, met
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import send_to_device

from vidclf.config import Config, load_config
from vidclf.data import Augmentation, Batch, ClipDataset, ClipReader, Manifest, read_manifest
from vidclf.data.cache import FrameCache
from vidclf.engines import core_left_for_reading, describe_device, pick_device
from vidclf.infer import Predictor
from vidclf.models import make_classifier
from vidclf.package import RunFolder
from vidclf.progress import Track
from vidclf.synth import render_gestures
from vidclf.training.loader import EpochLoader
from vidclf.training.loop import fit
from vidclf.training.optimizers import make_optimizer
from vidclf.training.stages import set_training_mode
from vidclf.training.tasks import Classify

CONFIG = Path(__file__).parents[1] / "configs" / "demo.yaml"
# (T, clips of a batch)
SHAPES = ((8, 8), (16, 8), (32, 8), (16, 4), (16, 16))
YARDSTICK, ALL_CORES, MEMORY, DISK = "on the device", "on the device, all cores", "memory", "disk"
AT_LEAST = {"cpu": 0.95, "cuda": 0.9}


@dataclass(frozen=True)
class Result:
    """Median clips a second of one way, and over those of the yardstick."""

    frames: int
    batch: int
    way: str
    clips_per_second: float
    ratio: float


@dataclass(frozen=True)
class Memory:
    """The most that a training held; with 0 frames, that starting took."""

    frames: int
    batch: int
    peak_mib: float


class Bench:
    """One shape of input: the network, and ways to train it for an epoch."""

    def __init__(self, config: Config, manifest: Manifest, folder: Path) -> None:
        self.config = config
        self.manifest = manifest
        self.device = pick_device(config.device)
        self.network, self.preprocessing = make_classifier(config.model, config.prep, len(manifest.classes))
        predictor = Predictor(self.network, self.preprocessing, manifest.classes, self.device)
        in_memory = ClipReader(self.preprocessing, in_memory=True)
        self.on_disk = ClipReader(self.preprocessing, on_disk=FrameCache(folder / "cache", self.preprocessing))
        self.readers = {MEMORY: in_memory, DISK: self.on_disk}
        self.task = Classify(config, predictor, in_memory, [entry.label for entry in manifest.entries], ())
        self.run = RunFolder(folder / "run")
        self.run.path.mkdir(exist_ok=True)

    def fill(self) -> None:
        for reader in self.readers.values():
            list(reader.fill(self.manifest.entries))

    def dataset(self, reader: ClipReader, seed: int) -> ClipDataset:
        augmentation = Augmentation(self.config.augment, self.manifest.classes)
        return ClipDataset(self.manifest.entries, self.manifest.classes, reader, augmentation, seed=seed)

    def train(self, reader: ClipReader, seed: int) -> float:
        """Seconds of the steps of an epoch, as a training does them."""
        accelerator = Accelerator(cpu=self.device.type == "cpu", mixed_precision=self.config.train.amp)
        seconds: list[float] = []
        with core_left_for_reading(self.device):
            fit(
                self.network,
                self.task,
                self.dataset(reader, seed),
                self.config,
                accelerator,
                self.run,
                resume=False,
                on_better=lambda _: None,
                on_epoch=lambda _: None,
                track=self._clocked(seconds),
            )
        return seconds[0]

    def resident(self) -> list[Batch]:
        """The batches of an epoch, on the device."""
        dataset = self.dataset(self.readers[MEMORY], seed=0)
        loader = EpochLoader(dataset, self.config.train.batch, workers=2, process=0, processes=1)
        return [send_to_device(batch, self.device) for batch in loader.epoch(1)]

    def plain(self, batches: Sequence[Batch]) -> float:
        """Seconds of the steps of an epoch in a plain loop."""
        set_training_mode(self.network, self.config, epoch=1)
        optimizer = make_optimizer(self.network, self.config.train)
        started = time.perf_counter()
        for batch in batches:
            outcome = self.task.step(self.network, batch)
            (outcome.loss_sum / outcome.weight).backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.train.clip)
            optimizer.step()
            optimizer.zero_grad()
        self._wait()
        return time.perf_counter() - started

    def _clocked(self, seconds: list[float]) -> Track:
        def track(items: Any, *, total: int, what: str) -> Iterator[Any]:  # noqa: ARG001
            started = time.perf_counter()
            yield from items
            self._wait()
            seconds.append(time.perf_counter() - started)

        return track

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def shaped(overrides: Sequence[str], frames: int, batch: int) -> Config:
    # No average of the weights: it is no part of the yardstick, and costs the same whatever is read.
    return load_config(
        CONFIG, ["train.ema=0", *overrides, f"prep.frames={frames}", f"train.batch={batch}", "train.epochs=1"]
    )


def measure_speed(config: Config, manifest: Manifest, rounds: int) -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(config, manifest, Path(folder))
        bench.fill()
        batches = bench.resident()

        def as_in_training() -> float:
            with core_left_for_reading(bench.device):
                return bench.plain(batches)

        ways: dict[str, Callable[[int], float]] = {
            YARDSTICK: lambda _: as_in_training(),
            MEMORY: lambda seed: bench.train(bench.readers[MEMORY], seed),
            DISK: lambda seed: bench.train(bench.readers[DISK], seed),
        }
        if bench.device.type == "cpu":
            ways[ALL_CORES] = lambda _: bench.plain(batches)
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(rounds + 1):
            for way, run in ways.items():
                took = run(number)
                if number:
                    seconds[way].append(took)
    clips = len(manifest.entries)
    return [
        Result(
            config.prep.frames or 0,
            config.train.batch,
            way,
            clips / statistics.median(took),
            statistics.median(one / mine for one, mine in zip(seconds[YARDSTICK], took, strict=True)),
        )
        for way, took in seconds.items()
    ]


def peak_of_training(overrides: Sequence[str], frames: int, batch: int, clips: Path) -> float:
    """Peak memory of this process, or of its GPU, after an epoch from the disk cache."""
    config = shaped(overrides, frames, batch)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(config, read_manifest(clips), Path(folder))
        list(bench.on_disk.fill(bench.manifest.entries))
        bench.train(bench.on_disk, seed=0)
        if bench.device.type == "cuda":
            return torch.cuda.max_memory_allocated() / 2**20
    return peak_mib()


def peak_mib() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # `ru_maxrss` there is at least what the process that started this one had
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def measure_memory(overrides: Sequence[str], shapes: Sequence[tuple[int, int]], clips: Path) -> list[Memory]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        alone = Memory(0, 0, pool.submit(peak_mib).result())
        return [
            alone,
            *(Memory(*shape, pool.submit(peak_of_training, overrides, *shape, clips).result()) for shape in shapes),
        ]


def machine(device: torch.device) -> dict[str, Any]:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    return {
        "system": platform.platform(),
        "processor": next((line.split(": ")[1] for line in lines if line.startswith("model name")), ""),
        "cpu_count": os.cpu_count(),
        "device": describe_device(device),
        "load_before": os.getloadavg()[0],
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("vidclf", "torch", "accelerate", "numpy")},
        },
    }


def judged(results: Sequence[Result], device: torch.device) -> list[dict[str, Any]]:
    at_least = AT_LEAST.get(device.type)
    if at_least is None:
        return []
    measured = {way: statistics.median(r.ratio for r in results if r.way == way) for way in (MEMORY, DISK)}
    return [
        {"way": way, "measured": ratio, "at_least": at_least, "met": ratio >= at_least}
        for way, ratio in measured.items()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="settings, as model.backbone=resnet18")
    parser.add_argument("--quick", action="store_true", help="one shape, few clips, one round: does it run at all")
    parser.add_argument("--rounds", type=int, default=3, help="epochs of each way")
    parser.add_argument("--json", type=Path, help="write the results here")
    arguments = parser.parse_args()
    device = pick_device(shaped(arguments.overrides, *SHAPES[0]).device)
    where = machine(device)
    per_class, rounds, shapes = (2, 1, SHAPES[:1]) if arguments.quick else (6, arguments.rounds, SHAPES)
    clips = Path(tempfile.gettempdir()) / f"vidclf_bench_train_{per_class}" / "manifest.csv"
    if not clips.exists():
        render_gestures(clips.parent, clips_per_class=per_class, performers=per_class, size=(96, 128))
    manifest = read_manifest(clips)

    results: list[Result] = []
    print(f"{'T':>3}{'batch':>6}  {'':26}{'clips/s':>9}{'ratio':>7}")
    for shape in shapes:
        for r in measure_speed(shaped(arguments.overrides, *shape), manifest, rounds):
            results.append(r)
            print(f"{r.frames:3}{r.batch:6}  {r.way:26}{r.clips_per_second:9.1f}{r.ratio:7.2f}", flush=True)
    memory = measure_memory(arguments.overrides, shapes, clips)
    for m in memory:
        print(f"{m.frames:3}{m.batch:6}  peak memory {m.peak_mib:.0f} MiB" + ("" if m.frames else ", starting alone"))
    targets = judged(results, device)
    for target in targets:
        met = "met" if target["met"] else "not met"
        print(f"{target['way']}: {target['measured']:.2f}, aim {target['at_least']}: {met}")
    if arguments.json:
        report = {
            "format_version": 1,
            "machine": where,
            "settings": {"changed": arguments.overrides, "clips": len(manifest.entries), "rounds": rounds},
            "results": [asdict(r) for r in results],
            "memory": [asdict(m) for m in memory],
            "targets": targets,
        }
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
