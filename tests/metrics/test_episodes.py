from __future__ import annotations

import numpy as np
import pytest

from vidclf.metrics import Episodes, draw_episodes, score_episodes

# 8 identities, 4 in each of 2 groups, each shown once by each of 5 makers.
LABELS = [f"{group}{n}" for group in "ab" for n in range(4) for _ in range(5)]
GROUPS = [label[0] for label in LABELS]
MAKERS = [f"m{n}" for _ in range(8) for n in range(5)]


def test_each_row_holds_examples_of_one_identity_and_another_clip_of_it() -> None:
    episodes = draw_episodes(LABELS, ways=6, shots=3, count=20, seed=0)
    assert episodes.support.shape == (20, 6, 3)
    for support, query in zip(episodes.support, episodes.query, strict=True):
        names = [LABELS[row] for row in query]
        assert len(set(names)) == 6
        for examples, asked, name in zip(support, query, names, strict=True):
            assert {LABELS[row] for row in examples} == {name}
            assert len({asked, *examples}) == 4


def test_an_episode_may_be_held_to_a_group() -> None:
    episodes = draw_episodes(LABELS, groups=GROUPS, ways=4, shots=1, count=30, seed=1)
    groups = [{GROUPS[row] for row in query} for query in episodes.query]
    assert all(len(of_one) == 1 for of_one in groups)
    assert {"a", "b"} == set.union(*groups)


def test_who_made_the_examples_makes_none_that_ask() -> None:
    episodes = draw_episodes(LABELS, groups=GROUPS, makers=MAKERS, ways=4, shots=1, count=30, seed=2)
    for support, query in zip(episodes.support, episodes.query, strict=True):
        drew, asked = {MAKERS[row] for row in support.ravel()}, {MAKERS[row] for row in query}
        assert len(drew) == len(asked) == 1  # as Lake has it: one drawer, and another
        assert drew != asked
    several = draw_episodes(LABELS, makers=MAKERS, ways=8, shots=3, count=10, seed=2)
    for support, query in zip(several.support, several.query, strict=True):
        assert not {MAKERS[row] for row in support.ravel()} & {MAKERS[row] for row in query}


def test_makers_who_made_only_some_identities_are_enough() -> None:
    labels, makers = list("aaabbbcc"), list("xyzxyyzz")
    episodes = draw_episodes(labels, makers=makers, ways=2, shots=1, count=20, seed=0)
    assert {labels[row] for row in episodes.query.ravel()} == {"a", "b"}  # c is by one alone


def test_one_seed_is_always_the_same_episodes() -> None:
    def rows(seed: int) -> list[list[int]]:
        return draw_episodes(LABELS, ways=5, shots=1, count=4, seed=seed).query.tolist()

    assert rows(0) == rows(0) != rows(1)


@pytest.mark.parametrize(
    ("ways", "shots", "message"),
    [(9, 1, "9-way 1-shot episodes need 9 identities with 2 clips each"), (2, 5, "with 6 clips each")],
)
def test_what_cannot_be_drawn_is_a_sentence(ways: int, shots: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_episodes(LABELS, ways=ways, shots=shots, count=1, seed=0)


def test_scores_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    episodes = draw_episodes(LABELS, ways=5, shots=2, count=300, seed=0)
    scores = score_episodes(vectors, episodes, scale=4.0)
    for e in (0, 7, 299):
        for n in range(5):
            means = [vectors[rows].mean(axis=0) for rows in episodes.support[e]]
            cosines = [float(vectors[episodes.query[e, n]] @ m / np.linalg.norm(m)) for m in means]
            assert scores.right[e, n] == (int(np.argmax(cosines)) == n)
    low, high = scores.interval()
    assert low < scores.accuracy < high


def test_vectors_that_are_all_the_same_recognise_nobody() -> None:
    scores = score_episodes(np.ones((4, 3), np.float32), Episodes(np.array([[[0], [1]]]), np.array([[2, 3]])))
    assert scores.accuracy == 0
    assert scores.loss == pytest.approx(np.log(2))
