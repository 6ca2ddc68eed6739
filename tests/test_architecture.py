"""The import table of the design, held against every import statement, also those inside functions."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from light_help import loaded_for_help

SOURCE = Path(__file__).parents[1] / "src" / "rrb"

MAY_IMPORT = {
    "geometry": set(),
    "raster": {"geometry"},
    "networks": {"geometry"},
    "egomotion": {"geometry"},
    "evaluation": {"geometry"},
    "viz": {"geometry"},
    "fitting": {"geometry", "raster"},
    "data": {"geometry", "raster"},
    "training": {"geometry", "raster", "networks"},
    "recipes": {"geometry", "raster", "networks", "fitting", "egomotion"},
}
EVERYBODY_MAY = {"errors", "_jit"}
FREE = {"cli", "web"}  # may import anything; nobody imports them
FILES = sorted(SOURCE.rglob("*.py"))


def imports_of_ours(path: Path) -> set[tuple[int, str]]:
    """(line, first name below rrb) of every `import rrb.x` and `from rrb.x import y` in a file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            names = [node.module or ""]
            if node.module == "rrb":
                names = [f"rrb.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {(node.lineno, n.split(".")[1]) for n in names if n.startswith("rrb.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_follow_the_table(path):
    parts = path.relative_to(SOURCE).parts
    module = parts[0] if len(parts) > 1 else None
    if module in FREE or parts == ("__init__.py",):
        return
    allowed = EVERYBODY_MAY | (MAY_IMPORT[module] | {module} if module else set())
    wrong = [f"{path}:{line} imports {name}" for line, name in imports_of_ours(path) if name not in allowed]
    assert not wrong, "\n".join(wrong)


def test_every_package_is_in_the_table():
    packages = {p.parent.relative_to(SOURCE).parts[0] for p in SOURCE.glob("*/*.py")}
    assert packages <= set(MAY_IMPORT) | FREE | {"assets"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_packages_only_re_export(path):
    """`__init__.py` holds a docstring, imports, tables of names; no code."""
    if path.name != "__init__.py" or path.parent == SOURCE:
        return
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr)
    assert all(isinstance(node, allowed) for node in ast.parse(path.read_text()).body)


@pytest.mark.parametrize("statement", ["import rrb", "import rrb; rrb.Camera, rrb.Pose, rrb.Mesh"])
def test_import_is_light(statement):
    heavy = "{'torch', 'numba', 'trimesh', 'matplotlib', 'scipy', 'skimage', 'PIL'}"
    code = f"import sys; {statement}; print(sorted({heavy} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_help_is_light():
    assert loaded_for_help(of=("torch", "numba", "trimesh")) == "[]"
