"""Laws of closed surfaces: Euler's formula, outward faces, volumes that approach the smooth shape's."""

import numpy as np
import pytest

from rrb.errors import BadInputError
from rrb.geometry.primitives import box, cylinder, icosphere, plane, torus

CLOSED = {
    "icosphere": (lambda: icosphere(2), 2),
    "icosahedron": (lambda: icosphere(0), 2),
    "box": (lambda: box((1, 2, 3)), 2),
    "cylinder": (lambda: cylinder(0.3, 2.0, 12), 2),
    "prism": (lambda: cylinder(1.0, 1.0, 3), 2),
    "torus": (lambda: torus(1.0, 0.4, 12, 7), 0),
}


def volume(mesh) -> float:
    """By the divergence theorem: positive if the faces look outwards."""
    return float(np.linalg.det(mesh.vertices[mesh.faces]).sum() / 6)


def edges(mesh) -> set:
    return {frozenset(e) for f in mesh.faces.tolist() for e in zip(f, f[1:] + f[:1], strict=True)}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_with_the_right_number_of_holes(name):
    make, characteristic = CLOSED[name]
    mesh = make()
    assert mesh.vertices.dtype == np.float64
    assert mesh.is_watertight
    assert len(mesh.vertices) - len(edges(mesh)) + len(mesh.faces) == characteristic
    directed = np.stack((mesh.faces, np.roll(mesh.faces, -1, axis=1)), -1).reshape(-1, 2)
    assert len(np.unique(directed, axis=0)) == len(directed)  # neighbours agree about the outside


@pytest.mark.parametrize("name", CLOSED)
def test_outwards_and_centred(name):
    mesh = CLOSED[name][0]()
    assert volume(mesh) > 0
    assert mesh.face_areas().min() > 0
    if name != "prism":  # a triangle's corners are not symmetrical in x
        np.testing.assert_allclose(mesh.centre, 0, atol=1e-15)


@pytest.mark.parametrize("name", ["icosphere", "icosahedron", "box", "cylinder", "prism"])
def test_normals_of_convex_shapes_leave_the_centre(name):
    mesh = CLOSED[name][0]()
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    assert (np.einsum("fx,fx->f", mesh.face_normals(), middles) > 0).all()


def test_a_box_has_its_volume():
    np.testing.assert_allclose(volume(box((1, 2, 3))), 6)


@pytest.mark.parametrize(
    ("make", "limit"),
    [
        (lambda n: icosphere(n, 0.5), 4 / 3 * np.pi * 0.125),
        (lambda n: cylinder(0.5, 2.0, 6 * 2**n), np.pi * 0.5),
        (lambda n: torus(1.0, 0.3, 6 * 2**n, 6 * 2**n), 2 * np.pi**2 * 0.09),
    ],
    ids=["icosphere", "cylinder", "torus"],
)
def test_volumes_converge_from_below_in_second_order(make, limit):
    errors = np.array([limit - volume(make(n)) for n in (2, 3, 4)])
    assert (errors > 0).all()
    np.testing.assert_allclose(errors[:-1] / errors[1:], 4, rtol=0.1)


def test_the_plane_is_flat_open_and_faces_up():
    mesh = plane((2.0, 3.0), 4)
    assert not mesh.is_watertight
    np.testing.assert_array_equal(mesh.vertices[:, 1], 0)
    np.testing.assert_allclose(mesh.face_normals(), np.tile([0.0, 1.0, 0.0], (32, 1)))
    np.testing.assert_allclose(mesh.face_areas().sum(), 6)
    np.testing.assert_allclose(mesh.centre, 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: icosphere(-1),
        lambda: icosphere(10),
        lambda: icosphere(1.5),
        lambda: icosphere(1, 0.0),
        lambda: box((1, 2)),
        lambda: box((1, 2, -3)),
        lambda: cylinder(1, float("nan")),
        lambda: cylinder(sections=2),
        lambda: plane((1, 2, 3)),
        lambda: plane(divisions=0),
        lambda: torus(0.2, 0.3),
        lambda: torus(sides=2),
    ],
)
def test_bad_sizes_are_refused(make):
    with pytest.raises(BadInputError, match=r"accepted|larger"):
        make()
