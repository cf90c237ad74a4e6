"""Streams: from what a model says at each instant to events, each reported once."""

from vidclf.live.events import EventEngine, EventSettings
from vidclf.live.session import likely_background, recognise

__all__ = ["EventEngine", "EventSettings", "likely_background", "recognise"]
