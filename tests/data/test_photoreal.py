"""Blender's pictures against our own geometry and light, and what happens when Blender breaks down."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rrb.data import fast
from rrb.data._blender_process import BlenderProcess
from rrb.data._shape_files import ShapeFiles
from rrb.data.materials import Material
from rrb.data.photoreal import PYTHON_VARIABLE, Failure, Photoreal, photoreal_python
from rrb.data.scene import Background, Lighting, Placed, Scene
from rrb.data.shape import Shape
from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box, cylinder, icosphere, torus
from rrb.raster.fragments import rasterize
from rrb.raster.lighting import spherical_harmonics
from rrb.raster.reference import area_sampled_silhouette
from rrb.raster.texture import linear_from_srgb

WHITE = Material("chalk", (1.0, 1.0, 1.0), roughness=1.0)
DARK = (np.sqrt(4 * np.pi),) * 3  # the first coefficient of a sky of brightness 1
EVEN = Lighting(sky=(DARK, *[(0.0, 0.0, 0.0)] * 8), towards_sun=(0.0, 1.0, 0.0), sun=(0.0, 0.0, 0.0))


def found() -> bool:
    try:
        photoreal_python()
    except BadInputError:
        return False
    return True


needs_blender = pytest.mark.skipif(
    not found(), reason="no environment of Blender: `make photoreal` builds it"
)


@pytest.fixture(scope="module")
def blender():
    with Photoreal(samples=4) as running:
        yield running


@pytest.fixture(scope="module")
def patient():
    """With so many samples that noise is out of the way."""
    with Photoreal(samples=32) as running:
        yield running


def drawn(blender, scene, shapes, photos=None):
    (picture,) = blender.draw([(scene, shapes, photos)])
    assert not isinstance(picture, Failure), picture
    return picture


# --- things to draw ---------------------------------------------------------------------------------


def shaped(mesh_id: str, *pieces: Mesh, materials: tuple[Material, ...] | None = None) -> Shape:
    """Each piece is a part."""
    whole = Mesh.concatenated(list(pieces))
    part = np.repeat(np.arange(len(pieces)), [len(piece.faces) for piece in pieces])
    names = tuple(f"part{k}" for k in range(len(pieces)))
    return Shape(mesh_id, "toy", whole, part, names, materials or (WHITE,) * len(pieces))


def moved(mesh: Mesh, *offset: float) -> Mesh:
    return mesh.with_vertices(mesh.vertices + np.array(offset))


def toy(seed: int = 0) -> Shape:
    """Nothing in it looks the same from another side: a block, a rod, a ball and a ring."""
    random = np.random.default_rng(seed)
    kinds = ("plain", "stripes", "checks", "grain", "weave", "speckle")
    materials = tuple(
        Material(
            "paint", tuple(random.uniform(0, 1, 3)), tuple(random.uniform(0, 1, 3)), kinds[(seed + k) % 6],
            0.07, k % 3, float(random.uniform(0.1, 1)), float(k == 1), seed,
        )
        for k in range(4)
    )  # fmt: skip
    pieces = (
        box(random.uniform(0.2, 0.6, 3)),
        moved(cylinder(0.06, 0.7), 0.3, 0.2, -0.1),
        moved(icosphere(3, 0.18), -0.3, 0.25, 0.15),
        moved(torus(0.2, 0.05), 0.0, -0.2, -0.3),
    )
    return shaped(f"toy-{seed}", *pieces, materials=materials)


def pictured(key: str, camera: Camera, pose: Pose, *shapes: Shape, light: Lighting = EVEN, **more) -> Scene:
    placed = tuple(Placed(shape.mesh_id, Pose.identity()) for shape in shapes)
    return Scene(key, camera, pose, placed, light, **more)


def viewed(azimuth_deg: float, elevation_deg: float, roll_deg: float, distance_m: float) -> Pose:
    return Pose.from_viewpoint(azimuth_deg, elevation_deg, roll_deg, distance_m=distance_m)


CAMERAS = {
    "plain": Camera(150.0, 150.0, 64.0, 64.0, 128, 128),
    "off-centre": Camera(150.0, 150.0, 41.3, 80.9, 128, 128),
    "oblong pixels": Camera(120.0, 190.0, 70.0, 60.0, 128, 128),
    "oblong the other way, wide": Camera(230.0, 140.0, 100.2, 30.4, 192, 96),
    "tall": Camera(140.0, 150.0, 40.0, 120.7, 90, 200),
    "a window beside the lens": Camera(400.0, 410.0, -60.0, 190.0, 140, 110),
}


def aimed(camera: Camera, pose: Pose, row: float = 0.5, column: float = 0.5) -> Pose:
    """The object moved along the picture to that share of its height and width, its depth and turn kept."""
    target = np.array([column * camera.width_px, row * camera.height_px])
    return Pose(pose.rotation, camera.unproject(target, pose.translation[2]))


def iou(a, b) -> float:
    return float((a & b).sum() / (a | b).sum())


def around(values):
    """(9, H, W): each pixel with its eight neighbours; the picture's border wraps."""
    shifts = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return np.stack([np.roll(values, shift, (0, 1)) for shift in shifts])


def linear(image):
    return linear_from_srgb(image / 255.0)


# --- one geometry -----------------------------------------------------------------------------------


@needs_blender
@pytest.mark.parametrize("angles", [(0, 10, 0), (140, 35, 25), (-70, -40, -160)])
@pytest.mark.parametrize("name", CAMERAS)
def test_blender_sees_what_our_camera_sees(blender, name, angles):
    camera, shape = CAMERAS[name], toy(1)
    pose = aimed(camera, viewed(*angles, distance_m=2.2), 0.45, 0.55)
    picture = drawn(blender, pictured("same", camera, pose, shape), {shape.mesh_id: shape})
    mask, size, faces = picture.mask > 0, picture.mask.shape, shape.mesh.faces
    vertices_px = camera.project(pose.apply(shape.mesh.vertices))

    def reference(moved_px=(0.0, 0.0)):
        return area_sampled_silhouette(vertices_px + [*moved_px, 0.0], faces, size, samples=1) > 0.5

    assert mask.sum() > 500
    assert iou(mask, reference()) >= 0.999
    for wrong in ((0.5, 0.0), (-0.5, 0.0), (0.0, 0.5), (0.0, -0.5)):  # this would see it
        assert iou(mask, reference(wrong)) < 0.995
    assert iou(mask[:, ::-1], reference()) < 0.9
    fragments = rasterize(vertices_px, faces, size)
    assert iou(mask, fragments.covered) >= 0.999
    depth = np.divide(1.0, fragments.inverse_depth, where=fragments.covered, out=np.zeros(size))
    # Where a neighbour is much nearer, the edge between them may pass the pixel's centre on either side.
    smooth = around(mask & fragments.covered).all(0) & (around(depth).max(0) < 1.03 * around(depth).min(0))
    assert smooth.sum() > 0.5 * mask.sum()
    assert np.abs(picture.depth_m[smooth] / depth[smooth] - 1).max() < 1e-4
    assert (picture.depth_m[~mask] == 0).all()


@needs_blender
def test_which_object_is_seen_where(blender):
    """Two of the same shape and another one, each with its own pose in a world far from 0; a ground is nothing."""
    shape, other, camera = toy(2), toy(3), Camera.from_fov(60, width=160, height=120)
    far = np.array([300.0, 20.0, -500.0])
    poses = [Pose(Pose.random(k).rotation, far + [0.7 * (k - 1), 0.1 * k, 0.5 * k]) for k in range(3)]
    placed = tuple(Placed(s.mesh_id, p) for s, p in zip((shape, other, shape), poses, strict=True))
    view = Pose.look_at(far + [0.3, 0.8, -2.5], far)
    scene = Scene(
        "three", camera, view, placed, EVEN, ground_m=float(far[1]) - 0.8, ground_colour=(0.5, 0.5, 0.5)
    )
    picture = drawn(blender, scene, {s.mesh_id: s for s in (shape, other)})
    ours = fast.draw(scene, {s.mesh_id: s for s in (shape, other)})
    assert set(np.unique(ours.object_index)) == {-1, 0, 1, 2}
    for number in range(3):
        assert iou(picture.object_index == number, ours.object_index == number) > 0.995
    assert (picture.depth_m > 0).tolist() == (picture.object_index >= 0).tolist()


# --- one light --------------------------------------------------------------------------------------


def ball_and_normals(patient, light: Lighting, grey: float, key: str):
    """Linear colours of a matt ball, and the world's normals there, at pixels well inside it."""
    chalk = Material("chalk", (grey, grey, grey), roughness=1.0)
    ball, camera = (
        shaped("ball", icosphere(4, 0.5), materials=(chalk,)),
        Camera.from_fov(30, width=96, height=96),
    )
    pose = viewed(30, 25, 10, 2.4)
    picture = drawn(patient, pictured(key, camera, pose, ball, light=light), {"ball": ball})
    points = pose.inverse().apply(picture.depth_m[..., None] * camera.rays())
    normals = points / np.maximum(np.linalg.norm(points, axis=2, keepdims=True), 1e-9)
    inside = around(around(picture.mask > 0).all(0)).all(
        0
    )  # a pixel's filter reaches further than its neighbours
    return linear(picture.image)[inside], normals[inside]


@needs_blender
def test_the_sky_lights_a_ball_as_its_harmonics_say(patient):
    sky = (
        np.random.default_rng(5).normal(0, 0.1, (9, 3))
        * np.array([1, 1, 1, 1, 0.3, 0.3, 0.3, 0.3, 0.3])[:, None]
    )
    sky[0] = [1.6, 1.8, 2.0]
    light = Lighting(tuple(map(tuple, sky)), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0))
    grey = 0.8
    colours, normals = ball_and_normals(patient, light, grey, "sky")
    expected = float(linear_from_srgb(grey)) * spherical_harmonics(normals) @ sky
    assert np.ptp(expected, axis=0).min() > 0.05
    # What reflects at its surface, as all that is not metal, makes it a little brighter along its rim.
    assert np.abs(colours / expected - 1).mean() < 0.03
    assert np.corrcoef(colours.ravel(), expected.ravel())[0, 1] > 0.98


@needs_blender
def test_the_sun_lights_what_faces_it(patient):
    towards = np.array([0.9, 0.35, 0.2])
    towards /= np.linalg.norm(towards)
    light = Lighting(((0.0, 0.0, 0.0),) * 9, tuple(towards), (0.9, 0.7, 0.5), sun_size_deg=0.5)
    colours, normals = ball_and_normals(patient, light, 0.9, "sun")
    facing = normals @ towards
    expected = float(linear_from_srgb(0.9)) * np.maximum(facing, 0)[:, None] * np.array(light.sun)
    lit = facing > 0.3
    assert lit.sum() > 300
    assert (facing < -0.1).sum() > 300
    assert np.abs(colours[lit] / expected[lit] - 1).mean() < 0.03
    assert colours[facing < -0.1].max() < 0.01


@needs_blender
def test_white_in_light_of_brightness_1_is_white(patient):
    wall, camera = shaped("wall", box((3.0, 3.0, 0.1))), Camera.from_fov(30, width=32, height=32)
    scene = pictured("wall", camera, viewed(0, 0, 0, 2.0), wall, background=Background("plain", ((0, 0, 0),)))
    image = drawn(patient, scene, {"wall": wall}).image
    assert image[2:-2, 2:-2].mean() >= 253
    assert image[2:-2, 2:-2].min() >= 235


@needs_blender
@pytest.mark.parametrize("colour", [None, (0.6, 0.5, 0.4)])
def test_shadows_fall_where_the_fast_renderer_has_them(patient, colour):
    post, camera = shaped("post", box((0.2, 1.0, 0.2))), Camera.from_fov(50, width=128, height=96)
    light = Lighting((tuple(0.4 * c for c in DARK), *EVEN.sky[1:]), (0.8, 0.6, 0.0), (0.8, 0.8, 0.8), 0.5)
    grey = Background("plain", ((0.7, 0.8, 0.9),))
    scene = pictured(
        "post",
        camera,
        viewed(20, 35, 0, 3.5),
        post,
        light=light,
        background=grey,
        ground_m=-0.5,
        ground_colour=colour,
    )
    picture, ours = drawn(patient, scene, {"post": post}), fast.draw(scene, {"post": post})
    around_it = ours.object_index < 0
    shadow = around_it & (ours.image[..., 0] < 0.75 * np.median(ours.image[around_it][:, 0]))
    same = around_it & (picture.image[..., 0] < 0.8 * np.median(picture.image[around_it][:, 0]))
    assert shadow.sum() > 100
    assert iou(shadow, same) > 0.8
    lit = around_it & ~around(same | shadow | ~around_it).any(0)
    assert np.abs(picture.image[lit].astype(float) - ours.image[lit]).mean() < 8


@needs_blender
@pytest.mark.parametrize("seed", range(6))
def test_both_renderers_see_the_same_colours(patient, seed):
    """Patterns along the same axes with the same phase, and about the same brightness."""
    shape, camera = toy(seed), Camera.from_fov(35, width=96, height=96)
    light = Lighting(
        (tuple(0.7 * c for c in DARK), (0.2, 0.2, 0.2), *EVEN.sky[2:]), (0.3, 0.8, -0.5), (0.3, 0.3, 0.3)
    )
    scene = pictured(f"both-{seed}", camera, viewed(40 * seed, 20, 0, 1.8), shape, light=light)
    photoreal, ours = drawn(patient, scene, {shape.mesh_id: shape}), fast.draw(scene, {shape.mesh_id: shape})
    seen = around(ours.mask > 0).all(0)
    a, b = photoreal.image[seen].astype(float), ours.image[seen].astype(float)
    assert np.abs(a.mean(0) - b.mean(0)).max() < 20
    assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.8


@needs_blender
@pytest.mark.parametrize(("axis", "elevation_deg", "along"), [(0, 0, 1), (1, 0, 0), (2, 89, 0), (0, 89, 1)])
def test_grain_runs_along_its_axis(patient, axis, elevation_deg, along):
    """Seen from the front, x is the picture's columns and y its rows; from above, z is its rows."""
    wood = Material("wood", (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), "grain", 0.05, axis, 1.0)
    plank, camera = (
        shaped("plank", box((1.0, 1.0, 1.0)), materials=(wood,)),
        Camera.from_fov(20, width=96, height=96),
    )
    scene = pictured("plank", camera, viewed(0, elevation_deg, 0, 2.0), plank, light=EVEN)
    image = linear(drawn(patient, scene, {"plank": plank}).image)[..., 1]
    changes = [np.abs(np.diff(image, axis=k)).mean() for k in (0, 1)]
    assert changes[1 - along] > 2.5 * changes[along]


# --- the same bytes -----------------------------------------------------------------------------------


def several(count: int = 7):
    """Jobs that differ in all that stays from picture to picture: shapes, ground, sun, size."""
    jobs = []
    for k in range(count):
        shape, light = (
            toy(k // 3),
            EVEN if k % 4 == 0 else Lighting(EVEN.sky, (0.5, 0.7, -0.5), (0.3, 0.4, 0.5), 3.0),
        )
        camera = Camera.from_fov(50, width=64 + 16 * (k // 3 % 2), height=64)
        more = (
            {} if k % 3 == 0 else {"ground_m": -0.6, "ground_colour": None if k % 3 == 1 else (0.4, 0.5, 0.6)}
        )
        scene = pictured(f"job-{k}", camera, viewed(50 * k, 30, 0, 2.0), shape, light=light, **more)
        jobs.append((scene, {shape.mesh_id: shape}, None))
    return jobs


def held(picture):
    return picture.image.tobytes(), picture.object_index.tobytes(), picture.depth_m.tobytes()


@needs_blender
def test_the_same_scene_is_the_same_bytes(blender):
    """Whatever was drawn before, by however many threads."""
    jobs = several()
    first = [held(picture) for picture in blender.draw(jobs)]
    with Photoreal(samples=4, workers=2, threads=6) as other:
        backwards = [held(picture) for picture in other.draw(jobs[::-1])]
    assert backwards[::-1] == first
    assert len(set(first)) == len(first)


@needs_blender
def test_a_ground_that_was_there_leaves_nothing_behind():
    """Cycles keeps much from one picture to the next of the same shape."""
    shape, camera = toy(0), Camera.from_fov(35, width=128, height=128)
    light = Lighting(EVEN.sky, (0.5, 0.7, -0.5), (0.3, 0.4, 0.5), 3.0)

    def jobs(name, **ground):
        views = [viewed(60 * k, 20, 0, 2.0) for k in range(5)]
        scenes = [
            pictured(f"{name}-{k}", camera, v, shape, light=light, **ground) for k, v in enumerate(views)
        ]
        return [(scene, {shape.mesh_id: shape}, None) for scene in scenes]

    with Photoreal(samples=16) as running:
        before = [held(picture) for picture in running.draw(jobs("bare"))]
        mixed = [
            job for pair in zip(jobs("shadow", ground_m=-0.6), jobs("bare"), strict=True) for job in pair
        ]
        after = [held(picture) for picture in running.draw(mixed)]
    assert after[1::2] == before


# --- breaking down ------------------------------------------------------------------------------------


@needs_blender
def test_a_killed_process_is_replaced_and_nothing_is_lost(blender, tmp_path):
    jobs, reported = several(4), []
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\necho $$ >> {tmp_path}/started\nexec {photoreal_python()} "$@"\n')
    wrapper.chmod(0o755)

    def started() -> list[int]:
        return [int(line) for line in (tmp_path / "started").read_text().split()]

    def killing():
        for number, job in enumerate(jobs):
            if number == 2:
                os.kill(started()[0], signal.SIGKILL)
            yield job

    with Photoreal(samples=4, python=wrapper, report=reported.append) as killed:
        pictures = [held(picture) for picture in killed.draw(killing())]
    assert pictures == [held(picture) for picture in blender.draw(jobs)]
    assert len(started()) == 2
    assert [failure.worth_another_try for failure in reported] == [True]
    assert "SIGKILL" in reported[0].reason
    for pid in started():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@needs_blender
def test_a_scene_that_blender_cannot_draw_is_a_failure_and_the_next_is_drawn(blender):
    shape, reported = toy(0), []
    too_wide = Camera(1.0, 1.0, 32.0, 32.0, 64, 64)  # a lens of half a millimetre: Blender's begin at one
    jobs = [
        (pictured("bad", too_wide, viewed(0, 0, 0, 2.0), shape), {shape.mesh_id: shape}, None),
        *several(1),
    ]
    with Photoreal(samples=1, report=reported.append) as running:
        bad, good = running.draw(jobs)
    assert isinstance(bad, Failure)
    assert bad.key == "bad"
    assert "lens" in bad.reason
    assert reported == [bad]
    assert not isinstance(good, Failure)


# A process that answers as Blender does, with empty pictures, and breaks down over the keys that say how.
STAND_IN = """#!{python}
import json, os, sys, time
print("what Blender likes to say")
with os.fdopen(int(sys.argv[3]), "wb") as answers:
    answers.write(b'{{"stand": "in"}}\\n'); answers.flush()
    for line in sys.stdin:
        scene = json.loads(line)["scene"]
        key, camera = scene["key"], scene["camera"]
        print("\\n{{}}" * 3, flush=True)
        if key == "hangs": time.sleep(1000)
        if key == "dies": print("last words", file=sys.stderr); sys.exit(3)
        if key == "stumbles" and not os.path.exists({once!r}): open({once!r}, "w"); os.abort()
        height, width = camera["height_px"], camera["width_px"]
        answers.write(json.dumps({{"key": key, "size": [height, width]}}).encode() + b"\\n")
        half = bytes(11 * height * width)
        answers.write(half); answers.flush(); answers.write(half); answers.flush()
"""


@pytest.fixture
def stand_in(tmp_path) -> Path:
    script = tmp_path / "stand-in"
    script.write_text(STAND_IN.format(python=sys.executable, once=str(tmp_path / "once")))
    script.chmod(0o755)
    return script


def job_named(key: str):
    shape, camera = toy(0), Camera.from_fov(50, width=20, height=10)
    return pictured(key, camera, viewed(0, 0, 0, 2.0), shape), {shape.mesh_id: shape}, None


def test_break_downs_are_reported_tried_again_and_given_up(stand_in):
    reported = []
    keys = ["well", "dies", "stumbles", "hangs", "well2"]
    with Photoreal(python=stand_in, timeout_s=2.0, report=reported.append) as blender:
        answers = list(blender.draw(job_named(key) for key in keys))
    assert [isinstance(answer, Failure) for answer in answers] == [False, True, False, True, False]
    assert [failure.key for failure in reported] == ["dies", "dies", "stumbles", "hangs", "hangs"]
    reasons = {failure.key: failure.reason for failure in reported}
    assert "exit code 3 (last words)" in reasons["dies"]
    assert "SIGABRT" in reasons["stumbles"]
    assert "in time" in reasons["hangs"]
    assert answers[0].image.shape == (10, 20, 3)


def test_order_is_kept_by_many_workers_and_jobs_are_taken_as_needed(stand_in):
    taken = []

    def jobs():
        for number in range(40):
            taken.append(number)
            camera = Camera.from_fov(50, width=10 + number, height=10)
            shape = toy(0)
            yield pictured(f"job-{number}", camera, viewed(0, 0, 0, 2.0), shape), {shape.mesh_id: shape}, None

    with Photoreal(python=stand_in, workers=3) as blender:
        for number, picture in enumerate(blender.draw(jobs())):
            assert picture.image.shape[1] == 10 + number
            assert len(taken) <= number + 6


def test_a_process_that_drew_much_is_replaced_unnoticed(stand_in, monkeypatch):
    started = []
    start = BlenderProcess.start
    monkeypatch.setattr("rrb.data._blender_process.LONGEST_LIFE", 3)
    monkeypatch.setattr(BlenderProcess, "start", lambda self: (started.append(1), start(self)))
    with Photoreal(python=stand_in) as blender:
        answers = list(blender.draw([job_named("well")] * 8))
    assert not any(isinstance(answer, Failure) for answer in answers)
    assert len(started) == 3


def test_leaving_ends_what_hangs_at_once(stand_in):
    before = time.monotonic()
    with Photoreal(python=stand_in, timeout_s=500.0) as blender:
        jobs = [job_named(key) for key in ("well", "well", "hangs", "hangs", "hangs")]
        assert not isinstance(next(blender.draw(jobs)), Failure)
    assert time.monotonic() - before < 60


def test_what_cannot_be_drawn_or_started_is_refused(stand_in, tmp_path, monkeypatch):
    scene, shapes, _ = job_named("one")
    with Photoreal(python=stand_in) as blender:
        with pytest.raises(BadInputError, match="there is no shape toy-0"):
            list(blender.draw([(scene, {}, None)]))
        tiny = Scene(
            "tiny", Camera.from_fov(50, width=3, height=9), scene.camera_from_world, scene.objects, EVEN
        )
        with pytest.raises(BadInputError, match="3x9"):
            list(blender.draw([(tiny, shapes, None)]))
    with pytest.raises(BadInputError, match="not running"):
        list(blender.draw([job_named("late")]))
    with pytest.raises(BadInputError, match="make photoreal"):
        Photoreal(python=tmp_path / "nowhere")
    monkeypatch.setenv(PYTHON_VARIABLE, sys.executable)  # which has no bpy
    with pytest.raises(BadInputError, match="bpy"), Photoreal():
        pass


def test_shapes_are_written_once_and_forgotten_when_old(tmp_path):
    files, shape = ShapeFiles(tmp_path), toy(0)
    first = files.of(shape)
    assert files.of(toy(0)) == first  # equal, though another object
    many = [shaped(f"ball-{k}", icosphere(0, 1.0 + k)) for k in range(80)]
    kept = [files.of(ball) for ball in many]
    assert len(set(kept)) == 80
    files.forget({first})
    assert first.exists()
    assert len(list(tmp_path.iterdir())) <= 64
    assert kept[-1].exists()
    assert files.of(many[0]).exists()
