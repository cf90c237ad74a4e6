"""How far along: work that takes a while tells it, and whoever called decides what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Track(Protocol):
    """Passes items on, and shows or tells how many have passed."""

    def __call__(self, items: Iterable[Item], *, total: int, what: str) -> Iterator[Item]:
        """Pass on `items`, of which there are `total`; `what` says in a word or two what they are."""


def untracked(items: Iterable[Item], *, total: int, what: str) -> Iterator[Item]:  # noqa: ARG001
    """Show nothing."""
    yield from items
