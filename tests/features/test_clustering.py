"""Motion features and clusters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vidclf.data import ClipEntry
from vidclf.errors import ManifestError
from vidclf.features import motion_features
from vidclf.features.clustering import cluster_clips, default_count
from vidclf.features.describing import by_motion, clips_below, describe_clips
from vidclf.features.tables import labelled, write_clusters, write_labels
from vidclf.video.write import write_video


def moving_square(
    step: tuple[int, int], *, count: int = 25, seed: int = 0, contrast: int = 200, start: tuple[int, int] = (12, 20)
) -> np.ndarray:
    """A soft square that moves by (rows, columns) a frame over a still, noisy ground: uint8 (T, 48, 64, 3)."""
    ground = np.random.default_rng(seed).integers(40, 60, (48, 64))
    rows, columns = np.mgrid[:48, :64]
    frames = np.empty((count, 48, 64, 3), np.uint8)
    for time in range(count):
        row, column = start[0] + step[0] * time, start[1] + step[1] * time
        blob = np.exp(-(((rows - row) / 4) ** 2) - ((columns - column) / 4) ** 2)
        frames[time] = (ground + contrast * blob).clip(0, 255).astype(np.uint8)[..., None]
    return frames


def _directions(features: np.ndarray) -> np.ndarray:
    """Shares of the eight directions, counted from left, over all times and places."""
    return (features.reshape(-1, 8) ** 2).sum(axis=0)


@pytest.mark.parametrize(
    ("step", "bins"),
    [((0, 1), {3, 4}), ((0, -1), {0, 7}), ((1, 0), {5, 6}), ((-1, 0), {1, 2})],
)
def test_motion_features_tell_which_way_something_moves(step: tuple[int, int], bins: set[int]) -> None:
    start = (30, 40) if min(step) < 0 else (12, 20)
    shares = _directions(motion_features(moving_square(step, start=start)))
    assert shares.shape == (8,)
    assert sum(shares[list(bins)]) > 0.5
    assert shares.sum() == pytest.approx(1, abs=0.05)


def test_motion_features_tell_when_and_where() -> None:
    early, late = moving_square((0, 1)), moving_square((0, 1))
    early[12:], late[:13] = early[12], late[13]
    by_time = [(motion_features(frames).reshape(4, -1) ** 2).sum(axis=1) for frames in (early, late)]
    assert by_time[0][:2].sum() > 0.95
    assert by_time[1][2:].sum() > 0.95
    above = (motion_features(moving_square((0, 1), start=(10, 5))).reshape(4, 2, -1) ** 2).sum(axis=(0, 2))
    below = (motion_features(moving_square((0, 1), start=(38, 5))).reshape(4, 2, -1) ** 2).sum(axis=(0, 2))
    assert above[0] > 0.9
    assert below[1] > 0.9


def test_motion_features_do_not_mind_contrast_or_a_still_ground() -> None:
    one = motion_features(moving_square((0, 1)))
    other = motion_features(moving_square((0, 1), seed=1, contrast=120))
    against = motion_features(moving_square((0, -1), start=(12, 44)))
    assert one @ other > 0.8 > one @ against


@pytest.mark.parametrize("count", [1, 2, 3])
def test_motion_features_of_stills_and_short_clips(count: int) -> None:
    still = np.repeat(moving_square((0, 0), count=1), count, axis=0)
    assert motion_features(still).shape == (128,)
    assert np.abs(motion_features(still)).max() < 1e-6


def _blobs(sizes: tuple[int, ...], spread: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(len(sizes), 5)) * 5
    return np.concatenate(
        [centre + spread * rng.normal(size=(size, 5)) for centre, size in zip(centres, sizes, strict=True)]
    )


def test_clusters_are_what_lies_together_the_largest_first() -> None:
    clustering = cluster_clips(_blobs((5, 20, 9)), 3)
    assert clustering.numbers.tolist() == [3] * 5 + [1] * 20 + [2] * 9
    assert clustering.count == 3
    members = clustering.members(1)
    assert sorted(members.tolist()) == list(range(5, 25))
    assert (np.diff(clustering.distances[members]) >= 0).all()


def test_one_seed_is_one_clustering() -> None:
    features = np.random.default_rng(1).normal(size=(60, 40))
    first, again = cluster_clips(features, 6), cluster_clips(features, 6)
    assert first.numbers.tolist() == again.numbers.tolist()


@pytest.mark.parametrize("features", [np.ones((1, 4)), np.ones((6, 4)), _blobs((1, 1))])
def test_few_or_equal_clips_are_fewer_clusters(features: np.ndarray) -> None:
    clustering = cluster_clips(features, 5)
    assert 1 <= clustering.count <= len(features)
    assert set(clustering.numbers) == set(range(1, clustering.count + 1))


def test_how_many_clusters_there_are_by_default() -> None:
    assert [default_count(clips) for clips in (2, 50, 315)] == [2, 5, 13]
    assert cluster_clips(np.random.default_rng(0).normal(size=(50, 4))).count == 5


def test_clips_below_a_folder_are_all_its_videos_without_labels(tmp_path: Path) -> None:
    for name in ("b.mp4", "deep/er/a.MKV", "notes.txt", ".hidden.mp4", ".git/c.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    entries = clips_below(tmp_path)
    assert [(entry.name, entry.label) for entry in entries] == [("b.mp4", ""), ("deep/er/a.MKV", "")]
    with pytest.raises(ManifestError, match="no videos"):
        clips_below(tmp_path / ".git" / "none")


def test_clips_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    write_video(tmp_path / "good.mp4", moving_square((0, 1)), fps=10)
    (tmp_path / "bad.mp4").write_bytes(b"nothing")
    describe = by_motion(tmp_path / "cache")
    described = describe_clips(clips_below(tmp_path), describe)
    assert [entry.name for entry in described.entries] == ["good.mp4"]
    assert described.features.shape == (1, 128)
    assert "bad.mp4" in str(described.bad[0])
    with pytest.raises(ManifestError, match=r"not one of 1 clips.*bad\.mp4"):
        describe_clips(clips_below(tmp_path)[:1], describe)


def test_a_label_a_cluster_labels_its_clips(tmp_path: Path) -> None:
    files = tmp_path / "videos"
    entries = [
        ClipEntry("a.mp4", files / "a.mp4", "", group="anna"),
        ClipEntry("long.mp4", files / "long.mp4", "", start_seconds=0.0, end_seconds=1.5),
        ClipEntry("long.mp4", files / "long.mp4", "", start_seconds=1.5),
        ClipEntry("c.mp4", files / "c.mp4", ""),
    ]
    clustering = cluster_clips(np.array([[0.0, 0], [0, 0.1], [9, 9], [9, 9.1]]), 2)
    clusters, labels = tmp_path / "out" / "clusters.csv", tmp_path / "out" / "labels.csv"
    write_clusters(clusters, entries, clustering)
    write_labels(labels, clustering.count)
    with pytest.raises(ManifestError, match="no cluster has a label"):
        labelled(entries, clusters, labels, root=tmp_path / "out")
    number = clustering.numbers[0]
    labels.write_text(f"\ufeffcluster,label\n{number}, wave \n{3 - number},\n", encoding="utf-8")
    rows = labelled(entries, clusters, labels, root=tmp_path / "out")
    assert [(row.name, row.label, row.group, row.end_seconds) for row in rows] == [
        ("../videos/a.mp4", "wave", "anna", None),
        ("../videos/long.mp4", "wave", "", 1.5),
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("cluster,label\n7,wave\n", "there is no cluster 7"),
        ("cluster,label\n1,wave\n1,clap\n", "cluster 1 is called wave and clap"),
        ("cluster;label\n1;wave\n", "columns cluster,label"),
        ("", "columns cluster,label"),
    ],
)
def test_wrong_labels_are_told(tmp_path: Path, table: str, said: str) -> None:
    entries = [ClipEntry("a.mp4", tmp_path / "a.mp4", "")]
    write_clusters(tmp_path / "clusters.csv", entries, cluster_clips(np.ones((1, 2))))
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(ManifestError, match=said):
        labelled(entries, tmp_path / "clusters.csv", tmp_path / "labels.csv", root=tmp_path)
