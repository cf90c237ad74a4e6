"""Secrets stay out of everything that is printed, and sources are only what they are meant to be.

A camera's address often carries a password. `redact` masks it in any text: our messages, the decoder's, a
report. `SourceAddress` keeps an address whose `repr` and `str` show the masked form only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from vidclf.errors import SourceRefusedError

MASK = "***"

# user:password@ in any address; the password may itself hold "@", "/" or quotes when a user did not escape them,
# so everything up to the last "@" before a blank goes. One slash is what a Path leaves of two; the letters before
# it tell it from a drive.
_USERINFO = re.compile(r"(?P<slashes>://|(?<=[\w+.-]{2}):/)\S*@")
_QUERY = re.compile(
    # Some cameras take ".../user=admin_password=..." as their path.
    r"(?P<key>(?:/user|[?&;][\w.-]*(?:use|pas|pw|token|secret|auth|key|sig|credential)[\w.-]*)=)"
    r"[^&;\s'\"<>]*",
    re.IGNORECASE,
)

# What a source may be. FFmpeg's other protocols (concat, subfile, data, pipe, crypto, unix ...) reach what the
# user did not name.
STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https", "tcp", "udp", "rtp", "srt", "rtmp", "rtmps")

_PROTOCOLS = {
    "file": "file",
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsps,rtsp,rtp,udp,tcp,tls",
    "http": "http,tcp",
    "https": "https,http,tcp,tls",
    "tcp": "tcp",
    "udp": "udp",
    "rtp": "rtp,udp",
    "srt": "srt",
    "rtmp": "rtmp,tcp",
    "rtmps": "rtmps,rtmp,tcp,tls",
}


def redact(text: str) -> str:
    """Mask user names, passwords and tokens in every address within a text.

    >>> redact("could not open rtsp://admin:pa@ss@10.0.0.5/live?token=abc")
    'could not open rtsp://***@10.0.0.5/live?token=***'
    """
    text = _USERINFO.sub(rf"\g<slashes>{MASK}@", text)
    return _QUERY.sub(rf"\g<key>{MASK}", text)


@dataclass(frozen=True)
class SourceAddress:
    """A file, folder, camera number or stream address, with its secrets hidden from `repr` and `str`.

    Attributes:
        kind: `file` (files and folders alike), `camera` or `stream`.
        scheme: the address's scheme for a stream, `file` or `camera` otherwise.
        shown: the form that may be printed.
    """

    kind: str
    scheme: str
    shown: str
    _raw: str = field(repr=False)

    def __str__(self) -> str:
        return self.shown

    @property
    def raw(self) -> str:
        """The address as the decoder needs it; never print it."""
        return self._raw

    @property
    def protocol_whitelist(self) -> str:
        """FFmpeg's `protocol_whitelist` for this source: only what the source itself needs."""
        return _PROTOCOLS.get(self.scheme, "file")

    @classmethod
    def parse(cls, source: str | Path | int) -> SourceAddress:
        """Tell what a source is.

        Args:
            source: a path, a camera number (an int, or a string of digits that names no file), or an address.

        Raises:
            SourceRefusedError: the scheme is none that a source may have, or a stream's address holds a blank.
        """
        if isinstance(source, int):
            return cls("camera", "camera", f"camera {source}", str(source))
        text = str(source)
        if isinstance(source, str) and text.isdecimal() and not Path(text).exists():
            return cls("camera", "camera", f"camera {text}", text)
        scheme, found, _ = text.partition("://")
        if isinstance(source, str) and found and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.,-]*", scheme):
            scheme = scheme.lower()
            if scheme == "file":
                return cls("file", "file", redact(text[7:]), text[7:])
            if re.search(r"\s", text):  # in a message, nobody could tell where the address ends and what to mask
                raise SourceRefusedError(f"{scheme}://{MASK}: an address holds no blanks; write each as %20.")
            if scheme not in STREAM_SCHEMES:
                raise SourceRefusedError(
                    f"{redact(text)}: '{scheme}' is no kind of address that vidclf opens. "
                    f"Give a file, a folder, a camera number, or an address that starts with "
                    f"{', '.join(s + '://' for s in STREAM_SCHEMES)}."
                )
            return cls("stream", scheme, redact(text), text)
        return cls("file", "file", redact(text), text)
