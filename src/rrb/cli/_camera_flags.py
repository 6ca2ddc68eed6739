"""The flags about the camera that commands share, and the camera that they say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.geometry.camera import Camera

_NAMES = ("fov_deg", "focal_px", "principal_point")


def unsaid(metavar: str) -> Any:
    """How help shows a flag that may be left out: by what it takes, without a default of None."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="")


@dataclass(frozen=True, kw_only=True)
class CameraFlags:
    fov_deg: Annotated[float | None, unsaid("DEG")] = None
    """Horizontal field of view."""
    focal_px: Annotated[float | None, unsaid("PX")] = None
    """Focal length in pixels, instead of a field of view."""
    principal_point: Annotated[tuple[float, float] | None, unsaid("X Y")] = None
    """As OpenCV counts, from the first pixel's centre; the middle of the picture if not given."""
    camera: Annotated[Path | None, unsaid("JSON")] = None
    """A camera.json, instead of everything else about the camera."""


def camera_from_file(options: CameraFlags, more: tuple[str, ...] = ()) -> Camera | None:
    """That of --camera, which allows no other flag beside it, neither our own nor `more`; None without it."""
    from rrb.geometry.camera import Camera

    if options.camera is None:
        return None
    refuse_beside("--camera", options, _NAMES + more)
    return Camera.load(options.camera)


def camera_from_numbers(
    options: CameraFlags, width: int, height: int, *, fov_deg: float | None = None
) -> Camera:
    """That of --fov-deg or --focal-px; fov_deg is assumed where neither is given, None refuses."""
    from rrb.geometry.camera import Camera

    focal_px = options.focal_px
    if focal_px is not None:
        refuse_beside("--focal-px", options, ("fov_deg",))
    else:
        angle = fov_deg if options.fov_deg is None else options.fov_deg
        if angle is None:
            raise BadInputError(
                "nothing says what camera took the picture: --fov-deg, --focal-px or --camera is needed"
            )
        focal_px = Camera.from_fov(angle, width=width, height=height).fx_px
    return Camera.from_focal_px(focal_px, width=width, height=height, principal_point=options.principal_point)


def refuse_beside(flag: str, options: Any, names: tuple[str, ...]) -> None:
    both = [flag_of(name) for name in names if getattr(options, name) is not None]
    if both:
        raise BadInputError(f"{flag} says what {', '.join(both)} would: give one or the other")


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")
