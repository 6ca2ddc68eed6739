"""Every example runs, writes its picture and stays short."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("0*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_example(path, tmp_path):
    assert len(path.read_text().splitlines()) < 60
    done = subprocess.run([sys.executable, path, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{path.stem}.png").stat().st_size > 1000
    assert "wrote" in done.stdout


def test_there_are_examples():
    assert len(EXAMPLES) >= 3
