"""`fit`: the pose of a mesh from its mask. The face of both roads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting import confidence, search
from rrb.fitting.contour import Contour
from rrb.fitting.first_order import FirstOrder
from rrb.fitting.mask_checks import checked_mask, checked_unknown, remarks
from rrb.fitting.observed import observe
from rrb.fitting.result import FitResult, Step
from rrb.fitting.search import Found, SecondOrder
from rrb.fitting.variables import Variables, bound_met, choose, require_inside
from rrb.geometry._arrays import finite_float, short
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.mesh_parts import used_part
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis
from rrb.geometry.symmetry import Symmetry

MOST_HYPOTHESES = 5
_GOOD_COST = 0.3
_SAME_DEG, _SAME_SHARE = 2.0, 0.02
_MUCH_WORSE = 0.15  # in cost: no turned twin of a pose fits so much worse


def fit(
    mesh: Mesh,
    mask: Any,
    camera: Camera,
    *,
    init: Pose | None = None,
    scale: float = 1.0,
    variables: Sequence[str] = ("rotation", "translation"),
    unknown: Any = None,
    upright: bool = False,
    camera_height_m: float | None = None,
    bounds: Mapping[str, Any] | None = None,
    priors: Mapping[str, Any] | None = None,
    road: SecondOrder | FirstOrder | None = None,
) -> FitResult:
    """The pose at which `mesh`, scaled by `scale`, is seen as `mask` (H, W) by `camera`.

    init: camera_from_object to start from; None searches, over all rotations or, if `upright`, over views of an
    object that stands upright in the picture.
    variables: what moves, of rotation, translation, scale, focal_length, or of azimuth, elevation and roll, the
    angles of the camera's orientation, in rotation's place.
    unknown: (H, W), from 0.5 on where the mask says nothing: an occluder, or what lies beyond the image.
    camera_height_m: of the camera above the ground, the plane through the object's lowest vertex perpendicular to
    its y axis; kept exactly. With it, scale and translation can both move.
    bounds: (lower, upper) by name: azimuth_deg, elevation_deg, roll_deg, translation_m (triples), scale, focal_px.
    priors: (mean, standard deviation) by the same names, and rotation_deg: a standard deviation about `init`.
    road: `SecondOrder()`, the default, or `FirstOrder(...)`, which needs an `init`.
    """
    variables_ = choose(variables, camera, bounds=bounds, priors=priors, camera_height_m=camera_height_m)
    mask = checked_mask(mask, camera)
    unknown = None if unknown is None else checked_unknown(unknown, camera, mask)
    size = finite_float(scale)
    if size is None or not size > 0:
        raise BadInputError(f"scale is {short(scale)}; a positive number is accepted")
    _require_start(variables_, init, size, road, priors)
    _require_drawable(mesh)
    road = SecondOrder() if road is None else road
    if not isinstance(road, SecondOrder | FirstOrder):
        raise BadInputError(f"road is {short(road)}; SecondOrder(...) or FirstOrder(...) is accepted")
    if isinstance(road, FirstOrder):
        assert init is not None
        from rrb.fitting.published import fit_first_order

        return fit_first_order(mesh, mask, camera, init, road, variables_, size, unknown)
    plain = camera.numpy()
    reference = None if init is None else init.numpy().rotation
    contour = Contour(mesh, observe(mask, unknown, plain), variables_, reference)
    found = _found(contour, init, size, upright, road)
    if contour.reaches_beyond(found[0].state):
        # What is drawn outside the window counts as well: once more, in the whole picture.
        contour = Contour(mesh, observe(mask, unknown, plain, whole=True), variables_, reference)
        found = search.again(contour, found)
    return _result(contour, mesh, camera, found, notes_on(mask, upright and init is None))


def notes_on(mask: NDArray[np.float32], assumed_upright: bool) -> tuple[str, ...]:
    return remarks(mask) + (("the object stands upright in the picture",) if assumed_upright else ())


def _require_start(
    v: Variables, init: Pose | None, scale: float, road: Any, priors: Mapping[str, Any] | None
) -> None:
    if init is not None:
        if not isinstance(init, Pose) or init.batch:
            raise BadInputError("init is no single pose; a Pose camera_from_object is accepted")
        require_inside(v, init.numpy(), scale)
        return
    if isinstance(road, FirstOrder):
        raise BadInputError("the first-order road has no search: give it an init")
    if not v.moves[3:6].all() or not v.moves[:2].all():
        raise BadInputError(
            "without an init, translation and rotation (or azimuth and elevation) must move: give an init, or name them"
        )
    if "rotation_deg" in (priors or {}):
        raise BadInputError("a prior on rotation_deg is about an init, and none is given")


def _require_drawable(mesh: Mesh) -> None:
    vertices, faces = used_part(mesh)
    if not len(faces):
        raise BadInputError("the mesh has no faces; at least one is needed")
    if not np.ptp(vertices, axis=0).max() > 0:
        raise BadInputError("all vertices of the mesh lie in one point; a mesh with an extent is accepted")


def _found(
    contour: Contour, init: Pose | None, scale: float, upright: bool, road: SecondOrder
) -> list[Found]:
    """The minima that were found, best first, at least one."""
    if init is None:
        found = search.best_of(contour, search.starts_anywhere(contour, upright, scale, road), road)
        if not found:
            raise BadInputError(
                "no view of the mesh fits into the mask's box within the bounds that were given"
            )
        return found
    start = contour.state(init.numpy(), scale)
    v = contour.variables
    if v.camera_height_m is not None and v.moves[3:7].all():
        moved = search.at_height(contour, start[None])
        if not len(moved):
            raise BadInputError(
                "at the start the camera is at or below the object's lowest vertex; above is accepted"
            )
        start = moved[0]
    found = [search.from_start(contour, start)]
    if not found[0].cost < _GOOD_COST and v.moves[:6].all():
        found += search.best_of(contour, search.starts_around(contour, start, road), road)
        found.sort(key=lambda f: f.cost)
    if not found[0].cost < np.inf:
        raise BadInputError("at the start nothing of the mesh is in front of the camera and in the image")
    return [one for one in found if one.cost < np.inf]


# --- what was found, said -------------------------------------------------------------------------


def _result(
    contour: Contour, mesh: Mesh, camera: Camera, found: list[Found], notes: tuple[str, ...]
) -> FitResult:
    symmetry = Symmetry(mesh)
    groups = _distinct(symmetry, contour, found)[:MOST_HYPOTHESES]
    leaders = [group.members[0] for group in groups]
    judged = [contour.judge(one.state, search.FINE_REACH_PX) for one in leaders]
    weights = confidence.weights(contour, np.array([one.cost for one in leaders]), judged[0].rms_px)
    words = symmetry.in_words or groups[0].symmetry
    hypotheses = tuple(
        Hypothesis(
            group.pose,
            float(weight),
            judgement.iou,
            words or group.symmetry,
            math.exp(one.state[12]),
            _with_focal(camera, one.state).fx_px if contour.variables.moves[7] else None,
        )
        for group, one, judgement, weight in zip(groups, leaders, judged, weights, strict=True)
    )
    state, pose, scale = leaders[0].state, groups[0].pose, math.exp(leaders[0].state[12])
    v = contour.variables
    sure = confidence.certainty(contour, state, judged[0])
    reason = confidence.reason_against(
        confidence.agreement(contour, state),
        weights,
        {
            "rotation_deg": 0.0 if words and "any turn" in words else _rotation_deg(v, sure.covariance),
            "depth_share": sure.depth_share if v.moves[5] else 0.0,
        },
        bound_met(v, pose, scale, math.exp(state[13])),
        (sure.growth_px, sure.growth_share),
        confidence.height_missed(v, pose, scale, contour.lowest + contour.centre[1]),
        judged[0].iou,
    )
    return FitResult(
        camera_from_object=pose,
        scale=scale,
        camera=_with_focal(camera, state) if v.moves[7] else camera,
        iou=judged[0].iou,
        covariance=sure.covariance,
        moved=v.moved,
        hypotheses=hypotheses,
        history=_history(contour, leaders[0], camera),
        accepted=reason is None,
        reason=reason,
        notes=notes,
    )


def _with_focal(camera: Camera, state: NDArray[np.float64]) -> Camera:
    return camera.with_focal_px(camera.numpy().fx_px * math.exp(state[13]))


@dataclass
class _Group:
    """What looks the same, best first, and the symmetry that holds it together."""

    members: list[Found]
    pose: Pose  # of the first
    middle: NDArray[np.float64]  # where it puts the middle of the mesh, camera frame
    symmetry: str | None = None


def _distinct(symmetry: Symmetry, contour: Contour, found: list[Found]) -> list[_Group]:
    """The found minima, best first, with those that look the same taken together."""
    groups = list[_Group]()
    poses = contour.poses(np.stack([f.state for f in found]))
    middles = [contour.middle_camera(f.state) for f in found]
    for i, one in enumerate(found):
        for group in groups:
            degrees, _ = poses[i].distance(group.pose)
            apart = np.linalg.norm(middles[i] - group.middle)
            if degrees < _SAME_DEG:
                if apart < _SAME_SHARE * (contour.extent + np.linalg.norm(group.middle)):
                    group.members.append(one)
                    break
                continue
            if one.cost > group.members[0].cost + _MUCH_WORSE:
                continue
            # Of the object as stored: the scale, which looks the same only if it is, divides out.
            motion = group.pose.inverse() @ poses[i]
            motion = Pose(motion.rotation, motion.translation / math.exp(one.state[12]))
            if symmetry.holds(motion):
                group.members.append(one)
                group.symmetry = group.symmetry or symmetry.described(motion)
                break
        else:
            groups.append(_Group([one], poses[i], middles[i]))
    return groups


def _rotation_deg(v: Variables, covariance: NDArray[np.float64]) -> float:
    """Standard deviation of the rotation in the direction in which it is the largest."""
    rows = [
        i for i, name in enumerate(v.moved) if name.startswith(("rotation", "azimuth", "elevation", "roll"))
    ]
    return math.degrees(math.sqrt(np.linalg.eigvalsh(covariance[np.ix_(rows, rows)])[-1])) if rows else 0.0


def _history(contour: Contour, best: Found, camera: Camera) -> tuple[Step, ...]:
    names = ["fit"] if len(best.trail) == 1 else ["low resolution", "full resolution", "whole picture"]
    steps, focal = [], camera.numpy().fx_px
    for name, trail in zip(names, best.trail, strict=False):
        if not len(trail):
            continue
        poses = contour.poses(trail)
        steps += [
            Step(poses[i], math.exp(row[12]), focal * math.exp(row[13]), float(row[14]), name)
            for i, row in enumerate(trail)
        ]
    return tuple(steps)
