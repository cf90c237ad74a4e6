"""Kinds `duplicate`, `reencoded` and `overlap`: rows that show the same moments."""

from __future__ import annotations

from collections.abc import Iterator

from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding


def find_same_moments(evidence: Evidence) -> Iterator[Finding]:
    """Each two rows that do; an overlap within one group is no fault, since a group is never divided."""
    said = {
        "duplicate": "{0} and {1} are the same content",
        "reencoded": "{0} and {1} show the same {2:.2f} seconds in another encoding",
        "overlap": "{0} and {1} share {2:.2f} seconds",
    }
    for pair in evidence.pairs:
        first, second = evidence.entries[pair.first], evidence.entries[pair.second]
        sentence = said[pair.kind].format(first.title, second.title, pair.seconds)
        together = (first.group or first.name) == (second.group or second.name)
        if first.label != second.label:
            sentence += f", with different labels ({first.label}, {second.label})"
        elif pair.kind == "overlap":
            sentence += (
                f", both of group {first.group or first.name}" if together else ", and are of different groups"
            )
        yield Finding(
            pair.kind,
            (first.name, second.name),
            f"{sentence}.",
            fault=pair.kind != "overlap" or not together or first.label != second.label,
            details={"seconds": pair.seconds},
        )
