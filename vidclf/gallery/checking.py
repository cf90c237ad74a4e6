"""What looks wrong with who is in a gallery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vidclf.gallery.decisions import Candidate
from vidclf.gallery.memory import Memory
from vidclf.progress import Track

# Of two such vectors the crops are one picture, or nearly; said where no threshold is known.
_ONE_PICTURE = 0.99
# People that are looked at for each template: its own, the nearest other, and others if that one is ruled out.
_LOOKED_AT = 4
_BATCH = 256


@dataclass(frozen=True)
class Finding:
    """Something to look at.

    Attributes:
        kind: `damage` of the database; `duplicate` people, who may be one; a `misplaced` template.
        message: what was found and what can be done, as a sentence.
        names: the people it is about.
        template_id: the template it is about.
        similarity: the cosine that speaks for it.
    """

    kind: Literal["damage", "duplicate", "misplaced"]
    message: str
    names: tuple[str, ...] = ()
    template_id: int | None = None
    similarity: float | None = None


def find_problems(memory: Memory, threshold: float | None, track: Track) -> list[Finding]:
    """People who may be one, unless it was said that they are not; templates that are more like somebody else.

    Args:
        memory: who is known.
        threshold: from which cosine on two are one; None where nobody knows.
        track: shows how far along it is.
    """
    threshold = _ONE_PICTURE if threshold is None else threshold
    rows_of: dict[int, list[int]] = defaultdict(list)
    people = memory.people.tolist()
    for row, person in enumerate(people):
        rows_of[person].append(row)
    duplicates: dict[frozenset[str], Finding] = {}
    misplaced: list[Finding] = []
    starts = range(0, len(people), _BATCH)
    for start in track(starts, total=len(starts), what="templates"):
        rows = range(start, min(start + _BATCH, len(people)))
        for row, other in zip(rows, _nearest_others(memory, rows, people, threshold), strict=True):
            if other is None:
                continue
            name = memory.names[people[row]]
            own = _nearest_own(memory, row, rows_of[people[row]])
            if other.similarity >= threshold:
                _keep_highest(duplicates, _duplicate(name, other))
            if own is not None and other.similarity > own:
                misplaced.append(_misplaced(name, memory.template_ids[row], own, other))
    return sorted(duplicates.values(), key=lambda finding: -(finding.similarity or 0)) + misplaced


def lookalikes(memory: Memory, person: int, threshold: float | None) -> list[Candidate]:
    """Other people who are as similar to a person as a match would be, the most similar first."""
    threshold = _ONE_PICTURE if threshold is None else threshold
    found: dict[str, Candidate] = {}
    people = memory.people.tolist()
    rows = [row for row, known in enumerate(people) if known == person]
    for other in _nearest_others(memory, rows, people, threshold):
        if other is not None and other.similarity >= threshold:
            known = found.get(other.name)
            found[other.name] = other if known is None or other.similarity > known.similarity else known
    return sorted(found.values(), key=lambda candidate: -candidate.similarity)


def are_held_apart(memory: Memory, one: int, other: int, threshold: float | None) -> bool:
    """Whether what a template of one of two people shows was said not to be the other."""
    threshold = _ONE_PICTURE if threshold is None else threshold
    return any(
        (candidate := memory.candidate(vector, known)) is not None and candidate.is_ruled_out(threshold)
        for shown, known in ((one, other), (other, one))
        for vector in memory.vectors[memory.people == shown]
    )


def _nearest_own(memory: Memory, row: int, rows: Sequence[int]) -> float | None:
    """The cosine of a template to the nearest other one of its person; None where it is the only one."""
    others = [other for other in rows if other != row]
    return float((memory.vectors[others] @ memory.vectors[row]).max()) if others else None


def _nearest_others(
    memory: Memory, rows: Sequence[int], people: Sequence[int], threshold: float
) -> list[Candidate | None]:
    """For each of these templates who else it is most like, but for those it was said not to be."""
    found = memory.candidates(memory.vectors[rows], _LOOKED_AT)
    return [
        next(
            (c for c in candidates if c.name != memory.names[people[row]] and not c.is_ruled_out(threshold)),
            None,
        )
        for row, candidates in zip(rows, found, strict=True)
    ]


def _duplicate(name: str, other: Candidate) -> Finding:
    return Finding(
        "duplicate",
        f"{name!r} and {other.name!r} may be one: two of their templates have a similarity of "
        f"{other.similarity:.3f}. Merge them; or, if they are not, reject a picture of one as the other.",
        names=(name, other.name),
        template_id=other.template_id,
        similarity=other.similarity,
    )


def _misplaced(name: str, template_id: int, own: float, other: Candidate) -> Finding:
    return Finding(
        "misplaced",
        f"template {template_id} of {name!r} is more like {other.name!r} ({other.similarity:.3f}) than like the "
        f"others of {name!r} ({own:.3f}). Look at it, and remove it if it shows somebody else.",
        names=(name, other.name),
        template_id=template_id,
        similarity=other.similarity,
    )


def _keep_highest(findings: dict[frozenset[str], Finding], finding: Finding) -> None:
    pair = frozenset(finding.names)
    known = findings.get(pair)
    if known is None or (finding.similarity or 0) > (known.similarity or 0):
        findings[pair] = finding
