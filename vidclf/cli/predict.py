"""`vidclf predict`."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import errors, tell_error


def predict_command(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    paths: Annotated[list[str], typer.Argument(help="Videos, pictures, folders of either, addresses.")],
    json: Annotated[bool, typer.Option("--json", help="A line of JSON an input.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Say what each clip shows."""
    from vidclf.data.layouts.folders import clips_in
    from vidclf.errors import DecodeError
    from vidclf.infer import load
    from vidclf.secrets import redact

    model = load(run, device=device)
    sources = [source for path in paths for source in clips_in(path)]
    failed = 0
    for source, outcome in zip(sources, model.predict_many(sources, on_error="yield"), strict=True):
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
            }
            typer.echo(json_module.dumps(line, ensure_ascii=False))
        else:
            typer.echo(f"{name}: {outcome.label} ({outcome.probabilities[outcome.label]:.0%})")
    if failed:
        errors.print(f"{failed} of {len(sources)} inputs could not be read")
        raise typer.Exit(1)
