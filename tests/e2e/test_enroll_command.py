"""`vidclf enroll`, with an embedder that is described by a YAML file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.e2e.command_line import Done, python, vidclf
from tests.gallery.projecting import picture
from tests.video.drawing import write_video

pytest.importorskip("onnxruntime", reason="the embedder of these tests needs the extra onnx")

_TOOL = Path(__file__).resolve().parents[2] / "tools" / "enroll.py"
_SIDE = 12


def write_embedder(path: Path, *, seed: int = 0, threshold: float = 0.7) -> Path:
    """A fixed random projection of the picture, as an ONNX file and the YAML that describes it."""
    onnx = pytest.importorskip("onnx", reason="the embedder of these tests needs the extra onnx")
    from onnx import TensorProto, helper, numpy_helper

    matrix = np.random.default_rng(seed).normal(size=(3 * _SIDE * _SIDE, 32)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["pictures"], ["flat"]),
            helper.make_node("MatMul", ["flat", "matrix"], ["vectors"]),
        ],
        "projection",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["N", 3, _SIDE, _SIDE])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["N", 32])],
        [numpy_helper.from_array(matrix, "matrix")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path.with_suffix(".onnx")))
    path.write_text(
        f"kind: onnx\nweights: {path.stem}.onnx\nthreshold: {threshold}\npreprocessing: {{side: {_SIDE}}}\n"
    )
    return path


def write_picture(path: Path, person: int, take: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(person, take)).save(path)
    return path


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_embedder(tmp_path_factory.mktemp("embedder") / "projection.yaml")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a person, and one of strangers."""
    folder = tmp_path_factory.mktemp("people")
    for person, name in enumerate(("anna", "bob", "cleo")):
        for take in range(2):
            write_picture(folder / "known" / name / f"{take}.png", person, take)
        write_picture(folder / f"{name}.png", person, 7)
    for person in range(50, 80):
        write_picture(folder / "strangers" / f"{person}.png", person)
    return folder


class Enroll:
    """The command, on one gallery."""

    def __init__(self, gallery: Path, embedder: Path) -> None:
        self.gallery, self.embedder = gallery, embedder

    def __call__(self, *words: str | Path, code: int = 0, embedder: Path | None = None) -> Done:
        done = vidclf("enroll", *words, "--gallery", self.gallery, "--embedder", embedder or self.embedder)
        assert done.code == code, done.err
        return done

    def json(self, *words: str | Path, code: int = 0) -> Any:
        return json.loads(self(*words, "--json", code=code).out)


@pytest.fixture
def enroll(tmp_path: Path, embedder: Path) -> Enroll:
    return Enroll(tmp_path / "gallery.db", embedder)


@pytest.fixture
def full(enroll: Enroll, people: Path) -> Enroll:
    """With anna, bob and cleo."""
    enroll("add-folder", people / "known")
    return enroll


def test_somebody_is_added_and_known_and_it_is_said_that_this_is_no_lock(enroll: Enroll, people: Path) -> None:
    done = enroll("add", "anna", people / "known" / "anna", "--consent", "signed", "--expires", "2999-01-31")
    assert done.out == "anna: enrolled (templates 1, 2)\n"
    assert "Nothing here checks for a living person" in done.err
    assert "It is not a lock" in done.err
    assert "pictures and vectors are kept in" in done.err
    found = enroll.json("identify", people / "anna.png", "--top-k", "3")
    assert found["path"] == str(people / "anna.png")
    assert (found["decision"], found["name"]) == ("match", "anna")
    assert found["similarity"] >= found["threshold"] == 0.7
    assert found["nearest"][0]["template_id"] == found["template_id"]
    (anna,) = enroll.json("list")["people"]
    assert (anna["name"], anna["consent"], len(anna["templates"])) == ("anna", "signed", 2)
    assert "2999-01-31" in enroll("list").out


def test_a_stranger_is_an_answer(full: Enroll, people: Path) -> None:
    done = full("identify", people / "strangers" / "50.png", people / "bob.png")
    stranger, bob = done.out.splitlines()
    assert "stranger (similarity" in stranger
    assert f"{people / 'bob.png'}: bob (similarity" in bob


def test_what_cannot_be_read_is_named_and_the_rest_is_done(full: Enroll, people: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    added = full("add", "dora", broken, people / "strangers" / "50.png", "--json", code=1)
    (left_out,) = json.loads(added.out)["left_out"]
    assert left_out["path"] == str(broken)
    assert str(broken) in added.err
    lines = full("identify", broken, people / "anna.png", "--json", code=1).out.splitlines()
    assert "error" in json.loads(lines[0])
    assert json.loads(lines[1])["name"] == "anna"
    assert full("add", "eve", broken, code=1).out == "eve: not enrolled\n"
    assert "nobody here is called 'eve'" in full("rename", "eve", "eva", code=2).err


def test_a_camera_gives_its_best_frame(enroll: Enroll, people: Path, tmp_path: Path) -> None:
    # A file stands for the camera: its first two seconds.
    video = write_video(tmp_path / "camera.mp4", [picture(0, take).repeat(4, 0).repeat(4, 1) for take in range(60)])
    assert enroll.json("add", "anna", "--source", video)["templates"] == [1]
    assert enroll.json("identify", people / "anna.png")["name"] == "anna"
    assert "one of them" in enroll("add", "anna", video, "--source", "0", code=2).err


def test_people_are_renamed_merged_and_removed(full: Enroll, people: Path) -> None:
    full("rename", "anna", "Anna")
    assert full("merge", "Anna", "bob").out == "Anna is now bob; undo takes it back\n"
    assert full.json("identify", people / "anna.png")["name"] == "bob"
    assert full.json("undo") == {"name": "Anna", "into": "bob"}
    assert full.json("remove", "Anna", "cleo") == {"removed": ["Anna", "cleo"], "templates": []}
    assert full.json("identify", people / "anna.png")["decision"] == "stranger"
    (bob,) = full.json("list")["people"]
    full("remove", "--template", str(bob["templates"][0]["id"]))
    assert len(full.json("list")["people"][0]["templates"]) == 1
    assert "Did you mean 'bob'" in full("remove", "bobb", code=2).err
    assert full("remove", code=2).err


def test_two_pictures_or_a_name_and_a_picture_are_verified(full: Enroll, people: Path) -> None:
    assert full.json("verify", people / "anna.png", people / "known" / "anna" / "0.png")["decision"] == "match"
    assert full.json("verify", people / "anna.png", people / "bob.png")["decision"] == "stranger"
    assert full("verify", "cleo", people / "cleo.png").out.startswith("the same (similarity 0.9")
    assert full("verify", "cleo", people / "bob.png").out.startswith("not the same")


def test_this_is_not_her(full: Enroll, people: Path) -> None:
    (number,) = full.json("reject", "anna", people / "anna.png")["rejections"]
    assert full.json("identify", people / "anna.png")["decision"] == "stranger"
    full("remove", "--template", str(number))
    assert full.json("identify", people / "anna.png")["decision"] == "match"


def test_a_threshold_is_calibrated_or_refused(full: Enroll, people: Path) -> None:
    refused = full("calibrate", "--far", "0.001", "--impostors", people / "strangers", code=2)
    assert "30,000 pairs" in refused.err
    assert "there are 192" in refused.err  # 6 templates x 30, and 12 between people
    calibration = full.json("calibrate", "--far", "0.2", "--impostors", people / "strangers")
    assert calibration["num_impostor_pairs"] == 192
    assert calibration["far"] <= 0.2
    assert full.json("list")["calibration"]["threshold"] == calibration["threshold"]
    assert full.json("identify", people / "anna.png")["threshold"] == calibration["threshold"]


def test_doubles_are_warned_of_and_found(full: Enroll, people: Path) -> None:
    assert full("check").out == "nothing was found\n"
    added = full("add", "ann", people / "anna.png", "--json")
    assert json.loads(added.out)["lookalikes"][0]["name"] == "anna"
    assert "ann looks like anna" in added.err
    finding = full.json("check", code=1)["findings"][0]
    assert (finding["kind"], set(finding["names"])) == ("duplicate", {"ann", "anna"})


def test_a_gallery_of_another_embedder_is_refused_until_it_is_moved(
    full: Enroll, people: Path, tmp_path: Path
) -> None:
    other = write_embedder(tmp_path / "other.yaml", seed=1)
    for words in (("identify", people / "anna.png"), ("list",), ("remove", "anna"), ("add", "x", people / "bob.png")):
        assert "belongs to the embedder" in full(*words, code=3, embedder=other).err
    assert "6 templates" in full("migrate", embedder=other).out
    assert full("identify", people / "anna.png", embedder=other).out.split()[1] == "anna"
    full("identify", people / "anna.png", code=3)


def test_people_move_to_another_gallery(full: Enroll, people: Path, tmp_path: Path) -> None:
    assert full.json("export", tmp_path / "export")["templates"] == 6
    copy = Enroll(tmp_path / "copy.db", full.embedder)
    assert copy.json("import", tmp_path / "export")["templates"] == 6
    assert copy.json("identify", people / "cleo.png")["name"] == "cleo"
    (tmp_path / "export" / "gallery.json").write_text("[")
    assert "no export of a gallery" in copy("import", tmp_path / "export", code=2).err


def test_without_a_gallery_embedder_or_weights_it_is_said(enroll: Enroll, people: Path, tmp_path: Path) -> None:
    assert "there is no gallery" in enroll("identify", people / "anna.png", code=2).err
    assert not enroll.gallery.exists()
    assert "no such embedder" in enroll("add", "x", people / "anna.png", code=2, embedder=tmp_path / "no.yaml").err
    yaml = tmp_path / "lost.yaml"
    yaml.write_text(f"kind: onnx\nweights: lost.onnx\nsha256: {'a' * 64}\npreprocessing: {{side: 12}}\n")
    lost = enroll("add", "x", people / "anna.png", code=4, embedder=yaml)
    assert str(tmp_path / "lost.onnx") in lost.err
    assert "a" * 64 in lost.err


def test_vectors_alone_can_be_kept(enroll: Enroll, people: Path, tmp_path: Path) -> None:
    done = enroll("add", "anna", people / "known" / "anna", "--no-crops")
    assert "vectors are kept in" in done.err
    other = write_embedder(tmp_path / "other.yaml", seed=1)
    assert "crops were not kept of anna" in enroll("migrate", code=2, embedder=other).err


def test_the_tool_is_the_command_and_needs_no_network(enroll: Enroll, people: Path) -> None:
    enroll("add", "anna", people / "known" / "anna")
    script = (
        "import runpy, sys\n"
        "def refuse(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.bind'):\n"
        "        raise RuntimeError('a socket was used')\n"
        "sys.addaudithook(refuse)\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    words = ("--gallery", enroll.gallery, "--embedder", enroll.embedder, "--json")
    done = python("-c", script, _TOOL, "identify", people / "anna.png", *words)
    assert done.code == 0, done.err
    assert json.loads(done.out)["name"] == "anna"
