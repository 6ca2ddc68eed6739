"""The RRB authors' list of views: their rows, our files, and drawing as their programs place the camera."""

import math
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image

from painted import agreement, must_tell_mistakes, odd_chair, painted, save_rgba, write_obj
from rrb.data.readers.view_list import View, load_view_list, read, save_view_list
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose

# Headerless, divided by single blanks, no line end at the end: what the authors' programs split.
PUBLISHED = """1a6f615e8b1b5ae4dbbc9440457e303e 00.png 238.0 27.5 0 1.5
1a6f615e8b1b5ae4dbbc9440457e303e 01.png 40.25 29 0.0 1.31
2ae70fbab330779e3bff5a09107428a5 00.png 271.9 10 12.5 2"""
SIZE, FOCAL = 224, 245.0  # theirs


def as_the_authors_place_it(vertices, view):
    """(V, 2) pixels: the azimuth is negated, the mesh's y goes up to z, the camera looks at the origin.

    Their programs stop there; a turn of the camera in its own plane, clockwise, is added.
    """
    azimuth, elevation = math.radians(-view.azimuth_deg), math.radians(view.elevation_deg)
    level = math.cos(elevation)
    centre = view.radius * np.array(
        [math.cos(azimuth) * level, math.sin(azimuth) * level, math.sin(elevation)]
    )
    forward = -centre / np.linalg.norm(centre)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    c, s = math.cos(math.radians(view.in_plane_deg)), math.sin(math.radians(view.in_plane_deg))
    right, down = c * right + s * down, c * down - s * right  # its right hand goes down: clockwise
    world = vertices @ np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]).T - centre
    depth = world @ forward
    return np.stack([FOCAL * (world @ right) / depth, FOCAL * (world @ down) / depth], -1) + SIZE / 2


def views():
    return [
        View("1a6f615e8b1b5ae4dbbc9440457e303e", "00.png", 238.0, 27.5, 0, 1.5),
        View("1a6f615e8b1b5ae4dbbc9440457e303e", "01.png", 40.25, 29, 0, 1.31),
        View("2ae70fbab330779e3bff5a09107428a5", "00.png", 271.9, 10, 12.5, 2),
    ]


@lru_cache
def coverage_of(view):
    vertices, faces = odd_chair()
    return painted(as_the_authors_place_it(vertices, view), faces, (SIZE, SIZE))


@pytest.fixture
def published(tmp_path):
    (tmp_path / "views.txt").write_text(PUBLISHED)
    for view in views():
        stem = f"{view.mesh_id}_{view.image[:2]}"
        save_rgba(tmp_path / "images" / f"{stem}.png", coverage_of(view))
        write_obj(tmp_path / "meshes" / f"{stem}.obj", *odd_chair())
    return tmp_path


def test_rows_of_the_authors_are_read(published):
    assert load_view_list(published / "views.txt") == views()


def test_our_files_say_their_convention_and_are_read_back(tmp_path):
    save_view_list(tmp_path / "views.txt", views())
    text = (tmp_path / "views.txt").read_text()
    assert text.startswith("# rrb view list 1: mesh id, image name, azimuth, elevation, in-plane rotation")
    assert "y up" in text
    assert load_view_list(tmp_path / "views.txt") == views()


def test_without_a_header_the_authors_programs_can_read_it(tmp_path):
    """They split at line ends, then at single blanks, and take the columns 0, 1, 2, 3 and 5."""
    save_view_list(tmp_path / "views.txt", views(), header=False)
    rows = [row.split(" ") for row in (tmp_path / "views.txt").read_text().split("\n")]
    assert [(r[0], r[1], float(r[2]), float(r[3]), float(r[5])) for r in rows] == [
        (v.mesh_id, v.image, v.azimuth_deg, v.elevation_deg, v.radius) for v in views()
    ]


def test_blanks_comments_and_empty_lines(tmp_path):
    (tmp_path / "views.txt").write_text("# by hand\n\n a\t 00.png  1 2\t3 4  # the first\r\n\n")
    assert load_view_list(tmp_path / "views.txt") == [View("a", "00.png", 1, 2, 3, 4)]


@pytest.mark.parametrize("seed", range(20))
def test_poses_go_round(seed):
    rng = np.random.default_rng(seed)
    view = View(
        "a", "b", rng.uniform(0, 360), rng.uniform(-85, 85), rng.uniform(-180, 180), rng.uniform(0.1, 9)
    )
    again = View.from_pose("a", "b", view.camera_from_object)
    assert (again.azimuth_deg, again.elevation_deg, again.in_plane_deg, again.radius) == pytest.approx(
        (view.azimuth_deg, view.elevation_deg, view.in_plane_deg, view.radius), abs=1e-9
    )


def test_the_camera_stands_at_the_radius_in_the_meshs_frame():
    """Azimuth 0 at +x, 90 at +z (behind the object), 270 in front of it; no factor as in Choy's distances."""
    for azimuth, centre in ((0, [2, 0, 0]), (90, [0, 0, 2]), (270, [0, 0, -2])):
        pose = View("a", "b", azimuth, 0, 0, 2).camera_from_object
        np.testing.assert_allclose(pose.camera_centre_object, centre, atol=1e-12)


def test_it_is_choys_angle_with_a_radius():
    pose = Pose.from_choy(200, 28, 5, distance_ratio=0.8)
    view = View.from_pose("a", "b", pose)
    assert (view.azimuth_deg, view.elevation_deg, view.in_plane_deg) == pytest.approx((200, 28, 5))
    assert view.radius == pytest.approx(1.4)


def test_a_scaled_object_is_seen_from_a_radius_in_its_own_unit():
    """Twice as large at twice the distance is the same picture."""
    pose = Pose.from_viewpoint(30, 20, distance_m=3)
    assert View.from_pose("a", "b", pose, scale=2).radius == pytest.approx(1.5)


def test_every_view_is_drawn_as_the_authors_place_it(published):
    samples = list(read(published / "views.txt"))
    for sample, view in zip(samples, views(), strict=True):
        assert sample.camera.fx_px == FOCAL
        assert agreement(sample, coverage_of(view)) > 0.99
        must_tell_mistakes(sample, coverage_of(view))
        np.testing.assert_allclose(sample.mask, coverage_of(view), atol=0.5 / 255 + 1e-6)


def test_samples_go_round(published):
    samples = list(read(published / "views.txt"))
    again = [View.from_sample(s, s.about["image"]) for s in samples]
    for view, same in zip(views(), again, strict=True):
        assert (view.mesh_id, view.image) == (same.mesh_id, same.image)
        assert same.azimuth_deg == pytest.approx(view.azimuth_deg)
        assert same.in_plane_deg == pytest.approx(view.in_plane_deg)
        assert same.radius == pytest.approx(view.radius)
    assert View.from_sample(samples[0]).image == f"{samples[0].key}.png"


def test_pictures_without_alpha_have_no_mask(published):
    path = published / "images" / "1a6f615e8b1b5ae4dbbc9440457e303e_00.png"
    Image.open(path).convert("RGB").save(path)
    assert next(read(published / "views.txt")).mask is None


def test_folders_of_ones_own(published):
    (published / "images").rename(published / "pictures")
    (published / "meshes").rename(published / "shapes")
    first = next(read(published / "views.txt", images=published / "pictures", meshes=published / "shapes"))
    assert isinstance(first.load_mesh(), Mesh)
    assert next(read(published / "views.txt", images=published / "pictures")).mesh is None


def test_poses_that_a_list_cannot_say(published):
    off = Pose.from_viewpoint(30, 20, distance_m=2, ray_camera=(0.1, 0, 1))
    with pytest.raises(BadInputError, match=r"5\.71 degrees beside"):
        View.from_pose("a", "b", off)
    sample = next(read(published / "views.txt"))
    with pytest.raises(BadInputError, match=f"{sample.key}.*beside"):
        View.from_sample(sample.with_(camera_from_object=off))
    with pytest.raises(BadInputError, match="no pose"):
        View.from_sample(sample.with_(camera_from_object=None))
    behind = Pose(np.eye(3), [0, 0, -2])
    with pytest.raises(BadInputError, match="180 degrees beside"):
        View.from_pose("a", "b", behind)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a 00.png 1 2 3\n", "line 1.*of 3 numbers"),
        ("a 00.png 1 2 3 4\na 01.png 1 2 3 4 5\n", "line 2.*of 5 numbers"),
        ("a 00.png 1 nan 3 4\n", "line 1.*nan"),
        ("a 00.png 1 2 3 far\n", "line 1.*far"),
        ("a 00.png 1 2 3 0\n", "line 1.*radius"),
        ("a\n", "line 1.*of 0 numbers"),
    ],
)
def test_broken_rows_are_refused_with_their_line(tmp_path, text, said):
    (tmp_path / "views.txt").write_text(text)
    with pytest.raises(BadFileError, match=rf"views\.txt.*{said}"):
        load_view_list(tmp_path / "views.txt")


@pytest.mark.parametrize("name", ["", "two words", "a#b", " a", "line\nend"])
def test_names_that_a_row_cannot_hold(name):
    for fields in ((name, "b"), ("a", name)):
        with pytest.raises(BadInputError, match="without blanks"):
            View(*fields, 0, 0, 0, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda d: (d / "images" / "2ae70fbab330779e3bff5a09107428a5_00.png").unlink(),
            r"2ae7.*00\.png.*no such file",
        ),
        (
            lambda d: (d / "meshes" / "2ae70fbab330779e3bff5a09107428a5_00.obj").unlink(),
            r"2ae7.*00\.obj.*no such file",
        ),
        (
            lambda d: (d / "images" / "2ae70fbab330779e3bff5a09107428a5_00.png").write_bytes(b"x"),
            r"2ae7.*00\.png",
        ),
        (lambda d: (d / "views.txt").write_text("a ../views.txt 1 2 3 4"), r"views\.txt.*leads out"),
        (lambda d: (d / "views.txt").unlink(), r"views\.txt.*no such file"),
        (lambda d: (d / "views.txt").write_text(PUBLISHED + "\n" + PUBLISHED), r"picture of two lines"),
    ],
)
def test_broken_sets_are_refused_by_name(published, change, said):
    change(published)
    with pytest.raises(BadFileError, match=said):
        list(read(published / "views.txt"))
