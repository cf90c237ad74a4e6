"""What a training begins with: random weights, published ones, or those that another training came to."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vidclf.config import ModelConfig, PrepConfig
from vidclf.errors import ConfigError, RunError, WeightsError
from vidclf.models.classifier import ClipClassifier, make_classifier
from vidclf.package import read_description, read_model
from vidclf.prep import Own, Preprocessing, Statistics

logger = logging.getLogger(__name__)

_NAMED = 4


@dataclass(frozen=True, eq=False)
class _Origin:
    """A trained run: its weights, the network that they belong to, and the input that they are used to."""

    run: str
    weights: Mapping[str, Tensor]
    model: ModelConfig
    classes: tuple[str, ...]
    statistics: Statistics | Own


def initial_classifier(
    model: ModelConfig, prep: PrepConfig, classes: Sequence[str]
) -> tuple[ClipClassifier, Preprocessing]:
    """Build the network that a config describes, with the weights that a training begins with.

    From the run that `model.init_from` names it takes the whole backbone, but for a first convolution over other
    channels, and of the head what fits: nothing of another kind of head, and no classifier of other classes. What
    was not taken is logged. Where `prep.normalise` is auto, pictures are normalised as that run did.

    Raises:
        ConfigError: that run has another backbone, or the settings do not go together; see `make_classifier`.
        RunError: there is no such run, or it is damaged.
        WeightsError: the run's backbone has other tensors, or weights are missing; see `make_classifier`.
    """
    return initial_network(model, prep, classes, len(classes))


def initial_network(
    model: ModelConfig, prep: PrepConfig, classes: Sequence[str], outputs: int
) -> tuple[ClipClassifier, Preprocessing]:
    """The same for a network whose `outputs` need not be classes; an embedder's have no names."""
    if model.init_from is None:
        return make_classifier(model, prep, outputs)
    origin = _read(model.init_from)
    if origin.model.backbone != model.backbone:
        raise ConfigError(
            [
                f"model.init_from: the backbone of {origin.run} is {origin.model.backbone}, and model.backbone is "
                f"{model.backbone}; they must be the same"
            ]
        )
    network, preprocessing = make_classifier(model.untrained(), prep, outputs)
    reasons = _reasons_to_leave(network, origin, model, classes)
    taken = {name: origin.weights[name] for name in network.state_dict() if name not in reasons}
    network.load_state_dict(taken, strict=False)
    _say(origin.run, len(taken), reasons, len(origin.weights.keys() - network.state_dict().keys()))
    if prep.normalise == "auto":
        preprocessing = dataclasses.replace(preprocessing, statistics=origin.statistics)
    return network, preprocessing


def described_statistics(description: Mapping[str, Any]) -> Statistics | Own:
    """What the model that a `model.json` describes normalises pictures with."""
    # The detector that it may crop with need not be there for that.
    uncropped = {**description["preprocessing"], "crop": "none", "person": None}
    return Preprocessing.from_json(uncropped).statistics


def _read(run: str) -> _Origin:
    if read_description(run).get("kind") == "ensemble":
        raise ConfigError([f"model.init_from: {run} is an ensemble; name one of the runs that it was made of"])
    tensors, description = read_model(run)
    try:
        return _Origin(
            run,
            {name: torch.from_numpy(array) for name, array in tensors.items()},
            ModelConfig.model_validate(description["model"]),
            tuple(map(str, description.get("classes", ()))),  # an embedder has none
            described_statistics(description),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{run}: its model.json does not describe a model ({type(error).__name__}: {error})."
        ) from None


def _reasons_to_leave(
    network: ClipClassifier, origin: _Origin, model: ModelConfig, classes: Sequence[str]
) -> dict[str, str]:
    """Why tensors of a network are not taken from a run, by their names.

    Raises:
        WeightsError: the backbone is of the same name, and differs in more than the channels of its input.
    """
    reasons: dict[str, str] = {}
    for name, tensor in network.state_dict().items():
        there = origin.weights.get(name)
        if name.startswith("head.") and origin.model.head != model.head:
            reasons[name] = f"of the head {model.head}, there it is {origin.model.head}"
        elif name.startswith("head.classifier.") and origin.classes != tuple(classes):
            reasons[name] = "of other classes"
        elif there is None:
            reasons[name] = "not there"
        elif there.shape != tensor.shape:
            reasons[name] = f"{_shape(tensor)}, there {_shape(there)}"
    differing = {
        name: reason
        for name, reason in reasons.items()
        if name.startswith("backbone.") and name != _first_convolution(network)
    }
    if differing:
        raise WeightsError(
            f"{origin.run}: its backbone {model.backbone} differs in more than the channels of the input: "
            f"{_listed(differing)}. Give prep.size, and model.features_at, the values that it was trained with."
        )
    return reasons


def _first_convolution(network: ClipClassifier) -> str:
    """The tensor whose shape depends on the channels of the input."""
    modules = network.backbone.named_modules(prefix="backbone")
    return next(f"{name}.weight" for name, module in modules if isinstance(module, nn.Conv2d))


def _say(run: str, taken: int, reasons: Mapping[str, str], unused: int) -> None:
    not_taken = f"; not taken: {_listed(reasons)}" if reasons else ""
    not_used = f"; {unused} tensors there have no place here" if unused else ""
    logger.info("begins with %d tensors of %s%s%s", taken, run, not_taken, not_used)


def _listed(reasons: Mapping[str, str]) -> str:
    """Names with their reasons, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    return ", ".join(
        f"{', '.join(names[:_NAMED])}{f' and {len(names) - _NAMED} more' if len(names) > _NAMED else ''} ({reason})"
        for reason, names in by_reason.items()
    )


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))
