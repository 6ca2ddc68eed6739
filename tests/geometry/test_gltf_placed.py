"""`scene.glb`: whoever reads it by the rules of glTF sees what our camera saw."""

import io
import json
import math

import numpy as np
import pytest
import trimesh
from PIL import Image

from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_io import glb
from rrb.geometry.mesh_io.gltf_placed import write_scene
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box

POSES = {
    "in front": Pose.from_viewpoint(30.0, 20.0, 10.0, distance_m=3.0),
    "beside and far": Pose.from_viewpoint(-140.0, -5.0, -170.0, distance_m=9.0).step([0, 0, 0, 2.0, -1.0, 0]),
    "from above": Pose.from_viewpoint(75.0, 89.0, 0.0, distance_m=2.0),
}
CAMERAS = {
    "centred": Camera.from_fov(50.0, width=640, height=480),
    "upright": Camera.from_fov(35.0, width=300, height=500),
    "oblong pixels": Camera(500.0, 700.0, 160.0, 120.0, 320, 240),
    "off centre": Camera(400.0, 400.0, 140.0, 200.0, 320, 240),
}


@pytest.fixture(params=POSES)
def pose(request):
    return POSES[request.param]


@pytest.fixture(params=CAMERAS)
def camera(request):
    return CAMERAS[request.param]


@pytest.fixture
def written(tmp_path, pose, camera):
    """The JSON and the binary chunk of a scene."""
    path = tmp_path / "scene.glb"
    write_scene(path, box((1.0, 0.6, 0.8)), pose, camera, picture(camera), {"unit": "metre"})
    return chunks(path)


def picture(camera):
    shown = np.zeros((camera.height_px // 4, camera.width_px // 4, 3), np.uint8)
    shown[: len(shown) // 2] = 200
    return shown


def chunks(path):
    data = path.read_bytes()
    size = int.from_bytes(data[12:16], "little")
    return json.loads(data[20 : 20 + size]), data[28 + size :]


def matrix(node):
    """parent_from_node, by glTF's rule, with SciPy's quaternions."""
    from scipy.spatial.transform import Rotation

    made = np.eye(4)
    made[:3, :3] = Rotation.from_quat(node.get("rotation", [0, 0, 0, 1])).as_matrix()
    made[:3, 3] = node.get("translation", [0, 0, 0])
    return made


def node(content, name):
    return next(n for n in content["nodes"] if n["name"] == name)


def seen(content, points_world):
    """Pixels (N, 2) that glTF's own lens gives: its specification's projection matrix, then the viewport."""
    lens = content["cameras"][node(content, "camera")["camera"]]["perspective"]
    camera_json = content["cameras"][0]["extras"]["camera"]
    p = np.c_[points_world, np.ones(len(points_world))] @ np.linalg.inv(matrix(node(content, "camera"))).T
    y = 1 / math.tan(lens["yfov"] / 2)
    clip = p[:, :2] * [y / lens["aspectRatio"], y] / -p[:, 2:3]
    assert (-p[:, 2] > lens["znear"]).all()
    return (clip * [1, -1] + 1) / 2 * [camera_json["width_px"], camera_json["height_px"]]


def positions(content, binary, name):
    primitive = content["meshes"][node(content, name)["mesh"]]["primitives"][0]
    accessor = content["accessors"][primitive["attributes"]["POSITION"]]
    start = content["bufferViews"][accessor["bufferView"]]["byteOffset"]
    values = np.frombuffer(binary, "<f4", 3 * accessor["count"], start).reshape(-1, 3).astype(float)
    return values @ matrix(node(content, name))[:3, :3].T + matrix(node(content, name))[:3, 3]


def test_glTFs_lens_shows_vertices_where_our_camera_does(written, pose, camera):
    content, binary = written
    vertices = positions(content, binary, "object")
    np.testing.assert_allclose(vertices, box((1.0, 0.6, 0.8)).vertices, atol=1e-6)
    off = content["cameras"][0]["extras"]["principal_point_offset_px"]
    expected = camera.project(pose.apply(vertices))[:, :2]
    np.testing.assert_allclose(seen(content, vertices) + off, expected, atol=1e-6)
    centred = np.allclose(off, 0)
    assert centred == ("note" not in content["cameras"][0]["extras"])
    np.testing.assert_allclose(off, [camera.cx_px - camera.width_px / 2, camera.cy_px - camera.height_px / 2])
    assert Camera.from_json(content["cameras"][0]["extras"]["camera"]) == camera
    assert content["asset"]["extras"] == {"unit": "metre"}


def test_the_picture_hangs_behind_the_object_and_fills_the_lens(written, pose, camera):
    content, binary = written
    corners = pose.apply(positions(content, binary, "picture"))
    farthest = pose.apply(positions(content, binary, "object"))[:, 2].max()
    assert (corners[:, 2] > farthest).all()
    w, h = camera.width_px, camera.height_px
    np.testing.assert_allclose(camera.project(corners)[:, :2], [[0, 0], [w, 0], [w, h], [0, h]], atol=1e-3)


def test_the_lines_meet_in_the_eye_and_stay_out_of_the_picture(written, pose, camera):
    content, binary = written
    lines = positions(content, binary, "lens")
    np.testing.assert_allclose(lines[0], pose.camera_centre_object, atol=1e-5)
    x, y = camera.project(pose.apply(lines[1:]))[:, :2].T
    w, h = camera.width_px, camera.height_px
    assert ((x < 0) | (x > w)).all()
    assert ((y < 0) | (y > h)).all()
    assert (abs(x - w / 2) < 0.52 * w).all()
    assert (abs(y - h / 2) < 0.52 * h).all()


def test_the_pictures_top_is_up_there(tmp_path):
    """By trimesh, an independent reader: bright where the upper half of the picture hangs."""
    pose, camera = POSES["in front"], CAMERAS["centred"]
    write_scene(tmp_path / "scene.glb", box(), pose, camera, picture(camera))
    scene = trimesh.load(tmp_path / "scene.glb")
    assert set(scene.graph.nodes_geometry) == {"object", "lens", "picture"}
    world_from, name = scene.graph["picture"]
    quad = scene.geometry[name]
    points = quad.vertices @ world_from[:3, :3].T + world_from[:3, 3]
    rows = camera.project(pose.apply(points))[:, 1]
    texture = quad.visual.material.baseColorTexture
    at = (1 - quad.visual.uv[:, 1]) * (texture.size[1] - 1)  # trimesh turns v
    bright = np.asarray(texture.convert("L"))[np.rint(at).astype(int), 0] > 100
    np.testing.assert_array_equal(bright, rows < camera.height_px / 2)
    normal = quad.face_normals @ world_from[:3, :3].T
    assert (normal @ pose.camera_centre_object > 0).all()  # its front looks at the eye
    np.testing.assert_allclose(scene.camera_transform[:3, 3], pose.camera_centre_object, atol=1e-6)


def test_our_reader_sees_the_object_in_its_own_frame(tmp_path):
    mesh = box((1.0, 0.6, 0.8))
    write_scene(tmp_path / "scene.glb", mesh, POSES["beside and far"], CAMERAS["centred"])
    read = Mesh.load(tmp_path / "scene.glb")
    np.testing.assert_allclose(read.vertices, mesh.vertices, atol=1e-7)
    np.testing.assert_array_equal(read.faces, mesh.faces)
    assert read.notes == ("points and lines were left out",)


def test_what_has_colours_and_a_texture_keeps_them_beside_the_picture(tmp_path):
    plain, camera = box(), CAMERAS["centred"]
    uv = np.random.default_rng(0).random((len(plain.faces), 3, 2))
    mesh = Mesh(plain.vertices, plain.faces, uv=uv, texture=np.full((4, 4, 3), 90, np.uint8))
    write_scene(tmp_path / "scene.glb", mesh, POSES["in front"], camera, picture(camera))
    content, binary = chunks(tmp_path / "scene.glb")
    for name, size in (("object", (4, 4)), ("picture", (160, 120))):
        primitive = content["meshes"][node(content, name)["mesh"]]["primitives"][0]
        surface = content["materials"][primitive["material"]]["pbrMetallicRoughness"]
        source = content["textures"][surface["baseColorTexture"]["index"]]["source"]
        view = content["bufferViews"][content["images"][source]["bufferView"]]
        data = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
        assert Image.open(io.BytesIO(data)).size == size


def test_an_object_behind_the_camera_can_be_written(tmp_path):
    write_scene(tmp_path / "scene.glb", box(), Pose(np.eye(3), [0, 0, -5.0]), CAMERAS["centred"])
    assert chunks(tmp_path / "scene.glb")[0]["cameras"][0]["perspective"]["znear"] > 0


def test_a_mesh_may_say_more_about_itself_and_reads_back_the_same(tmp_path):
    mesh = box((1.0, 0.6, 0.8))
    glb.write(mesh, tmp_path / "a.glb", {"unit": "metre"})
    mesh.save(tmp_path / "b.glb")
    said, silent = Mesh.load(tmp_path / "a.glb"), Mesh.load(tmp_path / "b.glb")
    assert chunks(tmp_path / "a.glb")[0]["asset"]["extras"] == {"unit": "metre"}
    assert "extras" not in chunks(tmp_path / "b.glb")[0]["asset"]
    np.testing.assert_array_equal(said.vertices, silent.vertices)
    np.testing.assert_array_equal(said.faces, silent.faces)
