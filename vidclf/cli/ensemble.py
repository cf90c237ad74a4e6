"""`vidclf ensemble`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vidclf.cli.console import output


def ensemble_command(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders of models with the same classes.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write, which must be empty or not there.")],
) -> None:
    """Make one model of several, such as the folds of a cross-validation: the mean of their probabilities."""
    from vidclf.errors import UsageError
    from vidclf.infer import save_ensemble
    from vidclf.package import RunFolder

    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(f"{out}: something is there already. Name another folder with --out, or remove it.")
    save_ensemble(RunFolder(out).model, runs)
    output.print(f"ensemble of {len(runs)} models  {out}")
