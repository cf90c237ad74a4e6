"""`vidclf evaluate --embedder`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.command_line import vidclf
from tests.infer.colours import write_embedder, write_people

pytest.importorskip("onnxruntime")


@pytest.fixture
def embedder(tmp_path: Path) -> Path:
    return write_embedder(tmp_path / "embedder")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return write_people(tmp_path / "people", [0.0, 0.25, 0.5, 0.75])


def test_scores_are_printed_and_written_with_their_plots(embedder: Path, people: Path, tmp_path: Path) -> None:
    others = write_people(tmp_path / "others", [0.12, 0.37])
    done = vidclf(
        "evaluate", "--embedder", embedder, "--protocol", "open-set", "--data", people, "--threshold-from", others,
        "--ways", "2", "--shots", "2", "--episodes", "5", "--seed", "1", "--views", "2",
        "--json", tmp_path / "s.json", "--out", tmp_path / "plots",
    )  # fmt: skip
    assert done.code == 0, done.err
    scores = json.loads((tmp_path / "s.json").read_text())
    assert scores["dir_at_fpir"].keys() == scores["realised_fpir"].keys() == {"0.01", "0.05"}
    assert (scores["ways"], scores["shots"], scores["seed"], scores["views"]) == (2, 2, 1, 2)
    assert f"{scores['accuracy']:.2%}" in done.out
    assert sorted(file.name for file in (tmp_path / "plots").iterdir()) == [
        "confusions.png", "map.png", "roc.png", "similarities.png",
    ]  # fmt: skip


def test_a_picture_that_cannot_be_read_is_named(embedder: Path, people: Path) -> None:
    (people / "p00" / "0.png").write_bytes(b"no picture")
    done = vidclf("evaluate", "--embedder", embedder, "--protocol", "verify", "--data", people)
    assert done.code == 1
    assert "p00/0.png" in done.out
    assert "accuracy" in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--embedder"),
        (("run", "--embedder", "e.yaml"), "either"),
        (("--embedder", "e.yaml"), "lake-runs, episodes"),
        (("--embedder", "e.yaml", "--protocol", "verfy"), "verfy"),
        (("--embedder", "e.yaml", "--protocol", "verify"), "--data"),
        (("--embedder", "e.yaml", "--protocol", "verify", "--data", "x", "--ways", "3"), "--ways"),
        (("--embedder", "e.yaml", "--protocol", "verify", "--data", "x", "--split", "val"), "--split"),
        (("--embedder", "e.yaml", "--protocol", "verify", "--data", "x"), "e.yaml"),
        (("run", "--threshold-from", "x"), "--threshold-from"),
    ],
)
def test_what_does_not_go_together_is_told(words: tuple[str, ...], said: str) -> None:
    done = vidclf("evaluate", *words)
    assert done.code == 2
    assert said in done.err
