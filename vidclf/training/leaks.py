"""What a training begins with may have seen the clips that it is tested on."""

from __future__ import annotations

import logging
from pathlib import Path

from vidclf.config import Config, load_config
from vidclf.data import Manifest
from vidclf.data.layouts import read_csv
from vidclf.errors import ConfigError
from vidclf.package import RunFolder

logger = logging.getLogger(__name__)


def warn_if_seen(config: Config, manifest: Manifest) -> None:
    """Warn where the run of `model.init_from` was trained on clips that this training holds out.

    Only where its run folder is there, and was made from the same data: names alone may be another set's too.
    """
    if config.model.init_from is None:
        return
    named = Path(config.model.init_from)
    run = RunFolder(named.parent if named.name == "model" else named)
    if not run.is_run():
        return
    try:
        before = load_config(run.config)
    except ConfigError:  # of another version, whose keys were others
        return
    if _data(before) != _data(config):
        return
    trained_on = {entry.name for entry in read_csv(run.split, Path()).of_split("train")}
    seen = [entry for entry in manifest.entries if entry.split in ("val", "test") and entry.name in trained_on]
    if seen:
        logger.warning(
            "%s was trained on %d of the clips that are held out here, so their score says nothing of others; begin "
            "with a run that never saw their groups",
            run.path,
            len(seen),
        )


def _data(config: Config) -> tuple[str | None, ...]:
    return tuple(path and str(Path(path).resolve()) for path in (config.data.manifest, config.data.root))
