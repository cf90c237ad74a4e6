"""Heads compared fairly: the same backbone, clips and budget for each, over several seeds.

"Better" is a claim about clips and people that were not tried. So every figure has an interval over groups, and
heads are compared clip by clip: what makes a clip hard for both cancels out of their difference. An interval says
what other clips and people would change, not what other seeds would; each seed's figure stands beside it.
"""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from vidclf.config import Config, make_config
from vidclf.data import ClipEntry
from vidclf.draw import plot_comparison
from vidclf.engines import describe_device, pick_device
from vidclf.errors import ConfigError, UsageError
from vidclf.files import appearing
from vidclf.infer import Evaluation, summarise
from vidclf.metrics import bootstrap_interval
from vidclf.package import write_json
from vidclf.progress import Track, untracked
from vidclf.training.costs import Cost, measure_costs
from vidclf.training.cross_validation import cross_validate
from vidclf.training.folder import check_folder, check_same_clips, run_folder
from vidclf.training.folds import Fold
from vidclf.training.predictions import read_predictions, said_of, write_predictions
from vidclf.training.run import read_data, train
from vidclf.training.state import last_epoch
from vidclf.types import Float64Array

logger = logging.getLogger(__name__)

# What models of one head said, by their seed.
_BySeed = Mapping[int, Evaluation]


@dataclass(frozen=True)
class HeadScore:
    """One head; shares of clips are between 0 and 1, intervals are 95 % bootstrap intervals.

    Attributes:
        head: its name.
        accuracy: mean over the seeds.
        ci95: interval of that mean.
        accuracy_by_seed: of each seed's model, or of its folds' models together.
        difference: accuracy less that of the first head, on the same clips; None for the first.
        difference_ci95: interval of the difference; None for the first.
        parameters: weights of backbone and head.
        ms_per_frame: milliseconds of backbone and head for a frame, one clip at a time.
    """

    head: str
    accuracy: float
    ci95: tuple[float, float]
    accuracy_by_seed: Mapping[int, float]
    difference: float | None
    difference_ci95: tuple[float, float] | None
    parameters: int
    ms_per_frame: float


@dataclass(frozen=True)
class Comparison:
    """Heads, and what they were compared on.

    Attributes:
        heads: in the order they were asked for.
        compared_on: `test`, or the cross-validation whose predictions were pooled.
        num_clips: clips that all of the models could read.
        num_groups: how many groups they are of; 0 where none are known.
        num_failed: clips that could not be read.
        ci95_over: what the intervals resample, whole `groups` or single `clips`.
        device: where the time was measured.
    """

    heads: tuple[HeadScore, ...]
    compared_on: str
    num_clips: int
    num_groups: int
    num_failed: int
    ci95_over: str
    device: str


def compare_heads(
    config: Config, heads: Sequence[str], seeds: Sequence[int], out: Path, *, track: Track = untracked
) -> Comparison:
    """Train each head with each seed, and compare them on the clips that none of them has seen.

    The runs stand in `out` as `<head>_seed<k>`; those that are finished are kept, and one that is not goes on.
    `comparison.csv`, `comparison.json` and `comparison.png` come to stand beside them.

    Args:
        config: all settings but the head and the seed. With `cv` the pooled predictions are compared.
        heads: names of heads; differences are to the first.
        seeds: of the trainings; the clips are divided alike for all of them, by `data.split.seed`.
        out: the folder.
        track: shows what passes.

    Raises:
        ConfigError: there is no such head, or the settings do not go together.
        UsageError: a run in the folder was made with other settings or clips.
        StoppedError: see `train`.
    """
    if config.task != "classify":
        raise ConfigError([f"task: heads are compared as classifiers, and this config says {config.task}"])
    _check_request(heads, seeds)
    plans = _plans(config, heads, seeds, out)
    evaluations: dict[str, dict[int, Evaluation]] = {head: {} for head in heads}
    for number, ((seed, head), settings) in enumerate(plans.items(), start=1):
        logger.info("%s with seed %d: training %d of %d", head, seed, number, len(plans))
        evaluations[head][seed] = _trained(settings, track)
    any_of_them = evaluations[heads[0]][seeds[0]]
    costs = measure_costs([plans[seeds[0], head] for head in heads], len(any_of_them.scores.classes))
    entries = _read_by_all(evaluations)
    comparison = Comparison(
        heads=_scores(evaluations, entries, dict(zip(heads, costs, strict=True))),
        compared_on="test" if config.cv == "none" else config.cv,
        num_clips=len(entries),
        num_groups=len({entry.group for entry in entries if entry.group}),
        num_failed=len(any_of_them.results) + len(any_of_them.failures) - len(entries),
        ci95_over=any_of_them.scores.ci95_over,
        device=describe_device(pick_device(config.device)),
    )
    _write_table(out / "comparison.csv", comparison)
    write_json(out / "comparison.json", asdict(comparison))
    plot_comparison(comparison.heads, out / "comparison.png")
    return comparison


def _check_request(heads: Sequence[str], seeds: Sequence[int]) -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UsageError("A comparison runs in one process; start it without torchrun or accelerate launch.")
    for name, values in (("heads", heads), ("seeds", seeds)):
        if len(set(values)) < max(1, len(values)):
            found = ", ".join(map(str, values)) or "nothing"
            raise UsageError(f"--{name}: name at least one, and each of them once; not {found}.")


def _plans(config: Config, heads: Sequence[str], seeds: Sequence[int], out: Path) -> dict[tuple[int, str], Config]:
    """The settings of each training by seed and head, all of them checked before the first begins.

    Seed by seed: a comparison that is stopped early has tried all heads alike.
    """
    tree = config.model_dump(mode="json")
    return {
        (seed, head): make_config(
            {
                **tree,
                "model": {**tree["model"], "head": head},
                "train": {**tree["train"], "seed": seed},
                "out": str(out / f"{head}_seed{seed}"),
            }
        )
        for seed in seeds
        for head in heads
    }


def _trained(config: Config, track: Track) -> Evaluation:
    """What models trained by a config say of the clips they have not seen; what is trained already is kept."""
    if config.cv == "none":
        return _trained_once(config, track)
    pooled = cross_validate(config, resume=run_folder(config).folds.is_file(), track=track).pooled
    assert pooled is not None  # this is the main process
    return pooled


def _trained_once(config: Config, track: Track) -> Evaluation:
    run, whole = run_folder(config), Fold(0, read_data(config))
    if not whole.held_out:
        raise ConfigError(
            [
                "data.split: there are no test clips to compare heads on, and those of val choose the epoch that is "
                "kept; hold some out for test, or set cv=group:5"
            ]
        )
    classes = whole.manifest.classes
    if run.predictions.is_file():
        check_folder(run, config, resume=True, overwrite=False)
        check_same_clips(run, whole.manifest)
    else:
        begun = last_epoch(run.state) is not None
        trained = train(config, manifest=whole.manifest, resume=begun, overwrite=not begun, track=track)
        assert trained.evaluation is not None  # this is the main process, and clips were held out
        write_predictions(run.predictions, {0: said_of(whole.held_out, trained.evaluation)}, classes)
    return summarise(read_predictions(run.predictions, [whole], classes)[0], classes)


def _read_by_all(evaluations: Mapping[str, _BySeed]) -> list[ClipEntry]:
    read = [
        [result.entry for result in each.results] for by_seed in evaluations.values() for each in by_seed.values()
    ]
    of_all = set.intersection(*map(set, read))
    return [entry for entry in read[0] if entry in of_all]


def _scores(
    evaluations: Mapping[str, _BySeed], entries: Sequence[ClipEntry], costs: Mapping[str, Cost]
) -> tuple[HeadScore, ...]:
    """Each head's score on clips (N,) that all models could read."""
    groups = [entry.group or entry.name for entry in entries]  # a clip without a group stands for itself
    right = {
        head: np.array([_right(evaluation, entries) for evaluation in by_seed.values()])  # (seeds, N)
        for head, by_seed in evaluations.items()
    }
    first = next(iter(right))
    scores = []
    for head, of_seeds in right.items():
        # Of two heads the interval is over the differences clip by clip, each a mean over seeds.
        gained = (of_seeds - right[first]).mean(axis=0)  # (N,)
        scores.append(
            HeadScore(
                head=head,
                accuracy=float(of_seeds.mean()),
                ci95=_ci95(of_seeds.mean(axis=0), groups),
                accuracy_by_seed=dict(zip(evaluations[head], of_seeds.mean(axis=1).tolist(), strict=True)),
                difference=None if head == first else float(gained.mean()),
                difference_ci95=None if head == first else _ci95(gained, groups),
                parameters=costs[head].parameters,
                ms_per_frame=costs[head].ms_per_frame,
            )
        )
    return tuple(scores)


def _right(evaluation: Evaluation, entries: Sequence[ClipEntry]) -> Float64Array:
    """For each clip 1 where its label is the most probable class, else 0."""
    predicted = {result.entry: result.predicted(evaluation.scores.classes) for result in evaluation.results}
    return np.array([predicted[entry] == entry.label for entry in entries], dtype=np.float64)


def _ci95(values: Float64Array, groups: Sequence[str]) -> tuple[float, float]:
    """The interval of the mean of a value a clip."""
    found = bootstrap_interval(lambda drawn: (drawn @ values) / drawn.sum(axis=1), len(values), groups=groups)
    return found.low, found.high


def _write_table(path: Path, comparison: Comparison) -> None:
    rows = [
        {
            "head": score.head,
            "accuracy": score.accuracy,
            "ci95_low": score.ci95[0],
            "ci95_high": score.ci95[1],
            **{f"seed_{seed}": accuracy for seed, accuracy in score.accuracy_by_seed.items()},
            "difference": score.difference,
            "difference_low": score.difference_ci95 and score.difference_ci95[0],
            "difference_high": score.difference_ci95 and score.difference_ci95[1],
            "parameters": score.parameters,
            "ms_per_frame": score.ms_per_frame,
        }
        for score in comparison.heads
    ]
    with appearing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
