"""`vidclf data show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from vidclf.cli.console import output
from vidclf.cli.train import Overrides, Target, settled

if TYPE_CHECKING:
    from vidclf.data import Manifest


def show_command(
    target: Target,
    overrides: Overrides = None,
    sheet: Annotated[Path | None, typer.Option(help="Write a picture of inputs as the network gets them.")] = None,
) -> None:
    """Show how many clips of which class are in which split, and what the network would see."""
    from vidclf.training.dry_run import draw_inputs
    from vidclf.training.run import read_data

    config = settled(target, overrides or [])
    manifest = read_data(config)
    show_counts(manifest)
    if sheet:
        draw_inputs(config, manifest, sheet)
        output.print(f"inputs as the network gets them: {sheet}")


def show_counts(manifest: Manifest) -> None:
    """Print the table of clips per class and split."""
    from vidclf.data import split_hash
    from vidclf.data.manifest import SPLITS

    splits = [split for split in SPLITS if manifest.of_split(split)]
    table = Table("class", *splits, box=None)
    for label, by_split in manifest.count().items():
        table.add_row(label, *(str(by_split.get(split, 0)) for split in splits))
    table.add_section()
    table.add_row("all", *(str(len(manifest.of_split(split))) for split in splits))
    groups = [len({entry.group for entry in manifest.of_split(split) if entry.group}) for split in splits]
    if any(groups):
        table.add_row("groups", *map(str, groups))
    output.print(table)
    output.print(f"split hash {split_hash(manifest.entries)}")
