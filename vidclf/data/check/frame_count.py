"""Kind `frame_count`: files that say another number of frames than they give."""

from __future__ import annotations

from collections.abc import Iterator

from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding


def find_frame_count(evidence: Evidence) -> Iterator[Finding]:
    """Each whole file whose header is wrong: programs that trust it take other frames, or none."""
    for path, entry in evidence.files().items():
        survey = evidence.surveys[path]
        if survey.trouble or survey.fingerprint is None or survey.declared_frames is None:
            continue
        declared, decoded = survey.declared_frames, len(survey.fingerprint.pts_seconds)
        if declared != decoded:
            sentence = f"{entry.name}: it declares {declared} frames and gives {decoded}."
            details = {"declared_frames": declared, "decoded_frames": decoded}
            yield Finding("frame_count", (entry.name,), sentence, details=details)
