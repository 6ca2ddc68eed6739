"""What goes wrong with masks, meshes and cameras, as functions of a case and a seed.

Each returns another case whose name says what was done; `truth` stays what a fit should find.
"""

import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from _fit_cases import Case, Drawn, drawn_mask, start
from _fit_meshes import coarsened
from _fit_views import placed_at, projected_box, view_of
from rrb import Camera, Pose
from rrb.errors import BadInputError
from rrb.geometry.conversions import ray_rotation

MARGIN_PX = 2.0
RAGGED_PX = 1.5
HIDDEN_SHARE = CUT_SHARE = 0.25
COARSER = 10
FOCAL_SHARE = 0.1
NOISE_PX, NOISE_LENGTH_PX = 1.0, 8.0
_FINER = 4  # pixels a side, where a contour has to be known to less than a pixel


def eroded(case: Case, seed: int = 0) -> Case:
    """Whatever lies within 2 px of the contour is lost; thin parts go altogether."""
    return _with_mask(case, "eroded", signed_distance(case.mask) > MARGIN_PX)


def dilated(case: Case, seed: int = 0) -> Case:
    """2 px more all around; narrow gaps close."""
    return _with_mask(case, "dilated", signed_distance(case.mask) > -MARGIN_PX)


def ragged(case: Case, seed: int = 0) -> Case:
    """Each pixel for itself takes the contour to be elsewhere, by a normal error of 1.5 px."""
    error = _random(case, "ragged", seed).normal(0, RAGGED_PX, case.mask.shape)
    return _with_mask(case, "ragged", signed_distance(case.mask) + error > 0)


def contour_noise(
    case: Case, seed: int = 0, std_px: float = NOISE_PX, length_px: float = NOISE_LENGTH_PX
) -> Case:
    """The contour moved along its normal by a smooth random field of mean 0.

    The field is normal, of standard deviation `std_px` everywhere, and correlated by exp(-(d / length)^2 / 2)
    over d pixels. Its mean over a contour is 0 on the mean over seeds only. The contour that is moved is that
    of a drawing four times finer; what results has whole pixels again.
    """
    field = smooth_field(_random(case, "noise", seed), case.mask.shape, length_px)
    return _with_mask(case, "contour noise", fine_signed_distance(case) + std_px * field > 0)


def occluder_known(case: Case, seed: int = 0) -> Case:
    """A disc around a point of the contour hides a quarter of the mask; it is known where."""
    disc = _disc(case, seed)
    hidden = _with_mask(case, "occluder known", (case.mask > 0) & ~disc)
    return replace(hidden, unknown=disc.astype(np.float32))


def occluder_unknown(case: Case, seed: int = 0) -> Case:
    """The same quarter is missing, and nothing says so."""
    return _with_mask(case, "occluder unknown", (case.mask > 0) & ~_disc(case, seed))


def border(case: Case, seed: int = 0) -> Case:
    """Moved until a quarter of its box lies beyond one border: the same view, of the same size in the image.

    What lies outside is not unknown: there is no pixel to say so of.
    """
    random = _random(case, "border", seed)
    mesh, camera, view = case.drawn.mesh, case.drawn.camera, view_of(case.drawn.pose)
    box = projected_box(mesh, case.drawn.pose, camera)
    for axis, far in random.permutation([(0, 0), (0, 1), (1, 0), (1, 1)]):

        def middle(sides: np.ndarray, axis: int = axis, far: int = far) -> np.ndarray:
            inside = (0.5 - CUT_SHARE) * sides[axis]
            moved = box.middle.copy()
            moved[axis] = camera.width_px - inside if far else inside
            return moved

        pose = placed_at(mesh, camera, view, box.sides.max(), middle)
        if pose is not None:
            init = start(case.protocol, pose, case.size_m, random)
            cut = _with_mask(case, "border", drawn_mask(mesh, pose, camera) > 0)
            return replace(cut, truth=pose, init=init, drawn=Drawn(mesh, pose, camera))
    raise BadInputError(f"{case.name}: no border can cut it at that size")


def coarse(case: Case, seed: int = 0) -> Case:
    """A fit is given about a tenth of the faces, see `coarsened`; it is measured on all of them."""
    simpler = coarsened(case.mesh, max(4, len(case.mesh.faces) // COARSER))
    return replace(case, name=f"{case.name}+coarse", mesh=simpler)


def focal(case: Case, seed: int = 0) -> Case:
    """A fit is given a focal length that is a tenth too long, or too short.

    `truth` is then `equivalent(...)`, and the start lies as far from that as it did.
    """
    random = _random(case, "focal", seed)
    factor = random.choice([1 - FOCAL_SHARE, 1 + FOCAL_SHARE])
    c = case.camera
    camera = Camera(factor * c.fx_px, factor * c.fy_px, c.cx_px, c.cy_px, c.width_px, c.height_px)
    truth = equivalent(case.truth, factor)
    init = start(case.protocol, truth, case.size_m, random)
    return replace(case, name=f"{case.name}+focal", camera=camera, truth=truth, init=init)


def equivalent(pose: Pose, factor: float) -> Pose:
    """Where an object looks the same through a focal length `factor` times as long.

    Its origin keeps its pixel and its size there (f / z), and is seen from the same viewpoint; the perspective
    within the object is another, so no pose draws quite the same mask.
    """
    moved = pose.translation * np.array([1, 1, factor])
    return Pose(ray_rotation(moved) @ ray_rotation(pose.translation).T @ pose.rotation, moved)


DEGRADATIONS: dict[str, Callable[..., Case]] = {
    "eroded": eroded,
    "dilated": dilated,
    "ragged": ragged,
    "occluder known": occluder_known,
    "occluder unknown": occluder_unknown,
    "border": border,
    "coarse": coarse,
    "focal": focal,
    "contour noise": contour_noise,
}


def signed_distance(mask: np.ndarray) -> np.ndarray:
    """(H, W) in pixels to the line between pixels in and out, positive inside; the border is no contour."""
    from scipy.ndimage import distance_transform_edt

    inside = mask >= 0.5
    if inside.all() or not inside.any():
        raise BadInputError("the mask has no contour: it is all 0 or all 1")
    to_outside, to_inside = distance_transform_edt(inside), distance_transform_edt(~inside)
    return np.where(inside, to_outside - 0.5, 0.5 - to_inside)


@lru_cache(maxsize=16)
def fine_signed_distance(case: Case) -> np.ndarray:
    """(H, W) in pixels, of the clean contour, known to an eighth of a pixel and on the mean exactly."""
    camera, d = case.drawn.camera, _FINER
    height, width = camera.height_px, camera.width_px
    fine = drawn_mask(case.drawn.mesh, case.drawn.pose, camera.resize(d * width, d * height), samples=1)
    blocks = signed_distance(fine).reshape(height, d, width, d) / d
    distance = blocks[:, d // 2 - 1 : d // 2 + 1, :, d // 2 - 1 : d // 2 + 1].mean((1, 3))
    distance.flags.writeable = False  # many seeds share it
    return distance


def smooth_field(random: np.random.Generator, shape: tuple[int, ...], length_px: float) -> np.ndarray:
    """A normal field of mean 0 and variance 1 in each point; its correlation falls to exp(-1/2) at `length_px`."""
    from scipy.ndimage import gaussian_filter

    # Filtering white noise with a Gaussian correlates it by that Gaussian with itself: wider by root 2.
    pad = int(np.ceil(4 * length_px))
    padded = [side + 2 * pad for side in shape]
    sigma = length_px / np.sqrt(2)
    impulse = np.zeros(padded)
    impulse[tuple(side // 2 for side in padded)] = 1
    gain = np.sqrt((gaussian_filter(impulse, sigma) ** 2).sum())
    field = gaussian_filter(random.normal(size=padded), sigma) / gain
    return field[pad:-pad, pad:-pad]


def _disc(case: Case, seed: int) -> np.ndarray:
    """(H, W) bool: around a random pixel of the contour, as large as hides a quarter of the mask."""
    inside = case.mask > 0
    contour = np.argwhere(inside & (signed_distance(case.mask) < 1))
    middle = contour[_random(case, "occluder", seed).integers(len(contour))]
    rows, columns = np.indices(case.mask.shape)
    squared = (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2
    return squared <= np.quantile(squared[inside], HIDDEN_SHARE)


def _with_mask(case: Case, what: str, mask: np.ndarray) -> Case:
    return replace(case, name=f"{case.name}+{what}", mask=mask.astype(np.float32))


def _random(case: Case, what: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([case.seed, zlib.crc32(what.encode()), seed])
