"""The page as its user has it: keys in a real Chromium, and the manifest that comes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.video.drawing import numbered, write_video
from tests.web.serving import serving
from vidclf.data import read_manifest
from vidclf.draw.theme import THEMES
from vidclf.web.server import LocalServer


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page, on which no script may fail and nothing may be refused by the policy."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        told_by_the_page = "status of 503" in message.text
        server_has_ended = "ERR_CONNECTION_REFUSED" in message.text  # as a test does while its page plays on
        if message.type == "error" and not told_by_the_page and not server_has_ended:
            complaints.append(message.text)

    context = browser.new_context(viewport={"width": 1200, "height": 800})
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", hear)
    yield opened
    context.close()
    assert complaints == []


def start(page: Page, server: LocalServer) -> None:
    page.goto(server.url("/label"))
    expect(page.locator("#name")).not_to_be_empty()


def shows(page: Page, name: str) -> None:
    expect(page.locator("#name")).to_have_text(name)
    expect(page.locator("#screen-text")).to_be_hidden()


def test_clips_are_labelled_by_keys(clips: Path, page: Page) -> None:
    with serving(clips, "wave", "none") as server:
        start(page, server)
        assert "token" not in page.url
        shows(page, "clip_1.mp4")
        page.keyboard.press("2")
        shows(page, "clip_2.mp4")
        expect(page.locator("#progress-text")).to_have_text("1 of 3 decided")
        page.keyboard.press("ArrowLeft")
        shows(page, "clip_1.mp4")
        expect(page.locator("#decision")).to_have_text("none")
        expect(page.get_by_role("button", name="none")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("ArrowRight")
        shows(page, "clip_2.mp4")
        page.keyboard.press("b")
        shows(page, "clip_3.mp4")
        page.get_by_role("button", name="wave").click()
        expect(page.locator("#progress-text")).to_have_text("All 3 decided")
        labels = {entry.name: entry.label for entry in read_manifest(clips / "manifest.csv").entries}
        assert labels == {"clip_1.mp4": "none", "clip_3.mp4": "wave"}

        page.keyboard.press("u")
        expect(page.locator("#decision")).to_have_text("not labelled")
        page.keyboard.press("Control+z")
        shows(page, "clip_2.mp4")
        expect(page.locator("#progress-text")).to_have_text("1 of 3 decided")
        page.reload()
        shows(page, "clip_2.mp4")
    with serving(clips) as server:
        start(page, server)
        expect(page.locator("#progress-text")).to_have_text("1 of 3 decided")
        expect(page.locator("#labels b")).to_have_text(["wave", "none"])


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "later.mkv"])
def test_space_marks_the_frame_that_is_seen(tmp_path: Path, page: Page, name: str) -> None:
    """On a file that is played itself, on a copy, and on one whose own time begins at 3 s."""
    codec, first = ("mpeg4", 0) if name == "a.avi" else ("libx264", 75 if name == "later.mkv" else 0)
    ticks = [first + k for k in range(20)]
    write_video(tmp_path / name, [numbered(k) for k in range(20)], codec=codec, ticks=ticks)
    with serving(tmp_path, "wave") as server:
        start(page, server)
        shows(page, name)
        video = page.locator("video")
        page.keyboard.press("p")
        for at, said in ((5, "Mark end"), (9, "Mark start")):
            # Seek into the middle of a frame, and wait until that frame is on the screen.
            video.evaluate(
                "(video, seconds) => new Promise(resolve => {"
                "video.requestVideoFrameCallback(() => requestAnimationFrame(resolve));"
                "video.currentTime = seconds;})",
                (at + 0.5) / 25,
            )
            page.keyboard.press(" ")
            expect(page.locator("#mark span")).to_have_text(said)
        begin, end = (first + 5) / 25, (first + 10) / 25
        expect(page.locator("#marks")).to_have_text(f"From {begin:.2f} s to {end:.2f} s.")
        page.keyboard.press("p")
        expect(page.locator("#pause span")).to_have_text("Pause")
        expect(page.locator("#part")).to_be_visible()
        page.keyboard.press("1")
        expect(page.locator("#decision")).to_have_text("wave")
    [entry] = read_manifest(tmp_path / "manifest.csv").entries
    assert (entry.start_seconds, entry.end_seconds) == pytest.approx((begin, end))


def test_the_part_between_the_marks_is_played_over_and_over(clips: Path, page: Page) -> None:
    (clips / "manifest.csv").write_text("path,label,start_seconds,end_seconds\nclip_1.mp4,wave,0.4,0.6\n")
    with serving(clips) as server:
        start(page, server)
        page.keyboard.press("ArrowLeft")
        shows(page, "clip_1.mp4")
        video = page.locator("video")
        video.evaluate("video => new Promise(resolve => video.addEventListener('seeked', resolve, {once: true}))")
        times = [video.evaluate("video => video.currentTime") for _ in range(60)]
        assert 0.38 <= min(times) < max(times) < 0.75
        page.keyboard.press("Backspace")
        expect(page.locator("#marks")).to_have_text("The whole clip counts.")


def test_a_label_is_added_on_the_page_and_its_letters_are_no_commands(clips: Path, page: Page) -> None:
    with serving(clips) as server:
        start(page, server)
        expect(page.locator("#no-labels")).to_be_visible()
        page.get_by_label("New label").press_sequentially("b <b>us 1")
        page.keyboard.press("Enter")
        expect(page.locator("#labels b")).to_have_text(["b <b>us 1"])
        expect(page.locator("#progress-text")).to_have_text("0 of 3 decided")
        expect(page.get_by_label("New label")).to_have_value("")
        page.keyboard.press("1")
        shows(page, "clip_2.mp4")
    assert (clips / "manifest.csv").read_text() == "path,label\nclip_1.mp4,b <b>us 1\n"


def test_a_bad_clip_is_shown_as_such_and_set_aside(clips: Path, page: Page) -> None:
    (clips / "clip_1.mp4").write_bytes(b"<html>not found</html>")
    with serving(clips, "wave") as server:
        start(page, server)
        expect(page.locator("#screen-text")).to_contain_text("cannot be shown")
        expect(page.locator("#mark")).to_be_disabled()
        page.keyboard.press("b")
        shows(page, "clip_2.mp4")
        page.keyboard.press("s")
        shows(page, "clip_3.mp4")
        expect(page.locator("#progress-text")).to_have_text("2 of 3 decided")
    assert not (clips / "manifest.csv").exists()


def test_what_the_browser_cannot_play_is_played_as_a_copy(clips: Path, page: Page) -> None:
    page.route("**/clips/0/video", lambda route: route.fulfill(body=b"no video", content_type="video/mp4"))
    with serving(clips, "wave") as server:
        start(page, server)
        video = page.locator("video")
        expect(video).to_have_attribute("src", "/label/clips/0/video?copy=1")
        expect(page.locator("#screen-text")).to_be_hidden()
        expect(video).to_have_js_property("videoWidth", 96)


def test_what_could_not_be_saved_is_said(clips: Path, page: Page) -> None:
    with serving(clips, "wave") as server:
        start(page, server)
        shows(page, "clip_1.mp4")
        (clips / "manifest.csv").write_text("path,label\nclip_1.mp4,other\n")
        page.keyboard.press("1")
        expect(page.get_by_role("alert")).to_contain_text("another program changed it")
        expect(page.locator("#name")).to_have_text("clip_1.mp4")


def test_everything_can_be_reached_without_a_mouse(clips: Path, page: Page) -> None:
    with serving(clips, "wave", "none") as server:
        start(page, server)
        shows(page, "clip_1.mp4")
        names = []
        for _ in range(30):
            page.keyboard.press("Tab")
            name = page.evaluate("document.activeElement.innerText || document.activeElement.name || ''")
            names.append(re.sub(r"\s+", " ", name))
        for wanted in ("1 none 0", "2 none 0", "label", "Add", "Space Mark start", "→ Next", "S Skip"):
            assert wanted.replace("1 none", "1 wave") in names
        page.get_by_role("button", name="none").focus()
        page.keyboard.press("Enter")  # presses the button that has the focus
        shows(page, "clip_2.mp4")
        page.keyboard.press(" ")
        shows(page, "clip_3.mp4")
    assert {entry.label for entry in read_manifest(clips / "manifest.csv").entries} == {"none"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_fits_and_takes_the_colours_of_the_reports(
    clips: Path, browser: Browser, scheme: str, width: int
) -> None:
    with serving(clips, "wave", "a rather long label that has to be broken somewhere") as server:
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
        page = context.new_page()
        start(page, server)
        shows(page, "clip_1.mp4")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        style = "name => getComputedStyle(document.documentElement).getPropertyValue('--' + name)"
        theme = asdict(THEMES[scheme])  # type: ignore[index]
        assert {name: page.evaluate(style, name) for name in theme} == theme
        context.close()
