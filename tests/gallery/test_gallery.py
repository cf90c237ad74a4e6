"""What a gallery promises, whatever it is kept in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.gallery.projecting import Projection, crop, picture
from vidclf.errors import GalleryError, OtherEmbedderError, TooFewPairsError, UnusableCropError, UsageError
from vidclf.gallery import Gallery

ANNA, BOB, CLEO, STRANGER = range(4)


@pytest.fixture
def gallery(url: str, embedder: Projection) -> Iterator[Gallery]:
    """Anna and Bob with two templates each, Cleo with one."""
    with Gallery.open(url, embedder) as opened:
        opened.enrol("anna", [crop(ANNA, 0), crop(ANNA, 1)])
        opened.enrol("bob", [crop(BOB, 0), crop(BOB, 1)])
        opened.enrol("cleo", [crop(CLEO, 0)])
        yield opened


def said(gallery: Gallery, person: int) -> tuple[str, str | None]:
    (answer,) = gallery.identify([crop(person, 9)])
    return answer.decision, answer.name


def test_who_is_enrolled_is_known_and_a_stranger_stays_one(gallery: Gallery, embedder: Projection) -> None:
    answers = gallery.identify([crop(ANNA, 7), crop(STRANGER), crop(BOB, 3)])
    assert [answer.decision for answer in answers] == ["match", "stranger", "match"]
    assert [answers[0].name, answers[2].name] == ["anna", "bob"]
    assert answers[1].similarity is not None
    assert answers[1].similarity < answers[1].threshold == embedder.threshold
    assert "not similar enough" in answers[1].reasons[0]


def test_the_similarity_is_the_cosine_to_the_template_that_is_named(gallery: Gallery, embedder: Projection) -> None:
    (answer,) = gallery.identify([crop(ANNA, 7)])
    query, *own = embedder.embed([crop(ANNA, 7), crop(ANNA, 0), crop(ANNA, 1)])
    cosines = [float(query @ vector) for vector in own]
    assert answer.similarity == pytest.approx(max(cosines), abs=1e-6)
    templates = gallery.people()[0].templates
    assert answer.template_id == templates[int(np.argmax(cosines))].id


def test_the_nearest_people_are_given_in_order(gallery: Gallery) -> None:
    (answer,) = gallery.identify([crop(BOB, 7)], top_k=3)
    assert answer.nearest[0].name == "bob"
    assert len(answer.nearest) == 3
    similarities = [candidate.similarity for candidate in answer.nearest]
    assert similarities == sorted(similarities, reverse=True)


def test_in_an_empty_gallery_everybody_is_a_stranger(url: str, embedder: Projection) -> None:
    with Gallery.open(url, embedder) as gallery:
        assert said(gallery, ANNA) == ("stranger", None)
        assert gallery.people() == []
        assert gallery.check() == []
        assert gallery.identify([]) == []


def test_two_crops_or_a_crop_and_a_name_are_verified(gallery: Gallery) -> None:
    assert gallery.verify(crop(STRANGER, 0), crop(STRANGER, 1)).decision == "match"
    assert gallery.verify(crop(ANNA, 0), crop(BOB, 0)).decision == "stranger"
    assert gallery.verify("anna", crop(ANNA, 5)).decision == "match"
    assert gallery.verify("anna", crop(BOB, 5)).decision == "stranger"
    assert gallery.verify("anna", crop(ANNA, 5, problems=("too dark",))).reasons == ("too dark",)
    with pytest.raises(GalleryError, match="Did you mean 'anna'"):
        gallery.verify("ana", crop(ANNA, 5))


def test_what_is_too_poor_is_neither_enrolled_nor_named(gallery: Gallery) -> None:
    poor = crop(STRANGER, 0, problems=("too dark", "too small"))
    with pytest.raises(UnusableCropError, match="too dark, too small"):
        gallery.enrol("dora", [poor])
    done = gallery.enrol("dora", [poor, crop(STRANGER, 1)])
    assert done.refused == (poor,)
    assert len(done.template_ids) == 1
    (answer,) = gallery.identify([poor])
    assert (answer.decision, answer.name, answer.similarity) == ("unusable", None, None)
    assert answer.reasons == poor.problems


def test_a_template_can_be_added_and_removed(gallery: Gallery) -> None:
    (added,) = gallery.enrol("cleo", [crop(STRANGER, 0)]).template_ids
    assert said(gallery, STRANGER) == ("match", "cleo")
    gallery.remove_template(added)
    assert said(gallery, STRANGER)[0] == "stranger"
    assert said(gallery, CLEO) == ("match", "cleo")
    with pytest.raises(GalleryError, match=f"no template {added}"):
        gallery.remove_template(added)


def test_who_is_removed_is_a_stranger_and_the_name_is_free(gallery: Gallery) -> None:
    gallery.remove("anna", "cleo")
    assert [person.name for person in gallery.people()] == ["bob"]
    assert said(gallery, ANNA)[0] == "stranger"
    assert gallery.enrol("anna", [crop(STRANGER)]).name == "anna"
    assert said(gallery, STRANGER) == ("match", "anna")
    with pytest.raises(GalleryError, match="nobody here is called 'cleo'"):
        gallery.remove("bob", "cleo")
    assert said(gallery, BOB) == ("match", "bob")  # all of a change, or nothing


def test_a_name_can_be_changed_but_not_to_one_that_is_taken(gallery: Gallery) -> None:
    gallery.rename("anna", "Anna Ä")
    assert said(gallery, ANNA) == ("match", "Anna Ä")
    with pytest.raises(GalleryError, match="'bob' is taken"):
        gallery.rename("cleo", "bob")
    for bad in ("", "  ", "a\nb", "x" * 201):
        with pytest.raises(GalleryError, match="cannot be a name"):
            gallery.rename("bob", bad)


def test_one_name_is_one_however_its_accents_are_written(gallery: Gallery) -> None:
    gallery.enrol("Jos\u00e9", [crop(STRANGER, 0)])
    gallery.enrol(" Jose\u0301 ", [crop(STRANGER, 1)])
    assert [len(person.templates) for person in gallery.people()] == [2, 2, 1, 2]


def test_merged_people_go_by_one_name_until_it_is_undone(gallery: Gallery) -> None:
    before = gallery.people()
    gallery.merge("anna", "bob")
    gallery.merge("bob", "cleo")
    (cleo,) = gallery.people()
    assert (cleo.name, cleo.aliases, len(cleo.templates)) == ("cleo", ("bob", "anna"), 5)
    assert said(gallery, ANNA) == said(gallery, BOB) == ("match", "cleo")
    with pytest.raises(GalleryError, match="'bob' was merged into 'cleo'"):
        gallery.remove("bob")
    with pytest.raises(GalleryError, match="into itself"):
        gallery.merge("cleo", "cleo")
    assert gallery.undo() == ("bob", "cleo")
    assert said(gallery, ANNA) == ("match", "bob")
    assert gallery.undo() == ("anna", "bob")
    assert [(p.name, [t.id for t in p.templates]) for p in gallery.people()] == [
        (p.name, [t.id for t in p.templates]) for p in before
    ]
    with pytest.raises(GalleryError, match="no merge"):
        gallery.undo()


def test_a_merged_name_still_takes_templates_and_undoing_gives_them_back(gallery: Gallery) -> None:
    gallery.merge("anna", "bob")
    gallery.enrol("anna", [crop(ANNA, 3)])
    assert said(gallery, ANNA) == ("match", "bob")
    gallery.undo()
    assert [(p.name, len(p.templates)) for p in gallery.people()] == [("anna", 3), ("bob", 2), ("cleo", 1)]


def test_undo_does_not_bring_back_who_was_removed(gallery: Gallery) -> None:
    gallery.merge("anna", "bob")
    gallery.remove("bob")
    assert [person.name for person in gallery.people()] == ["cleo"]
    with pytest.raises(GalleryError, match="no merge"):
        gallery.undo()


def test_this_is_not_her_is_respected(gallery: Gallery) -> None:
    (rejection,) = gallery.reject("anna", [crop(ANNA, 5)])
    (answer,) = gallery.identify([crop(ANNA, 5)])
    assert answer.decision == "stranger"
    assert "not to be anna" in answer.reasons[0]
    assert gallery.verify("anna", crop(ANNA, 5)).decision == "stranger"
    assert gallery.identify([crop(ANNA, 0)])[0].name == "anna"  # nearer to her than to what is not her
    gallery.remove_template(rejection)
    assert gallery.identify([crop(ANNA, 5)])[0].decision == "match"


def test_who_was_said_not_to_be_one_is_not_merged(gallery: Gallery) -> None:
    gallery.enrol("ann", [crop(ANNA, 5)])
    assert gallery.check()[0].kind == "duplicate"
    gallery.reject("anna", [crop(ANNA, 5)])
    for pair in (("anna", "ann"), ("ann", "anna")):
        with pytest.raises(GalleryError, match="said not to be"):
            gallery.merge(*pair)


def test_two_faces_of_a_frame_never_get_one_name(gallery: Gallery) -> None:
    frame = [crop(ANNA, 3, in_frame=1.0), crop(ANNA, 4, in_frame=1.0), crop(BOB, 3, in_frame=1.0)]
    answers = gallery.identify(frame)
    assert sorted(answer.decision for answer in answers[:2]) == ["match", "stranger"]
    assert answers[2].name == "bob"
    later = [crop(ANNA, 3, in_frame=1.0), crop(ANNA, 3, in_frame=2.0)]
    assert [answer.decision for answer in gallery.identify(later)] == ["match", "match"]


def test_doubles_and_misplaced_templates_are_found(gallery: Gallery) -> None:
    assert gallery.check() == []
    gallery.enrol("ann", [crop(ANNA, 2)])
    (misplaced,) = gallery.enrol("bob", [crop(CLEO, 2)]).template_ids
    duplicates = [finding for finding in gallery.check() if finding.kind == "duplicate"]
    assert {frozenset(finding.names) for finding in duplicates} == {
        frozenset(("anna", "ann")),
        frozenset(("bob", "cleo")),
    }
    assert [f.template_id for f in gallery.check() if f.kind == "misplaced" and "bob" in f.names] == [misplaced]
    assert [other.name for other in gallery.lookalikes("ann")] == ["anna"]
    assert gallery.lookalikes("anna")[0].name == "ann"


def test_two_who_are_as_near_are_ambiguous(gallery: Gallery) -> None:
    gallery.enrol("ann", [crop(ANNA, 2)])
    (answer,) = gallery.identify([crop(ANNA, 8)])
    assert answer.decision == "ambiguous"
    assert answer.name in ("anna", "ann")
    assert "anna" in answer.reasons[0]


def test_consent_is_noted_and_expiry_forgets(url: str, embedder: Projection, gallery: Gallery) -> None:
    gallery.enrol("anna", [crop(ANNA, 4)], consent="signed 2026-11-01", expires_seconds=time.time() + 3600)
    gallery.enrol("dora", [crop(STRANGER)], expires_seconds=time.time() + 0.3)
    assert said(gallery, STRANGER) == ("match", "dora")
    anna = gallery.people()[0]
    assert anna.consent == "signed 2026-11-01"
    assert anna.expires_seconds is not None
    gallery.enrol("anna", [crop(ANNA, 5)])
    assert gallery.people()[0].consent == "signed 2026-11-01"
    time.sleep(0.4)
    assert said(gallery, STRANGER)[0] == "stranger"  # at once
    with Gallery.open(url, embedder) as reopened:  # and for good
        assert [person.name for person in reopened.people()] == ["anna", "bob", "cleo"]


def test_who_was_merged_into_somebody_outlives_them(url: str, embedder: Projection, gallery: Gallery) -> None:
    gallery.enrol("dora", [crop(STRANGER)], expires_seconds=time.time() + 0.2)
    gallery.merge("anna", "dora")
    assert said(gallery, ANNA) == ("match", "dora")
    time.sleep(0.3)
    assert said(gallery, ANNA) == ("match", "anna")
    with Gallery.open(url, embedder) as reopened:
        assert [person.name for person in reopened.people()] == ["anna", "bob", "cleo"]


@pytest.mark.usefixtures("gallery")
def test_another_embedder_is_refused_with_a_code_of_its_own(url: str, embedder: Projection) -> None:
    other = Projection(seed=1)
    with pytest.raises(OtherEmbedderError, match=embedder.identity[:12]) as refused:
        Gallery.open(url, other)
    assert refused.value.exit_code == 3
    assert other.identity[:12] in str(refused.value)
    assert "migrate" in str(refused.value)


def test_a_gallery_moves_to_another_embedder_by_its_crops(url: str, gallery: Gallery) -> None:
    gallery.reject("anna", [crop(ANNA, 5)])
    gallery.calibrate(0.3, [crop(person) for person in range(50, 80)])
    other = Projection(dim=48, seed=1)
    assert Gallery.migrate(url, other) == 6
    with Gallery.open(url, other) as moved:
        assert said(moved, BOB) == ("match", "bob")
        assert moved.identify([crop(ANNA, 5)])[0].decision == "stranger"
        assert moved.calibration is None
        np.testing.assert_allclose(moved.people()[0].templates[0].vector, other.embed([crop(ANNA, 0)])[0], atol=1e-6)
    with pytest.raises(OtherEmbedderError):  # the program that still has the old one
        gallery.identify([crop(BOB)])
    with pytest.raises(OtherEmbedderError):
        gallery.enrol("eve", [crop(STRANGER)])
    assert Gallery.migrate(url, other) == 0


def test_without_crops_nothing_can_be_embedded_anew(url: str, embedder: Projection) -> None:
    with Gallery.open(url, embedder, keep_crops=False) as gallery:
        gallery.enrol("anna", [crop(ANNA)])
        assert not gallery.keeps_crops
    with pytest.raises(GalleryError, match="crops were not kept of anna"):
        Gallery.migrate(url, Projection(seed=1))
    with pytest.raises(GalleryError, match="made to keep no crops"):
        Gallery.open(url, embedder, keep_crops=True)
    with Gallery.open(url, embedder) as gallery:
        assert said(gallery, ANNA) == ("match", "anna")


def test_what_another_program_changes_is_seen_at_the_next_question(
    url: str, embedder: Projection, gallery: Gallery
) -> None:
    assert said(gallery, STRANGER)[0] == "stranger"
    with Gallery.open(url, embedder) as other:
        other.enrol("dora", [crop(STRANGER)])
        assert said(gallery, STRANGER) == ("match", "dora")
        other.enrol("cleo", [crop(10)])
        assert said(gallery, 10) == ("match", "cleo")
        other.rename("dora", "Dora")
        assert said(gallery, STRANGER) == ("match", "Dora")
        other.remove("Dora")
        assert said(gallery, STRANGER)[0] == "stranger"
        other.reject("bob", [crop(BOB, 9)])
        assert said(gallery, BOB)[0] == "stranger"


def test_a_threshold_is_set_from_pairs_and_kept(url: str, embedder: Projection, gallery: Gallery) -> None:
    impostors = [crop(person) for person in range(100, 200)]
    with pytest.raises(
        TooFewPairsError, match=r"30,000 pairs .* there are 508\. These allow a rate of 0\.059"
    ) as few:
        gallery.calibrate(1e-3, impostors)
    assert few.value.exit_code == 2
    calibration = gallery.calibrate(0.1, impostors)
    assert calibration.num_impostor_pairs == 508  # 5 templates x 100, and 8 between people
    assert calibration.num_genuine_pairs == 2
    assert calibration.far <= 0.1
    with Gallery.open(url, embedder) as reopened:
        assert reopened.calibration == calibration
        assert reopened.identify([crop(ANNA, 3)])[0].threshold == calibration.threshold
    for bad in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="between 0 and 1"):
            gallery.calibrate(bad)


def test_without_any_threshold_nobody_is_named(url: str) -> None:
    with Gallery.open(url, Projection(threshold=None)) as gallery:
        gallery.enrol("anna", [crop(ANNA)])
        with pytest.raises(UsageError, match="vidclf enroll calibrate"):
            gallery.identify([crop(ANNA)])
        assert gallery.check() == []


def test_what_is_exported_can_be_imported(embedder: Projection, gallery: Gallery, tmp_path: Path) -> None:
    gallery.enrol("anna", [crop(ANNA, 2)], consent="signed", expires_seconds=time.time() + 3600)
    gallery.reject("bob", [crop(STRANGER)])
    gallery.merge("cleo", "bob")
    gallery.calibrate(0.3, [crop(person) for person in range(50, 80)])
    assert gallery.export(tmp_path / "export") == 7
    assert sorted(path.name for path in (tmp_path / "export").iterdir()) == ["gallery.json", "gallery.safetensors"]
    with Gallery.open(tmp_path / "copy.db", embedder) as copy:
        assert copy.import_(tmp_path / "export") == 7
        assert copy.import_(tmp_path / "export") == 0
        assert copy.calibration == gallery.calibration
        for one, other in zip(gallery.people(), copy.people(), strict=True):
            assert (one.name, one.aliases, one.consent, one.expires_seconds) == (
                other.name,
                other.aliases,
                other.consent,
                other.expires_seconds,
            )
            for mine, theirs in zip(one.templates + one.rejected, other.templates + other.rejected, strict=True):
                np.testing.assert_array_equal(mine.vector, theirs.vector)
                assert (mine.quality, mine.source) == (theirs.quality, theirs.source)
    moved = Projection(seed=1)
    assert Gallery.migrate(tmp_path / "copy.db", moved) == 7  # the crops came along
    with Gallery.open(tmp_path / "copy.db", moved) as copy:
        assert said(copy, CLEO) == ("match", "bob")
    with Gallery.open(tmp_path / "third.db", moved) as third, pytest.raises(OtherEmbedderError):
        third.import_(tmp_path / "export")


@pytest.mark.usefixtures("gallery")
def test_a_gallery_can_be_looked_at_without_its_embedder(url: str) -> None:
    with Gallery.open(url) as looked_at:
        assert [person.name for person in looked_at.people()] == ["anna", "bob", "cleo"]
        looked_at.rename("anna", "Anna")
        with pytest.raises(UsageError, match="needs the embedder"):
            looked_at.enrol("dora", [crop(STRANGER)])


def test_no_gallery_is_made_by_looking(url: str, embedder: Projection) -> None:
    for given in (None, embedder):
        with pytest.raises(GalleryError, match="there is no gallery"):
            Gallery.open(url, given, create=False)
    with pytest.raises(GalleryError, match="there is no gallery"):
        Gallery.migrate(url, embedder)


def test_pictures_are_kept_without_loss(gallery: Gallery, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    gallery.export(tmp_path)
    tensors = load_file(tmp_path / "gallery.safetensors")
    np.testing.assert_array_equal(tensors["pixels.1"][0], picture(ANNA, 1))
