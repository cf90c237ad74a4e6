"""`vidclf data import`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from vidclf.cli.console import errors, output

if TYPE_CHECKING:
    from vidclf.data import Manifest


def import_command(
    source: Annotated[str, typer.Argument(metavar="SRC", help="A folder, a table, or an annotation file.")],
    out: Annotated[str, typer.Option(help="The manifest to write. Its paths start from its folder, or from --root.")],
    layout: Annotated[
        str | None,
        typer.Option(
            help="folders, images, csv, jester, ucf101, hmdb51, kinetics, label-studio, cvat, omniglot. "
            "Default: as SRC tells."
        ),
    ] = None,
    root: Annotated[
        str | None, typer.Option(help="Folder below which the clips lie. Default: SRC, or the folder of that file.")
    ] = None,
    official_split: Annotated[
        int, typer.Option(min=1, max=3, help="Which of the published splits of UCF101 or HMDB51.")
    ] = 1,
    fps: Annotated[
        float | None,
        typer.Option(min=0.01, help="frameRate of Label Studio's labelling interface. Default: as tasks say, or 24."),
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="Which of Label Studio's controls holds the class. Default: the only one.")
    ] = None,
) -> None:
    """Turn a data set of any known layout into one manifest."""
    from vidclf.data.layouts import import_clips, summary, write_imported

    found = import_clips(source, layout=layout, root=root, official_split=official_split, fps=fps, control=control)
    written = write_imported(found, out, root=root)
    output.print(f"read as {written.layout}: {len(written.manifest.entries)} clips")
    _show_counts(written.manifest)
    output.print(
        f"manifest: {out}" + (f" (its paths start from {root}: use it with data.root={root})" if root else "")
    )
    for sentence in summary(written.skipped):
        errors.print(sentence)
    if any(skipped.broken for skipped in written.skipped):
        raise typer.Exit(1)


def _show_counts(manifest: Manifest) -> None:
    """Print clips per class and split, undecided ones in a column of their own."""
    from vidclf.data.manifest import SPLITS

    splits = [split for split in (*SPLITS, "") if manifest.of_split(split)]
    table = Table("class", *(split or "no split" for split in splits), box=None)
    for label, by_split in manifest.count().items():
        table.add_row(label, *(str(by_split.get(split, 0)) for split in splits))
    output.print(table)
