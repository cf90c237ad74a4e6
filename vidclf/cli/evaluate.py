"""`vidclf evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import output, track

_GROUPS_SHOWN = 5


def evaluate_command(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    manifest: Annotated[
        Path | None, typer.Option(help="Other clips: a CSV table or a folder per class. Default: the run's own.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder that the table's paths start from.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Which split. Default: of the run's own clips test, else val; of others all.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the scores to this file.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Score a model on clips it was not trained on."""
    from vidclf.evaluate import evaluate_run
    from vidclf.package import write_json

    scored = evaluate_run(run, manifest=manifest, root=root, split=split, device=device, track=track)
    scores = scored.evaluation.scores
    low, high = scores.ci95
    output.print(
        f"accuracy {scores.accuracy:.1%} (95 % interval {low:.1%} to {high:.1%} over {scores.ci95_over}), "
        f"macro F1 {scores.macro_f1:.3f}, {scores.num_clips} clips"
        + (f", AUC {scores.auc:.3f}" if scores.auc is not None else "")
    )
    width = max(len(entry.label) for entry in scores.per_class)
    for entry in scores.per_class:
        output.print(
            f"  {entry.label:<{width}}  recall {entry.recall:6.1%}  precision {entry.precision:6.1%}  "
            f"({entry.support} clips)"
        )
    weakest = sorted(scored.evaluation.per_group, key=lambda row: row.accuracy)
    if weakest:
        shown = ", ".join(f"{row.group} {row.accuracy:.1%} ({row.clips} clips)" for row in weakest[:_GROUPS_SHOWN])
        output.print(f"weakest of {len(weakest)} groups: {shown}")
    for bad in scored.evaluation.failures:
        output.print(f"could not be read: {bad.reason}")
    if json:
        write_json(json, scored.to_json())
    if scored.evaluation.failures:
        raise typer.Exit(1)
