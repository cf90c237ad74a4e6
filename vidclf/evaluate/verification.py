"""Same or not: what the protocols `pairs` and `verify` share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vidclf.errors import ManifestError
from vidclf.evaluate.evidence import Evidence
from vidclf.evaluate.recognition import Question, Recognition
from vidclf.metrics import Roc, pair_interval, roc

_FALSE_ACCEPT_RATES = (0.1, 0.01, 0.001, 0.0001)


def score_pairs(
    evidence: Evidence, failures: Sequence[str], question: Question, *, threshold: float | None
) -> Recognition:
    """Score pairs at a threshold; where there is none, at that of equal error on these very pairs.

    Raises:
        ManifestError: all pairs are of one kind.
    """
    similarities, same = evidence.similarities, evidence.pairs.same
    curve = curve_of(evidence, str(question.data))
    decides = curve.eer_threshold if threshold is None else threshold
    right = (similarities >= decides) == same
    interval = pair_interval(
        right,
        evidence.identities[evidence.pairs.first],
        evidence.identities[evidence.pairs.second],
        seed=question.seed,
    )
    tar = {f"{rate:g}": curve.tar_at(rate) for rate in _FALSE_ACCEPT_RATES}
    return Recognition(
        ci95=(interval.low, interval.high),
        num_trials=len(same),
        num_failed=len(failures),
        accuracy=float(right.mean()),
        auc=curve.auc,
        eer=curve.eer,
        threshold=decides,
        tar_at_far={rate: share for rate, share in tar.items() if share is not None},
        details={
            "num_same": int(same.sum()),
            "threshold_is_from_these_pairs": threshold is None,
            "views": question.views,
            "failures": list(failures),
        },
        evidence=replace(evidence, threshold=decides),
    )


def curve_of(evidence: Evidence, where: str) -> Roc:
    """The ROC of pairs.

    Raises:
        ManifestError: all are of one kind.
    """
    try:
        return roc(evidence.similarities, evidence.pairs.same)
    except ValueError as error:
        raise ManifestError(f"{where}: {error}.") from None
