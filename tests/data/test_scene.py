"""A scene as numbers: it comes back from a file to the last bit."""

import json

import numpy as np
import pytest

from plain_scenes import BLUE, ODD_CAMERA, corner, light, scene_of
from rrb.data import fast
from rrb.data.scene import BACKGROUNDS, Background, Effects, Picture, Scene
from rrb.errors import BadInputError
from rrb.geometry.pose import Pose

FULL = scene_of(
    ("thing", Pose.random(1)),
    ("other", Pose.random(2, translation=(0.3, 0.1, 1 / 3))),
    camera=ODD_CAMERA,
    view=Pose.random(3, translation=(0.0, 0.1, 4.0)),
    lighting=light(0.3, 0.1 + 0.2, (1, 2, -3)),
    background=Background("noise", ((0.1, 0.2, 0.3), (1 / 3, 0.5, 0.7)), -33.3, seed=7),
    effects=Effects(1.1, 0.7, 0.9, 1.2, (0.9, 1.0, 1.1), 0.01, 71, 8),
    ground_m=-1.1,
    ground_colour=(0.1, 0.7, 1 / 7),
    viewpoint="free",
)
BARE = scene_of(background=Background())


@pytest.mark.parametrize("scene", [FULL, BARE], ids=["full", "bare"])
def test_a_scene_comes_back_from_json_to_the_last_bit(scene):
    text = json.dumps(scene.to_json(), allow_nan=False)
    back = Scene.from_json(json.loads(text))
    assert json.dumps(back.to_json(), allow_nan=False) == text
    for name in (
        "key",
        "camera",
        "lighting",
        "background",
        "effects",
        "ground_m",
        "ground_colour",
        "viewpoint",
    ):
        assert getattr(back, name) == getattr(scene, name), name
    assert [o.mesh_id for o in back.objects] == [o.mesh_id for o in scene.objects]
    for k in range(len(scene.objects)):
        np.testing.assert_array_equal(back.pose_of(k).matrix, scene.pose_of(k).matrix)
    hash((back.lighting, back.background, back.effects))  # lists would have come back as lists


def test_a_scene_that_was_read_draws_the_same_picture():
    shapes = {"thing": corner(), "other": corner("other")}
    back = Scene.from_json(json.loads(json.dumps(FULL.to_json())))
    np.testing.assert_array_equal(fast.draw(FULL, shapes).image, fast.draw(back, shapes).image)


def test_its_pose_is_that_of_its_first_object():
    np.testing.assert_array_equal(FULL.camera_from_object.matrix, FULL.pose_of(0).matrix)
    point = np.array([0.1, 0.2, 0.3])
    through_world = FULL.camera_from_world @ (FULL.objects[1].world_from_object @ point)
    np.testing.assert_allclose(FULL.pose_of(1) @ point, through_world, atol=1e-12)


def test_another_format_is_refused():
    with pytest.raises(BadInputError, match=r"format is 'rrb.scene/2'; 'rrb.scene/1' is accepted"):
        Scene.from_json({**FULL.to_json(), "format": "rrb.scene/2"})


def test_an_unknown_background_is_refused():
    with pytest.raises(BadInputError, match="a background is 'sky'; white, plain, gradient, noise, photo"):
        Background("sky")
    assert {Background(kind).kind for kind in BACKGROUNDS} == set(BACKGROUNDS)
    assert BLUE.kind == "plain"


def test_the_mask_of_a_picture_is_its_first_object():
    index = np.array([[-1, 0], [1, 2]], np.int16)
    picture = Picture(np.zeros((2, 2, 3), np.uint8), index, np.ones((2, 2), np.float32))
    np.testing.assert_array_equal(picture.mask, [[0, 1], [0, 0]])
    assert picture.mask.dtype == np.float32
