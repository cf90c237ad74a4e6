"""`vidclf predict`."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidclf.cli.console import errors, tell_error
from vidclf.cli.options import On

if TYPE_CHECKING:
    from vidclf.errors import DecodeError
    from vidclf.infer import OverTime, Predictor
    from vidclf.types import Prediction

_CURVES = 4  # classes whose probability is drawn over time


def predict_command(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    paths: Annotated[list[str], typer.Argument(help="Videos, pictures, folders of either, addresses.")],
    json: Annotated[bool, typer.Option("--json", help="A line of JSON an input.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    on: On = "local",
    over_time: Annotated[
        bool, typer.Option("--over-time", help="With --json: also what was said at each step of the clip.")
    ] = False,
    explain: Annotated[
        Path | None,
        typer.Option(help="Of one input: write a picture of what the network saw, and what spoke for its answer."),
    ] = None,
) -> None:
    """Say what each clip shows."""
    from vidclf.data.layouts.folders import clips_in
    from vidclf.errors import DecodeError, UsageError
    from vidclf.infer import OverTime, load
    from vidclf.infer.clips import predict_clips
    from vidclf.secrets import redact

    if on != "local" and device not in ("auto", "cpu"):
        raise UsageError(f"--on {on} computes on the processors of the nodes; leave --device {device} out.")
    if on != "local" and (over_time or explain is not None):
        raise UsageError(f"--over-time and --explain are computed on this machine; leave --on {on} out.")
    sources = [source for path in paths for source in clips_in(path)]
    if over_time and not json:
        raise UsageError("--over-time is a part of the JSON line; add --json.")
    if explain is not None and len(sources) != 1:
        raise UsageError(f"--explain is of one input, not of {len(sources)}.")
    outcomes: Iterator[OverTime | Prediction | DecodeError]
    if on == "local":
        model = load(run, device=device)
        outcomes = _over_time(model, sources) if over_time else model.predict_many(sources, on_error="yield")
    else:
        outcomes = predict_clips(run, sources, on=on)
    failed = 0
    for source, said in zip(sources, outcomes, strict=True):
        outcome = said.prediction if isinstance(said, OverTime) else said
        name = redact(source)
        if isinstance(outcome, DecodeError):
            failed += 1
            if json:
                typer.echo(json_module.dumps({"path": name, "error": redact(str(outcome))}, ensure_ascii=False))
            else:
                tell_error(str(outcome))
            continue
        if json:
            line = {
                "path": name,
                "label": outcome.label,
                "probabilities": dict(outcome.probabilities),
                "start_seconds": outcome.start_seconds,
                "end_seconds": outcome.end_seconds,
                **({"over_time": said.to_json()} if isinstance(said, OverTime) else {}),
            }
            typer.echo(json_module.dumps(line, ensure_ascii=False))
        else:
            typer.echo(f"{name}: {outcome.label} ({outcome.probabilities[outcome.label]:.0%})")
    if failed:
        errors.print(f"{failed} of {len(sources)} inputs could not be read")
        raise typer.Exit(1)
    if explain is not None:
        _write_explanation(explain, model, sources[0])


def _over_time(model: Predictor, sources: Sequence[str]) -> Iterator[OverTime | DecodeError]:
    from vidclf.errors import DecodeError

    for source in sources:
        try:
            yield model.over_time(source)
        except DecodeError as error:
            yield error


def _write_explanation(path: Path, model: Predictor, source: str) -> None:
    from vidclf.draw import Shares, explanation_sheet, save_png
    from vidclf.infer import explain
    from vidclf.secrets import redact

    found = explain(model, model.prepare(source))
    said = found.over_time
    shares = said.prediction.probabilities
    likeliest = sorted(shares, key=shares.__getitem__, reverse=True)[:_CURVES]
    title = f"{redact(source)}: {said.prediction.label} ({shares[said.prediction.label]:.0%})"
    over_time = Shares(said.pts_seconds, {label: said.of_class(label) for label in likeliest})
    path.parent.mkdir(parents=True, exist_ok=True)
    save_png(path, explanation_sheet(found.frames, found.heat, over_time, title=title))
