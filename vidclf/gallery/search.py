"""Which templates are nearest: by comparing with all of them, or by an index that compares with few."""

from __future__ import annotations

from functools import cache
from typing import Literal, Protocol

import numpy as np
from threadpoolctl import ThreadpoolController

from vidclf.errors import MissingExtraError, UsageError
from vidclf.types import Float32Array, IntArray

SearchKind = Literal["exact", "index"]

_FIRST_ROOM = 64
# Similarities of one block of queries with all templates: some 64 MiB.
_BLOCK_VALUES = 2**24


class Search(Protocol):
    """Knows vectors by the order in which they were added, from 0."""

    @property
    def vectors(self) -> Float32Array:
        """All that were added, float32 (N, D); a view that the next `add` may leave behind."""

    def add(self, vectors: Float32Array) -> None:
        """Know more: float32 (N, D) of length one."""

    def nearest(self, queries: Float32Array, count: int) -> tuple[IntArray, Float32Array]:
        """The nearest vectors of each query, the nearest first.

        Args:
            queries: float32 (Q, D) of length one.
            count: how many; of fewer that there are, all are given.

        Returns:
            Their numbers, int64 (Q, K), and cosines, float32 (Q, K).
        """


class ExactSearch:
    """Compares each query with all vectors: one matrix product, in one thread.

    A product of one query with all vectors waits for memory, not for arithmetic; a second thread gains little where
    the machine is idle, and loses where it is not.

    Args:
        dim: length D of a vector.
    """

    def __init__(self, dim: int) -> None:
        self._room = np.empty((_FIRST_ROOM, dim), np.float32)
        self._used = 0

    @property
    def vectors(self) -> Float32Array:
        """All that were added, float32 (N, D)."""
        return self._room[: self._used]

    def add(self, vectors: Float32Array) -> None:
        """Know more: float32 (N, D) of length one. Room is doubled when it is full, so that adding stays cheap."""
        needed = self._used + len(vectors)
        if needed > len(self._room):
            larger = np.empty((max(needed, 2 * len(self._room)), self._room.shape[1]), np.float32)
            larger[: self._used] = self.vectors
            self._room = larger
        self._room[self._used : needed] = vectors
        self._used = needed

    def nearest(self, queries: Float32Array, count: int) -> tuple[IntArray, Float32Array]:
        """The nearest vectors of each query; see `Search`."""
        count = min(count, self._used)
        block = max(1, _BLOCK_VALUES // max(1, self._used))
        rows = np.empty((len(queries), count), np.int64)
        similarities = np.empty((len(queries), count), np.float32)
        with _blas().limit(limits=1):
            for start in range(0, len(queries), block):
                part = slice(start, start + block)
                rows[part], similarities[part] = _highest(queries[part] @ self.vectors.T, count)
        return rows, similarities


class IndexSearch:
    """Asks an index which vectors may be near, and compares exactly with those.

    A graph after Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using hierarchical
    navigable small world graphs, TPAMI 42 (2020), from usearch. It lies in memory only: a file of it would keep the
    vectors of people who have been removed.

    Args:
        dim: length D of a vector.

    Raises:
        MissingExtraError: usearch is not installed.
    """

    def __init__(self, dim: int) -> None:
        try:
            from usearch.index import Index
        except ImportError:
            raise MissingExtraError("search by an index needs usearch: pip install 'vidclf[search]'.") from None
        self._exact = ExactSearch(dim)
        self._index = Index(
            ndim=dim, metric="ip", dtype="f16", connectivity=16, expansion_add=64, expansion_search=128
        )

    @property
    def vectors(self) -> Float32Array:
        """All that were added, float32 (N, D)."""
        return self._exact.vectors

    def add(self, vectors: Float32Array) -> None:
        """Know more: float32 (N, D) of length one."""
        first = len(self._exact.vectors)
        self._exact.add(vectors)
        self._index.add(np.arange(first, first + len(vectors), dtype=np.uint64), vectors)

    def nearest(self, queries: Float32Array, count: int) -> tuple[IntArray, Float32Array]:
        """The nearest vectors of each query, as far as the index finds them; see `Search`."""
        count = min(count, len(self._exact.vectors))
        if not count or not len(queries):
            return self._exact.nearest(queries, count)
        found = self._index.search(queries, count, threads=1)
        keys = np.asarray(found.keys).reshape(len(queries), -1).astype(np.int64)  # of one query it gives (K,)
        exact = np.einsum("qd,qkd->qk", queries, self._exact.vectors[keys], dtype=np.float32)
        order = np.argsort(-exact, axis=1, kind="stable")
        return np.take_along_axis(keys, order, 1), np.take_along_axis(exact, order, 1)


def make_search(kind: SearchKind, dim: int) -> Search:
    """An empty search of one kind."""
    if kind == "exact":
        return ExactSearch(dim)
    if kind == "index":
        return IndexSearch(dim)
    raise UsageError(f"search {kind!r}: choose exact or index.")


def _highest(similarities: Float32Array, count: int) -> tuple[IntArray, Float32Array]:
    if count < similarities.shape[1]:
        rows = np.argpartition(similarities, -count, axis=1)[:, -count:]
    else:
        rows = np.broadcast_to(np.arange(count), similarities.shape)
    values = np.take_along_axis(similarities, rows, 1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(rows, order, 1), np.take_along_axis(values, order, 1)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
