"""Mesh files that are unusual or mean harm: each is read in full, noted or refused with a sentence."""

import io
import json
import os
import struct

import numpy as np
import pytest
from PIL import Image

from rrb.errors import BadFileError
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io import mtl
from rrb.geometry.mesh_io.gltf_accessors import Gltf

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"


def load(tmp_path, name: str, content: bytes | str) -> Mesh:
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return Mesh.load(tmp_path / name)


def glb(content: dict, binary: bytes = b"") -> bytes:
    text = json.dumps(content).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


# --- obj ------------------------------------------------------------------------------------------


def test_a_byte_order_mark_costs_no_vertex(tmp_path):
    mesh = load(tmp_path, "a.obj", b"\xef\xbb\xbf" + TRIANGLE.encode() + b"f 1 2 3\n")
    np.testing.assert_array_equal(mesh.vertices, [[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    assert mesh.notes == ()


def test_a_material_file_named_many_times_is_read_once(tmp_path, monkeypatch):
    read = []
    before = mtl.read_bytes
    monkeypatch.setattr(mtl, "read_bytes", lambda path: read.append(path) or before(path))
    (tmp_path / "a.mtl").write_text("newmtl m\nKd 1 1 1\n")
    load(tmp_path, "a.obj", "mtllib a.mtl\n" * 50 + TRIANGLE + "vt 0 0\nf 1/1 2/1 3/1\n")
    assert len(read) == 1


def test_too_many_material_files_are_a_note(tmp_path):
    names = "".join(f"mtllib {i}.mtl\n" for i in range(101))
    mesh = load(tmp_path, "a.obj", names + TRIANGLE + "vt 0 0\nf 1/1 2/1 3/1\n")
    assert mesh.notes == ("the file names 101 material files, more than 100: none was read",)


@pytest.mark.parametrize(("high", "notes"), [(1 + 1e-3, 0), (1 + 1e-7, 0), (1.01, 1)])
def test_colours_a_rounding_above_one_are_of_the_unit_range(tmp_path, high, notes):
    rows = "".join(f"v {i} {i * i} 0 {high} 0 0.5\n" for i in range(3))
    mesh = load(tmp_path, "a.obj", rows + "f 1 2 3\n")
    np.testing.assert_array_equal(
        mesh.vertex_colours[0], [high / 255, 0, 0.5 / 255] if notes else [1, 0, 0.5]
    )
    assert len(mesh.notes) == notes


@pytest.mark.parametrize("name", [b"a\xff.obj", "stühl.obj".encode()])
def test_textures_come_back_under_any_name(tmp_path, name):
    """Also under one that is no text."""
    mesh = Mesh(np.eye(3), [[0, 1, 2]], None, np.zeros((1, 3, 2)), np.full((2, 2, 3), 7, np.uint8))
    path = tmp_path / os.fsdecode(name)
    mesh.save(path)
    back = Mesh.load(path)
    np.testing.assert_array_equal(back.texture, mesh.texture)
    assert back.notes == ()


def test_a_picture_beside_a_mesh_is_not_overwritten(tmp_path):
    (tmp_path / "a.png").write_bytes(b"a photo")
    mesh = Mesh(np.eye(3), [[0, 1, 2]], None, np.zeros((1, 3, 2)), np.full((2, 2, 3), 7, np.uint8))
    mesh.save(tmp_path / "a.obj")
    assert (tmp_path / "a.png").read_bytes() == b"a photo"


def test_textures_in_a_folder_below_are_named_with_a_slash(tmp_path):
    (tmp_path / "maps").mkdir()
    Image.new("RGB", (2, 2), (1, 2, 3)).save(tmp_path / "maps" / "a.png")
    (tmp_path / "a.mtl").write_text("newmtl m\nmap_Kd maps/a.png\n")
    mesh = load(tmp_path, "a.obj", "mtllib a.mtl\nusemtl m\n" + TRIANGLE + "vt 0 0\nf 1/1 2/1 3/1\n")
    np.testing.assert_array_equal(mesh.texture, np.tile([1, 2, 3], (2, 2, 1)))


@pytest.mark.parametrize("suffix", [".obj", ".ply"])
def test_a_name_that_no_file_can_have_is_a_sentence(tmp_path, suffix):
    mesh = Mesh(np.eye(3), [[0, 1, 2]])
    with pytest.raises(BadFileError, match="it cannot be written"):
        mesh.save(tmp_path / f"a\0b{suffix}")


def textured_glb(picture: bytes) -> bytes:
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4").tobytes()
    uv = np.array([[0, 1], [1, 1], [0, 0]], "<f4").tobytes()
    sizes = [len(corners), len(uv), len(picture)]
    starts = [0, sizes[0], sizes[0] + sizes[1]]
    attributes = {"POSITION": 0, "TEXCOORD_0": 1}
    content = {
        "asset": {"version": "2.0"},
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": attributes, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
        "textures": [{"source": 0}],
        "images": [{"bufferView": 2, "mimeType": "image/png"}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "type": "VEC3", "count": 3},
            {"bufferView": 1, "componentType": 5126, "type": "VEC2", "count": 3},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": at, "byteLength": n} for at, n in zip(starts, sizes, strict=True)
        ],
        "buffers": [{"byteLength": sum(sizes)}],
    }
    binary = corners + uv + picture
    return glb(content, binary + b"\0" * (-len(binary) % 4))


@pytest.mark.parametrize("suffix", [".obj", ".glb"])
@pytest.mark.parametrize("alpha", [0, 128, 255])
def test_textures_keep_the_colours_that_are_transparent(tmp_path, suffix, alpha):
    buffer = io.BytesIO()
    Image.new("RGBA", (2, 2), (200, 100, 50, alpha)).save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    (tmp_path / "a.mtl").write_text("newmtl m\nmap_Kd a.png\n")
    text = "mtllib a.mtl\nusemtl m\n" + TRIANGLE + "vt 0 0\nf 1/1 2/1 3/1\n"
    content = text if suffix == ".obj" else textured_glb(buffer.getvalue())
    mesh = load(tmp_path, f"a{suffix}", content)
    np.testing.assert_array_equal(mesh.texture, np.tile([200, 100, 50], (2, 2, 1)))
    assert mesh.notes == (() if alpha == 255 else ("the texture's transparency was left out",))


# --- glb ------------------------------------------------------------------------------------------


def test_each_list_of_a_gltf_document_is_checked_once(tmp_path):
    class Watched(list):
        walks = 0

        def __iter__(self):
            Watched.walks += 1
            return super().__iter__()

    gltf = Gltf(tmp_path, {"nodes": Watched({} for _ in range(5))}, b"")
    for index in range(5):
        gltf.at("nodes", index)
    assert Watched.walks == 1


@pytest.mark.parametrize("mode", [0, 4])
def test_a_scene_that_places_too_many_primitives_is_refused(tmp_path, monkeypatch, mode):
    """Also lines and points, which take up no memory but time."""
    monkeypatch.setattr("rrb.geometry.mesh_io.gltf_scene.MOST_PRIMITIVES", 1000)
    content = {
        "asset": {"version": "2.0"},
        "nodes": [{"mesh": 0}] * 101,
        "meshes": [{"primitives": [{"mode": mode, "attributes": {"POSITION": 0}}] * 10}],
        "accessors": [{"componentType": 5126, "type": "VEC3", "count": 0}],
    }
    with pytest.raises(BadFileError, match="places more than 1000 primitives"):
        load(tmp_path, "a.glb", glb(content))


@pytest.mark.parametrize("coloured", [False, True])
def test_glb_keeps_texture_coordinates_without_a_texture(tmp_path, coloured):
    uv = np.random.default_rng(0).integers(0, 5, (2, 3, 2)) / 4
    vertices = np.random.default_rng(1).random((4, 3)).astype(np.float32)
    Mesh(vertices, [[0, 1, 2], [2, 1, 3]], vertices if coloured else None, uv).save(tmp_path / "a.glb")
    back = Mesh.load(tmp_path / "a.glb")
    np.testing.assert_array_equal(back.uv, uv)
    assert back.notes == ()


# --- ply ------------------------------------------------------------------------------------------


def quad_ply(vertex_uv: str = "", face_uv: str = "", comment: str = "") -> str:
    names = vertex_uv.split()
    header = f"ply\nformat ascii 1.0\n{comment}element vertex 4\n"
    header += "".join(f"property float {name}\n" for name in ["x", "y", "z", *names])
    header += "element face 1\nproperty list uchar int vertex_indices\n"
    header += "property list uchar float texcoord\n" * bool(face_uv) + "end_header\n"
    rows = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
    uv = [(0.0, 0.5), (1, 0.25), (1, 1), (0, 1)]
    body = "".join(
        " ".join(map(str, xyz + (st if names else ()))) + "\n" for xyz, st in zip(rows, uv, strict=True)
    )
    return header + body + f"4 0 1 2 3 {face_uv}\n"


@pytest.mark.parametrize(
    ("vertex_uv", "face_uv"),
    [("s t", ""), ("u v", ""), ("texture_u texture_v", ""), ("", "8 0 0.5 1 0.25 1 1 0 1")],
)
def test_ply_texture_coordinates_of_vertices_and_corners(tmp_path, vertex_uv, face_uv):
    mesh = load(tmp_path, "a.ply", quad_ply(vertex_uv, face_uv))
    np.testing.assert_array_equal(mesh.uv, [[[0, 0.5], [1, 0.25], [1, 1]], [[0, 0.5], [1, 1], [0, 1]]])
    assert mesh.notes == ()


@pytest.mark.parametrize(("vertex_uv", "face_uv"), [("s", ""), ("", "2 0 0"), ("s v", "6 0 0 1 1 0 1")])
def test_ply_texture_coordinates_that_cannot_be_placed_are_a_note(tmp_path, vertex_uv, face_uv):
    text = quad_ply(vertex_uv, face_uv)
    if vertex_uv == "s":
        text = text.replace("property float s", "property float s\nproperty float w")
    mesh = load(tmp_path, "a.ply", text)
    assert mesh.uv is None
    assert mesh.notes == ("the file's texture coordinates were left out",)


def test_a_texture_named_in_a_ply_file_is_a_note(tmp_path):
    mesh = load(tmp_path, "a.ply", quad_ply("s t", comment="comment TextureFile a.png\n"))
    assert mesh.notes == ("the texture that a comment of the file names was left out",)


# --- notes ----------------------------------------------------------------------------------------


def test_off_colours_that_the_header_does_not_announce_are_a_note(tmp_path):
    mesh = load(tmp_path, "a.off", "OFF 3 1 0\n0 0 0 255 0 0\n1 0 0 255 0 0\n0 1 0 255 0 0\n3 0 1 2\n")
    assert mesh.vertex_colours is None
    assert len(mesh.notes) == 1
    assert "COFF" in mesh.notes[0]
    assert load(tmp_path, "b.off", "NOFF 3 1 0\n" + "0 1 0 0 0 1\n" * 3 + "3 0 1 2\n").notes == ()


@pytest.mark.parametrize("known", ["# c", "#c", "", "g a", "s off", "vn 0 0 1", "usemtl m", "o x", "lod 3"])
def test_obj_keywords_that_are_known_make_no_note(tmp_path, known):
    assert load(tmp_path, "a.obj", TRIANGLE + known + "\nf 1 2 3\n").notes == ()


def test_obj_keywords_that_are_not_known_are_a_note(tmp_path):
    mesh = load(tmp_path, "a.obj", TRIANGLE + "vertex 1 2 3\nvertex 1\nF 1 2 3\nf 1 2 3\n")
    assert mesh.notes == ("lines that start with 'vertex', 'F' were left out",)


# --- how much is read -----------------------------------------------------------------------------


def test_a_ply_header_is_held_against_the_bytes_before_any_are_read(tmp_path, monkeypatch):
    """The vertices are there, the faces are not: they are not waited for until the vertices are read."""
    header = "ply\nformat binary_little_endian 1.0\nelement vertex 3\nproperty list uchar char x\n"
    header += "element face 50\nproperty list uchar int vertex_indices\nend_header\n"
    monkeypatch.setattr("rrb.geometry.mesh_io.ply_body._walk", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(BadFileError, match="promises 50 of 'face', at least 53 bytes with what"):
        load(tmp_path, "a.ply", header.encode() + bytes(52))


@pytest.mark.parametrize("suffix", [".obj", ".off", ".ply", ".stl"])
def test_text_that_is_too_long_is_refused(tmp_path, monkeypatch, suffix):
    ply = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    ply += (
        "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
    )
    stl = "solid\nfacet\nouter\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid\n"
    files = {
        ".obj": TRIANGLE + "f 1 2 3\n",
        ".off": "OFF 3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n",
        ".ply": ply,
        ".stl": stl,
    }
    text = files[suffix]
    monkeypatch.setattr("rrb.geometry.mesh_io.text.MOST_BYTES", len(text))
    assert len(load(tmp_path, f"a{suffix}", text).faces) == 1
    monkeypatch.setattr("rrb.geometry.mesh_io.text.MOST_BYTES", len(text) - 1)
    with pytest.raises(BadFileError, match=f"{len(text)} bytes.*; at most {len(text) - 1} are accepted"):
        load(tmp_path, f"a{suffix}", text)
