"""Shapes follow the masks of a whole film, and the path follows the shapes."""

import numpy as np
import pytest

from rrb import Mesh, Pose, render, track
from rrb.errors import BadInputError
from rrb.evaluation.trajectory import ate
from rrb.recipes._track_carving import change_of_size, resized_mesh, shapes_carved, spread
from rrb.recipes._track_meshes import View
from track_films import chair, film


@pytest.fixture(scope="module")
def around():
    """Once around the chair."""
    return film([chair()], frames=36, size=160, turn_deg=10.0)


def views_of(one, frames):
    return [
        View(None, tuple(one.masks[n]), (one.world_from_camera[n].inverse() @ one.world_from_objects[0],))
        for n in frames
    ]


def wrong(mesh: Mesh) -> Mesh:
    """A little too wide, and too flat: what a picture from the front would not show."""
    return mesh.with_vertices(np.asarray(mesh.vertices) * [1.08, 1.0, 0.85])


def overlap(mesh: Mesh, one, n: int) -> float:
    """IoU of a frame's mask and the mesh, drawn where the object is."""
    pose = one.world_from_camera[n].inverse() @ one.world_from_objects[0]
    drawn, mask = render(mesh, pose, one.camera).fragments.covered, one.masks[n][0] >= 0.5
    return float((drawn & mask).sum() / (drawn | mask).sum())


def test_a_mended_mesh_casts_the_masks_of_frames_that_it_was_not_carved_from(around):
    before = wrong(around.meshes[0])
    (mended,) = shapes_carved(
        views_of(around, range(0, 36, 2)), around.camera, [before], spared=0.0, widest_deg=120.0
    )
    others = range(1, 36, 6)
    assert min(overlap(mended, around, n) for n in others) > 0.93
    assert min(overlap(before, around, n) for n in others) < 0.92


def test_a_path_along_a_wrong_mesh_is_straightened_with_it(around):
    found = {
        carve: track(
            [None] * 36, around.camera, meshes=[wrong(around.meshes[0])], masks=around.masks, carve=carve
        )
        for carve in (False, True)
    }
    off = {
        carve: ate(around.world_from_camera, path.world_from_camera, align="sim3").rmse
        for carve, path in found.items()
    }
    assert off[True] < 0.6 * off[False]
    assert found[True].known.all()


def test_without_enough_sides_a_mesh_is_left_as_it_is(around):
    mesh = wrong(around.meshes[0])
    for frames in (range(0, 35, 5), range(24)):  # too few; not from all around
        assert shapes_carved(views_of(around, frames), around.camera, [mesh], 0.0, 120.0)[0] is mesh


def test_given_meshes_are_not_touched_unless_it_is_asked_for(around):
    frames = slice(0, 12)
    plain = track([None] * 12, around.camera, meshes=around.meshes, masks=around.masks[frames])
    same = track([None] * 12, around.camera, meshes=around.meshes, masks=around.masks[frames], carve=False)
    np.testing.assert_array_equal(plain.world_from_camera.matrix, same.world_from_camera.matrix)


def test_carving_needs_a_smoothed_path(around):
    with pytest.raises(BadInputError, match="carve needs smooth"):
        track([None], around.camera, meshes=around.meshes, masks=around.masks[:1], smooth=False, carve=True)


def test_the_unit_of_length_is_kept():
    """Objects are moved back to where they were, as a whole."""
    before = {(n, 0): Pose(np.eye(3), [0.1, 0.2, 2.0 + n]) for n in range(5)}
    now = {key: Pose(p.rotation, 0.9 * p.translation) for key, p in before.items() if key[0] != 2}
    assert change_of_size(before, now) == pytest.approx(1 / 0.9)
    assert change_of_size(before, {}) == 1.0
    np.testing.assert_allclose(resized_mesh(chair(), 2.0).vertices, 2 * np.asarray(chair().vertices))


def test_frames_are_taken_from_all_along():
    assert spread(np.arange(10)) == list(range(10))
    many = spread(np.arange(0, 400, 2))
    assert (many[0], many[-1]) == (0, 398)
    assert len(set(many)) == len(many) <= 48
