"""Laws of normals that are smooth over rounded parts and sharp at creases."""

import math

import numpy as np
import pytest

from rrb.geometry.mesh import Mesh
from rrb.geometry.primitives import box, cylinder, icosphere
from rrb.raster import smoothing
from rrb.raster.smoothing import crease_normals
from scenes import icosphere as plain_icosphere
from scenes import rotation

WIDE, NARROW = math.radians(35), math.radians(1)
MESHES = {"ball": icosphere(3), "box": box((1, 2, 3)), "can": cylinder(0.5, 1.0, 24)}
each_mesh = pytest.mark.parametrize("mesh", MESHES.values(), ids=MESHES)


def normals_of(mesh, angle=WIDE):
    return crease_normals(mesh.vertices, mesh.faces, angle)


@each_mesh
@pytest.mark.parametrize("angle", [0.0, NARROW, WIDE, math.radians(80)])
def test_they_are_of_length_1_and_on_the_side_of_their_face(mesh, angle):
    normals = normals_of(mesh, angle)
    assert normals.shape == (len(mesh.faces), 3, 3)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=2), 1, atol=1e-12)
    facing = np.einsum("fci,fi->fc", normals, mesh.face_normals())
    assert (facing > math.cos(angle) - 1e-9).all()
    assert (np.einsum("fci,fci->fc", normals, mesh.vertices[mesh.faces]) > 0).all()  # outwards, around 0


@each_mesh
@pytest.mark.parametrize("angle", [0.0, NARROW, WIDE])
def test_the_kernel_agrees_with_what_draws_normals(mesh, angle):
    """Which is plain NumPy, and differentiable where it is given tensors."""
    area_normals = smoothing._area_normals(mesh.vertices, mesh.faces)
    every = np.arange(len(mesh.faces))
    corners = smoothing._smooth(smoothing.unit(area_normals), area_normals, mesh.faces, every, angle)
    np.testing.assert_allclose(normals_of(mesh, angle), corners.reshape(-1, 3, 3), atol=1e-12)


@each_mesh
def test_where_every_edge_is_a_crease_they_are_the_faces_own(mesh):
    own = np.repeat(mesh.face_normals()[:, None], 3, axis=1)
    np.testing.assert_allclose(normals_of(mesh, NARROW), own, atol=1e-9)
    np.testing.assert_allclose(normals_of(mesh, 0.0), own, atol=1e-12)


def test_a_box_stays_a_box():
    mesh = box((1, 2, 3))
    own = np.repeat(mesh.face_normals()[:, None], 3, axis=1)
    np.testing.assert_allclose(normals_of(mesh), own, atol=1e-12)


@pytest.mark.parametrize("subdivisions", [2, 3])
def test_a_ball_is_round(subdivisions):
    vertices, faces = plain_icosphere(subdivisions)
    np.testing.assert_allclose(crease_normals(vertices, faces, WIDE), vertices[faces], atol=0.02)


def test_a_can_is_round_along_its_side_and_sharp_at_its_rim():
    mesh = cylinder(0.5, 1.0, 24)
    normals, flat = normals_of(mesh), mesh.face_normals()
    lid = np.abs(flat[:, 1]) > 0.9
    np.testing.assert_allclose(normals[lid], np.repeat(flat[lid][:, None], 3, 1), atol=1e-12)
    corners = mesh.vertices[mesh.faces][~lid] * [1, 0, 1]
    # Of two faces to the one side and one to the other: by less than a third of the angle between two.
    angle = np.einsum("fci,fci->fc", normals[~lid], corners / np.linalg.norm(corners, axis=2, keepdims=True))
    assert np.degrees(np.arccos(np.clip(angle, -1, 1))).max() < 360 / 24 / 3
    np.testing.assert_allclose(normals[~lid][..., 1], 0, atol=1e-12)


def test_neighbours_that_are_smooth_agree_at_their_corners():
    vertices, faces = plain_icosphere(3)
    normals = crease_normals(vertices, faces, WIDE)
    first = np.zeros_like(vertices)
    first[faces.ravel()] = normals.reshape(-1, 3)
    np.testing.assert_allclose(normals, first[faces], atol=1e-12)


def test_larger_faces_weigh_more():
    """A ridge of two faces, one four times as large, that meet at a small angle."""
    vertices = np.array([[0, 0, 0], [0, 0, 1], [1, 0, 0], [-4, 0.4, 0]], float)
    faces = np.array([[0, 1, 2], [0, 3, 1]])
    areas = np.cross(
        vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]]
    )
    expected = areas.sum(0) / np.linalg.norm(areas.sum(0))
    normals = crease_normals(vertices, faces, WIDE)
    np.testing.assert_allclose(normals[0, 0], expected, atol=1e-12)
    np.testing.assert_allclose(normals[1, 0], expected, atol=1e-12)
    own = areas[0] / np.linalg.norm(areas[0])
    np.testing.assert_allclose(normals[0, 2], own, atol=1e-12)  # that corner belongs to one face alone


@each_mesh
def test_they_turn_with_the_mesh_and_do_not_know_its_size(mesh):
    turn = rotation(4)
    moved = Mesh(3.0 * mesh.vertices @ turn.T + [1, 2, 3], mesh.faces)
    np.testing.assert_allclose(normals_of(moved), normals_of(mesh) @ turn.T, atol=1e-9)


@each_mesh
def test_a_face_that_is_wound_the_other_way_turns_its_own_normal_alone(mesh):
    """Many meshes are wound without care: the others stay as they are."""
    faces = np.asarray(mesh.faces).copy()
    faces[5] = faces[5][::-1]
    normals, before = crease_normals(mesh.vertices, faces, WIDE), normals_of(mesh)
    np.testing.assert_allclose(normals[5], -before[5][::-1], atol=1e-12)
    others = np.arange(len(faces)) != 5
    np.testing.assert_allclose(normals[others], before[others], atol=1e-12)


def test_order_of_faces_and_vertices_does_not_matter():
    mesh = MESHES["can"]
    random = np.random.default_rng(0)
    order, places = random.permutation(len(mesh.faces)), random.permutation(len(mesh.vertices))
    renumbered = np.argsort(places)[mesh.faces[order]]
    normals = crease_normals(mesh.vertices[places], renumbered, WIDE)
    np.testing.assert_allclose(normals, normals_of(mesh)[order], atol=1e-12)


def test_faces_without_area_are_harmless():
    mesh = box()
    faces = np.concatenate([mesh.faces, [[0, 0, 1], [2, 2, 2]]])
    normals = crease_normals(mesh.vertices, faces, WIDE)
    assert np.isfinite(normals).all()
    np.testing.assert_allclose(normals[:12], normals_of(mesh), atol=1e-12)
