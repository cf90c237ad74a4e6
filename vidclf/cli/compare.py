"""`vidclf compare`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidclf.cli.console import output, track
from vidclf.cli.train import Overrides, Target, settled
from vidclf.errors import UsageError

if TYPE_CHECKING:
    from vidclf.training.comparison import Comparison, HeadScore

_HEADINGS = ("head", "accuracy", "95 % interval", "seeds", "points more than the first", "weights", "ms a frame")


def compare_command(
    target: Target,
    heads: Annotated[str, typer.Option(help="Names, as in lstm,gru,mean; differences are to the first.")],
    overrides: Overrides = None,
    seeds: Annotated[str, typer.Option(help="Of the trainings of each head.")] = "0,1,2",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the runs and of what comes out. Default: the config's, with -heads."),
    ] = None,
) -> None:
    """Compare heads: the same backbone, clips and budget for each, over several seeds.

    Finished runs in the folder are kept, so a comparison that was stopped goes on, and heads or seeds can be added.
    With data.cache=disk the clips are decoded once for all runs.
    """
    from vidclf.training.comparison import compare_heads

    config = settled(target, overrides or [])
    folder = out or Path(f"{config.out}-heads")
    comparison = compare_heads(config, _words(heads), _numbers(seeds), folder, track=track)
    _show(comparison)
    output.print(f"plot    {folder / 'comparison.png'}")
    output.print(f"tables  {folder / 'comparison.csv'}, {folder / 'comparison.json'}")
    if comparison.num_failed:
        raise typer.Exit(1)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in _words(text)]
    except ValueError:
        raise UsageError(f"--seeds: give whole numbers, as in 0,1,2; not {text}.") from None


def _show(comparison: Comparison) -> None:
    first = comparison.heads[0].head
    for line in _aligned([_HEADINGS, *map(_cells, comparison.heads)]):
        output.print(line)
    groups = f" of {comparison.num_groups} group{'s' * (comparison.num_groups > 1)}" if comparison.num_groups else ""
    output.print(
        f"{comparison.compared_on}: {comparison.num_clips} clips{groups}; intervals: 95 % bootstrap over "
        f"{comparison.ci95_over}, of the mean over seeds; time: backbone and head on {comparison.device}, "
        "one clip at a time"
    )
    for score in comparison.heads[1:]:
        output.print(_verdict(score, first))
    if comparison.num_failed:
        output.print(f"{comparison.num_failed} clips could not be read and were left out")


def _cells(score: HeadScore) -> tuple[str, ...]:
    return (
        score.head,
        f"{score.accuracy:.1%}",
        f"{score.ci95[0]:.1%} to {score.ci95[1]:.1%}",
        " ".join(f"{accuracy:.1%}" for accuracy in score.accuracy_by_seed.values()),
        _difference(score),
        f"{score.parameters:,}",
        f"{score.ms_per_frame:.2f}",
    )


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _difference(score: HeadScore) -> str:
    if score.difference is None or score.difference_ci95 is None:
        return ""
    low, high = score.difference_ci95
    return f"{100 * score.difference:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def _verdict(score: HeadScore, first: str) -> str:
    assert score.difference_ci95 is not None
    low, high = score.difference_ci95
    if low > 0:
        return f"{score.head} is better than {first} on clips like these"
    if high < 0:
        return f"{score.head} is worse than {first} on clips like these"
    return f"{score.head} and {first} cannot be told apart by these clips"
