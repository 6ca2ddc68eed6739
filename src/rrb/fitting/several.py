"""`fit_several`: the poses of several meshes in one picture, where nearer ones hide parts of farther ones.

Where two masks meet, the line between them is the contour of the nearer object. Of the farther one it says nothing:
that goes on behind. So each object is fitted as by `fit`, with the masks of those that hide it unknown. Who
hides whom is read off the poses: where two are drawn at one pixel, the nearer is the one whose mask the pixel is
in. At first whatever is in touch with an object might hide it; then fits and answers take turns until the answers stay.

The poses are held against each other, too: drawn together, each pixel showing the nearest, they should give the
masks. Of poses that explain one mask about equally well, those that would hide what is seen of another, or be
hidden by it where they are seen, are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting import confidence
from rrb.fitting.first_order import FirstOrder
from rrb.fitting.fit import fit
from rrb.fitting.mask_checks import checked_mask, checked_unknown
from rrb.fitting.result import FitResult
from rrb.fitting.search import SecondOrder
from rrb.geometry._arrays import as_numpy
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis
from rrb.geometry.winding import is_inside
from rrb.raster.render import render

Picture = NDArray[np.bool_]  # (H, W)
Depths = NDArray[np.floating]  # (n, H, W): 1 / depth of each object drawn alone, 0 where it is not
Relation = NDArray[np.int64]  # (n, n): what object i is to object j
Hiders = tuple[frozenset[int], ...]  # of each object, those whose masks are unknown to it

_HIDES, _HIDDEN, _APART, _OPEN = 1, -1, 2, 0

# Masks are trusted to two pixels: as far is unknown around a mask that hides, and twice as far apart two still touch.
_GROWN_PX = 2
_MANY_ROUNDS = 4
# So much of its contour a mask must have to itself to be fitted with all that it touches unknown.
_OWN_SHARE = 0.25
# Of the pixels where two are drawn: how many say who is nearer, and which share must agree.
_FEWEST_VOTES, _CLEAR_SHARE = 12, 0.8
_SAME_DEPTH = 0.02
_CONTRADICTED_SHARE = 0.02  # of its mask: pixels that a pose gets wrong beyond those of the best
# Below that overlap of drawing and mask a search is repeated with so many times the starts, and refined ones.
_GOOD_IOU, _WIDER_COARSE, _WIDER_FINE = 0.9, 8, 3
_INSIDE_SHARE, _INSIDE_POINTS = 0.05, 300

_TOO_LITTLE = "what hides it leaves too little of its contour: its mask was fitted as if it were all of it"
_UNSETTLED = "its contour lies nearly all along other masks, and nothing tells whether it is its own"


@dataclass(frozen=True, eq=False)
class SeveralResult:
    """Poses of several objects, which are numbered from 0 as they were given."""

    results: tuple[FitResult, ...]
    order: tuple[int, ...]  # nearest first: what hides another comes before it, otherwise by depth
    hides: tuple[tuple[int, int], ...]  # (nearer, farther) where the one hides a part of the other
    shown: NDArray[np.int32]  # (H, W): the nearest object at each pixel, all drawn together; -1 for none
    iou: float  # of drawing and masks: pixels where both name the same object, of the known where either names any
    notes: tuple[str, ...] = ()  # what should be known about them together, a sentence each


def fit_several(
    meshes: Sequence[Mesh],
    masks: Sequence[Any],
    camera: Camera,
    *,
    inits: Sequence[Pose | None] | None = None,
    scales: Sequence[float] | None = None,
    unknown: Any = None,
    upright: bool = False,
    variables: Sequence[str] = ("rotation", "translation"),
    camera_height_m: float | None = None,
    road: SecondOrder | FirstOrder | None = None,
) -> SeveralResult:
    """The poses at which `meshes` are seen as `masks`, each (H, W), by `camera`; the rest as for `fit`.

    masks: of what is seen of each object. Where two overlap, the pixel counts as the nearer object's: how a mask
    goes on behind another is a guess, of which no use is made.
    inits, scales: one for each mesh; None among inits for those that are to be searched.
    unknown: (H, W), from 0.5 on where no mask says anything, as behind an occluder without a mesh.
    camera_height_m: above the one ground that all objects stand on.

    An object that touches no other gets exactly what `fit` gives. So does one that nothing hides, unless others
    contradict that pose, or a wider search finds one that they agree with better.
    """
    meshes = _listed("meshes", meshes)
    if not meshes:
        raise BadInputError("there are no meshes; at least one is accepted")
    for i, mesh in enumerate(meshes):
        if not isinstance(mesh, Mesh):
            raise BadInputError(f"meshes[{i}] is a {type(mesh).__name__}; a Mesh is accepted")
    count = len(meshes)
    inits = [None] * count if inits is None else _listed("inits", inits, count)
    scales = [1.0] * count if scales is None else _listed("scales", scales, count)
    masks = [checked_mask(m, camera, f"masks[{i}]") for i, m in enumerate(_listed("masks", masks, count))]
    unknown = None if unknown is None else checked_unknown(unknown, camera)
    if "focal_length" in ([variables] if isinstance(variables, str) else variables):
        raise BadInputError("one camera sees all objects, so that focal_length cannot move; leave it out")
    options = {"upright": upright, "variables": variables, "camera_height_m": camera_height_m}
    scene = _Scene(meshes, _Masks(masks, unknown), camera, inits, scales, options, road)
    results, depths, relation, hiders = _settled(scene)
    return SeveralResult(
        results=tuple(scene.doubted(i, r, depths, relation, hiders[i]) for i, r in enumerate(results)),
        order=_order(relation, depths),
        hides=tuple((int(i), int(j)) for i, j in np.argwhere(relation == _HIDES)),
        shown=_shown(depths),
        iou=scene.masks.iou(depths),
        notes=tuple(scene.remarks(results, depths, relation)),
    )


def _settled(scene: _Scene) -> tuple[list[FitResult], Depths, Relation, Hiders]:
    """Fits, and who hides whom by them, taken in turns until nothing else is unknown to anyone."""
    hiders = scene.masks.hiders(np.full((len(scene.meshes),) * 2, _OPEN))
    before, circles = list[Hiders](), False
    while True:
        results = scene.explained(hiders)
        depths = scene.drawn(results)
        relation = scene.masks.relation(depths)
        following = scene.masks.hiders(relation)
        # Of answers that lead to each other none is relied on: what is unknown by one of them stays so.
        circles |= following in before or len(before) > _MANY_ROUNDS
        if circles:
            following = tuple(now | then for now, then in zip(following, hiders, strict=True))
        if following == hiders:
            return results, depths, relation, hiders
        before.append(hiders)
        hiders = following


def _listed(what: str, given: Any, count: int | None = None) -> list[Any]:
    if isinstance(given, Mesh | Pose):
        raise BadInputError(f"{what} is a single {type(given).__name__}; a list of them is accepted")
    try:
        items = list(given)
    except TypeError:
        raise BadInputError(f"{what} is a {type(given).__name__}; a list is accepted") from None
    if count is not None and len(items) != count:
        raise BadInputError(f"there are {count} meshes but {len(items)} {what}; as many are accepted")
    return items


class _Masks:
    """What was seen, and who hides whom by it."""

    def __init__(self, masks: list[NDArray[np.float32]], unknown: NDArray[np.float32] | None) -> None:
        self.given, self.count = masks, len(masks)
        self.inside = np.stack([mask >= 0.5 for mask in masks])  # (n, H, W)
        self.known = np.ones(masks[0].shape, bool) if unknown is None else unknown < 0.5
        self._grown = np.stack([_grown(inside) for inside in self.inside])
        self.touches = np.array([[bool((a & b).any()) for b in self._grown] for a in self._grown])
        # What one object hides of another may come out beyond it: behind all that is in touch by way of others.
        self.group = self.touches.copy()
        for k in range(self.count):
            self.group |= self.group[:, k, None] & self.group[k]
        np.fill_diagonal(self.touches, False)
        np.fill_diagonal(self.group, False)

    def known_to(self, hiders: Iterable[int]) -> Picture:
        return self.known & ~self._grown[list(hiders)].any(0)

    # --- the picture of all ------------------------------------------------------------------------

    def wrong(self, depths: Depths) -> Picture:
        """The known pixels that are not in the mask of the object that all, drawn together, show there."""
        shown = _shown(depths)
        agrees = np.take_along_axis(self.inside, np.maximum(shown, 0)[None], 0)[0]
        return ~np.where(shown < 0, ~self.inside.any(0), agrees) & self.known

    def overlooked(self, depths: Depths, hiders: frozenset[int]) -> int:
        """How much of what is wrong a fit with these unknown has not paid for: which object is seen, and all there."""
        mixed_up = depths.any(0) & self.inside.any(0)
        return _count(self.wrong(depths) & (mixed_up | ~self.known_to(hiders)))

    def iou(self, depths: Depths, i: int | None = None) -> float:
        """Of the known pixels that drawing or masks give to object i, or to any, the share that is right."""
        shown = _shown(depths)
        either = (shown >= 0) | self.inside.any(0) if i is None else (shown == i) | self.inside[i]
        either &= self.known
        return 1 - _count(self.wrong(depths) & either) / max(_count(either), 1)

    # --- who hides whom ----------------------------------------------------------------------------

    def relation(self, depths: Depths) -> Relation:
        """Whether i hides j, is hidden by it, or is apart from it; open, if votes are few or divided."""
        answer = np.full((self.count, self.count), _APART)
        for i, j in np.argwhere(self.group):
            both = self._both(i, j, depths)
            # A pose that is half a pixel off draws a sliver of one into the other, all along the line between them.
            line = min(_count(self._grown[i] & self.inside[j]), _count(self._grown[j] & self.inside[i]))
            fewest = max(_FEWEST_VOTES, line // _GROWN_PX)
            here, there = both & self.inside[i] & ~self.inside[j], both & self.inside[j] & ~self.inside[i]
            by_mask = _clear(_count(here), _count(there), fewest)
            nearer, farther = both & (depths[i] > depths[j]), both & (depths[i] < depths[j])
            by_depth = _clear(_count(nearer), _count(farther), fewest)
            meet = self.touches[i, j] or _count(both) >= fewest
            answer[i, j] = by_mask or by_depth or (_OPEN if meet else _APART)
        return answer

    def lies_before(self, i: int, j: int, depths: Depths) -> bool:
        """Whether i is drawn in front of j, and not only just, in more than a few of the pixels where both are."""
        both = self._both(i, j, depths)
        before = both & (depths[i] > (1 + _SAME_DEPTH) * depths[j])
        return _count(both) >= _FEWEST_VOTES and _count(before) > (1 - _CLEAR_SHARE) * _count(both)

    def _both(self, i: int, j: int, depths: Depths) -> Picture:
        return (depths[i] > 0) & (depths[j] > 0) & self.known

    def hiders(self, relation: Relation) -> Hiders:
        """Of each object, what hides it, and what may do so, unless that leaves too little of its contour."""
        answer = []
        for i in range(self.count):
            surely, perhaps = self.those(i, relation, _HIDDEN), self.those(i, relation, _OPEN)
            enough = self._contour(i, surely | perhaps) >= _OWN_SHARE * self._contour(i, frozenset())
            answer.append(surely | perhaps if enough else surely)
        return tuple(answer)

    def those(self, i: int, relation: Relation, kind: int) -> frozenset[int]:
        return frozenset(np.flatnonzero(self.group[i] & (relation[i] == kind)).tolist())

    def _contour(self, i: int, hiders: frozenset[int]) -> int:
        """How many sides of pixels along the mask's contour are known."""
        from rrb.fitting._observed_kernel import extract

        return len(extract(self.given[i], self.known_to(hiders))[0])


class _Scene:
    """The objects, and every fit that was made, so that none is made twice."""

    def __init__(
        self,
        meshes: list[Mesh],
        masks: _Masks,
        camera: Camera,
        inits: list[Pose | None],
        scales: list[float],
        options: dict[str, Any],
        road: SecondOrder | FirstOrder | None,
    ) -> None:
        self.meshes, self.masks, self.camera = meshes, masks, camera
        self.inits, self.scales, self.options = inits, scales, options
        self.road = SecondOrder() if road is None else road
        self._fits: dict[Any, FitResult] = {}

    def explained(self, hiders: Hiders) -> list[FitResult]:
        """All objects, at poses that agree with their masks and, where some do, with each other."""
        first = self._consistent([self._fitted(i, h) for i, h in enumerate(hiders)], hiders)
        depths = self.drawn(first)
        # How large an object is in the picture is unknown while parts are hidden: as many starts as usual, which
        # are shared among several sizes, may be too few.
        poor = [i for i in range(len(first)) if self._may_search(i) and self.masks.iou(depths, i) < _GOOD_IOU]
        if not poor:
            return first
        again = [self._fitted(i, hiders[i], wider=True) if i in poor else r for i, r in enumerate(first)]
        again = self._consistent(again, hiders)
        better = _count(self.masks.wrong(self.drawn(again))) < _count(self.masks.wrong(depths))
        return again if better else first

    def _may_search(self, i: int) -> bool:
        return (
            self.inits[i] is None and isinstance(self.road, SecondOrder) and bool(self.masks.group[i].any())
        )

    def _fitted(
        self, i: int, hiders: frozenset[int], *, start: Hypothesis | None = None, wider: bool = False
    ) -> FitResult:
        """Object i with the masks of `hiders` unknown, searched or from `start`."""
        key = i, hiders, wider, start and (start.camera_from_object.matrix.tobytes(), start.scale)
        if key not in self._fits:
            try:
                self._fits[key] = self._fit(i, hiders, start, wider)
            except BadInputError as error:
                if not hiders:
                    raise BadInputError(f"object {i}: {error}") from None
                whole = self._fitted(i, frozenset(), start=start, wider=wider)
                self._fits[key] = replace(whole, accepted=False, reason=_TOO_LITTLE)
        return self._fits[key]

    def _fit(self, i: int, hiders: frozenset[int], start: Hypothesis | None, wider: bool) -> FitResult:
        road = self.road
        if wider and isinstance(road, SecondOrder):
            road = replace(road, coarse=_WIDER_COARSE * road.coarse, fine=_WIDER_FINE * road.fine)
        known = self.masks.known_to(hiders)
        return fit(
            self.meshes[i],
            self.masks.given[i],
            self.camera,
            init=self.inits[i] if start is None else start.camera_from_object,
            scale=self.scales[i] if start is None else start.scale,
            unknown=None if known.all() else ~known,
            road=road,
            **self.options,
        )

    def drawn(self, results: Sequence[FitResult | Hypothesis], of: int | None = None) -> Depths:
        """Of each object its result; or of one object several."""
        objects = range(len(results)) if of is None else [of] * len(results)
        pictures = [
            render(self.meshes[i], r.camera_from_object, self.camera, scale=r.scale)
            for i, r in zip(objects, results, strict=True)
        ]
        return np.stack([as_numpy(picture.fragments.inverse_depth) for picture in pictures])

    # --- which poses go together -------------------------------------------------------------------

    def _consistent(self, results: list[FitResult], hiders: Hiders) -> list[FitResult]:
        """The same, but for objects some of whose rival poses the others contradict."""
        rivals = [
            _rivals(r) if self.masks.group[i].any() else r.hypotheses[:1] for i, r in enumerate(results)
        ]
        drawn = [self.drawn(hypotheses, of=i) for i, hypotheses in enumerate(rivals)]
        kept = [list(range(len(hypotheses))) for hypotheses in rivals]
        for _ in rivals:
            now = np.stack([pictures[k[0]] for pictures, k in zip(drawn, kept, strict=True)])
            before, kept = kept, [self._agreeing(i, hiders[i], p, now) for i, p in enumerate(drawn)]
            if kept == before:
                break
        return [
            r if len(k) == len(rivals[i]) else self._of_the_rest(i, hiders[i], rivals[i], k)
            for i, (r, k) in enumerate(zip(results, kept, strict=True))
        ]

    def _agreeing(self, i: int, hiders: frozenset[int], pictures: Depths, now: Depths) -> list[int]:
        """Which drawings of object i, among those of the others, are about as right as the best."""
        if len(pictures) == 1:
            return [0]
        wrong = [self.masks.overlooked(np.stack([*now[:i], p, *now[i + 1 :]]), hiders) for p in pictures]
        most = min(wrong) + _CONTRADICTED_SHARE * _count(self.masks.inside[i])
        return [k for k, count in enumerate(wrong) if count <= most]

    def _of_the_rest(
        self, i: int, hiders: frozenset[int], rivals: Sequence[Hypothesis], kept: list[int]
    ) -> FitResult:
        """The fit from the first rival that is kept; the others that are stay its rivals."""
        rest = [rivals[k] for k in kept]
        result = self._fitted(i, hiders, start=rest[0])
        weights = np.array([h.weight for h in rest])
        weights /= weights.sum()
        hypotheses = [
            replace(h, weight=w) for h, w in zip([result.hypotheses[0], *rest[1:]], weights, strict=True)
        ]
        many = f"{len(rest)} different poses explain the masks about equally well: see hypotheses"
        reason = result.reason or (many if len(rest) > 1 else None)
        note = f"{len(rivals) - len(rest)} of {len(rivals)} poses that explain its mask contradict the other masks"
        return replace(
            result,
            hypotheses=tuple(hypotheses),
            accepted=reason is None,
            reason=reason,
            notes=(*result.notes, note),
        )

    # --- what remains to be said -------------------------------------------------------------------

    def doubted(
        self, i: int, result: FitResult, depths: Depths, relation: Relation, hiders: frozenset[int]
    ) -> FitResult:
        """The result, not accepted if it is at odds with what hides it or may rest on the contours of others."""
        if not result.accepted:
            return result
        for j in sorted(self.masks.those(i, relation, _HIDDEN)):
            if self.masks.lies_before(i, j, depths):
                reason = f"by the masks object {j} hides it, but at this pose it lies in front of that"
                return replace(result, accepted=False, reason=reason)
        if not self.masks.those(i, relation, _OPEN) <= hiders:
            return replace(result, accepted=False, reason=_UNSETTLED)
        return result

    def remarks(self, results: Sequence[FitResult], depths: Depths, relation: Relation) -> list[str]:
        notes = []
        for i, j in combinations(range(len(results)), 2):
            if relation[i, j] == _OPEN:
                notes.append(
                    f"objects {i} and {j} hide parts of each other, or nothing tells which is nearer: the line"
                    " between their masks counts for neither"
                )
            meet = bool((depths[i].astype(bool) & depths[j].astype(bool)).any())
            if meet and max(self._share_inside(results, *p) for p in ((i, j), (j, i))) > _INSIDE_SHARE:
                notes.append(f"objects {i} and {j} pass through each other at these poses")
        return notes

    def _share_inside(self, results: Sequence[FitResult], i: int, j: int) -> float:
        """How much of the surface of i lies inside j."""
        points = as_numpy(self.meshes[i].sample_surface(_INSIDE_POINTS, seed=0)[0])
        points_camera = results[i].camera_from_object.apply(points, results[i].scale)
        points_j = (results[j].camera_from_object.inverse() @ points_camera) / results[j].scale
        return float(is_inside(points_j, self.meshes[j].vertices, self.meshes[j].faces).mean())


def _count(picture: Picture) -> int:
    return int(np.count_nonzero(picture))


def _grown(inside: Picture) -> Picture:
    side = 2 * _GROWN_PX + 1
    around = np.lib.stride_tricks.sliding_window_view(np.pad(inside, _GROWN_PX), (side, side))
    return np.asarray(around.any((2, 3)))


def _shown(depths: Depths) -> NDArray[np.int32]:
    return np.where(depths.any(0), depths.argmax(0), -1).astype(np.int32)


def _clear(votes: int, against: int, fewest: int) -> int:
    """Whether the one voted for hides the other or is hidden, or neither is clear."""
    if votes + against < fewest or max(votes, against) < _CLEAR_SHARE * (votes + against):
        return _OPEN
    return _HIDES if votes > against else _HIDDEN


def _rivals(result: FitResult) -> tuple[Hypothesis, ...]:
    """The hypotheses that explain the mask about as well as the best, which is the first."""
    weights = [hypothesis.weight or 0.0 for hypothesis in result.hypotheses]
    least = confidence.RIVAL_WEIGHT * weights[0]
    return tuple(h for h, weight in zip(result.hypotheses, weights, strict=True) if weight >= least)


def _order(relation: Relation, depths: Depths) -> tuple[int, ...]:
    """All objects, nearest first by depth, but none before one that hides it, unless they do so in a circle."""
    far = [1 / float(np.median(d[d > 0])) if d.any() else np.inf for d in depths]
    left, order = sorted(range(len(depths)), key=lambda i: far[i]), list[int]()
    while left:
        free = (i for i in left if not any(relation[j, i] == _HIDES for j in left))
        order.append(next(free, left[0]))
        left.remove(order[-1])
    return tuple(order)
