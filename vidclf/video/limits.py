"""How large an input may be before it is refused.

A file of a few bytes can declare pictures of gigabytes. The limits are checked against what is declared
before anything is decoded, and against what really comes while decoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields

from vidclf.errors import LimitExceededError

_REFUSED_PICTURE = re.compile(r"Picture size (\d+)x(\d+) (?:exceeds|is invalid)")


@dataclass(frozen=True)
class Limits:
    """What one input may be at most.

    Attributes:
        max_pixels: width times height of one frame; 64 million holds 8K video and large photographs.
        max_seconds: time from the first frame to the last.
        max_bytes: memory of the RGB frames that one call returns; putting them together briefly takes twice that.
        max_process_bytes: memory of a process that reads one input alone (`isolate=True`), beyond the program's
            own; held on Linux.
        max_cpu_seconds: processor time of such a process; not held on Windows.
        max_wall_seconds: how long such a process may take.
    """

    max_pixels: int = 64_000_000
    max_seconds: float = 6 * 3600.0
    max_bytes: int = 8 * 2**30
    max_process_bytes: int = 4 * 2**30
    max_cpu_seconds: float = 600.0
    max_wall_seconds: float = 900.0

    def __post_init__(self) -> None:
        for limit in fields(self):
            if not getattr(self, limit.name) > 0:
                raise ValueError(f"{limit.name} must be above 0, not {getattr(self, limit.name)}")

    @property
    def decoder_max_pixels(self) -> int:
        """What FFmpeg's decoders are told: more by what they pad the sides of a frame with (up to 64 pixels)."""
        return self.max_pixels + 2**23

    def check_picture(self, source: str, width: int, height: int) -> None:
        """Raise LimitExceededError for a frame of too many pixels."""
        if width * height > self.max_pixels:
            raise LimitExceededError(
                source,
                f"its frames have {width}x{height} = {width * height:,} pixels, "
                f"more than the {self.max_pixels:,} of max_pixels",
            )

    def check_seconds(self, source: str, seconds: float) -> None:
        """Raise LimitExceededError for a source that is too long."""
        if seconds > self.max_seconds:
            raise LimitExceededError(
                source, f"it is {seconds:.1f} seconds long, more than the {self.max_seconds:g} of max_seconds"
            )

    def check_frames(self, source: str, count: int, height: int, width: int) -> None:
        """Raise LimitExceededError for `count` RGB frames that would take too much memory."""
        needed = count * height * width * 3
        if needed > self.max_bytes:
            raise LimitExceededError(
                source,
                f"{count} frames of {width}x{height} take {needed:,} bytes, "
                f"more than the {self.max_bytes:,} of max_bytes",
                advice="Ask for fewer or smaller frames, or raise the limit.",
            )

    def check_decoder_refusal(self, source: str, messages: Iterable[str]) -> None:
        """Raise LimitExceededError where the decoder itself refused a picture as too large."""
        for message in messages:
            if match := _REFUSED_PICTURE.search(message):
                self.check_picture(source, int(match[1]), int(match[2]))
