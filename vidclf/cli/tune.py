"""`vidclf tune`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidclf.cli.console import output, track
from vidclf.cli.train import Overrides, Target, settled

if TYPE_CHECKING:
    from vidclf.training.tuning import Search


def tune_command(
    target: Target,
    overrides: Overrides = None,
    trials: Annotated[int, typer.Option(min=1, help="How many in all, those counted that are done already.")] = 30,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the trials and of what comes out. Default: the config's, with -tune."),
    ] = None,
    space: Annotated[
        Path | None,
        typer.Option(help="YAML with the keys to search, each {low, high, log} or a list. Default: a common choice."),
    ] = None,
) -> None:
    """Search for better settings by training with many, scored on the validation clips; the test clips are not read.

    A search that was stopped goes on when it is called again. With data.cache=disk the clips are decoded once for all
    trials.
    """
    from vidclf.training.search_space import load_space
    from vidclf.training.tuning import tune

    config = settled(target, overrides or [])
    searched = load_space(space, config) if space else None
    _show(tune(config, trials, out or Path(f"{config.out}-tune"), space=searched, track=track))


def _show(search: Search) -> None:
    best, states = search.best, Counter(trial.state for trial in search.trials)
    output.print(
        f"best of {len(search.trials)} trials ({states['complete']} complete, {states['pruned']} stopped early, "
        f"{states['failed']} failed): trial {best.number}, accuracy {best.accuracy:.1%} on {search.num_clips} "
        "validation clips"
    )
    for key, value in best.values.items():
        output.print(f"  {key}={f'{value:.3g}' if isinstance(value, float) else value}")
    output.print("these clips chose it, so the figure is too high: train with it, and it is tested on others")
    output.print(f"  vidclf train {search.path / 'best.yaml'}")
    output.print(f"table   {search.path / 'trials.csv'}")
    output.print(f"plot    {search.path / 'search.png'}")
