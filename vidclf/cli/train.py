"""`vidclf train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidclf.cli.console import output, track

if TYPE_CHECKING:
    from vidclf.config import Config

Target = Annotated[
    str, typer.Argument(metavar="CONFIG_OR_DATA", help="A config (.yaml), a manifest (.csv), or a folder per class.")
]
Overrides = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings, as in train.epochs=20 out=runs/mine.")
]


def train_command(
    target: Target,
    overrides: Overrides = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be trained; train nothing.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training in the run folder.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run in the run folder.")] = False,
) -> None:
    """Train a model on clips, score it on held-out ones, write a run folder."""
    from vidclf.package import RunFolder
    from vidclf.training import cross_validate, train

    config = settled(target, overrides or [])
    if dry_run:
        from vidclf.cli.dry_run import show_dry_run

        show_dry_run(config)
        if config.cv != "none":
            show_folds(config)
        return
    if config.cv == "none":
        trained = train(config, resume=resume, overwrite=overwrite, track=track)
        path, evaluation, of = trained.path, trained.evaluation, f"{trained.split} split"
    else:
        crossed = cross_validate(config, resume=resume, overwrite=overwrite, track=track)
        path, evaluation, of = crossed.path, crossed.pooled, f"{len(crossed.folds)} folds"
        for name, fold in crossed.folds.items():
            output.print(f"  {name}  {fold.scores.accuracy:6.1%}  ({fold.scores.num_clips} clips)")
    if evaluation:
        scores = evaluation.scores
        low, high = scores.ci95
        output.print(
            f"accuracy {scores.accuracy:.1%} (95 % interval {low:.1%} to {high:.1%} over {scores.ci95_over}), "
            f"{scores.num_clips} clips of the {of}" + (f", AUC {scores.auc:.3f}" if scores.auc is not None else "")
        )
    run = RunFolder(path)
    output.print(f"run     {run.path}")
    output.print(f"report  {run.report}")
    plots = (run.curves, run.confusion, run.reliability)
    output.print("plots   " + ", ".join(str(plot) for plot in plots if plot.exists()))
    if evaluation and evaluation.failures:
        raise typer.Exit(1)


def show_folds(config: Config) -> None:
    """Print which folds a cross-validation has, which trains each with these settings."""
    from vidclf.training.folds import make_folds

    folds = make_folds(config)
    output.print(f"cv={config.cv}: {len(folds)} such trainings, each on the clips of the other folds")
    for fold in folds:
        counts = ", ".join(f"{len(fold.manifest.of_split(split))} {split}" for split in ("train", "val", "test"))
        output.print(f"  {fold.name}  {counts}")


def settled(target: str, overrides: list[str]) -> Config:
    """The config that a target and overrides give: of a YAML file, or made to suit the data."""
    from vidclf.config import load_config

    path = Path(target)
    if path.suffix.lower() in (".yaml", ".yml"):
        config = load_config(path, overrides)
    else:
        from vidclf.training.defaults import suited

        config = suited(path, overrides)
    name = path.resolve().stem if path.suffix else path.resolve().name
    return config if config.out else config.model_copy(update={"out": f"runs/{name}"})
