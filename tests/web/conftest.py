from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.web.serving import chromium, make_clips


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Three videos of 20 frames, 25 a second."""
    return make_clips(tmp_path / "clips")
