"""Clips, planned and fitted: decoded each time, or once where memory or a disk keeps the frames."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from vidclf.data.cache import FrameCache, read_entry, read_fitted
from vidclf.data.manifest import ClipEntry
from vidclf.errors import DecodeError
from vidclf.parallel import map_ahead
from vidclf.prep import Chance, Prepared, Preprocessing
from vidclf.types import Clip
from vidclf.video import OnTruncated

Read = TypeVar("Read")


@dataclass
class ClipReader:
    """Reads clips as one preprocessing wants them.

    Attributes:
        preprocessing: what the network wants.
        on_truncated: `keep` takes the good part of damaged files, with a warning.
        in_memory: keep each clip's frames, resized, so that it is decoded only once.
        on_disk: keeps them in files, for other trainings too; with `in_memory` it is not asked.
    """

    preprocessing: Preprocessing
    on_truncated: OnTruncated = "error"
    in_memory: bool = False
    on_disk: FrameCache | None = None
    _clips: dict[ClipEntry, Clip] = field(default_factory=dict, repr=False)
    _bad: dict[ClipEntry, DecodeError] = field(default_factory=dict, repr=False)

    def prepared(self, entry: ClipEntry, chance: Chance | None = None) -> Prepared:
        """One clip, planned and fitted, with what is drawn in training.

        Raises:
            DecodeError: the clip cannot be read; said again for one that is known to be bad, without trying.
            StoppedError: the disk that keeps frames is full.
        """
        if self.in_memory:
            clip = self._fitted(entry)
        elif self.on_disk is None:
            return read_entry(self.preprocessing, entry, self.on_truncated, chance)
        elif chance is None:
            return self._remembered_if_bad(entry, self.on_disk.sampled)
        else:
            clip = self._remembered_if_bad(entry, self.on_disk.dense)
        # Not `preprocessing.take`: what is fitted must not be cropped again.
        plan = self.preprocessing.plan(clip.pts_seconds, chance)
        wanted = plan.wanted
        return Prepared(clip.frames[wanted], plan.steps, plan.before, clip.pts_seconds[wanted], clip.source)

    def fill(self, entries: Sequence[ClipEntry], *, drawn: bool = True) -> Iterator[ClipEntry]:
        """Decode clips ahead into the cache, passing each on when it is there; a bad one is remembered as bad.

        Args:
            entries: the clips.
            drawn: frames will be drawn from them, so all are kept; else, on disk, those that are looked at.
        """

        def keep(entry: ClipEntry) -> ClipEntry:
            with contextlib.suppress(DecodeError):  # whoever asks for the clip is told
                self._fetch(entry, drawn=drawn)
            return entry

        yield from map_ahead(keep, entries)

    @property
    def bad(self) -> tuple[DecodeError, ...]:
        """Why clips that were asked of the cache could not be read."""
        return tuple(self._bad.values())

    def _fetch(self, entry: ClipEntry, *, drawn: bool) -> None:
        if self.in_memory:
            self._fitted(entry)
        elif self.on_disk is not None:
            self._remembered_if_bad(entry, self.on_disk.dense if drawn else self.on_disk.sampled)

    def _fitted(self, entry: ClipEntry) -> Clip:
        if entry not in self._clips:
            self._clips[entry] = self._remembered_if_bad(
                entry, lambda entry: read_fitted(self.preprocessing, entry, self.on_truncated)
            )
        return self._clips[entry]

    def _remembered_if_bad(self, entry: ClipEntry, read: Callable[[ClipEntry], Read]) -> Read:
        if entry in self._bad:
            raise self._bad[entry].with_traceback(None)  # which would grow each time
        try:
            return read(entry)
        except DecodeError as error:
            self._bad[entry] = error
            raise
