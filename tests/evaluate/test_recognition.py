"""One-shot protocols, with an embedder that is known in every digit: a picture's vector is the picture."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.data.glyphs import draw_alphabets
from vidclf.errors import ManifestError
from vidclf.evaluate.protocols import PROTOCOLS
from vidclf.evaluate.recognition import Question, Recognition
from vidclf.evaluate.views import embed_views, moved
from vidclf.types import Crop, Float32Array
from vidclf.video import read_clip


class Pixels:
    """Its vectors are the ink of the pictures, blurred so that near strokes are alike."""

    identity = "pixels"
    dim = 7 * 7
    threshold = None

    def crops(self, source: object) -> list[Crop]:
        clip = read_clip(source)  # type: ignore[arg-type]
        return [Crop(clip.frames, clip.pts_seconds)]

    def embed(self, crops: Sequence[Crop]) -> Float32Array:
        ink = np.stack([255.0 - crop.pixels[0, ..., 0].astype(np.float32) for crop in crops])
        cells = ink.reshape(-1, 7, 5, 7, 5).mean(axis=(2, 4)).reshape(len(crops), -1)
        vectors: Float32Array = cells / np.linalg.norm(cells, axis=1, keepdims=True)
        return vectors.astype(np.float32)


@pytest.fixture(scope="module")
def alphabets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alphabets")
    draw_alphabets(folder, alphabets=3, characters=6, drawers=4, wobble=3.0)
    return folder


@pytest.fixture
def runs(alphabets: Path, tmp_path: Path) -> Path:
    """Two runs as they are published: `all_runs/run01/class_labels.txt`, `training`, `test`."""
    top = tmp_path / "all_runs"
    rng = np.random.default_rng(0)
    for number in (1, 2):
        run = top / f"run{number:02d}"
        (run / "training").mkdir(parents=True)
        (run / "test").mkdir()
        characters = sorted((alphabets / f"Alphabet_{number}").iterdir())
        lines = []
        for item, place in enumerate(rng.permutation(len(characters)).tolist(), 1):
            drawings = sorted(characters[place].iterdir())
            shutil.copy(drawings[0], run / "training" / f"class{place + 1:02d}.png")
            shutil.copy(drawings[1], run / "test" / f"item{item:02d}.png")
            lines.append(f"run{number:02d}/test/item{item:02d}.png run{number:02d}/training/class{place + 1:02d}.png")
        (run / "class_labels.txt").write_text("\n".join(lines) + "\n")
    return top


def ask(protocol: str, data: Path, **settings: int) -> Recognition:
    return PROTOCOLS[protocol](Pixels(), Question(data, **settings))


def test_lakes_runs_from_a_folder_and_a_zip(runs: Path, tmp_path: Path) -> None:
    answer = ask("lake-runs", runs)
    right = 0
    for run in sorted(runs.iterdir()):
        names = sorted((run / "training").iterdir())
        pairs = dict(line.split() for line in (run / "class_labels.txt").read_text().splitlines())
        embedder = Pixels()
        examples = embedder.embed([embedder.crops(name)[0] for name in names])
        for asked, example in pairs.items():
            cosines = examples @ embedder.embed(embedder.crops(runs / asked))[0]
            right += names[int(cosines.argmax())] == runs / example
    assert answer.num_trials == 12
    assert answer.accuracy == pytest.approx(right / 12)
    assert right / 12 > 0.5
    assert answer.ci95[0] <= right / 12 <= answer.ci95[1]
    zipped = shutil.make_archive(str(tmp_path / "all_runs"), "zip", tmp_path, "all_runs")
    assert ask("lake-runs", Path(zipped)).to_json() == answer.to_json()
    written = json.loads(json.dumps(answer.to_json()))
    assert written["error"] == pytest.approx(1 - right / 12)
    for key in ("accuracy", "auc", "eer", "threshold", "tar_at_far", "dir_at_fpir", "realised_fpir"):
        assert key in written


def test_a_drawing_that_cannot_be_read_counts_as_wrong(runs: Path) -> None:
    whole = ask("lake-runs", runs)
    (runs / "run01" / "test" / "item01.png").write_bytes(b"no picture")
    torn = ask("lake-runs", runs)
    assert (torn.num_trials, torn.num_failed) == (12, 1)
    assert torn.accuracy is not None
    assert whole.accuracy is not None
    assert torn.accuracy <= whole.accuracy


@pytest.mark.parametrize(
    "line", ["run01/test/item01.png", "../../x.png run01/training/class01.png", "/etc/passwd /etc/passwd"]
)
def test_malformed_runs_are_a_sentence(runs: Path, tmp_path: Path, line: str) -> None:
    (runs / "run01" / "class_labels.txt").write_text(line + "\n")
    with pytest.raises(ManifestError, match=r"class_labels\.txt, line 1"):
        ask("lake-runs", runs)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ManifestError, match="there are no runs"):
        ask("lake-runs", tmp_path / "empty")


def test_episodes_within_groups_and_across_them_are_told_apart(alphabets: Path) -> None:
    answer = ask("episodes", alphabets, ways=5, episodes=60)
    assert answer.num_trials == 300
    assert answer.accuracy is not None
    assert 0.5 < answer.accuracy < 1
    across = answer.details["across_groups"]
    assert across["num_trials"] == 300
    assert across["accuracy"] != answer.accuracy
    assert ask("episodes", alphabets, ways=5, episodes=60).to_json() == answer.to_json()
    assert ask("episodes", alphabets, ways=5, episodes=60, seed=1).accuracy != answer.accuracy
    more = ask("episodes", alphabets, ways=5, episodes=60, shots=3)
    assert more.accuracy is not None
    assert more.accuracy > answer.accuracy


def test_ways_that_no_group_has_are_a_sentence(alphabets: Path) -> None:
    with pytest.raises(ManifestError, match="7 identities of one group"):
        ask("episodes", alphabets, ways=7)


def test_identities_without_groups_are_asked_across_all(alphabets: Path) -> None:
    answer = ask("episodes", alphabets / "Alphabet_0", ways=5, episodes=20)
    assert answer.details["across_groups"] is None
    assert answer.num_trials == 100


def test_views_are_averaged_and_the_first_is_the_crop_itself(alphabets: Path) -> None:
    embedder = Pixels()
    crops = [embedder.crops(path)[0] for path in sorted(alphabets.rglob("*.png"))[:5]]
    one = embed_views(embedder, crops, 1)
    np.testing.assert_allclose(one, embedder.embed(crops), atol=1e-6)
    nine = embed_views(embedder, crops, 9)
    mean = sum(embedder.embed([moved(crop, n) for crop in crops]) for n in range(1, 9)) + embedder.embed(crops)
    np.testing.assert_allclose(nine, mean / np.linalg.norm(mean, axis=1, keepdims=True), atol=1e-6)
    assert np.abs(nine - one).max() > 1e-3
    assert moved(crops[0], 1).pixels.shape == crops[0].pixels.shape
