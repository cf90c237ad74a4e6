"""From which similarity on two crops are held to be of one identity: set from pairs, never guessed."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from pydantic import ConfigDict
from scipy.special import betaincinv

from vidclf.errors import TooFewPairsError
from vidclf.types import Float32Array, IntArray

# With 30 errors or more a rate is within some 30 per cent of the true one, nine times in ten (Doddington et al., The
# NIST speaker recognition evaluation, Speech Communication 31, 2000: the "rule of 30").
_ERRORS_NEEDED = 30
# Templates of which pairs are made; of more, that many people are drawn. Their pairs, 8 million, tell rates to 1e-5.
_MOST_TEMPLATES = 4000


@dataclass(frozen=True)
class Calibration:
    """A threshold, and what it does. Rates are shares of pairs; intervals hold 95 %.

    Attributes:
        threshold: the least cosine that is a match.
        far_wanted: the false accept rate that was asked for.
        far: share of the pairs of different people that reach the threshold.
        far_interval: Clopper-Pearson interval, which takes pairs for independent.
        frr: share of the pairs of one identity that do not reach it; None where there is no such pair.
        frr_interval: its interval.
        eer: rate at the threshold where both are equal; None where there is no pair of one identity.
        eer_interval: its interval, from the pairs of one identity at that threshold.
        num_impostor_pairs: pairs of different people.
        num_genuine_pairs: pairs of one identity.
        calibrated_seconds: when, in seconds since 1970 UTC.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    threshold: float
    far_wanted: float
    far: float
    far_interval: tuple[float, float]
    frr: float | None
    frr_interval: tuple[float, float] | None
    eer: float | None
    eer_interval: tuple[float, float] | None
    num_impostor_pairs: int
    num_genuine_pairs: int
    calibrated_seconds: float


def calibrate(
    vectors: Float32Array, people: IntArray, impostors: Float32Array, far: float, *, seed: int = 0
) -> Calibration:
    """The lowest threshold that no more than a share `far` of the pairs of different people reach.

    Pairs are those of two templates, and those of a template and an impostor.

    Args:
        vectors: float32 (N, D), templates of length one.
        people: int64 (N,), whose they are.
        impostors: float32 (M, D), vectors of people who are none of these.
        far: false accept rate, above 0 and below 1.
        seed: which people are drawn where there are too many.

    Raises:
        TooFewPairsError: fewer than 30 / far pairs of different people.
    """
    vectors, people = _drawn(vectors, people, seed)
    genuine, different = _similarities(vectors, people, impostors)
    needed = math.ceil(_ERRORS_NEEDED / far)
    if len(different) < needed:
        raise TooFewPairsError(
            f"a false accept rate of {far:g} needs {needed:,} pairs of different people ({_ERRORS_NEEDED} / rate), "
            f"and there are {len(different):,}. {_advice(len(different))}"
        )
    different.sort()
    accepted = int(far * len(different))
    # Just above the first pair that must not be accepted.
    threshold = float(np.nextafter(different[-accepted - 1], np.float32(2)))
    num_accepted = _at_least(different, threshold)
    genuine.sort()
    frr = frr_interval = eer = eer_interval = None
    if len(genuine):
        num_rejected = len(genuine) - _at_least(genuine, threshold)
        frr, frr_interval = num_rejected / len(genuine), binomial_interval(num_rejected, len(genuine))
        eer = equal_error_rate(genuine, different)
        eer_interval = binomial_interval(round(eer * len(genuine)), len(genuine))
    return Calibration(
        threshold=threshold,
        far_wanted=far,
        far=num_accepted / len(different),
        far_interval=binomial_interval(num_accepted, len(different)),
        frr=frr,
        frr_interval=frr_interval,
        eer=eer,
        eer_interval=eer_interval,
        num_impostor_pairs=len(different),
        num_genuine_pairs=len(genuine),
        calibrated_seconds=time.time(),
    )


def equal_error_rate(genuine: Float32Array, different: Float32Array) -> float:
    """Where as large a share of one kind is wrong as of the other; both sorted, ascending, not empty."""
    thresholds = np.concatenate([genuine, different])
    rejected = np.searchsorted(genuine, thresholds) / len(genuine)
    accepted = 1 - np.searchsorted(different, thresholds) / len(different)
    nearest = int(np.argmin(np.abs(rejected - accepted)))
    return float(rejected[nearest] + accepted[nearest]) / 2


def binomial_interval(errors: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Clopper and Pearson, Biometrika 26, 1934)."""
    low = betaincinv(errors, trials - errors + 1, 0.025) if errors else 0.0
    high = betaincinv(errors + 1, trials - errors, 0.975) if errors < trials else 1.0
    return float(low), float(high)


def _advice(pairs: int) -> str:
    most = f"These allow a rate of {_ERRORS_NEEDED / pairs:.2g} or more. " if pairs > _ERRORS_NEEDED else ""
    return f"{most}Enrol more people, or give pictures of others with --impostors."


def _at_least(ascending: Float32Array, threshold: float) -> int:
    return len(ascending) - int(np.searchsorted(ascending, np.float32(threshold)))


def _drawn(vectors: Float32Array, people: IntArray, seed: int) -> tuple[Float32Array, IntArray]:
    """All templates, or those of as many whole people, drawn at random, as may be looked at."""
    if len(people) <= _MOST_TEMPLATES:
        return vectors, people
    names, counts = np.unique(people, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    kept = names[order][np.cumsum(counts[order]) <= _MOST_TEMPLATES]
    chosen = np.isin(people, kept)
    return vectors[chosen], people[chosen]


def _similarities(
    vectors: Float32Array, people: IntArray, impostors: Float32Array
) -> tuple[Float32Array, Float32Array]:
    """Cosines of the pairs of one identity, and of those of different people."""
    genuine, different = [np.empty(0, np.float32)], [np.empty(0, np.float32)]
    for place, (vector, person) in enumerate(zip(vectors, people, strict=True)):
        later = vectors[place + 1 :] @ vector
        is_same = people[place + 1 :] == person
        genuine.append(later[is_same])
        different += [later[~is_same], impostors @ vector]
    return np.concatenate(genuine), np.concatenate(different)
