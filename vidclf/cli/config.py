"""`vidclf config`."""

from __future__ import annotations

from typing import Annotated

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
        # The list of backbones is long; what it is of stands in the description.
        shown = kind if len(kind) < 200 else "a name"
        output.print(f"{path}: {default}")
        output.print(f"    {shown}" + (f"\n    {description}" if description else ""))


@app.command("layers")
def layers_command(
    backbone: Annotated[str, typer.Argument(help="A value of model.backbone, as resnet18.")],
    size: Annotated[int, typer.Option(min=8, max=4096, help="Side of the pictures, in pixels.")] = 224,
) -> None:
    """Print the layers that model.features_at may name: what each gives for a picture, and how many features."""
    from rich.table import Table

    from vidclf.config import make_config
    from vidclf.models import describe_layers

    name = make_config({"model": {"backbone": backbone}}, where="vidclf config layers").model.backbone
    table = Table("layer", "out", "features", box=None)
    for layer in describe_layers(name, (size, size)):
        table.add_row(layer.name, " x ".join(map(str, layer.shape)), f"{layer.feature_dim:,}")
    output.print(table)
