"""The vectors of all files of identities, and the pairs that they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidclf.data import read_identities
from vidclf.errors import ManifestError
from vidclf.evaluate.embedding import embed_files
from vidclf.evaluate.evidence import Evidence, Pairs
from vidclf.evaluate.recognition import Question
from vidclf.infer.embedder import Embedder
from vidclf.types import Float32Array, IntArray

# Of more pairs of different identities, so many are drawn: enough to tell a rate of 1e-4.
_MOST_DIFFERENT = 1_000_000


@dataclass(frozen=True, eq=False)
class People:
    """Files of identities that could be used; the failures are those that could not, in words.

    Attributes:
        paths: N files.
        identities: int64 (N,), who is in each, numbered from 0.
        names: what each identity is called.
        vectors: float32 (N, D), each of length one.
        failures: why others could not be used.
    """

    paths: tuple[Path, ...]
    identities: IntArray
    names: tuple[str, ...]
    vectors: Float32Array
    failures: tuple[str, ...]

    def evidence(self, *, seed: int, threshold: float | None = None) -> Evidence:
        """All of them compared with each other; of very many pairs some, drawn by `seed`."""
        pairs = all_pairs(self.identities, seed=seed)
        return Evidence(self.paths, self.identities, self.names, self.vectors, pairs, threshold)


def embed_people(embedder: Embedder, data: Path, question: Question) -> People:
    """Read and embed the first crop of each file of a folder, zip or table of identities.

    Raises:
        ManifestError: there are no identities, or only one.
        NoFramesError: not one file could be used.
    """
    entries = read_identities(data).entries
    found = embed_files(embedder, [entry.path for entry in entries], views=question.views, track=question.track)
    good = np.flatnonzero(found.usable)
    names, identities = np.unique([entries[place].label for place in good.tolist()], return_inverse=True)
    if len(names) < 2:
        raise ManifestError(f"{data}: only {names[0]} can be used of it; two identities or more are needed.")
    return People(
        paths=tuple(entries[place].path for place in good.tolist()),
        identities=identities.astype(np.int64),
        names=tuple(names.tolist()),
        vectors=found.vectors[good],
        failures=tuple(found.reasons.values()),
    )


def all_pairs(identities: IntArray, *, seed: int) -> Pairs:
    """Every pair of files; of very many pairs of different identities some, drawn by `seed`."""
    count = len(identities)
    if count * (count - 1) // 2 <= _MOST_DIFFERENT:
        first, second = np.triu_indices(count, 1)
        return Pairs(first, second, identities[first] == identities[second])
    drawn = np.random.default_rng(seed).integers(count, size=(2, _MOST_DIFFERENT))
    first, second = drawn[:, identities[drawn[0]] != identities[drawn[1]]]
    within = [_within(np.flatnonzero(identities == number)) for number in np.unique(identities)]
    own = np.concatenate(within, axis=1)
    same = np.arange(len(first) + own.shape[1]) >= len(first)
    return Pairs(np.concatenate([first, own[0]]), np.concatenate([second, own[1]]), same)


def _within(places: IntArray) -> IntArray:
    first, second = np.triu_indices(len(places), 1)
    return np.stack([places[first], places[second]])
