"""Pictures of paths: everything is drawn where it was, at one scale, not mirrored; what is not known looks so."""

from dataclasses import replace

import numpy as np
import pytest

from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box
from rrb.raster.render import render
from rrb.viz import plot
from rrb.viz.pictures import BLUE, VERMILLION
from rrb.viz.plot import FINE, Figure, Panel, alike, around, round_numbers, runs
from rrb.viz.track_animation import Kept, Scene, film, shrunk
from rrb.viz.trajectory import (
    Landmark,
    Map,
    Route,
    confidence_picture,
    errors_picture,
    fine_unit,
    hull,
    object_colour,
    path_picture,
)

FRAMES = 24
CAMERA = Camera.from_fov(50.0, width=80, height=60)
BOX = (60, 20, 300, 300)


def route(unknown=(), truth=False) -> Route:
    """A quarter of a circle, 2 m around a small table and a stool at its right side (+x)."""
    turn = np.linspace(0, np.pi / 2, FRAMES)
    path = np.stack([2 * np.sin(turn), np.full(FRAMES, 1.0), -2 * np.cos(turn)], 1)
    poses = Pose.look_at(path, np.zeros_like(path)).inverse()
    known = ~np.isin(np.arange(FRAMES), unknown)
    table = Landmark("table", box((0.8, 0.4, 0.5)), Pose.identity())
    stool = Landmark("stool", box((0.2, 0.4, 0.2)), Pose(np.eye(3), [1.0, 0.0, 0.0]))
    return Route(
        times_s=np.arange(FRAMES) / 10,
        world_from_camera=poses,
        known=known,
        confidence=np.where(known, 0.8, 0.0),
        states=tuple("tracked" if k else "lost" for k in known),
        camera=CAMERA,
        landmarks=(table, stool),
        truth_times_s=np.arange(FRAMES) / 10 if truth else None,
        truth=path if truth else None,
    )


def near(picture, colour, steps=60):
    return np.abs(picture.astype(int) - colour).max(-1) < steps


def drawn_at(chart: Map, points) -> np.ndarray:
    """Rows and columns of a figure's picture for points (N, 3) of the world."""
    return np.floor(chart.panel.at(np.asarray(points)[:, [0, 2]]) / FINE).astype(int)[:, ::-1]


# --- numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-3.2, 4.1), (1e-7, 3e-7), (99.5, 100.5), (-1e6, 3), (0.0, 0.93)]
)
@pytest.mark.parametrize("about", [2, 3, 5, 9])
def test_round_numbers_are_evenly_spread_and_inside(low, high, about):
    numbers = round_numbers(low, high, about)
    slack = 1e-9 * (high - low)
    assert low - slack <= numbers[0] <= numbers[-1] <= high + slack
    assert 1 <= len(numbers) <= 2 * about + 1
    if len(numbers) > 1:
        step = np.diff(numbers)
        np.testing.assert_allclose(step, step[0], rtol=1e-6)
        digits = f"{step[0]:.6e}".split("e")[0].rstrip("0").rstrip(".")
        assert digits in ("1", "2", "5")
        assert numbers[0] - step[0] < low + slack  # none is left out
        assert numbers[-1] + step[0] > high - slack


def test_a_range_of_one_number_and_of_none_has_a_length():
    for values in ([3.0], [0.0], [], [np.nan, 2.0], [1e-9]):
        low, high = around(values)
        assert high > low
        assert all(low <= v <= high for v in values if np.isfinite(v))
    low, high = around([1.0, 1.1], least=2.0)
    assert high - low >= 2.0


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (1, 5)])
def test_equal_scales_hold_both_ranges_about_their_middles(size):
    x, y = (-1.0, 5.0), (2.0, 3.0)
    (x0, x1), (y0, y1) = alike(x, y, *size)
    assert (x1 - x0) / size[0] == pytest.approx((y1 - y0) / size[1])
    assert (x0 <= x[0] + 1e-12, x1 >= x[1] - 1e-12, y0 <= y[0] + 1e-12, y1 >= y[1] - 1e-12) == (True,) * 4
    assert (x0 + x1, y0 + y1) == (pytest.approx(sum(x)), pytest.approx(sum(y)))


def test_runs_are_the_stretches():
    held = np.array([1, 1, 0, 1, 0, 0, 1], bool)
    assert [(r.start, r.stop) for r in runs(held)] == [(0, 2), (3, 4), (6, 7)]
    assert runs(np.zeros(3, bool)) == []


def test_a_hull_holds_every_point_and_turns_one_way():
    points = np.random.default_rng(0).normal(size=(60, 2))
    corners = hull(points)
    sides = np.roll(corners, -1, 0) - corners
    for a, side in zip(corners, sides, strict=True):
        assert (side[0] * (points - a)[:, 1] - side[1] * (points - a)[:, 0] >= -1e-12).all()
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5], [0.5, 0], [0, 0]], float)
    assert len(hull(square)) == 4
    assert len(hull(np.ones((5, 2)))) == 1


def test_metres_that_are_all_small_are_said_in_millimetres():
    assert fine_unit(np.array([0.02, np.nan]), "m") == (1000.0, "mm")
    assert fine_unit(np.array([0.02, 0.3]), "m") == (1.0, "m")
    assert fine_unit(np.array([0.02]), "sizes") == (1.0, "sizes")


# --- panels -------------------------------------------------------------------------------------------


def test_a_line_lies_where_its_numbers_say_and_is_broken_where_there_are_none():
    figure = Figure(200, 120)
    panel = Panel(figure, (50, 20, 100, 80), (0.0, 10.0), (0.0, 4.0))
    panel.line([[0, 1], [4, 1], [5, np.nan], [6, 3], [10, 3]], VERMILLION, 2.0)
    seen = near(figure.picture(), VERMILLION)
    assert seen[78:82, 52:88].any(0).all()  # y = 1 lies three quarters down
    assert seen[38:42, 112:148].any(0).all()
    assert not seen[:, 92:108].any()
    assert not seen[45:75].any()


def test_downwards_turns_y_over():
    box_px = (10, 10, 100, 100)
    up, down = (
        Panel(Figure(120, 120), box_px, (0, 1), (0, 1), down=d).at([[0.2, 0.25]])[0] / FINE for d in (0, 1)
    )
    np.testing.assert_allclose(up, [30, 85])
    np.testing.assert_allclose(down, [30, 35])


def test_a_panel_without_anything_finite_is_drawn():
    panel = Panel(Figure(100, 60), (20, 10, 60, 30), (0.0, 1.0), around([np.nan]), x_label="x", y_label="y")
    panel.line(np.full((3, 2), np.nan), BLUE)
    panel.band(np.arange(3.0), np.full(3, np.nan), np.full(3, np.nan), (*BLUE, 60))
    assert not near(panel.figure.picture(), BLUE).any()


# --- the map ------------------------------------------------------------------------------------------


def test_the_map_has_one_scale_and_is_not_mirrored():
    """x right and z towards the reader: seen from above, so that +x lies at the right of who looks along -z."""
    panel = Map(Figure(400, 360), route(), BOX).panel
    origin, x, z = panel.at([[0, 0], [1, 0], [0, 1]])
    assert (x - origin)[0] > 0
    assert (z - origin)[1] > 0
    np.testing.assert_allclose([(x - origin)[1], (z - origin)[0]], 0, atol=1e-9)
    assert np.linalg.norm(x - origin) == pytest.approx(np.linalg.norm(z - origin))


def test_the_path_is_drawn_where_the_camera_was():
    chart = Map(Figure(400, 360), (r := route()), BOX)
    chart.path()
    seen = near(chart.panel.figure.picture(), BLUE)
    assert all(seen[y - 1 : y + 2, x - 1 : x + 2].any() for y, x in drawn_at(chart, r.centres))
    inside = np.linalg.norm(np.argwhere(seen)[:, None] - drawn_at(chart, r.centres), axis=-1).min(1)
    assert inside.max() < 14  # nothing beside it: frames lie this far apart


def test_the_path_ends_at_the_frame_that_is_shown():
    chart = Map(Figure(400, 360), (r := route()), BOX)
    chart.path(10)
    seen = near(chart.panel.figure.picture(), BLUE)
    shown = [seen[y - 1 : y + 2, x - 1 : x + 2].any() for y, x in drawn_at(chart, r.centres)]
    assert shown == [k <= 10 for k in range(FRAMES)]


def test_no_path_is_claimed_where_the_camera_was_not_known():
    chart = Map(Figure(400, 360), (r := route(unknown=range(5, 18))), BOX)
    chart.path()
    seen = near(chart.panel.figure.picture(), BLUE)
    where = drawn_at(chart, r.world_from_camera.translation)
    shown = [seen[y - 1 : y + 2, x - 1 : x + 2].any() for y, x in where]
    assert shown == [k < 5 or k > 17 for k in range(FRAMES)]


def test_objects_stand_where_they_are():
    chart = Map(Figure(400, 360), (r := route()), BOX)
    picture = chart.panel.figure.picture()
    for k, landmark in enumerate(r.landmarks):
        rows, columns = np.nonzero(near(picture, object_colour(k)))
        corners = drawn_at(chart, landmark.corners())
        assert abs(columns.min() - corners[:, 1].min()) <= 2
        assert abs(columns.max() - corners[:, 1].max()) <= 2
        assert abs(rows.max() - corners[:, 0].max()) <= 2
        front = corners[:, 0].min() - rows.min()
        assert 2 <= front <= 25  # the tick at -z


def test_what_the_camera_sees_opens_towards_the_object():
    r = route()
    for frame in (0, 12, 23):
        chart = Map(Figure(400, 360), r, BOX)
        before = near(chart.panel.figure.picture(), BLUE, 110)
        chart.view(frame, bold=True)
        seen = np.argwhere(near(chart.panel.figure.picture(), BLUE, 110) & ~before)
        here, target = drawn_at(chart, [r.centres[frame], np.zeros(3)]).astype(float)
        forwards = (target - here) / np.linalg.norm(target - here)
        along = (seen - here) @ forwards
        assert along.min() > -8  # the dot's radius
        assert along.max() > 15


def test_a_camera_that_is_not_known_is_hollow_and_red():
    chart = Map(Figure(400, 360), route(unknown=(5,)), BOX)
    still = chart.panel.figure.picture().astype(int)
    chart.view(5)
    picture = chart.panel.figure.picture()
    changed = (np.abs(picture - still).max(-1) > 40) & near(picture, VERMILLION, 90)
    assert changed.any()
    assert not near(picture, BLUE).any()


def test_a_copy_is_drawn_on_alone():
    chart = Map(Figure(400, 360), route(), BOX)
    before = chart.panel.figure.picture()
    chart.copy().path()
    np.testing.assert_array_equal(chart.panel.figure.picture(), before)


# --- whole pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [(), (3, 4, 5), (0, FRAMES - 1), tuple(range(FRAMES))])
@pytest.mark.parametrize("deviations", [False, True])
def test_whole_pictures_are_drawn_of_every_path(unknown, deviations):
    r = replace(route(unknown), deviations_m=np.full((FRAMES, 3), 0.1) if deviations else None)
    seen = near(path_picture(r, "title"), BLUE).sum()
    assert seen > 300 if r.known.any() else seen < 300  # only the legend's line
    assert confidence_picture(r, "title").shape[1] == 900
    errors_picture(r.times_s, np.where(r.known, 0.1, np.nan), np.where(r.known, 2.0, np.nan))


def test_frames_that_are_not_known_are_shaded_in_time():
    one = route(unknown=(10, 11, 12))
    assert one.unknown_spans == [pytest.approx((0.95, 1.25))]
    assert (
        near(path_picture(one), plot.PALE, 3).sum() > 5000 + near(path_picture(route()), plot.PALE, 3).sum()
    )


def test_every_state_has_a_lane():
    r = route(unknown=(5, 6))
    more = replace(r, states=tuple("found again" if k == 7 else s for k, s in enumerate(r.states)))
    two, three = confidence_picture(r), confidence_picture(more)
    assert three.shape[0] == two.shape[0] + 24
    odd = replace(r, states=("something new",) * FRAMES)
    assert confidence_picture(odd).shape[0] == two.shape[0] - 24


def test_the_truth_is_dashed_over_the_whole_time():
    with_truth, without = (path_picture(route(truth=t)) for t in (True, False))
    dark = [near(p[:, 600:], (40, 40, 40), 30).sum() for p in (with_truth, without)]
    assert dark[0] > dark[1] + 300


# --- the film -----------------------------------------------------------------------------------------


def scenes(r, frames):
    made = []
    for k in frames:
        camera = r.camera.resize(160, 120)
        shown = []
        for landmark in r.landmarks:
            pose = r.world_from_camera[k].inverse() @ landmark.world_from_object
            shown.append(render(landmark.mesh, pose, camera).silhouette if r.known[k] else None)
        made.append(Scene(k, np.full((120, 160, 3), 200, np.uint8), tuple(shown)))
    return made


def test_a_frame_of_the_film_shows_outlines_and_the_path_so_far():
    r = route(unknown=(9,))
    frames = film(r, scenes(r, (2, 9, 20)))
    assert len({f.shape for f in frames}) == 1
    left, right = ([f[:130, :172] for f in frames], [f[:130, 172:] for f in frames])
    outlines = [[near(f, object_colour(k), 40).sum() for k in range(2)] for f in left]
    assert min(outlines[0] + outlines[2]) > 50
    assert outlines[1] == [0, 0]  # lost: nothing is claimed
    path = [near(f, BLUE).sum() for f in right]
    assert path[2] > path[0] + 30


def test_a_film_of_nothing_is_nothing():
    assert film(route(), []) == []


@pytest.mark.parametrize("count", [1, 5, 8, 9, 100, 1000])
def test_what_is_kept_is_evenly_spread_over_all_that_came(count):
    kept = Kept(8)
    for k in range(count):
        kept.add(k, -k)
        assert len(kept.held) <= 8
    numbers = [number for number, _ in kept.held]
    assert numbers[0] == 0
    assert all(thing == -number for number, thing in kept.held)
    assert len(set(np.diff(numbers))) <= 1
    assert len(numbers) >= min(count, 4)
    assert count - 1 - numbers[-1] < kept.every


def test_a_shrunk_picture_keeps_its_sides():
    assert shrunk(np.zeros((60, 80, 3), np.uint8), 40).shape == (30, 40, 3)
    assert shrunk(np.zeros((80, 60, 3), np.uint8), 40).shape == (40, 30, 3)
    assert shrunk(np.zeros((500, 2, 3), np.uint8), 40).shape == (40, 1, 3)
