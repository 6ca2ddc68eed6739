"""What all tests share: no kernel notices in the output, the data beside the checkout."""

import os
import signal
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


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_is_heard():
    """Also where the tests were started in the background, in which shells let Ctrl-C be ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
