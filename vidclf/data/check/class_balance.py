"""Kind `class_balance`: classes that are rare, of one group only, or absent from a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding

# How many times as many clips the most common class may have.
_MOST_RATIO = 3


def find_class_balance(evidence: Evidence) -> Iterator[Finding]:
    """Things to know of classes; none of them is a fault."""
    counts = Counter(entry.label for entry in evidence.entries)
    most, count = counts.most_common(1)[0]
    for label, few in sorted(counts.items()):
        if count > _MOST_RATIO * few:
            yield _note(f"class {label} has {few} of the {len(evidence.entries)} clips, {most} has {count}.", label)
    groups = {(entry.label, entry.group) for entry in evidence.entries}
    if len({group for _, group in groups}) > 1:
        for label, its_groups in sorted(Counter(label for label, _ in groups).items()):
            if its_groups == 1:
                yield _note(
                    f"class {label} comes from one group only, so it cannot be both learned and tested.", label
                )
    for division, sides in evidence.sides.items():
        there = set(zip(sides, (entry.label for entry in evidence.entries), strict=True))
        for side in sorted(set(sides) - {""}):
            for label in sorted(counts):
                if (side, label) not in there:
                    yield _note(f"class {label} has no clip in {division} {side}.", label)


def _note(sentence: str, label: str) -> Finding:
    return Finding("class_balance", (), sentence, fault=False, details={"label": label})
