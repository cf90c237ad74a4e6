from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidclf.config import SplitConfig
from vidclf.data import ClipEntry, Manifest, decided, folds_by_group, read_folds, split_by_group, split_hash
from vidclf.data.splits import folds_of, most_folds, write_folds
from vidclf.errors import ManifestError


def manifest(rows: list[tuple[str, str]]) -> Manifest:
    """Clips of (label, group)."""
    entries = [ClipEntry(f"{n}.mp4", Path(f"{n}.mp4"), label, group) for n, (label, group) in enumerate(rows)]
    return Manifest(tuple(entries), Path("clips.csv"))


def even(classes: int, groups: int, each: int = 1) -> Manifest:
    """`each` clips of every class by every group."""
    return manifest([(f"c{c}", f"g{g}") for c in range(classes) for g in range(groups) for _ in range(each)])


def sizes(divided: Manifest) -> dict[str, float]:
    counts = Counter(entry.split for entry in divided.entries)
    return {split: counts[split] / len(divided.entries) for split in ("train", "val", "test")}


some_rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.one_of(st.just(""), st.integers(0, 9).map(str))), min_size=1, max_size=60
)


@settings(deadline=None, max_examples=150)
@given(rows=some_rows, val=st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.4]), test=st.sampled_from([0.0, 0.1, 0.2, 0.5]))
def test_no_group_crosses_and_nothing_is_lost(rows: list[tuple[str, str]], val: float, test: float) -> None:
    whole = manifest(rows)
    wanted = {"train", *(["val"] if val else []), *(["test"] if test else [])}
    groups = {group or name for name, (_, group) in enumerate(rows)}
    if min(len(groups), max(Counter(label for label, _ in rows).values())) < len(wanted):
        with pytest.raises(ManifestError, match="cannot be divided"):
            split_by_group(whole, val=val, test=test, seed=3)
        return
    divided = split_by_group(whole, val=val, test=test, seed=3)
    splits_of = defaultdict(set)
    for entry in divided.entries:
        splits_of[entry.group or entry.name].add(entry.split)
    assert all(len(splits) == 1 for splits in splits_of.values())
    assert [replace(entry, split="") for entry in divided.entries] == list(whole.entries)
    assert {entry.split for entry in divided.entries} == wanted
    assert divided.entries == split_by_group(whole, val=val, test=test, seed=3).entries


@pytest.mark.parametrize(
    ("val", "test"),
    [(0.2, 0.2), (0.4, 0.2), (0.1, 0.7), (0.15, 0.05), (0.45, 0.0), (0.0, 0.3), (0.0, 0.0), (0.33, 0.33)],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_shares_are_met(val: float, test: float, seed: int) -> None:
    got = sizes(split_by_group(even(classes=3, groups=40), val=val, test=test, seed=seed))
    assert got["val"] == pytest.approx(val, abs=0.03)
    assert got["test"] == pytest.approx(test, abs=0.03)


@pytest.mark.parametrize("seed", range(5))
def test_each_class_is_on_every_side(seed: int) -> None:
    """Five performers or more of everything: what the default shares need."""
    for whole in (even(classes=6, groups=5, each=2), even(classes=15, groups=7, each=3)):
        divided = split_by_group(whole, val=0.2, test=0.2, seed=seed)
        for label, by_split in divided.count().items():
            assert set(by_split) == {"train", "val", "test"}, label


def test_without_groups_the_classes_are_spread_evenly() -> None:
    whole = manifest([("common", "")] * 80 + [("rare", "")] * 10)
    counts = split_by_group(whole, val=0.2, test=0.2, seed=0).count()
    assert counts["rare"] == {"train": 6, "val": 2, "test": 2}
    assert counts["common"] == {"train": 48, "val": 16, "test": 16}


def test_pieces_of_one_file_stay_together() -> None:
    entries = [
        ClipEntry(f"{n % 10}.mp4", Path(f"{n % 10}.mp4"), "ab"[n % 2], start_seconds=float(n), end_seconds=n + 1.0)
        for n in range(60)
    ]
    divided = split_by_group(Manifest(tuple(entries), Path("x.csv")), val=0.2, test=0.2, seed=0)
    assert len({(entry.name, entry.split) for entry in divided.entries}) == 10


def test_another_seed_is_another_split() -> None:
    whole = even(classes=2, groups=20)
    hashes = [split_hash(split_by_group(whole, val=0.2, test=0.2, seed=seed).entries) for seed in (0, 0, 1, 2)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize(
    "rows", [[("a", "S1")] * 9, [("a", "S1"), ("b", "S2")] * 5, [("a", ""), ("b", ""), ("c", ""), ("d", "")]]
)
def test_too_little_to_divide_is_said(rows: list[tuple[str, str]]) -> None:
    with pytest.raises(ManifestError, match=r"clips\.csv.*cannot be divided into 3 splits.*data\.split\.test=0"):
        split_by_group(manifest(rows), val=0.2, test=0.2, seed=0)


def with_splits(*splits: str) -> Manifest:
    entries = [ClipEntry(f"{n}", Path(f"{n}"), "ab"[n % 2], split=split) for n, split in enumerate(splits)]
    return Manifest(tuple(entries), Path("clips.csv"))


def test_a_split_column_is_kept() -> None:
    whole = with_splits("train", "train", "test", "test")
    assert decided(whole, SplitConfig()) is whole


def test_without_a_split_column_the_config_decides() -> None:
    divided = decided(even(classes=2, groups=10), SplitConfig(val=0.0, test=0.3, seed=4))
    assert sizes(divided) == {"train": pytest.approx(0.7), "val": 0.0, "test": pytest.approx(0.3)}


@pytest.mark.parametrize(
    ("splits", "words"),
    [(("train", "", "test"), r"1 of 3 rows have no split \(first: 1\)"), (("val", "test"), "no clip into train")],
)
def test_a_split_column_with_gaps_is_refused(splits: tuple[str, ...], words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        decided(with_splits(*splits), SplitConfig())


def test_the_hash_says_who_is_where_and_not_in_which_order() -> None:
    divided = split_by_group(even(classes=2, groups=10), val=0.2, test=0.2, seed=0)
    shuffled = random.Random(0).sample(divided.entries, len(divided.entries))
    assert split_hash(shuffled) == split_hash(divided.entries)
    assert len(split_hash(shuffled)) == 16
    first = divided.entries[0]
    for changed in (
        replace(first, split="val" if first.split != "val" else "test"),
        replace(first, label="other"),
        replace(first, group="other"),
        replace(first, name="other"),
        replace(first, start_seconds=1.0),
    ):
        assert split_hash([changed, *divided.entries[1:]]) != split_hash(divided.entries)
    moved = replace(first, path=Path("/elsewhere"), extra={"note": "x"})
    assert split_hash([moved, *divided.entries[1:]]) == split_hash(divided.entries)


@settings(deadline=None, max_examples=100)
@given(rows=some_rows, count=st.integers(2, 6), seed=st.integers(0, 3))
def test_folds_divide_no_group(rows: list[tuple[str, str]], count: int, seed: int) -> None:
    whole = manifest(rows)
    if count > most_folds(whole):
        with pytest.raises(ManifestError, match=f"{count} folds were asked for"):
            folds_by_group(whole, count, seed)
        return
    folds = folds_by_group(whole, count, seed)
    assert list(folds) == [entry.name for entry in whole.entries]
    assert set(folds.values()) == set(range(count))
    folds_of_group = defaultdict(set)
    for entry in whole.entries:
        folds_of_group[entry.group or entry.name].add(folds[entry.name])
    assert all(len(its_folds) == 1 for its_folds in folds_of_group.values())
    assert folds == folds_by_group(whole, count, seed)


def test_folds_hold_about_as_much_of_each_class() -> None:
    whole = even(classes=3, groups=20, each=2)
    counts = Counter((entry.label, folds_by_group(whole, 5, 0)[entry.name]) for entry in whole.entries)
    assert set(counts.values()) == {8}
    assert folds_by_group(whole, 5, 0) != folds_by_group(whole, 5, 1)


def test_folds_are_written_and_read(tmp_path: Path) -> None:
    whole = even(classes=2, groups=6)
    folds = folds_by_group(whole, 3, 0)
    write_folds(tmp_path / "deep" / "folds.csv", folds)
    assert (tmp_path / "deep" / "folds.csv").read_text().startswith("path,fold\n0.mp4,")
    again = read_folds(tmp_path / "deep" / "folds.csv")
    assert again == folds
    assert folds_of(whole, again) == tuple(folds.values())
    with pytest.raises(ManifestError, match=r"11 of 12 clips have no fold \(first: 1\.mp4\)"):
        folds_of(whole, {"0.mp4": 0})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label\na.mp4,x\n", "path and fold"),
        ("", "path and fold"),
        ("path,fold\na.mp4,one\n", "line 2"),
        ("path,fold\na.mp4,-1\n", "line 2"),
        ("path,fold\na.mp4\n", "line 2"),
        ("path,fold\na.mp4,1\na.mp4,2\n", r"line 3: a\.mp4 is in two folds"),
    ],
)
def test_folds_that_are_none_are_explained(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "folds.csv").write_text(text)
    with pytest.raises(ManifestError, match=rf"folds\.csv.*{words}"):
        read_folds(tmp_path / "folds.csv")
    with pytest.raises(ManifestError, match="cannot be read"):
        read_folds(tmp_path / "none.csv")
