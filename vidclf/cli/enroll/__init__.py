"""`vidclf enroll`, and `tools/enroll.py`: who is known. One file for verbs that belong together."""

from __future__ import annotations

import typer

from vidclf.cli.enroll import adding, asking, keeping, people

app = typer.Typer(help="Who is known: faces, or whatever else an embedder tells apart.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Who is known: faces, or whatever else an embedder tells apart.

    Nothing here checks for a living person: a photograph of somebody passes for them. It is not a lock.
    """


app.command("add")(adding.add_command)
app.command("add-folder")(adding.add_folder_command)
app.command("reject")(adding.reject_command)
app.command("remove")(people.remove_command)
app.command("rename")(people.rename_command)
app.command("merge")(people.merge_command)
app.command("undo")(people.undo_command)
app.command("list")(people.list_command)
app.command("verify")(asking.verify_command)
app.command("identify")(asking.identify_command)
app.command("calibrate")(keeping.calibrate_command)
app.command("export")(keeping.export_command)
app.command("import")(keeping.import_command)
app.command("check")(keeping.check_command)
app.command("migrate")(keeping.migrate_command)
