"""Which pixels of a picture show the object: what the user says, or alpha, a plain background, a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.geometry.camera import Camera

if TYPE_CHECKING:
    from rrb.networks.mask import MaskNetwork

_PLAIN = 6  # steps of 255 that a plain background may waver, at its border
_APART = 12  # steps from which on a pixel is not the background
_LEAST_SHARE, _MOST_SHARE = 0.002, 0.97  # of the picture: less is no object, more is no background
_NEARER = 1.3  # a picture that is so much larger than the network sees is looked at twice
_SECOND_FILL = 0.65  # of the second look: the box of the first


def plain_background(image: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """(H, W) in {0, 1} of what is not the one colour of the picture's border; None where the border has more."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]).astype(np.int16)
    colour = np.median(border, 0)
    off = np.abs(border - colour).max(1)
    if (off <= _PLAIN).mean() < 0.98:
        return None
    apart = np.abs(image.astype(np.int16) - colour).max(2) > _APART
    if not _LEAST_SHARE <= apart.mean() <= _MOST_SHARE:
        return None
    return apart.astype(np.float32)


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
