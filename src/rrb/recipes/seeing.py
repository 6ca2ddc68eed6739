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
_NEARER = 1.3  # a picture that is so much larger than the network sees is looked at twice
_SECOND_FILL = 0.65  # of the second look: the box of the first


def plain_background(image: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """(H, W) in {0, 1} of what is not the one colour of the picture's border.

    None where the border has more colours, or where there is more than an object on it: a shadow, a gradient.
    """
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]).astype(np.int16)
    colour = np.median(border, 0)
    if (np.abs(border - colour).max(1) <= _PLAIN).mean() < 0.98:
        return None
    off = np.abs(image.astype(np.int16) - colour).max(2)
    surely, perhaps = off > _APART, off > _PLAIN
    if not _LEAST_SHARE <= surely.mean() <= _MOST_SHARE:
        return None
    near = _grown(surely, _EDGE_PX)
    if (perhaps & ~near).sum() > _SHADOWS * surely.sum():
        return None
    return (off > _APART / 2).astype(np.float32)


def _grown(inside: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """(H, W): and what lies so many pixels beside, above or below."""
    for _ in range(by):
        wide = np.pad(inside, 1)
        inside = inside | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
    return inside


def predicted(image: NDArray[np.uint8], camera: Camera, network: MaskNetwork) -> NDArray[np.float32]:
    """(H, W): how likely each pixel shows the object. Where the picture is large, from a second, nearer look."""
    import torch
    from torch.nn import functional

    from rrb.networks.crops import boxes_of, crops_around, returned, sampled

    size = network.config.size_px
    height, width = image.shape[:2]
    whole = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255
    small = functional.interpolate(whole, size=(size, size), mode="bilinear", antialias=True)
    with torch.no_grad():
        share = network(2 * small - 1).sigmoid()
        share = functional.interpolate(share[:, None], size=(height, width), mode="bilinear")[:, 0]
        if max(height, width) > _NEARER * size and bool((share >= 0.5).any()):
            intrinsics = torch.from_numpy(camera.matrix.astype(np.float32))[None]
            crops = crops_around(boxes_of(_largest(share)), intrinsics, size, _SECOND_FILL)
            seen = sampled(whole, crops, intrinsics)
            nearer = network(2 * seen - 1).sigmoid()
            share = returned(nearer[:, None], crops, intrinsics, height, width)[:, 0]
    return _largest(share)[0].numpy()


def _largest(share: Any) -> Any:
    """(1, H, W) without what is not joined to the largest part."""
    import torch
    from skimage.measure import label

    parts = label((share[0] >= 0.5).numpy(), connectivity=1)
    if parts.max() <= 1:
        return share
    counts = np.bincount(parts.ravel())[1:]
    others = (
        (parts > 0) & (parts != counts.argmax() + 1) & (counts[np.maximum(parts, 1) - 1] < 0.1 * counts.max())
    )
    return torch.where(torch.from_numpy(others)[None], torch.zeros_like(share), share)


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
