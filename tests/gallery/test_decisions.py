"""Who is named, from similarities alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vidclf.gallery.decisions import AMBIGUOUS_MARGIN, Candidate, decide

THRESHOLD = 0.5


def people(**similarities: float) -> list[Candidate]:
    ranked = sorted(similarities.items(), key=lambda item: -item[1])
    return [Candidate(name, similarity, place) for place, (name, similarity) in enumerate(ranked)]


frames = st.lists(
    st.dictionaries(st.sampled_from(["ann", "bob", "cleo", "dora"]), st.floats(-1, 1), max_size=4).map(
        lambda similarities: people(**similarities)
    ),
    max_size=5,
)


@given(frames)
def test_no_two_of_a_frame_get_one_name_and_nobody_a_name_for_nothing(frame: list[list[Candidate]]) -> None:
    answers = decide(frame, THRESHOLD)
    names = [answer.name for answer in answers if answer.decision == "match"]
    assert len(names) == len(set(names))
    for candidates, answer in zip(frame, answers, strict=True):
        if answer.decision == "match":
            assert answer.similarity is not None
            assert answer.similarity >= max(THRESHOLD, candidates[0].similarity - AMBIGUOUS_MARGIN)
            assert not answer.reasons
        else:
            assert answer.reasons
        if all(candidate.similarity < THRESHOLD for candidate in candidates):
            assert answer.decision == "stranger"


@given(frames)
def test_the_order_of_the_crops_does_not_matter(frame: list[list[Candidate]]) -> None:
    tops = [candidates[0].similarity for candidates in frame if candidates]
    if len(set(tops)) == len(tops):
        assert decide(frame[::-1], THRESHOLD)[::-1] == decide(frame, THRESHOLD)


def test_the_more_similar_one_gets_the_name_and_the_other_none() -> None:
    first, second = decide([people(ann=0.8, bob=0.6), people(ann=0.9)], THRESHOLD)
    assert (second.decision, second.name) == ("match", "ann")
    assert first.decision == "stranger"  # and not bob, who is far less like it
    assert "more like ann" in first.reasons[0]


def test_a_name_that_is_given_is_no_rival_any_more() -> None:
    first, second = decide([people(ann=0.80, anne=0.79), people(ann=0.9)], THRESHOLD)
    assert (first.decision, first.name) == ("match", "anne")
    assert (second.decision, second.name) == ("match", "ann")
    (alone,) = decide([people(ann=0.80, anne=0.79)], THRESHOLD)
    assert (alone.decision, alone.name) == ("ambiguous", "ann")
    assert "ann or anne" in alone.reasons[0]


def test_who_is_ruled_out_is_not_named_and_no_rival() -> None:
    ruled_out = Candidate("ann", 0.8, 1, rejection=0.9)
    (answer,) = decide([[ruled_out, Candidate("anne", 0.78, 2)]], THRESHOLD)
    assert (answer.decision, answer.name) == ("match", "anne")
    (answer,) = decide([[ruled_out]], THRESHOLD)
    assert (answer.decision, answer.name, answer.similarity) == ("stranger", None, None)
    assert "not to be ann" in answer.reasons[0]
    (answer,) = decide([[Candidate("ann", 0.8, 1, rejection=0.8)]], THRESHOLD)
    assert answer.decision == "match"  # as near to her as to what is not her: she was shown too
