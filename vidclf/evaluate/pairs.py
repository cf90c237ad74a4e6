"""A table of pairs, `a,b,same`: are these two the same?"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vidclf.errors import ManifestError
from vidclf.evaluate.embedding import embed_files
from vidclf.evaluate.evidence import Evidence, Pairs
from vidclf.evaluate.recognition import Question, Recognition
from vidclf.evaluate.verification import curve_of, score_pairs
from vidclf.infer.embedder import Embedder
from vidclf.types import BoolArray, IntArray

_COLUMNS = ("a", "b", "same")
_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def evaluate_pairs(embedder: Embedder, question: Question) -> Recognition:
    """Score the pairs of a table; see `evaluate_verify` for the threshold, whose other people are a table too.

    The interval draws identities: pictures that the table calls the same, directly or through others, are of one.

    Raises:
        ManifestError: it is no such table, or all pairs are of one kind.
        NoFramesError: not one file could be used.
    """
    threshold = embedder.threshold
    if question.threshold_from is not None:
        others, _ = _embedded(embedder, question.threshold_from, question)
        threshold = curve_of(others, str(question.threshold_from)).eer_threshold
    evidence, failures = _embedded(embedder, question.data, question)
    return score_pairs(evidence, failures, question, threshold=threshold)


def read_pairs(table: Path) -> tuple[list[Path], Pairs]:
    """The files that a table names, each once, and the pairs of their places.

    Args:
        table: CSV with the columns `a`, `b` (paths, from the table's folder) and `same` (1 or 0).

    Raises:
        ManifestError: it is not there, or is no such table.
    """
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if not set(_COLUMNS) <= set(reader.fieldnames or ()):
                raise ManifestError(f"{table}: its first line must name the columns {', '.join(_COLUMNS)}.")
            rows = [tuple(row[column] or "" for column in _COLUMNS) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{table}: it cannot be read as a table of pairs ({error}).") from None
    if not rows:
        raise ManifestError(f"{table}: it names no pairs.")
    same = []
    for line, (_, _, word) in enumerate(rows, start=2):
        if word.strip().lower() not in _WORDS:
            raise ManifestError(f"{table}, line {line}: same is {word!r}, and must be 1 or 0.")
        same.append(_WORDS[word.strip().lower()])
    names = sorted({name for row in rows for name in row[:2]})
    place = {name: number for number, name in enumerate(names)}
    first, second = (np.array([place[row[side]] for row in rows]) for side in (0, 1))
    return [table.parent / name for name in names], Pairs(first, second, np.array(same))


def _embedded(embedder: Embedder, table: Path, question: Question) -> tuple[Evidence, list[str]]:
    paths, pairs = read_pairs(table)
    found = embed_files(embedder, paths, views=question.views, track=question.track)
    usable = found.usable
    failures = list(found.reasons.values())
    kept = pairs.only(usable[pairs.first] & usable[pairs.second])
    if not len(kept):
        raise ManifestError(
            f"{table}: of no pair could both pictures be used; the first that could not: {failures[0]}"
        )
    identities = _identities(pairs, len(paths))
    names = tuple(f"identity {number}" for number in range(int(identities.max()) + 1))
    return Evidence(tuple(paths), identities, names, found.vectors, kept), failures


def _identities(pairs: Pairs, count: int) -> IntArray:
    linked: BoolArray = pairs.same
    ones = np.ones(int(linked.sum()))
    graph = coo_array((ones, (pairs.first[linked], pairs.second[linked])), shape=(count, count))
    identities: IntArray = connected_components(graph, directed=False)[1].astype(np.int64)
    return identities
