"""Where the smoother starts: objects placed by what most frames agree on, cameras by the best sighting of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrb.egomotion import _smoothing_terms as terms
from rrb.egomotion._smoothing_chain import smoothest
from rrb.egomotion._smoothing_robust import overstated
from rrb.egomotion._smoothing_terms import Measured, State
from rrb.egomotion._turns import Floats, turned
from rrb.egomotion.trajectory import Trajectory
from rrb.geometry.pose import Pose
from rrb.geometry.rotations import angle_of, quaternion_from_matrix

_CANDIDATES = 100  # for the pose of one object in another's frame, out of all frames that see both
_ENOUGH = 100.0  # squared standard deviations between a sighting and a camera that hardly go together
_ROUNDS = 20
_MOST = 4  # cameras of a frame among which to choose


def connected_objects(seen: Measured, frames: int) -> NDArray[np.bool_]:
    """(M,): whether a chain of frames, each seeing two objects, leads to the first object."""
    sees = np.zeros((frames, seen.objects), bool)
    sees[seen.frame, seen.object] = True
    reached = np.zeros(seen.objects, bool)
    reached[0] = sees[:, 0].any()
    while True:
        more = reached | sees[sees[:, reached].any(1)].any(0)
        if (more == reached).all():
            return reached
        reached = more


# --- objects --------------------------------------------------------------------------------------


def place_objects(seen: Measured, scales: bool) -> tuple[Pose, Floats]:
    """world_from_objects (M,) and log-scales (M,), each object from the placed one that it is seen with most."""
    sees = np.zeros((len(seen.times_s), seen.objects))
    sees[seen.frame, seen.object] = 1.0
    together = sees.T @ sees
    rotations, places = np.tile(np.eye(3), (seen.objects, 1, 1)), np.zeros((seen.objects, 3))
    log_scales, placed = np.zeros(seen.objects), np.zeros(seen.objects, bool)
    placed[0] = True
    while not placed.all():
        counts = np.where(placed[:, None] & ~placed, together, -1.0)
        parent, child = np.unravel_index(counts.argmax(), counts.shape)
        pairs = _pairs(seen, int(parent), int(child))
        rotation, offset, grown = _relative(seen, *pairs, float(log_scales[parent]), scales)
        rotations[child] = rotations[parent] @ rotation
        places[child] = places[parent] + rotations[parent] @ offset
        log_scales[child] = grown
        placed[child] = True
    return Pose(rotations, places), log_scales


def _pairs(seen: Measured, parent: int, child: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which sightings of two objects are of the same frame."""
    first, second = np.flatnonzero(seen.object == parent), np.flatnonzero(seen.object == child)
    rows, columns = np.nonzero(seen.frame[first][:, None] == seen.frame[second])
    return first[rows], second[columns]


def _relative(
    seen: Measured, parent: NDArray, child: NDArray, log_scale: float, scales: bool
) -> tuple[Floats, Floats, float]:
    """parent_from_child, rotation (3, 3) and offset (3,), and the child's log-scale, from sightings of both."""
    to_parent = seen.rotation[parent].swapaxes(1, 2)
    rotations = to_parent @ seen.rotation[child]
    to_child = turned(to_parent, seen.translation[child])
    from_parent = np.exp(log_scale) * turned(to_parent, seen.translation[parent])
    agreeing = _angles(rotations)
    if not scales:
        offsets = to_child - from_parent
        between = np.linalg.norm(offsets[_spread(len(offsets)), None] - offsets, axis=-1)
        chosen = _middle(agreeing / (_width(agreeing)) + between / _width(between))
        return rotations[chosen], offsets[chosen], 0.0
    chosen = _middle(agreeing)
    angles = angle_of(rotations[chosen].T @ rotations)
    kept = angles <= np.median(angles)
    offset, scale = _line(to_child[kept], from_parent[kept], np.exp(log_scale))
    return rotations[chosen], offset, float(np.log(scale))


def _spread(count: int) -> NDArray[np.int64]:
    """Numbers of at most `_CANDIDATES` of `count`, evenly spread."""
    return np.unique(np.linspace(0, count - 1, _CANDIDATES).round().astype(int))


def _angles(rotations: Floats) -> Floats:
    """(C, n): of each candidate's rotation to all, rad."""
    quaternions = quaternion_from_matrix(rotations)
    return 2 * np.arccos(np.minimum(1.0, np.abs(quaternions[_spread(len(rotations))] @ quaternions.T)))


def _width(distances: Floats) -> float:
    return float(np.median(distances)) or 1.0


def _middle(distances: Floats) -> int:
    """The candidate (C, n) that is nearest to at least half of the others."""
    return int(_spread(distances.shape[1])[np.median(distances, 1).argmin()])


def _line(to_child: Floats, from_parent: Floats, scale: float) -> tuple[Floats, float]:
    """Offset p and scale s with p = s to_child - from_parent, by least distances (not squares).

    Where the camera hardly moved, any s will do: then it stays the parent's.
    """
    weights = np.ones(len(to_child))
    size = float((to_child**2).sum(1).mean())
    grown, offset = scale, np.zeros(3)
    for _ in range(_ROUNDS):
        share = weights / weights.sum()
        child, parent = to_child - share @ to_child, from_parent - share @ from_parent
        own, hold = float(share @ (child**2).sum(1)), 1e-4 * size
        grown = (float(share @ (child * parent).sum(1)) + hold * scale) / (own + hold)
        grown = min(max(grown, scale / 20), scale * 20)
        offset = share @ (grown * to_child - from_parent)
        away = np.linalg.norm(grown * to_child - from_parent - offset, axis=1)
        weights = 1 / np.maximum(away, 1e-6 * np.sqrt(size))
    return offset, grown


# --- cameras --------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Placed:
    """Where the cameras may be: on the path that most sightings agree with and that has no jumps."""

    cameras: Pose  # (N,) world_from_camera
    chosen: NDArray[np.bool_]  # (N,) by a sighting of the frame or by the start; others lie between those
    agreeing: NDArray[np.bool_]  # (S,) sightings
    wide: float  # >= 1, by which the information of all sightings is to be divided to make two of them agree


def place_cameras(seen: Measured, objects: Pose, log_scales: Floats, start: Trajectory | None) -> Placed:
    """Each sighting of a frame says where the camera is, and `start`, in this world, where it knows."""
    tried = [_cameras_by(seen, rows, objects, log_scales) for rows in _by_rank(seen).T]
    tried += [] if start is None else [(start.world_from_camera, start.known)]
    squares = [_squares(seen, pose, objects, log_scales) for pose, _ in tried]
    wide = _disagreement(seen, squares)
    count = len(seen.times_s)
    support: Floats = np.stack(
        [np.bincount(seen.frame, 1 / (1 + off / (wide * _ENOUGH)), count) for off in squares], 1
    )
    support *= np.stack([there for _, there in tried], 1)
    if start is not None:
        support[:, -1] += start.known
    frames = np.flatnonzero(support.any(1))
    order = np.argsort(-support[frames], axis=1, kind="stable")[:, :_MOST]
    every = Pose.stack([pose for pose, _ in tried])
    cameras = every[order, frames[:, None]]
    best = smoothest(cameras, support[frames[:, None], order], seen.times_s[frames])
    chosen = np.zeros(count, bool)
    chosen[frames[best >= 0]] = True
    number = np.zeros(count, int)
    number[chosen] = order[best >= 0, best[best >= 0]]
    placed = bridged(every[number, np.arange(count)], chosen, seen.times_s)
    off = _squares(seen, placed, objects, log_scales)
    return Placed(placed, chosen, chosen[seen.frame] & (off < wide * _ENOUGH), wide)


def _by_rank(seen: Measured) -> NDArray[np.int64]:
    """(N, most in a frame): the sightings of each frame, -1 behind the last."""
    start = np.searchsorted(seen.frame, seen.frame)
    rank = np.arange(len(seen.frame)) - start
    table = np.full((len(seen.times_s), int(rank.max()) + 1), -1)
    table[seen.frame, rank] = np.arange(len(seen.frame))
    return table


def _cameras_by(
    seen: Measured, rows: NDArray[np.int64], objects: Pose, log_scales: Floats
) -> tuple[Pose, NDArray[np.bool_]]:
    """world_from_camera (N,) by a sighting each, `rows` (N,), and where there is one."""
    thing = seen.object[rows]
    turn = objects.rotation[thing] @ seen.rotation[rows].swapaxes(1, 2)
    arm = np.exp(log_scales[thing])[:, None] * turned(turn, seen.translation[rows])
    return Pose(turn, objects.translation[thing] - arm), rows >= 0


def _disagreement(seen: Measured, squares: list[Floats]) -> float:
    """How much farther apart than stated the nearer ones are of two sightings that share a frame."""
    table = _by_rank(seen)
    apart = [np.empty(0)]
    for rows, off in zip(table.T, squares, strict=False):
        other = rows[seen.frame] >= 0
        other &= seen.object != seen.object[rows[seen.frame]]
        apart.append(off[other] / 2)  # each has its own noise
    return overstated(np.concatenate(apart))


def _squares(seen: Measured, cameras: Pose, objects: Pose, log_scales: Floats) -> Floats:
    state = at_rest(cameras, objects, log_scales)
    return terms.squares(terms.sighting_residuals(state, seen), seen.information)


def at_rest(cameras: Pose, objects: Pose, log_scales: Floats) -> State:
    still = np.zeros_like(cameras.translation)
    frames, things = (cameras.rotation, cameras.translation), (objects.rotation, objects.translation)
    return State(*frames, still, still, *things, log_scales)


def bridged(cameras: Pose, right: NDArray[np.bool_], times_s: Floats) -> Pose:
    """Other frames than the right ones set evenly between those around them, or onto the only one beside them."""
    at, frames = np.flatnonzero(right), np.arange(len(right))
    before = at[np.maximum(np.searchsorted(at, frames, "right") - 1, 0)]
    behind = at[np.minimum(np.searchsorted(at, frames), len(at) - 1)]
    way = times_s[behind] - times_s[before]
    share = np.where(way > 0, (times_s - times_s[before]) / np.where(way > 0, way, 1.0), 0.0)
    return cameras[before].interpolate(cameras[behind], share)
