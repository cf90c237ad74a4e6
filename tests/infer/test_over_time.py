"""What a model says while a clip goes on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from vidclf.config import make_config
from vidclf.infer import EnsemblePredictor, Predictor
from vidclf.models import make_classifier
from vidclf.types import Clip

CLASSES = ("down", "none", "up")
CAUSAL = ("lstm", "gru", "tcn", "attention", "mean")


def predictor(head: str = "gru", seed: int = 0, frames: int = 7, **options: Any) -> Predictor:
    config = make_config(
        {"model": {"head": head, "hidden": 8, "layers": 2}, "prep": {"size": 32, "frames": frames, "motion": "add"}}
    )
    torch.manual_seed(seed)
    network, preprocessing = make_classifier(config.model, config.prep, len(CLASSES))
    with torch.no_grad():  # so that the answers differ from class to class
        for parameter in network.head.parameters():
            parameter.mul_(3)
    return Predictor(network, preprocessing, CLASSES, torch.device("cpu"), **options)


@pytest.fixture
def clip() -> Clip:
    """40 frames of a square that moves over noise, beginning at 3 seconds."""
    frames = np.repeat(np.random.default_rng(0).integers(0, 90, (1, 40, 40, 3), dtype=np.uint8), 40, axis=0)
    for number, frame in enumerate(frames):
        frame[number % 30 : number % 30 + 10, 10:20] = (200, 40, 90)
    return Clip(frames, 3 + np.arange(40) / 10, np.ones(40, dtype=np.bool_))


@pytest.mark.parametrize("options", [{}, {"mirror_labels": ("down", "up", "none")}, {"temperature": 0.3}])
@pytest.mark.parametrize("head", ["bilstm", "gru", "moments", "frame"])
def test_it_ends_with_the_answer_to_the_whole_clip(clip: Clip, head: str, options: dict[str, Any]) -> None:
    model = predictor(head, **options)
    said, whole = model.over_time(clip), model.predict(clip)
    assert said.probabilities.shape == (7, 3)
    assert said.probabilities.sum(axis=1) == pytest.approx(np.ones(7))
    assert said.probabilities[-1] == pytest.approx(list(whole.probabilities.values()), abs=1e-4)
    assert said.prediction.label == whole.label
    assert (said.pts_seconds[0], said.pts_seconds[-1]) == (whole.start_seconds, whole.end_seconds)
    assert np.all(np.diff(said.pts_seconds) > 0)
    assert said.of_class("up").tolist() == said.probabilities[:, 2].tolist()


@pytest.mark.parametrize("head", CAUSAL)
def test_a_causal_head_says_the_same_step_by_step(clip: Clip, head: str) -> None:
    model = predictor(head, frames=40)  # more than are computed together
    network = model.network.eval()
    with torch.inference_mode():
        frames = torch.from_numpy(model.preprocessing(clip))
        state, rows = network.head.initial_state(1), []
        for features in network.backbone(frames):
            logits, state = network.head.step(features[None], state)
            rows.append(logits[0].softmax(dim=0).numpy())
    np.testing.assert_allclose(model.over_time(clip).probabilities, np.stack(rows), atol=1e-5)


def test_no_step_knows_of_later_frames(clip: Clip) -> None:
    model = predictor("bilstm")
    frames = clip.frames.copy()
    frames[20:] = 0
    changed = model.over_time(Clip(frames, clip.pts_seconds, clip.valid))
    said = model.over_time(clip)
    before = said.pts_seconds < clip.pts_seconds[20]
    np.testing.assert_allclose(changed.probabilities[before], said.probabilities[before], atol=1e-6)
    assert np.abs(changed.probabilities[~before] - said.probabilities[~before]).max() > 1e-3


def test_one_picture_is_one_step(clip: Clip) -> None:
    assert predictor().over_time(clip.frames[0]).probabilities.shape == (1, 3)


def test_members_that_look_at_other_instants_are_taken_at_their_last_word(clip: Clip) -> None:
    members = [predictor(seed=0, frames=3), predictor(seed=1, frames=5)]
    together = EnsemblePredictor(members)
    said, parts = together.over_time(clip), [member.over_time(clip) for member in members]
    assert set(said.pts_seconds) == {*parts[0].pts_seconds, *parts[1].pts_seconds}
    for seconds, row in zip(said.pts_seconds, said.probabilities, strict=True):
        last = [part.probabilities[max(0, int((part.pts_seconds <= seconds).sum()) - 1)] for part in parts]
        assert row == pytest.approx((last[0] + last[1]) / 2)
    assert said.probabilities[-1] == pytest.approx(list(together.predict(clip).probabilities.values()), abs=1e-4)
