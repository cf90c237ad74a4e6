from __future__ import annotations

import functools
import http.server
import io
import pickle
import threading
from collections import OrderedDict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from vidclf.errors import StoppedError, WeightsError
from vidclf.weights import fetch_weights, read_state_dict

CONTENT = bytes(range(256)) * 512
DIGEST = sha256(CONTENT).hexdigest()


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        if self.path == "/cut.pth":  # a connection that ends early
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[:1000])
        elif self.path == "/torn.pth":  # the same, where the length is told piece by piece
            self.protocol_version = "HTTP/1.1"
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"ff\r\nabc")
            self.close_connection = True
        else:
            super().do_GET()


@pytest.fixture
def published(tmp_path: Path) -> Iterator[str]:
    """The address of a server that publishes net-<hash>.pth."""
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "net.pth").write_bytes(CONTENT)
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_weights_are_downloaded_once(published: str, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "checkpoints"
    path = fetch_weights(f"{published}/net.pth", folder, sha256=DIGEST[:8])
    assert path == folder / "net.pth"
    assert path.read_bytes() == CONTENT
    (tmp_path / "published" / "net.pth").unlink()
    assert fetch_weights(f"{published}/net.pth", folder, sha256=DIGEST) == path
    assert [file.name for file in folder.iterdir()] == ["net.pth"]


def test_a_downloaded_file_can_be_read_by_others(published: str, tmp_path: Path) -> None:
    path = fetch_weights(f"{published}/net.pth", tmp_path / "cache", sha256=DIGEST)
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert path.stat().st_mode == ordinary.stat().st_mode


@pytest.mark.parametrize("name", ["net.pth", "cut.pth"])
def test_a_download_with_another_hash_leaves_nothing(published: str, tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match="0123abcd") as caught:
        fetch_weights(f"{published}/{name}", tmp_path / "cache", sha256="0123abcd")
    assert f"{published}/{name}" in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_that_is_there_with_another_hash_is_kept_and_named(tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsError) as caught:
        fetch_weights("http://127.0.0.1:9/net.pth", tmp_path, sha256=DIGEST)
    for part in (str(tmp_path / "net.pth"), DIGEST, sha256(CONTENT[:-1]).hexdigest(), "delete"):
        assert part in str(caught.value)
    assert (tmp_path / "net.pth").read_bytes() == CONTENT[:-1]


@pytest.mark.parametrize("name", ["missing.pth", "torn.pth"])
def test_what_cannot_be_downloaded_is_named_with_where_to_put_it(published: str, tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError) as caught:
        fetch_weights(f"{published}/{name}", tmp_path / "cache", sha256=DIGEST)
    for part in (name, f"{published}/{name}", str(tmp_path / "cache" / name), DIGEST, "model.weights=none"):
        assert part in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_a_network_the_sentence_is_the_same(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:  # nothing listens on the discard port
        fetch_weights("http://127.0.0.1:9/net-1234abcd.pth", tmp_path, sha256="1234abcd")
    assert "a sha256 that begins with 1234abcd" in str(caught.value)
    assert str(tmp_path / "net-1234abcd.pth") in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(published: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoppedError, match="file"):
        fetch_weights(f"{published}/net.pth", tmp_path / "file" / "cache", sha256=DIGEST)


STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


def assert_same(state: dict[str, torch.Tensor]) -> None:
    assert state.keys() == STATE.keys()
    assert all(torch.equal(state[name], STATE[name]) for name in STATE)


@pytest.mark.parametrize("wrapper", ["", "state_dict", "model_state_dict", "model"])
@pytest.mark.parametrize("legacy", [False, True])
def test_a_state_dict_is_read_bare_or_wrapped(tmp_path: Path, wrapper: str, legacy: bool) -> None:
    path = tmp_path / "net.pth"
    content = {wrapper: OrderedDict(STATE), "epoch": 3} if wrapper else OrderedDict(STATE)
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    assert_same(read_state_dict(path))


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "net.safetensors")
    assert_same(read_state_dict(tmp_path / "net.safetensors"))


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("bare", [False, True])
def test_code_in_a_file_is_not_executed(tmp_path: Path, bare: bool) -> None:
    path, target = tmp_path / "net.pth", tmp_path / "executed"
    content = {"a": Bomb(target), **STATE}
    if bare:
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, path)
    with pytest.raises(WeightsError, match="does not execute") as caught:
        read_state_dict(path)
    assert str(path) in str(caught.value)
    assert "weights_only=False" not in str(caught.value)  # PyTorch's advice, and not ours
    assert not target.exists()


def whole_file() -> bytes:
    buffer = io.BytesIO()
    torch.save(STATE, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("net.pth", b""),
        ("net.pth", b"<!DOCTYPE html><html>not found</html>"),
        ("net.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        ("net.pth", whole_file()[:-100]),
        ("net.pth", b"\x00\xff" * 200),
        ("net.safetensors", b""),
        ("net.safetensors", b"\xff" * 64),
        ("net.safetensors", b"<!DOCTYPE html><html>not found</html>"),
    ],
)
def test_garbage_is_named_as_no_weights(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match="cannot be read as weights") as caught:
        read_state_dict(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("content", [{}, {"epoch": 3}, [torch.ones(1)], torch.ones(2), {"state_dict": {}}])
def test_what_holds_no_state_dict_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match="no state_dict"):
        read_state_dict(tmp_path / "net.pth")


@pytest.mark.parametrize("name", ["absent.pth", "."])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match=r"no such weights file.*model\.weights"):
        read_state_dict(tmp_path / name)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "tensors"), [("squeezenet1_1", 52), ("mobilenet_v2_features", 312)])
def test_the_real_files_are_read(shared_data: Path, name: str, tensors: int) -> None:
    state = read_state_dict(shared_data / "weights" / f"{name}_imagenet.pth")
    assert len(state) == tensors
    assert all(bool(tensor.isfinite().all()) for tensor in state.values())
