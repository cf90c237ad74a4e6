"""`vidclf data`: one file a verb."""

from __future__ import annotations

import typer

from vidclf.cli.data import check, cluster, cut, faces, import_, label, show, split

app = typer.Typer(help="The clips.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The clips."""


app.command("show")(show.show_command)
app.command("import")(import_.import_command)
app.command("cut")(cut.cut_command)
app.command("label")(label.label_command)
app.command("check")(check.check_command)
app.command("split")(split.split_command)
app.command("cluster")(cluster.cluster_command)
app.command("faces")(faces.faces_command)
