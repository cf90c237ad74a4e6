"""From rows of a manifest to prepared clips, decoded once where memory allows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from vidclf.data.manifest import ClipEntry
from vidclf.errors import DecodeError
from vidclf.parallel import map_ahead
from vidclf.prep import Prepared, Preprocessing, read_prepared
from vidclf.types import Clip
from vidclf.video import OnTruncated, read_clip


@dataclass
class ClipReader:
    """Reads clips as one preprocessing wants them.

    Attributes:
        preprocessing: what the network wants.
        on_truncated: `keep` takes the good part of damaged files, with a warning.
        in_memory: keep each clip's frames, resized, so that it is decoded only once.
    """

    preprocessing: Preprocessing
    on_truncated: OnTruncated = "error"
    in_memory: bool = False
    _kept: dict[ClipEntry, Clip | DecodeError] = field(default_factory=dict, repr=False)

    def prepared(self, entry: ClipEntry, rng: np.random.Generator | None = None, *, speed: float = 1.0) -> Prepared:
        """One clip, planned and fitted; see `Preprocessing.plan` for `rng` and `speed`.

        Raises:
            DecodeError: the clip cannot be read; said again for one that is known to be bad, without trying.
        """
        if self.in_memory:
            return self.preprocessing.take(self._fitted(entry), rng, speed=speed)
        return read_prepared(
            self.preprocessing,
            entry.path,
            start_seconds=entry.start_seconds,
            end_seconds=entry.end_seconds,
            on_truncated=self.on_truncated,
            rng=rng,
            speed=speed,
        )

    def fill(self, entries: Sequence[ClipEntry]) -> Iterator[ClipEntry]:
        """Decode clips ahead into memory, passing each on when it is there; a bad one is remembered as bad."""

        def keep(entry: ClipEntry) -> ClipEntry:
            with contextlib.suppress(DecodeError):  # whoever asks for the clip is told
                self._fitted(entry)
            return entry

        yield from map_ahead(keep, entries)

    def _fitted(self, entry: ClipEntry) -> Clip:
        kept = self._kept.get(entry)
        if kept is None:
            try:
                clip = read_clip(
                    entry.path,
                    start_seconds=entry.start_seconds,
                    end_seconds=entry.end_seconds,
                    on_truncated=self.on_truncated,
                )
                kept = self.preprocessing.fit(clip)
            except DecodeError as error:
                kept = error
            self._kept[entry] = kept
        if isinstance(kept, DecodeError):
            raise kept.with_traceback(None)  # which would grow each time
        return kept
