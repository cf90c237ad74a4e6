"""The plots and the page of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vidclf.config import Config, dump_config
from vidclf.data import BadClip, ClipEntry, Manifest, split_hash
from vidclf.data.manifest import SPLITS
from vidclf.draw import (
    Breakdown,
    DataSplit,
    Failure,
    Figure,
    Mistake,
    PartFigures,
    Report,
    plot_confusion,
    plot_curves,
    plot_reliability,
    write_report,
)
from vidclf.infer import Evaluation
from vidclf.infer.loading import versions
from vidclf.package import RunFolder
from vidclf.training.loop import Progress
from vidclf.training.mistakes import Explain, worst_mistakes

_GROUPS = 20
# A bootstrap over fewer groups than this understates how much groups differ.
_FEW_GROUPS = 10


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores, and what the page says beside them.

    Attributes:
        evaluation: the scores.
        explain: looks into one of the answers.
        temperature: a sentence on what the probabilities were brought to.
    """

    evaluation: Evaluation
    explain: Explain
    temperature: str


def write_run_report(
    run: RunFolder,
    config: Config,
    manifest: Manifest,
    progress: Progress,
    split: str,
    scored: Scored | None,
    unread: Sequence[BadClip],
) -> None:
    """Write the plots and `report.html` into a run folder; without scores only what is known of the training."""
    plot_curves(progress.history, run.curves)
    page = Report(
        title=run.path.name,
        subtitle=f"{split or 'no'} split, best of {len(progress.history)} epochs: {progress.best_epoch}",
        figures=(Figure("Accuracy", None, note="nothing was held out"),),
        notes=tuple(_notes(manifest, manifest.of_split(split))),
        history=progress.history,
        split=_data_split(manifest, [name for name in SPLITS if manifest.of_split(name)]),
        failures=[Failure(bad.name, bad.reason) for bad in unread],
        config=dump_config(config),
        environment=versions(),
    )
    if scored:
        page = _with_scores(page, scored)
        _plot_scores(run, scored)
    write_report(run.report, page)


def write_cross_validation_report(
    run: RunFolder, config: Config, assigned: Manifest, scored: Scored, by_fold: Mapping[str, Evaluation]
) -> None:
    """Write the plots and `report.html` into the folder of a cross-validation.

    Args:
        run: the folder.
        config: the settings.
        assigned: all clips, each in a split that is called as its fold.
        scored: over all of them.
        by_fold: the scores of each fold, by its name.
    """
    pooled = scored.evaluation
    _plot_scores(run, scored)
    folds = [PartFigures(name, fold.scores.accuracy, fold.scores.num_clips) for name, fold in by_fold.items()]
    page = Report(
        title=run.path.name,
        subtitle=f"{len(by_fold)} folds ({config.cv}); each clip was predicted by the model that had not seen its "
        "group",
        figures=(),
        notes=tuple(_notes(assigned, assigned.entries)),
        # Where each fold is a group, the table of groups says the same.
        breakdowns=(Breakdown("Folds", folds),) if len(folds) < len(pooled.per_group) else (),
        split=_data_split(assigned, list(by_fold)),
        failures=[Failure(bad.name, bad.reason) for bad in pooled.failures],
        config=dump_config(config),
        environment=versions(),
    )
    write_report(run.report, _with_scores(page, scored))


def _plot_scores(run: RunFolder, scored: Scored) -> None:
    evaluation = scored.evaluation
    plot_confusion(evaluation.scores.confusion, evaluation.scores.classes, run.confusion)
    plot_reliability(evaluation.reliability, run.reliability, note=scored.temperature)


def _with_scores(page: Report, scored: Scored) -> Report:
    evaluation, scores = scored.evaluation, scored.evaluation.scores
    mistakes = worst_mistakes(evaluation, scored.explain)
    return replace(
        page,
        figures=_figures(evaluation),
        classes=scores.classes,
        confusion=scores.confusion,
        per_class=scores.per_class,
        reliability=evaluation.reliability,
        reliability_note=scored.temperature,
        breakdowns=(*page.breakdowns, _groups(evaluation)),
        mistakes=mistakes,
        mistakes_note=_below(mistakes),
    )


def _below(mistakes: Sequence[Mistake]) -> str:
    """What stands below the frames of the mistakes."""
    note = "The curve: what the model said having seen the clip up to there."
    if any(mistake.heat is not None for mistake in mistakes):
        return (
            f"Below each frame what the network saw of it, bright where it spoke for that answer (Grad-CAM). {note}"
        )
    return f"{note} This network keeps no map of places that could be shown as heat."


def _groups(evaluation: Evaluation) -> Breakdown:
    weakest = sorted(evaluation.per_group, key=lambda row: row.accuracy)
    note = f"The weakest {_GROUPS} of {len(weakest)}." if len(weakest) > _GROUPS else "The weakest first."
    return Breakdown("Groups", [PartFigures(row.group, row.accuracy, row.clips) for row in weakest[:_GROUPS]], note)


def _figures(evaluation: Evaluation) -> tuple[Figure, ...]:
    scores = evaluation.scores
    figures = [
        Figure(
            "Accuracy",
            scores.accuracy,
            scores.ci95,
            note=f"95 % bootstrap over {scores.ci95_over}, {scores.num_clips} clips",
        ),
        Figure("Macro F1", scores.macro_f1),
        Figure("Loss", evaluation.loss, percent=False, note="cross-entropy in nats"),
        Figure("Calibration error", evaluation.reliability.ece, note="expected, in 15 bins of confidence"),
    ]
    if scores.auc is not None:
        figures.insert(1, Figure("AUC", scores.auc, percent=False))
    return tuple(figures)


def _notes(manifest: Manifest, held_out: Sequence[ClipEntry]) -> Iterator[str]:
    if any(entry.extra.get("rendered") == "yes" for entry in manifest.entries):
        yield "The clips are rendered (drawn by a program), not recorded: this says nothing about real people."
    groups = {entry.group for entry in held_out if entry.group}
    if 0 < len(groups) < _FEW_GROUPS:
        held_out_groups = f"{len(groups)} group{'s were' if len(groups) > 1 else ' was'}"
        yield (
            f"Only {held_out_groups} held out: the interval is too narrow, and another split may give quite another "
            "figure."
        )
    if not any(entry.group for entry in manifest.entries):
        yield "The clips have no groups, so the same person or scene may stand on both sides of the split."


def _data_split(manifest: Manifest, splits: Sequence[str]) -> DataSplit:
    counts = {
        split: np.bincount(
            [manifest.classes.index(entry.label) for entry in manifest.of_split(split)],
            minlength=len(manifest.classes),
        )
        for split in splits
    }
    groups = {split: len({entry.group for entry in manifest.of_split(split) if entry.group}) for split in splits}
    return DataSplit(
        classes=manifest.classes,
        clips={split: tuple(int(n) for n in count) for split, count in counts.items()},
        groups=groups if any(groups.values()) else {},
        hash=split_hash(manifest.entries),
    )
