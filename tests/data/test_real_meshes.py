"""Shapes of mesh files: in metres, centred, with parts that hang together; and what an index must say."""

import json

import numpy as np
import pytest

from rrb.data.real_meshes import SIZE_SPREAD, listed, shape_of
from rrb.data.sample import KEY_LETTERS
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.primitives import box, icosphere

ENTRY = {"file": "a.obj", "name": "a", "category": "chair", "split": "train", "largest_extent_m": 0.9}


def folder_of(tmp_path, entries, mesh=None):
    (tmp_path / "index.json").write_text(json.dumps(entries))
    (mesh or box((10, 20, 30))).save(tmp_path / "a.obj")
    return tmp_path


def pieces(count):
    """Boxes in a row, each of its own vertices, far from the origin, in some unit."""
    boxes = [box((10, 20, 10)) for _ in range(count)]
    moved = [b.with_vertices(b.vertices + [100 + 30 * k, 50, 7]) for k, b in enumerate(boxes)]
    return Mesh.concatenated(moved)


# --- shapes -----------------------------------------------------------------------------------------


def test_a_shape_is_centred_and_in_metres(tmp_path):
    (real,) = listed(folder_of(tmp_path, [ENTRY], pieces(3)))
    extents = []
    for variant in range(40):
        shape = shape_of(real, variant, 5)
        low, high = shape.mesh.bounding_box()
        np.testing.assert_allclose(low, -high, atol=2e-6)
        np.testing.assert_array_equal(shape.mesh.vertices, np.round(shape.mesh.vertices, 6))
        extents.append(shape.extent)
        # Nothing is stretched.
        np.testing.assert_allclose(shape.extents / shape.extent, np.array([70, 20, 10]) / 70, atol=1e-5)
    assert min(extents) >= 0.9 * (1 - SIZE_SPREAD) - 1e-5
    assert max(extents) <= 0.9 * (1 + SIZE_SPREAD) + 1e-5
    assert np.ptp(extents) > 0.12


def test_vertices_that_no_face_uses_do_not_move_it(tmp_path):
    lonely = Mesh(np.concatenate([box().vertices, [[50.0, 0, 0]]]), box().faces)
    (real,) = listed(folder_of(tmp_path, [ENTRY], lonely))
    shape = shape_of(real, 0, 0)
    np.testing.assert_allclose(shape.mesh.bounding_box()[1], shape.extent / 2, atol=2e-6)


@pytest.mark.parametrize(
    ("mesh", "folds"), [(box((10, 20, 30)), 2), (box((9, 20, 9)), 4), (pieces(2), 2), (None, 1)]
)
def test_its_turns_are_those_of_its_surface(tmp_path, mesh, folds):
    if mesh is None:  # a post on one side of a plate
        post = box((10, 40, 10))
        mesh = Mesh.concatenated([box((60, 5, 40)), post.with_vertices(post.vertices + [25, 20, 0])])
    (real,) = listed(folder_of(tmp_path, [ENTRY], mesh))
    assert shape_of(real, 0, 0).turns.folds == folds


def test_a_part_is_what_hangs_together(tmp_path):
    """Also where a file repeats vertices for each face, as .stl does."""
    whole = pieces(12)
    torn = Mesh(whole.vertices[whole.faces].reshape(-1, 3), np.arange(3 * len(whole.faces)).reshape(-1, 3))
    numbers = set()
    for mesh in (whole, torn):
        (real,) = listed(folder_of(tmp_path, [ENTRY], mesh))
        for variant in range(10):
            shape = shape_of(real, variant, 1)
            of_box = shape.face_part.reshape(12, 12)
            assert (of_box == of_box[:, :1]).all()
            assert set(shape.face_part) == set(range(len(shape.parts)))
            numbers.add(len(shape.parts))
    assert numbers == {1, 2, 3}


def test_what_touches_in_one_point_hangs_together(tmp_path):
    ball = icosphere(3)
    (real,) = listed(folder_of(tmp_path, [ENTRY], ball))
    assert all(len(shape_of(real, variant, 1).parts) == 1 for variant in range(8))


def test_the_same_seed_and_variant_give_the_same_shape(tmp_path):
    (real,) = listed(folder_of(tmp_path, [ENTRY], pieces(5)))
    one, again = shape_of(real, 1, 2), shape_of(real, 1, 2)
    np.testing.assert_array_equal(one.mesh.vertices, again.mesh.vertices)
    np.testing.assert_array_equal(one.face_part, again.face_part)
    assert one.description() == again.description()
    assert one.mesh_id.startswith("a-")
    assert set(one.mesh_id) <= KEY_LETTERS
    assert shape_of(real, 2, 2).mesh_id != one.mesh_id
    for other in (shape_of(real, 2, 2), shape_of(real, 1, 3)):
        assert other.extent != one.extent
        assert other.materials != one.materials


def test_looks_are_those_of_the_category(tmp_path):
    def looks(category):
        (real,) = listed(folder_of(tmp_path, [{**ENTRY, "category": category}], pieces(9)))
        return {m.name for variant in range(30) for m in shape_of(real, variant, 0).materials}

    assert looks("car") == {"paint", "glass"}
    assert looks("sofa") == {"fabric", "leather"}
    assert {"wood", "metal"} <= looks("chair")


# --- the meshes beside the checkout -----------------------------------------------------------------


def test_the_training_meshes_beside_the_checkout(shared):
    meshes = [m for m in listed(shared / "meshes") if m.split == "train"]
    assert len(meshes) == 58
    small = [m for m in meshes if m.path.stat().st_size < 60_000]
    assert len(small) >= 10
    ids = set()
    for real in small[:12]:
        shape = shape_of(real, 0, 4)
        ids.add(shape.mesh_id)
        assert shape.category == real.category
        assert shape.extent == pytest.approx(real.largest_extent_m, rel=SIZE_SPREAD + 1e-4)
        low, high = shape.mesh.bounding_box()
        np.testing.assert_allclose(low, -high, atol=2e-6)
        # No edge of a surface joins two parts.
        merged = shape.mesh.merged()
        if len(merged.faces) == len(shape.mesh.faces):
            part = np.full(len(merged.vertices), -1)
            part[merged.faces] = shape.face_part[:, None]
            assert (part[merged.faces] == shape.face_part[:, None]).all()
    assert len(ids) == len(small[:12])


def test_only_one_category_where_one_is_asked_for(shared):
    chairs = listed(shared / "meshes", "chair")
    assert len(chairs) > 20
    assert {m.category for m in chairs} == {"chair"}
    everything = listed(shared / "meshes")
    assert len(everything) == 101
    assert all(m.path.is_file() for m in everything)


# --- the index --------------------------------------------------------------------------------------


def test_files_may_count_from_the_folder_or_from_above(tmp_path):
    for file in ("a.obj", f"{tmp_path.name}/a.obj"):
        (real,) = listed(folder_of(tmp_path, [{**ENTRY, "file": file}]))
        assert real.path == tmp_path / "a.obj"


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"a": ENTRY}, "it holds a dict; a list of meshes is accepted"),
        (["a.obj"], "entry 0: file, name, category, split, largest_extent_m are needed"),
        ([ENTRY, {"file": "a.obj"}], "entry 1: file, name, category, split, largest_extent_m are needed"),
        ([{**ENTRY, "split": "val"}], "entry 0: split is 'val'; train and test are accepted"),
        ([{**ENTRY, "largest_extent_m": 0}], "entry 0: largest_extent_m is 0; metres are accepted"),
        ([{**ENTRY, "largest_extent_m": "1 m"}], "entry 0: largest_extent_m is '1 m'; metres are accepted"),
        ([{**ENTRY, "name": 7}], "entry 0: name is 7; a text is accepted"),
        ([{**ENTRY, "file": None}], "entry 0: file is None; a text is accepted"),
    ],
)
def test_an_index_that_is_wrong_is_refused(tmp_path, entries, sentence):
    with pytest.raises(BadFileError, match=rf"index\.json.*{sentence}"):
        listed(folder_of(tmp_path, entries))


def test_a_category_that_is_not_there_is_refused(tmp_path):
    folder = folder_of(tmp_path, [ENTRY, {**ENTRY, "name": "b", "category": "sofa"}])
    with pytest.raises(BadInputError, match=r"index\.json has no car; it holds chair, sofa"):
        listed(folder, "car")


def test_an_empty_index_and_a_missing_one_are_refused(tmp_path):
    with pytest.raises(BadFileError, match=r"index\.json: it names no mesh"):
        listed(folder_of(tmp_path, []))
    with pytest.raises(BadFileError, match=r"index\.json"):
        listed(tmp_path / "nowhere")
