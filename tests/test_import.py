"""What `import vidclf` gives, and what it leaves unloaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

import vidclf

HEAVY = {"torch", "torchvision", "cv2", "av", "matplotlib", "sklearn", "accelerate", "ray"}


def loaded_after(code: str) -> set[str]:
    """Names of the heavy libraries that are loaded once a fresh Python has run `code`."""
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('loaded:', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return HEAVY & set(done.stdout.rpartition("loaded:")[2].split())


def test_the_public_names_are_a_decision() -> None:
    assert vidclf.__all__ == [
        "Clip",
        "Config",
        "Frame",
        "Limits",
        "Manifest",
        "Prediction",
        "Predictor",
        "TrainedRun",
        "VidclfError",
        "VideoSource",
        "load",
        "load_config",
        "make_config",
        "open_source",
        "read_clip",
        "read_manifest",
        "render_gestures",
        "train",
        "write_video",
    ]


@pytest.mark.parametrize("name", vidclf.__all__)
def test_each_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(vidclf, name).__doc__
    assert name in dir(vidclf)


def test_another_name_is_an_error_as_in_any_module() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = vidclf.lod


def test_the_check_for_heavy_libraries_sees_them() -> None:
    assert loaded_after("import matplotlib") == {"matplotlib"}


@pytest.mark.parametrize(
    "code",
    [
        "import vidclf",
        "import vidclf.errors, vidclf.config, vidclf.types, vidclf.secrets, vidclf.files",
        "import vidclf.package, vidclf.weights, vidclf.parallel, vidclf.progress",
        "import vidclf.cli; sys.argv = ['vidclf', '--help']; vidclf.cli.main()",
        "import vidclf.cli; sys.argv = ['vidclf', 'train', '--help']; vidclf.cli.main()",
        "import vidclf.cli; sys.argv = ['vidclf', 'config', 'schema']; vidclf.cli.main()",
        "import vidclf.cli; sys.argv = ['vidclf', 'train', '--wrong']; vidclf.cli.main()",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    assert loaded_after(code) == set()
