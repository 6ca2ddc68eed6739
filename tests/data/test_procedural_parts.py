"""Laws of the closed parts that all procedural objects are put together from."""

import numpy as np
import pytest

from rrb.data.procedural import parts
from rrb.geometry.mesh import Mesh

CIRCLE = parts.ellipse(1.0, 1.0, 64)
UNIT = parts.rounded_rectangle(1.0, 1.0, 1e-9, 1)
PATH = np.array([(0.0, 0.0, 0.0), (0.3, 0.4, 0.0), (0.4, 0.9, 0.3)])
BOW = parts.arc(np.array([(0.0, 0.0, 0.0), (0.5, 1.0, 0.0), (1.0, 0.0, 0.5)]), 9)
NET = np.stack(
    [*np.meshgrid(np.linspace(0, 1, 6), np.linspace(0, 2, 5), indexing="ij"), np.zeros((6, 5))], -1
)

PARTS = {
    "block": parts.block((1, 2, 3), (4, 5, 6)),
    "block, turned": parts.block((1, 2, 3), (4, 5, 6), parts.turn(0, 0.4)),
    "cushion": parts.cushion((1, 2, 3), (4, 5, 6)),
    "cushion, hard": parts.cushion((1, 1, 1), (0, 0, 0), softness=0.0, sections=2),
    "cushion, soft": parts.cushion((1, 0.2, 1), (0, 0, 0), softness=1.0, sections=8),
    "slab along x": parts.slab(CIRCLE, 0.1, (1, 2, 3), axis=0),
    "slab along y": parts.slab(UNIT, 0.1, axis=1),
    "slab along z": parts.slab(CIRCLE[::-1], 0.1, axis=2),
    "loft": parts.loft(np.stack([[(x, k, z) for x, z in CIRCLE * (k + 1)] for k in range(3)])),
    "loft, downwards": parts.loft(np.stack([[(x, -k, z) for x, z in CIRCLE] for k in range(2)])),
    "tube": parts.tube(PATH, 0.05),
    "tube, bent": parts.tube(BOW, np.linspace(0.1, 0.02, 9), 7),
    "bar": parts.bar(PATH, 0.1, 0.05, across=(0, 0, 1)),
    "bar, level": parts.bar(PATH * [1, 0, 1], 0.1, 0.05, across=(0, 1, 0)),
    "rod": parts.rod((0, 0, 0), (1, 2, 3), 0.1),
    "rod, downwards": parts.rod((0, 2, 0), (0, 0, 0), 0.1, 0.02),
    "lathe": parts.lathe(np.array([(0.1, 0.0), (0.3, 0.2), (0.05, 0.5)])),
    "lathe, downwards": parts.lathe(np.array([(0.1, 0.5), (0.3, 0.2), (0.05, 0.0)])),
    "upright": parts.upright(PATH, np.array([0.1, 0.05, 0.08]), CIRCLE),
    "upright of two sizes": parts.upright(PATH, np.array([[0.1, 0.2]] * 3), UNIT),
    "moulded": parts.moulded(UNIT, np.array([(0.9, 0.0), (1.0, 0.1), (0.5, 0.3)]), (1, 2, 3)),
    "sheet": parts.sheet(NET, 0.1),
    "sheet, other side": parts.sheet(NET[::-1], 0.1),
    "sheet, bent": parts.sheet(NET + 0.2 * np.sin(NET[:, :, 1:2]) * [0, 0, 1], 0.05),
    "turned": parts.turned(parts.block((1, 2, 3), (4, 5, 6)), 2, 1.0),
    "mirrored": parts.mirrored(parts.rod((1, 0, 0), (2, 1, 0), 0.1)),
}  # fmt: skip


def volume(mesh: Mesh) -> float:
    """Positive where faces point outwards."""
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    return float(np.einsum("fi,fi->", a, np.cross(b, c))) / 6


def edges_are_paired(mesh: Mesh) -> bool:
    """Whether each edge is run through once in each direction: all faces agree about the outside."""
    edges = np.concatenate([mesh.faces[:, [i, (i + 1) % 3]] for i in range(3)])
    there, back = ({tuple(edge) for edge in e.tolist()} for e in (edges, edges[:, ::-1]))
    return len(there) == len(edges) and there == back


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_closed_and_faces_outwards(name: str) -> None:
    mesh = PARTS[name]
    assert mesh.is_watertight
    assert edges_are_paired(mesh)
    assert volume(mesh) > 0
    assert (mesh.face_areas() > 0).all()


@pytest.mark.parametrize(
    ("mesh", "expected"),
    [
        (parts.block((1, 2, 3), (4, 5, 6), parts.turn(1, 0.7)), 6.0),
        (parts.cushion((1, 2, 3), (0, 0, 0), softness=1.0, sections=16), np.pi),  # an ellipsoid: pi / 6 of its box
        (parts.slab(CIRCLE, 0.2, (1, 1, 1), axis=2), np.pi / 4 * 0.2),
        (parts.tube(np.array([(0, 0, 0), (1, 1, 0), (2, 2, 0.0)]), 0.1, 64), np.pi * 0.01 * 8**0.5),
        (parts.bar(np.array([(0, 0, 0), (1, 1, 0.0)]), 0.1, 0.2, across=(0, 0, 1)), 0.02 * 2**0.5),
        (parts.rod((0, 0, 0), (0, 0, 3), 0.2, 0.1, 64), np.pi * 3 * (0.04 + 0.02 + 0.01) / 3),  # a frustum
        (parts.lathe(np.array([(0.5, 0.0), (0.5, 2.0)]), sections=64), np.pi * 0.25 * 2),
        (parts.upright(np.array([(0, 0, 0), (5, 1, 3.0)]), 0.1, UNIT), 0.01),  # Cavalieri: leaning changes nothing
        (parts.upright(np.array([(0, 0, 0), (0, 2, 0.0)]), np.array([[0.1, 0.3]] * 2), CIRCLE), np.pi / 4 * 0.06),
        (parts.moulded(CIRCLE, np.array([(1.0, 0.0), (1e-6, 3.0)])), np.pi / 4),  # a cone
        (parts.sheet(NET, 0.1), 0.2),
    ],
)  # fmt: skip
def test_volumes_are_the_analytic_ones(mesh: Mesh, expected: float) -> None:
    assert volume(mesh) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("block", (3.5, 4, 4.5), (4.5, 6, 7.5)),
        ("cushion, soft", (-0.5, -0.1, -0.5), (0.5, 0.1, 0.5)),
        ("slab along x", (0.95, 1.5, 2.5), (1.05, 2.5, 3.5)),
        ("slab along y", (-0.5, -0.05, -0.5), (0.5, 0.05, 0.5)),
        ("slab along z", (-0.5, -0.5, -0.05), (0.5, 0.5, 0.05)),
        ("lathe", (-0.3, 0, -0.3), (0.3, 0.5, 0.3)),
        ("moulded", (0.5, 2, 2.5), (1.5, 2.3, 3.5)),
        ("sheet", (0, 0, -0.05), (1, 2, 0.05)),
    ],
)
def test_extents_are_those_asked_for(name: str, low: tuple, high: tuple) -> None:
    box = PARTS[name].bounding_box()
    np.testing.assert_allclose(box, [low, high], atol=1e-8)


@pytest.mark.parametrize("softness", [0.0, 0.3, 0.6, 1.0])
def test_a_cushion_of_an_odd_net_stays_just_within_its_box(softness: float) -> None:
    """No corner of the net lies in the middle of a side."""
    extents = np.ptp(parts.cushion((1, 2, 3), (4, 5, 6), softness=softness).bounding_box(), axis=0)
    assert (extents <= np.array([1, 2, 3]) + 1e-9).all()
    assert (extents > 0.97 * np.array([1, 2, 3])).all()


def test_softness_goes_from_a_box_to_an_ellipsoid() -> None:
    volumes = [
        volume(parts.cushion((1, 1, 1), (0, 0, 0), softness=s, sections=12)) for s in np.linspace(0, 1, 6)
    ]
    assert (np.diff(volumes) < 0).all()
    assert volumes[0] > 0.9
    assert volumes[-1] == pytest.approx(np.pi / 6, rel=0.02)


def test_uprights_stand_flat_however_they_lean() -> None:
    mesh = parts.upright(np.array([(0, 0, 0), (1.0, 1.0, -2.0)]), 0.1, CIRCLE)
    feet = mesh.vertices[np.abs(mesh.vertices[:, 1]) < 0.5]
    np.testing.assert_array_equal(feet[:, 1], 0)
    assert np.ptp(feet[:, 0]) == pytest.approx(0.1)


def test_a_tube_keeps_its_distance_from_its_line() -> None:
    tube = parts.tube(BOW, 0.03, 12)
    rings = tube.vertices[:-2].reshape(9, 12, 3)
    np.testing.assert_allclose(np.linalg.norm(rings - BOW[:, None], axis=2), 0.03)
    tangents = (BOW[2:] - BOW[1:-1]) / np.linalg.norm(BOW[2:] - BOW[1:-1], axis=1, keepdims=True)
    tangents += (BOW[1:-1] - BOW[:-2]) / np.linalg.norm(BOW[1:-1] - BOW[:-2], axis=1, keepdims=True)
    np.testing.assert_allclose(np.einsum("kni,ki->kn", (rings - BOW[:, None])[1:-1], tangents), 0, atol=1e-12)


def test_a_bar_has_its_width_across() -> None:
    box = parts.bar(np.array([(0, 0, 0), (0, 0, 2.0)]), 0.3, 0.1, across=(1, 0, 0)).bounding_box()
    np.testing.assert_allclose(box[1] - box[0], [0.3, 0.1, 2.0])


def test_a_sheet_lies_half_to_each_side_and_may_vary() -> None:
    thickness = np.linspace(0.1, 0.3, 30).reshape(6, 5)
    mesh = parts.sheet(NET, thickness)
    front, back = mesh.vertices.reshape(2, 6, 5, 3)
    np.testing.assert_allclose((front + back) / 2, NET, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(front - back, axis=2), thickness)


@pytest.mark.parametrize("count", [2, 9])
def test_an_arc_passes_through_its_ends_and_starts_along_its_control_line(count: int) -> None:
    points = np.array([(0.0, 1.0), (2.0, 5.0), (-1.0, 3.0), (4.0, 4.0)])
    line = parts.arc(points, count)
    assert line.shape == (count, 2)
    np.testing.assert_allclose(line[[0, -1]], points[[0, -1]])
    fine = parts.arc(points, 10001)
    for step, control in (
        (fine[1] - fine[0], points[1] - points[0]),
        (fine[-1] - fine[-2], points[3] - points[2]),
    ):
        assert np.dot(step, control) / np.linalg.norm(step) / np.linalg.norm(control) > 1 - 1e-6


def test_an_arc_of_two_points_is_straight() -> None:
    np.testing.assert_allclose(
        parts.arc(np.array([(0.0, 0.0), (1.0, 2.0)]), 5), np.linspace((0, 0), (1, 2), 5)
    )


def test_a_rounded_line_keeps_its_ends_and_leaves_out_its_corners() -> None:
    points = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 3.0)])
    line = parts.rounded_line(points, 0.2, 6)
    np.testing.assert_array_equal(line[[0, -1]], points[[0, -1]])
    nearest = np.linalg.norm(line[:, None] - points[1:-1], axis=2).min(0)
    assert ((nearest > 0.05) & (nearest < 0.2)).all()
    assert (np.linalg.norm(np.diff(line, axis=0), axis=1) > 0).all()
    # A radius that is too large is cut, and the line does not run back over itself.
    wide = parts.rounded_line(points, 5.0, 6)
    assert (np.linalg.norm(np.diff(wide, axis=0), axis=1) > 0).all()
    assert (np.diff(wide[:, 2]) >= 0).all()


@pytest.mark.parametrize("radius", [1e-6, 0.2, 10.0])
def test_a_rounded_rectangle_fits_its_box_and_runs_around_once(radius: float) -> None:
    line = parts.rounded_rectangle(3.0, 1.0, radius)
    np.testing.assert_allclose(np.abs(line).max(0), [1.5, 0.5])
    angles = np.unwrap(np.arctan2(line[:, 1], line[:, 0]))
    assert (np.diff(angles) > 0).all()
    x, y = line.T
    area = 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))
    cut = min(radius, 0.499)
    assert area == pytest.approx(3.0 - (4 - np.pi) * cut**2, rel=0.02)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_turns_follow_the_right_hand_rule(axis: int) -> None:
    """A quarter turn about x takes y to z, about y takes z to x, about z takes x to y."""
    first, second = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
    quarter = parts.turn(axis, np.pi / 2)
    np.testing.assert_allclose(quarter @ first, second, atol=1e-12)
    np.testing.assert_allclose(quarter @ np.eye(3)[axis], np.eye(3)[axis], atol=1e-12)
    assert np.linalg.det(quarter) == pytest.approx(1)
    np.testing.assert_allclose(
        parts.turn(axis, 0.3) @ parts.turn(axis, 0.5), parts.turn(axis, 0.8), atol=1e-12
    )


def test_turning_about_a_point_leaves_it() -> None:
    about = np.array([1.0, 2.0, 3.0])
    mesh = parts.block((2, 2, 2), about)
    turned = parts.turned(mesh, 1, np.pi / 2, about)
    np.testing.assert_allclose(turned.bounding_box(), mesh.bounding_box(), atol=1e-12)
    corner = parts.turned(mesh, 1, np.pi / 2, about + [1, 0, 0])
    np.testing.assert_allclose(corner.centre, about + [1, 0, 1], atol=1e-12)


def test_mirroring_is_its_own_inverse_and_a_pair_is_alike() -> None:
    mesh = parts.rod((1, 0, 0), (2, 1, 0.5), 0.1)
    twice = parts.mirrored(parts.mirrored(mesh))
    np.testing.assert_array_equal(twice.vertices, mesh.vertices)
    np.testing.assert_array_equal(twice.faces, mesh.faces)
    one, other = parts.both_sides(mesh)
    assert volume(one) == pytest.approx(volume(other))
    np.testing.assert_allclose(one.centre * [-1, 1, 1], other.centre)


def test_moving_adds_an_offset() -> None:
    mesh = parts.moved(parts.block((1, 1, 1), (0, 0, 0)), (1, 2, 3))
    np.testing.assert_allclose(mesh.centre, [1, 2, 3])
