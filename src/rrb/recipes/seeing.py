"""Which pixels of a picture show the object: what the user says, or alpha, a plain background, a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry.camera import Camera

if TYPE_CHECKING:
    from rrb.networks.mask import MaskNetwork

_PLAIN = 3  # steps of 255 that a plain background may waver
_APART = 24  # steps from which on a pixel is surely not the background
_EDGE_PX = 2  # around such pixels: edges are blends, and JPEG rings
_SHADOWS = (
    0.03  # of the object's pixels: so many may be neither, elsewhere; more are shadows, or a background
)
_LEAST_SHARE, _MOST_SHARE = 0.002, 0.97  # of the picture: less is no object, more is no background
_SPECK = 0.1  # of the largest part: what is smaller and apart is left out
_FILLS = (0.5, 0.8)  # of nearer looks, by the box of what was seen before
_SAME = 0.3  # overlap of two looks, below which the nearer one saw something else
_FINER = 4  # times the network's pixels: as exactly an outline is known between looks


def outlines(alpha: NDArray[np.float32]) -> bool:
    """Whether an alpha channel (H, W) shows an object: stray pixels that are clear, or opaque, do not."""
    return _LEAST_SHARE <= float((alpha >= 0.5).mean()) <= _MOST_SHARE


def plain_background(image: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """(H, W) in {0, 1} of what is not the one colour of the picture's border, specks apart from it left out.

    None where the border has more colours, or where there is more than an object on it: a shadow, a gradient.
    """
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    colour = np.rint(np.median(border, 0)).astype(np.uint8)
    if (_apart(border, colour) <= _PLAIN).mean() < 0.98:
        return None
    off = _apart(image, colour)
    if not _shows_an_object_alone(off):
        return None
    inside = off > _APART / 2
    inside &= ~specks(inside)
    return inside.astype(np.float32)


def _shows_an_object_alone(off: NDArray[np.uint8]) -> bool:
    """off (H, W): how far each pixel is from the background."""
    surely, perhaps = off > _APART, off > _PLAIN
    if not _LEAST_SHARE <= surely.mean() <= _MOST_SHARE:
        return False
    perhaps &= ~_grown(surely, _EDGE_PX)
    return bool(np.count_nonzero(perhaps) <= _SHADOWS * np.count_nonzero(surely))


def _apart(image: NDArray[np.uint8], colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(...,) of (..., 3): the largest difference of the three; in bytes, for pictures may be large."""
    off = np.zeros(image.shape[:-1], np.uint8)
    for i, wanted in enumerate(colour):
        channel = image[..., i]
        np.maximum(off, np.maximum(channel, wanted) - np.minimum(channel, wanted), out=off)
    return off


def _grown(inside: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """(H, W): and what lies so many pixels beside, above or below."""
    for _ in range(by):
        before, inside = inside, inside.copy()
        for here, there in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
            inside[here] |= before[there]
            inside[there] |= before[here]
    return inside


def predicted(image: NDArray[np.uint8], camera: Camera, network: MaskNetwork) -> NDArray[np.float32]:
    """(H, W): how likely each pixel shows the object, by nearer and nearer looks, of which the last two count.

    A look that sees nothing of what was seen before, or something else, ends it. Without any the whole picture stands.
    """
    import torch

    from rrb.networks.crops import returned

    height, width = image.shape[:2]
    rows, columns = (min(side, _FINER * network.config.size_px) for side in (height, width))
    intrinsics = torch.from_numpy(camera.matrix.astype(np.float32))[None]
    scale = np.array([columns / width, rows / height, 1.0], np.float32)
    smaller = intrinsics * torch.from_numpy(scale)[:, None]
    whole = _asked(network, _whole(image, network.config.size_px))
    seen, looks = [_enlarged(whole, rows, columns)], list[Any]()
    for fill in _FILLS:
        share, crops = _nearer(image, network, np.mean(seen[-2:], 0), (smaller, intrinsics), fill)
        if share is None:
            break
        looks.append((torch.from_numpy(share)[None, None], crops))
        seen.append(returned(looks[-1][0], crops, smaller, rows, columns)[0, 0].numpy())
    if not looks:
        return _enlarged(whole, height, width)
    last = [returned(share, crops, intrinsics, height, width)[0, 0].numpy() for share, crops in looks[-2:]]
    return np.mean(last, 0)


def _enlarged(share: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    import torch
    from torch.nn import functional

    return functional.interpolate(torch.from_numpy(share)[None, None], size=(rows, columns), mode="bilinear")[
        0, 0
    ].numpy()


def _nearer(
    image: NDArray[np.uint8],
    network: MaskNetwork,
    before: NDArray[np.float32],
    intrinsics: tuple[Any, Any],
    fill: float,
) -> tuple[NDArray[np.float32] | None, Any]:
    """(S, S) and the crop through which it is seen; None if that is not what was seen before (h, w).

    intrinsics (1, 3, 3): of the smaller picture that `before` is, and of the image.
    """
    import torch

    from rrb.networks.crops import crops_around
    from rrb.networks.looks import box_of, seen_in

    smaller, own = intrinsics
    if not (before >= 0.5).any():
        return None, None
    scale = np.array([image.shape[1] / before.shape[1], image.shape[0] / before.shape[0]], np.float32)
    box = torch.from_numpy(np.array(box_of(before), np.float32) * np.tile(scale, 2))[None]
    crops = crops_around(box, own, network.config.size_px, fill)
    share = _asked(network, seen_in(image, crops, own))
    same = overlap(share, seen_in(before, crops, smaller)[0, 0].numpy()) >= _SAME
    return (share if same else None), crops


def _asked(network: MaskNetwork, images: Any) -> NDArray[np.float32]:
    """(S, S) of (1, 3, S, S) in [0, 1], and of its mirror image, without specks."""
    import torch

    with torch.no_grad():
        plain, mirrored = network(2 * torch.cat([images, images.flip(3)]) - 1)
        share = ((plain + mirrored.flip(1)) / 2).sigmoid().numpy()
    return np.where(specks(share >= 0.5), np.float32(0), share)


def _whole(image: NDArray[np.uint8], size: int) -> Any:
    """(1, 3, size, size) in [0, 1] of all of the picture: large ones are reduced to about four times that before."""
    import torch
    from PIL import Image

    from rrb.networks.looks import reduced

    height, width = image.shape[:2]
    factor = max(1, min(height, width) // (4 * size))
    smaller = Image.fromarray(np.ascontiguousarray(reduced(image, factor)))
    box = (0, 0, width / factor, height / factor)
    seen = np.array(smaller.resize((size, size), Image.Resampling.BILINEAR, box), np.float32)
    return torch.from_numpy(seen).permute(2, 0, 1)[None] / 255


def specks(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(H, W): what is apart from the largest part and has less than a tenth of its pixels."""
    from skimage.measure import label

    parts = label(inside, connectivity=1)
    counts = np.zeros(parts.max() + 1, np.int64)
    for rows in np.array_split(parts, 64):  # for counting copies them as larger numbers
        counts += np.bincount(rows.ravel(), minlength=len(counts))
    small = counts < _SPECK * counts[1:].max(initial=0)
    small[0] = False
    return small[parts]


def overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Intersection over union of what is 0.5 or more; 0 where nothing is."""
    a, b = one >= 0.5, other >= 0.5
    return int(np.count_nonzero(a & b)) / max(1, int(np.count_nonzero(a | b)))


def require_object(mask: NDArray[np.float32], what: str) -> None:
    """Refuse a mask that shows nothing, or nothing but the object."""
    share = float((mask >= 0.5).mean())
    if share < _LEAST_SHARE:
        raise BadInputError(
            f"{what}: no object is seen in it ({100 * share:.2g} % of the pixels); a picture of a chair, car,"
            " aeroplane, table or sofa, or a mask, is accepted"
        )
    if share > _MOST_SHARE:
        raise BadInputError(
            f"{what}: the object covers {100 * share:.0f} % of the picture, so that it has no outline; one that shows"
            " the whole object is accepted"
        )
