"""A search for better settings: trainings with settings that a sampler chooses, scored on the validation clips alone.

The test clips are not read, so that a training with the settings found can still be tested on them. The score of the
best trial is too high all the same: it is the best of many on the clips that chose it.
"""

from __future__ import annotations

import csv
import logging
import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vidclf.config import Config, dump_config
from vidclf.data import Manifest, write_csv
from vidclf.draw import EpochRow, plot_search
from vidclf.errors import (
    ConfigError,
    MissingExtraError,
    NanLossError,
    OutOfMemoryError,
    StoppedError,
    UsageError,
)
from vidclf.files import appearing
from vidclf.package import RunFolder
from vidclf.progress import Track, untracked
from vidclf.training.folder import check_same_clips, check_same_settings, run_folder
from vidclf.training.run import read_data, train
from vidclf.training.search_space import Range, SearchSpace, default_space, dump_space, suggested, with_values

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler

logger = logging.getLogger(__name__)

State = Literal["complete", "pruned", "failed"]

_FIRST_UNPRUNED = 5  # trials
_WARM_UP_SHARE = 0.25  # of the epochs, in which no trial is pruned


@dataclass(frozen=True)
class Trial:
    """One training of a search.

    Attributes:
        number: from 0; its run folder is `trial_<number>`.
        state: `complete`; `pruned`, stopped since it did worse than most did by then; or `failed`.
        values: the settings that were tried, by dotted key.
        accuracy: share of the validation clips, in its best epoch; None before the first.
        loss: on the same clips, in that epoch.
        best_epoch: that epoch.
        epochs: how many were trained.
        seconds: how long it took.
        why: what it failed of.
    """

    number: int
    state: State
    values: Mapping[str, Any]
    accuracy: float | None = None
    loss: float | None = None
    best_epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Search:
    """What a search came to.

    Attributes:
        path: its folder, with `best.yaml`, `trials.csv` and `search.png`.
        trials: in the order they were made.
        best: the complete one with the best accuracy, then the smaller loss.
        num_clips: validation clips that they were scored on.
    """

    path: Path
    trials: tuple[Trial, ...]
    best: Trial
    num_clips: int


def tune(
    config: Config, num_trials: int, out: Path, *, space: SearchSpace | None = None, track: Track = untracked
) -> Search:
    """Search for settings with the best accuracy on the validation clips.

    A tree-structured Parzen estimator proposes them (Bergstra et al., NeurIPS 2011), and a training whose best
    accuracy by an epoch is below the median of those before it is stopped (Golovin et al., Vizier, KDD 2017). What is
    proposed depends on `train.seed` and on the trials before, so a search that was stopped goes on as if it had not
    been; a trial that was under way is done again.

    Args:
        config: all settings; those in the space are changed.
        num_trials: how many there are to be in the end, those counted that the folder holds already.
        out: the folder.
        space: what is searched; default: see `default_space`.
        track: shows what passes.

    Raises:
        ConfigError: there are no validation clips, or the settings do not go together.
        UsageError: the folder holds something else, or a search with other settings, clips or space.
        MissingExtraError: Optuna is not installed.
        StoppedError: no trial came to an end; see also `train`.
    """
    _check_installed()
    manifest = _searched_on(config)
    space = default_space(config) if space is None else space
    _begin(RunFolder(out), config, space, manifest)
    if config.data.cache == "memory":
        logger.info("data.cache=memory reads the clips anew for each trial; data.cache=disk reads them once for all")
    with _study(out, config) as study:
        while len(done := _trials(study)) < num_trials:
            study.sampler = _sampler(config.train.seed, len(done))
            logger.info("trial %d of %d", len(done) + 1, num_trials)
            _try(study, config, space, manifest, out, track)
            _write(out, config, space, _trials(study))
        _write(out, config, space, done)  # a kill may have come before the last trial was
    log_keys = [key for key, of_key in space.items() if isinstance(of_key, Range) and of_key.log]
    plot_search(done, out / "search.png", log_keys=log_keys)
    best = _best(done)
    if best is None:
        reasons = [trial.why for trial in done if trial.why]
        raise StoppedError(
            f"{out}: none of {len(done)} trials came to an end{f'; the last: {reasons[-1]}' if reasons else ''}."
        )
    return Search(out, tuple(done), best, len(manifest.of_split("val")))


def _check_installed() -> None:
    try:
        import optuna  # noqa: F401
    except ImportError:
        raise MissingExtraError('vidclf tune needs Optuna: pip install "vidclf[tune]".') from None


def _searched_on(config: Config) -> Manifest:
    """The clips to train and to validate on."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError("A search runs in one process; start it without torchrun or accelerate launch.")
    if config.cv != "none":
        raise ConfigError(
            [
                f"cv: with {config.cv} every clip is tested on, and a search must not see those; set cv=none, and "
                "keep a test split"
            ]
        )
    manifest = read_data(config)
    if not manifest.of_split("val"):
        raise ConfigError(
            [
                "data.split: there are no validation clips to score the trials on; hold some out with "
                "data.split.val=0.2"
            ]
        )
    return replace(manifest, entries=tuple(entry for entry in manifest.entries if entry.split != "test"))


def _begin(run: RunFolder, config: Config, space: SearchSpace, manifest: Manifest) -> None:
    """Make sure that the folder is ours to write to, and write which search it is."""
    of_space = run.path / "space.yaml"
    if of_space.is_file():
        check_same_settings(run, config)
        check_same_clips(run, manifest)
        if of_space.read_text(encoding="utf-8") != dump_space(space):
            raise UsageError(f"{run.path}: the search here has another space, {of_space}. Name another folder.")
        return
    if run.path.exists() and (not run.path.is_dir() or any(run.path.iterdir())):
        raise UsageError(f"{run.path}: this holds something that is no search. Name another folder.")
    run.path.mkdir(parents=True, exist_ok=True)
    run.config.write_text(dump_config(config), encoding="utf-8")
    write_csv(run.split, manifest.entries)
    with appearing(of_space) as part:  # last: it is what tells that a search was begun here
        part.write_text(dump_space(space), encoding="utf-8")


@contextmanager
def _study(out: Path, config: Config) -> Iterator[Study]:
    """The trials of a folder, in a database; those are given up that a kill left under way."""
    import optuna
    from sqlalchemy import URL

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    address = URL.create("sqlite", database=str(out / "trials.db"))
    storage = optuna.storages.RDBStorage(address.render_as_string())
    try:
        study = optuna.create_study(
            storage=storage,
            study_name="vidclf",
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(
                n_startup_trials=_FIRST_UNPRUNED, n_warmup_steps=math.ceil(_WARM_UP_SHARE * config.train.epochs)
            ),
            load_if_exists=True,
        )
        for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        yield study
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _sampler(seed: int, number: int) -> BaseSampler:
    from optuna.samplers import TPESampler

    # A sampler for each trial: one seed for all would propose the first settings again after a stop.
    return TPESampler(seed=int(np.random.SeedSequence([seed, number]).generate_state(1)[0]))


def _try(study: Study, config: Config, space: SearchSpace, manifest: Manifest, out: Path, track: Track) -> None:
    """Train with the settings that come next, and note what that came to."""
    from optuna import TrialPruned
    from optuna.trial import TrialState

    trial = study.ask()
    values = suggested(space, trial)
    trial.set_user_attr("values", values)
    began = time.perf_counter()
    outcome: dict[str, float] = {}  # of what `Trial` has

    def noted(row: EpochRow) -> None:
        assert row.val_accuracy is not None
        assert row.val_loss is not None
        best = (outcome.get("accuracy", -math.inf), -outcome.get("loss", math.inf))
        if (row.val_accuracy, -row.val_loss) > best:
            outcome.update(accuracy=row.val_accuracy, loss=row.val_loss, best_epoch=row.epoch)
        outcome.update(epochs=row.epoch, seconds=time.perf_counter() - began)
        trial.set_user_attr("outcome", outcome)
        trial.report(outcome["accuracy"], row.epoch)
        if trial.should_prune():
            raise TrialPruned

    logger.info("with %s", " ".join(f"{key}={_rounded(value)}" for key, value in values.items()))
    try:
        settings = with_values(config, values).model_copy(update={"out": str(out / f"trial_{trial.number:03d}")})
        run = run_folder(settings)
        try:
            train(settings, manifest=manifest, overwrite=True, score=False, on_epoch=noted, track=track)
        finally:
            for folder in (run.model, run.state):  # some hundred trials of a large network would fill a disk
                shutil.rmtree(folder, ignore_errors=True)
    except TrialPruned:
        logger.info("stopped early: others did better by this epoch")
        study.tell(trial, state=TrialState.PRUNED)
    except (ConfigError, NanLossError, OutOfMemoryError) as error:
        logger.warning("this trial failed: %s", error)
        trial.set_user_attr("why", str(error))
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, outcome["accuracy"])


def _trials(study: Study) -> list[Trial]:
    """Those that are done; a trial that was cut off is none."""
    states: dict[str, State] = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    return [
        Trial(
            trial.number,
            states[trial.state.name],
            trial.user_attrs["values"],
            **trial.user_attrs.get("outcome", {}),
            why=trial.user_attrs.get("why", ""),
        )
        for trial in study.get_trials()
        if trial.state.name in ("COMPLETE", "PRUNED") or "why" in trial.user_attrs
    ]


def _best(trials: list[Trial]) -> Trial | None:
    complete = [trial for trial in trials if trial.state == "complete"]
    return max(complete, key=lambda trial: (trial.accuracy or 0.0, -(trial.loss or 0.0)), default=None)


def _write(out: Path, config: Config, space: SearchSpace, trials: list[Trial]) -> None:
    """Write what is known so far: after a stop it is there."""
    columns = ("number", "state", "accuracy", "loss", "best_epoch", "epochs", "seconds")
    with appearing(out / "trials.csv") as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*columns, *space, "why"])
        for trial in trials:
            own = [getattr(trial, column) for column in columns]
            writer.writerow([*own, *(trial.values[key] for key in space), trial.why])
    if best := _best(trials):
        assert best.accuracy is not None
        settings = with_values(config, best.values).model_copy(update={"out": None})
        with appearing(out / "best.yaml") as part:
            part.write_text(
                f"# Trial {best.number}, the best of {len(trials)}: {best.accuracy:.1%} of the validation clips,\n"
                f"# which chose it. `vidclf train` tests it on others.\n{dump_config(settings)}",
                encoding="utf-8",
            )


def _rounded(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
