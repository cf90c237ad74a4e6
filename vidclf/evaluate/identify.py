"""Closed set: everybody is enrolled, and each further picture is given the name it is most like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vidclf.errors import ManifestError
from vidclf.evaluate.people import People, embed_people
from vidclf.evaluate.recognition import Question, Recognition
from vidclf.infer.embedder import Embedder
from vidclf.metrics import bootstrap_interval, retrieval
from vidclf.types import BoolArray, Float32Array, IntArray


@dataclass(frozen=True, eq=False)
class Probes:
    """Pictures that were looked up among enrolled ones.

    Attributes:
        places: int64 (Q,), which of the people's files.
        similarities: float32 (Q,), to the enrolled picture that each is most like.
        named: int64 (Q,), whose picture that is.
    """

    places: IntArray
    similarities: Float32Array
    named: IntArray


def evaluate_identify(embedder: Embedder, question: Question) -> Recognition:
    """Enrol `shots` pictures of each of `ways` identities, look all their others up; so often as `episodes` says.

    Where there are fewer identities with enough pictures, all of them are enrolled.

    Raises:
        ManifestError: fewer than two identities have more than `shots` pictures.
        NoFramesError: not one file could be used.
    """
    people = embed_people(embedder, question.data, question)
    candidates = enrollable(people, question)
    if len(candidates) < 2:
        raise ManifestError(
            f"{question.data}: {len(candidates)} identities have more than {question.shots} usable pictures, and two "
            "are needed. Ask for fewer shots."
        )
    ways = min(question.ways, len(candidates))
    rng = np.random.default_rng(question.seed)
    right, asked = np.zeros(len(people.names)), np.zeros(len(people.names))
    for _ in range(question.episodes):
        known = rng.permutation(candidates)[:ways]
        enrolled = draw_enrolled(people, known, question.shots, rng)
        probes = look_up(people, enrolled, others_of(people, known, enrolled))
        truth = people.identities[probes.places]
        np.add.at(right, truth, probes.named == truth)
        np.add.at(asked, truth, 1)
    interval = bootstrap_interval(lambda drawn: (drawn @ right) / (drawn @ asked), len(asked), seed=question.seed)
    found = retrieval(people.vectors, people.identities)
    assert found is not None  # an identity with a picture to enrol and one to look up
    return Recognition(
        ci95=(interval.low, interval.high),
        num_trials=int(asked.sum()),
        num_failed=len(people.failures),
        accuracy=float(right.sum() / asked.sum()),
        details={
            "ways": ways,
            "shots": question.shots,
            "episodes": question.episodes,
            "seed": question.seed,
            "views": question.views,
            "recall_at_k": {str(k): share for k, share in found.recall_at.items()},
            "map_at_r": found.map_at_r,
            "failures": list(people.failures),
        },
        evidence=people.evidence(seed=question.seed),
    )


def enrollable(people: People, question: Question) -> IntArray:
    """The identities that have a picture to look up beside those to enrol."""
    return np.flatnonzero(np.bincount(people.identities) > question.shots)


def draw_enrolled(people: People, known: IntArray, shots: int, rng: np.random.Generator) -> IntArray:
    """Places of `shots` pictures of each of some identities."""
    drawn = [rng.permutation(np.flatnonzero(people.identities == number))[:shots] for number in known]
    return np.concatenate(drawn)


def others_of(people: People, known: IntArray, enrolled: IntArray) -> IntArray:
    """Places of all further pictures of some identities."""
    wanted: BoolArray = np.isin(people.identities, known)
    wanted[enrolled] = False
    return np.flatnonzero(wanted)


def look_up(people: People, enrolled: IntArray, places: IntArray) -> Probes:
    """Give pictures the name of the enrolled one that each is most like, as a gallery does."""
    similarities = people.vectors[places] @ people.vectors[enrolled].T  # (Q, E)
    nearest = similarities.argmax(axis=1)
    return Probes(places, similarities.max(axis=1), people.identities[enrolled[nearest]])
