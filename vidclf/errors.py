"""Every error that vidclf raises on purpose, in one tree.

    VidclfError                             exit code
    ├── UsageError (ValueError)                 2   what was asked for cannot be
    │   ├── ConfigError                             keys or values of a config, all at once
    │   ├── ManifestError                           a table or tree of clips
    │   │   └── TornGroupsError                         a group in several splits
    │   ├── SourceRefusedError                      an address we do not open
    │   ├── DeviceError                             a device that is not there
    │   ├── RunError                                a run folder that cannot be loaded
    │   ├── GalleryError                            a gallery that cannot be used so
    │   │   └── TooFewPairsError                        a rate that the pairs at hand cannot tell
    │   └── MissingExtraError (ImportError)         an optional dependency
    ├── DecodeError                             1   one input could not be read
    │   ├── SourceNotFoundError (FileNotFoundError)
    │   ├── NotAVideoError
    │   ├── NoVideoStreamError
    │   ├── NoFramesError
    │   ├── DamagedVideoError                       broken or cut off
    │   ├── UnreadablePictureError                  one picture of a folder
    │   ├── MixedSizesError                         pictures or frames of several sizes
    │   └── LimitExceededError                      larger or longer than allowed
    ├── UnusableCropError                       1   what was shown is too poor to enrol
    ├── OtherEmbedderError                      3   the gallery belongs to another embedder
    └── StoppedError                            4   the work stopped for a named reason
        ├── WeightsError                            missing, or of another network
        ├── NanLossError
        ├── OutOfMemoryError
        ├── TooManyBadClipsError
        └── ProcessCountError                       fewer processes than were asked for

A message is one or more sentences for the user: what was found, where, and what to do. The command line
prints it and exits with `exit_code`; it prints no stack trace.

`TruncatedVideoWarning` is what stands for `DamagedVideoError` when a caller chose to keep what decodes.
"""

from __future__ import annotations

from collections.abc import Sequence


class VidclfError(Exception):
    """Root of the tree; catch it to catch everything vidclf raises on purpose."""

    exit_code = 4


class UsageError(VidclfError, ValueError):
    """What was asked for cannot be done as asked."""

    exit_code = 2


class ConfigError(UsageError):
    """A config is wrong; `problems` lists everything that is, one sentence each."""

    def __init__(self, problems: Sequence[str], *, where: str = "the config") -> None:
        self.problems = list(problems)
        count = f"{len(self.problems)} problems" if len(self.problems) > 1 else "a problem"
        super().__init__("\n".join([f"{where} has {count}:", *(f"  - {p}" for p in self.problems)]))


class ManifestError(UsageError):
    """A manifest or a tree of clips cannot be used as it stands."""


class SourceRefusedError(UsageError):
    """An address whose scheme or target vidclf does not open."""


class DeviceError(UsageError):
    """A device was asked for by name and is not there."""


class RunError(UsageError):
    """A folder is no run folder, or one that this version cannot load."""


class GalleryError(UsageError):
    """A gallery is not there, is damaged or is none, or does not hold what was named."""


class TooFewPairsError(GalleryError):
    """There are too few pairs of different people for the rate that was asked for."""


class MissingExtraError(UsageError, ImportError):
    """An optional dependency is missing; the message names the extra that brings it."""


class DecodeError(VidclfError):
    """One input could not be read.

    Attributes:
        source: the input, with secrets masked.
        found: what was found there.
        decoder_said: the decoder's last word, or an empty string.
        advice: what the user can do.
    """

    exit_code = 1
    default_advice = "Play the file in another program to see whether it is whole."

    def __init__(self, source: str, found: str, *, decoder_said: str = "", advice: str = "") -> None:
        self.source, self.found, self.decoder_said = source, found, decoder_said
        self.advice = advice or self.default_advice
        said = f" The decoder said: {decoder_said.rstrip('. ')}." if decoder_said else ""
        super().__init__(f"{source}: {found.rstrip('. ')}.{said} {self.advice}")

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is pickled with its message alone, which is not what it is made from.
        return _decode_error, (type(self), self.source, self.found, self.decoder_said, self.advice)


def _decode_error(kind: type[DecodeError], source: str, found: str, said: str, advice: str) -> DecodeError:
    return kind(source, found, decoder_said=said, advice=advice)


class SourceNotFoundError(DecodeError, FileNotFoundError):
    """There is no such file or folder."""

    default_advice = "Check the path, and the folder that relative paths start from."

    def __str__(self) -> str:
        # FileNotFoundError would print its own errno form.
        return str(self.args[0])


class NotAVideoError(DecodeError):
    """The content is no container that the decoder knows."""

    default_advice = "Check what the file holds: a failed download is often a web page under a video's name."


class NoVideoStreamError(DecodeError):
    """The container holds no moving picture: only sound, subtitles or a cover."""

    default_advice = "Give a file with a video stream."


class NoFramesError(DecodeError):
    """A video stream, or a folder, from which not one frame came."""

    default_advice = "The recording may have been stopped before its first frame, or be encrypted."


class DamagedVideoError(DecodeError):
    """The file is broken or cut off; `on_truncated="keep"` takes what decodes."""

    default_advice = 'Copy or record it again, or read what is left with on_truncated="keep".'


class UnreadablePictureError(DecodeError):
    """One picture of a folder of frames cannot be read."""

    default_advice = "Remove or replace that picture."


class MixedSizesError(DecodeError):
    """The frames have several sizes where one is needed."""

    default_advice = "Give a size to resize all frames to, or sort the pictures into a folder for each size."


class LimitExceededError(DecodeError):
    """The input is larger or longer than the limits allow; said before memory is taken."""

    default_advice = "Raise the limit if you trust this input."


class UnusableCropError(VidclfError):
    """Nothing that was shown is good enough to enrol; the message says why."""

    exit_code = 1


class OtherEmbedderError(VidclfError):
    """The gallery belongs to another embedder, whose vectors cannot be compared with this one's."""

    exit_code = 3


class StoppedError(VidclfError):
    """The work stopped for a reason that the message names; what was done so far is kept."""

    exit_code = 4


class WeightsError(StoppedError):
    """A weights file is missing, damaged, or belongs to another network."""


class NanLossError(StoppedError):
    """The loss became NaN or infinite."""


class OutOfMemoryError(StoppedError):
    """The device ran out of memory; the message says which batch to try."""


class TooManyBadClipsError(StoppedError):
    """More clips than `data.max_bad_share` could not be read."""


class ProcessCountError(StoppedError):
    """The launcher started another number of processes than it was asked for."""


class TruncatedVideoWarning(UserWarning):
    """A damaged source was kept as far as it decodes."""
