# ruff: noqa: E501 (a table of broken files, one a line)
"""Laws of mesh files: what is written comes back, others read the same, broken files are one sentence."""

import base64
import json
import resource
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rrb.errors import BadFileError, BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io import FORMATS
from rrb.geometry.mesh_io.gltf_scene import linear_from_srgb, srgb_from_linear
from rrb.geometry.mesh_io.polygons import fan
from rrb.geometry.primitives import box, cylinder, torus

RANDOM = np.random.default_rng(0)
EXACT = (".obj", ".ply", ".off")
SINGLE = (".stl", ".glb")


def awkward(coloured: bool = False) -> Mesh:
    """Numbers with all their digits, an unused vertex, two vertices at one place, colours of any value."""
    mesh = torus(1.0, 0.3, 7, 5)
    vertices = np.concatenate((mesh.vertices / 3 + 1e-9, [[1e-17, -1e7, 0.1]], mesh.vertices[:1] / 3 + 1e-9))
    colours = RANDOM.random(vertices.shape) if coloured else None
    return Mesh(vertices, np.concatenate((mesh.faces, [[len(vertices) - 1, 1, 2]])), colours)


def textured() -> Mesh:
    mesh = cylinder(0.5, 1.0, 6)
    uv = np.round(RANDOM.random((len(mesh.faces), 3, 2)) * 4) / 4
    return Mesh(mesh.vertices, mesh.faces, None, uv, RANDOM.integers(0, 256, (4, 5, 3)).astype(np.uint8))


def positions(mesh: Mesh) -> np.ndarray:
    return mesh.vertices[mesh.faces]


# --- round trips ----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", EXACT)
@pytest.mark.parametrize("coloured", [False, True])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_exact_formats_return_every_bit(tmp_path, suffix, coloured, kind):
    mesh = awkward(coloured)
    mesh = mesh.with_vertices(mesh.vertices.astype(kind))
    mesh.save(tmp_path / f"a{suffix}")
    back = Mesh.load(tmp_path / f"a{suffix}")
    assert (back.vertices.dtype, back.faces.dtype) == (np.float64, np.int64)
    np.testing.assert_array_equal(back.vertices, mesh.vertices)
    np.testing.assert_array_equal(back.faces, mesh.faces)
    assert (back.vertex_colours is None) is not coloured
    if coloured:
        np.testing.assert_array_equal(back.vertex_colours, mesh.vertex_colours)
    assert back.notes == ()


@pytest.mark.parametrize("suffix", SINGLE)
def test_single_precision_formats_round_once(tmp_path, suffix):
    mesh = awkward()
    mesh.save(tmp_path / f"a{suffix}")
    back = Mesh.load(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(positions(back), positions(mesh).astype(np.float32))
    back.save(tmp_path / f"b{suffix}")
    again = Mesh.load(tmp_path / f"b{suffix}")
    np.testing.assert_array_equal(again.vertices, back.vertices)
    np.testing.assert_array_equal(again.faces, back.faces)


def test_glb_keeps_numbering_and_colours(tmp_path):
    mesh = awkward(coloured=True)
    mesh.save(tmp_path / "a.glb")
    back = Mesh.load(tmp_path / "a.glb")
    np.testing.assert_array_equal(back.faces, mesh.faces)
    np.testing.assert_allclose(back.vertex_colours, mesh.vertex_colours, atol=1e-6)


@pytest.mark.parametrize("suffix", [".obj", ".glb"])
def test_textures_come_back(tmp_path, suffix):
    mesh = textured()
    mesh.save(tmp_path / f"a chair{suffix}")
    back = Mesh.load(tmp_path / f"a chair{suffix}")
    np.testing.assert_array_equal(back.texture, mesh.texture)
    np.testing.assert_array_equal(back.uv, mesh.uv)
    np.testing.assert_array_equal(
        positions(back), positions(mesh).astype(np.float32 if suffix == ".glb" else float)
    )
    np.testing.assert_array_equal(
        back.vertices[: len(mesh.vertices)].astype(np.float32), mesh.vertices.astype("f4")
    )
    assert back.notes == ()


def test_byte_colours_are_written_as_bytes(tmp_path):
    mesh = box()
    colours = RANDOM.integers(0, 256, (8, 3)) / 255
    Mesh(mesh.vertices, mesh.faces, colours).save(tmp_path / "a.ply")
    assert b"property uchar red" in (tmp_path / "a.ply").read_bytes()
    np.testing.assert_array_equal(Mesh.load(tmp_path / "a.ply").vertex_colours, colours)


@pytest.mark.parametrize("suffix", FORMATS)
def test_tensors_are_written_too(tmp_path, suffix):
    torch = pytest.importorskip("torch")
    mesh = torus(1.0, 0.3, 7, 5)
    Mesh(torch.tensor(mesh.vertices, requires_grad=True), torch.tensor(mesh.faces)).save(
        tmp_path / f"a{suffix}"
    )
    mesh.save(tmp_path / f"b{suffix}")
    bytes_of = [(tmp_path / f"{name}{suffix}").read_bytes().replace(b'"b"', b'"a"') for name in "ab"]
    assert bytes_of[0] == bytes_of[1]


@pytest.mark.parametrize(("unit", "metres"), [("m", 1), ("cm", 0.01), ("mm", 0.001), ("in", 0.0254)])
def test_units_count_metres(tmp_path, unit, metres):
    box().save(tmp_path / "a.obj")
    np.testing.assert_allclose(Mesh.load(tmp_path / "a.obj", unit=unit).vertices, box().vertices * metres)
    box().save(tmp_path / "b.obj", unit=unit)
    np.testing.assert_allclose(Mesh.load(tmp_path / "b.obj", unit=unit).vertices, box().vertices, rtol=1e-15)


def test_unknown_units_are_refused(tmp_path):
    for act in (Mesh.load, box().save):
        with pytest.raises(BadInputError, match="'km'; m, cm, mm, in are accepted"):
            act(tmp_path / "a.obj", unit="km")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    box().save(tmp_path / "a.obj")
    before = (tmp_path / "a.obj").read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(BadFileError, match=r"a\.obj: it cannot be written \(No space left"):
        torus().save(tmp_path / "a.obj")
    assert [p.name for p in tmp_path.iterdir()] == ["a.obj"]
    assert (tmp_path / "a.obj").read_bytes() == before


def test_writing_into_no_folder_is_refused(tmp_path):
    with pytest.raises(BadFileError, match=r"b/a\.obj: it cannot be written"):
        box().save(tmp_path / "b" / "a.obj")


@pytest.mark.parametrize("suffix", SINGLE)
def test_numbers_too_large_for_single_precision_are_refused(tmp_path, suffix):
    with pytest.raises(BadInputError, match="holds up to"):
        box((1e39, 1, 1)).save(tmp_path / f"a{suffix}")


# --- another reader and writer --------------------------------------------------------------------


@pytest.mark.parametrize("suffix", FORMATS)
def test_another_library_reads_what_we_write(tmp_path, suffix):
    trimesh = pytest.importorskip("trimesh")
    mesh = torus(1.0, 0.3, 7, 5)
    colours = RANDOM.integers(0, 256, mesh.vertices.shape) / 255
    Mesh(mesh.vertices, mesh.faces, colours).save(tmp_path / f"a{suffix}")
    theirs = trimesh.load(tmp_path / f"a{suffix}", process=False, force="mesh")
    np.testing.assert_allclose(theirs.vertices[theirs.faces], positions(mesh), atol=1e-6)
    if suffix in (".obj", ".ply"):  # of .off it reads no colours
        np.testing.assert_array_equal(theirs.visual.vertex_colors[:, :3], np.rint(colours * 255))


@pytest.mark.parametrize("suffix", FORMATS)
def test_we_read_what_another_library_writes(tmp_path, suffix):
    trimesh = pytest.importorskip("trimesh")
    mesh = torus(1.0, 0.3, 7, 5)
    theirs = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    colours = RANDOM.integers(0, 256, mesh.vertices.shape)
    if suffix in (".ply", ".obj"):
        theirs.visual.vertex_colors = colours
    theirs.export(tmp_path / f"a{suffix}")
    back = Mesh.load(tmp_path / f"a{suffix}")
    np.testing.assert_allclose(positions(back), positions(mesh), atol=1e-6)
    if suffix in (".ply", ".obj"):
        np.testing.assert_allclose(back.vertex_colours, colours / 255, atol=1e-6)


def test_textured_scenes_agree_with_another_library(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    mesh = textured()
    mesh.save(tmp_path / "a.glb")
    theirs = trimesh.load(tmp_path / "a.glb", process=False, force="mesh")
    np.testing.assert_allclose(theirs.visual.uv[theirs.faces], mesh.uv, atol=1e-6)
    picture = theirs.visual.material.baseColorTexture
    np.testing.assert_array_equal(np.array(picture.convert("RGB")), mesh.texture)


# --- real files -----------------------------------------------------------------------------------


def test_all_meshes_of_the_collection(shared):
    for entry in json.loads((shared / "meshes" / "index.json").read_text()):
        mesh = Mesh.load(shared / entry["file"])
        assert (len(mesh.vertices), len(mesh.faces)) == (entry["n_vertices"], entry["n_faces"])
        low, high = mesh.bounding_box()
        np.testing.assert_allclose(high - low, entry["extent"], rtol=1e-3, atol=1e-5)
        assert mesh.notes == ()


@pytest.mark.parametrize(
    ("file", "n_vertices", "n_faces", "textured"),
    [
        ("pytorch3d/cow_mesh/cow.obj", 2930, 5856, True),
        ("pytorch3d/tests_data/cow.glb", 3225, 5856, True),
        ("softras_obj/spot/spot_triangulated.obj", 2930, 5856, True),
        ("softras_obj/sphere/sphere_642.obj", 642, 1280, False),
        ("neural_renderer_chainer/tests_data/teapot.obj", 1292, 2464, False),
    ],
)
def test_reference_meshes(shared, file, n_vertices, n_faces, textured):
    mesh = Mesh.load(shared / "reference_renders" / file)
    assert (len(mesh.vertices), len(mesh.faces)) == (n_vertices, n_faces)
    assert (mesh.texture is not None) is textured
    assert mesh.merged().is_watertight or file.endswith("teapot.obj")


def test_the_cow_is_the_same_in_both_formats(shared):
    """Its .glb was made from its .obj by others: texture coordinates agree corner by corner."""
    spatial = pytest.importorskip("scipy.spatial")
    folder = shared / "reference_renders" / "pytorch3d"
    text, binary = Mesh.load(folder / "cow_mesh" / "cow.obj"), Mesh.load(folder / "tests_data" / "cow.glb")

    corners = [np.concatenate((positions(m), m.uv), axis=2).reshape(-1, 5) for m in (text, binary)]
    for one, other in (corners, corners[::-1]):
        assert spatial.cKDTree(one).query(other)[0].max() < 1e-4


def test_several_textures_are_a_note(shared):
    folder = shared / "reference_renders" / "neural_renderer_chainer" / "tests_data"
    mesh = Mesh.load(folder / "4e49873292196f02574b5684eaec43e9" / "model.obj")
    assert mesh.texture is None
    assert any("2 (./images/texture0.jpg" in note for note in mesh.notes)


# --- what the formats allow -----------------------------------------------------------------------


def load(tmp_path, name: str, content: bytes | str) -> Mesh:
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return Mesh.load(tmp_path / name)


@pytest.mark.parametrize("n", [3, 4, 7])
def test_fans_cover_polygons(n):
    """n - 2 triangles each; the shoelace areas of the parts add up to the whole."""
    angle = np.arange(n) * 2 * np.pi / n
    xy = np.stack((np.cos(angle), np.sin(angle)), 1)
    triangles = fan(np.array([n, 3, n]))
    assert triangles.shape == (2 * (n - 2) + 1, 3)
    a, b, c = np.moveaxis(xy[triangles[: n - 2]], 1, 0)
    areas = np.cross(np.pad(b - a, ((0, 0), (0, 1))), np.pad(c - a, ((0, 0), (0, 1))))[:, 2] / 2
    assert (areas > 0).all()
    np.testing.assert_allclose(areas.sum(), n / 2 * np.sin(2 * np.pi / n))
    np.testing.assert_array_equal(triangles[n - 1 :], triangles[: n - 2] + n + 3)


SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


@pytest.mark.parametrize(
    ("text", "faces"),
    [
        ("f 1 2 3 4\n", [[0, 1, 2], [0, 2, 3]]),
        ("f -4 -3 -2\n", [[0, 1, 2]]),
        ("vn 0 0 1\nf 1//1 2//1 3//1\nf 1 3 4", [[0, 1, 2], [0, 2, 3]]),
        ("g a\nusemtl b\ns off\nf 1 2 3\no c\nf 4 1 2\n", [[0, 1, 2], [3, 0, 1]]),
        ("  f\t1   2 3 # comment\r\n\r\n#f 9 9 9\n", [[0, 1, 2]]),
        ("f 1 \\\n2 \\\r\n 3\n", [[0, 1, 2]]),
        ("f -4 -3 -2\nv 9 9 9\nf -1 -2 -3", [[0, 1, 2], [4, 3, 2]]),
        ("f 5 1 2\nv 9 9 9", [[4, 0, 1]]),
        ("f 1/ 2/ 3/", [[0, 1, 2]]),
    ],
)
def test_obj_faces(tmp_path, text, faces):
    mesh = load(tmp_path, "a.obj", SQUARE + text)
    np.testing.assert_array_equal(mesh.faces, faces)
    assert mesh.uv is None


@pytest.mark.parametrize(
    ("text", "uv"),
    [
        ("vt 0.5\nvt 0 1\nvt 1 1 0\nf 1/1 2/2 3/3", [[[0.5, 0], [0, 1], [1, 1]]]),
        ("vt 0.5 0.25\nvt 0 1\nf 1/-2/7 2/-1/7 3/-1/7\nvt 3 3", [[[0.5, 0.25], [0, 1], [0, 1]]]),
        ("vt 0.5 0.25\nf 1/1 2/1 3", [[[0.5, 0.25], [0.5, 0.25], [0, 0]]]),
    ],
)
def test_obj_texture_coordinates(tmp_path, text, uv):
    mesh = load(tmp_path, "a.obj", SQUARE + text)
    np.testing.assert_array_equal(mesh.uv, uv)
    assert bool(mesh.notes) == (text[-1:] == "3" and "2/1 3" in text)


@pytest.mark.parametrize(
    ("vertex", "colour", "notes"),
    [("1 2 3 0.5 0 1", [0.5, 0, 1], 0), ("1 2 3 255 0 51", [1, 0, 0.2], 1), ("1 2 3 1.0", None, 0)],
)
def test_obj_vertex_colours(tmp_path, vertex, colour, notes):
    mesh = load(tmp_path, "a.obj", f"v {vertex}\nv {vertex}\nv {vertex}\nf 1 2 3")
    np.testing.assert_array_equal(mesh.vertices, [[1, 2, 3]] * 3)
    assert len(mesh.notes) == notes
    assert (mesh.vertex_colours is None) == (colour is None)
    if colour:
        np.testing.assert_allclose(mesh.vertex_colours, [colour] * 3)


def test_obj_partial_colours_and_lines_are_noted(tmp_path):
    mesh = load(tmp_path, "a.obj", "v 0 0 0\nv 1 0 0 1 0 0\nv 0 1 0\nf 1 2 3\nl 1 2\np 1")
    assert mesh.vertex_colours is None
    assert [note.split(" were")[0] for note in mesh.notes] == [
        "only 1 of 3 vertices have colours: none was kept",
        "the file's lines",
        "the file's points",
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone.png", "no such file"),
        ("../out.png", "outside"),
        ("/etc/hostname", "outside"),
        ("link.png", "outside"),
        ("loop.png", "cannot be read|no such file"),
        ("a.mtl", "as a picture"),
        ("x" * 5000, "cannot be read|no such file"),
        ("a\\..\\..\\out.png", "outside"),
    ],
)
def test_obj_textures_stay_in_the_folder_and_their_loss_is_noted(tmp_path, name, reason):
    folder = tmp_path / "in"
    folder.mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "out.png")
    (folder / "link.png").symlink_to(tmp_path / "out.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "a.mtl").write_text(f"newmtl m\nmap_Kd {name}\n")
    mesh = load(folder, "a.obj", "mtllib a.mtl\nusemtl m\n" + SQUARE + "vt 0 0\nf 1/1 2/1 3/1")
    assert mesh.texture is None
    assert mesh.uv is not None
    (note,) = mesh.notes
    assert "left out" in note
    assert any(word in note for word in reason.split("|"))


@pytest.mark.parametrize("options", ["", "-s 1 1 1 -clamp on ", "-o 0.5 0.5 "])
def test_obj_textures_below_the_folder_are_read(tmp_path, options):
    (tmp_path / "maps").mkdir()
    Image.new("RGB", (2, 3), (1, 2, 3)).save(tmp_path / "maps" / "my wood.png")
    (tmp_path / "a.mtl").write_text(f"newmtl m\nmap_Kd {options}maps\\my wood.png\n")
    mesh = load(tmp_path, "a.obj", "mtllib a.mtl\nusemtl m\n" + SQUARE + "vt 0 0\nf 1/1 2/1 3/1")
    np.testing.assert_array_equal(mesh.texture, np.tile([1, 2, 3], (3, 2, 1)))
    assert bool(mesh.notes) == bool(options)


PLY_TEXT = """ply
format ascii 1.0
comment a
element camera 1
property list uchar float k
element vertex 4
property float x
property double y
property int16 z
property uchar red
property uchar green
property uchar blue
property list uchar int extra
element face 2
property uchar flags
property list uchar uint vertex_index
end_header
2 0.5 0.5
0 0 0 255 0 51 0
1 0 0 255 0 51 1 7
1 1 0 255 0 51 2 7 8
0 1 0 255 0 51 0
0 4 0 1 2 3
9 3 3 1 0
"""


def as_binary(text: str, order: str) -> bytes:
    """The file above in binary, built by hand."""
    name = {"<": "binary_little_endian", ">": "binary_big_endian"}[order]
    header = text[: text.index("end_header")].replace("ascii", name) + "end_header\n"
    body = struct.pack(order + "Bff", 2, 0.5, 0.5)
    for (x, y), extra in zip([(0, 0), (1, 0), (1, 1), (0, 1)], [(), (7,), (7, 8), ()], strict=True):
        body += struct.pack(order + f"fdh3BB{len(extra)}i", x, y, 0, 255, 0, 51, len(extra), *extra)
    return header.encode() + body + struct.pack(order + "BB4IBB3I", 0, 4, 0, 1, 2, 3, 9, 3, 3, 1, 0)


@pytest.mark.parametrize("encoding", ["text", "<", ">"])
def test_ply_with_everything(tmp_path, encoding):
    mesh = load(tmp_path, "a.ply", PLY_TEXT if encoding == "text" else as_binary(PLY_TEXT, encoding))
    np.testing.assert_array_equal(mesh.vertices, [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(mesh.faces, [[0, 1, 2], [0, 2, 3], [3, 1, 0]])
    np.testing.assert_allclose(mesh.vertex_colours, [[1, 0, 0.2]] * 4)
    assert mesh.notes == ("the file's 'camera' was left out",)


def test_ply_keeps_all_digits_of_text(tmp_path):
    """A 'float' of a text file is read as it is written there."""
    header = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    header += "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    mesh = load(tmp_path, "a.ply", header + "0.1 0 0\n0 0.2 0\n0 0 0.3\n3 0 1 2\n")
    assert mesh.vertices[0, 0] == 0.1


@pytest.mark.parametrize(
    ("header", "row", "colour"),
    [
        ("OFF\n4 2 0\n", "", None),
        ("OFF 4 2 5\n", "", None),
        ("OFF4 2\n", "", None),
        ("# a\n\nCOFF # b\n 4 2 0 # c\n#d\n", " 255 0 51 255", [1, 0, 0.2]),
        ("COFF\n4 2 0\n", " 1.0 0 0.2", [1, 0, 0.2]),
        ("NOFF\n4 2 0\n", " 0 0 1", None),
    ],
)
def test_off(tmp_path, header, row, colour):
    rows = "".join(f"{xyz}{row}\n" for xyz in ("0 0 0", "1 0 0", "1 1 0", "0 1 0"))
    mesh = load(tmp_path, "a.off", header + rows + "4 0 1 2 3\n3 3 1 0 255 0 0\n")
    np.testing.assert_array_equal(mesh.vertices, [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(mesh.faces, [[0, 1, 2], [0, 2, 3], [3, 1, 0]])
    assert "the file's face colours were left out" in mesh.notes
    assert (mesh.vertex_colours is None) == (colour is None)
    if colour:
        np.testing.assert_allclose(mesh.vertex_colours, [colour] * 4)


FACET = (
    "facet normal 0 0 1\n outer loop\n vertex 0 0 0\n vertex 1 0 0\n vertex 0 0.1 1e-3\n endloop\nendfacet\n"
)


def test_stl_text(tmp_path):
    text = f"solid a b\n{FACET}{FACET.upper()}endsolid a\nsolid c\n{FACET}endsolid\n"
    mesh = load(tmp_path, "a.stl", text)
    np.testing.assert_array_equal(positions(mesh), [[[0, 0, 0], [1, 0, 0], [0, 0.1, 1e-3]]] * 3)


def test_stl_binary_that_starts_with_solid(tmp_path):
    box().save(tmp_path / "a.stl")
    data = (tmp_path / "a.stl").read_bytes()
    mesh = load(tmp_path, "b.stl", b"solid" + data[5:])
    np.testing.assert_array_equal(positions(mesh), positions(box()))
    assert mesh.merged().is_watertight


# --- glTF by hand ---------------------------------------------------------------------------------


def glb(content: dict | bytes, binary: bytes = b"") -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


class Scene:
    """Collects arrays into one buffer."""

    def __init__(self):
        self.binary = b""
        self.json = {"asset": {"version": "2.0"}, "accessors": [], "bufferViews": []}

    def view(self, data: bytes, **more) -> int:
        self.json["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)} | more
        )
        self.binary += data + b"\0" * (-len(data) % 4)
        return len(self.json["bufferViews"]) - 1

    def array(self, values, code="<f4", **more) -> int:
        values = np.array(values, code)
        components = {"i1": 5120, "u1": 5121, "<i2": 5122, "<u2": 5123, "<u4": 5125, "<f4": 5126}
        kind = "SCALAR" if values.ndim == 1 else f"VEC{values.shape[1]}"
        accessor = {"bufferView": self.view(values.tobytes()), "componentType": components[code]}
        self.json["accessors"].append(accessor | {"count": len(values), "type": kind} | more)
        return len(self.json["accessors"]) - 1

    def bytes(self, **more) -> bytes:
        return glb(self.json | {"buffers": [{"byteLength": len(self.binary)}]} | more, self.binary)


TRIANGLE = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


def one_primitive(scene: Scene, **primitive) -> bytes:
    primitive = {"attributes": {"POSITION": 0}} | primitive
    return scene.bytes(
        meshes=[{"primitives": [primitive]}], nodes=[{"mesh": 0}], scenes=[{"nodes": [0]}], scene=0
    )


@pytest.mark.parametrize("code", ["u1", "<u2", "<u4"])
def test_glb_indices_of_every_width(tmp_path, code):
    scene = Scene()
    scene.array(TRIANGLE)
    mesh = load(tmp_path, "a.glb", one_primitive(scene, indices=scene.array([2, 0, 1], code)))
    np.testing.assert_array_equal(mesh.faces, [[2, 0, 1]])


@pytest.mark.parametrize(
    ("mode", "index", "faces"),
    [
        (4, None, [[0, 1, 2], [3, 4, 5]]),
        (5, [0, 1, 2, 3], [[0, 1, 2], [1, 3, 2]]),
        (5, [0, 1, 2, 2, 3, 3, 4, 5], [[0, 1, 2], [3, 5, 4]]),
        (6, [0, 1, 2, 3], [[1, 2, 0], [2, 3, 0]]),
    ],
)
def test_glb_strips_and_fans(tmp_path, mode, index, faces):
    scene = Scene()
    scene.array(RANDOM.random((6, 3)))
    more = {} if index is None else {"indices": scene.array(index, "u1")}
    mesh = load(tmp_path, "a.glb", one_primitive(scene, mode=mode, **more))
    turn = [np.roll(face, -np.argmin(face)).tolist() for face in mesh.faces]
    assert turn == [np.roll(face, -np.argmin(face)).tolist() for face in faces]


def test_glb_nodes_move_turn_and_mirror(tmp_path):
    scene = Scene()
    scene.array(TRIANGLE)
    half = 0.5**0.5
    nodes = [
        {"translation": [1, 2, 3], "scale": [2, 2, 2], "children": [1, 2]},
        {"mesh": 0, "rotation": [0, 0, half, half]},  # a quarter turn from x to y
        {"mesh": 0, "matrix": [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 5, 0, 0, 1]},
    ]
    meshes = [{"primitives": [{"attributes": {"POSITION": 0}}]}]
    mesh = load(tmp_path, "a.glb", scene.bytes(nodes=nodes, meshes=meshes, scenes=[{"nodes": [0]}], scene=0))
    np.testing.assert_allclose(mesh.vertices[:3], [[1, 2, 3], [1, 4, 3], [-1, 2, 3]], atol=1e-6)
    np.testing.assert_allclose(mesh.vertices[3:], [[11, 2, 3], [9, 2, 3], [11, 4, 3]])
    np.testing.assert_allclose(mesh.face_normals(), [[0, 0, 1]] * 2, atol=1e-12)


@pytest.mark.parametrize(("code", "largest"), [("i1", 127), ("u1", 255), ("<i2", 32767), ("<u2", 65535)])
def test_glb_normalised_positions(tmp_path, code, largest):
    scene = Scene()
    scene.array(np.array(TRIANGLE) * largest, code, normalized=True)
    np.testing.assert_array_equal(load(tmp_path, "a.glb", one_primitive(scene)).vertices, TRIANGLE)


def test_glb_interleaved_attributes_with_offsets(tmp_path):
    scene = Scene()
    rows = np.zeros(3, [("pad", "<f4"), ("position", "<f4", 3), ("colour", "u1", 4)])
    rows["position"], rows["colour"] = TRIANGLE, [255, 0, 0, 255]
    view = scene.view(rows.tobytes(), byteStride=20)
    common = {"bufferView": view, "count": 3}
    scene.json["accessors"] = [
        common | {"byteOffset": 4, "componentType": 5126, "type": "VEC3"},
        common | {"byteOffset": 16, "componentType": 5121, "type": "VEC4", "normalized": True},
    ]
    mesh = load(tmp_path, "a.glb", one_primitive(scene, attributes={"POSITION": 0, "COLOR_0": 1}))
    np.testing.assert_array_equal(mesh.vertices, TRIANGLE)
    np.testing.assert_allclose(mesh.vertex_colours, [[1, 0, 0]] * 3, atol=1e-12)


@pytest.mark.parametrize("based", [True, False])
def test_glb_sparse_positions(tmp_path, based):
    scene = Scene()
    index, values = (
        scene.view(np.array([1, 2], "u1").tobytes()),
        scene.view(np.array(TRIANGLE[1:], "<f4").tobytes()),
    )
    scene.array(np.zeros((3, 3)))
    sparse = {
        "count": 2,
        "indices": {"bufferView": index, "componentType": 5121},
        "values": {"bufferView": values},
    }
    scene.json["accessors"][0]["sparse"] = sparse
    if not based:
        del scene.json["accessors"][0]["bufferView"]
    np.testing.assert_array_equal(load(tmp_path, "a.glb", one_primitive(scene)).vertices, TRIANGLE)


def test_glb_data_uris_are_inside(tmp_path):
    scene = Scene()
    scene.array(TRIANGLE)
    uri = "data:application/octet-stream;base64," + base64.b64encode(scene.binary).decode()
    content = scene.json | {"meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}]}
    content["buffers"] = [{"byteLength": len(scene.binary), "uri": uri}]
    np.testing.assert_array_equal(load(tmp_path, "a.glb", glb(content)).vertices, TRIANGLE)


def test_glb_base_colours_are_linear_and_become_srgb(tmp_path):
    scene = Scene()
    scene.array(TRIANGLE)
    materials = [{"pbrMetallicRoughness": {"baseColorFactor": [0.2140411, 1, 0, 1]}}]
    scene.json["materials"] = materials
    mesh = load(tmp_path, "a.glb", one_primitive(scene, material=0))
    np.testing.assert_allclose(mesh.vertex_colours, [[0.5, 1, 0]] * 3, atol=1e-6)
    colours = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(linear_from_srgb(srgb_from_linear(colours)), colours, atol=1e-7)


@pytest.mark.parametrize("n_textures", [1, 2])
def test_glb_several_primitives_and_textures(tmp_path, n_textures):
    scene = Scene()
    scene.array(TRIANGLE)
    scene.array([[0, 0], [0.5, 0], [0, 0.25]])
    Image.new("RGB", (1, 1), (7, 8, 9)).save(tmp_path / "a.png")
    picture = (tmp_path / "a.png").read_bytes()
    scene.json["images"] = [{"bufferView": scene.view(picture), "mimeType": "image/png"} for _ in range(2)]
    scene.json["textures"] = [{"source": 0}, {"source": n_textures - 1}]
    scene.json["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": i}}} for i in range(2)]
    attributes = {"POSITION": 0, "TEXCOORD_0": 1}
    primitives = [{"attributes": attributes, "material": i} for i in range(2)]
    primitives += [{"attributes": {"POSITION": 0}}, {"attributes": {"POSITION": 0}, "mode": 0}]
    mesh = load(tmp_path, "a.glb", scene.bytes(meshes=[{"primitives": primitives}]))
    np.testing.assert_array_equal(mesh.faces, np.arange(9).reshape(3, 3))
    assert "points and lines were left out" in mesh.notes
    if n_textures == 2:
        assert mesh.texture is None
        assert "a mesh holds one texture and the scene has 2: none was kept" in mesh.notes
    else:
        np.testing.assert_array_equal(mesh.texture, [[[7, 8, 9]]])
        np.testing.assert_array_equal(mesh.uv[:2], [[[0, 1], [0.5, 1], [0, 0.75]]] * 2)
        assert "1 faces have no texture coordinates and were given (0, 0)" in mesh.notes


# --- bad files ------------------------------------------------------------------------------------


def gltf(**change) -> bytes:
    """A valid triangle with something changed."""
    scene = Scene()
    scene.array(TRIANGLE)
    scene.json |= {"meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}], "nodes": [{"mesh": 0}]}
    return scene.bytes(**change)


def accessor(**change) -> bytes:
    base = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}
    return gltf(accessors=[base | change])


def uri(text: str) -> dict:
    return {"images": [{"uri": text}]}


PLY_HEAD = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
PLY_FACES = "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
PLY_ROWS = "0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
PLY_BINARY = (PLY_HEAD + PLY_FACES).replace("ascii", "binary_little_endian").encode()
BILLION = "1000000000"


BAD = {
    # what every format can be
    **{f"empty{s}": ("a" + s, b"", "") for s in FORMATS},
    **{f"junk{s}": ("a" + s, bytes(range(256)) * 40, "") for s in FORMATS},
    **{f"words{s}": ("a" + s, b"This is a letter to a friend.\n" * 50, "") for s in FORMATS},
    "suffix": ("a.fbx", b"", "ends in .fbx; .obj, .ply, .off, .stl, .glb are accepted"),
    "no suffix": ("mesh", b"", "ends in no suffix"),
    "gltf": ("a.gltf", b"{}", "export it as .glb"),
    # obj
    "obj no faces": ("a.obj", SQUARE, "holds no faces"),
    "obj no vertices": ("a.obj", "f 1 2 3", "holds no vertices"),
    "obj nan": ("a.obj", "v 0 nan 0\n" + SQUARE + "f 1 2 3", "line 1: 'nan' where a finite number"),
    "obj inf": ("a.obj", SQUARE + "v 0 0 1e999\nf 1 2 3", "line 5: '1e999'"),
    "obj underscore": ("a.obj", SQUARE + "v 0 0 1_0\nf 1 2 3", "line 5: '1_0'"),
    "obj word": ("a.obj", SQUARE + "v 0 0 z\nf 1 2 3", "line 5: 'z'"),
    "obj short vertex": ("a.obj", SQUARE + "\nv 1 2\nf 1 2 3", "line 6: a vertex of 2 numbers; 3 or 4 or 6"),
    "obj short face": ("a.obj", SQUARE + "f 1 2", "line 5: a face of 2 corners"),
    "obj out of range": ("a.obj", SQUARE + "f 1 2 5", "line 5: '5' names a vertex that is not there; the file has 4"),
    "obj zero": ("a.obj", SQUARE + "f 0 1 2", "line 5: '0' where"),
    "obj far back": ("a.obj", SQUARE + "f -5 1 2", "line 5: '-5' names a vertex"),
    "obj no such uv": ("a.obj", SQUARE + "f 1/1 2/1 3/1", "'1/1' names a texture coordinate"),
    "obj uv far back": ("a.obj", SQUARE + "vt 0 0\nf 1/-2 2/1 3/1", "'1/-2' names a texture coordinate"),
    "obj float corner": ("a.obj", SQUARE + "f 1.0 2 3", "line 5: '1.0' where v, v/t"),
    "obj many slashes": ("a.obj", SQUARE + "f 1/1/1/1 2 3", "line 5"),
    "obj huge index": ("a.obj", SQUARE + "f 1 2 " + "9" * 6000, "line 5: '9999"),
    "obj huge line": ("a.obj", b"v " + b"7" * 20_000_000, "holds no faces"),
    "obj huge number": ("a.obj", SQUARE.encode() + b"f 1 2 3\nv 0 0 " + b"7" * 5_000_000, "line 6: '7777"),
    "obj huge polygon": ("a.obj", SQUARE + "f" + " 1 2 3" * 300_000 + " 5", "line 5: '5' names"),
    "obj bad uv": ("a.obj", SQUARE + "vt a b\nf 1/1 2/1 3/1", "line 5: 'a'"),
    "obj colours": ("a.obj", "v 0 0 0 300 0 0\nv 0 0 0 0 0 0\nv 0 0 0 0 0 0\nf 1 2 3", "vertex colours from 0.0 to 300.0"),
    # ply
    "ply header cut": ("a.ply", PLY_HEAD, "header is cut off"),
    "ply body cut": ("a.ply", PLY_HEAD + PLY_FACES + PLY_ROWS[:-8], "promises 4 lines but 3 follow"),
    "ply too long": ("a.ply", PLY_HEAD + PLY_FACES + PLY_ROWS + "0 0 0\n", "promises 4 lines but 5 follow"),
    "ply row cut": ("a.ply", PLY_HEAD + PLY_FACES + PLY_ROWS[:-3], "line 13: 3 numbers are not"),
    "ply nan": ("a.ply", PLY_HEAD + PLY_FACES + PLY_ROWS.replace("0 1 0\n", "0 nan 0\n", 1), "line 12: 'nan'"),
    "ply range": ("a.ply", PLY_HEAD + PLY_FACES + PLY_ROWS.replace("0 1 2", "0 1 3"), "face 0 names the vertex 3"),
    "ply fraction": ("a.ply", PLY_HEAD + PLY_FACES + PLY_ROWS.replace("0 1 2", "0 1 1.5"), "names the vertex 1.5"),
    "ply line": ("a.ply", PLY_HEAD + PLY_FACES + PLY_ROWS.replace("3 0 1 2", "2 0 1"), "face 0 has 2 corners"),
    "ply no faces": ("a.ply", PLY_HEAD + "end_header\n" + PLY_ROWS[:18], "holds no faces"),
    "ply no vertices": ("a.ply", PLY_HEAD.replace(" 3", " 0") + PLY_FACES + "3 0 1 2\n", "holds no vertices"),
    "ply billion text": ("a.ply", (PLY_HEAD + PLY_FACES + PLY_ROWS).replace("vertex 3", "vertex " + BILLION), "1000000001 lines"),
    "ply billion": ("a.ply", PLY_BINARY.replace(b"vertex 3", b"vertex 1000000000"), "at least 12000000000 bytes"),
    "ply billion faces": ("a.ply", PLY_BINARY.replace(b"face 1", b"face 1000000000") + bytes(36), "'face', at least"),
    "ply polygon": (
        "a.ply",
        PLY_BINARY.replace(b"list uchar", b"list uint") + bytes(36) + struct.pack("<I3i", 10**9, 0, 1, 2),
        "'face' 0 of 1 does not fit",
    ),
    "ply negative": (
        "a.ply",
        PLY_BINARY.replace(b"list uchar", b"list int") + bytes(36) + struct.pack("<i3i", -3, 0, 1, 2),
        "'face' 0 of 1 does not fit",
    ),
    "ply binary cut": ("a.ply", PLY_BINARY + bytes(36) + struct.pack("<B2i", 3, 0, 1), "does not fit"),
    "ply binary long": ("a.ply", PLY_BINARY + bytes(36) + struct.pack("<B4i", 3, 0, 1, 2, 3), "4 bytes follow"),
    "ply binary nan": ("a.ply", PLY_BINARY + b"\xff" * 36 + struct.pack("<B3i", 3, 0, 1, 2), "vertex 0 is"),
    "ply no z": ("a.ply", (PLY_HEAD + PLY_FACES + PLY_ROWS).replace("float z", "float w"), "x, y and z are needed"),
    "ply no list": ("a.ply", (PLY_HEAD + PLY_FACES + PLY_ROWS).replace("vertex_indices", "corners"), "is needed"),
    "ply type": ("a.ply", PLY_HEAD.replace("float y", "float128 y") + PLY_FACES, "line 5: 'float128 y'"),
    "ply line junk": ("a.ply", PLY_HEAD + "hello\n" + PLY_FACES, "line 7: 'hello'"),
    "ply twice": ("a.ply", PLY_HEAD + "property float x\n" + PLY_FACES, "line 7: the property 'x' comes twice"),
    "ply version": ("a.ply", PLY_HEAD.replace("1.0", "2.0") + PLY_FACES, "line 2"),
    "ply bare": ("a.ply", PLY_HEAD + "element a 9\n" + PLY_FACES, "'a' has no properties"),
    "ply long header": ("a.ply", b"ply\n" + b"comment a\n" * 200_000, "header is cut off"),
    # off
    "off header cut": ("a.off", "OFF\n", "its header counts ''"),
    "off body cut": ("a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n", "promises 3 vertices and 1 faces but 2 lines"),
    "off billion": ("a.off", f"OFF\n{BILLION} {BILLION} 0\n0 0 0\n", "promises 1000000000 vertices"),
    "off huge count": ("a.off", "OFF\n" + "9" * 6000 + " 1 0\n", "its header counts '9999"),
    "off no faces": ("a.off", "OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n", "holds no faces"),
    "off no vertices": ("a.off", "OFF\n0 1 0\n3 0 1 2\n", "holds no vertices"),
    "off range": ("a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 3\n", r"face 0 names the vertices [0, 1, 3]"),
    "off short": ("a.off", "OFF\n3 1 0\n0 0 0\n1 0\n0 1 0\n3 0 1 2\n", "line 4: a vertex of 2 numbers"),
    "off row cut": ("a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1\n", "line 6: a face that says 3 corners"),
    "off fraction": ("a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 1.5\n", "line 6: a face names the vertex 1.5"),
    "off polygon": ("a.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n1e9 0 1 2\n", "line 6: a face that says 1e+09"),
    "off nan": ("a.off", "OFF\n3 1 0\n0 0 nan\n1 0 0\n0 1 0\n3 0 1 2\n", "line 3: 'nan'"),
    "off four": ("a.off", "4OFF\n3 1 0\n", "starts with '4OFF'"),
    # stl
    "stl cut": ("a.stl", f"solid a\n{FACET}", "it is cut off"),
    "stl facet cut": ("a.stl", f"solid a\n{FACET}{FACET[:57]}", "it is cut off"),
    "stl order": ("a.stl", f"solid a\n{FACET.replace('endloop', 'endfacet')}endsolid", "line 7: 'endfacet' where 'endloop'"),
    "stl no faces": ("a.stl", "solid a\nendsolid a\n", "no faces"),
    "stl nan": ("a.stl", f"solid a\n{FACET.replace('1e-3', 'nan')}endsolid", "line 6: 'nan'"),
    "stl billion": ("a.stl", bytes(80) + struct.pack("<I", 10**9) + bytes(50), "promises 1000000000 faces in 50000000084"),
    "stl too long": ("a.stl", bytes(80) + struct.pack("<I", 1) + bytes(60), "144 bytes where"),
    "stl binary nan": ("a.stl", bytes(80) + struct.pack("<I", 1) + b"\xff" * 50, "vertex 0 is"),
    "stl none": ("a.stl", bytes(84), "no faces"),
    # glb
    "glb magic": ("a.glb", b"glTG" + gltf()[4:], "starts with b'glTG'"),
    "glb version": ("a.glb", b"glTF\1\0\0\0" + gltf()[8:], "version 1"),
    "glb cut": ("a.glb", gltf()[:-4], "promises"),
    "glb header": ("a.glb", gltf()[:15], "promises|version 2 in 15 bytes"),
    "glb chunk": ("a.glb", gltf()[:12] + b"\xff\xff\xff\x7f" + gltf()[16:], "does not fit"),
    "glb nest": ("a.glb", glb(b"[" * 100_000), "no valid glTF"),
    "glb digits": ("a.glb", glb(b'{"scene": ' + b"9" * 10_000 + b"}"), "no valid glTF"),
    "glb list": ("a.glb", glb(b"[]"), "no object"),
    "glb text": ("a.glb", glb(b"\xff\xfe"), "no valid glTF"),
    "glb http": ("a.glb", gltf(**uri("http://example.com/a.png")), "points at another file ('http://example.com/a.png')"),
    "glb up": ("a.glb", gltf(**uri("../a.png")), "points at another file"),
    "glb absolute": ("a.glb", gltf(**uri("/etc/passwd")), "points at another file"),
    "glb file": ("a.glb", gltf(buffers=[{"byteLength": 36, "uri": "file:///etc/passwd"}]), "points at another file"),
    "glb beside": ("a.glb", gltf(buffers=[{"byteLength": 36, "uri": "a.bin"}]), "points at another file"),
    "glb billion": ("a.glb", accessor(count=10**9), "promises 1000000000 entries of 12 bytes"),
    "glb empty billion": ("a.glb", gltf(accessors=[{"componentType": 5126, "count": 10**9, "type": "VEC3"}]), "no data"),
    "glb offset": ("a.glb", accessor(byteOffset=4), "promises 3 entries"),
    "glb negative": ("a.glb", accessor(byteOffset=-4), "'byteOffset' is '-4'"),
    "glb float count": ("a.glb", accessor(count=3.0), "'count' is '3.0'"),
    "glb type": ("a.glb", accessor(type="VEC2"), "'VEC2', which does not fit"),
    "glb component": ("a.glb", accessor(componentType=5130), "no valid glTF"),
    "glb view": ("a.glb", gltf(bufferViews=[{"buffer": 0, "byteLength": 10**12}]), "ends at byte 1000000000000"),
    "glb stride": ("a.glb", gltf(bufferViews=[{"buffer": 0, "byteLength": 36, "byteStride": 4}]), "4 apart"),
    "glb no accessor": ("a.glb", gltf(accessors=[]), "names number 0 of its accessors; it has 0"),
    "glb cycle": ("a.glb", gltf(nodes=[{"mesh": 0, "children": [0]}], scenes=[{"nodes": [0]}]), "two parents"),
    "glb no mesh": ("a.glb", gltf(nodes=[{}]), "no triangles"),
    "glb points": ("a.glb", gltf(meshes=[{"primitives": [{"attributes": {"POSITION": 0}, "mode": 1}]}]), "no triangles"),
    "glb draco": ("a.glb", gltf(extensionsRequired=["KHR_draco_mesh_compression"]), "requires 'KHR_draco"),
    "glb nan": ("a.glb", gltf(nodes=[{"mesh": 0, "translation": [float("nan"), 0, 0]}]), "'translation'"),
    "glb rotation": ("a.glb", gltf(nodes=[{"mesh": 0, "rotation": [0, 0, 0, 0]}]), "rotation of a node is zero"),
    "glb many": ("a.glb", gltf(nodes=[{"mesh": 0}], meshes={"a": 1}), "'meshes' are no list"),
}  # fmt: skip


@pytest.fixture(scope="module")
def _bounded_memory():
    """What a file promises must not be allocated: leave 4 GB of address space beyond what is in use."""
    if not Path("/proc/self/statm").exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        in_use = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + (4 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.usefixtures("_bounded_memory")
@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_one_sentence(tmp_path, case):
    name, content, said = BAD[case]
    with pytest.raises(BadFileError) as caught:
        load(tmp_path, name, content)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / name}: ")
    assert "\n" not in text
    assert len(text) < 400 + len(str(tmp_path))
    assert any(part in text for part in said.split("|"))


@pytest.mark.parametrize("suffix", FORMATS)
def test_folders_devices_and_missing_files(tmp_path, suffix):
    (tmp_path / f"folder{suffix}").mkdir()
    (tmp_path / f"device{suffix}").symlink_to("/dev/zero")
    for name, said in (
        ("folder", "this is a folder"),
        ("gone", "no such file"),
        ("device", "not an ordinary"),
    ):
        with pytest.raises(BadFileError, match=said):
            Mesh.load(tmp_path / f"{name}{suffix}")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_cut_anywhere_is_refused_or_is_whole(tmp_path, suffix):
    """Text may be cut inside its last number or line end and still say something; nothing else may."""
    mesh = box((0.1, 0.2, 0.3))
    mesh.save(tmp_path / f"a{suffix}")
    data = (tmp_path / f"a{suffix}").read_bytes()
    for length in range(0, len(data), 7):
        try:
            cut = load(tmp_path, f"b{suffix}", data[:length])
        except BadFileError:
            continue
        assert suffix == ".obj"  # has no end mark: any number of whole lines is a file
        assert len(cut.vertices) == 8


@pytest.mark.parametrize(("n_vertices", "n_corners"), [(3, 30_000), (30_000, 3)])
def test_a_scene_that_multiplies_itself_is_refused(tmp_path, monkeypatch, n_vertices, n_corners):
    """A thousand nodes draw one mesh whose thousand primitives share its arrays."""
    monkeypatch.setattr("rrb.geometry.mesh_io.gltf_scene.MOST_ROWS", 1_000_000)
    scene = Scene()
    scene.array(np.zeros((n_vertices, 3)))
    scene.array(np.zeros(n_corners, "u1"), "u1")
    primitives = [{"attributes": {"POSITION": 0}, "indices": 1}] * 1000
    with pytest.raises(BadFileError, match="more than 1000000 vertices and faces"):
        load(tmp_path, "a.glb", scene.bytes(nodes=[{"mesh": 0}] * 1000, meshes=[{"primitives": primitives}]))
