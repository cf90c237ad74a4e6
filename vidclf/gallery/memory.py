"""A gallery as it is searched: in memory, brought up to date with what any process has changed."""

from __future__ import annotations

import math
import time
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np

from vidclf.gallery.decisions import Candidate
from vidclf.gallery.records import Head, Identity, Template, damaged, is_unit
from vidclf.gallery.search import SearchKind, make_search
from vidclf.gallery.store import Reader, Store
from vidclf.types import Float32Array, IntArray

# Templates that are read at a time.
_BATCH = 4096


class Memory:
    """The people and vectors of a store. People are known by the number of the identity they were merged into.

    What was only added since the last look is read alone; after any other change all is read anew. Identities that
    have expired are left out, whether or not they were removed yet.

    Args:
        store: where they are kept.
        search: how the nearest are found.

    Attributes:
        head: the store's, at the last look.
    """

    head: Head

    def __init__(self, store: Store, search: SearchKind = "exact") -> None:
        self._store, self._kind = store, search
        self._revision = -1
        self._next_expiry = math.inf
        self._forget()

    def refresh(self) -> None:
        """See what was changed since the last time.

        Raises:
            GalleryError: the gallery is damaged.
            StoppedError: the database cannot be reached.
        """
        with self._store.reading() as reader:
            self.head = reader.head
            has_expired = time.time() >= self._next_expiry
            if self.head.revision == self._revision and not has_expired:
                return
            if self.head.epoch > self._revision or has_expired:
                self._forget()
            try:
                self._read(reader)
            except BaseException:
                self._forget()  # the next time all is read anew
                raise
            self._revision = self.head.revision

    @property
    def names(self) -> Mapping[int, str]:
        """What people are called, by their numbers."""
        return self._names

    @property
    def vectors(self) -> Float32Array:
        """Templates, float32 (N, D)."""
        return self._search.vectors

    @property
    def people(self) -> IntArray:
        """Whose the templates are, int64 (N,)."""
        return np.array(self._people, dtype=np.int64)

    @property
    def template_ids(self) -> Sequence[int]:
        """The templates' numbers in the store, (N,)."""
        return self._template_ids

    def person(self, identity_id: int) -> int | None:
        """Whom an identity stands for; None where it has expired."""
        return self._person_of.get(identity_id)

    def candidates(self, queries: Float32Array, count: int) -> list[list[Candidate]]:
        """For each query the people it may show, the nearest first.

        Args:
            queries: float32 (Q, D) of length one.
            count: how many people; of fewer that there are, all are given.
        """
        # So many templates are certain to be of `count` people.
        rows, similarities = self._search.nearest(queries, (count - 1) * self._most_templates + 1)
        return [
            self._ranked(query, found.tolist(), cosines.tolist())[:count]
            for query, found, cosines in zip(queries, rows, similarities, strict=True)
        ]

    def candidate(self, query: Float32Array, person: int) -> Candidate | None:
        """One person as a candidate for a query, float32 (D,); None where they have no template."""
        rows = np.flatnonzero(self.people == person)
        if not len(rows):
            return None
        row = int(rows[np.argmax(self.vectors[rows] @ query)])
        return self._ranked(query, [row], [float(self.vectors[row] @ query)])[0]

    def _ranked(self, query: Float32Array, rows: Sequence[int], similarities: Sequence[float]) -> list[Candidate]:
        nearest: dict[int, Candidate] = {}
        for row, similarity in zip(rows, similarities, strict=True):
            person = self._people[row]
            if person not in nearest:
                rejection = max((float(vector @ query) for vector in self._rejected.get(person, ())), default=-1.0)
                nearest[person] = Candidate(self._names[person], similarity, self._template_ids[row], rejection)
        return list(nearest.values())

    def _forget(self) -> None:
        self._revision = -1
        self._next_expiry = math.inf
        self._num_rows = 0
        self._last_identity = self._last_template = 0
        self._names: dict[int, str] = {}
        self._person_of: dict[int, int | None] = {}  # by identity; None where it has expired
        # Arrays, not lists: they grow cheaply, and NumPy copies them in one go.
        self._people = array("q")
        self._template_ids = array("q")
        self._templates_of: Counter[int] = Counter()
        self._most_templates = 1
        self._rejected: dict[int, list[Float32Array]] = {}

    def _read(self, reader: Reader) -> None:
        if not self._num_rows:
            self._search = make_search(self._kind, reader.head.dim)
        self._read_identities(reader)
        templates = reader.templates(after=self._last_template)
        while batch := list(islice(templates, _BATCH)):
            self._add(batch)
        if self._num_rows != self.head.num_rows:
            raise damaged(self._store.where, f"of {self.head.num_rows} rows there are {self._num_rows}")

    def _read_identities(self, reader: Reader) -> None:
        identities = reader.identities(after=self._last_identity)
        now = time.time()
        self._num_rows += len(identities)
        expiries = {identity.id: identity.expires_seconds or math.inf for identity in identities}
        alive = {identity.id: identity for identity in identities if expiries[identity.id] > now}
        for identity in identities:
            person = self._merged(identity, alive) if identity.id in alive else None
            self._person_of[identity.id] = person
            if person == identity.id:
                self._names[person] = identity.name
            self._last_identity = identity.id
        self._next_expiry = min([self._next_expiry, *(expiries[number] for number in alive)])

    def _merged(self, identity: Identity, alive: Mapping[int, Identity]) -> int:
        """The identity that stands for this one; whatever it was merged into may have expired."""
        seen = {identity.id}
        while (into := alive.get(identity.merged_into or 0)) is not None:
            if into.id in seen:
                raise damaged(self._store.where, "identities are merged in a circle")
            seen.add(into.id)
            identity = into
        return identity.id

    def _add(self, templates: Sequence[Template]) -> None:
        vectors = np.stack([template.vector for template in templates])
        if not is_unit(vectors):
            raise damaged(self._store.where, "a vector has not the length of one")
        self._num_rows += len(templates)
        self._last_template = templates[-1].id
        used = []
        for place, template in enumerate(templates):
            if template.identity_id not in self._person_of:
                raise damaged(self._store.where, f"template {template.id} is nobody's")
            person = self._person_of[template.identity_id]
            if person is None:
                continue
            if template.rejected:
                self._rejected.setdefault(person, []).append(template.vector)
                continue
            used.append(place)
            self._people.append(person)
            self._template_ids.append(template.id)
            self._templates_of[person] += 1
            self._most_templates = max(self._most_templates, self._templates_of[person])
        self._search.add(vectors[used])
