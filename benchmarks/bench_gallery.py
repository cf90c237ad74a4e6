"""What a gallery costs beyond what it must: enrolling, identifying, and what an index saves.

    python benchmarks/bench_gallery.py [--quick] [--people N] [--dim D] [--rounds N] [--json FILE]

- enrol: one more person into a gallery of `--people`, a vector and its picture, durable on the disk; over a bare
  SQLite commit of the same row (name, vector, packed picture) into a table as long, with the same settings.
- identify: one picture among `--people`, embedding left out; over a bare NumPy matrix product and top-k of the same
  vectors. Both in one thread.
- index: `--people` with 10 templates each, a vector of length one with noise, asked by further noisy ones; over exact
  search of the same; with the share of queries for which both name the same template, and the same person.

The ways take turns in blocks of 10, and in who begins; the median over the rounds of the ratio of their medians is
given, so that a busy machine slows all alike. With few people (--quick) what does not grow with them counts most.
What is measured is made up: random vectors of length one. The result file (--json) holds

    format_version  1
    machine         system, processor, cpu_count, load_before (1 minute), versions
    settings        people, dim, rounds
    results         what, milliseconds (median), bare_milliseconds, ratio (median of the rounds), at_most
    index           templates, queries, recall_at_1, same_person, ratio (exact over index), build_seconds
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from vidclf.gallery import Gallery, Template
from vidclf.gallery.crops import pack
from vidclf.gallery.opening import open_store
from vidclf.gallery.records import Identity
from vidclf.gallery.search import ExactSearch, IndexSearch
from vidclf.types import Crop, Float32Array

_PACKAGES = ("numpy", "scipy", "usearch", "safetensors", "vidclf")
_TEMPLATES_EACH = 10
# A commit pays for what the one before left to the disk, so each way commits that many times before the other does.
_BLOCK = 10
# Blocks until both write-ahead logs have been copied back once, and are written over and no longer extended.
_WARM_UP = 12
# Cosine of some 0.8 between two of one person, as of two photos of one face.
_NOISE = 0.5


@dataclass(frozen=True)
class Result:
    """Median milliseconds of ours and of the bare way, and the median of their ratio."""

    what: str
    milliseconds: float
    bare_milliseconds: float
    ratio: float
    at_most: float


@dataclass(frozen=True)
class IndexResult:
    """What an index finds, and how many times as fast as exact search it is."""

    templates: int
    queries: int
    recall_at_1: float
    same_person: float
    ratio: float
    exact_milliseconds: float
    index_milliseconds: float
    build_seconds: float


class Prepared:
    """An embedder whose vectors lie ready, by the name of the source: what embedding costs is left out."""

    threshold = 0.4

    def __init__(self, dim: int) -> None:
        self.dim, self.identity = dim, hashlib.sha256(b"prepared").hexdigest()
        self.vectors: dict[str, Float32Array] = {}

    def crops(self, source: object) -> list[Crop]:
        raise NotImplementedError("what is measured here starts from crops")

    def embed(self, crops: Sequence[Crop]) -> Float32Array:
        return np.stack([self.vectors[crop.source] for crop in crops])


def unit(vectors: Float32Array) -> Float32Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


def random_unit(rng: np.random.Generator, count: int, dim: int) -> Float32Array:
    return unit(rng.standard_normal((count, dim), dtype=np.float32))


def face(rng: np.random.Generator, source: str) -> Crop:
    """A picture of 112x112 that compresses about as a photo does: smooth, with a camera's noise."""
    coarse = rng.uniform(40, 215, (14, 14, 3)).repeat(8, 0).repeat(8, 1)
    pixels = np.clip(coarse + rng.normal(0, 3, coarse.shape), 0, 255).astype(np.uint8)
    return Crop(pixels[None], np.zeros(1), source=source)


def fill(path: Path, embedder: Prepared, vectors: Float32Array) -> None:
    """A gallery of one template each. In one change: 100,000 commits would be another benchmark."""
    Gallery.open(path, embedder).close()
    with open_store(path) as store, store.changing() as writer:
        for number, vector in enumerate(vectors):
            identity_id = writer.add_identity(Identity(0, f"person {number}", "", 0.0))
            writer.add_template(Template(0, identity_id, vector, False, 1.0, "", 0.0), None)


def bare_table(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def fill_bare(path: Path, vectors: Float32Array) -> None:
    with closing(bare_table(path)) as connection:
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, vector BLOB, crop BLOB)")
        connection.execute("BEGIN")
        rows = ((f"person {number}", vector.tobytes()) for number, vector in enumerate(vectors))
        connection.executemany("INSERT INTO people (name, vector) VALUES (?, ?)", rows)
        connection.execute("COMMIT")


class Took:
    """Median seconds of two ways, that take turns in blocks, and in who begins."""

    def __init__(self) -> None:
        self.ours: list[float] = []
        self.bare: list[float] = []

    def take_turns(self, ours: Sequence[Callable[[], object]], bare: Sequence[Callable[[], object]]) -> None:
        both = [(self.ours, ours), (self.bare, bare)]
        for seconds, block in both if len(self.ours) % 2 else both[::-1]:
            seconds.append(statistics.median(seconds_of(work) for work in block))

    def result(self, what: str, warm_up: int, *, at_most: float) -> Result:
        ours, bare = self.ours[warm_up:], self.bare[warm_up:]
        ratio = statistics.median(mine / other for mine, other in zip(ours, bare, strict=True))
        return Result(what, 1e3 * statistics.median(ours), 1e3 * statistics.median(bare), ratio, at_most)


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure_enrolling(folder: Path, vectors: Float32Array, rounds: int) -> Result:
    rng = np.random.default_rng(1)
    embedder = Prepared(vectors.shape[1])
    fill(folder / "gallery.db", embedder, vectors)
    fill_bare(folder / "bare.db", vectors)
    took = Took()
    insert = "INSERT INTO people (name, vector, crop) VALUES (?, ?, ?)"
    with Gallery.open(folder / "gallery.db", embedder) as gallery, closing(bare_table(folder / "bare.db")) as bare:
        for number in range(rounds + _WARM_UP):
            crops = [face(rng, f"new {number}.{place}") for place in range(_BLOCK)]
            embedder.vectors = {crop.source: random_unit(rng, 1, embedder.dim)[0] for crop in crops}
            rows = [(crop.source, embedder.vectors[crop.source].tobytes(), pack(crop)) for crop in crops]
            took.take_turns(
                [partial(gallery.enrol, crop.source, [crop]) for crop in crops],
                [partial(bare.execute, insert, row) for row in rows],
            )
    return took.result("enrol", _WARM_UP, at_most=2.0)


def measure_identifying(folder: Path, vectors: Float32Array, rounds: int) -> Result:
    rng = np.random.default_rng(3)
    embedder = Prepared(vectors.shape[1])
    crop = Crop(np.zeros((1, 8, 8, 3), np.uint8), np.zeros(1), source="query")
    took = Took()
    with Gallery.open(folder / "gallery.db", embedder) as gallery:
        for number in range(rounds + 1):
            query = unit(vectors[number] + 0.02 * rng.standard_normal(embedder.dim, dtype=np.float32))
            embedder.vectors["query"] = query
            took.take_turns(
                [partial(gallery.identify, [crop])] * _BLOCK, [partial(bare_top_k, vectors, query)] * _BLOCK
            )
            assert gallery.identify([crop])[0].name == f"person {number}"
    return took.result("identify", 1, at_most=1.2)


def bare_top_k(vectors: Float32Array, query: Float32Array, k: int = 8) -> np.ndarray:
    similarities = vectors @ query
    nearest = np.argpartition(similarities, -k)[-k:]
    return nearest[np.argsort(-similarities[nearest])]


def measure_index(people: int, dim: int, queries: int) -> IndexResult:
    rng = np.random.default_rng(2)
    centres = random_unit(rng, people, dim)
    exact, index = ExactSearch(dim), IndexSearch(dim)
    owners = np.arange(people).repeat(_TEMPLATES_EACH)
    rng.shuffle(owners)  # people are not enrolled one after the other
    build = 0.0
    for part in np.array_split(owners, max(1, len(owners) // 50_000)):
        templates = noisy(rng, centres[part])
        exact.add(templates)
        started = time.perf_counter()
        index.add(templates)
        build += time.perf_counter() - started
    asked = rng.integers(people, size=queries)
    wanted = noisy(rng, centres[asked])
    seconds: dict[str, list[float]] = {"exact": [], "index": []}
    same, person = 0, 0
    for query, owner in zip(wanted, asked, strict=True):
        rows: dict[str, int] = {}
        for name, search in (("exact", exact), ("index", index)):
            started = time.perf_counter()
            found, _ = search.nearest(query[None], 8)
            seconds[name].append(time.perf_counter() - started)
            rows[name] = int(found[0, 0])
        same += rows["exact"] == rows["index"]
        person += owners[rows["index"]] == owner
    exact_ms, index_ms = (1e3 * statistics.median(seconds[name]) for name in ("exact", "index"))
    return IndexResult(
        len(owners), queries, same / queries, person / queries, exact_ms / index_ms, exact_ms, index_ms, build
    )


def noisy(rng: np.random.Generator, centres: Float32Array) -> Float32Array:
    noise = rng.standard_normal(centres.shape, dtype=np.float32)
    return unit(centres + np.float32(_NOISE / np.sqrt(centres.shape[1])) * noise)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small, few rounds: does it run at all")
    parser.add_argument("--people", type=int, default=100_000, help="how many are enrolled before it begins")
    parser.add_argument("--dim", type=int, default=512, help="length of a vector")
    parser.add_argument("--rounds", type=int, default=30, help="blocks of 10 of each way")
    parser.add_argument("--folder", type=Path, help="where the files go; default: the system's for temporary ones")
    parser.add_argument("--json", type=Path, help="write the results here")
    arguments = parser.parse_args()
    people, rounds = (2_000, 5) if arguments.quick else (arguments.people, arguments.rounds)
    load_before = os.getloadavg()[0]
    with threadpool_limits(limits=1), tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        vectors = random_unit(np.random.default_rng(0), people, arguments.dim)
        results = [measure(Path(folder), vectors, rounds) for measure in (measure_enrolling, measure_identifying)]
        del vectors
        in_index = people // 4 if arguments.quick else people
        index = measure_index(in_index, arguments.dim, queries=50 if arguments.quick else 1000)
    for r in results:
        print(
            f"{r.what:10} {r.milliseconds:8.2f} ms, bare {r.bare_milliseconds:8.2f} ms: {r.ratio:.2f}x "
            f"(at most {r.at_most:g}x: {'met' if r.ratio <= r.at_most else 'missed'})"
        )
    print(
        f"index      {index.index_milliseconds:8.2f} ms, exact {index.exact_milliseconds:8.2f} ms: {index.ratio:.1f}"
        f"x as fast among {index.templates:,}; recall@1 {index.recall_at_1:.4f} (at least 0.99), the same person "
        f"{index.same_person:.4f}; built in {index.build_seconds:.0f} s"
    )
    if arguments.json:
        report = {
            "format_version": 1,
            "machine": {
                "system": platform.platform(),
                "processor": platform.machine(),
                "cpu_count": os.cpu_count(),
                "load_before": load_before,
                "versions": {name: importlib.metadata.version(name) for name in _PACKAGES},
            },
            "settings": {"people": people, "dim": arguments.dim, "rounds": rounds},
            "results": [asdict(result) for result in results],
            "index": asdict(index),
        }
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
