"""All that the kinds of findings are made of: the rows, what was found in their files, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vidclf.config import PrepConfig
from vidclf.data.check.fingerprint import Fingerprint
from vidclf.data.check.pairs import Pair
from vidclf.data.check.survey import Survey
from vidclf.data.manifest import ClipEntry


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a check looks at.

    Attributes:
        entries: the rows.
        surveys: what was found in each file.
        pairs: rows that show the same moments.
        sides: by name of a division (`split`, `fold`), the side of each row; empty where it is not decided.
        prep: how clips will be sampled.
        source: the manifest.
    """

    entries: tuple[ClipEntry, ...]
    surveys: Mapping[Path, Survey]
    pairs: tuple[Pair, ...]
    sides: Mapping[str, tuple[str, ...]]
    prep: PrepConfig
    source: Path

    def files(self) -> dict[Path, ClipEntry]:
        """Each file once, with its first row."""
        first: dict[Path, ClipEntry] = {}
        for entry in self.entries:
            first.setdefault(entry.path, entry)
        return first

    def moments(self, entry: ClipEntry) -> Fingerprint | None:
        """The frames of a row; None where there are none."""
        return self.surveys[entry.path].moments(entry.start_seconds, entry.end_seconds)
