"""Rendered data: drawn hands in real video files, with the truth known. Nothing here was recorded."""

from vidclf.synth.gestures import render_gestures
from vidclf.synth.motion import GESTURES, TIME_PAIRS, poses, trajectory
from vidclf.synth.performers import Performer, performer
from vidclf.synth.pose import Habits, Pose, Trajectory

__all__ = [
    "GESTURES",
    "TIME_PAIRS",
    "Habits",
    "Performer",
    "Pose",
    "Trajectory",
    "performer",
    "poses",
    "render_gestures",
    "trajectory",
]
