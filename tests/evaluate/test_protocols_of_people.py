"""Pairs, verify, identify and open-set on pictures of one colour each, whose answers can be counted by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.infer.colours import write_embedder, write_people
from vidclf.errors import ManifestError, NoFramesError, UsageError
from vidclf.evaluate import PROTOCOLS, TAKES, Question, Recognition, write_plots
from vidclf.infer import Embedder, load_embedder

pytest.importorskip("onnxruntime")

KEYS = {
    "error", "accuracy", "auc", "eer", "threshold", "tar_at_far", "dir_at_fpir", "realised_fpir", "ci95",
    "num_trials", "num_failed",
}  # fmt: skip
APART = [0.0, 0.2, 0.4, 0.6, 0.8]


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return load_embedder(write_embedder(tmp_path_factory.mktemp("embedder"), threshold=None))


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("data") / "people", APART)


def written(scores: Recognition) -> dict[str, object]:
    """The keys of `--json`, as they come back from a file."""
    values: dict[str, object] = json.loads(json.dumps(scores.to_json()))
    assert values.keys() >= KEYS
    return values


def test_every_protocol_says_what_it_takes() -> None:
    assert TAKES.keys() == PROTOCOLS.keys()


def test_verify_compares_every_picture_with_every_other(embedder: Embedder, people: Path) -> None:
    values = written(PROTOCOLS["verify"](embedder, Question(people)))
    assert values["num_trials"] == 20 * 19 // 2
    assert values["num_same"] == 5 * 6
    assert (values["accuracy"], values["auc"], values["eer"]) == (1.0, 1.0, 0.0)
    assert values["tar_at_far"] == {"0.1": 1.0, "0.01": 1.0}  # 160 pairs of different ones tell no rarer rate
    assert values["threshold_is_from_these_pairs"]
    assert values["dir_at_fpir"] is None


def test_a_threshold_comes_from_other_people_or_from_the_embedder(
    embedder: Embedder, people: Path, tmp_path: Path
) -> None:
    others = write_people(tmp_path / "others", [0.0, 0.02, 0.04], spread=0.0)
    on_themselves = written(PROTOCOLS["verify"](embedder, Question(others)))
    values = written(PROTOCOLS["verify"](embedder, Question(people, threshold_from=others)))
    assert values["threshold"] == on_themselves["threshold"] > 0.99  # theirs differ by little
    assert not values["threshold_is_from_these_pairs"]
    assert values["accuracy"] < values["auc"] == 1  # type: ignore[operator]
    strict = load_embedder(write_embedder(tmp_path / "strict", threshold=1.0))
    assert written(PROTOCOLS["verify"](strict, Question(people)))["threshold"] == 1.0


def test_a_table_of_pairs(embedder: Embedder, people: Path, tmp_path: Path) -> None:
    rows = ["a,b,same"]
    rows += [f"{people}/p0{who}/0.png,{people}/p0{who}/{picture}.png,1" for who in range(4) for picture in (1, 2)]
    rows += [f"{people}/p0{who}/0.png,{people}/p0{(who + 1) % 4}/1.png,0" for who in range(4)]
    table = tmp_path / "pairs.csv"
    table.write_text("\n".join(rows))
    scores = PROTOCOLS["pairs"](embedder, Question(table))
    assert written(scores)["num_trials"] == 12
    assert scores.accuracy == 1
    assert scores.evidence is not None
    # Who is who follows from the pairs that are the same.
    assert len(set(scores.evidence.identities.tolist())) == 4
    table.write_text("\n".join([*rows, f"{people}/p00/0.png,gone.png,0"]))
    values = written(PROTOCOLS["pairs"](embedder, Question(table)))
    assert (values["num_trials"], values["num_failed"]) == (12, 1)
    assert "gone.png" in str(values["failures"])


@pytest.mark.parametrize(
    ("text", "said"),
    [("a,b\nx,y\n", "a, b, same"), ("a,b,same\nx,y,perhaps\n", "line 2.*perhaps"), ("a,b,same\n", "no pairs")],
)
def test_a_malformed_table_is_told(embedder: Embedder, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(ManifestError, match=said):
        PROTOCOLS["pairs"](embedder, Question(tmp_path / "pairs.csv"))


def test_pairs_of_one_kind_tell_nothing(embedder: Embedder, people: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(f"a,b,same\n{people}/p00/0.png,{people}/p00/1.png,1\n")
    with pytest.raises(ManifestError, match=r"pairs\.csv.*different"):
        PROTOCOLS["pairs"](embedder, Question(tmp_path / "pairs.csv"))


def test_identify_names_all_others_by_one_picture_each(embedder: Embedder, people: Path) -> None:
    values = written(PROTOCOLS["identify"](embedder, Question(people, ways=3, episodes=10)))
    assert values["num_trials"] == 10 * 3 * 3
    assert (values["accuracy"], values["error"], values["map_at_r"]) == (1.0, 0.0, 1.0)
    assert values["recall_at_k"] == {"1": 1.0, "5": 1.0, "10": 1.0}
    all_of_them = written(PROTOCOLS["identify"](embedder, Question(people, ways=20, shots=3, episodes=2)))
    assert (all_of_them["ways"], all_of_them["num_trials"]) == (5, 2 * 5)


def test_people_of_one_colour_are_a_coin_toss(embedder: Embedder, tmp_path: Path) -> None:
    twins = write_people(tmp_path / "twins", [0.5, 0.5, 0.1], pictures=10)
    values = written(PROTOCOLS["identify"](embedder, Question(twins, episodes=50)))
    assert values["accuracy"] == pytest.approx(2 / 3, abs=0.1)
    low, high = np.array(values["ci95"], dtype=float)
    assert low < 0.6
    assert high == 1


def test_the_same_seed_gives_the_same_figures(embedder: Embedder, tmp_path: Path) -> None:
    near = write_people(tmp_path / "near", [0.0, 0.03, 0.06, 0.09])

    def error(seed: int) -> float | None:
        return PROTOCOLS["identify"](embedder, Question(near, episodes=20, seed=seed)).error

    assert error(1) == error(1)
    assert error(1) != error(2)


def test_open_set_names_the_known_and_keeps_strangers_out(embedder: Embedder, people: Path, tmp_path: Path) -> None:
    others = write_people(tmp_path / "others", [0.1, 0.3, 0.5, 0.7, 0.9], pictures=40)
    values = written(PROTOCOLS["open-set"](embedder, Question(people, ways=3, threshold_from=others, episodes=20)))
    assert (values["ways"], values["strangers"]) == (3, 2)
    assert values["num_trials"] == 20 * (3 * 3 + 2 * 4)
    assert values["dir_at_fpir"] == {"0.01": 1.0, "0.05": 1.0}
    assert values["realised_fpir"] == {"0.01": 0.0, "0.05": 0.0}
    assert values["accuracy"] == 1
    assert values["threshold_at_fpir"]["0.01"] > values["threshold_at_fpir"]["0.05"]  # type: ignore[index]


def test_strangers_who_look_like_somebody_are_counted(embedder: Embedder, tmp_path: Path) -> None:
    twins = write_people(tmp_path / "twins", [0.0, 0.01, 0.33, 0.34, 0.66, 0.67])
    far_away = write_people(tmp_path / "others", [0.17, 0.5], spread=0.0)
    values = written(PROTOCOLS["open-set"](embedder, Question(twins, threshold_from=far_away, episodes=50)))
    assert values["realised_fpir"]["0.01"] > 0.5  # type: ignore[index]


def test_open_set_wants_other_people(embedder: Embedder, people: Path) -> None:
    with pytest.raises(UsageError, match="--threshold-from"):
        PROTOCOLS["open-set"](embedder, Question(people))
    with pytest.raises(UsageError, match="tested too"):
        PROTOCOLS["open-set"](embedder, Question(people, threshold_from=people))


def test_a_zip_is_read_as_it_is(embedder: Embedder, people: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "people"), "zip", people.parent)
    from_zip = written(PROTOCOLS["identify"](embedder, Question(Path(archive), episodes=5)))
    assert from_zip == written(PROTOCOLS["identify"](embedder, Question(people, episodes=5)))


def test_a_broken_picture_is_named_and_the_others_scored(embedder: Embedder, people: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(people, tmp_path / "people"))
    (copied / "p00" / "3.png").write_bytes(b"no picture")
    values = written(PROTOCOLS["verify"](embedder, Question(copied)))
    assert values["num_failed"] == 1
    assert "p00/3.png" in str(values["failures"])
    assert values["num_trials"] == 19 * 18 // 2
    for path in copied.rglob("*.png"):
        path.write_bytes(b"no picture")
    with pytest.raises(NoFramesError):
        PROTOCOLS["verify"](embedder, Question(copied))


def test_one_identity_alone_is_refused(embedder: Embedder, tmp_path: Path) -> None:
    alone = write_people(tmp_path / "alone", [0.5])
    for protocol in ("verify", "identify"):
        with pytest.raises(ManifestError, match="two"):
            PROTOCOLS[protocol](embedder, Question(alone))
    single = write_people(tmp_path / "single", APART, pictures=1)
    with pytest.raises(ManifestError, match="fewer shots"):
        PROTOCOLS["identify"](embedder, Question(single))


def test_plots_are_written(embedder: Embedder, people: Path, tmp_path: Path) -> None:
    scores = PROTOCOLS["verify"](embedder, Question(people))
    assert scores.evidence is not None
    write_plots(embedder, scores.evidence, tmp_path / "plots")
    for name in ("roc", "similarities", "map", "confusions"):
        with Image.open(tmp_path / "plots" / f"{name}.png") as image:
            assert min(image.size) > 300, name
            assert len(image.convert("RGB").getcolors(2**24) or ()) > 10, name
