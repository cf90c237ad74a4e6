"""What comes of an item in another process."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Lost:
    """Stands for a result: the process that worked on the item ended before it was done.

    Attributes:
        reason: how it ended, in a sentence.
    """

    reason: str


@dataclass(frozen=True)
class Done(Generic[Result]):
    """What the function gave."""

    result: Result


@dataclass(frozen=True)
class Raised:
    """What the function raised."""

    error: Exception


def attempted(function: Callable[[Item], Result], item: Item) -> bytes:
    """A pickled `Done` or `Raised`, which can always be unpickled."""
    try:
        return pickle.dumps(Done(function(item)))
    except Exception as error:
        error.add_note(f"In the process that worked on {item!r}:\n{traceback.format_exc()}")
        try:
            pickle.loads(pickle.dumps(error))  # some can be packed but not unpacked
        except Exception:
            error = RuntimeError(traceback.format_exc())
        return pickle.dumps(Raised(error))
