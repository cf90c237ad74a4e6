"""What every protocol of recognition is asked, and what it answers: the keys of `vidclf evaluate --json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vidclf.evaluate.evidence import Evidence
from vidclf.infer.embedder import Embedder
from vidclf.progress import Track, untracked


@dataclass(frozen=True)
class Question:
    """The settings of a protocol; each takes those that mean something to it.

    Attributes:
        data: a folder, a zip of one, or a table, as the protocol wants it.
        ways: identities of an episode.
        shots: examples of each.
        episodes: how many are drawn.
        seed: of all that is drawn; one seed is always the same episodes, and the same interval.
        views: slightly moved copies of each picture whose vectors are averaged; 1: the picture alone.
        threshold_from: data of other identities, on which the threshold is set.
        track: shows what passes.
    """

    data: Path
    ways: int = 20
    shots: int = 1
    episodes: int = 1000
    seed: int = 0
    views: int = 1
    threshold_from: Path | None = None
    track: Track = untracked


@dataclass(frozen=True)
class Recognition:
    """What a protocol came to; None or empty where it does not measure that.

    Attributes:
        accuracy: share of the trials that were answered rightly, 0 to 1.
        ci95: 95 % bootstrap interval of the accuracy (of `auc` where there is none).
        num_trials: how many there were.
        num_failed: pictures or clips that could not be used; never silently a trial less.
        auc: area under the ROC curve of same against different.
        eer: where as many of the same are refused as of different ones are let in.
        threshold: the cosine that decided.
        tar_at_far: by rate of false acceptance, the share of the same that is accepted.
        dir_at_fpir: by rate of false positives, the share of known ones that is both let in and named rightly.
        realised_fpir: by the rate that the threshold was set for, the one that strangers then met.
        details: further figures of the protocol, by name.
        evidence: what plots are drawn from; None where the protocol has none.
    """

    ci95: tuple[float, float]
    num_trials: int
    num_failed: int
    accuracy: float | None = None
    auc: float | None = None
    eer: float | None = None
    threshold: float | None = None
    tar_at_far: Mapping[str, float] = field(default_factory=dict)
    dir_at_fpir: Mapping[str, float] = field(default_factory=dict)
    realised_fpir: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    evidence: Evidence | None = None

    @property
    def error(self) -> float | None:
        """Share of the trials that were answered wrongly."""
        return None if self.accuracy is None else 1 - self.accuracy

    def to_json(self) -> dict[str, Any]:
        """Plain values; what was not measured is null."""
        values = asdict(replace(self, evidence=None))
        details = values.pop("details")
        del values["evidence"]
        measured = {name: None if value == {} else value for name, value in values.items()}
        return {"error": self.error, **measured, "ci95": list(self.ci95), **details}


Protocol = Callable[[Embedder, Question], Recognition]
