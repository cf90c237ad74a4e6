"""Kind `too_short`: clips with fewer frames than the sampling has steps."""

from __future__ import annotations

from collections.abc import Iterator

from vidclf.config import PrepConfig
from vidclf.data.check.evidence import Evidence
from vidclf.data.check.findings import Finding
from vidclf.types import Float64Array
from vidclf.video.sampling import center_window, uniform


def find_too_short(evidence: Evidence) -> Iterator[Finding]:
    """Each row that cannot fill the steps it is sampled in; a still picture is not meant to."""
    for entry in evidence.entries:
        moments = evidence.moments(entry)
        if moments is None or evidence.surveys[entry.path].still:
            continue
        wanted, got = _steps(evidence.prep, moments.pts_seconds)
        if got < wanted:
            sentence = (
                f"{entry.title}: its {len(moments.pts_seconds)} frames in {moments.seconds:.2f} seconds "
                f"fill {got} of the {wanted} steps of sampling {evidence.prep.sampling}."
            )
            yield Finding("too_short", (entry.name,), sentence, details={"steps": got, "wanted_steps": wanted})


def _steps(prep: PrepConfig, pts_seconds: Float64Array) -> tuple[int, int]:
    """How many steps are wanted, and how many the frames fill."""
    if prep.sampling == "uniform" and prep.frames:
        return prep.frames, int(uniform(pts_seconds, prep.frames).valid.sum())
    if prep.sampling == "center" and prep.frames and prep.fps:
        return prep.frames, int(center_window(pts_seconds, prep.frames, prep.fps).valid.sum())
    return 1, 1  # as many steps as there are frames, or as the clip is long
