"""Samples with any of the optional fields, and whether two are the same; for the tests of what is stored."""

import numpy as np
from hypothesis import strategies as st

from rrb.data.sample import OccupancyPoints, Sample
from rrb.data.shape import Turns
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.geometry.voxels import Voxels

ARRAYS = ("image", "mask", "unknown", "depth_m")
FACTS = (
    "key", "category", "mesh_id", "camera", "scale", "box_px", "extents_m", "camera_height_m", "turns", "split",
    "source", "style", "about",
)  # fmt: skip


def plain_sample(number: int, *, size=(24, 32), prefix="s", mesh_id=None, **more) -> Sample:
    """Something smooth with a disk in it, different for each number; image, mask, camera and pose."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    wave = np.sin(x / (3 + number % 5))[..., None] * np.cos(y / 4 + number)[..., None] * [1.0, 0.8, 0.5]
    mask = (x - width / 2) ** 2 + (y - height / 2) ** 2 < (4 + number % 8) ** 2
    fields = {
        "key": f"{prefix}-{number:05d}",
        "image": np.uint8(127 + 100 * wave),
        "category": "chair",
        "mesh_id": f"chair-{number // 4:03d}" if mesh_id is None else mesh_id,
        "mask": mask.astype(np.float32),
        "camera": Camera.from_fov(50, width=width, height=height),
        "camera_from_object": Pose.random(number, translation=(0.1, -0.2, 2.0 + number)),
    }
    return Sample(**{**fields, **more})


NUMBERS = st.floats(-1e6, 1e6)
POSITIVE = st.floats(1e-3, 1e3)
TEXT = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def samples(draw):
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (height, width)

    def maybe(strategy):
        return draw(st.none() | strategy)

    return Sample(
        key=draw(st.text("abcXYZ019-_", min_size=1, max_size=20)),
        image=random.integers(0, 256, (*shape, 3)).astype(np.uint8),
        category=draw(TEXT),
        mesh_id=draw(st.sampled_from(["", "chair-0001"])),
        mask=maybe(st.sampled_from([_hard(random, shape), _soft(random, shape)])),
        unknown=maybe(st.just(random.random(shape) < 0.5)),
        camera=maybe(
            st.builds(Camera, POSITIVE, POSITIVE, NUMBERS, NUMBERS, st.just(width), st.just(height))
        ),
        camera_from_object=maybe(
            st.builds(lambda s, t: Pose.random(s, (), t), st.integers(0, 99), st.tuples(*[NUMBERS] * 3))
        ),
        scale=draw(POSITIVE),
        depth_m=maybe(POSITIVE.map(lambda far: _depth(random, shape, far))),
        points=maybe(POSITIVE.map(lambda size: _points(random, size))),
        voxels=maybe(st.sampled_from([_voxels(random, bool), _voxels(random, np.float32)])),
        box_px=maybe(st.tuples(*[NUMBERS] * 4)),
        extents_m=maybe(st.tuples(*[POSITIVE] * 3)),
        camera_height_m=maybe(NUMBERS),
        turns=Turns(draw(st.integers(0, 6))),
        split=maybe(st.sampled_from(["train", "val", "test"])),
        source=draw(TEXT),
        style=draw(st.dictionaries(TEXT, TEXT, max_size=3)),
        about=draw(st.dictionaries(TEXT, JSON, max_size=3)),
    )


def _hard(random, shape):
    return (random.random(shape) < 0.5).astype(np.float32)


def _soft(random, shape):
    return random.random(shape).astype(np.float32)


def _depth(random, shape, far):
    return (random.random(shape) * (random.random(shape) < 0.7) * far).astype(np.float32)


def _points(random, size):
    count = int(random.integers(0, 20))
    points = (size * random.normal(size=(count, 3))).astype(np.float32)
    return OccupancyPoints(points, random.random(count) < 0.5, random.random(count) < 0.5)


def _voxels(random, kind):
    shape = tuple(random.integers(1, 6, 3))
    values = random.random(shape)
    return Voxels(
        values < 0.5 if kind is bool else values.astype(kind), random.normal(size=3), 0.1 + random.random()
    )


def assert_same_facts(one: Sample, other: Sample) -> None:
    """All that is no array, to the last bit."""
    for name in FACTS:
        assert getattr(one, name) == getattr(other, name), name
    a, b = one.camera_from_object, other.camera_from_object
    assert (a is None) == (b is None)
    if a is not None:
        assert np.array_equal(a.rotation, b.rotation)
        assert np.array_equal(a.translation, b.translation)


def assert_same(one: Sample, other: Sample) -> None:
    """Equal in every field but the mesh."""
    assert_same_facts(one, other)
    for name in ARRAYS:
        assert_equal(getattr(one, name), getattr(other, name), name)
    for whole, parts in (
        ("points", ("points", "inside", "near_surface")),
        ("voxels", ("occupancy", "origin")),
    ):
        a, b = getattr(one, whole), getattr(other, whole)
        assert (a is None) == (b is None), whole
        for part in parts if a is not None else ():
            assert_equal(getattr(a, part), getattr(b, part), part)
    if one.voxels is not None:
        assert one.voxels.voxel_size_m == other.voxels.voxel_size_m


def assert_equal(a, b, name: str) -> None:
    assert (a is None) == (b is None), name
    if a is not None:
        assert a.dtype == b.dtype, name
        assert np.array_equal(a, b), name
