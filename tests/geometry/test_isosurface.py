"""Laws of the isosurface: what dense evaluation gives, closed, outwards, in its place, and asked for sparingly."""

import itertools

import numpy as np
import pytest

from rrb.data.procedural import make
from rrb.errors import BadInputError
from rrb.geometry.face_tree import FaceTree
from rrb.geometry.isosurface import LEAST_SHARE, extract, refined
from rrb.geometry.mesh import Mesh
from rrb.geometry.winding import winding_number

RADIUS = 0.37
CUBE = ((-0.5, -0.5, -0.5), (0.5, 0.5, 0.5))


def sphere(points):
    return RADIUS - np.linalg.norm(points, axis=1)


def ellipsoid(points, centre=(0.1, -0.05, 0.02), radii=(0.35, 0.21, 0.13)):
    return 1 - np.linalg.norm((points - np.float32(centre)) / np.float32(radii), axis=1)


def box(points, low, high):
    """Above 0 between two corners: the distance to the nearest side, inside."""
    return np.minimum(points - np.float32(low), np.float32(high) - points).min(axis=1)


def table(points):
    legs = [
        box(points, (x - 0.03, -0.3, z - 0.03), (x + 0.03, 0.25, z + 0.03))
        for x in (-0.4, 0.4)
        for z in (-0.25, 0.25)
    ]
    return np.maximum.reduce([box(points, (-0.49, 0.2, -0.31), (0.49, 0.26, 0.31)), *legs])


def waves(seed, half_wavelength):
    """A smooth random field: cosines whose half waves are at least so long."""
    random = np.random.default_rng(seed)
    directions = random.normal(size=(12, 3))
    directions *= np.pi / half_wavelength / np.linalg.norm(directions, axis=1, keepdims=True)
    directions *= random.uniform(0.3, 1, (12, 1))
    phases = random.uniform(0, 2 * np.pi, 12)
    return lambda points: np.cos(points.astype(np.float64) @ directions.T + phases).sum(axis=1)


def balls(seed, least_radius):
    random = np.random.default_rng(seed)
    centres = random.uniform(-0.4, 0.4, (5, 3))
    radii = least_radius * random.uniform(1, 2, 5)
    return lambda points: (radii - np.linalg.norm(points[:, None] - centres, axis=2)).max(axis=1)


def noise(seed, cells):
    """Independent numbers at the corners of the unit cube's grid."""
    values = np.random.default_rng(seed).normal(size=(cells + 1,) * 3)
    return lambda points: values[tuple(np.rint(points * cells).astype(int).T)]


def grid_values(field, low, high, resolution):
    """The field on the finest grid, of a box whose sides are whole numbers of cells."""
    low, high = np.array(low), np.array(high)
    counts = np.rint((high - low) / (high - low).max() * resolution).astype(int) + 1
    axes = [np.linspace(a, b, n) for a, b, n in zip(low, high, counts, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return field(points.reshape(-1, 3).astype(np.float32)).reshape(counts)


def every_part_holds_a_coarse_corner(inside, stride):
    ndimage = pytest.importorskip("scipy.ndimage")
    coarse = (slice(None, None, stride),) * 3
    for side in (inside, ~inside):
        parts, count = ndimage.label(side)
        if set(range(1, count + 1)) - set(np.unique(parts[coarse])):
            return False
    return True


def assert_same(a, b):
    np.testing.assert_array_equal(a.mesh.faces, b.mesh.faces)
    np.testing.assert_array_equal(a.mesh.vertices, b.mesh.vertices)


def assert_closed(mesh):
    """Each side of a face runs once each way; no face is without area, no vertex doubled or unused."""
    starts, ends = mesh.faces.reshape(-1), np.roll(mesh.faces, -1, axis=1).reshape(-1)
    sides = set(zip(starts.tolist(), ends.tolist(), strict=True))
    assert len(sides) == mesh.faces.size
    assert {(b, a) for a, b in sides} == sides
    assert mesh.is_watertight
    assert mesh.face_areas().min() > 0
    assert len(np.unique(mesh.vertices, axis=0)) == len(mesh.vertices) == len(np.unique(mesh.faces))


def volume(mesh):
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    return float(np.einsum("fi,fi->f", a, np.cross(b, c)).sum() / 6)


# --- equal to dense evaluation ----------------------------------------------------------------------


@pytest.mark.parametrize("halvings", [1, 2, 3])
@pytest.mark.parametrize("kind", ["waves", "balls"])
def test_equals_dense_evaluation_where_features_are_wider_than_two_coarse_cells(kind, halvings):
    coarse, resolution = 8, 8 * 2**halvings
    low, high = (-0.5, -0.25, -0.375), (0.5, 0.5, 0.5)
    compared = 0
    for seed in range(6):
        field = waves(seed, 3 / coarse) if kind == "waves" else balls(seed, 1 / coarse)
        inside = grid_values(field, low, high, resolution) > 0
        if not every_part_holds_a_coarse_corner(inside, 2**halvings):
            continue  # where waves only just reach the level, or the box cuts them, a part can be small
        sparse = extract(field, low, high, resolution=resolution, coarse=coarse)
        assert_same(sparse, extract(field, low, high, resolution=resolution, coarse=resolution))
        assert sparse.evaluations < 0.8 * sparse.dense
        compared += 1
    assert compared >= 4


@pytest.mark.parametrize("high", [(0.5, 0.41, 0.13), (0.2, 0.5, 0.33), (-0.1, -0.15, 0.5)])
def test_equals_dense_evaluation_in_boxes_of_broken_cells(high):
    """Also where the coarse grid's last cells reach beyond the box."""
    low, high = np.full(3, -0.5), np.array(high)
    cell = (high - low).max() / 48
    sides = np.ceil((high - low) / cell - 1e-6) * cell
    compared = 0
    for seed in range(5):
        field = waves(seed, 0.5)
        inside = grid_values(field, (low + high - sides) / 2, (low + high + sides) / 2, 48) > 0
        if every_part_holds_a_coarse_corner(inside, 8):
            sparse = extract(field, low, high, resolution=48, coarse=6)
            assert_same(sparse, extract(field, low, high, resolution=48, coarse=48))
            compared += 1
    assert compared >= 3


def test_a_thin_part_is_followed_from_a_thick_one_and_lost_when_alone():
    def rod(points):  # a quarter of a coarse cell thick, away from the coarse grid's lines
        return box(points, (-0.2, 0.1, 0.1), (0.45, 0.1 + 1 / 64, 0.1 + 1 / 64))

    def both(points):
        return np.maximum(0.25 - np.linalg.norm(points - np.float32((-0.2, 0.1, 0.1)), axis=1), rod(points))

    shifted = [np.array(side) + 0.001 for side in CUBE]  # no corner lies on the rod's sides
    attached = extract(both, *shifted, resolution=128, coarse=16)
    assert_same(attached, extract(both, *shifted, resolution=128, coarse=128))
    assert attached.mesh.bounding_box()[1, 0] > 0.44
    with pytest.raises(BadInputError, match="nowhere above"):
        extract(rod, *shifted, resolution=128, coarse=16)
    assert_closed(extract(rod, *shifted, resolution=128, coarse=128).mesh)


@pytest.mark.parametrize("chunk", [1000, 4097])
def test_chunks_change_nothing(chunk):
    asked = []

    def field(points):
        assert points.dtype == np.float32
        asked.append(points)
        return sphere(points)

    result = extract(field, *CUBE, resolution=64, coarse=16, chunk=chunk)
    assert_same(result, extract(sphere, *CUBE, resolution=64, coarse=16))
    assert max(map(len, asked)) <= chunk
    points = np.concatenate(asked)
    assert result.evaluations == len(points) == len(np.unique(points, axis=0))
    assert result.dense == 65**3


# --- closed and facing outwards ---------------------------------------------------------------------


def test_closes_whatever_the_signs_of_a_cell_are():
    """Noise holds every one of the 256 cases."""
    field, cells = noise(5, 24), 24
    inside = grid_values(field, (0, 0, 0), (1, 1, 1), cells) > 0
    corners = [
        inside[x : x + cells, y : y + cells, z : z + cells] for x in (0, 1) for y in (0, 1) for z in (0, 1)
    ]
    assert len(np.unique(np.sum([c * 2**i for i, c in enumerate(corners)], axis=0))) == 256
    assert_closed(extract(field, (0, 0, 0), (1, 1, 1), resolution=cells, coarse=cells).mesh)


def test_separates_inside_corners_from_outside_ones():
    """The winding number of the mesh of noise is 1 at every corner above the level and 0 at the others."""
    field = noise(7, 12)
    mesh = extract(field, (0, 0, 0), (1, 1, 1), resolution=12, coarse=12).mesh
    corners = np.array(list(itertools.product(range(13), repeat=3))) / 12
    np.testing.assert_array_equal(winding_number(corners, mesh.vertices, mesh.faces), field(corners) > 0)


def test_inside_corners_across_a_face_are_joined():
    def field(points):
        corner = np.rint(points * 3).astype(int)
        return np.where((corner == [1, 1, 1]).all(1) | (corner == [2, 2, 1]).all(1), 1.0, -1.0)

    mesh = extract(field, (0, 0, 0), (1, 1, 1), resolution=3, coarse=3).mesh
    assert_closed(mesh)
    sides = np.concatenate([mesh.faces[:, :2], mesh.faces[:, 1:], mesh.faces[:, ::2]])
    assert len(mesh.vertices) - len(np.unique(np.sort(sides), axis=0)) + len(mesh.faces) == 2  # one ball


@pytest.mark.parametrize("level", [0.0, 0.25, -1.0])
def test_values_at_the_level_itself_make_no_face_without_area(level):
    def field(points):  # takes the level at corners, along edges and on faces of cells
        return level + 0.5 - np.abs(points).sum(axis=1)

    mesh = extract(field, (-1, -1, -1), (1, 1, 1), resolution=16, coarse=4, level=level).mesh
    assert_closed(mesh)
    assert volume(mesh) == pytest.approx(4 / 3 * 0.5**3, rel=0.02)  # of an octahedron


def test_a_sphere_faces_outwards_and_converges():
    errors = []
    for resolution in (16, 32, 64):
        mesh = extract(sphere, *CUBE, resolution=resolution, coarse=16).mesh
        assert_closed(mesh)
        assert (np.einsum("vi,vi->v", mesh.vertex_normals(), mesh.vertices) > 0).all()
        errors.append(4 / 3 * np.pi * RADIUS**3 - volume(mesh))
    assert 0 < errors[0] < 0.03 * volume(mesh)
    assert errors[0] / errors[1] > 3.3
    assert errors[1] / errors[2] > 3.3


# --- in its place -----------------------------------------------------------------------------------


def test_vertices_lie_where_interpolation_says():
    """Along an edge h long the field bends by 1 / (R - h) at most, so a linear one errs by h^2 / 8 of that."""
    mesh = extract(sphere, *CUBE, resolution=64, coarse=16).mesh
    cell = 1 / 64
    distance = np.abs(np.linalg.norm(mesh.vertices, axis=1) - RADIUS)
    assert distance.max() < cell**2 / 8 / (RADIUS - cell) + LEAST_SHARE * cell + 1e-6
    on_grid = np.abs((mesh.vertices + 0.5) / cell - np.rint((mesh.vertices + 0.5) / cell)) < 1e-6
    np.testing.assert_array_equal(on_grid.sum(axis=1), 2)  # each on one edge of the grid


def test_a_linear_field_is_met_exactly():
    normal = np.array([0.3, -0.5, 0.81], np.float32)
    mesh = extract(lambda points: points @ normal + 0.1, *CUBE, resolution=32, coarse=8).mesh
    within = (np.abs(mesh.vertices) < 0.5).all(axis=1)
    assert 0.3 < within.mean() < 0.7
    # Where it passes a corner by less, a vertex still keeps its share of the edge from it.
    assert np.abs(mesh.vertices[within] @ normal + 0.1).max() < LEAST_SHARE / 32 + 1e-6
    assert np.median(np.abs(mesh.vertices[within] @ normal + 0.1)) < 1e-7


def test_axes_are_not_swapped():
    """Three radii, a centre and a box that differ along every axis."""
    centre, radii = np.array([0.1, -0.05, 0.02]), np.array([0.35, 0.21, 0.13])
    mesh = extract(ellipsoid, (-0.3, -0.3, -0.15), (0.5, 0.2, 0.17), resolution=64, coarse=16).mesh
    cell = 0.8 / 64
    np.testing.assert_allclose(mesh.bounding_box(), [centre - radii, centre + radii], atol=cell / 4)
    assert volume(mesh) == pytest.approx(4 / 3 * np.pi * radii.prod(), rel=0.02)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_turning_the_axes_turns_the_vertices(order):
    low, high = np.array([-0.3, -0.3, -0.15]), np.array([0.5, 0.2, 0.17])
    straight = extract(ellipsoid, low, high, resolution=32, coarse=8).mesh.vertices
    back = np.argsort(order)
    turned = extract(
        lambda points: ellipsoid(points[:, back]),
        low[list(order)],
        high[list(order)],
        resolution=32,
        coarse=8,
    ).mesh.vertices[:, back]
    np.testing.assert_allclose(
        sorted(straight.round(5).tolist()), sorted(turned.round(5).tolist()), atol=2e-5
    )


def test_follows_a_move_and_a_scale():
    shift, scale = np.array([0.25, -1.5, 3.0]), 4.0
    here = extract(ellipsoid, *CUBE, resolution=32, coarse=8).mesh
    low, high = (np.array(side) * scale + shift for side in CUBE)
    there = extract(
        lambda points: ellipsoid((points - shift.astype(np.float32)) / scale),
        low,
        high,
        resolution=32,
        coarse=8,
    ).mesh
    np.testing.assert_array_equal(there.faces, here.faces)
    np.testing.assert_allclose(there.vertices, here.vertices * scale + shift, atol=1e-5)


def test_a_level_is_a_constant_taken_off():
    raised = extract(lambda points: sphere(points) * 8 + 2, *CUBE, resolution=32, coarse=8, level=2.0)
    plain = extract(sphere, *CUBE, resolution=32, coarse=8)
    np.testing.assert_array_equal(raised.mesh.faces, plain.mesh.faces)
    np.testing.assert_allclose(raised.mesh.vertices, plain.mesh.vertices, atol=1e-5)


# --- the border of the box --------------------------------------------------------------------------


def test_what_touches_the_border_is_closed_there():
    """Half of a box, cut obliquely: the border's sides are where the box ends."""
    low, high = np.array([-0.5, -0.25, -0.5]), np.array([0.5, 0.25, 0.25])
    mesh = extract(lambda points: points[:, 0] * 2 + points[:, 1], low, high, resolution=32, coarse=8).mesh
    assert_closed(mesh)
    assert volume(mesh) == pytest.approx(np.prod(high - low) / 2, rel=1e-3)
    beyond = np.maximum(low - mesh.vertices, mesh.vertices - high).max()
    assert 0 < beyond < 1.01 * LEAST_SHARE / 32


def test_sides_of_broken_cells_are_widened_at_both_ends():
    """Full but for a hole, the surface shows the box: its middle stays, each side grows by less than a cell."""
    low, high = np.array([-0.31, 0.1, 2.0]), np.array([0.69, 0.533, 2.77])
    hole = np.float32([0.15, 0.3, 2.4])
    mesh = extract(
        lambda points: np.linalg.norm(points - hole, axis=1) - 0.15, low, high, resolution=32, coarse=16
    ).mesh
    assert_closed(mesh)
    found, cell = mesh.bounding_box(), 1 / 32
    np.testing.assert_allclose(found.mean(axis=0), (low + high) / 2, atol=1e-6)
    grown = (found[1] - found[0]) / (1 + 2 * LEAST_SHARE * cell / (high - low)) - (high - low)
    assert (grown > -1e-4).all()
    assert (grown < cell).all()


def test_extreme_values_and_steps_close():
    for scale in (1e-30, 1e300):
        mesh = extract(lambda p, s=scale: sphere(p.astype(float)) * s, *CUBE, resolution=32, coarse=8).mesh
        assert_closed(mesh)
    steps = extract(lambda points: np.sign(sphere(points)) * 0.5, *CUBE, resolution=32, coarse=8).mesh
    assert_closed(steps)
    assert volume(steps) == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.05)


# --- how much is asked ------------------------------------------------------------------------------


@pytest.mark.parametrize("high", [(0.5, 0.41, 0.13), (0.2, 0.5, -0.1)])
def test_asks_nothing_outside_the_box(high):
    """Where coarse cells reach beyond it the field is not asked, not even next to a surface."""
    asked = []

    def field(points):
        asked.append(points)
        return points @ np.float32((1, 1, 1)) + 0.3

    low, high = np.full(3, -0.5), np.array(high)
    extract(field, low, high, resolution=48, coarse=6)
    cell, points = (high - low).max() / 48, np.concatenate(asked)
    assert (points > low - cell / 2 - 1e-6).all()
    assert (points < high + cell / 2 + 1e-6).all()


@pytest.mark.parametrize(("category", "seed"), [("chair", 0), ("chair", 1), ("car", 0)])
def test_asks_at_most_four_percent_for_made_objects(category, seed):
    """In a tight box, of 129^3 points; inside or outside is all that the field says, so guesses are poor."""
    mesh, _ = make(category, seed).mesh.normalised()
    tree = FaceTree.of(mesh.vertices, mesh.faces)
    low, high = mesh.bounding_box()
    result = extract(lambda p: np.abs(tree.winding(p.astype(float), 2.0)) - 0.5, low - 0.02, high + 0.02)
    assert result.evaluations <= 0.04 * 129**3
    assert_closed(result.mesh)
    np.testing.assert_allclose(result.mesh.bounding_box(), mesh.bounding_box(), atol=1.5 / 128)


def test_asks_at_most_four_percent_for_a_table():
    result = extract(table, (-0.5, -0.31, -0.32), (0.5, 0.27, 0.32))
    assert result.evaluations <= 0.04 * 129**3
    assert_same(result, extract(table, (-0.5, -0.31, -0.32), (0.5, 0.27, 0.32), coarse=128))


def test_asks_hardly_more_than_both_ends_of_every_edge_that_is_crossed():
    result = extract(sphere, *CUBE)
    inside = grid_values(sphere, *CUBE, 128) > 0
    ends = np.zeros_like(inside)
    for axis in range(3):
        crossed = np.moveaxis(np.diff(inside, axis=axis), axis, 0)
        np.moveaxis(ends, axis, 0)[:-1] |= crossed
        np.moveaxis(ends, axis, 0)[1:] |= crossed
    assert result.evaluations - 33**3 < 1.3 * ends.sum()


# --- refinement -------------------------------------------------------------------------------------


def with_gradient(points):
    """A bent field with the sphere's surface at 1, and its gradient."""
    length = np.linalg.norm(points, axis=1)
    values = np.exp(3 * (RADIUS - length))
    return values, -3 * (values / length)[:, None] * points


def stepped_sphere():
    """Its vertices are up to half a cell away, as the field said no more than inside or outside."""
    return extract(lambda points: np.sign(sphere(points)), *CUBE, resolution=32, coarse=8).mesh


def radius_error(mesh):
    return np.abs(np.linalg.norm(mesh.vertices, axis=1) - RADIUS)


def test_refinement_brings_vertices_to_the_level():
    rough = stepped_sphere()
    errors = [radius_error(rough).max()]
    for steps in (1, 2, 3):
        mesh = refined(rough, with_gradient, level=1.0, steps=steps)
        np.testing.assert_array_equal(mesh.faces, rough.faces)
        errors.append(radius_error(mesh).max())
    assert errors[1] < errors[0] / 10
    assert errors[2] < errors[0] / 500
    assert errors[3] < 1e-6
    assert volume(mesh) > 0.98 * 4 / 3 * np.pi * RADIUS**3


def test_refinement_makes_no_vertex_worse():
    random = np.random.default_rng(0)

    def misleading(points):
        values, gradients = with_gradient(points)
        return values, gradients * random.choice([-1, 0, 0.05, 1], (len(points), 1))

    rough = stepped_sphere()
    mesh = refined(rough, misleading, level=1.0, steps=3)
    before, after = (np.abs(with_gradient(m.vertices.astype(np.float32))[0] - 1) for m in (rough, mesh))
    assert (after <= before).all()
    assert 0.2 < (after < before).mean() < 1


def test_refinement_shortens_steps_that_go_too_far():
    """A gradient five times too small sends every vertex to the other side, four times as far away."""
    rough = stepped_sphere()
    mesh = refined(rough, lambda p: (sphere(p), -p / 5 / (RADIUS - sphere(p))[:, None]), steps=8, most=1.0)
    assert radius_error(mesh).max() < radius_error(rough).max() / 1000


@pytest.mark.parametrize("most", [1e-4, 1e-3, None])
def test_refinement_moves_no_vertex_further_than_allowed(most):
    rough = stepped_sphere()
    edges = rough.vertices[rough.faces] - np.roll(rough.vertices[rough.faces], 1, axis=1)
    bound = most or np.linalg.norm(edges, axis=2).mean() / 2
    # The surface is far away, so that all want to go further.
    mesh = refined(
        rough, lambda p: (with_gradient(p)[0] - 0.5, with_gradient(p)[1]), level=1.0, steps=4, most=most
    )
    moved = np.linalg.norm(mesh.vertices - rough.vertices, axis=1)
    assert moved.max() < bound + 1e-6
    assert np.median(moved) > 0.9 * bound


def test_refinement_leaves_what_has_no_gradient_and_keeps_the_type():
    rough = stepped_sphere()
    for gradient in (0.0, np.nan, np.inf):
        still = refined(rough, lambda p, g=gradient: (with_gradient(p)[0], np.full(p.shape, g)), level=1.0)
        np.testing.assert_array_equal(still.vertices, rough.vertices)
    single = Mesh(rough.vertices.astype(np.float32), rough.faces)
    assert refined(single, with_gradient, level=1.0).vertices.dtype == np.float32


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"resolution": 100}, r"the resolution is 100 with a coarse grid of 32; coarse times a power of two"),
        ({"resolution": 96}, r"the resolution is 96 with"),
        ({"resolution": 16}, r"the resolution is 16 with"),
        ({"resolution": 1024}, r"up to 512"),
        ({"resolution": 64.0}, r"the resolution is 64.0; a whole number"),
        ({"coarse": 0}, r"coarse is 0; a whole number from 1"),
        ({"chunk": 0}, r"the chunk is 0"),
        ({"level": np.nan}, r"the level is nan; a finite number"),
        ({"level": "0"}, r"the level is '0'"),
        ({"low": (0, 0)}, r"the box reaches from \[0.0, 0.0\] to"),
        ({"low": (0.5, 0, 0)}, r"the first below the second"),
        ({"high": (np.inf, 1, 1)}, r"the box reaches from .* to \[inf"),
        ({"level": 1.0}, r"nowhere above 1.0 at the 35937 corners of the coarse grid: the box is empty"),
        ({"level": -1.0}, r"everywhere above -1.0 at the 35937 corners of the coarse grid: the box is full"),
        ({"field": lambda p: sphere(p)[:, None]}, r"float32 of shape \(35937, 1\) for 35937 points"),
        ({"field": lambda p: sphere(p) > 0}, r"the field gave bool"),
        ({"field": lambda p: sphere(p[:-1])}, r"\(35936,\) for 35937 points"),
        (
            {"field": lambda p: np.where(p[:, 0] > 0, np.nan, sphere(p))},
            r"the field is nan at \[0.03125, -0.5",
        ),
        ({"field": lambda p: np.where(p[:, 0] > 0, np.inf, sphere(p))}, r"the field is inf at"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(change, said):
    given = {"field": sphere, "low": CUBE[0], "high": CUBE[1]} | change
    with pytest.raises(BadInputError, match=said):
        extract(**given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 0}, r"the number of steps is 0"),
        ({"most": -1.0}, r"the most that a vertex may move is -1.0; a positive number"),
        ({"level": np.inf}, r"the level is inf"),
        ({"field_and_gradient": lambda p: (sphere(p), sphere(p))}, r"gradients of shape \(\d+,\) for"),
        ({"field_and_gradient": lambda p: (p, p)}, r"the field gave float32 of shape"),
    ],
)
def test_bad_refinement_is_refused_in_a_sentence(change, said):
    given = {"mesh": stepped_sphere(), "field_and_gradient": with_gradient} | change
    with pytest.raises(BadInputError, match=said):
        refined(**given)
