"""`vidclf config`."""

from __future__ import annotations

import typer

from vidclf.cli.console import output

app = typer.Typer(help="The settings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The settings."""


@app.command("schema")
def schema_command() -> None:
    """Print every setting: its type, its default, what it does."""
    from vidclf.config import describe_schema

    for path, kind, default, description in describe_schema():
        # The list of backbones is long; torchvision's documentation shows it better than one line does.
        shown = kind if len(kind) < 200 else "small, or the name of a torchvision classification network"
        output.print(f"{path}: {default}")
        output.print(f"    {shown}" + (f"\n    {description}" if description else ""))
