"""Training with a compiled backbone, in processes of its own: compilers keep state, and warn."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import vidclf
from vidclf.config import dump_config, make_config
from vidclf.errors import ConfigError
from vidclf.training import train


def _train_compiled(config: Any, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    file = folder / "compiled.yaml"
    file.write_text(dump_config(config))
    return subprocess.run(
        [sys.executable, "-m", "vidclf", "train", str(file)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "TORCHINDUCTOR_CACHE_DIR": str(folder / "kernels"), **env},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
def test_a_compiled_backbone_learns_the_same_and_is_kept_uncompiled(settings: Any, tmp_path: Path) -> None:
    def config(name: str, **changed: Any) -> Any:
        made = settings(model={"dropout": 0.0}, train={"epochs": 2, "ema": 0.9, **changed})
        return made.model_copy(update={"out": str(tmp_path / name)})

    done = _train_compiled(config("compiled", compile=True), tmp_path, {})
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "kernels").rglob("*.so"))  # something was compiled
    train(config("plain"))
    plain, compiled = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("plain", "compiled"))
    assert list(compiled) == list(plain)
    for name, weights in plain.items():
        torch.testing.assert_close(compiled[name], weights, rtol=0, atol=1e-3, msg=name)
    assert vidclf.load(tmp_path / "compiled").classes == vidclf.load(tmp_path / "plain").classes


@pytest.mark.slow
def test_without_a_compiler_it_is_said_what_to_do(settings: Any, tmp_path: Path) -> None:
    done = _train_compiled(settings(train={"compile": True}), tmp_path, {"PATH": str(tmp_path), "CXX": ""})
    assert done.returncode == 4
    assert "train.compile=true" in done.stderr
    assert "Install a C++ compiler" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_the_backbone_is_not_run_there_is_nothing_to_compile() -> None:
    tree = {"data": {"cache": "features"}, "model": {"freeze": "backbone"}, "train": {"compile": True}}
    with pytest.raises(ConfigError, match=r"train\.compile"):
        make_config(tree)
