"""Fitted frames kept on disk: a clip is decoded once, for all epochs and all trainings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from vidclf.data.cache.content import content_hash
from vidclf.data.cache.entries import Arrays
from vidclf.data.cache.store import EntryStore, entry_key
from vidclf.data.manifest import ClipEntry
from vidclf.prep import Chance, Prepared, Preprocessing, read_prepared
from vidclf.secrets import redact
from vidclf.types import Clip
from vidclf.video import OnTruncated, read_clip

# Raised whenever the same settings come to mean other frames.
_FORMAT = 1

# What acts on fitted frames only; any other setting, also one that is yet to come, tells entries apart.
_AFTER_FIT = ("sampling", "frames", "fps", "motion", "motion_seconds", "statistics")
_AFTER_SAMPLING = ("statistics",)


@cache
def _decoder_version() -> str:
    return version("av")


class ClipKeys:
    """Keys of clips: what the file holds, which part of it, how it is read, and what is then done with it.

    A file is looked at once. Whoever changes it later must start anew.

    Args:
        folder: the cache's folder.
        on_truncated: how clips are read.
    """

    def __init__(self, folder: Path, on_truncated: OnTruncated) -> None:
        self._hashes = EntryStore(folder, "hashes")
        self._on_truncated = on_truncated
        self._content: dict[Path, str] = {}

    def key(self, entry: ClipEntry, **settings: object) -> str:
        """The key of what settings make of a clip.

        Raises:
            OSError: the file cannot be read.
        """
        if entry.path not in self._content:
            self._content[entry.path] = content_hash(entry.path, self._hashes)
        return entry_key(
            format=_FORMAT,
            decoder=_decoder_version(),
            content=self._content[entry.path],
            suffix=entry.path.suffix.lower(),  # which decides how a lone picture is opened
            start_seconds=entry.start_seconds,
            end_seconds=entry.end_seconds,
            on_truncated=self._on_truncated,
            **settings,
        )


class FrameCache:
    """Frames of clips, fitted to a network's input, in memory-mapped files.

    Args:
        folder: the cache's folder.
        preprocessing: what the network wants.
        on_truncated: `keep` takes the good part of damaged files, with a warning when it is decoded.
    """

    def __init__(self, folder: Path, preprocessing: Preprocessing, on_truncated: OnTruncated = "error") -> None:
        self.preprocessing = preprocessing
        self.on_truncated = on_truncated
        self._settings = preprocessing.to_json()  # once: it hashes the detector's file
        self._entries = EntryStore(folder, "frames")
        self._keys = ClipKeys(folder, on_truncated)

    def dense(self, entry: ClipEntry) -> Clip:
        """Every frame of a clip, fitted: what frames are drawn from.

        Raises:
            DecodeError: the clip cannot be read.
            StoppedError: the disk is full.
        """

        def decoded() -> Arrays:
            clip = read_fitted(self.preprocessing, entry, self.on_truncated)
            return {"frames": clip.frames, "pts_seconds": clip.pts_seconds}

        arrays = self._kept(entry, {"dense": self._settings_but(_AFTER_FIT)}, decoded)
        valid = np.ones(len(arrays["frames"]), dtype=np.bool_)
        return Clip(arrays["frames"], arrays["pts_seconds"], valid, redact(str(entry.path)))

    def sampled(self, entry: ClipEntry) -> Prepared:
        """The frames that are looked at where nothing is drawn, fitted.

        Raises:
            DecodeError: the clip cannot be read.
            StoppedError: the disk is full.
        """

        def decoded() -> Arrays:
            prepared = read_entry(self.preprocessing, entry, self.on_truncated)
            return {name: getattr(prepared, name) for name in ("frames", "steps", "before", "pts_seconds")}

        arrays = self._kept(entry, {"sampled": self._settings_but(_AFTER_SAMPLING)}, decoded)
        return Prepared(
            # Copied: these go to the network as they are, and PyTorch wants arrays that may be written to.
            np.array(arrays["frames"]),
            arrays["steps"],
            arrays["before"],
            arrays["pts_seconds"],
            redact(str(entry.path)),
        )

    def _kept(self, entry: ClipEntry, settings: Mapping[str, object], decode: Callable[[], Arrays]) -> Arrays:
        try:
            key = self._keys.key(entry, **settings)
        except OSError:
            return decode()  # which says what is wrong with the file
        return self._entries.get(key) or self._entries.put(key, decode())

    def _settings_but(self, left_out: tuple[str, ...]) -> dict[str, Any]:
        return {name: value for name, value in self._settings.items() if name not in left_out}


def read_fitted(preprocessing: Preprocessing, entry: ClipEntry, on_truncated: OnTruncated) -> Clip:
    """Decode a clip and fit all its frames.

    Raises:
        DecodeError: it cannot be read.
    """
    return preprocessing.fit(
        read_clip(
            entry.path,
            start_seconds=entry.start_seconds,
            end_seconds=entry.end_seconds,
            on_truncated=on_truncated,
        )
    )


def read_entry(
    preprocessing: Preprocessing,
    entry: ClipEntry,
    on_truncated: OnTruncated,
    chance: Chance | None = None,
) -> Prepared:
    """Decode the frames of a clip that are looked at, with `chance` those that are drawn.

    Raises:
        DecodeError: it cannot be read.
    """
    return read_prepared(
        preprocessing,
        entry.path,
        start_seconds=entry.start_seconds,
        end_seconds=entry.end_seconds,
        on_truncated=on_truncated,
        chance=chance,
    )
