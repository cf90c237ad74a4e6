"""The frame cache: what it gives is what decoding gives, and no damage, kill or change gets past it."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.processes import CONTEXT
from vidclf.data import ClipEntry, ClipReader
from vidclf.data.cache import EntryStore, FrameCache, cache_folder, clear, content_hash, entry_key, usage
from vidclf.errors import NotAVideoError, SourceNotFoundError, StoppedError
from vidclf.prep import HALF, IMAGENET, Chance, Preprocessing
from vidclf.video.write import write_video

PREPROCESSING = Preprocessing(sampling="uniform", frames=6, size=(16, 24), motion="add")


def _write(path: Path, count: int = 20, seed: int = 0) -> Path:
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 4, 6, 3)).astype(np.uint8)
    write_video(path, coarse.repeat(8, axis=1).repeat(8, axis=2), fps=10)
    return path


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    _write(folder / "a.mp4", 20, seed=0)
    _write(folder / "b.mp4", 31, seed=1)
    return folder


@pytest.fixture
def clips(videos: Path, tmp_path: Path) -> Path:
    """The same, to be changed; old enough that their hashes are remembered."""
    folder = tmp_path / "clips"
    shutil.copytree(videos, folder)
    for path in folder.iterdir():
        os.utime(path, (time.time() - 60, time.time() - 60))
    return folder


def entry(path: Path, **window: float) -> ClipEntry:
    return ClipEntry(path.name, path, "wave", **window)  # type: ignore[arg-type]


def reader(folder: Path, preprocessing: Preprocessing = PREPROCESSING) -> ClipReader:
    return ClipReader(preprocessing, on_disk=FrameCache(folder, preprocessing))


def entries_of(folder: Path, kind: str = "frames") -> int:
    return next(found.entries for found in usage(folder) if found.kind == kind)


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("crop", ["none", "center"])
@pytest.mark.parametrize("window", [{}, {"start_seconds": 0.5, "end_seconds": 1.6}])
def test_the_cache_gives_what_decoding_gives(
    clips: Path, tmp_path: Path, drawn: bool, crop: str, window: dict[str, float]
) -> None:
    preprocessing = replace(PREPROCESSING, crop=crop)
    decoding = ClipReader(preprocessing)
    for _ in range(2):
        for path in sorted(clips.iterdir()):
            draw = {"chance": Chance(np.random.default_rng(3), 1.2)} if drawn else {}
            expected = decoding.prepared(entry(path, **window), **draw)  # type: ignore[arg-type]
            draw = {"chance": Chance(np.random.default_rng(3), 1.2)} if drawn else {}
            given = reader(tmp_path / "cache", preprocessing).prepared(entry(path, **window), **draw)  # type: ignore[arg-type]
            for name in ("frames", "steps", "before", "pts_seconds"):
                np.testing.assert_array_equal(getattr(given, name), getattr(expected, name))
            assert given.source == expected.source
            assert given.frames.flags.writeable


def test_a_clip_is_decoded_once_by_one_process_and_not_at_all_by_the_next(clips: Path, tmp_path: Path) -> None:
    first = reader(tmp_path / "cache")
    rows = [entry(path) for path in sorted(clips.iterdir())]
    assert list(first.fill(rows)) == rows
    expected = [first.prepared(row, Chance(np.random.default_rng(0))).frames for row in rows]
    stats = [path.stat() for path in sorted(clips.iterdir())]
    for path, stat in zip(sorted(clips.iterdir()), stats, strict=True):
        path.write_bytes(bytes(stat.st_size))  # nothing that could be decoded, and looks the same from outside
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    again = reader(tmp_path / "cache")
    for row, frames in zip(rows, expected, strict=True):
        np.testing.assert_array_equal(again.prepared(row, Chance(np.random.default_rng(0))).frames, frames)
    shutil.rmtree(clips)
    for row, frames in zip(rows, expected, strict=True):
        np.testing.assert_array_equal(first.prepared(row, Chance(np.random.default_rng(0))).frames, frames)


def test_a_clip_is_known_by_what_it_holds(clips: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    before = reader(cache).prepared(entry(clips / "a.mp4"))
    (clips / "a.mp4").rename(clips / "renamed.mp4")
    np.testing.assert_array_equal(reader(cache).prepared(entry(clips / "renamed.mp4")).frames, before.frames)
    assert entries_of(cache) == 1
    shutil.copy(clips / "b.mp4", clips / "a.mp4")
    changed = reader(cache).prepared(entry(clips / "a.mp4"))
    np.testing.assert_array_equal(changed.frames, ClipReader(PREPROCESSING).prepared(entry(clips / "b.mp4")).frames)
    assert entries_of(cache) == 2


@pytest.mark.parametrize(
    ("drawn", "other", "made_again"),
    [
        (True, {"size": (16, 20)}, True),
        (True, {"crop": "center"}, True),
        (True, {"frames": 5}, False),
        (True, {"motion": "none"}, False),
        (True, {"sampling": "rate", "fps": 5.0}, False),
        (False, {"size": (16, 20)}, True),
        (False, {"frames": 5}, True),
        (False, {"motion": "none"}, True),
        (False, {"motion_seconds": 0.3}, True),
        (False, {"statistics": IMAGENET}, False),
    ],
)
def test_settings_that_change_what_is_kept_tell_entries_apart(
    clips: Path, tmp_path: Path, drawn: bool, other: dict[str, object], made_again: bool
) -> None:
    row = entry(clips / "a.mp4")
    changed = replace(PREPROCESSING, **other)  # type: ignore[arg-type]
    assert PREPROCESSING.statistics == HALF
    for preprocessing in (PREPROCESSING, changed):
        chances = [Chance(np.random.default_rng(0)) if drawn else None for _ in range(2)]
        given = reader(tmp_path / "cache", preprocessing).prepared(row, chances[0])
        np.testing.assert_array_equal(given.frames, ClipReader(preprocessing).prepared(row, chances[1]).frames)
    assert entries_of(tmp_path / "cache") == 1 + made_again


def _damages() -> dict[str, bytes]:
    return {"empty": b"", "a few bytes": b"\x10", "a long header": b"\xff" * 64, "text": b"<html>" * 100}


@pytest.mark.parametrize("damage", [*_damages(), "half", "a byte less", "a bit of the frames", "a bit of the header"])
def test_a_damaged_entry_is_told_and_made_again(
    clips: Path, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    row = entry(clips / "a.mp4")
    expected = reader(tmp_path / "cache").prepared(row).frames
    (file,) = (tmp_path / "cache" / "frames").glob("*/*")
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[-1000 if damage == "a bit of the frames" else whole.index(b"shape") + 8] ^= 1
    damaged = {"half": whole[: len(whole) // 2], "a byte less": whole[:-1], **_damages()}.get(damage, bytes(flipped))
    assert damaged != whole
    file.write_bytes(damaged)
    np.testing.assert_array_equal(reader(tmp_path / "cache").prepared(row).frames, expected)
    assert str(file) in caplog.text
    assert file.read_bytes() == whole


def test_bad_clips_are_told_each_time_and_nothing_is_kept_of_them(clips: Path, tmp_path: Path) -> None:
    (clips / "a.mp4").write_bytes(b"<html>no video</html>")
    reading = reader(tmp_path / "cache")
    for _ in range(2):
        with pytest.raises(NotAVideoError):
            reading.prepared(entry(clips / "a.mp4"))
        _write(clips / "a.mp4")  # for this reader it stays bad
    with pytest.raises(SourceNotFoundError):
        reading.prepared(entry(clips / "absent.mp4"))
    assert {type(error) for error in reading.bad} == {NotAVideoError, SourceNotFoundError}
    assert entries_of(tmp_path / "cache") == 0
    assert len(reader(tmp_path / "cache").prepared(entry(clips / "a.mp4")).steps) == 6


def test_a_folder_of_pictures_is_known_by_names_and_contents(tmp_path: Path) -> None:
    from PIL import Image

    def picture(name: str, grey: int) -> None:
        Image.new("RGB", (24, 16), (grey, grey, grey)).save(tmp_path / "frames" / name)

    (tmp_path / "frames").mkdir()
    for number, grey in enumerate((10, 200, 90)):
        picture(f"{number}.png", grey)
    memo = EntryStore(tmp_path / "cache", "hashes")
    first = content_hash(tmp_path / "frames", memo)
    frames = reader(tmp_path / "cache").prepared(entry(tmp_path / "frames")).frames
    assert frames[:, 0, 0, 0].tolist() == [10, 200, 90]
    (tmp_path / "frames" / "2.png").rename(tmp_path / "frames" / "00.png")
    assert content_hash(tmp_path / "frames", memo) != first
    picture("00.png", 91)
    frames = reader(tmp_path / "cache").prepared(entry(tmp_path / "frames")).frames
    assert sorted(frames[:, 0, 0, 0].tolist()) == [10, 91, 200]


def test_a_hash_is_remembered_only_once_a_file_has_settled(clips: Path, tmp_path: Path) -> None:
    memo = EntryStore(tmp_path / "cache", "hashes")
    old, new = clips / "a.mp4", clips / "new.mp4"
    new.write_bytes(b"one")
    first = content_hash(new, memo)
    stat = new.stat()
    new.write_bytes(b"two")
    os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # within one tick of the clock
    assert content_hash(new, memo) != first
    assert entries_of(tmp_path / "cache", "hashes") == 0
    content_hash(old, memo)
    assert entries_of(tmp_path / "cache", "hashes") == 1


def _big_entry(number: int) -> dict[str, np.ndarray]:
    return {"frames": np.full((20, 100, 100, 3), number % 251, np.uint8), "pts_seconds": np.arange(20.0) + number}


def _put_for_ever(folder: Path) -> None:
    store = EntryStore(folder, "frames")
    for number in range(10_000):
        store.put(entry_key(number=number), _big_entry(number))


def test_a_kill_leaves_whole_entries_or_none(tmp_path: Path) -> None:
    rng = np.random.default_rng()
    left_over = 0
    for _ in range(20):
        shutil.rmtree(tmp_path, ignore_errors=True)
        process = CONTEXT.Process(target=_put_for_ever, args=(tmp_path,))
        process.start()
        while entries_of(tmp_path) < 2:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.1))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        store = EntryStore(tmp_path, "frames")
        whole = 0
        for number in range(10_000):
            kept = store.get(entry_key(number=number))
            if kept is None:
                break
            whole += 1
            for name, array in _big_entry(number).items():
                np.testing.assert_array_equal(kept[name], array)
        assert whole == entries_of(tmp_path) >= 2
        left_over += len(list(tmp_path.glob("frames/??/.*")))
        store.put(entry_key(number=whole), _big_entry(whole))
        assert store.get(entry_key(number=whole)) is not None
        if left_over >= 2:
            return
    raise AssertionError("not one process was killed while writing")


def test_processes_that_make_the_same_entries_do_not_disturb_each_other(clips: Path, tmp_path: Path) -> None:
    row = entry(clips / "b.mp4")
    processes = [CONTEXT.Process(target=_make_over_and_over, args=(tmp_path / "cache", row)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert entries_of(tmp_path / "cache") == 1


def _make_over_and_over(cache: Path, row: ClipEntry) -> None:
    expected = ClipReader(PREPROCESSING).prepared(row, Chance(np.random.default_rng(0))).frames
    for _ in range(20):
        for file in cache.glob("frames/*/*.safetensors"):
            file.unlink(missing_ok=True)
        given = reader(cache).prepared(row, Chance(np.random.default_rng(0))).frames
        np.testing.assert_array_equal(given, expected)


def _fill_with_little_room(cache: Path, row: ClipEntry, said: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    try:
        reader(cache).prepared(row)
    except StoppedError as error:
        said.write_text(str(error))


def test_a_full_disk_is_a_sentence(clips: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"
    # A limit on the size of files: the file system refuses to write on, as a full one does.
    process = CONTEXT.Process(target=_fill_with_little_room, args=(tmp_path / "cache", entry(clips / "b.mp4"), said))
    process.start()
    process.join()
    assert process.exitcode == 0
    assert "cannot be written" in said.read_text()
    assert "data.cache_dir" in said.read_text()
    assert entries_of(tmp_path / "cache") == 0


def test_clearing_removes_what_is_ours_and_nothing_else(clips: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    list(reader(cache).fill([entry(path) for path in clips.iterdir()]))
    (ours,) = {path.parent.parent for path in cache.glob("frames/*/*")}
    others = [cache / "thesis.txt", ours / "thesis.txt", ours / "ab" / "model.safetensors"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("not yours")
    left_over, written_now = (ours / "ab" / f".{digit * 64}.safetensors.x" for digit in "ab")
    for path in (left_over, written_now):
        path.mkdir()
    os.utime(left_over, (0, 0))
    removed = {found.kind: found for found in clear(cache)}
    assert removed["frames"].entries == 2
    assert removed["frames"].bytes > 2 * 20 * 16 * 24 * 3
    assert all(found.entries == 0 for found in usage(cache))
    assert all(path.read_text() == "not yours" for path in others)
    assert written_now.exists()
    assert not left_over.exists()
    assert clear(tmp_path / "nothing here")[0].entries == 0


def test_where_the_cache_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("VIDCLF_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache_folder() == tmp_path / ".cache" / "vidclf"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert cache_folder() == tmp_path / ".cache" / "vidclf"
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/caches")
    assert cache_folder() == Path("/var/caches/vidclf")
    monkeypatch.setenv("VIDCLF_CACHE", "~/frames")
    assert cache_folder() == tmp_path / "frames"
    assert cache_folder("here") == Path("here")


def test_what_is_kept_of_damaged_clips_is_an_entry_of_its_own(clips: Path, tmp_path: Path) -> None:
    for on_truncated in ("error", "keep", "keep"):
        FrameCache(tmp_path, PREPROCESSING, on_truncated).sampled(entry(clips / "a.mp4"))  # type: ignore[arg-type]
    assert entries_of(tmp_path) == 2
