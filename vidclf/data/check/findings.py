"""What a check may find: the kinds, and one finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "missing",
    "unreadable",
    "no_video_stream",
    "truncated",
    "too_short",
    "frame_count",
    "frame_rate",
    "duplicate",
    "reencoded",
    "overlap",
    "split_leak",
    "class_balance",
    "giveaway",
]


@dataclass(frozen=True)
class Advice:
    """What a kind is called, and what to do about it."""

    title: str
    to_do: str


ADVICE: Mapping[Kind, Advice] = {
    "missing": Advice("not there", "correct the path, or take the row out"),
    "unreadable": Advice("unreadable", "replace the file, or take the row out"),
    "no_video_stream": Advice("no video stream", "replace the file, or take the row out"),
    "truncated": Advice("damaged or cut off", "copy or record it again, or train with data.on_truncated=keep"),
    "too_short": Advice("shorter than the sampling needs", "ask for fewer steps (prep.frames), or take the row out"),
    "frame_count": Advice("declared and decoded frames differ", "nothing for vidclf; re-encode for other programs"),
    "frame_rate": Advice("nominal and real frame rate differ", "nothing for vidclf; re-encode for other programs"),
    "duplicate": Advice("the same content twice", "keep one"),
    "reencoded": Advice("a copy in another encoding", "keep one"),
    "overlap": Advice("two clips share a stretch", "give both one group, or cut them apart"),
    "split_leak": Advice("on both sides of a split", "put them on one side: give them one group and split again"),
    "class_balance": Advice("classes out of balance", "add clips of the rare class, or train.class_weights=balanced"),
    "giveaway": Advice(
        "a property gives the label away", "make it alike in all classes; a model must beat that score"
    ),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        kind: what it is.
        paths: the clips that it is about, as the manifest names them.
        sentence: what was found, with names and numbers.
        fault: whether it is wrong; if not, it is something to know.
        details: the numbers, by name.
    """

    kind: Kind
    paths: tuple[str, ...]
    sentence: str
    fault: bool = True
    details: Mapping[str, float | str] = field(default_factory=dict)
