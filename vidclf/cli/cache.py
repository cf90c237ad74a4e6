"""`vidclf cache`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from vidclf.cli.console import output, tell_error, track
from vidclf.cli.options import On
from vidclf.cli.train import Overrides, Target, settled

if TYPE_CHECKING:
    from vidclf.data.cache import Usage

app = typer.Typer(help="What was decoded or computed once, and is kept on disk.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option("--dir", help="The cache's folder. Default: VIDCLF_CACHE, else the user's cache folder."),
]


@app.callback()
def _group() -> None:
    """What was decoded or computed once, and is kept on disk."""


@app.command("build")
def build_command(target: Target, overrides: Overrides = None, on: On = "local") -> None:
    """Decode all clips now, as a training with data.cache=disk (or features) would."""
    from vidclf.data.cache import cache_folder, usage
    from vidclf.features.build import build_cache
    from vidclf.training.run import read_data

    config = settled(target, overrides or [])
    manifest = read_data(config)
    bad = build_cache(config, manifest, on=on, track=track)
    folder = cache_folder(config.data.cache_dir)
    _show(folder, usage(folder))
    output.print(f"{len(manifest.entries) - len(bad)} of {len(manifest.entries)} clips are in it")
    for error in bad:
        tell_error(str(error))
    if bad:
        raise typer.Exit(1)


@app.command("info")
def info_command(folder: Folder = None) -> None:
    """Show where the cache is and what it takes."""
    from vidclf.data.cache import cache_folder, usage

    found = cache_folder(folder)
    _show(found, usage(found))


@app.command("clear")
def clear_command(folder: Folder = None) -> None:
    """Remove all entries; anything else in the folder stays."""
    from vidclf.data.cache import cache_folder, clear

    found = cache_folder(folder)
    removed = clear(found)
    output.print(
        f"removed {sum(kind.entries for kind in removed)} entries, {_in_words(sum(kind.bytes for kind in removed))}, "
        f"from {found}"
    )


def _show(folder: Path, kinds: Sequence[Usage]) -> None:
    output.print(f"cache  {folder}")
    table = Table("", "entries", "size", box=None)
    for kind in kinds:
        table.add_row(kind.kind, str(kind.entries), _in_words(kind.bytes))
    output.print(table)


def _in_words(size: int) -> str:
    """Bytes as a person would say them."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= one:
            return f"{size / one:.1f} {unit}"
    return f"{size} bytes"
