"""Open set: some are enrolled, and strangers come too. A stranger must stay one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vidclf.errors import ManifestError, UsageError
from vidclf.evaluate.identify import draw_enrolled, enrollable, look_up, others_of
from vidclf.evaluate.people import People, embed_people
from vidclf.evaluate.recognition import Question, Recognition
from vidclf.infer.embedder import Embedder
from vidclf.metrics import bootstrap_interval, threshold_at_fpir
from vidclf.types import BoolArray, Float32Array, IntArray

_RATES = (0.01, 0.05)
# Of the identities, so many at most are enrolled; strangers are needed too.
_MOST_KNOWN = 2 / 3


@dataclass(frozen=True, eq=False)
class _Visits:
    """All that came past, over all draws.

    Attributes:
        identities: int64 (V,), who it was.
        known: bool (V,), whether they were enrolled.
        similarities: float32 (V,), to the enrolled picture that each is most like.
        named: bool (V,), whether that is theirs.
        of_others: float32 (W,), the same similarities of the other people, on whom the threshold is set.
    """

    identities: IntArray
    known: BoolArray
    similarities: Float32Array
    named: BoolArray
    of_others: Float32Array


def evaluate_open_set(embedder: Embedder, question: Question) -> Recognition:
    """Enrol `shots` pictures of each of `ways` identities; their other pictures and everybody else's are looked up.

    For each false positive rate (FPIR) the threshold is the lowest that no more of the people of
    `question.threshold_from` reach, looked up among the same enrolled pictures: strangers of whom none is tested. The
    detection and identification rate (DIR) is the share of the known ones' pictures that reach it and are named
    rightly, the realised FPIR the share of the tested strangers' pictures that reach it. The accuracy is that of all
    answers at the lowest rate's threshold.

    Raises:
        UsageError: there are no other people, or they are those tested.
        ManifestError: there are too few identities with enough pictures.
        NoFramesError: not one file could be used.
    """
    if question.threshold_from is None:
        raise UsageError("open-set needs other people to set the threshold on: --threshold-from PATH.")
    people = embed_people(embedder, question.data, question)
    others = embed_people(embedder, question.threshold_from, question)
    _check_others(people, others, question)
    candidates = enrollable(people, question)
    ways = min(question.ways, len(candidates), int(_MOST_KNOWN * len(people.names)))
    if ways < 1:
        raise ManifestError(
            f"{question.data}: two identities are needed, one of them with more than {question.shots} usable "
            "pictures. Ask for fewer shots."
        )
    visits = _joined(list(_draws(people, others, candidates, ways, question)))
    thresholds = {rate: threshold_at_fpir(visits.of_others, rate) for rate in _RATES}
    detected = {rate: visits.named & (visits.similarities >= least) for rate, least in thresholds.items()}
    alarmed = {rate: visits.similarities >= least for rate, least in thresholds.items()}
    strictest = min(_RATES)
    right = np.where(visits.known, detected[strictest], ~alarmed[strictest])
    return Recognition(
        ci95=_interval(right, visits.identities, question.seed),
        num_trials=len(right),
        num_failed=len(people.failures) + len(others.failures),
        accuracy=float(right.mean()),
        threshold=thresholds[strictest],
        dir_at_fpir={f"{rate:g}": float(hits[visits.known].mean()) for rate, hits in detected.items()},
        realised_fpir={f"{rate:g}": float(hits[~visits.known].mean()) for rate, hits in alarmed.items()},
        details={
            "ways": ways,
            "strangers": len(people.names) - ways,
            "shots": question.shots,
            "episodes": question.episodes,
            "seed": question.seed,
            "views": question.views,
            "dir_ci95": {
                f"{rate:g}": list(_interval(hits[visits.known], visits.identities[visits.known], question.seed))
                for rate, hits in detected.items()
            },
            "threshold_at_fpir": {f"{rate:g}": least for rate, least in thresholds.items()},
            "failures": [*people.failures, *others.failures],
        },
        evidence=people.evidence(seed=question.seed, threshold=thresholds[strictest]),
    )


def _draws(people: People, others: People, candidates: IntArray, ways: int, question: Question) -> Iterator[_Visits]:
    rng = np.random.default_rng(question.seed)
    for _ in range(question.episodes):
        known = rng.permutation(candidates)[:ways]
        enrolled = draw_enrolled(people, known, question.shots, rng)
        strangers = np.flatnonzero(~np.isin(people.identities, known))
        places = np.concatenate([others_of(people, known, enrolled), strangers])
        probes = look_up(people, enrolled, places)
        truth = people.identities[places]
        yield _Visits(
            identities=truth,
            known=np.isin(truth, known),
            similarities=probes.similarities,
            named=probes.named == truth,
            of_others=(others.vectors @ people.vectors[enrolled].T).max(axis=1),
        )


def _joined(draws: list[_Visits]) -> _Visits:
    return _Visits(
        identities=np.concatenate([draw.identities for draw in draws]),
        known=np.concatenate([draw.known for draw in draws]),
        similarities=np.concatenate([draw.similarities for draw in draws]),
        named=np.concatenate([draw.named for draw in draws]),
        of_others=np.concatenate([draw.of_others for draw in draws]),
    )


def _interval(right: BoolArray, identities: IntArray, seed: int) -> tuple[float, float]:
    """95 % bootstrap interval of the share that is right, over identities."""
    numbers, places = np.unique(identities, return_inverse=True)
    hits = np.bincount(places, weights=right)
    visits = np.bincount(places)
    interval = bootstrap_interval(lambda drawn: (drawn @ hits) / (drawn @ visits), len(numbers), seed=seed)
    return interval.low, interval.high


def _check_others(people: People, others: People, question: Question) -> None:
    shared = {path.resolve() for path in people.paths} & {path.resolve() for path in others.paths}
    if shared:
        raise UsageError(
            f"{question.threshold_from}: {len(shared)} of its files are tested too, as {min(shared)}. The threshold "
            "must be set on other people."
        )
