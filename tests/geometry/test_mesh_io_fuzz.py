"""Damaged files: each is a valid mesh or one sentence, never another exception."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rrb.errors import BadFileError
from rrb.geometry.mesh import Mesh
from rrb.geometry.primitives import cylinder

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NUMBERS = st.sampled_from(
    [
        b"0",
        b"-1",
        b"1e400",
        b"nan",
        b"-inf",
        b"4294967296",
        b"999999999999999999",
        b"1.5",
        b"1/2/3",
        b"",
        b"x",
        b"3 3",
    ]
)


def seeds(folder) -> dict[str, bytes]:
    """One small file of every kind that readers tell apart."""
    plain = cylinder(0.5, 1.0, 4)
    rng = np.random.default_rng(0)
    colours, uv = rng.random(plain.vertices.shape), rng.random((len(plain.faces), 3, 2))
    coloured = Mesh(plain.vertices, plain.faces, colours)
    textured = Mesh(
        plain.vertices, plain.faces, colours, uv, rng.integers(0, 256, (3, 3, 3)).astype(np.uint8)
    )
    for name, mesh in {
        "c.obj": textured,
        "c.ply": coloured,
        "c.off": coloured,
        "c.glb": textured,
        "c.stl": plain,
    }.items():
        mesh.save(folder / name)
    files = {f"c.{s}": (folder / f"c.{s}").read_bytes() for s in ("obj", "ply", "off", "glb", "stl")}
    files["text.ply"] = (
        b"ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        b"property uchar red\nproperty uchar green\nproperty uchar blue\nelement edge 1\nproperty int a\n"
        b"element face 2\nproperty list uchar int vertex_indices\nproperty float q\nend_header\n"
        b"0 0 0 1 2 3\n1 0 0 1 2 3\n1 1 0 1 2 3\n0 1 0 1 2 3\n7\n4 0 1 2 3 0.5\n3 0 1 2 0.5\n"
    )
    big = files["text.ply"][: files["text.ply"].index(b"0 0 0 1")].replace(b"ascii", b"binary_big_endian")
    vertices = np.zeros(4, [("p", ">f4", 3), ("c", "u1", 3)])
    vertices["p"] = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    faces = (
        b"\4"
        + np.arange(4, dtype=">i4").tobytes()
        + bytes(4)
        + b"\3"
        + np.arange(3, dtype=">i4").tobytes()
        + bytes(4)
    )
    files["big.ply"] = big + vertices.tobytes() + bytes(4) + faces
    facet = b"facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"
    files["text.stl"] = b"solid a\n" + facet * 3 + b"endsolid a\n"
    return files


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple:
    folder = tmp_path_factory.mktemp("seeds")
    return folder, seeds(folder)


NAMES = ["c.obj", "c.ply", "c.off", "c.glb", "c.stl", "text.ply", "big.ply", "text.stl"]


def check(folder, name: str, data: bytes) -> None:
    path = folder / f"damaged-{name}"
    path.write_bytes(data)
    try:
        mesh = Mesh.load(path)
    except BadFileError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert np.isfinite(mesh.vertices).all()
    assert mesh.faces.min() >= 0
    assert mesh.faces.max() < len(mesh.vertices)


@pytest.mark.parametrize("name", NAMES)
def test_undamaged_files_are_read(files, name):
    folder, data = files
    (folder / name).write_bytes(data[name])
    assert len(Mesh.load(folder / name).faces) >= 3


@pytest.mark.parametrize("name", NAMES)
@SETTINGS
@given(st.data())
def test_flipped_bytes(files, name, data):
    folder, content = files[0], bytearray(files[1][name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    check(folder, name, bytes(content))


@pytest.mark.parametrize("name", NAMES)
@SETTINGS
@given(st.data())
def test_cut_pieces_and_insertions(files, name, data):
    folder, content = files[0], files[1][name]
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.sampled_from([start, start + 1, start + 4, start + 30, len(content)]))
    put = data.draw(
        st.binary(max_size=12) | st.sampled_from([b"\n", b" ", b"\n\n", b"\xff" * 4, b"#", b"\\\n"])
    )
    check(folder, name, content[:start] + put + content[stop:])


@pytest.mark.parametrize("name", NAMES)
@SETTINGS
@given(st.data())
def test_replaced_numbers(files, name, data):
    """In headers, in JSON and in rows of text."""
    folder, content = files[0], files[1][name]
    numbers = list(re.finditer(rb"-?\d[\d.e+-]*", content))
    hit = numbers[data.draw(st.integers(0, len(numbers) - 1))]
    changed = content[: hit.start()] + data.draw(NUMBERS) + content[hit.end() :]
    if name == "c.glb":  # or the container's lengths hide what the JSON says
        changed = with_lengths(changed)
    check(folder, name, changed)


@pytest.mark.parametrize("other", ["null", "[]", "{}", '"a"', "-1", "true", "1e30", "[[1]]", "99999999999"])
def test_replaced_json_values(files, other):
    """Every value of the scene in turn becomes one of another type."""
    folder, content = files[0], files[1]["c.glb"]
    text = content[20 : 20 + int.from_bytes(content[12:16], "little")]
    for hit in re.finditer(rb'(?<=[:\[,])("[^"]*"|-?[\d.]+|true|\[[^\[\]]*\]|\{[^{}]*\})', text):
        changed = content[: 20 + hit.start()] + other.encode() + content[20 + hit.end() :]
        check(folder, "c.glb", with_lengths(changed))


def with_lengths(content: bytes) -> bytes:
    """The container around a JSON text whose length has changed."""
    end = content.index(b"BIN\0") - 4
    text = content[20:end].rstrip(b" ")
    text += b" " * (-len(text) % 4)
    chunks = len(text).to_bytes(4, "little") + content[16:20] + text + content[end:]
    return content[:8] + (12 + len(chunks)).to_bytes(4, "little") + chunks
