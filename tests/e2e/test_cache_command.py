"""`vidclf cache`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.e2e.command_line import TINY, vidclf

SETTINGS = [word for word in TINY if not word.startswith("data.cache")]


def test_a_cache_is_built_shown_used_and_cleared(gestures: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(gestures.parent, data)
    cache = tmp_path / "cache"
    env = {"VIDCLF_CACHE": str(cache)}
    count = len(list(data.rglob("*.mp4")))

    built = vidclf("cache", "build", data / "manifest.csv", *SETTINGS, env=env)
    assert built.code == 0, built.err
    assert f"{count} of {count} clips are in it" in built.out
    info = vidclf("cache", "info", env=env)
    assert info.code == 0
    assert str(cache) in info.out
    frames = re.search(rf"frames\s+{count}\s+\d.*", info.out)
    assert frames

    trained = vidclf("train", data / "manifest.csv", *SETTINGS, "data.cache=disk", f"out={tmp_path / 'run'}", env=env)
    assert trained.code == 0, trained.err
    assert frames[0] in vidclf("cache", "info", "--dir", cache).out  # it asked for nothing else

    (cache / "mine.txt").write_text("stays")
    cleared = vidclf("cache", "clear", "--dir", cache)
    assert cleared.code == 0
    assert str(cache) in cleared.out
    assert [path.name for path in cache.iterdir()] == ["mine.txt"]


def test_what_cannot_be_read_is_named(gestures: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(gestures.parent, data)
    bad = min(data.rglob("*.mp4"))
    bad.write_bytes(b"<html>not found</html>")
    built = vidclf("cache", "build", data / "manifest.csv", *SETTINGS, f"data.cache_dir={tmp_path / 'cache'}")
    assert built.code == 1
    assert str(bad) in built.err
    assert len(built.err.strip().splitlines()) <= 2


def test_a_cache_that_is_not_there_is_empty(tmp_path: Path) -> None:
    info = vidclf("cache", "info", "--dir", tmp_path / "none")
    assert info.code == 0
    assert re.search(r"frames\s+0\s+0 bytes", info.out)
    assert vidclf("cache", "clear", "--dir", tmp_path / "none").code == 0
    assert not (tmp_path / "none").exists()
