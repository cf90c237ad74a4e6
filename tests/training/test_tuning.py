"""A search for settings: resumed, pruned, and never shown a test clip."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import optuna
import pytest

from vidclf.config import Config, load_config
from vidclf.data.layouts import read_csv
from vidclf.errors import ConfigError, StoppedError, UsageError
from vidclf.training.run import read_data
from vidclf.training.search_space import Choice, Range, SearchSpace, suggested
from vidclf.training.tuning import Search, tune

Item = TypeVar("Item")
SPACE: SearchSpace = {"train.lr": Range(1e-4, 1e-2, log=True), "model.head": Choice(("mean", "lstm"))}


class _Killed(BaseException):
    """What no search may catch, as a signal that ends the process."""


class _KillAt:
    """Ends the process, as it were, in the second epoch of the trial of this number."""

    def __init__(self, trial: int) -> None:
        self.trial = trial
        self.begun = -1

    def __call__(self, items: Iterable[Item], *, total: int, what: str) -> Iterator[Item]:  # noqa: ARG002
        self.begun += what == "epoch 1/2"
        if self.begun == self.trial and what == "epoch 2/2":
            raise _Killed
        yield from items


@pytest.fixture
def tiny(settings: Any) -> Any:
    def make(**sections: dict[str, Any]) -> Config:
        return settings(train={"epochs": 2, **sections.pop("train", {})}, **sections)  # type: ignore[no-any-return]

    return make


def tried(search: Search) -> list[tuple[object, ...]]:
    """All of a search but how long it took."""
    return [(trial.state, dict(trial.values), trial.accuracy, trial.loss, trial.epochs) for trial in search.trials]


def test_a_search_finds_settings_that_can_be_trained(tiny: Any, tmp_path: Path) -> None:
    config, out = tiny(), tmp_path / "found 100%?"
    test_clips = [entry.path for entry in read_data(config).of_split("test")]
    away = [path.rename(path.with_suffix(".away")) for path in test_clips]
    try:
        search = tune(config, 3, out, space=SPACE)
    finally:
        for path, hidden in zip(test_clips, away, strict=True):
            hidden.rename(path)
    assert len(test_clips) > 0
    assert {entry.split for entry in read_csv(out / "split.csv", Path()).entries} == {"train", "val"}
    assert [trial.state for trial in search.trials] == ["complete"] * 3
    assert search.best.accuracy == max(trial.accuracy or 0 for trial in search.trials)

    best = load_config(out / "best.yaml")
    assert (best.train.lr, best.model.head) == (search.best.values["train.lr"], search.best.values["model.head"])
    assert best.data == config.data
    assert best.out is None
    with (out / "trials.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [float(row["accuracy"]) for row in rows] == [trial.accuracy for trial in search.trials]
    assert [float(row["train.lr"]) for row in rows] == [trial.values["train.lr"] for trial in search.trials]
    assert (out / "search.png").read_bytes().startswith(b"\x89PNG")
    assert not list(out.rglob("*.safetensors"))

    begun = (out / "trial_000" / "history.csv").stat().st_mtime_ns
    assert tried(tune(config, 2, out, space=SPACE)) == tried(search)  # there are as many already
    assert (out / "trial_000" / "history.csv").stat().st_mtime_ns == begun


def test_a_killed_search_goes_on_as_if_it_had_not_been(tiny: Any, tmp_path: Path) -> None:
    whole = tune(tiny(), 3, tmp_path / "whole", space=SPACE)
    with pytest.raises(_Killed):
        tune(tiny(), 3, tmp_path / "halves", space=SPACE, track=_KillAt(1))
    halves = tune(tiny(), 3, tmp_path / "halves", space=SPACE)
    assert tried(halves) == tried(whole)
    assert [trial.number for trial in halves.trials] == [0, 2, 3]  # the one that was cut off has a number, too
    assert len({trial.values["train.lr"] for trial in whole.trials}) == 3


def test_a_trial_that_fails_does_not_end_the_search(
    tiny: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = tiny(train={"clip": 0, "warmup": 0, "optimizer": "sgd"})
    search = tune(config, 3, tmp_path / "out", space={"train.lr": Choice((1e30, 1e-3))})
    states = [trial.state for trial in search.trials]
    assert states.count("failed") in (1, 2)
    failed = search.trials[states.index("failed")]
    assert "no finite number" in failed.why
    assert "this trial failed: the loss is no finite number" in caplog.text
    assert search.best.values == {"train.lr": 1e-3}
    with pytest.raises(StoppedError, match=r"none of 1 trials came to an end.*no finite number"):
        tune(config, 1, tmp_path / "none", space={"train.lr": Choice((1e30,))})


def test_a_hopeless_trial_is_stopped_early(tiny: Any, tmp_path: Path) -> None:
    """Beside five finished ones that were always right, as no real one is."""
    out, config = tmp_path / "out", tiny(train={"epochs": 4})
    first = tune(config, 1, out, space=SPACE)
    storage = optuna.storages.RDBStorage(f"sqlite:///{out / 'trials.db'}")
    study = optuna.load_study(study_name="vidclf", storage=storage)
    for _ in range(5):
        trial = study.ask()
        trial.set_user_attr("values", suggested(SPACE, trial))
        trial.set_user_attr("outcome", {"accuracy": 1.0, "loss": 0.1, "best_epoch": 1, "epochs": 4})
        for epoch in range(1, 5):
            trial.report(1.0, epoch)
        study.tell(trial, 1.0)
    storage.remove_session()
    storage.engine.dispose()
    search = tune(config, 7, out, space=SPACE)
    pruned = search.trials[-1]
    assert first.trials[0].epochs == 4
    assert pruned.state == "pruned"
    assert 1 <= pruned.epochs < 4
    assert pruned.accuracy is not None
    assert search.best.accuracy == 1.0


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"data": {"split": {"val": 0, "test": 0.3}}}, "no validation clips.*data.split.val=0.2"),
        ({"cv": "group:3"}, "cv: with group:3 every clip is tested on"),
    ],
)
def test_what_cannot_be_searched_on_is_said(
    settings: Any, tmp_path: Path, sections: dict[str, Any], words: str
) -> None:
    cv = sections.pop("cv", "none")
    config = settings(**sections).model_copy(update={"cv": cv})
    with pytest.raises(ConfigError, match=words):
        tune(config, 1, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_search_is_not_mixed_with_it(tiny: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tune(tiny(train={"epochs": 1}), 1, out, space=SPACE)
    with pytest.raises(UsageError, match="another space"):
        tune(tiny(train={"epochs": 1}), 2, out, space={"train.lr": Range(1e-3, 1e-2)})
    with pytest.raises(UsageError, match=r"train\.batch=5 \(was 4\)"):
        tune(tiny(train={"epochs": 1, "batch": 5}), 2, out, space=SPACE)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"dear")
    with pytest.raises(UsageError, match="no search"):
        tune(tiny(), 1, tmp_path / "photos", space=SPACE)
