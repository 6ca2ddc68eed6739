"""What moves in a fit: names, units, order, and that what no fit can mean is refused in one sentence."""

import math
import re

import numpy as np
import pytest

import rrb
from fit_scenes import CAMERA, TRUTH
from rrb.errors import BadInputError
from rrb.fitting.variables import COORDINATES, choose, require_inside

POSE = ("rotation", "translation")
ANGLES = ("azimuth", "elevation", "roll", "translation")
SIZED = (*POSE, "scale")


# --- what is chosen -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "moves", "rows"),
    [
        (POSE, [0, 1, 2, 3, 4, 5], "rotation_x rotation_y rotation_z translation_x translation_y translation_z"),
        (("translation", "rotation"), [0, 1, 2, 3, 4, 5], None),
        (("roll", "azimuth"), [0, 2], "azimuth roll"),
        ("translation", [3, 4, 5], "translation_x translation_y translation_z"),
        (("focal_length", "elevation"), [1, 7], "elevation focal_length"),
        (["scale"], [6], "scale"),
    ],
)  # fmt: skip
def test_names_become_coordinates_and_rows(names, moves, rows):
    chosen = choose(names, CAMERA)
    assert np.flatnonzero(chosen.moves).tolist() == moves
    assert len(chosen.moved) == len(moves)
    if rows is not None:
        assert chosen.moved == tuple(rows.split())
    assert np.isinf(chosen.lower).all()
    assert np.isinf(chosen.upper).all()
    assert not chosen.prior_weight.any()
    assert chosen.camera_height_m is None


def test_the_order_of_names_does_not_matter():
    one = choose(("scale", "translation", "rotation"), CAMERA, camera_height_m=1.0)
    other = choose(("rotation", "translation", "scale"), CAMERA, camera_height_m=1.0)
    assert one.moved == other.moved
    assert one.moved[-1] == "scale"


@pytest.mark.parametrize("names", [POSE, ANGLES])
def test_angles_are_taken_as_angles_where_one_is_named_or_limited(names):
    assert choose(names, CAMERA).angles == (names is ANGLES)
    assert choose(names, CAMERA, bounds={"elevation_deg": (0, 20)}).angles
    assert choose(names, CAMERA, priors={"roll_deg": (0, 5)}).angles
    assert choose(names, CAMERA, bounds={"translation_m": (-9, 9)}).angles == (names is ANGLES)


def test_bounds_are_radians_metres_and_logs():
    chosen = choose(
        (*ANGLES, "scale", "focal_length"),
        CAMERA,
        camera_height_m=1.5,
        bounds={
            "azimuth_deg": (-90, 45),
            "elevation_deg": (-np.inf, 10),
            "translation_m": ((-1, -2, 3), 4),
            "scale": (0.5, 2),
            "focal_px": (CAMERA.fx_px / 3, CAMERA.fx_px * 3),
        },
    )
    lower = [-math.pi / 2, -np.inf, -np.inf, -1, -2, 3, -math.log(2), -math.log(3)]
    upper = [math.pi / 4, math.radians(10), np.inf, 4, 4, 4, math.log(2), math.log(3)]
    np.testing.assert_allclose(chosen.lower, lower, rtol=1e-12)
    np.testing.assert_allclose(chosen.upper, upper, rtol=1e-12)
    assert chosen.camera_height_m == 1.5


def test_priors_are_radians_metres_and_logs():
    """A spread of a logarithm is a relative one."""
    chosen = choose(
        (*ANGLES, "scale", "focal_length"),
        CAMERA,
        priors={
            "elevation_deg": (20, 5),
            "translation_m": ((0, 1, 2), (1, 2, 4)),
            "scale": (3, 0.3),
            "focal_px": (2 * CAMERA.fx_px, 0.02 * CAMERA.fx_px),
        },
    )
    np.testing.assert_allclose(
        chosen.prior_mean, [0, math.radians(20), 0, 0, 1, 2, math.log(3), math.log(2)], rtol=1e-12
    )
    sigma = np.array([np.inf, math.radians(5), np.inf, 1, 2, 4, 0.1, 0.01])
    np.testing.assert_allclose(chosen.prior_weight, 1 / sigma**2, rtol=1e-12)


def test_a_prior_on_the_rotation_is_about_the_start():
    chosen = choose(POSE, CAMERA, priors={"rotation_deg": 5})
    np.testing.assert_allclose(chosen.prior_weight[:3], 1 / math.radians(5) ** 2)
    assert not chosen.prior_mean.any()
    assert not chosen.angles


@pytest.mark.parametrize(
    "known",
    [{"camera_height_m": 1.2}, {"priors": {"scale": (1, 0.1)}}, {"priors": {"translation_m": (1, 0.1)}}],
)
def test_scale_and_translation_move_together_if_something_settles_them(known):
    assert choose(SIZED, CAMERA, **known).moves[:7].all()


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "known", "said"),
    [
        ((), {}, "nothing to move"),
        (("rotation", "size"), {}, "'size' is no variable"),
        ((3,), {}, "3 is no variable"),
        (("rotation", "translation", "rotation"), {}, "name one twice"),
        (("rotation", "azimuth"), {}, "rotation already holds azimuth"),
        (("roll", "rotation", "translation"), {}, "rotation already holds"),
        (SIZED, {}, "cannot settle both scale and translation"),
        (SIZED, {"bounds": {"scale": (0.5, 2)}}, "cannot settle both"),
        (SIZED, {"priors": {"scale": (1, np.inf)}}, "cannot settle both"),
        (("rotation",), {"camera_height_m": 1.0}, "needs translation or scale"),
        (("rotation", "focal_length"), {"camera_height_m": 1.0}, "needs translation or scale"),
        (POSE, {"camera_height_m": 0}, "camera_height_m is 0;"),
        (POSE, {"camera_height_m": -1.5}, "camera_height_m is -1.5"),
        (POSE, {"camera_height_m": np.nan}, "camera_height_m is nan"),
        (POSE, {"camera_height_m": np.inf}, "camera_height_m is inf"),
        (POSE, {"camera_height_m": "1"}, "camera_height_m is '1'"),
        (POSE, {"bounds": {"scale": (1, 2)}}, "bounds hold scale, which does not move"),
        (POSE, {"bounds": {"focal_px": (1, 2)}}, "bounds hold focal_px, which does not move"),
        (("rotation",), {"bounds": {"translation_m": (1, 2)}}, "hold translation_m, which does not move"),
        (("azimuth",), {"bounds": {"elevation_deg": (1, 2)}}, "hold elevation_deg, which does not move"),
        (POSE, {"priors": {"scale": (1, 0.1)}}, "priors hold scale, which does not move"),
        (POSE, {"bounds": {"azimuth": (1, 2)}}, "bounds hold 'azimuth';.*azimuth_deg"),
        (POSE, {"bounds": {"rotation_deg": (1, 2)}}, "bounds hold 'rotation_deg'"),
        (POSE, {"priors": {"translation": (1, 2)}}, "priors hold 'translation'"),
        (POSE, {"bounds": {"azimuth_deg": (20, 10)}}, "bounds on azimuth_deg.*below"),
        (POSE, {"bounds": {"azimuth_deg": (10, 10)}}, "bounds on azimuth_deg.*below"),
        (POSE, {"bounds": {"translation_m": ((0, 0, 3), (1, 1, 2))}}, "bounds on translation_m.*below"),
        (POSE, {"bounds": {"azimuth_deg": 10}}, "bounds of azimuth_deg are 10; two numbers"),
        (POSE, {"bounds": {"azimuth_deg": (1, 2, 3)}}, "two numbers"),
        (POSE, {"bounds": {"azimuth_deg": (np.nan, 2)}}, "two numbers"),
        (POSE, {"bounds": {"azimuth_deg": "ab"}}, "two numbers"),
        (POSE, {"bounds": {"translation_m": ((1, 2), (3, 4))}}, "triples of numbers"),
        (POSE, {"priors": {"translation_m": ((0, 0, np.nan), 1)}}, "triples of numbers"),
        (("scale",), {"bounds": {"scale": (0, 2)}}, "limit on scale is 0; positive"),
        (("scale",), {"priors": {"scale": (-1, 2)}}, "limit on scale is -1; positive"),
        (("focal_length",), {"bounds": {"focal_px": (-5, 2)}}, "limit on focal_px is -5; positive"),
        (ANGLES, {"priors": {"roll_deg": (0, 0)}}, "prior on roll_deg.*positive standard deviation"),
        (ANGLES, {"priors": {"roll_deg": (0, -3)}}, "positive standard deviation"),
        (POSE, {"priors": {"translation_m": (0, (1, 1, 0))}}, "positive standard deviation"),
        (POSE, {"priors": {"rotation_deg": 0}}, "prior on rotation_deg is 0"),
        (POSE, {"priors": {"rotation_deg": (0, 5)}}, "prior on rotation_deg"),
        (POSE, {"priors": {"rotation_deg": np.nan}}, "prior on rotation_deg is nan"),
        (ANGLES, {"priors": {"rotation_deg": 5}}, "rotation_deg needs the variable rotation"),
        (("translation",), {"priors": {"rotation_deg": 5}}, "rotation_deg needs the variable rotation"),
        (POSE, {"priors": {"rotation_deg": 5}, "bounds": {"roll_deg": (0, 1)}}, "without bounds on angles"),
        (POSE, {"priors": {"rotation_deg": 5, "roll_deg": (0, 1)}}, "cannot both be limited"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(names, known, said):
    with pytest.raises(BadInputError, match=said) as caught:
        choose(names, CAMERA, **known)
    text = str(caught.value)
    assert "\n" not in text
    assert not text.endswith(".")
    assert len(text) < 250


def test_what_is_accepted_is_said():
    with pytest.raises(BadInputError) as caught:
        choose(("size",), CAMERA)
    assert all(re.search(rf"\b{name}\b", str(caught.value)) for name in COORDINATES)


# --- starts and bounds ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "pose", "inside"),
    [
        ({"azimuth_deg": (20, 40)}, TRUTH, True),
        ({"azimuth_deg": (30, 40)}, TRUTH, True),  # on the bound, to rounding
        ({"azimuth_deg": (31, 40)}, TRUTH, False),
        ({"azimuth_deg": (380, 400)}, TRUTH, True),
        ({"azimuth_deg": (-340, -320)}, TRUTH, True),
        ({"azimuth_deg": (170, 190)}, rrb.Pose.from_viewpoint(-175, 20, 10, distance_m=2.8), True),
        ({"roll_deg": (350, 375)}, TRUTH, True),
        ({"elevation_deg": (-np.inf, 19)}, TRUTH, False),
        ({"elevation_deg": (-np.inf, 21)}, TRUTH, True),
        ({"translation_m": ((-1, -1, 2), (1, 1, 3))}, TRUTH, True),
        ({"translation_m": ((-1, -1, 2), (1, 1, 2.7))}, TRUTH, False),
    ],
)
def test_a_start_beyond_its_bounds_is_refused(bounds, pose, inside):
    variables = choose(POSE, CAMERA, bounds=bounds)
    if inside:
        require_inside(variables, pose, 1.0)
        return
    with pytest.raises(BadInputError, match=f"beyond the bounds on {next(iter(bounds))}"):
        require_inside(variables, pose, 1.0)


def test_a_scale_beyond_its_bounds_is_refused():
    variables = choose(("scale",), CAMERA, bounds={"scale": (0.5, 2)})
    require_inside(variables, TRUTH, 2.0)
    for scale in (0.49, 2.01):
        with pytest.raises(BadInputError, match="beyond the bounds on scale"):
            require_inside(variables, TRUTH, scale)
