"""Scenes by chance: the same anywhere, each choice on its own, what stands around stands where it should."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

from plain_scenes import corner, shape_of
from rrb.data import fast
from rrb.data.blockers import blocker
from rrb.data.effects import developed
from rrb.data.scene import Background, Effects, Scene
from rrb.data.scenes import DECIMALS, Variety, alone, lighting_indoors, random_scene, rounded
from rrb.data.viewpoints import VIEWPOINTS
from rrb.errors import BadInputError
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box, cylinder
from rrb.raster.lighting import SphericalHarmonics

THING = corner()
LONG = shape_of(box((0.9, 0.3, 4.2)), "long")
NEIGHBOURS = [shape_of(cylinder(0.4, 1.1), "can"), LONG]
SHAPES = {s.mesh_id: s for s in (THING, *NEIGHBOURS)}
BLOCKERS = {
    s.mesh_id: [blocker(f"blocker-{s.mesh_id}-{k}", s.extent, np.random.default_rng(k)) for k in range(6)]
    for s in (THING, LONG)
}
SHAPES |= {b.mesh_id: b for blockers in BLOCKERS.values() for b in blockers}
SMALL = {"size": (32, 40)}


def scenes(count, shape=THING, folder=None, seed=0, **variety):
    made = Variety(**{**SMALL, **variety})
    for number in range(count):
        random = np.random.default_rng([seed, number])
        yield random_scene(f"s-{number}", shape, random, made, BLOCKERS[shape.mesh_id], NEIGHBOURS, folder)


def without(scene: Scene, *names):
    data = scene.to_json()
    return {key: value for key, value in data.items() if key not in names}


def numbers(value):
    """All of a JSON value."""
    if isinstance(value, dict):
        return [n for held in value.values() for n in numbers(held)]
    if isinstance(value, list | tuple):
        return [n for held in value for n in numbers(held)]
    return [value] if isinstance(value, int | float) else []


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    for number in range(3):
        grey = np.full((30, 40, 3), 60 * number, np.uint8)
        Image.fromarray(grey).save(folder / f"{number}.png")
    return folder


# --- the same anywhere ------------------------------------------------------------------------------

_DIGESTS = """
import hashlib, json, sys, numpy as np
sys.path.insert(0, {tests!r})
from plain_scenes import corner
from rrb.data.scenes import Variety, random_scene
thing, other = corner(), corner("other")
for number in reversed(range(12)):
    random = np.random.default_rng([5, number])
    scene = random_scene(f"s-{{number}}", thing, random, Variety(occluded=0.5, beside=0.5), [other], [other])
    print(number, hashlib.sha256(json.dumps(scene.to_json()).encode()).hexdigest())
"""


def test_the_same_seed_gives_the_same_scene_in_another_process_and_order(request):
    code = _DIGESTS.format(tests=str(request.config.rootpath / "tests"))
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    told = dict(line.split() for line in out.splitlines())
    other = corner("other")
    for number in range(12):
        random = np.random.default_rng([5, number])
        variety = Variety(occluded=0.5, beside=0.5)
        scene = random_scene(f"s-{number}", THING, random, variety, [other], [other])
        assert told[str(number)] == hashlib.sha256(json.dumps(scene.to_json()).encode()).hexdigest()
    assert len(set(told.values())) == 12


def test_every_number_of_a_scene_is_cut():
    for scene in scenes(30, occluded=0.5, beside=0.5):
        held = numbers(scene.to_json())
        assert len(held) > 80
        assert all(value == round(value, DECIMALS) and str(value) != "-0.0" for value in held)
        again = Scene.from_json(json.loads(json.dumps(scene.to_json())))
        assert again.to_json() == scene.to_json()


def test_cutting_numbers_leaves_whole_ones_and_words():
    assert rounded(((1 / 3, -1e-12), "x", 7, None, True, 2**40)) == (
        (0.333333333, 0.0),
        "x",
        7,
        None,
        True,
        2**40,
    )
    assert rounded(Background("plain", ((1 / 3,) * 3,) * 2, seed=5)) == Background(
        "plain", ((0.333333333,) * 3,) * 2, seed=5
    )
    assert str(rounded(-1e-12)) == "0.0"
    cut = rounded(Pose.from_euler_zyx(10.0, 20.0, 30.0, [1 / 3, 0.0, 1.0]))
    assert np.array_equal(cut.rotation, np.round(cut.rotation, 9))
    assert cut.translation.tolist() == [0.333333333, 0.0, 1.0]


# --- each choice on its own -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "touches"),
    [
        ({"occluded": 1.0}, {"objects"}),
        ({"beside": 1.0}, {"objects"}),
        ({"effects": False}, {"effects"}),
        ({"ground": 0.0}, {"ground_m", "ground_colour"}),
        ({"white": 1.0}, {"background", "ground_colour"}),
        ({"photos": 0.0}, {"background"}),
    ],
)
def test_a_share_changes_nothing_else(photos, change, touches):
    before = list(scenes(40, folder=photos, occluded=0.0, beside=0.0))
    after = list(scenes(40, folder=photos, **{"occluded": 0.0, "beside": 0.0, **change}))
    for one, other in zip(before, after, strict=True):
        assert without(one, *touches) == without(other, *touches)
    changed = sum(one.to_json() != other.to_json() for one, other in zip(before, after, strict=True))
    assert changed > 10


def test_whether_a_thing_hides_does_not_move_what_stands_beside():
    both = scenes(20, occluded=1.0, beside=1.0)
    one = scenes(20, occluded=0.0, beside=1.0)
    for first, second in zip(both, one, strict=True):
        beside = [o for o in first.objects[1:] if not o.mesh_id.startswith("blocker")]
        assert [o.mesh_id for o in beside] == [o.mesh_id for o in second.objects[1:]]
        for a, b in zip(beside, second.objects[1:], strict=True):
            np.testing.assert_array_equal(a.world_from_object.matrix, b.world_from_object.matrix)


def test_photographs_change_the_background_alone(photos):
    for one, other in zip(scenes(20, folder=photos), scenes(20), strict=True):
        assert without(one, "background") == without(other, "background")
        assert other.background.kind != "photo"


def test_choices_come_as_often_as_they_are_told(photos):
    made = list(scenes(500, folder=photos, occluded=0.3, beside=0.4, white=0.25))

    def share(found):
        return np.mean([bool(f) for f in found])

    assert share(s.background.kind == "white" for s in made) == pytest.approx(0.25, abs=0.06)
    photo = share(s.background.kind == "photo" for s in made if s.background.kind != "white")
    assert photo == pytest.approx(0.6, abs=0.08)
    for name in VIEWPOINTS:
        assert share(s.viewpoint == name for s in made) == pytest.approx(0.25, abs=0.06)
    hidden = share(any(o.mesh_id.startswith("blocker") for o in s.objects) for s in made)
    assert 0.2 < hidden < 0.36  # where there is no room before the camera nothing hides
    beside = share(any(o.mesh_id in ("can", "long") for o in s.objects) for s in made)
    assert 0.2 < beside < 0.46
    choy = [s for s in made if s.viewpoint == "choy"]  # always above the ground
    assert share(s.ground_m is not None for s in choy) == pytest.approx(0.6, abs=0.13)
    assert {s.background.photo for s in made} == {"", "0.png", "1.png", "2.png"}
    assert not any(s.ground_m is not None for s in made if s.viewpoint == "free")


# --- what is in a scene -----------------------------------------------------------------------------


def test_the_first_object_is_the_one_asked_for_and_stands_in_the_middle_of_the_world():
    for scene in scenes(20, occluded=1.0, beside=1.0):
        assert scene.objects[0].mesh_id == "thing"
        np.testing.assert_array_equal(scene.objects[0].world_from_object.matrix, np.eye(4))
        assert alone(scene).objects == scene.objects[:1]
        assert without(alone(scene), "objects") == without(scene, "objects")


@pytest.mark.parametrize("shape", [THING, LONG], ids=["corner", "long"])
def test_what_hides_the_object_stands_between_it_and_the_camera(shape):
    hidden = []
    for scene in scenes(250, shape, occluded=1.0, beside=0.0):
        for placed in scene.objects[1:]:
            centre = scene.camera_from_object.camera_centre_object
            towards = centre / np.linalg.norm(centre)
            mine = shape.mesh.vertices @ towards
            theirs = placed.world_from_object.apply(SHAPES[placed.mesh_id].mesh.vertices) @ towards
            assert mine.max() <= theirs.min() + 1e-6
            assert theirs.max() < np.linalg.norm(centre)
            if scene.viewpoint != "free":
                lowest = placed.world_from_object.apply(SHAPES[placed.mesh_id].mesh.vertices)[:, 1].min()
                assert lowest >= shape.floor - 2e-6  # not sunk into the ground
            hidden.append(1 - fast.visible_share(scene, SHAPES))
    assert len(hidden) > 160
    assert np.mean(np.array(hidden) > 0) > 0.7
    assert np.median(hidden) > 0.08


@pytest.mark.parametrize("shape", [THING, LONG], ids=["corner", "long"])
def test_neighbours_stand_on_the_same_ground_beside_the_object(shape):
    found = 0
    for scene in scenes(60, shape, occluded=0.0, beside=1.0):
        centre = scene.camera_from_object.camera_centre_object[[0, 2]]
        for placed in scene.objects[1:]:
            found += 1
            mesh, pose = SHAPES[placed.mesh_id].mesh, placed.world_from_object
            points = pose.apply(mesh.vertices)
            assert points[:, 1].min() == pytest.approx(shape.mesh.vertices[:, 1].min(), abs=2e-6)
            np.testing.assert_allclose(pose.rotation[1], [0, 1, 0], atol=1e-8)  # upright
            middle = pose.translation[[0, 2]]
            own = np.linalg.norm(shape.mesh.vertices[:, [0, 2]], axis=1).max()
            other = np.linalg.norm(points[:, [0, 2]] - middle, axis=1).max()
            distance = np.linalg.norm(middle)
            assert distance >= own + other - 1e-6
            # Beside it or behind: at most 20 degrees in front of the line across the view.
            towards = middle @ centre / (distance * np.linalg.norm(centre))
            assert towards < np.sin(np.radians(20))
    assert found > 30


def test_every_scene_can_be_drawn_and_shows_its_object():
    drawn = 0
    for scene in scenes(60, occluded=0.3, beside=0.3):
        picture = fast.draw(alone(scene), SHAPES)
        assert picture.mask.sum() > 5
        assert np.ptp(picture.image) > 0
        drawn += fast.draw(scene, SHAPES).object_index.max() > 0
    assert drawn > 5


def test_the_ground_lies_below_the_object_and_the_camera():
    grounds = 0
    for scene in scenes(60):
        if scene.ground_m is None:
            assert scene.ground_colour is None
            continue
        grounds += 1
        assert scene.ground_m == pytest.approx(THING.mesh.vertices[:, 1].min(), abs=2e-6)
        assert scene.camera_from_object.camera_centre_object[1] > scene.ground_m
        assert scene.background.kind != "white" or scene.ground_colour is None
    assert 10 < grounds < 50


def test_light_is_neither_dark_nor_blinding():
    random = np.random.default_rng(0)
    lights = [(s.lighting, s.viewpoint != "free") for s in scenes(80)]
    lights += [(lighting_indoors(random), True) for _ in range(20)]
    for held, upright in lights:
        towards = np.array(held.towards_sun)
        assert np.linalg.norm(towards) == pytest.approx(1, abs=1e-8)
        if upright:
            assert towards[1] >= np.sin(np.radians(15)) - 1e-9
        assert min(held.sun) >= 0
        brightness = SphericalHarmonics(np.array(held.sky))(
            np.random.default_rng(1).normal(size=(200, 3)) * 0.57
        )
        assert 0.15 < brightness.mean() < 1
        assert brightness.mean() + max(held.sun) < 1.6


def test_without_effects_a_picture_is_as_it_was_drawn():
    linear = np.random.default_rng(0).random((8, 9, 3), np.float32)
    plain = developed(linear, Effects())
    for scene in scenes(5, effects=False):
        np.testing.assert_array_equal(developed(linear, scene.effects), plain)


# --- refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"size": (8, 128)}, "the size is 128x8; 16 to 4096 pixels a side are accepted"),
        ({"size": (128, 5000)}, "the size is 5000x128; 16 to 4096"),
        ({"viewpoints": ("choy", "moon")}, "some of choy, pascal, street, free are accepted"),
        ({"viewpoints": ()}, "some of choy, pascal, street, free are accepted"),
        ({"white": 1.5}, "white is 1.5; a share from 0 to 1 is accepted"),
        ({"beside": -0.1}, "beside is -0.1; a share from 0 to 1 is accepted"),
        ({"occluded": float("nan")}, "occluded is nan; a share from 0 to 1 is accepted"),
        ({"ground": 2}, "ground is 2; a share from 0 to 1 is accepted"),
    ],
)
def test_what_makes_no_sense_is_refused(given, sentence):
    with pytest.raises(BadInputError, match=sentence.replace("(", r"\(")):
        Variety(**given)
