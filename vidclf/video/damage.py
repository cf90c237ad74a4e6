"""What becomes of evidence that a source is damaged: an error, or a warning when the caller keeps the rest."""

from __future__ import annotations

import warnings
from typing import Literal

from vidclf.errors import DamagedVideoError, TruncatedVideoWarning
from vidclf.secrets import redact

OnTruncated = Literal["error", "keep"]


class DamageWatch:
    """Takes evidence of damage for one source.

    Attributes:
        last_word: the latest evidence, in the decoder's words; empty while there is none.
        frames_so_far: how many frames came in this pass; whoever decodes keeps it.
    """

    def __init__(self, source: str, on_truncated: OnTruncated) -> None:
        if on_truncated not in ("error", "keep"):
            raise ValueError(f"on_truncated must be 'error' or 'keep', not {on_truncated!r}")
        self._source, self._on_truncated = source, on_truncated
        self._warned = False
        self.last_word = ""
        self.frames_so_far = 0

    def note(self, evidence: str, *, advice: str = "") -> None:
        """Record evidence.

        Raises:
            DamagedVideoError: the caller did not choose to keep what decodes.
        """
        self.last_word = redact(evidence)
        if self._on_truncated == "error":
            raise DamagedVideoError(
                self._source,
                f"it is damaged or cut off, which showed after {self.frames_so_far} frames",
                decoder_said=self.last_word,
                advice=advice,
            )

    def warn_if_damaged(self) -> None:
        """Warn, once for a source, that only a part of it was read."""
        if self.last_word and not self._warned:
            self._warned = True
            warnings.warn(
                f"{self._source}: it is damaged or cut off; the {self.frames_so_far} frames that decode are kept. "
                f"The decoder said: {self.last_word.rstrip('. ')}.",
                TruncatedVideoWarning,
                stacklevel=2,
            )
