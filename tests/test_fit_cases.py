"""What the fitting benchmark measures with: its meshes, cases and scores are what they claim."""

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from rrb import Camera, Mesh, Pose
from rrb.errors import BadInputError
from rrb.geometry.primitives import box, cylinder, icosphere
from rrb.raster.reference import area_sampled_silhouette

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MODULES = ("cache", "cases", "degrade", "meshes", "score", "surface", "symmetry", "views")
SEEDS = {"chair": (0, 12), "table": (1, 8, 15), "car": (2,), "aeroplane": (3,), "handled": (4, 11, 18)}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """The benchmark's modules by their short names, with a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        found = SimpleNamespace(**{name: import_module(f"_fit_{name}") for name in MODULES})
        found.procedural, found.parts = import_module("_procedural"), import_module("_procedural_parts")
        patch.setattr(found.cache, "FOLDER", tmp_path_factory.mktemp("cache"))
        kinds = [("chair", 0), ("handled", 4), ("table", 8)]
        made = [(f"{kind}_{seed}", found.procedural.procedural(kind, seed).mesh) for kind, seed in kinds]
        few = tuple(found.meshes.BenchMesh(name, "procedural", "", mesh, None) for name, mesh in made)
        patch.setattr(found.cases, "bench_meshes", lambda split: few)
        yield found


@pytest.fixture(scope="module")
def loaded(bench):
    """Three cases of each protocol."""
    return {p: bench.cases.load_cases(p, "procedural", 3) for p in bench.cases.PROTOCOLS}


@pytest.fixture(scope="module")
def square(bench, loaded):
    """A case whose mask is an upright square with its sides at 63.7 and 192.3 px."""
    mesh, camera = box((1, 1, 1e-3)), Camera.from_focal_px(256.0, width=256, height=256)
    half = 0.5 * (192.3 - 63.7)
    pose = Pose.from_viewpoint(0.0, 0.0, distance_m=256 * 0.5 / half)
    mask = bench.cases.drawn_mask(mesh, pose, camera)
    drawn = bench.cases.Drawn(mesh, pose, camera)
    return replace(loaded["any"][0], mesh=mesh, camera=camera, mask=mask, truth=pose, drawn=drawn)


def volume(mesh):
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    return np.einsum("fi,fi->", a, np.cross(b, c)) / 6


# --- procedural meshes ----------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "seed"), [(k, s) for k, seeds in SEEDS.items() for s in seeds])
def test_a_procedural_mesh_is_closed_centred_and_of_about_3000_faces(bench, kind, seed):
    mesh = bench.procedural.procedural(kind, seed).mesh
    assert 2900 <= len(mesh.faces) <= 3000
    assert mesh.is_watertight
    assert mesh.centre == pytest.approx(np.zeros(3), abs=1e-12)
    assert volume(mesh) > 0
    again = bench.procedural.procedural(kind, seed).mesh
    assert np.array_equal(again.vertices, mesh.vertices)
    other = bench.procedural.procedural(kind, seed + 1).mesh
    assert not np.array_equal(other.vertices, mesh.vertices)


@pytest.mark.parametrize(("kind", "seed"), [(k, s) for k, seeds in SEEDS.items() for s in seeds])
def test_symmetric_by_rule_is_symmetric_by_trying(bench, kind, seed):
    made = bench.procedural.procedural(kind, seed)
    assert (bench.symmetry.symmetry(made.mesh) is not None) == made.symmetric


@pytest.mark.parametrize("kind", ["chair", "aeroplane"])
@pytest.mark.parametrize("seed", range(4))
def test_backs_and_fins_are_up_and_behind(bench, kind, seed):
    vertices = bench.procedural.procedural(kind, seed).mesh.vertices
    high = vertices[vertices[:, 1] > 0.9 * vertices[:, 1].max()]
    assert high[:, 2].min() > 0


def test_refining_keeps_the_surface(bench):
    coarse = box((1, 2, 3))
    fine = bench.parts.refined(coarse, 1000)
    assert 1000 <= len(fine.faces) <= 1020
    assert fine.is_watertight
    assert fine.face_areas().sum() == pytest.approx(coarse.face_areas().sum())
    assert volume(fine) == pytest.approx(6)
    assert np.isclose(np.abs(fine.vertices) / [0.5, 1, 1.5], 1).any(axis=1).all()
    edges = fine.vertices[fine.faces] - np.roll(fine.vertices[fine.faces], 1, axis=1)
    assert np.linalg.norm(edges, axis=2).max() < 0.45


# --- symmetry and surfaces ------------------------------------------------------------------------


def _turned(mesh):
    return mesh.transformed(Pose.random(5, translation=(0.3, -2.0, 1.0)))


def _with_a_knob(mesh):
    return Mesh.concatenated([mesh, box((0.6, 0.5, 0.4)).transformed(Pose(np.eye(3), (0.7, 0.2, 0.1)))])


@pytest.mark.parametrize(
    ("mesh", "expected"),
    [
        (box((1, 2, 3)), "2-fold"),
        (box((2, 1, 2)), "4-fold"),
        (_turned(box((1, 2, 3))), "2-fold"),
        (cylinder(sections=3), "3-fold"),
        (cylinder(sections=5), "5-fold"),
        (cylinder(sections=6), "6-fold"),
        (cylinder(sections=7), "7-fold"),
        (cylinder(sections=40), "continuous"),
        (_turned(cylinder(0.2, 1.0, sections=40)), "continuous"),
        (icosphere(3), "continuous"),
        (_with_a_knob(box((1, 1, 1))), None),
        (_with_a_knob(cylinder(sections=40)), None),
    ],
)
def test_symmetry(bench, mesh, expected):
    assert bench.symmetry.symmetry(mesh) == expected


def test_distances_to_a_box_are_those_of_its_formula(bench):
    half = np.array([0.5, 1.0, 1.5])
    points = np.random.default_rng(0).uniform(-2, 2, (3000, 3))
    beyond = np.abs(points) - half
    outside = np.linalg.norm(np.clip(beyond, 0, None), axis=1)
    exact = np.where((beyond < 0).all(1), -beyond.max(1), outside)
    surface = bench.surface.Surface(bench.parts.refined(box(2 * half), 300))
    found = surface.distance(points)
    assert (found >= exact - 1e-12).all()
    # A point may be as near to a face whose samples all lie a little farther.
    assert np.quantile(found - exact, 0.99) < 1e-12
    assert (found - exact).max() < 0.02


@pytest.mark.parametrize("far", [(0, 0, 0), (3, 4, 0)])
def test_a_triangle_without_area_is_its_edges(bench, far):
    corners = np.array([[0, 0, 0], far, far], float)
    points = np.array([[0, 0, 2.0], [0, -3, 0], [6, 8, 0]])
    line = cKDTree(np.linspace(0, 1, 10001)[:, None] * np.array(far)).query(points)[0]
    assert bench.surface.distance_to_triangles(points, corners) == pytest.approx(line, abs=1e-6)


# --- scores ---------------------------------------------------------------------------------------


def test_the_same_pose_lies_nowhere_else(bench, loaded):
    for case in loaded["near"]:
        assert bench.score.closest_share(case.drawn.mesh, case.truth, case.truth) < 1e-9


def test_a_shifted_sphere_lies_half_its_shift_away(bench):
    # | |p + d| - r | is d |cos| to first order, and |cos| is 1/2 on the mean over a sphere.
    sphere, way = icosphere(4), 0.05
    moved = Pose(np.eye(3), (0, 0, way))
    found = bench.score.closest_share(sphere, Pose.identity(), moved)
    assert found == pytest.approx(way / 2 / 2, rel=0.03)


def test_closest_share_is_that_of_very_dense_samples(bench, loaded):
    case = loaded["near"][0]
    mesh, truth, pose = case.mesh, case.truth, case.truth.interpolate(case.init, 0.2)
    dense = mesh.sample_surface(400_000, 3)[0]
    there, where = truth.apply(dense), pose.apply(dense)
    ways = [cKDTree(a).query(b[:5000])[0].mean() for a, b in ((there, where), (where, there))]
    expected = np.mean(ways) / mesh.largest_extent
    assert bench.score.closest_share(mesh, truth, pose) == pytest.approx(expected, abs=1e-3)


def test_a_box_turned_onto_itself_is_right(bench, square):
    half_turn = Pose.from_rotation_vector((0, 0, np.pi))
    score = bench.score.score(square, square.truth @ half_turn)
    assert score.right
    assert score.rotation_deg == pytest.approx(180)
    assert score.closest_share < 1e-4


def test_what_is_scored_is_drawn_as_the_masks_are(bench, loaded):
    # The reference and the kernels share nothing but where samples lie.
    for case in [case for cases in loaded.values() for case in cases]:
        assert np.array_equal(bench.score.covered(case.mesh, case.truth, case.camera), case.mask > 0)


def test_what_is_behind_or_beside_the_camera_overlaps_nothing(bench, loaded):
    case = loaded["near"][0]
    for move in ((0, 0, -100.0), (100.0, 0, 0), (0, -100.0, 0)):
        pose = Pose(case.truth.rotation, case.truth.translation + np.array(move))
        found = bench.score.score(case, pose)
        assert found.iou == 0
        assert not found.right
    around = Pose(case.truth.rotation, np.zeros(3))
    assert 0 <= bench.score.overlap(case, around) < 0.9


def test_truths_are_right_and_starts_are_not(bench, loaded):
    for case in (*loaded["near"], *loaded["far"]):
        at_truth, at_start = (bench.score.score(case, pose) for pose in (case.truth, case.init))
        assert at_truth.right
        assert not at_start.right
        assert at_start.rotation_deg == pytest.approx(bench.cases.DISTURBANCE_DEG[case.protocol])


@pytest.mark.parametrize(("scale", "right"), [(0.999, True), (1.001, False)])
def test_iou_scale_moves_what_is_asked(bench, square, scale, right):
    dilated = bench.degrade.dilated(square)
    truth = bench.score.score(dilated, dilated.truth)
    asked = scale * truth.iou / bench.score.RIGHT_IOU
    assert not truth.right
    assert bench.score.score(dilated, dilated.truth, asked).right == right


# --- views and cases ------------------------------------------------------------------------------


def test_objects_lie_wholly_in_the_image_and_are_as_large_as_said(bench, loaded):
    for case in [case for cases in loaded.values() for case in cases]:
        pixels = case.camera.project(case.truth.apply(case.mesh.vertices))[:, :2]
        low, high = pixels.min(0), pixels.max(0)
        assert low.min() > 1
        assert high.max() < 255
        assert 0.4 * 256 - 0.1 < (high - low).max() < 0.8 * 256 + 0.1
        assert 30 <= case.camera.fov_deg() <= 60
        nearest = case.truth.apply(case.mesh.vertices)[:, 2].min()
        assert nearest >= 0.5 * case.size_m


@pytest.mark.parametrize(("where", "side"), [((0, 0), "low"), ((1, 1), "high")])
def test_a_placed_object_is_seen_from_the_view_asked_for(bench, loaded, where, side):
    case = loaded["any"][0]
    view = Pose.from_viewpoint(100.0, 20.0, 7.0, distance_m=1.0).rotation
    pose = bench.views.placed(case.mesh, case.camera, view, 0.5, np.array(where))
    assert tuple(pose.to_viewpoint())[:3] == pytest.approx((100, 20, 7), abs=1e-6)
    pixels = case.camera.project(pose.apply(case.mesh.vertices))[:, :2]
    touches = {"low": pixels.min(0) - 2, "high": pixels.max(0) - 254}[side]
    assert touches == pytest.approx(np.zeros(2), abs=0.03)
    assert np.ptp(pixels, axis=0).max() == pytest.approx(128, abs=0.03)


def test_what_would_have_to_be_too_near_is_not_placed(bench):
    # A rod seen along itself: its end fills a quarter of the picture only from within half its length.
    rod, camera = box((0.1, 0.1, 1.0)), Camera.from_fov(60, width=256, height=256)
    along = Pose.from_viewpoint(0.0, 0.0, distance_m=1.0).rotation
    middle = np.array((0.5, 0.5))
    assert bench.views.placed(rod, camera, along, 0.25, middle) is None
    assert bench.views.placed(rod, camera, along, 0.1, middle) is not None


def test_upright_views_keep_to_their_angles(bench):
    random = np.random.default_rng(0)
    poses = [Pose(bench.views.upright(random), (0, 0, 1.0)) for _ in range(600)]
    azimuth, elevation, roll, _ = Pose.stack(poses).to_viewpoint()
    assert -5 <= elevation.min() < -4
    assert 44 < elevation.max() <= 45
    assert roll.std() == pytest.approx(3, rel=0.1)
    counts = np.histogram(azimuth, 6, (-180, 180))[0]
    assert counts.min() > 70


def test_a_start_is_off_by_exactly_what_is_said(bench):
    truth = Pose.random(3, translation=(0.4, -0.2, 2.0))
    ray = truth.translation / np.linalg.norm(truth.translation)
    random = np.random.default_rng(0)
    depths = []
    for _ in range(50):
        start = bench.views.disturbed(truth, 15.0, 0.05, 0.9, random)
        along = (start.translation - truth.translation) @ ray
        sideways = start.translation - truth.translation - along * ray
        assert truth.distance(start)[0] == pytest.approx(15)
        assert np.linalg.norm(sideways) == pytest.approx(0.05 * 0.9)
        depths.append(along / np.linalg.norm(truth.translation))
    assert np.abs(depths) == pytest.approx(0.05)
    assert 10 < np.sum(np.array(depths) > 0) < 40


def test_masks_are_the_references(bench, loaded):
    case = loaded["upright"][1]
    pixels = case.camera.project(case.truth.apply(case.mesh.vertices))
    expected = area_sampled_silhouette(pixels, case.mesh.faces, (256, 256), samples=8) >= 0.5
    assert case.mask.dtype == np.float32
    assert np.array_equal(case.mask, expected)


def test_fewer_cases_are_the_first_of_more_and_seeds_differ(bench, loaded):
    one, other = bench.cases.load_cases("near", "procedural", 1)[0], loaded["near"][0]
    assert one.name == other.name
    assert np.array_equal(one.mask, other.mask)
    assert one.init.distance(other.init) == (0, 0)
    elsewhere = bench.cases.load_cases("near", "procedural", 1, seed=1)[0]
    assert elsewhere.truth.distance(one.truth)[0] > 0


def test_protocols_give_a_start_or_none(loaded):
    assert {p: all(c.init is None for c in cases) for p, cases in loaded.items()} == {
        "near": False,
        "far": False,
        "upright": True,
        "any": True,
    }


def test_an_unknown_protocol_is_refused(bench):
    with pytest.raises(BadInputError, match=r"close.*near, far, upright, any"):
        bench.cases.load_cases("close", "procedural", 1)


# --- the folder of results ------------------------------------------------------------------------


def test_results_are_made_once_and_kept(bench):
    calls = []

    def make():
        calls.append(1)
        return {"a": np.arange(3), "text": np.array("two")}

    for _ in range(2):
        found = bench.cache.cached("kind", "kept", make)
        assert np.array_equal(found["a"], [0, 1, 2])
        assert str(found["text"]) == "two"
    assert len(calls) == 1


def test_what_fails_halfway_leaves_nothing(bench, monkeypatch):
    def fail(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bench.cache.np, "savez_compressed", fail)
        with pytest.raises(KeyboardInterrupt):
            bench.cache.cached("kind", "torn", lambda: {"a": np.zeros(1)})
    assert not [p for p in (bench.cache.FOLDER / "kind").iterdir() if "kept" not in p.name]
    assert bench.cache.cached("kind", "torn", lambda: {"a": np.ones(1)})["a"] == 1


def test_keys_know_bytes_types_shapes_and_order(bench):
    a = np.arange(4)
    others = [(a + 1,), (a.astype(float),), (a.reshape(2, 2),), (a, 1), (1, a), (a[::-1],)]
    assert len({bench.cache.key_of(*parts) for parts in [(a,), *others]}) == 7
    assert bench.cache.key_of(a[::2]) == bench.cache.key_of(np.array([0, 2]))


# --- degradations ---------------------------------------------------------------------------------


def test_a_square_loses_and_gains_two_pixels_a_side(bench, square):
    rows = square.mask[128] > 0
    assert rows.sum() == 128  # from 63.7 to 192.3: the first and last pixel are covered by less than half
    assert bench.degrade.eroded(square).mask[128].sum() == 124
    assert bench.degrade.dilated(square).mask[128].sum() == 132


def test_the_distance_is_to_the_line_between_pixels(bench):
    mask = np.zeros((5, 9))
    mask[:, 4:] = 1
    expected = np.tile(np.arange(9) + 0.5 - 4, (5, 1))
    assert bench.degrade.signed_distance(mask) == pytest.approx(expected)
    with pytest.raises(BadInputError, match="no contour"):
        bench.degrade.signed_distance(np.ones((4, 4)))


def test_the_fine_distance_knows_parts_of_a_pixel(bench, square):
    row = bench.degrade.fine_signed_distance(square)[128, 50:80]
    assert row == pytest.approx(np.arange(50, 80) + 0.5 - 63.7, abs=0.13)


def test_contour_noise_has_the_spread_mean_and_length_that_it_claims(bench, square):
    rows = slice(90, 166)
    left = []
    for seed in range(60):
        mask = bench.degrade.contour_noise(square, seed, std_px=1.0, length_px=8.0).mask
        left.append(128 - mask[rows, :128].sum(1))
    edges = np.array(left) - 63.7
    assert edges.mean() == pytest.approx(0, abs=0.15)
    assert edges.var() == pytest.approx(1 + 1 / 12, rel=0.2)
    apart = (edges[:, 8:] * edges[:, :-8]).mean()
    assert apart == pytest.approx(np.exp(-0.5), abs=0.12)


def test_noise_of_no_height_moves_nothing(bench, loaded):
    for case in loaded["any"]:
        same = bench.degrade.contour_noise(case, std_px=0.0).mask
        assert (same * case.mask).sum() / np.maximum(same, case.mask).sum() > 0.985


def test_ragged_masks_differ_near_the_contour_only(bench, square):
    changed = bench.degrade.ragged(square).mask != square.mask
    inside = square.mask > 0
    way = np.where(inside, distance_transform_edt(inside), distance_transform_edt(~inside))
    shares = [changed[way == k].mean() for k in (1, 2, 3)]
    # A normal error of 1.5 px exceeds half a pixel in 37 % of all cases, and so on.
    assert shares == pytest.approx([0.369, 0.159, 0.048], abs=0.04)
    assert not changed[way > 9].any()


def test_an_occluder_hides_a_quarter(bench, loaded):
    for case in loaded["upright"]:
        known, missing = bench.degrade.occluder_known(case), bench.degrade.occluder_unknown(case)
        hidden = case.mask.sum() - missing.mask.sum()
        assert hidden / case.mask.sum() == pytest.approx(0.25, abs=0.02)
        assert np.array_equal(known.mask, missing.mask)
        assert missing.unknown is None
        assert np.array_equal((case.mask > 0) & (known.unknown == 0), known.mask > 0)
        assert bench.score.attainable_iou(known) == 1
        assert bench.score.attainable_iou(missing) < 0.78


def test_the_border_cuts_a_quarter_of_the_box_and_changes_nothing_else(bench, loaded):
    for case in (loaded["near"][0], loaded["upright"][1]):
        cut = bench.degrade.border(case)
        before, after = (
            bench.views.projected_box(case.mesh, pose, case.camera) for pose in (case.truth, cut.truth)
        )
        low, high = after.middle - after.sides / 2, after.middle + after.sides / 2
        inside = np.clip(high, 0, 256) - np.clip(low, 0, 256)
        assert (inside / after.sides).prod() == pytest.approx(0.75, abs=1e-3)
        assert after.sides.max() == pytest.approx(before.sides.max(), abs=0.03)
        views = [tuple(pose.to_viewpoint())[:3] for pose in (case.truth, cut.truth)]
        assert views[0] == pytest.approx(views[1], abs=1e-6)
        assert bench.score.score(cut, cut.truth).right
        if case.init is not None:
            assert cut.truth.distance(cut.init)[0] == pytest.approx(15)


def test_a_coarse_mesh_has_a_tenth_of_the_faces_and_is_measured_on_all(bench, loaded):
    case = loaded["near"][1]
    coarse = bench.degrade.coarse(case)
    assert len(coarse.mesh.faces) <= len(case.mesh.faces) / 10
    assert bench.score.score(coarse, coarse.truth) == bench.score.score(case, case.truth)


def test_through_a_wrong_focal_length_the_equivalent_pose_looks_the_same(bench, loaded):
    for case in loaded["near"]:
        wrong = bench.degrade.focal(case)
        factor = wrong.camera.fx_px / case.camera.fx_px
        assert abs(factor - 1) == pytest.approx(0.1)
        seen = [c.camera.project(c.truth.translation) for c in (case, wrong)]
        assert seen[0][:2] == pytest.approx(seen[1][:2])
        assert seen[1][2] == pytest.approx(factor * seen[0][2])
        views = [tuple(c.truth.to_viewpoint())[:3] for c in (case, wrong)]
        assert views[0] == pytest.approx(views[1], abs=1e-6)
        assert bench.score.attainable_iou(wrong) > 0.85
        assert wrong.truth.distance(wrong.init)[0] == pytest.approx(15)


def test_every_degradation_is_named_and_repeatable(bench, loaded):
    case = loaded["near"][0]
    for name, degrade in bench.degrade.DEGRADATIONS.items():
        first, again = degrade(case), degrade(case)
        assert first.name == f"{case.name}+{name}"
        assert np.array_equal(first.mask, again.mask)
        assert first.truth.distance(again.truth) == (0, 0)
    for name in ("ragged", "occluder known", "contour noise"):
        degrade = bench.degrade.DEGRADATIONS[name]
        assert not np.array_equal(degrade(case, 0).mask, degrade(case, 1).mask)


# --- the meshes beside the checkout ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["ikea_chair_applaro", "ikea_chair_kaustby", "kit_table"])
def test_prepared_meshes_keep_their_silhouette(bench, shared, name):
    entries = {e["name"]: e for e in json.loads((shared / "meshes" / "index.json").read_text())}
    entry = entries[name]
    mesh = Mesh.load(shared / entry["file"])
    prepared = bench.meshes.prepared(mesh, entry["largest_extent_m"])
    assert len(prepared.faces) <= 3000
    assert prepared.largest_extent == pytest.approx(entry["largest_extent_m"])
    assert prepared.centre == pytest.approx(np.zeros(3), abs=1e-9)
    assert bench.meshes.silhouettes_iou(mesh.normalised()[0], prepared.normalised()[0]) > 0.99


def test_a_net_finer_than_its_faces_is_left_out(bench, shared):
    path = next((shared / "meshes" / "table").glob("ikea_table_fjallbo.*"))
    assert bench.meshes.prepared(Mesh.load(path), 1.4) is None
