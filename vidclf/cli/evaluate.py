"""`vidclf evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import output, track
from vidclf.cli.recognition import evaluate_recognition
from vidclf.cli.stream_scores import show_event_scores
from vidclf.errors import UsageError

_GROUPS_SHOWN = 5


def evaluate_command(
    run: Annotated[Path | None, typer.Argument(help="A run folder of a classifier.")] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="Other clips: a CSV table or a folder per class. Default: the run's own.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Folder that the table's paths start from.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Which split. Default: of the run's own clips test, else val; of others all.")
    ] = None,
    stream: Annotated[
        Path | None, typer.Option(help="Of a classifier: a long recording with gestures and rests; needs --events.")
    ] = None,
    events: Annotated[Path | None, typer.Option(help="label,start_seconds,end_seconds of that recording.")] = None,
    window: Annotated[
        float | None, typer.Option(help="Of a recording: look at so many latest seconds at each step.")
    ] = None,
    embedder: Annotated[
        Path | None, typer.Option(help="In place of a run: a run folder or YAML file of an embedder.")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="lake-runs, episodes, pairs, verify, identify or open-set.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="A folder for each identity, or a zip of them; for pairs a CSV a,b,same; for lake-runs theirs."
        ),
    ] = None,
    ways: Annotated[
        int | None, typer.Option(min=1, help="Identities of an episode, or enrolled. Default: 20.")
    ] = None,
    shots: Annotated[int | None, typer.Option(min=1, help="Examples of each. Default: 1.")] = None,
    episodes: Annotated[int | None, typer.Option(min=1, help="How many are drawn. Default: 1000.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of all that is drawn. Default: 0.")] = None,
    views: Annotated[
        int | None, typer.Option(min=1, help="Slightly moved copies of a picture that are averaged. Default: 1.")
    ] = None,
    threshold_from: Annotated[
        Path | None, typer.Option(help="Data of other identities, on which the threshold is set.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the scores to this file.")] = None,
    out: Annotated[Path | None, typer.Option(help="Of an embedder: write plots to this folder.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Score a classifier on clips it was not trained on, or an embedder by a protocol of recognition."""
    of_clips: dict[str, object] = {"manifest": manifest, "root": root, "split": split}
    of_stream: dict[str, object] = {"stream": stream, "events": events, "window": window}
    settings = {
        "ways": ways, "shots": shots, "episodes": episodes, "seed": seed, "views": views,
        "threshold_from": threshold_from,
    }  # fmt: skip
    of_embedder: dict[str, object] = {"protocol": protocol, "data": data, "out": out, **settings}
    if (run is None) == (embedder is None):
        raise UsageError("name what to score: either the run folder of a classifier, or --embedder.")
    if run is None:
        _refuse({**of_clips, **of_stream}, "an embedder")
    else:
        _refuse(of_embedder, "a classifier")
        _refuse(of_clips if stream else of_stream, "a recording" if stream else "clips")
    if embedder is not None:
        given = {name: value for name, value in settings.items() if value is not None}
        evaluate_recognition(embedder, protocol, data, given, device=device, json=json, out=out)
    elif run is not None and stream is not None:
        _evaluate_stream(run, stream, events, window, device, json)
    elif run is not None:
        _evaluate_classifier(run, manifest, root, split, device, json)


def _refuse(options: dict[str, object], what: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise UsageError(f"--{name.replace('_', '-')} says nothing about {what}; leave it out.")


def _evaluate_stream(
    run: Path, stream: Path, events: Path | None, window: float | None, device: str, json: Path | None
) -> None:
    from vidclf.evaluate.stream import evaluate_stream
    from vidclf.package import write_json

    if events is None:
        raise UsageError("--stream needs --events: a table label,start_seconds,end_seconds of what it shows.")
    scores = evaluate_stream(run, stream, events, window_seconds=window, device=device)
    show_event_scores(scores)
    if json:
        write_json(json, scores.to_json())


def _evaluate_classifier(
    run: Path, manifest: Path | None, root: Path | None, split: str | None, device: str, json: Path | None
) -> None:
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
