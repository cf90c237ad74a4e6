"""Search, exact and by an index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gallery.projecting import Projection, crop
from vidclf.errors import UsageError
from vidclf.gallery import Gallery
from vidclf.gallery.search import ExactSearch, IndexSearch, make_search
from vidclf.types import Float32Array


def unit(rng: np.random.Generator, count: int, dim: int) -> Float32Array:
    vectors = rng.normal(size=(count, dim)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 90), min_size=1, max_size=4), st.integers(1, 5), st.integers(1, 12), st.integers(0, 99)
)
def test_exact_search_is_the_sorted_product(parts: list[int], queries: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    search = ExactSearch(8)
    vectors = unit(rng, sum(parts), 8)
    for part in np.split(vectors, np.cumsum(parts)[:-1]):
        search.add(part)
    wanted = unit(rng, queries, 8)
    rows, similarities = search.nearest(wanted, count)
    assert rows.shape == similarities.shape == (queries, min(count, len(vectors)))
    product = wanted.astype(np.float64) @ vectors.T.astype(np.float64)
    np.testing.assert_allclose(similarities, -np.sort(-product, axis=1)[:, :count], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(product, rows, 1), similarities, atol=1e-6)


def test_blocks_of_queries_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    search = ExactSearch(16)
    search.add(unit(rng, 200, 16))
    queries = unit(rng, 7, 16)
    whole = search.nearest(queries, 5)
    monkeypatch.setattr("vidclf.gallery.search._BLOCK_VALUES", 450)
    np.testing.assert_array_equal(search.nearest(queries, 5)[0], whole[0])


def test_an_index_agrees_with_exact_search() -> None:
    pytest.importorskip("usearch", reason="an index needs the extra search")
    rng = np.random.default_rng(1)
    people = unit(rng, 300, 64).repeat(4, axis=0)
    vectors = people + 0.05 * rng.normal(size=people.shape).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = vectors[::3] + 0.03 * rng.normal(size=vectors[::3].shape).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    exact, index = ExactSearch(64), IndexSearch(64)
    for part in np.array_split(vectors, 3):
        exact.add(part)
        index.add(part)
    rows, similarities = exact.nearest(queries, 3)
    found, cosines = index.nearest(queries, 3)
    assert np.mean(found[:, 0] == rows[:, 0]) >= 0.99
    agreed = found == rows
    np.testing.assert_allclose(cosines[agreed], similarities[agreed], atol=1e-6)
    assert index.nearest(queries[:1], 10_000)[0].shape[0] == 1


def test_a_gallery_answers_alike_by_either(embedder: Projection, tmp_path: object) -> None:
    pytest.importorskip("usearch", reason="an index needs the extra search")
    crops = [crop(person, 9) for person in range(12)]
    with Gallery.open(f"{tmp_path}/gallery.db", embedder) as exact:
        for person in range(10):
            exact.enrol(str(person), [crop(person, 0), crop(person, 1)])
        with Gallery.open(f"{tmp_path}/gallery.db", embedder, search="index") as index:
            assert index.identify([]) == []
            for one, other in zip(exact.identify(crops), index.identify(crops), strict=True):
                assert (one.decision, one.name, one.template_id) == (other.decision, other.name, other.template_id)
            index.enrol("new", [crop(11)])
            assert index.identify([crop(11, 3)])[0].name == "new"
            index.remove("new")
            assert index.identify([crop(11, 3)])[0].decision == "stranger"


def test_another_kind_of_search_is_refused() -> None:
    with pytest.raises(UsageError, match="exact or index"):
        make_search("annoy", 8)  # type: ignore[arg-type]
