"""How a run is used live; kept in its folder once it was tuned."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from vidclf.data.events import likely_background
from vidclf.errors import RunError, UsageError
from vidclf.infer import Predictor, Stepper
from vidclf.live.events import EventEngine, EventSettings
from vidclf.package import RunFolder, read_json, write_json


@dataclass(frozen=True)
class LiveSettings:
    """How a run is used live.

    Attributes:
        events: when something counts as an event.
        window_seconds: see `Stepper`.
    """

    events: EventSettings
    window_seconds: float | None = None

    @classmethod
    def of(cls, run: Path, predictor: Predictor) -> LiveSettings:
        """Those that a run was tuned to; else the defaults, with the background known by its names.

        Raises:
            RunError: the file that holds them is damaged.
        """
        path = RunFolder(run).live
        if not path.is_file():
            return cls(EventSettings(background=likely_background(predictor.classes)))
        kept = read_json(path)
        try:
            events = EventSettings(**{**kept["events"], "background": tuple(kept["events"]["background"])})
            EventEngine(predictor.classes, events)  # which says what does not fit
            return cls(events, kept["window_seconds"])
        except (KeyError, TypeError, UsageError) as error:
            raise RunError(f"{path}: these settings cannot be used ({error}). Tune the run again.") from None

    def keep(self, run: Path) -> Path:
        """Write them into the run folder."""
        path = RunFolder(run).live
        write_json(path, {"format_version": 1, "window_seconds": self.window_seconds, "events": asdict(self.events)})
        return path

    def begin(self, predictor: Predictor) -> tuple[Stepper, EventEngine]:
        """The model on a stream, and what turns its answers into events."""
        return Stepper(predictor, window_seconds=self.window_seconds), EventEngine(predictor.classes, self.events)
