from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from vidclf.draw import DataSplit, EpochRow, Failure, Figure, Mistake, Report, Shares, write_report
from vidclf.metrics import Reliability, ReliabilityBin


@dataclass(frozen=True)
class Row:
    label: str
    precision: float
    recall: float
    f1: float
    support: int


def full_report() -> Report:
    frames = np.random.default_rng(0).integers(256, size=(20, 60, 80, 3), dtype=np.uint8)
    return Report(
        title="Gestures",
        subtitle="test split",
        figures=[
            Figure("Accuracy", 0.934, (0.901, 0.958), note="95 % bootstrap over groups"),
            Figure("Macro F1", 0.921),
            Figure("AUC", 0.98765, percent=False),
            Figure("Top 5", None),
        ],
        notes=["The data are rendered."],
        history=[EpochRow(1, 1.0, 1.1, 0.5, 0.4), EpochRow(2, 0.5, 0.6, 0.8, 0.7)],
        classes=["wave", "push", "pull"],
        confusion=[[5, 1, 0], [2, 4, 0], [0, 0, 0]],
        per_class=[
            Row("wave", 0.714, 0.833, 0.769, 6),
            Row("push", 0.8, 0.667, 0.727, 6),
            Row("pull", 0, 0, 0, 0),
        ],
        reliability=Reliability((ReliabilityBin(0.6, 0.7, 0.66, 0.75, 8), ReliabilityBin(0.9, 1.0, 0.93, 0.75, 4))),
        reliability_note="Temperature 1.25, fitted on 40 validation clips.",
        mistakes=[
            Mistake(
                "clips/a.mp4", "wave", "push", 0.912, 0.031, frames, list(np.arange(20) / 10),
                heat=frames[:, :40, :40],
                over_time=Shares(np.arange(20) / 10, {"wave": np.full(20, 0.2), "push": np.full(20, 0.8)}),
            ),
            Mistake("clips/b.mp4", "push", "wave", 0.7, 0.2),
        ],
        mistakes_note="Below each frame what the network saw.",
        split=DataSplit(("wave", "push", "pull"), {"train": (30, 31, 32), "test": (6, 6, 0)}, "abc123", {"train": 9}),
        failures=[Failure("clips/broken.mp4", "moov atom not found")],
        config="train:\n  epochs: 30\n",
        environment={"torch": "2.12.1"},
    )  # fmt: skip


class Page(HTMLParser):
    """A page as a reader meets it: its text, its tags, and that every tag is closed in order."""

    VOID = frozenset({"meta", "img", "source", "br", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.words, self.tags, self._open = html, [], [], []
        self.feed(html)
        assert not self._open, f"never closed: {self._open}"
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    def every(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def written(tmp_path):
    def write(report: Report) -> Page:
        write_report(tmp_path / "report.html", report)
        return Page((tmp_path / "report.html").read_text(encoding="utf-8"))

    return write


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Page:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, full_report())
    return Page(path.read_text(encoding="utf-8"))


def test_says_what_was_found(page):
    for words in (
        "Gestures", "test split", "Accuracy 93.4 %", "90.1 to 95.8 %", "95 % bootstrap over groups",
        "92.1", "0.988", "The data are rendered.", "2 epochs",
        "wave 3.1 % taken for push 91.2 %", "clips/a.mp4",
        "The 2 surest of 3 . Below each frame what the network saw.",
        "Temperature 1.25, fitted on 40 validation clips.",
        "clips/broken.mp4 moov atom not found", "1 input could not be used.",
        "all clips 93 12", "groups 9 –", "split abc123", "epochs: 30", "torch 2.12.1",
    ):  # fmt: skip
        assert words.replace(" .", ".") in page.text.replace(" .", ".")


def test_the_headline_comes_first_and_the_weakest_class_on_top(page):
    assert page.text.index("93.4") < page.text.index("92.1") < page.text.index("Training")
    table = page.text[page.text.index("In per cent") :]
    assert table.index("push 80.0") < table.index("wave 71.4") < table.index("pull – – – 0")


def test_needs_nothing_beside_itself(page):
    assert not re.search(r"https?://|//[\w.-]+\.\w+/|@import|url\(", page.html)
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object", "base"}
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "srcset", "href"):
            assert attributes.get(name, "data:image/").startswith("data:image/")
    policy = next(m["content"] for m in page.every("meta") if m.get("http-equiv"))
    assert policy.startswith("default-src 'none'")


def test_every_picture_opens_and_has_words(page):
    pictures = page.every("img")
    assert len(pictures) == 2 + 1 + 1 + 2 * 8 + 1  # curves, matrix, reliability, a strip with heat, its plot
    words = [picture["alt"] for picture in pictures]
    assert sum("error of 12.0 %" in said for said in words) == 1  # (8 * 0.09 + 4 * 0.18) / 12
    assert words.count("what spoke for push") == 8
    assert "Probability over time of wave and push" in words
    for picture in pictures:
        assert picture["alt"]
    for address in [p["src"] for p in pictures] + [s["srcset"] for s in page.every("source")]:
        kind, data = re.fullmatch(r"data:image/(png|jpeg);base64,(.+)", address).groups()
        with Image.open(io.BytesIO(base64.b64decode(data, validate=True))) as opened:
            opened.load()
            assert opened.format.lower() == kind


def test_has_a_dark_side_and_fits_phones(page):
    assert len(page.every("source")) == 5
    assert all("dark" in source["media"] for source in page.every("source"))
    assert "@media (prefers-color-scheme: dark)" in page.html
    assert any(meta.get("name") == "viewport" for meta in page.every("meta"))


def test_names_are_text_and_never_markup(written):
    evil = '<script>alert("1")</script>'
    report = full_report()
    page = written(
        replace(
            report,
            title=evil,
            subtitle=evil,
            notes=[evil],
            figures=[Figure(evil, 0.5, note=evil)],
            classes=[evil, "b", "c"],
            per_class=[Row(evil, 0, 0, 0, 1)],
            mistakes=[replace(report.mistakes[0], truth=evil, predicted=evil, source=evil)],
            split=DataSplit((evil,), {evil: (1,)}, evil, {evil: 1}),
            failures=[Failure(evil, evil)],
            config=evil,
            environment={evil: evil},
        )
    )
    assert not page.every("script")
    assert page.text.count(evil) >= 15
    assert any(image["alt"].startswith(evil) for image in page.every("img"))


def test_passwords_in_addresses_are_masked(written):
    address = "rtsp://admin:hunter2@camera/live?token=hunter2"
    report = replace(
        full_report(),
        failures=[Failure(address, f"could not open {address}")],
        config=f"data:\n  root: {address}\n",
        mistakes=[Mistake(address, "wave", "push", 0.9, 0.1)],
    )
    page = written(report)
    assert "hunter2" not in page.html
    assert page.text.count("rtsp://***@camera/live?token=***") == 4


def test_empty_states(written):
    page = written(Report(title="Dry run", figures=[]))
    assert "Nothing was scored." in page.text
    assert "None: every input could be used." in page.text
    assert "Mistakes" not in page.text
    assert not page.every("img")

    perfect = written(
        Report("Perfect", [Figure("Accuracy", 1.0, (1.0, 1.0))], classes=["a", "b"], confusion=[[4, 0], [0, 3]])
    )
    assert "None: each of the 7 clips was taken for what it is." in perfect.text


def test_one_epoch_is_one(written):
    assert "1 epoch " in written(Report("t", [], history=[EpochRow(1, 1.0)])).text


def test_repeats_to_the_byte(tmp_path):
    for name in ("a.html", "b.html"):
        write_report(tmp_path / name, full_report())
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
