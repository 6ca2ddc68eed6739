"""Chairs by chance: closed, in one piece, of plausible sizes, varied, and always the same for a seed."""

from collections import Counter, defaultdict
from functools import cache

import numpy as np
import pytest

import rrb
from rrb.data.procedural import chair, make
from rrb.data.procedural.build import Design
from rrb.data.shape import Shape
from rrb.geometry.mesh import Mesh
from rrb.geometry.winding import is_inside, winding_number, winding_number_reference

SEEDS = range(60)
STYLES = {
    "sort": {"dining", "office", "lounge", "club", "shell", "tub", "bar", "stool"},
    "base": {
        "four_legs", "three_legs", "ring_of_four", "pedestal", "star", "sled", "cantilever", "crossed", "panels",
        "rocker", "plinth",
    },
    "leg": {
        "square", "tapered", "round", "turned", "tube", "sabre", "chubby", "cabriole", "hairpin", "bent", "trumpet",
        "disc", "drum", "flat", "castors", "gliders",
    },
    "seat": {
        "square", "trapezoid", "round", "round_cushion", "cushioned", "upholstered", "waterfall", "saddle",
        "slatted", "shell",
    },
    "back": {
        "ladder", "slat", "spindle", "solid", "frame", "cross", "band", "pad", "hoop", "mesh", "curved", "barrel",
        "shell", "bucket", "upholstered", "wing", "none",
    },
    "arms": {
        "none", "posts", "spindled", "swept", "loop", "stem", "board", "curved", "block", "rolled", "sloped",
    },
    "stretchers": {"none", "box", "h", "sides", "cross", "front_high", "shelf"},
}  # fmt: skip


def drawn(seed: int) -> Design:
    """The pieces before they are put together, from the numbers that `make` uses."""
    shape, looks = (np.random.default_rng([0, seed, k]) for k in range(2))
    return chair.design(shape, looks)


@cache
def made(seed: int) -> Shape:
    return make("chair", seed)


@cache
def many() -> list[tuple[dict[str, str], int]]:
    """The styles and the turns of 500 seeds."""
    designs = (drawn(seed) for seed in range(500))
    return [(design.style, design.turns.folds) for design in designs]


def volume(mesh: Mesh) -> float:
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    return float(np.einsum("fi,fi->", a, np.cross(b, c))) / 6


def distance_to_surface(points: np.ndarray, mesh: Mesh) -> np.ndarray:
    """(N,) metres: the smallest distance to any triangle, by its plane where the foot lies in it, by edges else."""
    corners = mesh.vertices[mesh.faces]
    best = np.full(len(points), np.inf)
    for i in range(3):
        a, along = corners[:, i], corners[:, (i + 1) % 3] - corners[:, i]
        share = np.einsum("pfi,fi->pf", points[:, None] - a, along) / np.einsum("fi,fi->f", along, along)
        nearest = a + np.clip(share, 0, 1)[..., None] * along
        best = np.minimum(best, np.linalg.norm(points[:, None] - nearest, axis=2).min(1))
    normals = mesh.face_normals()
    height = np.einsum("pfi,fi->pf", points[:, None] - corners[:, 0], normals)
    foot = points[:, None] - height[..., None] * normals
    within = np.ones(height.shape, bool)
    for i in range(3):
        along = corners[:, (i + 1) % 3] - corners[:, i]
        within &= np.einsum("pfi,fi->pf", foot - corners[:, i], np.cross(normals, along)) >= 0
    return np.minimum(best, np.where(within, np.abs(height), np.inf).min(1))


def components(pieces: list[Mesh]) -> int:
    """How many separate things pieces are that lie in each other or within 4 mm."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    points = [np.concatenate([p.sample_surface(500, 0)[0], p.vertices]) for p in pieces]
    trees, boxes = [cKDTree(p) for p in points], [p.bounding_box() for p in pieces]
    links = []
    for i, piece in enumerate(pieces):
        for j in range(len(pieces)):
            apart = (boxes[i][0] > boxes[j][1] + 4e-3).any() or (boxes[j][0] > boxes[i][1] + 4e-3).any()
            if i == j or apart:
                continue
            touching = trees[i].query(points[j])[0].min() < 4e-3
            if touching or is_inside(points[j], piece.vertices, piece.faces).any():
                links.append((i, j))
    rows, columns = np.array(links).reshape(-1, 2).T
    graph = coo_array((np.ones(len(links)), (rows, columns)), shape=(len(pieces), len(pieces)))
    return int(connected_components(graph, directed=False)[0])


# --- closed pieces, one thing -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_every_piece_is_closed_and_faces_outwards(seed: int) -> None:
    for kind, piece in drawn(seed).pieces:
        assert piece.is_watertight, kind
        assert volume(piece) > 0, kind
        edges = np.concatenate([piece.faces[:, [i, (i + 1) % 3]] for i in range(3)])
        assert len(np.unique(edges, axis=0)) == len(edges), kind


def test_the_whole_keeps_closed_after_rounding() -> None:
    for seed in SEEDS:
        shape = made(seed)
        assert shape.mesh.is_watertight
        assert shape.mesh.faces.shape[0] <= 5000
        np.testing.assert_array_equal(shape.mesh.vertices, np.round(shape.mesh.vertices, 6))


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_nothing_floats(seed: int) -> None:
    assert components([piece for _, piece in drawn(seed).pieces]) == 1


@pytest.mark.slow
def test_nothing_floats_in_many() -> None:
    floating = [seed for seed in range(400) if components([p for _, p in drawn(seed).pieces]) != 1]
    assert floating == []


@pytest.mark.parametrize("seed", [1, 6, 40])
def test_occupancy_agrees_with_solid_angles(seed: int) -> None:
    mesh = made(seed).mesh
    surface, face = mesh.sample_surface(60, seed)
    sides = np.random.default_rng(seed).choice([-0.004, 0.004], 60)
    points = np.concatenate([surface + sides[:, None] * mesh.face_normals()[face], np.zeros((1, 3))])
    exact = winding_number_reference(points, mesh.vertices, mesh.faces)
    np.testing.assert_allclose(exact, np.round(exact), atol=1e-6)
    np.testing.assert_allclose(winding_number(points, mesh.vertices, mesh.faces), exact, atol=1e-6)
    assert ((exact > 0.5) == is_inside(points, mesh.vertices, mesh.faces)).all()
    assert exact.min() > -0.5
    assert 0 < (exact > 0.5).sum() < len(points)


# --- sizes --------------------------------------------------------------------------------------------


def seat_height(design: Design) -> float:
    """Where something falls that is dropped on the seat's middle, above the floor."""
    top = []
    for kind, piece in design.pieces:
        if kind in ("seat", "cushion", "shell"):
            column = np.stack(np.broadcast_arrays(0.0, np.arange(0.2, 1.0, 0.004), -0.02), axis=-1)
            column = column + [0.0137, 0, 0]  # beside gaps between boards
            hit = is_inside(column, piece.vertices, piece.faces)
            top += [column[hit, 1].max()] if hit.any() else []
    floor = min(piece.bounding_box()[0, 1] for _, piece in design.pieces)
    return max(top) - floor


@pytest.mark.parametrize("seed", SEEDS)
def test_sizes_are_those_of_things_to_sit_on(seed: int) -> None:
    design = drawn(seed)
    width, height, depth = np.ptp(made(seed).mesh.vertices, axis=0)
    high = design.style["sort"] == "bar" or design.style["back"] == "none"
    assert 0.33 < seat_height(design) < (0.85 if high else 0.56)
    assert 0.25 < width < 1.25
    assert 0.25 < depth < 1.25
    assert 0.38 < height < 1.4


@pytest.mark.parametrize("seed", SEEDS)
def test_the_back_is_behind_and_sides_are_alike(seed: int) -> None:
    """What stands higher than the seat lies towards +z on average; castors may point anywhere."""
    shape = made(seed)
    box = shape.mesh.bounding_box()
    np.testing.assert_allclose(box[0], -box[1], atol=2e-6)
    if shape.style["back"] != "none":
        high = shape.mesh.vertices[shape.mesh.vertices[:, 1] > 0.8 * box[1, 1]]
        assert high[:, 2].mean() > 0.02
    if shape.style["base"] not in ("star", "crossed"):
        points, _ = shape.mesh.sample_surface(40, 0)
        assert distance_to_surface(points * [-1, 1, 1], shape.mesh).max() < 3e-3


# --- variety, repetition ------------------------------------------------------------------------------


def test_all_styles_appear() -> None:
    seen = defaultdict(Counter)
    for style, _ in many():
        for name, choice in style.items():
            seen[name][choice] += 1
    assert {name: set(seen[name]) for name in STYLES} == STYLES
    assert seen["base"]["four_legs"] > 250
    assert seen["back"]["none"] < 100
    assert seen["arms"]["none"] > 200


def test_a_seed_gives_the_same_bytes_whatever_was_made_before() -> None:
    first = make("chair", 7)
    for other in (3, 11):
        make("chair", other)
    again = make("chair", 7)
    assert first.mesh.vertices.tobytes() == again.mesh.vertices.tobytes()
    assert first.mesh.faces.tobytes() == again.mesh.faces.tobytes()
    assert first.description() == again.description()


def test_looks_leave_the_shape_alone() -> None:
    one, other = (chair.design(np.random.default_rng(5), np.random.default_rng(k)) for k in (1, 2))
    assert one.style == other.style
    for (_, a), (_, b) in zip(one.pieces, other.pieces, strict=True):
        np.testing.assert_array_equal(a.vertices, b.vertices)
    assert one.materials != other.materials


def test_two_seeds_differ() -> None:
    extents = np.array([np.ptp(made(seed).mesh.vertices, axis=0) for seed in SEEDS])
    apart = np.linalg.norm(extents[:, None] - extents, axis=2) + np.eye(len(extents))
    assert apart.min() > 1e-4
    assert len({tuple(sorted(made(seed).style.items())) for seed in SEEDS}) > 50


# --- symmetry -----------------------------------------------------------------------------------------

ROUNDED = 3e-3  # metres: circles are polygons, halves of squares are halved in one direction


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T


def alike_after(folds: int) -> list[int]:
    return [seed for seed, (_, turns) in enumerate(many()) if turns == folds]


@pytest.mark.parametrize("folds", [0, 2, 3, 4, 5])
def test_turns_leave_stools_as_they_are(folds: int) -> None:
    seeds = alike_after(folds)[:4]
    assert seeds
    for seed in seeds:
        mesh = made(seed).mesh
        angles = [0.3, 1.1] if folds == 0 else [2 * np.pi / folds]
        points = np.concatenate(
            [mesh.sample_surface(60, 0)[0], mesh.vertices[:: len(mesh.vertices) // 60 + 1]]
        )
        for angle in angles:
            off = distance_to_surface(turned(points, angle), mesh)
            assert off.max() < ROUNDED, (seed, made(seed).style)


@pytest.mark.parametrize("folds", [2, 3, 4, 5])
def test_smaller_turns_do_not(folds: int) -> None:
    for seed in alike_after(folds)[:3]:
        mesh = made(seed).mesh
        off = distance_to_surface(turned(mesh.vertices[::3], np.pi / folds), mesh)
        assert off.max() > ROUNDED


def test_what_has_a_back_is_not_alike_after_half_a_turn() -> None:
    camera = rrb.Camera.from_fov(30, width=64, height=64)
    overlaps = []
    for seed in [s for s in SEEDS if made(s).turns.folds == 1]:
        style = made(seed).style  # sleds and rails in front alone tell front from behind
        assert style["back"] != "none" or "sled" in style["base"] or style["stretchers"] == "front_high"
        masks = []
        for azimuth in (60.0, 240.0):
            pose = rrb.Pose.from_viewpoint(azimuth, 15, distance_m=3.0)
            masks.append(rrb.render(made(seed).mesh, pose, camera).silhouette > 0.5)
        overlaps.append((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())
    assert np.mean(np.array(overlaps) < 0.9) > 0.95


# --- looks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_frames_are_of_one_material(seed: int) -> None:
    shape = made(seed)
    by_part = dict(zip(shape.parts, shape.materials, strict=True))
    frame = {by_part[p].name for p in ("leg", "frame", "stretcher", "post", "arm", "runner") if p in by_part}
    assert len(frame) <= 1
    assert {by_part[p].name for p in ("cushion", "back_cushion", "body") if p in by_part} <= {
        "fabric",
        "leather",
    }
    if shape.style["base"] in ("sled", "cantilever"):
        assert by_part["frame"].name == "metal"
