"""`vidclf data check`."""

from __future__ import annotations

import json as json_module
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from vidclf.cli.console import output, track
from vidclf.cli.options import On
from vidclf.secrets import redact

if TYPE_CHECKING:
    from vidclf.config import PrepConfig
    from vidclf.data.check.checking import Report
    from vidclf.data.check.findings import Finding

_SHOWN = 10


def check_command(
    target: Annotated[
        str, typer.Argument(metavar="MANIFEST_OR_DIR", help="A manifest (.csv), or a folder in a known layout.")
    ],
    json: Annotated[bool, typer.Option("--json", help="One JSON object, with all that was found.")] = False,
    root: Annotated[
        str | None, typer.Option(help="Folder that the paths start from. Default: the manifest's own.")
    ] = None,
    folds: Annotated[
        Path | None, typer.Option(help="CSV with path,fold: folds to look for leaks in, and to cross-validate over.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A training's config (.yaml): its prep says how long clips must be.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Frames that a clip should have at least. Default: 16.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: one for each core.")] = None,
    on: On = "local",
) -> None:
    """Find what is wrong with clips before a training does: bad files, copies, leaks, giveaways.

    Every file is decoded once. The exit code is 1 where something is wrong; notes are only good to know.
    """
    from vidclf.data.check.checking import check
    from vidclf.data.splits import read_folds

    report = check(
        target,
        root=root,
        folds=read_folds(folds) if folds else None,
        prep=_sampling(config, steps),
        workers=workers,
        on=on,
        track=track,
    )
    if json:
        typer.echo(redact(json_module.dumps(report.to_json(), ensure_ascii=False)))
    else:
        _show(report)
    if report.faults:
        raise typer.Exit(1)


def _sampling(config: Path | None, steps: int | None) -> PrepConfig | None:
    from vidclf.config import PrepConfig, load_config
    from vidclf.errors import UsageError

    if config and steps:
        raise UsageError("give --config or --steps, not both")
    if config:
        return load_config(config).prep
    return PrepConfig(frames=steps) if steps else None


def _show(report: Report) -> None:
    classes = ", ".join(f"{label} {count}" for label, count in report.classes.items())
    output.print(f"{sum(report.classes.values())} clips in {report.num_files} files: {classes}")
    for title, findings in (("fault", report.faults), ("note", report.notes)):
        if findings:
            _show_kinds(title, findings)
    if report.guessed:
        _show_guessed(report)
    faults, notes = len(report.faults), len(report.notes)
    output.print(f"\n{faults or 'no'} fault{'s' * (faults != 1)}, {notes or 'no'} note{'s' * (notes != 1)}")


def _show_kinds(title: str, findings: Sequence[Finding]) -> None:
    from vidclf.data.check.findings import ADVICE

    kinds = {kind: [finding for finding in findings if finding.kind == kind] for kind in ADVICE}
    table = Table(title, "", "what to do", box=None)
    for kind, found in kinds.items():
        if found:
            table.add_row(ADVICE[kind].title, str(len(found)), ADVICE[kind].to_do)
    output.print()
    output.print(table)
    for kind, found in kinds.items():
        if found:
            output.print(f"\n{ADVICE[kind].title}:")
        for finding in found[:_SHOWN]:
            output.print(f"  {redact(finding.sentence)}")
        if len(found) > _SHOWN:
            output.print(f"  ... and {len(found) - _SHOWN} more (--json lists all)")


def _show_guessed(report: Report) -> None:
    table = Table("property", "labels predicted", "95 % interval", "chance", "too much from", box=None)
    for guess in sorted(report.guessed, key=lambda guess: -guess.accuracy):
        interval = f"{guess.low:.0%} to {guess.high:.0%}"
        table.add_row(guess.name, f"{guess.accuracy:.1%}", interval, f"{guess.chance:.0%}", f"{guess.threshold:.0%}")
    output.print("\nHow well a tree of depth 3 guesses the label from one property, on folds that divide no group:")
    output.print(table)
