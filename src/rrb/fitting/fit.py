"""`fit`: the pose of a mesh from its mask. The face of both roads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from rrb.fitting.symmetry import Symmetry
from rrb.fitting.variables import LIMITED, Variables, choose, require_inside
from rrb.geometry._arrays import finite_float, short
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis

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
    if isinstance(road, FirstOrder):
        assert init is not None
        from rrb.fitting.published import fit_first_order

        return fit_first_order(mesh, mask, camera, init, road, variables_, size, unknown)
    contour = Contour(mesh, observe(mask, unknown, camera), variables_)
    if not len(contour.observed.points):
        raise BadInputError(
            "nothing of the mask's contour is known: its border is the image's or the unknown's"
        )
    found = _found(contour, init, size, upright, road)
    notes = remarks(mask) + (
        () if init is not None or not upright else ("the object stands upright in the picture",)
    )
    return _result(contour, mesh, camera, found, notes)


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
    if not len(mesh.faces):
        raise BadInputError("the mesh has no faces; at least one is needed")
    if not np.ptp(np.asarray(mesh.vertices), axis=0).max() > 0:
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
    if contour.variables.camera_height_m is not None and contour.variables.moves[6]:
        moved = search.at_height(contour, start[None])
        if not len(moved):
            raise BadInputError(
                "at the start the camera is at or below the object's lowest vertex; above is accepted"
            )
        start = moved[0]
    first = search.from_start(contour, start)
    if (
        first.cost < _GOOD_COST
        or not contour.variables.moves[:3].all()
        or not contour.variables.moves[3:6].all()
    ):
        return [first]
    others = search.best_of(contour, search.starts_around(contour, start, road), road)
    found = sorted([first, *others], key=lambda f: f.cost)
    if not found[0].cost < np.inf:
        raise BadInputError("at the start nothing of the mesh is in front of the camera and in the image")
    return found


# --- what was found, said -------------------------------------------------------------------------


def _result(
    contour: Contour, mesh: Mesh, camera: Camera, found: list[Found], notes: tuple[str, ...]
) -> FitResult:
    symmetry = Symmetry(mesh)
    groups = _distinct(symmetry, contour, found)[:MOST_HYPOTHESES]
    leaders = [group.members[0] for group in groups]
    judged = [contour.judge(one.state, search.FINE_REACH_PX) for one in leaders]
    weights = confidence.weights(contour, np.array([one.cost for one in leaders]), judged[0].rms_px)
    words = groups[0].symmetry or symmetry.in_words
    hypotheses = tuple(
        Hypothesis(
            group.pose,
            float(weight),
            judgement.iou,
            group.symmetry or words,
            math.exp(one.state[12]),
            _with_focal(camera, one.state).fx_px if contour.variables.moves[7] else None,
        )
        for group, one, judgement, weight in zip(groups, leaders, judged, weights, strict=True)
    )
    state, pose = leaders[0].state, groups[0].pose
    sure = confidence.certainty(contour, state, judged[0])
    cov = sure.covariance
    reason = confidence.reason_against(
        confidence.agreement(contour, state),
        weights,
        _deviations(contour.variables, cov, pose, turns_freely=bool(words and "any turn" in words)),
        _bound_met(contour, state),
        _growth(contour.variables, sure, pose),
    )
    return FitResult(
        camera_from_object=pose,
        scale=math.exp(state[12]),
        camera=_with_focal(camera, state) if contour.variables.moves[7] else camera,
        iou=judged[0].iou,
        covariance=cov,
        moved=contour.variables.moved,
        hypotheses=hypotheses,
        history=_history(leaders[0], camera),
        accepted=reason is None,
        reason=reason,
        notes=notes,
    )


def _with_focal(camera: Camera, state: NDArray[np.float64]) -> Camera:
    factor = math.exp(state[13])
    return replace(camera, fx_px=float(camera.fx_px) * factor, fy_px=float(camera.fy_px) * factor)


@dataclass
class _Group:
    """What looks the same, best first, and the symmetry that holds it together."""

    members: list[Found]
    pose: Pose  # of the first
    symmetry: str | None = None


def _distinct(symmetry: Symmetry, contour: Contour, found: list[Found]) -> list[_Group]:
    """The found minima, best first, with those that look the same taken together."""
    groups = list[_Group]()
    extent = float(np.ptp(contour.vertices, axis=0).max())
    poses = _poses(np.stack([f.state for f in found]))
    for i, one in enumerate(found):
        for group in groups:
            degrees, metres = poses[i].distance(group.pose)
            if degrees < _SAME_DEG and metres < _SAME_SHARE * (extent + np.linalg.norm(one.state[9:12])):
                group.members.append(one)
                break
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
            groups.append(_Group([one], poses[i]))
    return groups


def _deviations(
    v: Variables, cov: NDArray[np.float64], pose: Pose, *, turns_freely: bool
) -> dict[str, float]:
    rows = {name: i for i, name in enumerate(v.moved)}
    answer = {}
    turned = [rows[n] for n in ("rotation_x", "rotation_y", "rotation_z") if n in rows]
    turned = turned or [rows[n] for n in ("azimuth", "elevation", "roll") if n in rows]
    if turned and not turns_freely:
        answer["rotation_deg"] = math.degrees(math.sqrt(np.linalg.eigvalsh(cov[np.ix_(turned, turned)])[-1]))
    if "translation_z" in rows:
        i = rows["translation_z"]
        answer["depth_share"] = math.sqrt(cov[i, i]) / float(np.linalg.norm(pose.translation))
    return answer


def _growth(v: Variables, sure: confidence.Certainty, pose: Pose) -> tuple[float, float]:
    """(px too large, share of its distance that the object seems nearer for it)."""
    if "translation_z" not in v.moved:
        return sure.growth_px, 0.0
    farther = sure.growth_step[v.moved.index("translation_z")]
    return sure.growth_px, float(farther / np.linalg.norm(pose.translation))


def _bound_met(contour: Contour, state: NDArray[np.float64]) -> str | None:
    """The first quantity that stands at one of its bounds."""
    v = contour.variables
    at = np.concatenate([search.viewpoint_from_matrix(state[:9].reshape(3, 3)), state[9:14]])
    for name, where in LIMITED.items():
        for c in where:
            for limit in (v.lower[c], v.upper[c]):
                if (
                    np.isfinite(limit)
                    and abs(math.remainder(at[c] - limit, 2 * math.pi) if c < 3 else at[c] - limit) < 1e-9
                ):
                    return name
    return None


def _poses(states: NDArray[np.float64]) -> Pose:
    return Pose(states[:, :9].reshape(-1, 3, 3), states[:, 9:12])


def _history(best: Found, camera: Camera) -> tuple[Step, ...]:
    names = ["fit"] if len(best.trail) == 1 else ["low resolution", "full resolution"]
    steps = []
    for name, trail in zip(names, best.trail, strict=True):
        if not len(trail):
            continue
        poses, focal = _poses(trail), float(camera.fx_px)
        steps += [
            Step(poses[i], math.exp(row[12]), focal * math.exp(row[13]), float(row[14]), name)
            for i, row in enumerate(trail)
        ]
    return tuple(steps)
