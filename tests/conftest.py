"""What all tests share: no kernel notices in the output, the data beside the checkout."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("RRB_QUIET", "1")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of meshes and pictures beside the checkout; a test that needs it is skipped without."""
    if not SHARED.is_dir():
        pytest.skip(f"no data beside the checkout ({SHARED})")
    return SHARED
