"""One sitting at the label page: every change is saved at once, and undone in steps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import RLock

from vidclf.errors import UsageError
from vidclf.web.label.store import Item, LabelStore, Reason, SetAside

_KEYS = "1234567890"
_MAX_LABEL = 60
_NO_LABEL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Proposal:
    """What a trained model takes a clip for.

    Attributes:
        label: the most probable class.
        probability: its probability.
        margin: by how much it is more probable than the second; what is near 0 is worth looking at first
            (margin sampling: Scheffer, Decomain and Wrobel, IDA 2001).
    """

    label: str
    probability: float
    margin: float


@dataclass(frozen=True)
class Choice:
    """A label, the key that chooses it (empty after the tenth), and how many clips have it."""

    label: str
    key: str
    count: int


@dataclass(frozen=True)
class View:
    """All that the page shows beside the video.

    Attributes:
        number: the clip, counted from 0.
        name: its path as the manifest writes it.
        label: what was chosen, or empty.
        set_aside: `skipped`, `bad`, or empty.
        start_seconds: first mark, in the source's own time.
        end_seconds: second mark.
        proposal: what the model takes it for, once it has looked.
        previous: the clip before it in the order of the page, None at the first.
        next: the clip after it.
        num_done: how many clips are decided.
        num_clips: of how many.
        num_scored: how many the model has looked at.
        num_to_score: of how many; 0 without a model.
        choices: the labels.
        can_undo: whether there is a change to undo.
        trouble: why the model proposes nothing more, or empty.
    """

    number: int
    name: str
    label: str
    set_aside: SetAside
    start_seconds: float | None
    end_seconds: float | None
    proposal: Proposal | None
    previous: int | None
    next: int | None
    num_done: int
    num_clips: int
    num_scored: int
    num_to_score: int
    choices: tuple[Choice, ...]
    can_undo: bool
    trouble: str


class Session:
    """The clips of a folder while they are labelled; several threads and browsers may use it.

    The order of the page: what was decided before, then the clips as they were looked at, then the others, those
    first that the model is least sure of.
    """

    def __init__(self, store: LabelStore, labels: Sequence[str] = (), *, known: Sequence[str] = ()) -> None:
        """Load the clips.

        Args:
            store: where they are kept.
            labels: labels that the user named, in the order of their keys.
            known: further ones, such as a model's classes; those that were used before come first.

        Raises:
            ManifestError: see `LabelStore.load`.
            UsageError: a name that cannot be a label.
        """
        self._store = store
        self._items, used = store.load()
        given = [_checked(label) for label in labels]
        rows = [item.entry.label for item in self._items if item.entry.label]
        self._labels = list(dict.fromkeys([*given, *used, *known, *rows]))
        self._seen = [number for number, item in enumerate(self._items) if item.is_done]
        self._history: list[tuple[int, Item]] = []
        self._proposals: dict[int, Proposal | None] = {}
        self._num_to_score = 0
        self._trouble = ""
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self._items)

    def item(self, number: int) -> Item:
        """What is known of a clip."""
        with self._lock:
            return self._items[number]

    def serves(self, number: int) -> bool:
        """Whether the clip lies in the folder still: somebody may have put a link in its place."""
        return self._store.holds(self.item(number).entry.path)

    def view(self, number: int | None = None) -> View:
        """A clip as the page shows it; None: the first that is not decided, or the last of all."""
        with self._lock:
            if number is None:
                number = self._next_open(after=None)
            if number not in self._seen:
                self._seen.append(number)
            return self._view(number)

    def label(self, number: int, label: str) -> View:
        """Choose a label; gives the next clip that is not decided."""
        with self._lock:
            if label not in self._labels:
                raise UsageError(f"{label!r} is none of the labels; add it first.")
            item = self._items[number]
            self._change(number, Item(replace(item.entry, label=label)))
            return self.view(self._next_open(after=number))

    def set_aside(self, number: int, reason: Reason) -> View:
        """Decide that a clip gets no label; gives the next one that is not decided."""
        with self._lock:
            item = self._items[number]
            self._change(number, Item(replace(item.entry, label=""), reason))
            return self.view(self._next_open(after=number))

    def mark(self, number: int, start_seconds: float, end_seconds: float) -> View:
        """Mark the frame that is shown from one time to the other: as the start of the gesture, then as its end.

        A third mark begins anew. Where the second one comes before the first, as when the clip has begun again
        in between, the part between the two is meant.
        """
        with self._lock:
            item = self._items[number]
            first, last = item.entry.start_seconds, item.entry.end_seconds
            if first is None or last is not None:
                start, end = start_seconds, None
            elif start_seconds < first:
                start, end = start_seconds, first
            else:
                start, end = first, end_seconds
            self._change(number, replace(item, entry=replace(item.entry, start_seconds=start, end_seconds=end)))
            return self._view(number)

    def clear_marks(self, number: int) -> View:
        """Take the whole clip."""
        with self._lock:
            item = self._items[number]
            self._change(number, replace(item, entry=replace(item.entry, start_seconds=None, end_seconds=None)))
            return self._view(number)

    def add_label(self, number: int, label: str) -> View:
        """Add a label to choose from; gives the clip that was looked at."""
        with self._lock:
            if (label := _checked(label)) not in self._labels:
                self._store.save(self._items, [*self._labels, label])
                self._labels.append(label)
            return self._view(number)

    def undo(self) -> View:
        """Take back the latest change of all; gives its clip."""
        with self._lock:
            if not self._history:
                raise UsageError("there is nothing to undo.")
            number, before = self._history[-1]
            self._save(number, before)
            self._history.pop()
            return self._view(number)

    def start_scoring(self) -> list[int]:
        """The clips that a model may propose a label for."""
        with self._lock:
            open_clips = [number for number, item in enumerate(self._items) if not item.is_done]
            self._num_to_score = len(open_clips)
            return open_clips

    def propose(self, number: int, proposal: Proposal | None) -> None:
        """Keep what a model says; None where it could not read the clip."""
        with self._lock:
            self._proposals[number] = proposal

    def stop_scoring(self, trouble: str = "") -> None:
        """Expect no more proposals."""
        with self._lock:
            self._num_to_score, self._trouble = len(self._proposals), trouble

    def _change(self, number: int, item: Item) -> None:
        before = self._items[number]
        if item != before:
            self._save(number, item)
            self._history.append((number, before))

    def _save(self, number: int, item: Item) -> None:
        """On disk first: what could not be saved is not shown as if it were."""
        items = [*self._items]
        items[number] = item
        self._store.save(items, self._labels)
        self._items = items

    def _order(self) -> list[int]:
        seen = set(self._seen)
        rest = (number for number in range(len(self._items)) if number not in seen)
        return self._seen + sorted(rest, key=lambda number: (self._margin(number), number))

    def _margin(self, number: int) -> float:
        proposal = self._proposals.get(number)
        return proposal.margin if proposal else 2.0  # after all that were scored

    def _next_open(self, *, after: int | None) -> int:
        order = self._order()
        start = order.index(after) + 1 if after is not None else 0
        around = order[start:] + order[:start]
        return next((number for number in around if not self._items[number].is_done), around[-1])

    def _view(self, number: int) -> View:
        item, order = self._items[number], self._order()
        place = order.index(number)
        counts = Counter(other.entry.label for other in self._items)
        keys = _KEYS.ljust(len(self._labels))
        return View(
            number=number,
            name=item.entry.name,
            label=item.entry.label,
            set_aside=item.set_aside,
            start_seconds=item.entry.start_seconds,
            end_seconds=item.entry.end_seconds,
            proposal=self._proposals.get(number),
            previous=order[place - 1] if place else None,
            next=order[place + 1] if place + 1 < len(order) else None,
            num_done=sum(other.is_done for other in self._items),
            num_clips=len(self._items),
            num_scored=len(self._proposals),
            num_to_score=self._num_to_score,
            choices=tuple(
                Choice(label, key.strip(), counts[label]) for label, key in zip(self._labels, keys, strict=False)
            ),
            can_undo=bool(self._history),
            trouble=self._trouble,
        )


def _checked(label: str) -> str:
    label = label.strip()
    if not label or len(label) > _MAX_LABEL or _NO_LABEL.search(label):
        raise UsageError(f"{label!r} cannot be a label: give 1 to {_MAX_LABEL} characters in one line.")
    return label
