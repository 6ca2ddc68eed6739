"""Several objects that hide parts of one another: laws that hold however they are fitted.

Scenes are drawn by the rasterizer from poses that are then to be found; the nearest object wins each pixel.
"""

from dataclasses import dataclass, field, replace
from importlib.resources import files
from itertools import permutations

import numpy as np
import pytest

import rrb
from rrb.errors import BadInputError
from rrb.fitting import several
from rrb.geometry.pose_io import Hypothesis
from rrb.geometry.primitives import box

CAMERA = rrb.Camera.from_fov(40, width=192, height=192)
CHAIR = rrb.Mesh.load(files("rrb.assets") / "chair.glb")
CRATE = box((0.5, 0.45, 0.35))


def joined(*parts) -> rrb.Mesh:
    """Of (extents, centre)."""
    boxes = [box(extents) for extents, _ in parts]
    moved = [rrb.Mesh(b.vertices + centre, b.faces) for b, (_, centre) in zip(boxes, parts, strict=True)]
    return rrb.Mesh.concatenated(moved)


SOFA = joined(((1.0, 0.4, 0.5), (0, 0, 0)), ((1.0, 0.7, 0.2), (0, 0.15, 0.3)))
HALF_TURN = rrb.Pose(np.diag([-1.0, 1, -1]), np.zeros(3))  # after which a crate looks the same


def at(azimuth: float, elevation: float, distance: float, x: float = 0.0, y: float = 0.0) -> rrb.Pose:
    """Upright, on the ray (x, y, 1)."""
    return rrb.Pose.from_viewpoint(azimuth, elevation, distance_m=distance, ray_camera=(x, y, 1))


@dataclass
class Scene:
    meshes: list
    poses: list
    order: tuple = ()  # nearest first
    hides: set = field(default_factory=set)
    masks: list = field(init=False)  # (H, W) each: what is seen
    whole: list = field(init=False)  # what would be seen of each alone

    def __post_init__(self):
        drawn = [rrb.render(*pair, CAMERA) for pair in zip(self.meshes, self.poses, strict=True)]
        depth = np.stack([d.fragments.inverse_depth for d in drawn])
        self.whole = list(depth > 0)
        self.masks = list((depth > 0) & (depth == depth.max(0)))

    def fitted(self, **options):
        return rrb.fit_several(self.meshes, self.masks, CAMERA, **{"upright": True, **options})

    def fitted_alone(self, i, **options):
        return rrb.fit(self.meshes[i], self.masks[i], CAMERA, upright=True, **options)

    def hidden_share(self, i):
        return 1 - self.masks[i].sum() / self.whole[i].sum()

    def errors(self, i, pose):
        """Degrees, and percent of the distance."""
        truth = self.poses[i]
        turned = [truth, truth @ HALF_TURN] if self.meshes[i] is CRATE else [truth]
        degrees, metres = min((pose.distance(t) for t in turned), key=lambda d: d[0])
        return np.array([degrees, 100 * metres / np.linalg.norm(truth.translation)])


SCENES = {
    "crate before chair": Scene(
        [CHAIR, CRATE], [at(150, 20, 1.8), at(30, 20, 1.4, -0.05, 0.2)], (1, 0), {(1, 0)}
    ),
    "crate before sofa": Scene(
        [CRATE, SOFA], [at(175, 20, 1.7, 0.14, 0.06), at(-30, 20, 2.6, 0, -0.04)], (0, 1), {(0, 1)}
    ),
    "chair before sofa": Scene(
        [SOFA, CHAIR], [at(35, 25, 2.6, 0.05, -0.08), at(-140, 18, 1.9, -0.15)], (1, 0), {(1, 0)}
    ),
    "crate, chair, sofa": Scene(
        [CHAIR, CRATE, SOFA],
        [at(-30, 15, 2.1, -0.05, -0.02), at(20, 15, 1.6, -0.15, 0.14), at(60, 20, 2.8, 0.15, -0.06)],
        (1, 0, 2),
        {(1, 0), (1, 2), (0, 2)},
    ),
}


@pytest.fixture(scope="module")
def found():
    return {name: scene.fitted() for name, scene in SCENES.items()}


def same(a, b):
    """Bit for bit."""
    assert np.array_equal(a.camera_from_object.matrix, b.camera_from_object.matrix)
    assert np.array_equal(a.covariance, b.covariance)
    assert (a.iou, a.scale, a.accepted, a.reason, a.notes) == (b.iou, b.scale, b.accepted, b.reason, b.notes)
    assert [h.weight for h in a.hypotheses] == [h.weight for h in b.hypotheses]


# --- the truth comes back -------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENES)
def test_poses_and_order_come_back(found, name):
    scene, result = SCENES[name], found[name]
    assert any(scene.hidden_share(i) > 0.2 for i in range(len(scene.meshes)))
    for i, one in enumerate(result.results):
        degrees, percent = scene.errors(i, one.camera_from_object)
        assert degrees < (0.5 if scene.meshes[i] is not CRATE else 1.0)  # a crate's contour is short
        assert percent < 0.5
        assert one.accepted, one.reason
    assert result.order == scene.order
    assert set(result.hides) == scene.hides
    assert result.notes == ()


def test_what_hides_an_object_is_better_known_than_not(found):
    together, alone = [], []
    for name, scene in SCENES.items():
        for i in {farther for _, farther in scene.hides}:
            together.append(scene.errors(i, found[name].results[i].camera_from_object))
            alone.append(scene.errors(i, scene.fitted_alone(i).camera_from_object))
    together, alone = np.sum(together, 1), np.sum(alone, 1)
    assert (together < alone + 0.1).all()  # the robust loss takes a short line that is no contour
    assert (together < alone / 2).sum() >= 2
    assert together.max() < 0.7 < 5 < alone.max()


@pytest.mark.parametrize("name", SCENES)
def test_all_drawn_together_give_the_masks(found, name):
    scene, result = SCENES[name], found[name]
    seen = np.full(result.shown.shape, -1)
    for i, mask in enumerate(scene.masks):
        seen[mask] = i
    either = (seen >= 0) | (result.shown >= 0)
    assert result.iou == pytest.approx((seen == result.shown)[either].mean())
    assert result.iou > 0.99


def test_an_object_whose_whole_contour_lies_before_another():
    scene = Scene([box((1.6, 1.2, 0.3)), CHAIR], [at(20, 10, 3.0), at(140, 15, 2.3)])
    result = scene.fitted()
    assert (result.order, result.hides) == ((1, 0), ((1, 0),))
    assert (scene.errors(1, result.results[1].camera_from_object) < 0.5).all()
    assert result.results[1].accepted


def test_what_is_hidden_by_one_and_goes_on_behind_another_that_it_does_not_touch():
    before_the_crate = box((0.2, 0.2, 0.2))
    scene = Scene(
        [SOFA, CRATE, before_the_crate],
        [at(-30, 20, 2.3), at(20, 15, 1.7, 0.05, 0.06), at(10, 15, 1.2, 0.05, 0.05)],
    )
    assert (scene.whole[0] & scene.masks[2]).sum() > 200
    assert not (several._grown(scene.masks[0]) & several._grown(scene.masks[2])).any()
    result = scene.fitted()
    assert (scene.errors(0, result.results[0].camera_from_object) < 0.5).all()
    assert (result.order, set(result.hides)) == ((2, 1, 0), {(2, 1), (1, 0), (2, 0)})


WINDOW = joined(
    ((2, 0.5, 0.2), (0, 0.6, 0)),
    ((2, 0.5, 0.2), (0, -0.6, 0)),
    ((0.5, 1.7, 0.2), (0.75, 0, 0)),
    ((0.5, 1.7, 0.2), (-0.75, 0, 0)),
)  # its hole is 1 m x 0.7 m


def test_what_shows_no_contour_of_its_own_is_not_accepted():
    scene = Scene([WINDOW, box((1.4, 1.1, 0.4))], [at(0, 0, 4.0), at(20, 10, 5.0)])
    result = scene.fitted()
    assert result.results[0].accepted
    assert not result.results[1].accepted


def test_what_just_fills_a_hole_in_another_may_as_well_be_cut_by_it():
    scene = Scene([WINDOW, box((0.95, 0.66, 0.2))], [at(0, 0, 4.0), at(0, 0, 4.0)])
    result = scene.fitted(inits=scene.poses)
    assert not result.results[1].accepted
    assert "nothing tells" in result.results[1].reason
    assert any("objects 0 and 1" in note for note in result.notes)


# --- what does not matter -------------------------------------------------------------------------


def test_a_permutation_of_the_objects_permutes_the_results(found):
    name = "crate, chair, sofa"
    scene, result = SCENES[name], found[name]
    for p in list(permutations(range(3)))[1:]:
        other = rrb.fit_several(
            [scene.meshes[k] for k in p], [scene.masks[k] for k in p], CAMERA, upright=True
        )
        for i, k in enumerate(p):
            same(other.results[i], result.results[k])
        assert tuple(p[i] for i in other.order) == result.order
        assert {(p[i], p[j]) for i, j in other.hides} == set(result.hides)
        assert np.array_equal(np.append(p, -1)[other.shown], result.shown)
        assert other.iou == result.iou


def test_again_is_the_same(found):
    for name in ("crate before chair", "chair before sofa"):
        again = SCENES[name].fitted()
        for one, other in zip(found[name].results, again.results, strict=True):
            same(one, other)


def test_a_single_object_is_fitted_as_by_fit():
    scene = Scene([CHAIR], [at(40, 20, 2.0, 0.1)])
    result = scene.fitted()
    same(result.results[0], scene.fitted_alone(0))
    assert (result.order, result.hides, result.notes) == ((0,), (), ())


def test_objects_apart_are_fitted_as_by_fit():
    scene = Scene([CHAIR, CRATE], [at(40, 20, 2.4, -0.15), at(40, 20, 2.0, 0.2)])
    result = scene.fitted(road=rrb.SecondOrder(coarse=1, fine=1))  # however badly
    for i in range(2):
        same(result.results[i], scene.fitted_alone(i, road=rrb.SecondOrder(coarse=1, fine=1)))
    assert (result.order, result.hides) == ((1, 0), ())


@pytest.mark.parametrize("name", SCENES)
def test_what_nothing_hides_is_fitted_as_by_fit(found, name):
    nearest = SCENES[name].order[0]
    same(found[name].results[nearest], SCENES[name].fitted_alone(nearest))


def test_how_a_mask_goes_on_behind_another_does_not_matter(found):
    scene = SCENES["crate before sofa"]
    guessed = replace_masks(scene, [scene.whole[0], scene.whole[1]])
    wild = scene.masks[1] | (scene.masks[0] & (np.indices(scene.masks[0].shape).sum(0) % 40 < 20))
    for masks in (guessed, replace_masks(scene, [scene.masks[0], wild])):
        result = masks.fitted()
        assert (result.order, set(result.hides)) == (scene.order, scene.hides)
        for one, other in zip(result.results, found["crate before sofa"].results, strict=True):
            degrees, metres = one.camera_from_object.distance(other.camera_from_object)
            assert degrees < 0.1
            assert metres < 0.001


def replace_masks(scene, masks):
    other = replace(scene)
    other.masks = masks
    return other


def test_a_seam_between_two_masks_is_no_contour(found):
    scene = SCENES["crate before sofa"]
    window = np.lib.stride_tricks.sliding_window_view
    around = window(np.pad(scene.masks[0], 2), (5, 5)).any((2, 3))
    result = replace_masks(scene, [scene.masks[0], scene.masks[1] & ~around]).fitted()
    assert (scene.errors(1, result.results[1].camera_from_object) < 0.5).all()


def test_an_occluder_without_a_mesh_is_unknown(found):
    name = "crate, chair, sofa"
    scene = SCENES[name]
    result = rrb.fit_several(
        [CHAIR, SOFA], [scene.masks[0], scene.masks[2]], CAMERA, upright=True, unknown=scene.masks[1]
    )
    assert (result.order, result.hides) == ((0, 1), ((0, 1),))
    assert result.iou > 0.99
    for one, i in zip(result.results, (0, 2), strict=True):
        assert (scene.errors(i, one.camera_from_object) < 0.5).all()


def test_starts_and_scales_belong_to_their_objects():
    scene = SCENES["crate before chair"]
    halved = rrb.Mesh(CHAIR.vertices / 2, CHAIR.faces)
    start = scene.poses[0].step([0.1, -0.05, 0.08, 0.03, 0.02, -0.05])
    result = rrb.fit_several(
        [halved, CRATE], scene.masks, CAMERA, inits=[start, None], scales=[2.0, 1.0], upright=True
    )
    assert (scene.errors(0, result.results[0].camera_from_object) < 0.5).all()
    assert result.results[0].scale == pytest.approx(2)
    assert len(result.results[0].hypotheses) == 1


# --- rivals ---------------------------------------------------------------------------------------


def fit_that_finds(poses_and_scales):
    """Stands in for `fit`: of the chair these, equally well; of what has a start, the start; else the truth."""
    scene = SCENES["crate before chair"]
    truth = {id(mesh): pose for mesh, pose in zip(scene.meshes, scene.poses, strict=True)}
    real = rrb.fit(CRATE, scene.masks[1], CAMERA, init=scene.poses[1])

    def fit(mesh, mask, camera, *, init=None, scale=1.0, **options):
        found = [(truth[id(mesh)], 1.0)] if mesh is CRATE else poses_and_scales
        found = found if init is None else [(init, scale)]
        hypotheses = tuple(Hypothesis(pose, 1 / len(found), 1.0, None, size) for pose, size in found)
        several_of_them = "it is ambiguous" if len(found) > 1 else None
        return replace(
            real,
            camera_from_object=found[0][0],
            scale=found[0][1],
            hypotheses=hypotheses,
            accepted=several_of_them is None,
            reason=several_of_them,
            notes=(),
        )

    return fit


TRUTH = SCENES["crate before chair"].poses[0], 1.0
NEARER = rrb.Pose(TRUTH[0].rotation, 0.5 * TRUTH[0].translation), 0.5  # draws the same, in front of the crate
FARTHER = rrb.Pose(TRUTH[0].rotation, 1.5 * TRUTH[0].translation), 1.5


def test_a_rival_that_would_hide_what_hides_it_is_dropped(monkeypatch):
    monkeypatch.setattr(several, "fit", fit_that_finds([NEARER, TRUTH]))
    result = SCENES["crate before chair"].fitted().results[0]
    assert np.array_equal(result.camera_from_object.matrix, TRUTH[0].matrix)
    assert len(result.hypotheses) == 1
    assert result.accepted
    assert result.notes == ("1 of 2 poses that explain its mask contradict the other masks",)


def test_rivals_that_contradict_nothing_are_kept(monkeypatch):
    monkeypatch.setattr(several, "fit", fit_that_finds([FARTHER, NEARER, TRUTH]))
    result = SCENES["crate before chair"].fitted().results[0]
    assert [h.scale for h in result.hypotheses] == [1.5, 1.0]
    assert sum(h.weight for h in result.hypotheses) == pytest.approx(1)
    assert not result.accepted
    assert "2 different poses" in result.reason
    monkeypatch.setattr(several, "fit", fit_that_finds([FARTHER, TRUTH]))
    result = SCENES["crate before chair"].fitted().results[0]
    assert result.reason == "it is ambiguous"
    assert result.notes == ()


def test_what_is_unknown_contradicts_nothing(monkeypatch):
    monkeypatch.setattr(several, "fit", fit_that_finds([NEARER, TRUTH]))
    scene = SCENES["crate before chair"]
    result = scene.fitted(unknown=scene.masks[1] & scene.whole[0]).results[0]
    assert result.reason == "it is ambiguous"


def test_a_pose_at_odds_with_what_hides_it_is_not_accepted(monkeypatch):
    monkeypatch.setattr(several, "fit", fit_that_finds([NEARER]))
    result = SCENES["crate before chair"].fitted()
    assert result.hides == ((1, 0),)  # the masks say so
    assert not result.results[0].accepted
    assert "object 1 hides it" in result.results[0].reason
    assert result.results[1].accepted


def test_what_is_hidden_too_much_is_not_accepted(monkeypatch):
    finds = fit_that_finds([TRUTH])

    def fit(mesh, mask, camera, *, unknown, **options):
        if mesh is CHAIR and unknown is not None:
            raise BadInputError("nothing of the mask's contour is known")
        return finds(mesh, mask, camera, **options)

    monkeypatch.setattr(several, "fit", fit)
    result = SCENES["crate before chair"].fitted()
    assert not result.results[0].accepted
    assert "too little of its contour" in result.results[0].reason
    assert result.results[1].accepted


def test_answers_that_lead_to_each_other_end_in_caution(monkeypatch):
    """Told that the chair might hide it, the crate is found before it; told that it does not, somewhere else."""
    scene, finds = SCENES["crate before chair"], fit_that_finds([TRUTH])
    aside = at(30, 20, 1.4, -1.5)  # outside the picture

    def fit(mesh, mask, camera, *, unknown, **options):
        if mesh is CRATE and unknown is None:
            options |= {"init": aside}
        return finds(mesh, mask, camera, **options)

    monkeypatch.setattr(several, "fit", fit)
    result = scene.fitted()
    assert np.array_equal(result.results[1].camera_from_object.matrix, scene.poses[1].matrix)
    assert result.hides == ((1, 0),)


def test_objects_that_pass_through_each_other_are_said():
    scene = Scene([box((1, 0.2, 0.2)), box((0.2, 1, 0.3))], [at(20, 10, 3.0), at(20, 10, 3.0)])
    notes = scene.fitted(inits=scene.poses, upright=False).notes
    assert any("objects 0 and 1 pass through each other" in note for note in notes)


def test_a_poor_result_is_searched_again_more_widely():
    scene, one = SCENES["crate, chair, sofa"], rrb.SecondOrder(coarse=1, fine=1)
    hidden_by = np.any([several._grown(scene.masks[i]) for i in (1,)], 0)
    once = scene.fitted_alone(0, unknown=hidden_by, road=one)
    assert scene.errors(0, once.camera_from_object).max() > 5
    again = scene.fitted(road=one).results[0]
    assert scene.errors(0, again.camera_from_object).max() < 0.5


# --- refused --------------------------------------------------------------------------------------

MASKS = SCENES["crate before chair"].masks


@pytest.mark.parametrize(
    ("meshes", "masks", "options", "message"),
    [
        ([], [], {}, r"^there are no meshes; at least one is accepted$"),
        (CHAIR, MASKS, {}, r"^meshes is a single Mesh; a list of them is accepted$"),
        ([CHAIR, "crate"], MASKS, {}, r"^meshes\[1\] is a str; a Mesh is accepted$"),
        ([CHAIR], MASKS, {}, r"^there are 1 meshes but 2 masks; as many are accepted$"),
        ([CHAIR, CRATE], MASKS, {"inits": [None]}, r"^there are 2 meshes but 1 inits"),
        ([CHAIR, CRATE], MASKS, {"inits": TRUTH[0]}, r"^inits is a single Pose"),
        ([CHAIR, CRATE], MASKS, {"scales": 1.0}, r"^scales is a float; a list is accepted$"),
        ([CHAIR, CRATE], MASKS, {"scales": [1.0, -1.0]}, r"^object 1: scale is -1"),
        (
            [CHAIR, CRATE],
            [MASKS[0], MASKS[1][:96]],
            {},
            r"^masks\[1\] is 192x96 but the camera's image is 192x192",
        ),
        ([CHAIR, CRATE], [0 * MASKS[0].astype(float), MASKS[1]], {}, r"^masks\[0\] is empty"),
        ([CHAIR, CRATE], MASKS, {"unknown": MASKS[0][:96]}, r"^unknown is 192x96"),
        (
            [CHAIR, CRATE],
            MASKS,
            {"unknown": MASKS[1] | several._grown(MASKS[0])},
            r"^object 0: unknown hides all",
        ),
        ([CHAIR, CRATE], MASKS, {"variables": ("translation", "focal_length")}, "focal_length cannot move"),
        ([CHAIR, CRATE], MASKS, {"road": rrb.FirstOrder()}, r"^object 0: the first-order road has no search"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(meshes, masks, options, message):
    with pytest.raises(BadInputError, match=message) as caught:
        rrb.fit_several(meshes, masks, CAMERA, **options)
    assert "\n" not in str(caught.value)
