"""Pieces of a mesh, and what is left without specks."""

import numpy as np
import pytest

import rrb
from rrb.geometry.mesh_parts import parts, without_specks
from rrb.geometry.primitives import box, icosphere


def moved(mesh, at, scale=1.0):
    return mesh.with_vertices(scale * np.asarray(mesh.vertices) + at)


def pieces(*meshes):
    return rrb.Mesh.concatenated(meshes)


THREE = pieces(box((1, 1, 1)), moved(icosphere(2, 0.3), (3, 0, 0)), moved(box((1, 1, 1)), (0, 4, 0), 0.02))


def test_faces_that_share_no_vertex_are_apart():
    found = parts(THREE)
    assert len(set(found.tolist())) == 3
    counts = [len(box((1, 1, 1)).faces), len(icosphere(2, 0.3).faces), len(box((1, 1, 1)).faces)]
    assert np.bincount(found).tolist() == counts


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_vertices_and_faces_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    renamed, order = rng.permutation(len(THREE.vertices)), rng.permutation(len(THREE.faces))
    back = np.argsort(renamed)
    mixed = rrb.Mesh(np.asarray(THREE.vertices)[renamed], back[np.asarray(THREE.faces)][order])
    one, two = parts(THREE)[order], parts(mixed)
    assert len(set(zip(one.tolist(), two.tolist(), strict=True))) == 3


def test_a_long_chain_is_one_piece():
    n = 5000
    strip = np.stack([np.arange(n), np.arange(n) + 1, np.arange(n) + 2], 1)
    vertices = np.stack([np.arange(n + 2), np.arange(n + 2) % 2, np.zeros(n + 2)], 1).astype(float)
    shuffled = strip[np.random.default_rng(0).permutation(n)]
    assert set(parts(rrb.Mesh(vertices, shuffled)).tolist()) == {0}


def test_specks_go_and_what_is_large_stays():
    kept = without_specks(THREE, 0.02)
    assert len(set(parts(kept).tolist())) == 2
    np.testing.assert_allclose(kept.bounding_box(), [[-0.5, -0.5, -0.5], [3.3, 0.5, 0.5]], atol=0.02)
    assert len(kept.vertices) == len(np.unique(kept.faces))
    assert kept.is_watertight
    assert np.asarray(kept.face_areas()).sum() == pytest.approx(
        np.asarray(THREE.face_areas()).sum() - 6 * 0.02**2
    )


def test_where_nothing_is_small_the_mesh_is_the_same_one():
    assert without_specks(THREE, 1e-5) is THREE


def test_only_the_largest_stays_where_all_that_is_smaller_is_a_speck():
    kept = without_specks(THREE, 1.0)
    np.testing.assert_allclose(kept.bounding_box(), [[-0.5] * 3, [0.5] * 3])
