"""The renderings of Choy et al.: a folder as published, drawn by what their Blender script does, step by step."""

import math
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image

from painted import agreement, box, must_tell_mistakes, odd_chair, painted, save_rgba, write_obj
from rrb.data.readers.binvox import save_binvox
from rrb.data.readers.choy import read
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.voxels import Voxels

SYNSET, MODEL = "03001627", "1a6f615e8b1b5ae4dbbc9440457e303e"
MESH = f"../../../../ShapeNetCore.v1/{SYNSET}/{MODEL}/model.obj"  # from the pictures' folder
GRID = f"../../../../ShapeNetVox32/{SYNSET}/{MODEL}/model.binvox"
SIZE = 137
# azimuth, elevation, in-plane rotation, distance, field of view; as in their files but for the in-plane rotation,
# which is always 0 there.
VIEWS = [
    (3.151270769, 27.30571636, 0.0, 0.7869873941, 25.0),
    (118.4837, 29.87, 0.0, 0.94, 25.0),
    (270.0, 25.0, 0.0, 0.65, 25.0),
    (220.5, 26.5, 17.0, 0.85, 25.0),
]


def turn(axis, degrees):
    """Right-handed, about x, y or z."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array(
        {
            "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
            "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
            "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
        }[axis]
    )


def as_blender_draws(vertices, view):
    """(V, 2) pixels. Import turns y up to z up; the camera hangs on an empty object at the origin.

    The camera is put on the empty's x axis at 1.75 times the distance, its own Euler angles are (0, 90, 90) in the
    order ZXY, the empty's (-yaw, -altitude, -azimuth) in the order XYZ. A Blender camera looks along its -z, y up;
    the lens is 35 mm, the sensor 32 mm wide.
    """
    azimuth, altitude, yaw, distance, _ = view
    x, y, z = vertices.T
    world = np.stack([x, -z, y], -1)
    empty = turn("z", -azimuth) @ turn("y", -altitude) @ turn("x", -yaw)
    camera = empty @ turn("y", 90) @ turn("x", 0) @ turn("z", 90)
    place = empty @ np.array([1.75 * distance, 0, 0])
    right, up, back = ((world - place) @ camera).T
    focal = 35 / 32 * SIZE
    return np.stack([SIZE / 2 + focal * right / -back, SIZE / 2 - focal * up / -back], -1)


@lru_cache
def coverage_of(view):
    vertices, faces = odd_chair(0.55)
    return painted(as_blender_draws(vertices, view), faces, (SIZE, SIZE))


@lru_cache
def voxels():
    return Voxels.from_mesh(Mesh(*odd_chair(0.55)), 32)


@pytest.fixture
def published(tmp_path):
    vertices, faces = odd_chair(0.55)
    folder = tmp_path / "ShapeNetRendering" / SYNSET / MODEL / "rendering"
    for number, view in enumerate(VIEWS):
        save_rgba(folder / f"{number:02d}.png", coverage_of(view))
    names = [f"{number:02d}.png" for number in range(len(VIEWS))]
    (folder / "renderings.txt").write_text("\n".join(names) + "\n")
    (folder / "rendering_metadata.txt").write_text("".join(" ".join(map(str, v)) + "\n" for v in VIEWS))
    write_obj(tmp_path / "ShapeNetCore.v1" / SYNSET / MODEL / "model.obj", vertices, faces)
    grid = tmp_path / "ShapeNetVox32" / SYNSET / MODEL / "model.binvox"
    grid.parent.mkdir(parents=True)
    save_binvox(grid, voxels())
    return tmp_path


def rendering(published):
    return published / "ShapeNetRendering" / SYNSET / MODEL / "rendering"


def test_every_view_is_drawn_where_its_picture_shows_it(published):
    samples = list(read(published))
    assert len(samples) == len(VIEWS)
    for sample, view in zip(samples, VIEWS, strict=True):
        assert agreement(sample, sample.mask) > 0.99
        np.testing.assert_allclose(sample.mask, coverage_of(view), atol=0.5 / 255 + 1e-6)
        must_tell_mistakes(sample, sample.mask)


def test_pictures_lie_on_white(published):
    """Their colours under alpha 0 are black."""
    sample = next(read(published))
    assert sample.image.shape == (SIZE, SIZE, 3)
    assert (sample.image[sample.mask == 0] == 255).all()
    assert (sample.image[sample.mask == 1] == (180, 60, 40)).all()


def test_voxels_lie_in_the_mesh(published):
    """Along all axes: the thin back, the arm and the leg are where the mesh has them."""
    sample = next(read(published))
    np.testing.assert_array_equal(sample.voxels.occupancy, voxels().occupancy)
    np.testing.assert_allclose(sample.voxels.origin, voxels().origin)
    assert next(read(published, voxels=False)).voxels is None


def test_what_a_sample_says(published):
    sample = list(read(published))[3]
    assert sample.key == f"{SYNSET}-{MODEL}-03"
    assert (sample.category, sample.source, sample.split) == ("chair", "choy", None)
    assert sample.about["in_plane_deg"] == 17.0
    assert sample.about["distance_ratio"] == 0.85
    assert sample.camera.fx_px == pytest.approx(149.84375)


def test_meshes_and_voxels_may_be_missing_as_a_whole(published):
    for folder in ("ShapeNetCore.v1", "ShapeNetVox32"):
        (published / folder).rename(published / f"no_{folder}")
    sample = next(read(published))
    assert sample.mesh is None
    assert sample.voxels is None


def test_categories_by_name_and_by_synset(published):
    assert len(list(read(published, category="chair"))) == len(list(read(published, category=SYNSET))) == 4
    with pytest.raises(BadInputError, match="no 'car'"):
        list(read(published, category="car"))


def test_unknown_choices_are_refused(published):
    with pytest.raises(TypeError, match="kategory"):
        read(published, kategory="chair")


def test_views_come_in_the_order_of_their_list(published):
    """The metadata's lines belong to the list's names, not to sorted files."""
    folder = rendering(published)
    (folder / "renderings.txt").write_text("02.png\n00.png\n01.png\n03.png\n")
    views = [VIEWS[i] for i in (2, 0, 1, 3)]
    (folder / "rendering_metadata.txt").write_text("".join(" ".join(map(str, v)) + "\n" for v in views))
    samples = list(read(published))
    assert [s.key[-2:] for s in samples] == ["02", "00", "01", "03"]
    assert all(agreement(s, s.mask) > 0.99 for s in samples)


def test_reading_is_lazy(published):
    """A broken second view does not keep the first one from coming."""
    (rendering(published) / "01.png").write_bytes(b"no picture")
    samples = read(published)
    next(samples)
    with pytest.raises(BadFileError, match=r"01\.png"):
        next(samples)


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def in_grey(path):
    Image.open(path).convert("RGB").save(path)


def opaque(path):
    Image.open(path).convert("RGB").convert("RGBA").save(path)


def wide(path):
    Image.new("RGBA", (140, 137)).save(path)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("00.png", lambda p: p.unlink(), r"00\.png.*no such file.*renderings\.txt"),
        ("00.png", cut, r"00\.png.*cut off"),
        ("00.png", in_grey, r"00\.png.*no alpha"),
        ("00.png", opaque, r"00\.png.*255 everywhere"),
        ("00.png", wide, r"00\.png.*square"),
        ("04.png", lambda p: save_rgba(p, np.eye(137)), r"04\.png.*does not list"),
        ("renderings.txt", lambda p: p.unlink(), r"renderings\.txt.*no such file"),
        ("renderings.txt", lambda p: p.write_text(""), r"renderings\.txt.*0 pictures"),
        ("renderings.txt", lambda p: p.write_text("00.png\n" * 4), r"renderings\.txt.*each once"),
        ("renderings.txt", lambda p: p.write_text("../00.png\n"), r"renderings\.txt.*file's name"),
        ("rendering_metadata.txt", lambda p: p.unlink(), r"metadata\.txt.*no such file"),
        ("rendering_metadata.txt", lambda p: p.write_text("1 2 0 0.8 25\n" * 3), r"metadata\.txt.*3 views; 4"),
        ("rendering_metadata.txt", lambda p: p.write_text("1 2 0 0.8 25\n" * 3 + "1 2 0 0.8\n"), "line 4.*of 4"),
        ("rendering_metadata.txt", lambda p: p.write_text("1 nan 0 0.8 25\n" * 4), "line 1.*nan"),
        ("rendering_metadata.txt", lambda p: p.write_text("1 2 0 0 25\n" * 4), "distance_m"),
        (MESH, lambda p: p.unlink(), r"model\.obj.*no such file"),
        (GRID, cut, r"model\.binvox"),
        (GRID, lambda p: p.unlink(), r"model\.binvox.*no such"),
    ],
)  # fmt: skip
def test_broken_sets_are_refused_by_name(published, name, change, said):
    change((rendering(published) / name).resolve())
    with pytest.raises(BadFileError, match=said):
        list(read(published))


def test_a_folder_that_is_something_else(tmp_path):
    with pytest.raises(BadFileError, match=r"ShapeNetRendering.*no such folder"):
        list(read(tmp_path))
    (tmp_path / "ShapeNetRendering").mkdir()
    with pytest.raises(BadFileError, match="holds no folders"):
        list(read(tmp_path))


def test_the_object_is_no_mirror_image():
    """What the comparisons above rest on."""
    vertices, _ = odd_chair()
    for axis in range(3):
        mirrored = vertices.copy()
        mirrored[:, axis] *= -1
        assert (
            len({tuple(v) for v in vertices.round(6)} & {tuple(v) for v in mirrored.round(6)})
            < len(vertices) / 2
        )
    assert len(box((0, 0, 0), (1, 1, 1))[0]) == 8
