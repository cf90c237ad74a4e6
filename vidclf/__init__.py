"""vidclf: recognise what happens in video.

    import vidclf

    model = vidclf.load("runs/gestures")
    print(model.predict("clip.mp4").label)

Names are loaded when they are first used, so that importing the package stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidclf.config import Config, load_config, make_config
    from vidclf.data import Manifest, read_manifest
    from vidclf.errors import VidclfError
    from vidclf.infer import Predictor, load
    from vidclf.synth import render_gestures
    from vidclf.training import TrainedRun, train
    from vidclf.types import Clip, Frame, Prediction
    from vidclf.video import Limits, VideoSource, open_source, read_clip, write_video

__version__ = "0.1.0"

_HOME = {
    "Clip": "vidclf.types",
    "Config": "vidclf.config",
    "Frame": "vidclf.types",
    "Limits": "vidclf.video",
    "Manifest": "vidclf.data",
    "Prediction": "vidclf.types",
    "Predictor": "vidclf.infer",
    "TrainedRun": "vidclf.training",
    "VideoSource": "vidclf.video",
    "VidclfError": "vidclf.errors",
    "load": "vidclf.infer",
    "load_config": "vidclf.config",
    "make_config": "vidclf.config",
    "open_source": "vidclf.video",
    "read_clip": "vidclf.video",
    "read_manifest": "vidclf.data",
    "render_gestures": "vidclf.synth",
    "train": "vidclf.training",
    "write_video": "vidclf.video",
}

__all__ = [
    "Clip",
    "Config",
    "Frame",
    "Limits",
    "Manifest",
    "Prediction",
    "Predictor",
    "TrainedRun",
    "VidclfError",
    "VideoSource",
    "load",
    "load_config",
    "make_config",
    "open_source",
    "read_clip",
    "read_manifest",
    "render_gestures",
    "train",
    "write_video",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'vidclf' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
