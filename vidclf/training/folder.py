"""Whose run folder it is: what may be written over, and what a resumed training must find unchanged."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

from vidclf.config import Config, describe_schema, load_config
from vidclf.data import Manifest, split_hash
from vidclf.data.layouts import read_csv
from vidclf.errors import UsageError
from vidclf.package import RunFolder
from vidclf.training.state import last_epoch


def run_folder(config: Config) -> RunFolder:
    """Where a training by a config writes."""
    return RunFolder(Path(config.out or f"runs/{Path(config.data.manifest or 'run').stem}"))


def check_folder(run: RunFolder, config: Config, *, resume: bool, overwrite: bool) -> None:
    """Make sure that the run folder is ours to write to; nothing is touched yet.

    Raises:
        UsageError: it holds something else, a run that is not to be replaced, or nothing to resume.
    """
    begun = last_epoch(run.state) is not None
    if resume:
        if not begun:
            instead = "with --overwrite instead" if run.is_run() else "without --resume"
            raise UsageError(f"{run.path}: there is nothing to resume, no epoch was finished here. Train {instead}.")
        check_same_settings(run, config)
        return
    if run.path.exists() and not run.path.is_dir():
        raise UsageError(f"{run.path}: this is a file. Name a folder with out=DIR.")
    if run.path.exists() and any(run.path.iterdir()):
        if not run.is_run():
            raise UsageError(f"{run.path}: this folder holds something that is no run. Name another with out=DIR.")
        if not overwrite:
            go_on = "go on with it by --resume, " if begun else ""
            raise UsageError(
                f"{run.path}: there is a run already; {go_on}replace it by --overwrite, or name another folder with "
                "out=DIR."
            )


def check_same_settings(run: RunFolder, config: Config) -> None:
    """Make sure that what goes on has the settings it began with, but for where it runs and where the data lie.

    Raises:
        UsageError: some are others.
    """
    elsewhere = {"out", "device", "data.root", "data.workers", "data.cache"}
    before = load_config(run.config)
    settings = [(key, attrgetter(key)) for key, *_ in describe_schema() if key not in elsewhere]
    changed = [
        f"{key}={setting(config)} (was {setting(before)})"
        for key, setting in settings
        if setting(config) != setting(before)
    ]
    if changed:
        raise UsageError(f"{run.path}: resuming needs the settings it began with; changed: {', '.join(changed)}.")


def check_same_clips(run: RunFolder, manifest: Manifest) -> None:
    """Make sure that a resumed training sees the clips it began with.

    A clip that came, went or changed its split would let a model be tested on what it was trained on.

    Raises:
        UsageError: they are others.
    """
    if split_hash(read_csv(run.split, Path()).entries) != split_hash(manifest.entries):
        raise UsageError(
            f"{run.path}: resuming needs the clips it began with, but {manifest.source} no longer gives those of "
            f"{run.split}. Put them back, or train anew with --overwrite."
        )
