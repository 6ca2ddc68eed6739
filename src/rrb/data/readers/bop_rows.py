"""Entries of a BOP scene's files: what one row says, in metres and in our pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rrb.data.readers._reading import Box, field, numbers
from rrb.errors import BadInputError
from rrb.geometry.pose import Pose

MM_PER_M = 1000.0


def pose_of(row: Any) -> Pose:
    rotation = numbers(field(row, "cam_R_m2c", "a row"), (3, 3), "cam_R_m2c")
    return Pose(rotation, numbers(field(row, "cam_t_m2c", "a row"), (3,), "cam_t_m2c") / MM_PER_M)


def info_of(info: list[Any] | None, row: int, count: int) -> dict[str, Any]:
    """What scene_gt_info says of a row; nothing where there is none."""
    if info is None:
        return {}
    if len(info) != count or not isinstance(info[row], Mapping):
        raise BadInputError(f"it has {len(info)} rows but scene_gt.json {count}; equal numbers are accepted")
    return dict(info[row])


def box_of(info: Mapping[str, Any]) -> Box | None:
    """bbox_visib names the first pixel and how many pixels on the last one lies; -1 where nothing is seen."""
    if "bbox_visib" not in info:
        return None
    x, y, width, height = numbers(info["bbox_visib"], (4,), "bbox_visib").tolist()
    return None if width < 0 else (x, y, x + width + 1, y + height + 1)


def world_of(camera: Mapping[str, Any]) -> dict[str, Any]:
    """camera_from_world in metres, where the set says it."""
    if "cam_R_w2c" not in camera or "cam_t_w2c" not in camera:
        return {}
    translation = numbers(camera["cam_t_w2c"], (3,), "cam_t_w2c") / MM_PER_M
    return {
        "camera_from_world": Pose(numbers(camera["cam_R_w2c"], (3, 3), "cam_R_w2c"), translation).to_json()
    }
