"""What is said of the crops of one frame, from what each is nearest to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vidclf.types import Match

# Of two people both similar enough, the nearer one is named only where it is nearer by that much. Two photos of one
# face differ by some 0.1 in cosine; less than half of it tells nothing.
AMBIGUOUS_MARGIN = 0.05
# Two float32 cosines of the same two vectors may differ by that much.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Candidate:
    """Somebody that a crop may show.

    Attributes:
        name: who.
        similarity: cosine to the nearest template, between -1 and 1.
        template_id: that template.
        rejection: cosine to the nearest of what was said not to be them; -1 where there is no such thing.
    """

    name: str
    similarity: float
    template_id: int
    rejection: float = -1.0

    def is_ruled_out(self, threshold: float) -> bool:
        """Whether the crop shows what was said not to be them, rather than them."""
        return self.rejection >= threshold and self.rejection > self.similarity + _ROUNDING


@dataclass(frozen=True)
class Ranked(Match):
    """A match, and who else the crop may have been.

    Attributes:
        nearest: people by similarity, the nearest first.
    """

    nearest: tuple[Candidate, ...] = ()


def decide(frame: Sequence[Sequence[Candidate]], threshold: float) -> list[Ranked]:
    """Say who each crop of a frame shows; no two get one name.

    A crop is given the name it is nearest to, if it is similar enough and nobody else is as near. Where several crops
    are nearest to one name, the most similar one gets it; a name is then no rival to the other crops any more.

    Args:
        frame: for each crop the people it may show, the nearest first.
        threshold: least cosine of a match.
    """
    likely = [_likely(candidates, threshold) for candidates in frame]
    order = sorted(range(len(frame)), key=lambda crop: -likely[crop][0].similarity if likely[crop] else 0)
    taken: set[str] = set()
    answers: dict[int, Ranked] = {}
    for crop in order:
        answers[crop] = _decide(frame[crop], likely[crop], taken, threshold)
        if answers[crop].decision == "match":
            taken.add(answers[crop].name or "")
    return [answers[crop] for crop in range(len(frame))]


def _decide(
    candidates: Sequence[Candidate], likely: Sequence[Candidate], taken: set[str], threshold: float
) -> Ranked:
    free = [candidate for candidate in likely if candidate.name not in taken]
    if len(free) == 1:
        return _ranked("match", free[0], candidates, threshold)
    if free:
        others = " or ".join(candidate.name for candidate in free)
        return _ranked("ambiguous", free[0], candidates, threshold, f"it may be {others}")
    if likely:
        reason = f"another one of the same frame is more like {likely[0].name}"
        return _ranked("stranger", likely[0], candidates, threshold, reason)
    allowed = next((candidate for candidate in candidates if not candidate.is_ruled_out(threshold)), None)
    rejected = [c.name for c in candidates if c.is_ruled_out(threshold) and c.similarity >= threshold]
    reasons = [f"it is more like what was said not to be {name}" for name in rejected]
    if allowed is None and not rejected:
        reasons.append("nobody is enrolled")
    elif allowed is not None:
        reasons.append(f"it is not similar enough to {allowed.name}, the nearest")
    return _ranked("stranger", allowed, candidates, threshold, *reasons)


def _likely(candidates: Sequence[Candidate], threshold: float) -> list[Candidate]:
    """Those similar enough, and about as similar as the nearest of them."""
    enough = [c for c in candidates if c.similarity >= threshold and not c.is_ruled_out(threshold)]
    return [c for c in enough if c.similarity >= enough[0].similarity - AMBIGUOUS_MARGIN]


def _ranked(
    decision: Literal["match", "ambiguous", "stranger"],
    nearest: Candidate | None,
    candidates: Sequence[Candidate],
    threshold: float,
    *reasons: str,
) -> Ranked:
    return Ranked(
        decision=decision,
        name=nearest.name if nearest else None,
        similarity=nearest.similarity if nearest else None,
        threshold=threshold,
        template_id=nearest.template_id if nearest else None,
        reasons=reasons,
        nearest=tuple(candidates),
    )
