from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vidclf.errors import RunError, StoppedError
from vidclf.package import (
    FORMAT_VERSION,
    read_json,
    read_model,
    read_tensors,
    write_json,
    write_model,
    write_tensors,
)

TENSORS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "count": np.array(3, dtype=np.int64)}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_model(tmp_path / "run" / "model", TENSORS, {"classes": ["wave", "grüßen"]})
    return tmp_path / "run"


def change_description(run: Path, **changes: object) -> None:
    path = run / "model" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}))


@pytest.mark.parametrize("inner", ["", "model"])
def test_a_model_is_read_as_written_from_the_run_or_its_own_folder(run: Path, inner: str) -> None:
    tensors, description = read_model(run / inner)
    assert description["classes"] == ["wave", "grüßen"]
    assert description["format_version"] == FORMAT_VERSION
    assert tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert tensors[name].dtype == array.dtype
        np.testing.assert_array_equal(tensors[name], array)


def test_a_model_folder_holds_two_files_and_nothing_of_how_they_were_written(run: Path) -> None:
    write_model(run / "model", TENSORS, {})
    assert sorted(file.name for file in (run / "model").iterdir()) == ["model.json", "model.safetensors"]


def test_a_model_can_be_read_by_others(run: Path, tmp_path: Path) -> None:
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    for file in (run / "model").iterdir():
        assert file.stat().st_mode == ordinary.stat().st_mode


def test_a_newer_format_is_refused(run: Path) -> None:
    change_description(run, format_version=FORMAT_VERSION + 1)
    with pytest.raises(RunError, match=rf"format {FORMAT_VERSION + 1}.*up to {FORMAT_VERSION}.*pip install -U"):
        read_model(run)


@pytest.mark.parametrize("version", [None, "1", []])
def test_a_description_without_a_format_is_no_model(run: Path, version: object) -> None:
    change_description(run, format_version=version)
    with pytest.raises(RunError, match="format_version"):
        read_model(run)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'"text"'])
def test_a_damaged_description_is_named(run: Path, content: bytes) -> None:
    (run / "model" / "model.json").write_bytes(content)
    with pytest.raises(RunError, match=r"model\.json"):
        read_model(run)


@pytest.mark.parametrize("keep", [0, 4, 60, -1])
def test_damaged_weights_are_named(run: Path, keep: int) -> None:
    weights = run / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(RunError, match=r"model\.safetensors"):
        read_model(run)


def test_missing_weights_are_named(run: Path) -> None:
    (run / "model" / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"model\.safetensors"):
        read_model(run)


def test_weights_of_another_training_are_told(run: Path) -> None:
    """As after a kill between writing the weights and writing their description."""
    write_tensors(run / "model" / "model.safetensors", {**TENSORS, "count": np.array(4, dtype=np.int64)})
    with pytest.raises(RunError, match="not the file that"):
        read_model(run)


@pytest.mark.parametrize("name", ["absent", "empty", "file"])
def test_where_there_is_no_model_the_folder_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="no model here") as caught:
        read_model(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "x.json"
    write_json(path, {"a": 1})
    write_json(path, {"b": "ü"})
    assert read_json(path) == {"b": "ü"}
    assert [file.name for file in path.parent.iterdir()] == ["x.json"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"b": object()})
    assert read_json(path) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["x.json"]


def test_a_disk_that_refuses_stops_the_work_with_the_file_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file" / "x.json", tmp_path / "folder"):
        with pytest.raises(StoppedError) as caught:
            write_json(path, {})
        assert str(path) in str(caught.value)
    with pytest.raises(StoppedError, match="file"):
        write_model(tmp_path / "file", TENSORS, {})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder"]


def test_tensors_of_every_kind_come_back(tmp_path: Path) -> None:
    tensors = {kind: np.arange(4).astype(kind) for kind in ("float64", "float16", "int32", "uint8", "bool")}
    write_tensors(tmp_path / "x.safetensors", tensors)
    read = read_tensors(tmp_path / "x.safetensors")
    for kind, array in tensors.items():
        assert read[kind].dtype == array.dtype
        np.testing.assert_array_equal(read[kind], array)
