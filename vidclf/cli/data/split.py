"""`vidclf data split`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from vidclf.cli.console import output
from vidclf.cli.data.show import show_counts

if TYPE_CHECKING:
    from vidclf.data import ClipEntry, Manifest


def split_command(
    target: Annotated[
        str, typer.Argument(metavar="MANIFEST_OR_DIR", help="A manifest (.csv), or a folder in a known layout.")
    ],
    out: Annotated[Path, typer.Option(help="The table to write. Its paths start from its folder.")],
    val: Annotated[float, typer.Option(min=0, max=1, help="Share of the clips to validate on.")] = 0.2,
    test: Annotated[float, typer.Option(min=0, max=1, help="Share of the clips to test on.")] = 0.2,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="One seed is always the same split.")] = 0,
    folds: Annotated[
        int | None, typer.Option(min=2, help="Write a table path,fold of so many folds instead of a manifest.")
    ] = None,
    root: Annotated[
        str | None, typer.Option(help="Folder that the paths start from. Default: the manifest's own.")
    ] = None,
) -> None:
    """Divide clips into train, val and test, or into folds: stratified by class, no group on two sides."""
    from vidclf.config import make_config
    from vidclf.data import folds_by_group, read_manifest, split_by_group, write_csv
    from vidclf.data.splits import write_folds
    from vidclf.errors import UsageError

    if out.exists():
        raise UsageError(f"{out}: it is there already; name another file, or remove it first.")
    manifest = read_manifest(target, root=root)
    if folds is not None:
        by_name = folds_by_group(manifest, folds, seed)
        write_folds(out, by_name)
        _show_folds(manifest, by_name)
    else:
        if manifest.has_splits:
            raise UsageError(f"{manifest.source}: it says already who is in which split; take that column out first.")
        shares = make_config({"data": {"split": {"val": val, "test": test}}}, where="the split").data.split
        divided = split_by_group(manifest, val=shares.val, test=shares.test, seed=seed)
        write_csv(out, [_named_from(out.parent, entry) for entry in divided.entries])
        show_counts(divided)
    output.print(f"written: {out}")


def _named_from(folder: Path, entry: ClipEntry) -> ClipEntry:
    """The row with a path that starts from a folder, as it was written where it does so already."""
    if os.path.abspath(folder / entry.name) == os.path.abspath(entry.path):  # noqa: PTH100 - resolves no links
        return entry
    with suppress(ValueError):  # on another drive
        return replace(entry, name=Path(os.path.relpath(entry.path, folder)).as_posix())
    return replace(entry, name=entry.path.as_posix())


def _show_folds(manifest: Manifest, by_name: Mapping[str, int]) -> None:
    """Print the table of clips per class and fold."""
    folds = sorted(set(by_name.values()))
    counts = Counter((entry.label, by_name[entry.name]) for entry in manifest.entries)
    table = Table("class", *(f"fold {fold}" for fold in folds), box=None)
    for label in manifest.classes:
        table.add_row(label, *(str(counts[label, fold]) for fold in folds))
    table.add_section()
    groups = {(entry.group or entry.name, by_name[entry.name]) for entry in manifest.entries}
    table.add_row("groups", *(str(sum(fold == one for _, one in groups)) for fold in folds))
    output.print(table)
