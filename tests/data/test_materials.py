"""Materials: what is accepted, what comes back from a file, what chance makes."""

import json

import numpy as np
import pytest

from rrb.data import materials
from rrb.data.materials import PATTERNS, Material
from rrb.errors import BadInputError

MAKERS = {
    name: getattr(materials, name)
    for name in ("wood", "fabric", "leather", "plastic", "paint", "metal", "glass", "rubber", "lamp")
}
each_maker = pytest.mark.parametrize("name", MAKERS)


def made(name, count=60):
    return [MAKERS[name](np.random.default_rng(seed)) for seed in range(count)]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_material_comes_back_from_json(pattern):
    given = Material("wood", (0.1, 1 / 3, 1.0), (0.0, 0.5, 0.25), pattern, 0.013, 2, 0.35, 1.0, 77)
    text = json.dumps(given.to_json(), allow_nan=False)
    assert Material.from_json(json.loads(text)) == given
    assert isinstance(Material.from_json(json.loads(text)).colour, tuple)


def test_what_json_leaves_out_is_as_by_default():
    assert Material.from_json({"name": "chalk", "colour": [1, 1, 1]}) == Material("chalk", (1.0, 1.0, 1.0))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"pattern": "dots"},
            "a pattern is 'dots'; plain, stripes, checks, grain, weave, speckle are accepted",
        ),
        ({"axis": 3}, "a pattern has axis 3 and period 0.05 m; 0 to 2 and a positive one are accepted"),
        ({"period_m": 0.0}, "a pattern has axis 0 and period 0.0 m"),
        ({"period_m": -1.0}, "period -1.0 m"),
        ({"period_m": float("nan")}, "period nan m"),
        ({"period_m": float("inf")}, "period inf m"),
        ({"colour": (0.0, 0.0)}, r"a colour is \(0.0, 0.0\); three numbers from 0 to 1 are accepted"),
        ({"colour": (0.0, 0.0, 1.1)}, "a colour is .*; three numbers from 0 to 1"),
        ({"colour": (0.0, float("nan"), 1.0)}, "a colour is .*nan.*; three numbers from 0 to 1"),
        ({"second": (-0.1, 0.0, 0.0)}, "a second is .*; three numbers from 0 to 1"),
        ({"roughness": 1.01}, "roughness is 1.01; 0 to 1 is accepted"),
        ({"metallic": -0.01}, "metallic is -0.01; 0 to 1 is accepted"),
        ({"roughness": float("nan")}, "roughness is nan; 0 to 1 is accepted"),
    ],
)
def test_what_no_surface_has_is_refused(change, sentence):
    with pytest.raises(BadInputError, match=sentence):
        Material(**{"name": "chalk", "colour": (1.0, 1.0, 1.0), **change})


@pytest.mark.parametrize(
    "data", [{"name": "x"}, {"colour": [0, 0, 0]}, {"name": "x", "colour": [0, 0, 0], "gloss": 1}]
)
def test_json_that_is_no_material_is_refused(data):
    with pytest.raises(
        BadInputError, match=r"a material holds .*; name, colour and what it adds are accepted"
    ):
        Material.from_json(data)


# --- by chance --------------------------------------------------------------------------------------


@each_maker
def test_the_same_random_numbers_give_the_same_material(name):
    assert made(name, 5) == made(name, 5)
    assert len(set(made(name))) > 40


@each_maker
def test_numbers_are_cut_and_plain(name):
    """So that a description is the same wherever it is made."""
    for material in made(name):
        assert material.name == name
        numbers = [*material.colour, *material.second, material.roughness]
        assert all(type(n) is float and n == round(n, 3) for n in numbers)
        assert material.period_m == round(material.period_m, 4)
        assert type(material.axis) is int
        assert type(material.seed) is int
        json.dumps(material.to_json(), allow_nan=False)


def test_wood_has_its_grain_along_the_axis_asked_for():
    for axis in range(3):
        woods = [materials.wood(np.random.default_rng(seed), axis) for seed in range(40)]
        grained = [w for w in woods if w.pattern == "grain"]
        assert 20 < len(grained) < 40
        assert {w.axis for w in grained} == {axis}


def test_surfaces_are_as_rough_as_what_they_are():
    def roughest(name):
        return max(m.roughness for m in made(name))

    def smoothest(name):
        return min(m.roughness for m in made(name))

    assert roughest("glass") <= 0.1
    assert roughest("paint") < smoothest("fabric")
    assert {m.metallic for m in made("metal")} == {0.0, 1.0}
    assert all(m.metallic == 0 for name in MAKERS if name != "metal" for m in made(name))
    assert max(max(m.colour) for m in made("rubber")) <= 0.1
    assert {m.pattern for m in made("fabric")} >= {"plain", "weave", "stripes", "checks", "speckle"}


def test_colours_are_all_of_the_rainbow_and_greys():
    colours = np.array([m.colour for m in made("plastic", 200)])
    spread = np.ptp(colours, axis=1)
    assert 0.2 < (spread < 0.09).mean() < 0.8
    strongest = colours[spread > 0.3].argmax(1)
    assert set(strongest) == {0, 1, 2}
    assert materials.lamp(np.random.default_rng(0), (0.8, 0.1, 0.1)).colour == (0.8, 0.1, 0.1)
