"""The documentation runs: Python fences from top to bottom, every `rrb` command, every link to a file."""

import re
import shlex
from pathlib import Path

import pytest

from rrb.cli.main import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def fences(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def in_a_copy(tmp_path, monkeypatch):
    """A folder that looks like the checkout but is thrown away."""
    (tmp_path / "src").symlink_to(ROOT / "src")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [p for p in PAGES if fences(p, "python")], ids=lambda p: p.name)
def test_python_in_the_docs_runs(page, in_a_copy):
    names: dict = {}
    for code in fences(page, "python"):
        exec(compile(code, str(page), "exec"), names)


def commands(fence: str) -> list[str]:
    return [line.split("#")[0].strip() for line in fence.splitlines() if line.startswith("rrb ")]


FENCES = [(page.name, commands(fence)) for page in PAGES for fence in fences(page, "bash") if commands(fence)]


@pytest.mark.parametrize(
    ("page", "lines"), FENCES, ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_commands_in_the_docs_run(page, lines, in_a_copy, capsys):
    """Those of one fence one after the other: a later one may need what an earlier one wrote."""
    for line in lines:
        assert main(shlex.split(line)[1:]) == 0, f"{line}: {capsys.readouterr().err}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_make_targets_in_the_docs_exist(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)`", page.read_text())) <= targets
