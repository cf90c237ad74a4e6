"""Score a run on a long recording: which gestures it reports, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from vidclf.data.events import read_events
from vidclf.errors import ManifestError
from vidclf.infer import Said, load
from vidclf.live import EventEngine, LiveSettings, Tuned, answers, events_of, score_events, tune_events
from vidclf.metrics.events import EventScores, Interval
from vidclf.types import Frame
from vidclf.video import open_source


def evaluate_stream(
    run: str | Path,
    source: str | Path,
    events: str | Path,
    *,
    window_seconds: float | None = None,
    device: str = "auto",
) -> EventScores:
    """Score the events that a run reports in a recording, with the thresholds that it was tuned to.

    Args:
        run: the run folder.
        source: the recording.
        events: a CSV table `label,start_seconds,end_seconds` of what it shows; times count from its first frame.
        window_seconds: see `Stepper`; default: as the run was tuned.
        device: `auto`, `cpu`, `cuda` or `mps`.

    Raises:
        RunError: there is no model.
        UsageError: it cannot run live.
        ManifestError: the table is wrong, or names labels that the model does not know.
        DecodeError: the recording cannot be read.
    """
    heard = _Heard(run, source, events, window_seconds, device)
    found = list(events_of(heard.said, EventEngine(heard.classes, heard.settings.events)))
    return score_events(found, heard.truth, heard.seconds)


def tune_stream(
    run: str | Path,
    source: str | Path,
    events: str | Path,
    *,
    window_seconds: float | None = None,
    device: str = "auto",
) -> Tuned:
    """Choose a run's thresholds on a recording, and keep them in its folder; see `evaluate_stream`."""
    heard = _Heard(run, source, events, window_seconds, device)
    tuned = tune_events(heard.said, heard.truth, heard.classes, heard.settings.events, seconds=heard.seconds)
    replace(heard.settings, events=tuned.settings).keep(Path(run))
    return tuned


class _Heard:
    """What a run says of a recording, and what is true of it."""

    def __init__(
        self, run: str | Path, source: str | Path, events: str | Path, window_seconds: float | None, device: str
    ) -> None:
        predictor = load(run, device=device)
        self.classes = predictor.classes
        kept = LiveSettings.of(Path(run), predictor)
        self.settings = kept if window_seconds is None else replace(kept, window_seconds=window_seconds)
        truth = read_events(Path(events))
        unknown = sorted({event.label for event in truth} - set(self.classes))
        if unknown:
            raise ManifestError(
                f"{events}: the model does not know {', '.join(unknown)}; it knows {', '.join(self.classes)}."
            )
        stepper, _ = self.settings.begin(predictor)
        with open_source(source) as opened:
            timed = _Timed(opened)
            self.said: Sequence[Said | None] = list(answers(timed, stepper))
            self.seconds = timed.last_seconds - timed.first_seconds + opened.nominal_interval
        self.truth = [
            Interval(event.label, event.start_seconds + timed.first_seconds, event.end_seconds + timed.first_seconds)
            for event in truth
        ]


class _Timed:
    """Frames, of which the first and the last time are remembered."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = frames
        self.first_seconds = self.last_seconds = 0.0

    def __iter__(self) -> Iterator[Frame]:
        for number, frame in enumerate(self._frames):
            if number == 0:
                self.first_seconds = frame.pts_seconds
            self.last_seconds = frame.pts_seconds
            yield frame
