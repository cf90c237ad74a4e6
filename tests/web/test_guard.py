"""Who gets an answer: real requests to the real server."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.serving import ask, serving
from vidclf.errors import UsageError
from vidclf.web.server import LocalServer


def test_the_address_with_its_token_lets_a_browser_in(clips: Path) -> None:
    with serving(clips, "wave") as server:
        address = urlsplit(server.url("/label"))
        entry = ask(server, f"/label?{address.query}&clip=1", token="")
        assert entry.status == 303
        assert entry.headers["location"] == f"http://{address.netloc}/label?clip=1"
        cookie = entry.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        page = ask(server, "/label", token="", headers={"Cookie": cookie.partition(";")[0]})
        assert page.status == 200
        assert b"clips" in page.body
        assert server.access.token.encode() not in page.body
        assert server.access.token not in repr(server.access)


@pytest.mark.parametrize("path", ["/label", "/label/view", "/static/label.js", "/label/clips/0/video", "/nothing"])
@pytest.mark.parametrize("token", ["", "wrong", "wröng"])
def test_without_the_token_nothing_is_told(clips: Path, path: str, token: str) -> None:
    with serving(clips, "wave") as server:
        assert ask(server, path, token=token.encode().decode("latin-1")).status == 403
        assert ask(server, f"{path}?token={'wr%C3%B6ng' if token else ''}").status == 403


def test_other_hosts_and_origins_are_refused_and_change_nothing(clips: Path) -> None:
    with serving(clips, "wave") as server:
        netloc = urlsplit(server.url("/")).netloc
        entry = urlsplit(server.url("/label"))
        for host in ("evil.example", f"evil.example:{entry.port}", "127.0.0.1", ""):
            assert ask(server, "/label", headers={"Host": host}).status in (400, 403)
            assert ask(server, f"/label?{entry.query}", token="", headers={"Host": host}).status in (400, 403)
        for origin in ("", "null", "http://evil.example", f"https://{netloc}", "http://127.0.0.1:1"):
            headers = {"Origin": origin}
            changed = ask(server, "/label/clips/0/label", method="POST", body={"label": "wave"}, headers=headers)
            assert changed.status == 403
        # A change cannot be made by following a link either.
        assert ask(server, f"/label/undo?{entry.query}", method="POST", token="").status == 403
        assert ask(server, "/label/clips/0/label").status == 405
        assert not (clips / "manifest.csv").exists()
        good = ask(server, "/label/clips/0/label", method="POST", body={"label": "wave"})
        assert good.status == 200
    assert (clips / "manifest.csv").read_text() == "path,label\nclip_1.mp4,wave\n"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/label/clips/../../secret.mp4",
        "/label/clips/..%2f..%2fsecret.mp4/video",
        "/label/clips/secret.mp4/video",
        "/label/clips/-1/video",
        "/label/clips/3/video",
        "/label/clips/3/media",
        "/label/view?clip=99",
        "/clip_1.mp4",
        "/docs",
        "/openapi.json",
        "/../secret.mp4",
    ],
)
def test_nothing_but_pages_and_clips_is_served(clips: Path, path: str) -> None:
    (clips.parent / "secret.mp4").write_bytes((clips / "clip_1.mp4").read_bytes())
    with serving(clips) as server:
        answer = ask(server, path)
        assert answer.status in (404, 422)  # 422: no number
        assert len(answer.body) < 300


def test_links_that_lead_out_are_not_followed(clips: Path) -> None:
    secret = clips.parent / "secret.mp4"
    secret.write_bytes((clips / "clip_1.mp4").read_bytes())
    (clips / "a_link.mp4").symlink_to(secret)
    (clips / "manifest.csv").write_text("path,label\n../secret.mp4,wave\nclip_2.mp4,wave\n")
    with serving(clips) as server:
        shown = ask(server, "/label/view").json
        assert shown["num_clips"] == 3
        assert ask(server, f"/label/clips/{shown['number']}/video").status == 200
        (clips / "clip_1.mp4").unlink()
        (clips / "clip_1.mp4").symlink_to(secret)
        assert shown["name"] == "clip_1.mp4"
        assert ask(server, f"/label/clips/{shown['number']}/video").status == 404
        assert ask(server, f"/label/clips/{shown['number']}/media").status == 404


def test_every_answer_forbids_foreign_scripts_and_frames(clips: Path) -> None:
    with serving(clips) as server:
        for path, token in (("/label", None), ("/label", "wrong"), ("/nothing", None), ("/static/base.css", None)):
            headers = ask(server, path, token=token).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
            assert "server" not in headers


def test_a_part_of_a_video_can_be_asked_for(clips: Path) -> None:
    whole = (clips / "clip_1.mp4").read_bytes()
    with serving(clips) as server:
        part = ask(server, "/label/clips/0/video", headers={"Range": "bytes=10-19"})
        assert part.status == 206
        assert part.body == whole[10:20]
        assert part.headers["content-type"] == "video/mp4"
        assert ask(server, "/label/clips/0/video").body == whole


def test_a_port_that_is_taken_is_named(clips: Path) -> None:
    with serving(clips) as server:
        port = urlsplit(server.url("/")).port
        assert port
        with pytest.raises(UsageError, match=f"port {port}"):
            LocalServer([], port=port)
