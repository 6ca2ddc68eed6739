"""Masks that nobody gives: alpha, a plain background, or the network, looking where the objects should be.

A picture gives one mask of whatever is an object; where several are followed it is shared out among their drawings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.recipes._track_body import Body, Mask, usable
from rrb.recipes._track_hiding import grown
from rrb.recipes.frames import Frame

if TYPE_CHECKING:
    from rrb.networks.mask import MaskNetwork

_FILL = 0.65  # of the network's picture, by the box that is looked at
_REACH = 0.15  # of an object's box: so far from its drawing a pixel may be its own
_LEAST_PART = 0.2  # of the expected area: smaller leftovers are no object


class OwnMasks:
    """One for each object, None where it is not seen."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self._network: MaskNetwork | None = None

    def __call__(
        self, frame: Frame, bodies: Sequence[Body], expected: Sequence[Pose | None]
    ) -> list[Mask | None]:
        assert frame.image is not None
        drawn = [
            None if pose is None else np.asarray(body.drawn(pose))
            for body, pose in zip(bodies, expected, strict=True)
        ]
        drawn = [None if picture is None or not picture.any() else picture for picture in drawn]
        whole = self._seen(frame, drawn)
        if len(bodies) <= 1:
            return [usable(whole, self.camera)]
        return [usable(mask, self.camera) for mask in shared_out(whole, drawn)]

    def _seen(self, frame: Frame, drawn: Sequence[NDArray | None]) -> Mask:
        """(H, W) of all objects together."""
        from rrb.recipes import seeing

        assert frame.image is not None
        if frame.alpha is not None and seeing.outlines(frame.alpha):
            return frame.alpha
        plain = seeing.plain_background(frame.image)
        if plain is not None:
            return plain
        if any(picture is None for picture in drawn) or not drawn:
            return seeing.predicted(frame.image, self.camera, self._asked())
        found = np.zeros(frame.image.shape[:2], np.float32)
        for picture in drawn:
            assert picture is not None
            np.maximum(found, self._near(frame.image, picture > 0), out=found)
        return found

    def _asked(self) -> MaskNetwork:
        if self._network is None:
            from rrb.networks.build import shipped

            self._network = shipped("mask")[0]
        return self._network

    def _near(self, image: NDArray[np.uint8], shown: NDArray[np.bool_]) -> Mask:
        """(H, W) of a look at where something is drawn; 0 beyond the look."""
        import torch

        from rrb.networks.crops import crops_around, returned
        from rrb.networks.looks import box_of, seen_in

        network = self._asked()
        box = torch.tensor([box_of(shown)], dtype=torch.float32)
        intrinsics = torch.from_numpy(self.camera.matrix.astype(np.float32))[None]
        crops = crops_around(box, intrinsics, network.config.size_px, _FILL)
        with torch.no_grad():
            share = network(2 * seen_in(image, crops, intrinsics) - 1).sigmoid()
        height, width = image.shape[:2]
        return np.ascontiguousarray(returned(share[None], crops, intrinsics, height, width)[0, 0].numpy())


def shared_out(whole: Mask, drawn: Sequence[NDArray | None]) -> list[Mask | None]:
    """A mask (H, W) of several objects cut into one for each: by the nearest drawing where some are expected.

    What is left over goes, largest part first, to those that are expected nowhere.
    """
    inside = whole >= 0.5
    owner = _owners(inside, drawn)
    answer: list[Mask | None] = [
        None if picture is None else np.where(owner == k, whole, 0).astype(np.float32)
        for k, picture in enumerate(drawn)
    ]
    left = inside & (owner < 0)
    searched = [k for k, picture in enumerate(drawn) if picture is None]
    for k, part in zip(searched, _parts(left, len(searched)), strict=False):
        answer[k] = np.where(part, whole, 0).astype(np.float32)
    return answer


def _owners(inside: NDArray[np.bool_], drawn: Sequence[NDArray | None]) -> NDArray[np.int64]:
    """(H, W): whose drawing is there, the nearest of several, or is the first to reach there; -1 for none."""
    depths = np.stack([np.zeros(inside.shape) if picture is None else picture for picture in drawn])
    owner = np.where(depths.any(0), depths.argmax(0), -1)
    reach = 0
    for picture in drawn:
        if picture is not None and picture.any():
            rows, columns = np.flatnonzero(picture.any(1)), np.flatnonzero(picture.any(0))
            reach = max(reach, int(_REACH * max(np.ptp(rows), np.ptp(columns))) + 2)
    for _ in range(reach):
        before = owner
        for k, picture in enumerate(drawn):
            if picture is not None:
                near = grown(before == k, 1) & (before < 0) & (owner < 0)
                owner = np.where(near, k, owner)
    return np.where(inside, owner, -1)


def _parts(left: NDArray[np.bool_], most: int) -> list[NDArray[np.bool_]]:
    """The largest connected parts, none much smaller than the largest."""
    if not most or not left.any():
        return []
    from skimage.measure import label

    numbers = label(left, connectivity=2)
    counts = np.bincount(numbers.ravel())
    counts[0] = 0
    order = np.argsort(-counts, kind="stable")[:most]
    return [numbers == n for n in order if counts[n] > _LEAST_PART * counts.max()]
