"""Kind `frame_rate`: files whose frames do not come at the rate that they say."""

from __future__ import annotations

from collections.abc import Iterator

from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding

_TOLERANCE = 0.1
# With fewer, the rate is a matter of rounding.
_LEAST_FRAMES = 5


def find_frame_rate(evidence: Evidence) -> Iterator[Finding]:
    """Each file whose mean rate is off the declared one, or off that of most of its frames (frames were dropped)."""
    for path, entry in evidence.files().items():
        survey = evidence.surveys[path]
        if survey.trouble or survey.fingerprint is None or len(survey.fingerprint.pts_seconds) < _LEAST_FRAMES:
            continue
        times, interval = survey.fingerprint.pts_seconds, survey.fingerprint.interval
        if interval == 0:
            continue
        real, typical = (len(times) - 1) / float(times[-1] - times[0]), 1 / interval
        if survey.declared_fps and _differ(survey.declared_fps, real):
            nominal, says = survey.declared_fps, f"it says {survey.declared_fps:.4g} frames a second"
        elif _differ(typical, real):
            nominal, says = typical, f"most of its frames come at {typical:.4g} a second"
        else:
            continue
        sentence = f"{entry.name}: {says}, but {len(times)} in {times[-1] - times[0]:.2f} seconds are {real:.4g}."
        yield Finding("frame_rate", (entry.name,), sentence, details={"nominal_fps": nominal, "real_fps": real})


def _differ(nominal: float, real: float) -> bool:
    return abs(nominal / real - 1) > _TOLERANCE
