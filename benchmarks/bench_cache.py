"""What is saved by decoding once: frames from the cache against decoding, and one reading thread against two.

    python benchmarks/bench_cache.py [--quick] [--data FOLDER] [--rounds N] [--json FILE]

Reads clips as `configs/fight.yaml` does, with the frames drawn at random as in training. The ways take turns within a
round and medians are compared, so that a busy machine slows all alike. That all give the same frames is asserted.
Without `--data` (a manifest or a folder per class) the clips are rendered. How much a second thread can bring depends
on what the machine's processors share and on who else is at work; threads that only hash bytes are the yardstick.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from vidclf.config import AugmentConfig, load_config
from vidclf.data import Augmentation, ClipDataset, ClipEntry, ClipReader, read_manifest
from vidclf.data.cache import FrameCache
from vidclf.models import make_classifier
from vidclf.parallel import map_ahead
from vidclf.prep import Chance, Prepared, Preprocessing
from vidclf.synth import render_gestures
from vidclf.training.loader import EpochLoader

CONFIG = Path(__file__).parents[1] / "configs" / "fight.yaml"
CLIPS = 24


@dataclass(frozen=True)
class Result:
    """Median milliseconds a clip, and how many times as fast as decoding."""

    way: str
    cpu_ms: float
    wall_ms: float
    cpu_ratio: float
    wall_ratio: float


def clips(data: Path | None, folder: Path, count: int) -> list[ClipEntry]:
    if data is None:
        data = folder / "clips" / "manifest.csv"
        if not data.exists():
            render_gestures(data.parent, clips_per_class=8, performers=8, size=(360, 480))
    entries = read_manifest(data).entries
    return [entries[place] for place in np.linspace(0, len(entries) - 1, min(count, len(entries))).astype(int)]


def fight_preprocessing() -> Preprocessing:
    config = load_config(CONFIG)
    return make_classifier(config.model, config.prep, 2)[1]


def read_all(reader: ClipReader, entries: list[ClipEntry], seed: int) -> list[Prepared]:
    return [
        reader.prepared(entry, Chance(np.random.default_rng((seed, place)))) for place, entry in enumerate(entries)
    ]


def measure_reading(entries: list[ClipEntry], preprocessing: Preprocessing, cache: Path, rounds: int) -> list[Result]:
    decoding = ClipReader(preprocessing)
    in_memory = ClipReader(preprocessing, in_memory=True)
    opened = ClipReader(preprocessing, on_disk=FrameCache(cache, preprocessing))
    for reader in (in_memory, opened):
        list(reader.fill(entries))
        read_all(reader, entries, seed=0)  # which checks what lies on disk against its checksum
    ways: dict[str, Callable[[], ClipReader]] = {
        "decoding": lambda: decoding,
        "disk, first epoch of a process": lambda: ClipReader(preprocessing, on_disk=FrameCache(cache, preprocessing)),
        "disk, later epochs": lambda: opened,
        "memory": lambda: in_memory,
    }
    cpu: dict[str, list[float]] = {way: [] for way in ways}
    wall: dict[str, list[float]] = {way: [] for way in ways}
    for seed in range(rounds):
        expected: list[Prepared] | None = None
        for way, make in ways.items():
            reader = make()
            cpu_start, wall_start = time.process_time(), time.perf_counter()
            given = read_all(reader, entries, seed)
            cpu[way].append(1e3 * (time.process_time() - cpu_start) / len(entries))
            wall[way].append(1e3 * (time.perf_counter() - wall_start) / len(entries))
            expected = expected or given
            for one, other in zip(expected, given, strict=True):
                np.testing.assert_array_equal(one.frames, other.frames)
    cpu_ms = {way: statistics.median(values) for way, values in cpu.items()}
    wall_ms = {way: statistics.median(values) for way, values in wall.items()}
    return [
        Result(way, cpu_ms[way], wall_ms[way], cpu_ms["decoding"] / cpu_ms[way], wall_ms["decoding"] / wall_ms[way])
        for way in ways
    ]


@dataclass(frozen=True)
class Threads:
    """How much faster two threads are than one: at reading clips, and at hashing, which is all the machine gives."""

    clips_per_second: dict[int, float]
    reading_ratio: float
    hashing_ratio: float


def measure_threads(entries: list[ClipEntry], preprocessing: Preprocessing, rounds: int) -> Threads:
    """An epoch's loader with one thread and with two, decoding each clip."""
    classes = sorted({entry.label for entry in entries})
    data = ClipDataset(
        entries, classes, ClipReader(preprocessing), Augmentation(AugmentConfig(scale=0.2), classes), seed=0
    )
    rates: dict[int, list[float]] = {1: [], 2: []}
    hashing: dict[int, list[float]] = {1: [], 2: []}
    content = bytes(20_000_000)
    for epoch in range(rounds):
        for workers, measured in rates.items():
            loader = EpochLoader(data, 4, workers=workers, process=0, processes=1)
            start = time.perf_counter()
            for _ in loader.epoch(epoch):
                pass
            measured.append(len(entries) / (time.perf_counter() - start))
            start = time.perf_counter()
            list(map_ahead(lambda _: hashlib.sha256(content).digest(), range(16), workers=workers))
            hashing[workers].append(time.perf_counter() - start)
    medians = {workers: statistics.median(measured) for workers, measured in rates.items()}
    return Threads(medians, medians[2] / medians[1], statistics.median(hashing[1]) / statistics.median(hashing[2]))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few clips, one round: does it run at all")
    parser.add_argument("--data", type=Path, help="a manifest or a folder per class; default: rendered clips")
    parser.add_argument("--rounds", type=int, default=5, help="how often each clip is read each way")
    parser.add_argument("--json", type=Path, help="write the results here")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rounds = 1 if arguments.quick else arguments.rounds
    folder = Path(tempfile.gettempdir()) / "vidclf_bench_cache"
    entries = clips(arguments.data, folder, 4 if arguments.quick else CLIPS)
    preprocessing = fight_preprocessing()
    with tempfile.TemporaryDirectory() as cache:
        results = measure_reading(entries, preprocessing, Path(cache), rounds)
    threads = measure_threads(entries, preprocessing, rounds)
    print(f"{'':32}{'CPU ms':>9}{'wall ms':>9}{'CPU x':>8}{'wall x':>8}   a clip")
    for r in results:
        print(f"{r.way:32}{r.cpu_ms:9.2f}{r.wall_ms:9.2f}{r.cpu_ratio:8.1f}{r.wall_ratio:8.1f}")
    one, two = threads.clips_per_second.values()
    print(
        f"reading threads, decoding: 1: {one:.1f} clips/s, 2: {two:.1f}, {threads.reading_ratio:.2f}x "
        f"(hashing: {threads.hashing_ratio:.2f}x)"
    )
    if arguments.json:
        report = {
            "machine": {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()},
            "clips": len(entries),
            "data": "rendered" if arguments.data is None else arguments.data.parent.name,
            "results": [asdict(r) for r in results],
            "threads": asdict(threads),
        }
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
