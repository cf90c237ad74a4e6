"""Streams: from what a model says at each instant to events, each reported once."""

from vidclf.live.events import EventEngine, EventSettings
from vidclf.live.session import answers, events_of, recognise
from vidclf.live.settings import LiveSettings
from vidclf.live.tuning import Tuned, score_events, tune_events

__all__ = [
    "EventEngine", "EventSettings", "LiveSettings", "Tuned", "answers", "events_of", "recognise", "score_events",
    "tune_events",
]  # fmt: skip
