"""Kinds `missing`, `unreadable`, `no_video_stream` and `truncated`: what cannot be read, or not to its end."""

from __future__ import annotations

from collections.abc import Iterator

from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding


def find_unreadable(evidence: Evidence) -> Iterator[Finding]:
    """Each file with trouble, and each row that asks for times that its file does not have."""
    for path, entry in evidence.files().items():
        survey = evidence.surveys[path]
        if survey.trouble:
            yield Finding(survey.trouble, (entry.name,), survey.sentence)
    for entry in evidence.entries:
        whole = evidence.surveys[entry.path].fingerprint
        if whole and evidence.moments(entry) is None:
            first, last = whole.pts_seconds[0], whole.pts_seconds[-1]
            sentence = f"{entry.title}: no frame lies there; its frames run from {first:.3f} to {last:.3f} seconds."
            yield Finding("unreadable", (entry.name,), sentence)
