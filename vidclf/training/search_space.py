"""What a search may change: the same tree of keys as a config, with a range or a list of choices for a value."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from vidclf.config import Config, describe_schema, make_config
from vidclf.errors import ConfigError

if TYPE_CHECKING:
    from optuna import Trial

Value = Any  # of a key of a config: whatever YAML can say

# What decides which clips are scored, or where the work is done; and what is luck.
_NOT_SEARCHED = {
    "task": "a search is for one task",
    "data": "all trials must be scored on the same clips",
    "cv": "a search has one split",
    "device": "all trials run on one",
    "out": "each trial has a folder of its own",
    "train.seed": "a seed that did well by luck is no setting",
}
_CAUSAL_HEADS = ("lstm", "gru", "tcn", "attention", "mean")
_OTHER_HEADS = ("bilstm", "moments")


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; with `log`, as many of each order of magnitude."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @property
    def tried(self) -> tuple[Value, ...]:
        """Values that are valid settings if all are."""
        return (self.low, self.high)

    def suggested(self, trial: Trial, key: str) -> Value:
        """What a trial is to use for a key."""
        if self.whole:
            return trial.suggest_int(key, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(key, self.low, self.high, log=self.log)


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    values: tuple[Value, ...]

    @property
    def tried(self) -> tuple[Value, ...]:
        """Values that are valid settings if all are."""
        return self.values

    def suggested(self, trial: Trial, key: str) -> Value:
        """What a trial is to use for a key."""
        # As text: a value may be a list or a tree, which no table of trials could keep.
        return yaml.safe_load(trial.suggest_categorical(key, [_text(value) for value in self.values]))


SearchSpace = Mapping[str, Range | Choice]


def suggested(space: SearchSpace, trial: Trial) -> dict[str, Value]:
    """What a trial is to use for each key."""
    return {key: of_key.suggested(trial, key) for key, of_key in space.items()}


def with_values(config: Config, values: Mapping[str, Value]) -> Config:
    """A config with other values, by dotted key.

    Raises:
        ConfigError: they do not go together.
    """
    return make_config(config.model_dump(mode="json"), [f"{key}={_text(value)}" for key, value in values.items()])


def load_space(path: Path, config: Config) -> SearchSpace:
    """Read a space from YAML.

    Raises:
        ConfigError: lists everything that is wrong, with the nearest valid names.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError([f"it cannot be read as YAML ({' '.join(str(error).split())})"], where=str(path)) from None
    return make_space(tree, config, where=str(path))


def make_space(tree: Any, config: Config, *, where: str = "the space") -> SearchSpace:
    """Check a tree of ranges and choices; see `load_space`.

    Args:
        tree: for each key that is searched `{low, high, log}`, where `log` may be left out, or a list of choices.
        config: the settings that the search starts from.
        where: what the tree is called, for messages.
    """
    problems: list[str] = []
    space: dict[str, Range | Choice] = {}
    if not isinstance(tree, Mapping) or not tree:
        problems.append("it must hold a tree of keys, with at least one key to search")
    else:
        for key, spec in _leaves(tree, problems):
            try:
                space[key] = _of_key(key, spec)
            except ValueError as error:
                problems.append(f"{key}: {error}")
    if not problems:
        problems = _problems_of_values(space, config)
    if problems:
        raise ConfigError(problems, where=where)
    return space


def default_space(config: Config) -> SearchSpace:
    """A space around a config: how fast and how long it is learned, what holds it back, and how it is pooled."""
    heads = _CAUSAL_HEADS if config.model.head in _CAUSAL_HEADS else (*_CAUSAL_HEADS, *_OTHER_HEADS)
    space: dict[str, Range | Choice] = {
        "train.lr": Range(config.train.lr / 10, config.train.lr * 10, log=True),
        "train.weight_decay": Range(1e-4, 0.3, log=True),
        "train.label_smoothing": Range(0.0, 0.2),
        "train.batch": Choice((8, 16, 32)),
        "model.dropout": Range(0.0, 0.6),
        "model.head": Choice(heads),
    }
    if config.model.freeze != "backbone" and (config.model.weights != "none" or config.model.init_from):
        space["train.backbone_lr_scale"] = Range(0.01, 1.0, log=True)
    if config.data.cache != "features":  # which keeps no frames to change
        space |= {
            "augment.scale": Range(0.0, 0.3),
            "augment.shift": Range(0.0, 0.2),
            "augment.rotate": Range(0.0, 15.0),
            "augment.speed": Range(0.0, 0.3),
            "augment.erase": Range(0.0, 0.5),
        }
    return space


def dump_space(space: SearchSpace) -> str:
    """The space as YAML; `load_space` reads it back."""
    tree: dict[str, Any] = {}
    for key, of_key in space.items():
        *sections, last = key.split(".")
        at = tree
        for section in sections:
            at = at.setdefault(section, {})
        at[last] = (
            list(of_key.values)
            if isinstance(of_key, Choice)
            else {"low": of_key.low, "high": of_key.high, "log": of_key.log}
        )
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


def _leaves(tree: Mapping[Any, Any], problems: list[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The keys of a config that a tree names, dotted, each with what is said of it."""
    keys = [key for key, *_ in describe_schema()]
    for name, inner in tree.items():
        key = f"{prefix}{name}"
        refused = next((why for part, why in _NOT_SEARCHED.items() if f"{key}.".startswith(f"{part}.")), None)
        if refused:
            problems.append(f"{key}: it is not searched: {refused}")
        elif key in keys:
            yield key, inner
        elif not any(known.startswith(f"{key}.") for known in keys):
            siblings = {known.removeprefix(prefix).partition(".")[0] for known in keys if known.startswith(prefix)}
            near = difflib.get_close_matches(str(name), sorted(siblings), n=3)
            problems.append(f"{key}: there is no such key{'; nearest: ' + ', '.join(near) if near else ''}")
        elif isinstance(inner, Mapping):
            yield from _leaves(inner, problems, f"{key}.")
        else:
            problems.append(f"{key}: should hold keys of its own, not {inner!r}")


def _of_key(key: str, spec: Any) -> Range | Choice:
    if isinstance(spec, list):
        if len({_text(value) for value in spec}) < max(1, len(spec)):
            raise ValueError("name at least one choice, and each of them once")
        return Choice(tuple(spec))
    if not (isinstance(spec, Mapping) and {"low", "high"} <= set(spec) <= {"low", "high", "log"}):
        raise ValueError(f"should be {{low: , high: , log: }} or a list of choices, not {spec!r}")
    types = {key: type_name for key, type_name, *_ in describe_schema()}[key].split(" | ")
    whole = "int" in types and "float" not in types
    if not whole and "float" not in types:
        raise ValueError("it is no number, so it needs a list of choices")
    low, high, log = (_number(spec["low"]), _number(spec["high"]), spec.get("log", False))
    if not isinstance(log, bool):
        raise ValueError(f"log should be true or false, not {log!r}")
    if whole and not (low.is_integer() and high.is_integer()):
        raise ValueError(f"it is a whole number, and {spec['low']} to {spec['high']} are none")
    if not low < high:
        raise ValueError(f"low must be below high, not {spec['low']} and {spec['high']}")
    if log and low <= 0:
        raise ValueError(f"with log, low must be above 0, not {spec['low']}")
    return Range(int(low) if whole else low, int(high) if whole else high, log, whole)


def _number(value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # YAML 1.1 reads 1e-4 as text
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"low and high should be numbers, not {value!r}")
    return number


def _problems_of_values(space: SearchSpace, config: Config) -> list[str]:
    """What a config has against the values, each tried beside the first of all other keys."""
    first = {key: of_key.tried[0] for key, of_key in space.items()}
    found: dict[str, None] = {}
    for values in chain([first], ({**first, key: value} for key in space for value in space[key].tried[1:])):
        try:
            with_values(config, values)
        except ConfigError as error:
            found |= dict.fromkeys(error.problems)
    return list(found)


def _text(value: Value) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=math.inf).removesuffix("\n...\n").strip()
