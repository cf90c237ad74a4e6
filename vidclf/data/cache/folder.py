"""Where the cache lies."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(chosen: str | Path | None = None) -> Path:
    """The folder of the cache.

    Args:
        chosen: `data.cache_dir`; where it is None, the environment's VIDCLF_CACHE, else `vidclf` in the user's cache
            folder (XDG Base Directory Specification).
    """
    if chosen is None:
        chosen = os.environ.get("VIDCLF_CACHE") or None
    if chosen is not None:
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification: a relative path is to be ignored.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "vidclf"
