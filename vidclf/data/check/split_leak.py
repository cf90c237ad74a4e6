"""Kind `split_leak`: what stands on both sides of a split, so that a model is tested on what it has seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding


def find_split_leak(evidence: Evidence) -> Iterator[Finding]:
    """Each group, and each two clips that show the same moments, in more than one split or fold."""
    for division, sides in evidence.sides.items():
        yield from _groups(evidence, division, sides)
        for pair in evidence.pairs:
            here, there = sides[pair.first], sides[pair.second]
            first, second = evidence.entries[pair.first], evidence.entries[pair.second]
            apart = (first.group or first.name) != (second.group or second.name)  # else the group is named
            if here and there and here != there and apart:
                sentence = f"{first.title} ({division} {here}) and {second.title} ({there}) show the same moments."
                yield Finding("split_leak", (first.name, second.name), sentence, details={"division": division})


def _groups(evidence: Evidence, division: str, sides: tuple[str, ...]) -> Iterator[Finding]:
    rows: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for entry, side in zip(evidence.entries, sides, strict=True):
        if side:
            rows[entry.group or entry.name][side].append(entry.name)
    for group, by_side in rows.items():
        if len(by_side) > 1:
            counts = ", ".join(f"{division} {side}: {len(names)}" for side, names in sorted(by_side.items()))
            paths = tuple(names[0] for _, names in sorted(by_side.items()))
            sentence = f"group {group} stands on {len(by_side)} sides (clips in {counts})."
            yield Finding("split_leak", paths, sentence, details={"division": division, "group": group})
