"""The gallery: who is known, who somebody is, and who is a stranger."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from vidclf.errors import GalleryError, OtherEmbedderError, StoppedError, UnusableCropError, UsageError
from vidclf.gallery import people
from vidclf.gallery.answers import check_claim, compare, identify
from vidclf.gallery.calibration import Calibration, calibrate
from vidclf.gallery.checking import Finding, are_held_apart, find_problems, lookalikes
from vidclf.gallery.decisions import Candidate, Ranked
from vidclf.gallery.embedding import embed
from vidclf.gallery.exchange import export_gallery, import_gallery
from vidclf.gallery.memory import Memory
from vidclf.gallery.migration import migrate_store
from vidclf.gallery.opening import open_store
from vidclf.gallery.people import Person
from vidclf.gallery.records import FORMAT_VERSION, Head, checked_name
from vidclf.gallery.search import SearchKind
from vidclf.gallery.store import Store, Writer
from vidclf.progress import Track, untracked
from vidclf.types import Crop, Float32Array, Match

if TYPE_CHECKING:
    from vidclf.infer.embedder import Embedder  # which imports PyTorch

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Enrolment:
    """What came of enrolling.

    Attributes:
        name: who was enrolled.
        template_ids: the new templates.
        refused: crops that were not good enough; their `problems` say why.
    """

    name: str
    template_ids: tuple[int, ...]
    refused: tuple[Crop, ...]


class Gallery:
    """People, and what an embedder makes of them; made by `Gallery.open`, used in a `with` statement.

    It answers for the embedder that it was made with, and no other. What other processes change is seen at the next
    question. One object is for one thread at a time; another thread opens its own.

    Nothing here checks for a living person: a photograph of somebody passes for them. It is not a lock.

    Example:
        >>> with Gallery.open("people.db", embedder) as gallery:
        ...     gallery.enrol("anna", embedder.crops("anna.jpg"))
        ...     gallery.identify(embedder.crops("party.jpg"))
    """

    def __init__(self, store: Store, embedder: Embedder | None, search: SearchKind) -> None:
        self._store, self._given = store, embedder
        self._memory = Memory(store, search)

    @classmethod
    def open(
        cls,
        url: str | Path,
        embedder: Embedder | None = None,
        *,
        create: bool = True,
        keep_crops: bool | None = None,
        search: SearchKind = "exact",
    ) -> Self:
        """Open a gallery, and remove who has expired.

        Args:
            url: a SQLite file, as a path or `sqlite:///path`; or `postgresql://user:password@host/database`.
            embedder: what its vectors are made with. None: for what embeds nothing, such as a list.
            create: make one where there is none, which needs the embedder.
            keep_crops: whether pictures are kept beside the vectors; `migrate` is possible only with them. It is
                decided when a gallery is made. None: as it is; a new one keeps them.
            search: `exact` compares with all; `index` needs the extra `search`, and is for millions.

        Raises:
            OtherEmbedderError: the gallery was made with another embedder.
            GalleryError: there is no gallery, or it is damaged.
            StoppedError: the disk or the server refuses.
        """
        store = open_store(url)
        try:
            if not store.exists():
                if embedder is None or not create:
                    raise GalleryError(f"{store.where}: there is no gallery. Enrolling somebody makes one.")
                store.create(Head(FORMAT_VERSION, embedder.identity, embedder.dim, keep_crops is not False))
            gallery = cls(store, embedder, search)
            gallery._begin(keep_crops)
        except BaseException:
            store.close()
            raise
        return gallery

    @staticmethod
    def migrate(url: str | Path, embedder: Embedder, *, track: Track = untracked) -> int:
        """Embed the kept crops of a gallery with another embedder; the threshold must be calibrated again.

        Args:
            url: as for `open`.
            embedder: the new one.
            track: shows how far along it is.

        Returns:
            How many templates were embedded.

        Raises:
            GalleryError: there is no gallery, or there are templates whose crop was not kept.
        """
        with open_store(url) as store:
            if not store.exists():
                raise GalleryError(f"{store.where}: there is no gallery.")
            return migrate_store(store, embedder, track)

    def enrol(
        self, name: str, crops: Sequence[Crop], *, consent: str | None = None, expires_seconds: float | None = None
    ) -> Enrolment:
        """Add somebody, or templates to somebody who is there.

        Args:
            name: who; a name that was merged is whom it was merged into.
            crops: what they look like; those with problems are refused.
            consent: a note of who allowed it, and when; None leaves what is noted.
            expires_seconds: when to forget them, in seconds since 1970 UTC; None leaves what is set.

        Raises:
            UnusableCropError: no crop is good enough.
        """
        name = checked_name(name)
        usable = [crop for crop in crops if not crop.problems]
        if not usable:
            why = "; ".join(f"{crop.source or 'a crop'}: {', '.join(crop.problems)}" for crop in crops)
            raise UnusableCropError(f"{name!r} was not enrolled: {why or 'nothing was found to enrol'}.")
        vectors = self._embed(usable)
        with self._changing() as writer:
            identity = people.noted(writer, name, consent, expires_seconds)
            template_ids = people.add_templates(writer, identity.id, usable, vectors, rejected=False)
        return Enrolment(name, template_ids, tuple(crop for crop in crops if crop.problems))

    def reject(self, name: str, crops: Sequence[Crop]) -> tuple[int, ...]:
        """Note that crops do not show somebody: what is more like these than like the person gets another name.

        Returns:
            Numbers of the rejections, which `remove_template` takes back.

        Raises:
            GalleryError: nobody has that name.
        """
        vectors = self._embed(crops)
        with self._changing() as writer:
            return people.add_templates(writer, people.named(writer, name).id, crops, vectors, rejected=True)

    def remove(self, *names: str) -> None:
        """Forget people. When this has returned, no file of a SQLite gallery holds their vectors or crops.

        Raises:
            GalleryError: nobody has that name, or it was merged into another.
            StoppedError: they are removed, but another program keeps their bytes from being overwritten.
        """
        with self._changing() as writer:
            people.remove(writer, names)
        self._store.wipe()

    def remove_template(self, template_id: int) -> None:
        """Forget one template, or take back a rejection.

        Raises:
            GalleryError: there is none of that number.
            StoppedError: as for `remove`.
        """
        with self._changing() as writer:
            if not writer.remove_template(template_id):
                raise GalleryError(f"{self._store.where}: there is no template {template_id}.")
        self._store.wipe()

    def rename(self, name: str, new_name: str) -> None:
        """Call somebody something else.

        Raises:
            GalleryError: nobody has that name, or somebody has the new one.
        """
        with self._changing() as writer:
            people.rename(writer, name, new_name)

    def merge(self, name: str, into: str) -> None:
        """Hold two to be one, who goes by the name `into`; `undo` takes it back.

        Raises:
            GalleryError: nobody has that name, or it was said that they are not the same.
        """
        self._refresh()
        with self._changing() as writer:
            one, other = people.standing(writer, name), people.standing(writer, into)
            if are_held_apart(self._memory, one.id, other.id, self._known_threshold()):
                raise GalleryError(
                    f"{self._store.where}: what shows {name!r} was said not to be {into!r}, or the other way round. "
                    "If they are one after all, remove that rejection first."
                )
            people.merge(writer, one, other)

    def undo(self) -> tuple[str, str]:
        """Take back the latest merge that still stands.

        Returns:
            The name that stands for itself again, and the one it was merged into.

        Raises:
            GalleryError: there is none.
        """
        with self._changing() as writer:
            return people.undo_merge(writer)

    def people(self) -> list[Person]:
        """Everybody, in the order in which they were enrolled."""
        with self._store.reading() as reader:
            return people.list_people(reader)

    def identify(self, crops: Sequence[Crop], *, top_k: int = 1) -> list[Ranked]:
        """Say who each crop shows; two crops cut from one frame never get one name.

        Args:
            crops: crops with a box, the same source and the same time are of one frame.
            top_k: how many people to give at least in `Ranked.nearest`, if there are so many.

        Raises:
            UsageError: there is no threshold.
        """
        threshold = self.threshold
        vectors = self._embed([crop for crop in crops if not crop.problems])
        return identify(self._memory, crops, vectors, threshold, top_k)

    def verify(self, claim: Crop | str, crop: Crop) -> Match:
        """Say whether two crops show the same, or whether a crop shows who it is said to show.

        Args:
            claim: a crop, or the name of somebody.
            crop: what is to be compared.

        Raises:
            GalleryError: nobody has that name.
            UsageError: there is no threshold.
        """
        threshold = self.threshold
        pair = [crop] if isinstance(claim, str) else [crop, claim]
        problems = tuple(problem for one in pair for problem in one.problems)
        if problems:
            return Match("unusable", None, None, threshold, reasons=problems)
        vectors = self._embed(pair)
        if not isinstance(claim, str):
            return compare(vectors, threshold)
        return check_claim(self._memory, self._person(claim), vectors[0], threshold)

    def calibrate(self, far: float = 1e-3, impostors: Sequence[Crop] = ()) -> Calibration:
        """Set the threshold by the pairs of the people here, and of these with impostors; it is kept.

        Args:
            far: the share of pairs of different people that may be held to be one, above 0 and below 1.
            impostors: crops of people who are none of these.

        Raises:
            TooFewPairsError: fewer than 30 / far pairs of different people.
            UsageError: `far` is out of range.
        """
        if not 0 < far < 1:
            raise UsageError(f"a false accept rate lies between 0 and 1, and {far:g} does not.")
        vectors = self._embed([crop for crop in impostors if not crop.problems])
        self._refresh()
        calibration = calibrate(self._memory.vectors, self._memory.people, vectors, far)
        with self._changing() as writer:
            writer.head = replace(writer.head, calibration=calibration)
        return calibration

    @property
    def calibration(self) -> Calibration | None:
        """Where the threshold comes from; None where nobody has calibrated."""
        self._refresh()
        return self._memory.head.calibration

    @property
    def threshold(self) -> float:
        """The cosine from which on two are held to be one: calibrated, else the embedder's own.

        Raises:
            UsageError: there is neither.
        """
        self._refresh()
        threshold = self._known_threshold()
        if threshold is None:
            raise UsageError(
                f"{self._store.where}: nobody has set from which similarity on two are one, and the embedder knows "
                "no threshold. Calibrate first: vidclf enroll calibrate --far 0.001 --impostors DIR."
            )
        return threshold

    @property
    def embedder(self) -> Embedder:
        """What the gallery's vectors are made with.

        Raises:
            UsageError: it was opened without.
        """
        if self._given is None:
            raise UsageError(f"{self._store.where}: this needs the embedder that the gallery was made with.")
        return self._given

    @property
    def keeps_crops(self) -> bool:
        """Whether pictures are kept beside the vectors."""
        self._refresh()
        return self._memory.head.keeps_crops

    def lookalikes(self, name: str) -> list[Candidate]:
        """Other people who are as similar to somebody as a match would be, the most similar first.

        Raises:
            GalleryError: nobody has that name.
        """
        self._refresh()
        return lookalikes(self._memory, self._person(name), self._known_threshold())

    def check(self, *, track: Track = untracked) -> list[Finding]:
        """Look for damage, for people who may be one, and for templates that are more like others than like theirs.

        Args:
            track: shows how far along it is.
        """
        damage = [Finding("damage", said) for said in self._store.find_damage()]
        if damage:
            return damage
        self._refresh()
        return find_problems(self._memory, self._known_threshold(), track)

    def export(self, folder: Path) -> int:
        """Write all into a folder, as safetensors and JSON; gives how many templates there were.

        Raises:
            StoppedError: the folder cannot be written to.
        """
        with self._store.reading() as reader:
            return export_gallery(reader, folder)

    def import_(self, folder: Path) -> int:
        """Add what another gallery exported; what is here already is not added twice. Gives how many were added.

        Raises:
            OtherEmbedderError: it is of another embedder.
            GalleryError: it is damaged, or no export.
        """
        with self._changing() as writer:
            return import_gallery(writer, folder)

    def close(self) -> None:
        """Let go of the database; may be called twice."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, keep_crops: bool | None) -> None:
        with self._store.reading() as reader:
            head = reader.head
            expired = reader.expired(time.time())
        self._require_own(head)
        if keep_crops is not None and keep_crops != head.keeps_crops:
            raise GalleryError(
                f"{self._store.where}: this gallery was made to keep {'crops' if head.keeps_crops else 'no crops'}, "
                "which cannot be changed. Make another one."
            )
        if expired:
            with self._changing() as writer:
                names = people.remove_expired(writer)
            _log.info("removed, as they have expired: %s", ", ".join(names))
        if expired or head.wipe_due:
            try:
                self._store.wipe()
            except StoppedError as error:  # who is left can be asked for all the same
                _log.warning("warning: %s", error)

    @contextmanager
    def _changing(self) -> Iterator[Writer]:
        with self._store.changing() as writer:
            self._require_own(writer.head)  # another process may have migrated it
            yield writer

    def _refresh(self) -> None:
        self._memory.refresh()
        self._require_own(self._memory.head)

    def _require_own(self, head: Head) -> None:
        if self._given is not None and self._given.identity != head.embedder:
            raise OtherEmbedderError(
                f"{self._store.where}: this gallery belongs to the embedder {head.embedder[:12]}, and the one given "
                f"is {self._given.identity[:12]}; what they make cannot be compared. Give that embedder, or embed "
                "the gallery anew with vidclf enroll migrate."
            )

    def _known_threshold(self) -> float | None:
        calibration = self._memory.head.calibration
        if calibration is not None:
            return calibration.threshold
        return self._given.threshold if self._given else None

    def _person(self, name: str) -> int:
        """The number by which somebody is known in memory."""
        with self._store.reading() as reader:
            identity = people.named(reader, name)
        person = self._memory.person(identity.id)
        if person is None:
            raise GalleryError(f"{self._store.where}: {name!r} has expired.")
        return person

    def _embed(self, crops: Sequence[Crop]) -> Float32Array:
        return embed(self.embedder, crops)
