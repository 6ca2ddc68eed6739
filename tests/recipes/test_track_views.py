"""Paths begun by views of the network: here views that are known, so that nothing but their use is tested."""

import numpy as np
import pytest

pytest.importorskip("torch")

from rrb import Mesh
from rrb.evaluation.trajectory import ate
from rrb.networks.viewpoint import Mode
from rrb.recipes import _track_views
from rrb.recipes._track_body import Body
from rrb.recipes._track_film import Film
from rrb.recipes._track_meshes import Made
from rrb.recipes._track_views import Glances, likeliest, poses_of
from rrb.recipes.track import Tracker
from track_films import chair, film


def mode(azimuth_deg: float, weight: float = 1.0, elevation_deg: float = 20.0) -> Mode:
    return Mode(azimuth_deg, elevation_deg, 0.0, weight, (5.0, 2.0, 1.0))


def turned(azimuth_deg: float) -> float:
    return (azimuth_deg + 180) % 360 - 180


def test_a_frame_that_is_seen_from_behind_is_set_right_by_its_neighbours():
    azimuths = [turned(150 + 6 * n) for n in range(12)]  # through 180 degrees
    said = [[mode(a, 0.9), mode(turned(a + 180), 0.1)] for a in azimuths]
    said[5] = [mode(turned(azimuths[5] + 180), 0.8), mode(azimuths[5], 0.2)]
    found = likeliest(range(12), said)
    np.testing.assert_allclose([one.azimuth_deg for one in found], azimuths)


def test_what_most_frames_say_wins_over_where_the_first_began():
    said = [[mode(turned(6 * n + 180), 0.6), mode(6 * n, 0.4)] for n in range(2)]
    said += [[mode(6 * n, 0.9), mode(turned(6 * n + 180), 0.1)] for n in range(2, 12)]
    assert [one.azimuth_deg for one in likeliest(range(12), said)] == [6 * n for n in range(12)]


def test_frames_far_apart_may_be_turned_far():
    said = [[mode(0.0)], [mode(80.0, 0.5), mode(10.0, 0.4)]]
    assert likeliest([0, 1], said)[1].azimuth_deg == 10.0
    assert likeliest([0, 20], said)[1].azimuth_deg == 80.0


@pytest.fixture(scope="module")
def around():
    return film([chair()], frames=36, size=160, turn_deg=10.0)


def views_of(one, off_deg: float = 3.0) -> dict[tuple[int, int], Mode]:
    """True ones, but off by so much one way or the other."""
    found = {}
    for n in range(len(one.masks)):
        seen = (one.world_from_camera[n].inverse() @ one.world_from_objects[0]).to_viewpoint()
        found[n, 0] = mode(
            float(seen.azimuth_deg) + off_deg * (-1) ** n, elevation_deg=float(seen.elevation_deg)
        )
    return found


def test_poses_of_true_views_and_a_true_mesh_are_the_true_ones(around):
    views = {key: one for key, one in views_of(around, 0.0).items() if key[0] in (0, 7, 20)}
    masks = {key: around.masks[key[0]][0] for key in views}
    for (frame, _), (pose, _) in poses_of(views, masks, [Body(around.meshes[0], around.camera)]).items():
        degrees, apart = pose.distance(around.world_from_camera[frame].inverse())
        assert degrees < 1.0
        assert apart < 0.03 * np.linalg.norm(pose.translation)


def test_a_view_is_least_sure_about_the_vertical_axis_and_along_the_ray(around):
    views, body = views_of(around), Body(around.meshes[0], around.camera)
    masks = {key: around.masks[key[0]][0] for key in views}
    for pose, covariance in poses_of(views, masks, [body]).values():
        up, ray = pose.rotation[:, 1], pose.translation / np.linalg.norm(pose.translation)
        assert up @ covariance[:3, :3] @ up == pytest.approx(np.linalg.eigvalsh(covariance[:3, :3])[-1])
        assert ray @ covariance[3:, 3:] @ ray == pytest.approx(np.linalg.eigvalsh(covariance[3:, 3:])[-1])


def test_few_frames_are_kept_from_all_along_the_film(around):
    glances, picture = Glances(around.camera), np.full((160, 160, 3), 90, np.uint8)
    for n in range(150):
        glances.keep(n, picture, around.masks[n % 36])
    kept = sorted(frame for frame, _ in glances._looks)
    assert len(kept) <= 48
    assert kept[0] == 0
    assert kept[-1] >= 148 - 4
    assert len(set(np.diff(kept))) == 1


def test_an_object_at_the_border_is_not_looked_at(around):
    glances, picture = Glances(around.camera), np.full((160, 160, 3), 90, np.uint8)
    whole = around.masks[0][0]
    top = int(np.flatnonzero(whole.any(1))[0])
    glances.keep(0, picture, [np.roll(whole, -top, axis=0)])
    assert not glances._looks
    glances.keep(1, picture, [whole])
    assert list(glances._looks) == [(1, 0)]


def test_a_path_that_a_wrong_mesh_bent_is_straightened_from_the_views(around, monkeypatch):
    monkeypatch.setattr(_track_views.Glances, "views", lambda self, objects: views_of(around))
    wrong = around.meshes[0].with_vertices(np.asarray(around.meshes[0].vertices) * [1.3, 1.0, 0.7])
    off = {}
    for looks in (False, True):
        path = tracked(around, wrong, looks).trajectory(carve=looks)
        off[looks] = ate(around.world_from_camera, path.world_from_camera, align="sim3").rmse
        assert path.known.all()
    assert off[True] < 0.4 * off[False]


def test_without_pictures_nobody_looks(around):
    assert tracked(around, around.meshes[0], True, pictures=False)._glances is None


def tracked(one, mesh: Mesh, looks: bool, pictures: bool = True) -> Film:
    """All frames, as if the mesh were reconstructed."""
    tracker = Tracker(one.camera)
    tracker.begin_with(Made([mesh], False, []))
    found = Film(tracker, looks=looks)
    picture = np.full((160, 160, 3), 90, np.uint8) if pictures else None
    for masks in one.masks:
        found.add(picture, masks)
    return found
