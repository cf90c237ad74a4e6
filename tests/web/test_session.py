"""What is kept of a sitting, and how it goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vidclf.data import read_manifest
from vidclf.errors import ManifestError, StoppedError, UsageError
from vidclf.web.label import LabelStore, Session
from vidclf.web.label.session import Proposal


def sitting(folder: Path, *labels: str, out: Path | None = None) -> Session:
    return Session(LabelStore(folder, out), labels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files by name only: nothing here looks into them."""
    for name in ("take_10.mp4", "take_2.mp4", "deep/take_1.webm", "notes.txt", ".hidden.mp4", ".trash/take_3.mp4"):
        (tmp_path / "clips" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "clips" / name).touch()
    return tmp_path / "clips"


def table(folder: Path) -> str:
    return (folder / "manifest.csv").read_text()


def test_videos_are_found_in_the_order_of_their_numbers(folder: Path) -> None:
    session = sitting(folder)
    names = [session.item(number).entry.name for number in range(len(session))]
    assert names == ["deep/take_1.webm", "take_2.mp4", "take_10.mp4"]


def test_each_label_is_saved_at_once_and_the_next_start_goes_on(folder: Path) -> None:
    session = sitting(folder, "wave", "none")
    view = session.view()
    assert (view.number, view.num_done, view.num_clips) == (0, 0, 3)
    assert [(choice.label, choice.key) for choice in view.choices] == [("wave", "1"), ("none", "2")]
    assert session.label(0, "none").number == 1
    assert table(folder) == "path,label\ndeep/take_1.webm,none\n"
    session.set_aside(1, "bad")
    assert table(folder) == "path,label\ndeep/take_1.webm,none\n"

    again = sitting(folder)
    view = again.view()
    assert (view.name, view.num_done) == ("take_10.mp4", 2)
    assert [choice.label for choice in view.choices] == ["wave", "none"]
    names = {again.item(number).entry.name: again.item(number) for number in range(3)}
    assert names["take_2.mp4"].set_aside == "bad"
    done = again.label(view.number, "wave")
    assert done.num_done == done.num_clips == 3
    assert {entry.label for entry in read_manifest(folder / "manifest.csv").entries} == {"wave", "none"}


def test_marks_are_the_start_then_the_end(folder: Path) -> None:
    session = sitting(folder, "wave")
    view = session.mark(0, 0.4, 0.44)
    assert (view.start_seconds, view.end_seconds) == (0.4, None)
    view = session.mark(0, 0.8, 0.84)
    assert (view.start_seconds, view.end_seconds) == (0.4, 0.84)
    assert not (folder / "manifest.csv").exists()
    reopened = sitting(folder, "wave")
    assert reopened.view(0).end_seconds == 0.84
    reopened.label(0, "wave")
    assert table(folder) == "path,label,start_seconds,end_seconds\ndeep/take_1.webm,wave,0.4,0.84\n"
    view = reopened.mark(0, 0.6, 0.64)
    assert (view.label, view.start_seconds, view.end_seconds) == ("wave", 0.6, None)
    view = reopened.mark(0, 0.2, 0.24)
    assert (view.start_seconds, view.end_seconds) == (0.2, 0.6)
    view = reopened.clear_marks(0)
    assert (view.start_seconds, view.end_seconds) == (None, None)
    assert table(folder) == "path,label\ndeep/take_1.webm,wave\n"


def test_undo_goes_back_step_by_step_on_disk_too(folder: Path) -> None:
    session = sitting(folder, "wave", "none")
    session.mark(0, 0.1, 0.2)
    session.label(0, "wave")
    session.label(1, "none")
    session.label(0, "none")
    session.label(0, "none")  # no change, no step
    assert session.undo().label == "wave"
    view = session.undo()
    assert (view.number, view.label) == (1, "")
    assert table(folder) == "path,label,start_seconds\ndeep/take_1.webm,wave,0.1\n"
    view = session.undo()
    assert (view.number, view.label, view.start_seconds) == (0, "", 0.1)
    assert not (folder / "manifest.csv").exists()
    view = session.undo()
    assert (view.start_seconds, view.can_undo) == (None, False)
    with pytest.raises(UsageError, match="nothing to undo"):
        session.undo()


def test_what_a_manifest_holds_already_stays(folder: Path) -> None:
    before = (
        "path,label,group,split,start_seconds,end_seconds,light\n"
        "../elsewhere.mp4,wave,ben,train,,,dim\n"
        "take_2.mp4,wave,anna,test,0.5,1.5,bright\n"
        "take_2.mp4,none,anna,test,2.0,3.0,bright\n"
    )
    (folder / "manifest.csv").write_text(before)
    session = sitting(folder)
    assert len(session) == 4
    session.label(0, "none")
    assert table(folder) == before.replace("take_2.mp4,wave", "take_2.mp4,none")
    session.set_aside(0, "skipped")
    assert table(folder) == before.replace("take_2.mp4,wave,anna,test,0.5,1.5,bright\n", "")
    reopened = sitting(folder)
    skipped = next(item for item in map(reopened.item, range(4)) if item.set_aside == "skipped")
    assert (skipped.entry.group, skipped.entry.start_seconds) == ("anna", 0.5)
    assert skipped.entry.extra == {"light": "bright"}


def test_another_manifest_names_clips_from_where_it_lies(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "lists" / "mine.csv"
    out.parent.mkdir()
    session = sitting(folder, "wave", out=out)
    session.label(1, "wave")
    assert out.read_text() == "path,label\n../clips/take_2.mp4,wave\n"
    assert read_manifest(out).entries[0].path.exists()
    assert len(sitting(folder, out=out)) == 3


def test_a_change_by_another_program_is_not_overwritten(folder: Path) -> None:
    session = sitting(folder, "wave", "none")
    session.label(0, "wave")
    (folder / "manifest.csv").write_text("path,label\ndeep/take_1.webm,none\ntake_2.mp4,none\n")
    with pytest.raises(StoppedError, match="another program"):
        session.label(1, "wave")
    assert session.view(1).label == ""
    assert "take_2.mp4,none" in table(folder)


def test_the_least_sure_come_first_and_what_was_seen_keeps_its_place(folder: Path) -> None:
    for number in range(4, 8):
        (folder / f"take_{number}.mp4").touch()
    session = sitting(folder, "wave")  # in order: take_1, 2, 4, 5, 6, 7, 10
    assert session.start_scoring() == list(range(7))
    assert session.view().number == 0
    for number, margin in ((1, 0.9), (2, None), (3, 0.1), (4, 0.5)):
        session.propose(number, None if margin is None else Proposal("wave", 0.7, margin))
    walked, view = [0], session.view(0)
    assert (view.num_scored, view.num_to_score) == (4, 7)
    while view.next is not None:
        view = session.view(view.next)
        walked.append(view.number)
    assert walked == [0, 3, 4, 1, 2, 5, 6]
    session.propose(6, Proposal("wave", 0.5, 0.0))
    assert session.view(4).previous == 3
    assert session.label(3, "wave").number == 4
    session.stop_scoring("The model stopped.")
    view = session.view(4)
    assert (view.num_scored, view.num_to_score, view.trouble) == (5, 5, "The model stopped.")


def test_labels_can_be_added_and_ten_have_keys(folder: Path) -> None:
    session = sitting(folder)
    for number in range(11):
        view = session.add_label(0, f" label {number} ")
    assert [choice.key for choice in view.choices] == [*"1234567890", ""]
    assert len(session.add_label(0, "label 3").choices) == 11
    assert [choice.label for choice in sitting(folder).view().choices][:2] == ["label 0", "label 1"]
    for name in ("", "  ", "x" * 61, "two\nlines"):
        with pytest.raises(UsageError, match="cannot be a label"):
            session.add_label(0, name)
    with pytest.raises(UsageError, match="add it first"):
        session.label(0, "label 11")


def test_what_cannot_be_labelled_is_said(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ManifestError, match="no such folder"):
        sitting(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ManifestError, match="no videos"):
        sitting(tmp_path / "empty")
    notes = folder / "manifest.labelling.json"
    for text in ("{", "[]", json.dumps({"format_version": 2, "labels": [], "unlabelled": []})):
        notes.write_text(text)
        with pytest.raises(ManifestError, match="what the label page writes"):
            sitting(folder)
