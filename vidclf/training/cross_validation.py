"""Cross-validation: a training for each fold, and one figure over the clips of all folds.

A model that has seen a person knows that person, and one held-out group says little of the next. Here every clip is
predicted by a model that saw none of its group, and the interval is taken over all groups.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vidclf.config import Config, dump_config
from vidclf.data import ClipEntry, Manifest, read_folds, split_hash
from vidclf.data.splits import write_folds
from vidclf.errors import UsageError
from vidclf.infer import EntryResult, Evaluation, Explanation, explain, load, summarise
from vidclf.package import RunFolder, write_json
from vidclf.progress import Track, untracked
from vidclf.training.folder import check_folder, check_same_clips, run_folder
from vidclf.training.folds import Fold, make_folds
from vidclf.training.predictions import read_predictions, said_of, write_predictions
from vidclf.training.report import Scored, write_cross_validation_report
from vidclf.training.run import train
from vidclf.training.state import last_epoch

logger = logging.getLogger(__name__)

# More groups in a fold than these are counted, not named.
_NAMED = 5


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What a cross-validation left behind.

    Attributes:
        path: its folder; the run of each fold lies in it.
        pooled: scores over the clips of all folds; None in processes other than the main one.
        folds: the same for each fold's clips alone, by the name of its run folder.
    """

    path: Path
    pooled: Evaluation | None
    folds: Mapping[str, Evaluation]


def cross_validate(
    config: Config, *, resume: bool = False, overwrite: bool = False, track: Track = untracked
) -> CrossValidation:
    """Train a model for each fold that `cv` asks for, and score the predictions of all of them together.

    Each fold is trained as `train` would, with the same seed. `data.split.val` keeps its meaning: with it each fold
    keeps the epoch that is best on validation clips out of its own training part, and with 0 it trains on all of
    these and keeps the last epoch. `data.split.test` has none.

    Args:
        config: all settings; `data.manifest` and `cv` must be set.
        resume: keep the folds that are done, and go on with the one that is not.
        overwrite: replace what stands in the folder.
        track: shows what passes.

    Raises:
        ConfigError: the settings do not go together, or not with the data.
        ManifestError: the clips cannot be divided so.
        UsageError: the folder holds something else, or what is to be resumed had other settings or clips.
        StoppedError: see `train`.
    """
    folds = make_folds(config)
    run = run_folder(config)
    if _is_main_process():
        _begin(run, config, folds, resume=resume, overwrite=overwrite)
    classes = folds[0].manifest.classes
    results = read_predictions(run.predictions, folds, classes) if resume else {}
    if config.data.cache == "memory":
        logger.info("data.cache=memory reads the clips anew for each fold; data.cache=disk reads them once for all")
    for fold in folds:
        settings = _settings(config, run, fold)
        begun = resume and last_epoch(run_folder(settings).state) is not None
        if begun and fold.number in results:
            continue
        logger.info("%s of %d: tested on %s", fold.name, len(folds), _in_words(fold))
        trained = train(settings, manifest=fold.manifest, resume=begun, overwrite=True, track=track)
        if trained.evaluation:
            results[fold.number] = said_of(fold.held_out, trained.evaluation)
            write_predictions(run.predictions, results, classes)
    return _pooled(run, config, folds, results) if _is_main_process() else CrossValidation(run.path, None, {})


def _settings(config: Config, run: RunFolder, fold: Fold) -> Config:
    """Those of the training of one fold."""
    return config.model_copy(update={"cv": "none", "out": str(run.path / fold.name)})


def _is_main_process() -> bool:
    return os.environ.get("RANK", "0") == "0"


def _begin(run: RunFolder, config: Config, folds: Sequence[Fold], *, resume: bool, overwrite: bool) -> None:
    """Make sure that the folder is ours to write to, and write which cross-validation it is."""
    number_of = {entry.name: fold.number for fold in folds for entry in fold.held_out}
    begun = run.folds.is_file()
    if resume:
        if not begun:
            raise UsageError(f"{run.path}: there is no cross-validation to resume here. Train without --resume.")
        if read_folds(run.folds) != number_of:
            raise UsageError(
                f"{run.path}: resuming needs the folds it began with, those of {run.folds}, but cv={config.cv} now "
                "gives others. Put back the clips and cv, or train anew with --overwrite."
            )
        _check_begun(run, config, folds)
    elif begun and not overwrite:
        raise UsageError(
            f"{run.path}: there is a cross-validation already; go on with it by --resume, replace it by --overwrite, "
            "or name another folder with out=DIR."
        )
    elif begun:
        _clear(run)
    else:
        check_folder(run, config, resume=False, overwrite=overwrite)
        run.clear()
    write_folds(run.folds, number_of)  # first: it is what tells that a cross-validation was begun here
    run.config.write_text(dump_config(config), encoding="utf-8")


def _check_begun(run: RunFolder, config: Config, folds: Sequence[Fold]) -> None:
    """Make sure that the folds that were begun had these settings and clips."""
    for fold in folds:
        settings = _settings(config, run, fold)
        fold_run = run_folder(settings)
        if last_epoch(fold_run.state) is not None:
            check_folder(fold_run, settings, resume=True, overwrite=False)
            check_same_clips(fold_run, fold.manifest)


def _clear(run: RunFolder) -> None:
    """Remove what a cross-validation wrote, also folds that the next one does not have."""
    for number in set(read_folds(run.folds).values()):
        fold_run = RunFolder(run.path / f"fold_{number}")
        fold_run.clear()
        with contextlib.suppress(OSError):  # it is not there, or holds what is not ours
            fold_run.path.rmdir()
    run.clear()


def _in_words(fold: Fold) -> str:
    groups = sorted({entry.group for entry in fold.held_out if entry.group})
    whose = f" of {', '.join(groups) if len(groups) <= _NAMED else f'{len(groups)} groups'}" if groups else ""
    return f"{len(fold.held_out)} clips{whose}"


def _pooled(
    run: RunFolder, config: Config, folds: Sequence[Fold], results: Mapping[int, Sequence[EntryResult]]
) -> CrossValidation:
    """Score what was said of all clips, and write it."""
    whole, seed = folds[0].manifest, config.train.seed
    pooled = summarise([result for fold in folds for result in results[fold.number]], whole.classes, seed=seed)
    by_fold = {fold.name: summarise(results[fold.number], whole.classes, seed=seed) for fold in folds}
    # Each clip in a split that is called as its fold: what the hash is of, and what the page counts.
    name_of = {entry.name: fold.name for fold in folds for entry in fold.held_out}
    assigned = Manifest(tuple(replace(entry, split=name_of[entry.name]) for entry in whole.entries), whole.source)
    write_json(
        run.metrics,
        {
            **pooled.to_json(),
            "split_hash": split_hash(assigned.entries),
            "seed": seed,
            "cv": config.cv,
            "folds": {name: _figures(evaluation) for name, evaluation in by_fold.items()},
        },
    )
    model_of = functools.cache(lambda fold: load(run.path / fold, device=config.device))

    def explained(entry: ClipEntry) -> Explanation:
        model = model_of(name_of[entry.name])
        return explain(model, model.reader(config.data.on_truncated).prepared(entry))

    temperature = "Each fold's model is at the temperature that its own validation clips gave, at 1 without any."
    write_cross_validation_report(run, config, assigned, Scored(pooled, explained, temperature), by_fold)
    return CrossValidation(run.path, pooled, by_fold)


def _figures(fold: Evaluation) -> dict[str, Any]:
    return {
        "groups": sorted({result.entry.group for result in fold.results if result.entry.group}),
        "accuracy": fold.scores.accuracy,
        "macro_f1": fold.scores.macro_f1,
        "auc": fold.scores.auc,
        "loss": fold.loss,
        "num_clips": fold.scores.num_clips,
        "num_failed": len(fold.failures),
    }
