"""Laws of `Mesh`: kept as given, measures that follow geometry, inverses, one sentence for what is wrong."""

import numpy as np
import pytest

import rrb
from rrb.errors import BadInputError
from rrb.geometry.mesh import Mesh
from rrb.geometry.primitives import box, icosphere, plane, torus

TETRAHEDRON = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float64)
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
UV = np.zeros((4, 3, 2))
TEXTURE = np.zeros((2, 3, 3), np.uint8)


def turned(seed: int) -> np.ndarray:
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.linalg.det(q)


def test_it_is_the_public_mesh():
    assert rrb.Mesh is Mesh


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("whole", [np.int32, np.int64])
def test_arrays_are_kept_as_given(real, whole):
    vertices, faces = TETRAHEDRON.astype(real), FACES.astype(whole)
    mesh = Mesh(vertices, faces)
    assert mesh.vertices is vertices
    assert mesh.faces is faces


def test_lists_become_arrays():
    mesh = Mesh(TETRAHEDRON.astype(int).tolist(), FACES.tolist())
    assert mesh.vertices.dtype == np.float64
    assert mesh.faces.dtype == np.int64


def test_tensors_are_kept_and_measures_are_tensors():
    torch = pytest.importorskip("torch")
    vertices = torch.tensor(TETRAHEDRON, requires_grad=True)
    mesh = Mesh(vertices, torch.tensor(FACES))
    assert mesh.vertices is vertices
    reference = Mesh(TETRAHEDRON, FACES)
    for name in ("bounding_box", "face_normals", "vertex_normals", "face_areas"):
        got = getattr(mesh, name)()
        np.testing.assert_allclose(got.detach().numpy(), getattr(reference, name)(), atol=1e-15)
        assert got.requires_grad
    assert mesh.is_watertight
    assert mesh.merged().vertices.requires_grad
    assert mesh.normalised()[0].vertices.requires_grad


@pytest.mark.parametrize("name", ["face_areas", "face_normals", "vertex_normals"])
def test_gradients_are_finite_differences(name):
    torch = pytest.importorskip("torch")

    def measure(vertices):
        return getattr(Mesh(vertices, FACES), name)()

    at = torch.tensor(TETRAHEDRON + 0.1 * np.random.default_rng(0).normal(size=(4, 3)), requires_grad=True)
    assert torch.autograd.gradcheck(measure, (at,))


def test_gradients_without_area_are_finite():
    torch = pytest.importorskip("torch")
    vertices = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    mesh = Mesh(vertices, [[0, 1, 2]])
    (mesh.face_areas().sum() + mesh.vertex_normals().sum() + mesh.face_normals().sum()).backward()
    np.testing.assert_array_equal(vertices.grad.numpy(), 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"vertices": TETRAHEDRON[:, :2]}, r"vertices have the shape \(4, 2\); \(V, 3\) is accepted"),
        ({"vertices": TETRAHEDRON.astype(np.float16)}, "type float16; float32 and float64"),
        ({"vertices": np.where(TETRAHEDRON > 0, np.nan, 0)}, "vertex 1 is .*finite"),
        ({"vertices": np.where(TETRAHEDRON > 0, np.inf, 0)}, "vertex 1 is .*finite"),
        ({"vertices": [[0, 0, 0], [1, 2]]}, "rows of different lengths"),
        ({"vertices": "chair"}, "vertices have the type"),
        ({"faces": FACES + 1}, r"face 1 names the vertices \[1, 2, 4\]; with 4 vertices 0 to 3"),
        ({"faces": FACES - 1}, r"face 0 names the vertices \[-1, 1, 0\]"),
        ({"faces": FACES[:0]}, "no faces; at least one"),
        ({"faces": FACES.astype(float)}, "type float64; int32 and int64"),
        ({"faces": FACES > 0}, "type bool"),
        ({"faces": FACES[:, :2]}, r"\(4, 2\); \(F, 3\)"),
        ({"vertex_colours": TETRAHEDRON[:3]}, r"\(3, 3\); \(4, 3\)"),
        ({"vertex_colours": TETRAHEDRON * 255}, "from 0.0 to 255.0; 0 to 1"),
        ({"vertex_colours": TETRAHEDRON * np.nan}, "0 to 1"),
        ({"vertex_colours": TETRAHEDRON.astype(np.uint8)}, "type uint8"),
        ({"uv": UV[:3]}, r"\(3, 3, 2\); \(4, 3, 2\)"),
        ({"uv": UV + np.inf}, "uv hold numbers that are not finite"),
        ({"texture": TEXTURE}, "without uv"),
        ({"uv": UV, "texture": TEXTURE / 255}, "float64 of shape"),
        ({"uv": UV, "texture": TEXTURE[:0]}, "uint8"),
    ],
)
def test_what_is_no_mesh_is_refused_in_a_sentence(change, said):
    with pytest.raises(BadInputError, match=said) as caught:
        Mesh(**({"vertices": TETRAHEDRON, "faces": FACES, "name": "chair.obj"} | change))
    assert str(caught.value).startswith("chair.obj: ")
    assert "\n" not in str(caught.value)


def test_unused_vertices_have_no_part_in_the_box():
    mesh = Mesh(np.concatenate((TETRAHEDRON, [[9, 9, 9]])), FACES)
    np.testing.assert_array_equal(mesh.bounding_box(), [[0, 0, 0], [1, 1, 1]])
    assert mesh.largest_extent == 1
    np.testing.assert_array_equal(mesh.centre, [0.5, 0.5, 0.5])


@pytest.mark.parametrize("seed", range(3))
def test_area_vectors_of_a_closed_mesh_cancel_and_turn_with_it(seed):
    mesh, turn = torus(1.0, 0.3, 9, 5), turned(seed)
    vectors = mesh.face_normals() * mesh.face_areas()[:, None]
    np.testing.assert_allclose(vectors.sum(axis=0), 0, atol=1e-12)
    moved = mesh.with_vertices(2 * mesh.vertices @ turn.T + 3)
    np.testing.assert_allclose(moved.face_normals(), mesh.face_normals() @ turn.T, atol=1e-12)
    np.testing.assert_allclose(moved.vertex_normals(), mesh.vertex_normals() @ turn.T, atol=1e-12)
    np.testing.assert_allclose(moved.face_areas(), 4 * mesh.face_areas())


def test_vertex_normals_of_a_sphere_converge_to_its_radii():
    spheres = [icosphere(n) for n in (2, 3, 4)]
    errors = np.array([abs(mesh.vertex_normals() - mesh.vertices).max() for mesh in spheres])
    assert (errors[1:] < errors[:-1] / 1.8).all()


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1.0, 1e30])
def test_normals_have_length_one_at_any_size(scale):
    mesh = box().with_vertices(box().vertices * scale)
    if scale > 1e-100:  # areas below the smallest float are none
        np.testing.assert_allclose(np.linalg.norm(mesh.vertex_normals(), axis=1), 1)
    else:
        np.testing.assert_array_equal(mesh.vertex_normals(), 0)


def test_normals_without_area_are_zero():
    mesh = Mesh(np.zeros((4, 3)), [[0, 1, 2]])
    np.testing.assert_array_equal(mesh.face_normals(), 0)
    np.testing.assert_array_equal(mesh.vertex_normals(), 0)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_normalised_fills_the_unit_box_and_is_undone(kind):
    mesh = box((1, 2, 4))
    mesh = mesh.with_vertices((mesh.vertices + [5, 6, 7]).astype(kind))
    small, done = mesh.normalised()
    assert small.vertices.dtype == kind
    np.testing.assert_allclose(small.bounding_box(), [[-0.125, -0.25, -0.5], [0.125, 0.25, 0.5]], atol=1e-6)
    np.testing.assert_allclose(done.undo(small.vertices), mesh.vertices, rtol=1e-6)
    np.testing.assert_allclose(done.apply(mesh.vertices), small.vertices)
    with pytest.raises(BadInputError, match="one point"):
        mesh.with_vertices(np.ones((8, 3))).normalised()


def test_transformed_is_pose_after_scale():
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turned(1), [1, 2, 3]
    mesh = box((1, 2, 3))
    moved = mesh.transformed(rrb.Pose.from_matrix(matrix), scale=2.0)
    np.testing.assert_allclose(moved.vertices, 2 * mesh.vertices @ matrix[:3, :3].T + [1, 2, 3], atol=1e-12)
    np.testing.assert_allclose(mesh.transformed(scale=0.5).vertices, mesh.vertices / 2)
    with pytest.raises(BadInputError, match="positive"):
        mesh.transformed(scale=-1.0)


@pytest.mark.parametrize(
    ("mesh", "expected"),
    [
        (box(), True),
        (plane(), False),
        (Mesh(TETRAHEDRON, FACES[:3]), False),
        (Mesh(TETRAHEDRON, np.concatenate((FACES, FACES[:1]))), False),
        (Mesh(TETRAHEDRON, [[0, 0, 1], [0, 1, 1]]), False),
    ],
)
def test_watertight_is_two_faces_an_edge(mesh, expected):
    assert mesh.is_watertight is expected


def test_merging_a_soup_gives_the_mesh_back():
    mesh = torus(1.0, 0.3, 9, 5)
    order = np.random.default_rng(0).permutation(len(mesh.faces))
    soup = Mesh(mesh.vertices[mesh.faces[order]].reshape(-1, 3), np.arange(mesh.faces.size).reshape(-1, 3))
    assert not soup.is_watertight
    merged = soup.merged()
    assert len(merged.vertices) == len(mesh.vertices)
    assert merged.is_watertight
    np.testing.assert_array_equal(merged.vertices[merged.faces], soup.vertices[soup.faces])
    again = merged.merged()
    np.testing.assert_array_equal(again.vertices, merged.vertices)
    np.testing.assert_array_equal(again.faces, merged.faces)


def test_merging_keeps_colours_and_says_which_faces_went():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [-0.0, 0, 0]])
    colours = np.eye(4)[:, :3]
    uv = np.arange(12.0).reshape(2, 3, 2)
    merged = Mesh(vertices, [[0, 3, 1], [3, 1, 2]], colours, uv).merged()
    np.testing.assert_array_equal(merged.faces, [[0, 1, 2]])
    np.testing.assert_array_equal(merged.vertex_colours, colours[:3])
    np.testing.assert_array_equal(merged.uv, uv[1:])
    assert merged.notes == ("1 faces without area were left out when vertices were merged",)


def test_concatenation_adds_areas_and_keeps_parts():
    parts = [box(), icosphere(1), plane()]
    whole = Mesh.concatenated(parts)
    np.testing.assert_array_equal(
        whole.vertices[whole.faces], np.concatenate([p.vertices[p.faces] for p in parts])
    )
    assert whole.vertex_colours is None
    assert whole.uv is None


def test_concatenation_fills_colours_with_white_and_keeps_one_texture():
    red = Mesh(TETRAHEDRON, FACES, np.tile([1.0, 0, 0], (4, 1)), UV + 0.5, TEXTURE)
    whole = Mesh.concatenated([red, Mesh(TETRAHEDRON, FACES)])
    np.testing.assert_array_equal(whole.vertex_colours, np.repeat([[1.0, 0, 0], [1, 1, 1]], 4, axis=0))
    np.testing.assert_array_equal(whole.texture, TEXTURE)
    np.testing.assert_array_equal(whole.uv, np.concatenate((UV + 0.5, UV)))
    assert len(whole.notes) == 1
    different = Mesh.concatenated([red, Mesh(TETRAHEDRON, FACES, None, UV, TEXTURE + 1)])
    assert different.texture is None
    assert different.uv is None
    assert "different textures" in different.notes[0]
    with pytest.raises(BadInputError, match="at least one"):
        Mesh.concatenated([])


def test_tensors_concatenate_differentiably():
    torch = pytest.importorskip("torch")
    vertices = torch.tensor(TETRAHEDRON, requires_grad=True)
    whole = Mesh.concatenated([Mesh(vertices, FACES), Mesh(TETRAHEDRON, FACES)])
    whole.face_areas().sum().backward()
    assert vertices.grad.abs().sum() > 0


def test_samples_lie_on_the_surface():
    points, face_index = icosphere(3).sample_surface(100, seed=0)
    assert face_index.shape == (100,)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=0.02)


def test_simplified_is_coarser_and_says_what_it_lost():
    mesh = icosphere(3)
    coarse = mesh.simplify(200)
    assert 4 <= len(coarse.faces) <= 200
    np.testing.assert_allclose(coarse.bounding_box(), mesh.bounding_box(), atol=0.1)
    coloured = Mesh(mesh.vertices, mesh.faces, np.ones_like(mesh.vertices))
    assert "left out" in coloured.simplify(200).notes[0]


def test_its_text_is_short():
    assert repr(box()) == "Mesh(box: 8 vertices, 12 faces)"
