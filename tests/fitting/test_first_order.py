"""The first-order road: its derivatives, what it moves, and that every approximation with every loss descends."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import rrb
from rrb.errors import BadInputError
from rrb.fitting.first_order import (
    GRABNER,
    PALAZZI,
    RRB,
    Adam,
    Descent,
    FirstOrder,
    answer,
    descend,
)
from rrb.fitting.losses import LOSSES
from rrb.fitting.placing import Placing
from rrb.fitting.variables import choose
from rrb.geometry.conversions import viewpoint_from_matrix

CAMERA = rrb.Camera.from_fov(40, width=48, height=48)
CORNERS = np.array([[-0.6, -0.4, -0.3], [0.7, -0.3, -0.2], [0.1, 0.6, -0.1], [0.0, -0.1, 0.5]])
WEDGE = rrb.Mesh(CORNERS, np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))
TRUTH = rrb.Pose.from_viewpoint(25.0, 15.0, 10.0, distance_m=2.4)
START = TRUTH.step(np.array([0.1, -0.08, 0.12, 0.03, -0.04, 0.08]))
QUICK = FirstOrder("antialias", steps=60, learning_rate=0.015)


def covered(pose=TRUTH, camera=CAMERA, mesh=WEDGE, scale=1.0):
    return rrb.render(mesh, pose, camera, scale=scale).fragments.covered


def soft(pose=TRUTH, camera=CAMERA, mesh=WEDGE, scale=1.0):
    """(48, 48): the share of each pixel that is covered."""
    fine = covered(pose, camera.resize(192, 192), mesh, scale)
    return fine.reshape(48, 4, 48, 4).mean((1, 3)).astype(np.float32)


MASK = soft()


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def same(a, b):
    """Whether two histories have the same bits."""
    return len(a) == len(b) and all(
        np.array_equal(x.camera_from_object.matrix, y.camera_from_object.matrix)
        and (x.cost, x.scale, x.focal_px) == (y.cost, y.scale, y.focal_px)
        for x, y in zip(a, b, strict=True)
    )


# --- the way back from pixels to coordinates ------------------------------------------------------

EVERYTHING = {"priors": {"scale": (1.0, 0.1)}}
CHOICES = {
    "rotation": choose(("rotation", "translation", "scale", "focal_length"), CAMERA, **EVERYTHING),
    "angles": choose(
        ("azimuth", "elevation", "roll", "translation", "scale", "focal_length"), CAMERA, **EVERYTHING
    ),
}


@pytest.mark.parametrize("kind", sorted(CHOICES))
@pytest.mark.parametrize("seed", range(4))
def test_pulls_are_the_derivative_of_the_projection(kind, seed):
    random = np.random.default_rng(seed)
    placing = Placing(WEDGE, rrb.Camera(60, 65, 20, 27, 48, 48), START, 1.3, CHOICES[kind])
    # Far from the start too, where a rotation vector's own derivative is no longer the identity.
    x = placing.first + random.normal(size=8) * [1, 0.4, 1, 0.1, 0.1, 0.1, 0.2, 0.2]
    weights = random.normal(size=CORNERS.shape)
    step = 1e-6
    numeric = [
        ((placing.place(x + step * e).vertices_px - placing.place(x - step * e).vertices_px) * weights).sum()
        / (2 * step)
        for e in np.eye(8)
    ]
    np.testing.assert_allclose(placing.pull(x, placing.place(x), weights), numeric, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_rotation_is_the_pose_s_own_step(seed):
    move = np.random.default_rng(seed).normal(size=6) * 0.3
    placing = Placing(WEDGE, CAMERA, START, 1.0, CHOICES["rotation"])
    placed = placing.place(placing.first + np.concatenate([move, [0, 0]]))
    np.testing.assert_allclose(placed.camera_from_object.matrix, START.step(move).matrix, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_of_the_cost_is_the_derivative_of_the_cost(seed):
    """Through drawing, loss and prior, in double steps that float32 resolves: softras is smooth."""
    priors = {"translation_m": ((0.1, 0.0, 2.0), 0.05), "elevation_deg": (5.0, 3.0)}
    variables = choose(("azimuth", "elevation", "roll", "translation"), CAMERA, priors=priors)
    start = START.step(np.random.default_rng(seed).normal(size=6) * 0.02)
    soft_and_wide = FirstOrder("softras", "squared", knobs={"sigma": 1e-2, "tail": 1e-6})

    def made():
        return Descent(WEDGE, MASK, CAMERA, start, soft_and_wide, variables=variables)

    gradient = made()._gradient()
    numeric = np.zeros(8)
    for i, e in enumerate(np.eye(8)[:6]):
        costs = []
        for sign in (1, -1):
            descent = made()
            descent._x = descent._x + sign * 3e-3 * e
            costs.append(descent._draw().cost)
        numeric[i] = (costs[0] - costs[1]) / 6e-3
    np.testing.assert_allclose(gradient, numeric, rtol=0.02, atol=0.02 * np.abs(numeric).max())


def test_adam_is_torch_s():
    gradients = np.random.default_rng(0).normal(size=(30, 8)) * np.logspace(-6, 3, 8)
    leaf = torch.zeros(8, dtype=torch.float64, requires_grad=True)
    theirs, ours, x = torch.optim.Adam([leaf], lr=0.03), Adam(0.03), np.zeros(8)
    for gradient in gradients:
        leaf.grad = torch.tensor(gradient)
        theirs.step()
        x = x + ours.step(gradient)
    np.testing.assert_allclose(x, leaf.detach().numpy(), rtol=1e-12)


# --- descending -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("approximation", sorted(rrb.APPROXIMATIONS))
def test_every_approximation_with_every_loss_finds_the_way_back(approximation, loss):
    history = descend(WEDGE, MASK, CAMERA, START, replace(QUICK, approximation=approximation, loss=loss))
    assert len(history) == QUICK.steps + 1
    first, last = history[0].camera_from_object, history[-1].camera_from_object
    np.testing.assert_allclose(first.matrix, START.matrix, atol=1e-15)
    assert last.distance(TRUTH)[0] < 0.5 * first.distance(TRUTH)[0]
    assert overlap(covered(last), covered()) > overlap(covered(first), covered()) + 0.04
    assert history[-1].cost < history[0].cost


def test_the_same_bits_every_time_whatever_torch_s_threads():
    settings = FirstOrder("softras", loss="iou", steps=5)
    large = CAMERA.resize(256, 256)  # torch adds up small pictures in one thread anyhow
    mask = covered(camera=large)
    before = torch.get_num_threads()
    try:
        histories = []
        for threads in (1, 2, 2):
            torch.set_num_threads(threads)
            histories.append(descend(WEDGE, mask, large, START, settings))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert same(histories[0], histories[1])
    assert same(histories[1], histories[2])


@pytest.mark.parametrize("kind", ["array", "float32", "tensor"])
def test_mesh_camera_and_pose_may_be_tensors(kind):
    def given(array):
        return {"array": np.array, "float32": np.float32, "tensor": torch.tensor}[kind](array)

    mesh = rrb.Mesh(given(CORNERS), torch.tensor(WEDGE.faces) if kind == "tensor" else WEDGE.faces)
    camera = CAMERA
    if kind == "tensor":
        camera = replace(CAMERA, fx_px=torch.tensor(CAMERA.fx_px, dtype=torch.float64, requires_grad=True))
    start = rrb.Pose(given(START.rotation), given(START.translation))
    settings = replace(QUICK, steps=3)
    last = descend(mesh, given(MASK), camera, start, settings)[-1]
    expected = descend(WEDGE, MASK, CAMERA, START, settings)[-1]
    assert isinstance(last.camera_from_object.rotation, np.ndarray)
    np.testing.assert_allclose(last.camera_from_object.matrix, expected.camera_from_object.matrix, atol=1e-5)


def test_one_learning_rate_fits_metres_and_millimetres():
    settings, large = replace(QUICK, steps=25), WEDGE.transformed(scale=1000.0)
    far = rrb.Pose(START.rotation, 1000 * START.translation)
    metres = descend(WEDGE, MASK, CAMERA, START, settings)[-1].camera_from_object
    millimetres = descend(large, MASK, CAMERA, far, settings)[-1].camera_from_object
    np.testing.assert_allclose(millimetres.rotation, metres.rotation, atol=1e-3)
    np.testing.assert_allclose(millimetres.translation / 1000, metres.translation, atol=1e-3)
    half = WEDGE.transformed(scale=0.5)
    scaled = descend(half, MASK, CAMERA, START, settings, scale=2.0)[-1]
    assert scaled.scale == 2.0
    np.testing.assert_allclose(scaled.camera_from_object.matrix, metres.matrix, atol=1e-3)


def test_what_is_unknown_changes_nothing():
    unknown = np.zeros((48, 48), np.float32)
    unknown[:, 28:] = 0.5
    other = np.where(unknown >= 0.5, 1 - MASK, MASK)
    histories = [descend(WEDGE, mask, CAMERA, START, QUICK, unknown=unknown) for mask in (MASK, other)]
    assert same(*histories)
    assert not same(histories[0], descend(WEDGE, MASK, CAMERA, START, QUICK))
    assert overlap(covered(histories[0][-1].camera_from_object), covered()) > 0.93


def test_the_loop_in_parts_is_the_loop():
    settings = replace(QUICK, steps=5)
    descent = Descent(WEDGE, MASK, CAMERA, START, settings)
    seen = [descent.history[0]]
    while not descent.finished:
        seen.append(descent.step())
    assert same(seen, descend(WEDGE, MASK, CAMERA, START, settings))
    assert seen == descent.history


def test_it_stops_where_the_cost_is_low_enough():
    history = descend(WEDGE, MASK, CAMERA, START, QUICK)
    enough = history[20].cost
    shorter = descend(WEDGE, MASK, CAMERA, START, replace(QUICK, stop_below=enough))
    assert len(shorter) < len(history)
    assert shorter[-1].cost < enough
    assert all(step.cost >= enough for step in shorter[:-1])
    assert same(shorter, history[: len(shorter)])


def test_translation_may_go_first():
    history = descend(WEDGE, MASK, CAMERA, START, replace(QUICK, translation_first=7, steps=10))
    turned = [step.camera_from_object.distance(START)[0] > 1e-9 for step in history]
    moved = [step.camera_from_object.distance(START)[1] > 1e-9 for step in history]
    assert turned == [False] * 8 + [True] * 3
    assert moved == [False] + [True] * 10
    alone = replace(QUICK, translation_first=7, steps=3)
    history = descend(WEDGE, MASK, CAMERA, START, alone, variables=("rotation",))
    assert history[-1].camera_from_object.distance(START)[0] > 1, "nothing to wait for"


def test_last_and_best():
    jumpy = FirstOrder(steps=40, learning_rate=0.1)
    history = descend(WEDGE, MASK, CAMERA, START, jumpy)
    assert answer(history, replace(jumpy, answer="last")) is history[-1]
    best = answer(history, replace(jumpy, answer="best"))
    assert best.cost == min(step.cost for step in history) < history[-1].cost


@pytest.mark.parametrize("approximation", sorted(rrb.APPROXIMATIONS))
def test_a_camera_inside_the_mesh_gives_numbers(approximation):
    inside = rrb.Pose(START.rotation, np.array([0.0, 0.0, 0.1]))
    for step in descend(WEDGE, MASK, CAMERA, inside, replace(QUICK, approximation=approximation, steps=10)):
        assert np.isfinite(step.camera_from_object.matrix).all()
        assert np.isfinite(step.cost)


# --- what moves -----------------------------------------------------------------------------------


def numbers(step):
    """By variable, what of it a state holds."""
    pose = step.camera_from_object
    angles = viewpoint_from_matrix(pose.rotation)
    return dict(
        zip(("azimuth", "elevation", "roll"), angles, strict=True),
        translation=pose.translation,
        scale=step.scale,
        focal_length=step.focal_px,
    )


@pytest.mark.parametrize(
    "names",
    [
        ("azimuth",),
        ("elevation",),
        ("roll",),
        ("azimuth", "elevation"),
        ("translation",),
        ("scale",),
        ("focal_length",),
        ("elevation", "focal_length"),
        ("rotation",),
    ],
    ids="+".join,
)
def test_only_what_is_named_moves(names):
    history = descend(WEDGE, MASK, CAMERA, START, replace(QUICK, steps=4), variables=names)
    first, last = numbers(history[0]), numbers(history[-1])
    free = {"azimuth", "elevation", "roll"} if names == ("rotation",) else set(names)
    for name in first:
        off = np.abs(last[name] - first[name]).max()
        assert off > 1e-3 if name in free else off < 1e-12, name


def test_azimuth_and_elevation_are_found():
    start = rrb.Pose.from_viewpoint(34.0, 9.0, 10.0, distance_m=2.4)
    last = descend(WEDGE, MASK, CAMERA, start, QUICK, variables=("azimuth", "elevation"))[-1]
    view = last.camera_from_object.to_viewpoint()
    assert view.azimuth_deg == pytest.approx(25, abs=0.7)
    assert view.elevation_deg == pytest.approx(15, abs=0.7)


def test_the_focal_length_is_found():
    mask = soft(camera=replace(CAMERA, fx_px=1.15 * CAMERA.fx_px, fy_px=1.15 * CAMERA.fy_px))
    last = descend(WEDGE, mask, CAMERA, TRUTH, QUICK, variables=("focal_length",))[-1]
    assert last.focal_px == pytest.approx(1.15 * CAMERA.fx_px, rel=0.01)


def test_bounds_hold_on_the_way_a_turn_away_too():
    bounds = {"azimuth_deg": (390.0, 400.0), "translation_m": ((-0.02, -1, 2.3), (0.02, 1, 2.6))}
    variables = choose(("rotation", "translation"), CAMERA, bounds=bounds)
    start = rrb.Pose.from_viewpoint(36.0, 9.0, 10.0, distance_m=2.4)
    history = descend(WEDGE, MASK, CAMERA, start, QUICK, variables=variables)
    azimuths = [np.degrees(numbers(step)["azimuth"]) for step in history]
    assert min(azimuths) == pytest.approx(30), "the truth lies at 25"
    assert max(azimuths) < 40 + 1e-9
    assert max(abs(step.camera_from_object.translation[0]) for step in history) <= 0.02


def height_m(step):
    centre = step.camera_from_object.camera_centre_object
    return centre[1] - step.scale * CORNERS[:, 1].min()


TRUE_HEIGHT_M = TRUTH.camera_centre_object[1] - CORNERS[:, 1].min()


@pytest.mark.parametrize(
    "names",
    [("rotation", "translation"), ("rotation", "translation", "scale"), ("scale",)],
    ids="+".join,
)
def test_a_known_camera_height_holds_on_the_way(names):
    variables = choose(names, CAMERA, camera_height_m=TRUE_HEIGHT_M)
    history = descend(WEDGE, MASK, CAMERA, START, QUICK, variables=variables, scale=1.1)
    np.testing.assert_allclose([height_m(step) for step in history], TRUE_HEIGHT_M, rtol=1e-8)


@pytest.mark.parametrize("first_scale", [0.7, 1.4])
def test_scale_and_distance_are_settled_by_the_camera_s_height(first_scale):
    """Slowly: a little steeper and larger draws nearly the same."""
    variables = choose(("rotation", "translation", "scale"), CAMERA, camera_height_m=TRUE_HEIGHT_M)
    long = replace(QUICK, steps=400)
    last = descend(WEDGE, MASK, CAMERA, START, long, variables=variables, scale=first_scale)[-1]
    assert last.scale == pytest.approx(1, abs=0.02)
    assert np.linalg.norm(last.camera_from_object.translation) == pytest.approx(2.4, rel=0.02)


def test_a_known_height_is_a_help():
    """An orthogonal way back onto it: moving the object alone would undo what a rotation won."""
    variables = choose(("rotation", "translation"), CAMERA, camera_height_m=TRUE_HEIGHT_M)
    last = descend(WEDGE, MASK, CAMERA, START, QUICK, variables=variables)[-1].camera_from_object
    free = descend(WEDGE, MASK, CAMERA, START, QUICK)[-1].camera_from_object
    assert last.distance(TRUTH)[0] < 0.3 < free.distance(TRUTH)[0]


@pytest.mark.parametrize("names", [("rotation", "translation"), ("elevation", "translation")], ids="+".join)
def test_the_way_back_to_the_height_is_the_shortest_in_units(names):
    near = choose(names, CAMERA, camera_height_m=TRUE_HEIGHT_M + 1e-4)
    placing = Placing(WEDGE, CAMERA, TRUTH, 1.0, near)
    free = Placing(WEDGE, CAMERA, TRUTH, 1.0, choose(names, CAMERA))
    moved = (placing.first - free.first) / placing.units

    def height(x):
        pose = free.place(x).camera_from_object
        return pose.camera_centre_object[1] - CORNERS[:, 1].min()

    step = 1e-6
    steepest = [height(free.first + step * e) - height(free.first - step * e) for e in np.diag(free.units)]
    steepest = np.where(near.moves, steepest, 0.0)
    np.testing.assert_allclose(moved / np.linalg.norm(moved), steepest / np.linalg.norm(steepest), atol=1e-4)


def test_a_prior_on_an_angle_may_be_a_turn_away():
    here, away = (
        choose(("rotation",), CAMERA, priors={"azimuth_deg": (mean, 0.1), "roll_deg": (mean, 5.0)})
        for mean in (20.0, 380.0)
    )
    histories = [descend(WEDGE, MASK, CAMERA, TRUTH, QUICK, variables=v) for v in (here, away)]
    for one, other in zip(*histories, strict=True):
        assert one.cost == pytest.approx(other.cost, rel=1e-4)
    assert np.degrees(numbers(histories[0][-1])["azimuth"]) == pytest.approx(20, abs=1)


def test_a_prior_counts_as_against_the_sum_of_the_loss():
    weak, strong = (
        choose(("translation",), CAMERA, priors={"translation_m": ((0.0, 0.0, 2.6), sigma)})
        for sigma in (1e3, 1e-4)
    )
    free = descend(WEDGE, MASK, CAMERA, TRUTH, QUICK, variables=("translation",))[-1]
    first, *_, last = descend(WEDGE, MASK, CAMERA, TRUTH, QUICK, variables=weak)
    np.testing.assert_allclose(last.camera_from_object.matrix, free.camera_from_object.matrix, atol=1e-3)
    certain, *_, held = descend(WEDGE, MASK, CAMERA, TRUTH, QUICK, variables=strong)
    np.testing.assert_allclose(held.camera_from_object.translation, (0, 0, 2.6), atol=0.02)
    off = TRUTH.translation - (0, 0, 2.6)
    expected = 0.5 * off @ off * (1e4**2 - 1e-3**2) / MASK.size
    assert certain.cost - first.cost == pytest.approx(expected, rel=1e-6)


# --- settings -------------------------------------------------------------------------------------


def test_the_papers_settings():
    assert (PALAZZI.approximation, PALAZZI.steps) == ("palazzi", 30)
    assert (GRABNER.steps, GRABNER.learning_rate) == (1000, 0.05)
    assert (RRB.approximation, RRB.loss) == ("kato", "huber")
    assert {settings.answer for settings in (RRB, PALAZZI, GRABNER)} == {"last"}


def test_kato_is_read_as_its_authors_wrote_it_unless_told_otherwise():
    settings = replace(QUICK, approximation="kato", steps=5)
    authors = descend(WEDGE, MASK, CAMERA, START, replace(settings, knobs={"per_face": True}))
    assert same(descend(WEDGE, MASK, CAMERA, START, settings), authors)
    assert not same(descend(WEDGE, MASK, CAMERA, START, replace(settings, knobs={})), authors)


def test_delta_is_told_to_the_loss():
    """On hard pictures no delta is felt but in the cost; soft masks do feel it."""
    kato = FirstOrder(steps=8)
    for mask, felt in ((covered(), False), (MASK, True)):
        a, b = (
            descend(WEDGE, mask, CAMERA, START, replace(kato, huber_delta=d))[-1].camera_from_object
            for d in (1.0, 0.2)
        )
        assert (np.abs(a.matrix - b.matrix).max() > 1e-4) == felt


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"approximation": "cato"}, "approximation is 'cato'; one of antialias, kato"),
        ({"loss": "l2"}, "loss is 'l2'; one of huber, squared, iou, cross_entropy is accepted"),
        ({"answer": "first"}, "answer is 'first'; one of last, best"),
        ({"steps": 0}, "steps is 0; a whole number from 1"),
        ({"steps": 3.0}, "steps is 3.0"),
        ({"steps": True}, "steps is True"),
        ({"translation_first": -1}, "translation_first is -1; a whole number from 0"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; a number that is positive"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"huber_delta": -1.0}, "huber_delta is -1.0"),
        ({"stop_below": -1.0}, "stop_below is -1.0; a number that is 0 or more"),
        ({"knobs": 3}, "knobs is 3; names with their values, or None"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_one_sentence(settings, said):
    with pytest.raises(BadInputError, match=said) as caught:
        FirstOrder(**settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mask": MASK[:40]}, "mask is 48x40 but the camera's image is 48x48"),
        ({"mask": 0 * MASK}, "mask is empty"),
        ({"unknown": np.ones((48, 48))}, "unknown hides all"),
        ({"start": rrb.Pose(np.eye(3), np.array([0.0, 0.0, -2.0]))}, "the start lies behind the camera"),
        ({"start": rrb.Pose.identity((2,))}, r"the start holds \(2,\) poses; a single pose"),
        ({"scale": 0.0}, "the scale of the start is 0.0; a positive number"),
        ({"variables": ("position",)}, "'position' is no variable"),
        ({"variables": ("scale", "translation")}, "cannot settle both scale and translation"),
        (
            {"variables": choose(("azimuth",), CAMERA, bounds={"azimuth_deg": (100, 120)})},
            "beyond the bounds on azimuth_deg",
        ),
        (
            {"variables": choose(("scale",), CAMERA, camera_height_m=0.5)},
            "nothing that may move puts the camera 0.5 m above the ground",
        ),
        ({"settings": FirstOrder(knobs={"sigma": 1.0})}, "kato has no knob 'sigma'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_fitted_is_one_sentence(given, said):
    arguments = {"mesh": WEDGE, "mask": MASK, "camera": CAMERA, "start": START, **given}
    with pytest.raises(BadInputError, match=said) as caught:
        descend(**arguments)
    assert "\n" not in str(caught.value)


def test_settings_need_no_torch():
    code = (
        "import sys; from rrb.fitting.first_order import FirstOrder; FirstOrder('softras', 'iou');"
        "print(sorted({'torch', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_the_benchmark_that_chose_the_settings_runs(shared):
    script = Path(__file__).parents[2] / "benchmarks" / "first_order_choice.py"
    done = subprocess.run([sys.executable, script, "--quick"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "rate 0.005, 10 steps, best" in done.stdout
