"""On a stream a model says what it says of the clip, frame by frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from vidclf.config import make_config
from vidclf.errors import UsageError
from vidclf.infer import Predictor, Stepper
from vidclf.models import make_classifier
from vidclf.types import Clip, Frame

CLASSES = ("left", "rest", "right")


def a_model(*, mirrored: bool = False, **sections: Any) -> Predictor:
    prep = {"sampling": "rate", "frames": None, "fps": 10, "size": 32, "motion": "only", "normalise": "frame"}
    config = make_config(
        {
            "prep": {**prep, **sections.get("prep", {})},
            "model": {"hidden": 16, "head": "lstm", **sections.get("model", {})},
        }
    )
    torch.manual_seed(0)
    network, preprocessing = make_classifier(config.model, config.prep, len(CLASSES))
    network.eval()
    for module in network.modules():  # as trained: statistics that are not those of nothing
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
    return Predictor(
        network,
        preprocessing,
        CLASSES,
        torch.device("cpu"),
        mirror_labels=("right", "rest", "left") if mirrored else None,
        temperature=1.7,
    )


def a_clip(fps: float = 20, seconds: float = 3) -> Clip:
    rng = np.random.default_rng(3)
    frames = rng.integers(0, 256, (round(fps * seconds), 40, 48, 3), dtype=np.uint8)
    return Clip.from_frames(frames, fps=fps)


def said(stepper: Stepper, clip: Clip) -> np.ndarray:
    """The last probabilities (K,) of a stream of the clip's frames."""
    state, latest = stepper.begin(), None
    for number, (image, seconds) in enumerate(zip(clip.frames, clip.pts_seconds, strict=True)):
        probabilities, state = stepper.step(Frame(image, float(seconds), number), state)
        latest = latest if probabilities is None else probabilities
    assert latest is not None
    return latest


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    "model",
    [{"head": "lstm"}, {"head": "lstm", "pooling": "attention"}, {"head": "gru", "pooling": "mean"}, {"head": "tcn"}],
    ids=str,
)
def test_causal_heads_say_the_same_of_a_stream_and_of_the_clip(model: dict[str, Any], mirrored: bool) -> None:
    predictor, clip = a_model(model=model, mirrored=mirrored), a_clip()
    whole = list(predictor.predict(clip).probabilities.values())
    np.testing.assert_allclose(said(Stepper(predictor), clip), whole, atol=1e-4)


@pytest.mark.parametrize("head", ["bilstm", "attention", "lstm", "frame"])
def test_any_head_runs_in_windows(head: str) -> None:
    predictor, clip = a_model(model={"head": head}), a_clip()
    stepper = Stepper(predictor, window_seconds=2)
    latest = Clip.from_frames(clip.frames[-42:], fps=20)  # with the frame that the first step's motion is against
    inputs = torch.from_numpy(predictor.preprocessing(latest)[-20:])[None]
    with torch.inference_mode():
        logits = predictor.network(inputs, torch.tensor([20])) / predictor.temperature
    np.testing.assert_allclose(said(stepper, clip), logits.softmax(dim=1)[0], atol=1e-4)


def test_a_model_for_whole_clips_runs_in_windows_of_its_steps() -> None:
    stepper = Stepper(a_model(prep={"sampling": "uniform", "frames": 8, "fps": None}), window_seconds=2)
    assert stepper.fps == 4
    assert said(stepper, a_clip()).sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"model": {"head": "bilstm"}}, "model.head=lstm"),
        ({"prep": {"sampling": "uniform", "frames": 8, "fps": None}}, "prep.sampling=rate"),
        ({"prep": {"normalise": "clip"}}, "prep.normalise=frame"),
    ],
)
def test_what_cannot_run_live_is_told_how_it_could(sections: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Stepper(a_model(**sections))


def test_between_two_steps_nothing_is_said() -> None:
    stepper = Stepper(a_model())
    state = stepper.begin()
    image = np.zeros((40, 48, 3), dtype=np.uint8)
    answers = [stepper.step(Frame(image, number / 30, number), state)[0] for number in range(7)]
    assert [answer is not None for answer in answers] == [True, False, False, True, False, False, True]
