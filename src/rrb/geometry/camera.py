"""`Camera`: a pinhole camera, and the one owner of the half pixel between OpenCV's convention and ours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import (
    alike,
    as_numpy,
    common_shape,
    finite_float,
    is_tensor,
    namespace,
    require_last,
    short,
)
from rrb.geometry.files import write_bytes
from rrb.geometry.json_io import json_bytes, read_json

FORMAT = "rrb.camera/1"
PIXEL_ORIGIN = "outer corner of the first pixel"

# Where OpenCV's (0, 0), the centre of the first pixel, lies in our pixels.
_OPENCV_ORIGIN_PX = 0.5

# Points nearer to the plane of the camera than this many metres are projected as if they were this far.
_LEAST_DEPTH = 1e-12

_MOST_PX = 1_000_000


@dataclass(frozen=True)
class Camera:
    """Camera frame: x right, y down, z forward. x_px = fx_px * x / z + cx_px, and y alike.

    Pixels are continuous: (0, 0) is the outer corner of the first pixel, whose centre is (0.5, 0.5), and
    (width_px, height_px) the outer corner of the last. Numbers are floats; a torch scalar is kept as it is,
    so that a focal length can be optimised.
    """

    fx_px: Any
    fy_px: Any
    cx_px: Any
    cy_px: Any
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        for name in ("fx_px", "fy_px", "cx_px", "cy_px"):
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        for name in ("fx_px", "fy_px"):
            focal = _value(getattr(self, name))
            if not focal > 0:
                raise BadInputError(f"{name} is {focal:g}; a positive focal length is accepted")
        for name in ("width_px", "height_px"):
            object.__setattr__(self, name, _size(name, getattr(self, name)))

    # --- building ---------------------------------------------------------------------------------

    @staticmethod
    def from_fov(fov_deg: float, *, width: int, height: int, axis: str = "x") -> Camera:
        """Square pixels, the principal point in the middle, and this full field of view in degrees.

        axis: "x" is the horizontal one, from the left border to the right, whichever side is longer; "y" the
        vertical; "diagonal" from corner to corner, as lenses and phones are sold.
        """
        width, height = _size("width", width), _size("height", height)
        fov = _value(_number("fov_deg", fov_deg))
        extents = {"x": width, "y": height, "diagonal": math.hypot(width, height)}
        if axis not in extents:
            raise BadInputError(f"the axis of a field of view is {axis!r}; {', '.join(extents)} are accepted")
        if not 0 < fov < 180:
            raise BadInputError(f"fov_deg is {fov:g}; more than 0 and less than 180 degrees are accepted")
        focal = 0.5 * extents[axis] / math.tan(math.radians(0.5 * fov))
        return Camera(focal, focal, 0.5 * width, 0.5 * height, width, height)

    @staticmethod
    def from_focal_px(
        focal_px: Any, *, width: int, height: int, principal_point: tuple[float, float] | None = None
    ) -> Camera:
        """Square pixels. principal_point: (cx, cy) as OpenCV counts, or None for the middle of the image."""
        width, height = _size("width", width), _size("height", height)
        if principal_point is None:
            return Camera(focal_px, focal_px, 0.5 * width, 0.5 * height, width, height)
        try:
            cx, cy = principal_point
        except (TypeError, ValueError):
            raise BadInputError(
                f"principal_point is {short(principal_point)}; two numbers (cx, cy) are accepted"
            ) from None
        cx, cy = (_number("principal_point", c) + _OPENCV_ORIGIN_PX for c in (cx, cy))
        return Camera(focal_px, focal_px, cx, cy, width, height)

    @staticmethod
    def from_opencv(K: Any, *, width: int, height: int) -> Camera:
        """Of OpenCV's [[fx, 0, cx], [0, fy, cy], [0, 0, 1]], which counts from the first pixel's centre.

        The numbers of a floating tensor stay tensors, with their gradient.
        """
        k = as_numpy(K)
        if k.shape != (3, 3):
            raise BadInputError(f"K has the shape {k.shape}; (3, 3) is accepted")
        if not np.isfinite(k).all():
            raise BadInputError(f"K is {k.tolist()}; finite numbers are accepted")
        if k[0, 1] != 0:
            raise BadInputError(f"K has the skew {k[0, 1]:g}; 0 is accepted (undistort the image first)")
        if k[1, 0] != 0 or (k[2] != [0, 0, 1]).any():
            raise BadInputError(f"K is {k.tolist()}; [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] is accepted")
        if is_tensor(K) and K.is_floating_point():
            k = K
        cx, cy = k[0, 2] + _OPENCV_ORIGIN_PX, k[1, 2] + _OPENCV_ORIGIN_PX
        return Camera(k[0, 0], k[1, 1], cx, cy, width, height)

    # --- describing -------------------------------------------------------------------------------

    @property
    def matrix(self) -> Any:
        """(3, 3): K in our pixels, half a pixel from OpenCV's; float64 unless a number is a tensor."""
        fx, fy, cx, cy, o, one = alike(self.fx_px, self.fy_px, self.cx_px, self.cy_px, 0.0, 1.0)
        stack = namespace(fx).stack
        return stack((stack((fx, o, cx)), stack((o, fy, cy)), stack((o, o, one))))

    def to_opencv(self) -> NDArray[np.float64]:
        """(3, 3): K as OpenCV counts pixels."""
        k = as_numpy(self.matrix)
        k[:2, 2] -= _OPENCV_ORIGIN_PX
        return k

    def fov_deg(self, axis: str = "x") -> float:
        """The angle between the image's borders in degrees, along a row ("x") or a column ("y") through the
        principal point, or between its first and last corner ("diagonal")."""
        fx, fy, cx, cy = (_value(v) for v in (self.fx_px, self.fy_px, self.cx_px, self.cy_px))
        first = np.array([-cx / fx, -cy / fy, 1])
        last = np.array([(self.width_px - cx) / fx, (self.height_px - cy) / fy, 1])
        used = {"x": [1, 0, 1], "y": [0, 1, 1], "diagonal": [1, 1, 1]}
        if axis not in used:
            raise BadInputError(f"the axis of a field of view is {axis!r}; {', '.join(used)} are accepted")
        first, last = first * used[axis], last * used[axis]
        return math.degrees(math.atan2(np.linalg.norm(np.linalg.cross(first, last)), first @ last))

    # --- projecting -------------------------------------------------------------------------------

    def project(self, points_camera: Any) -> Any:
        """vertices_px (..., 3) of points (..., 3) in metres: x and y in pixels, z the camera depth in metres.

        Points behind the camera are projected too, through the pinhole, with their z < 0. A depth smaller
        than 1e-12 m becomes 1e-12 m with its sign (plus for 0), so that (x z, y z, z) stays finite and on the
        point's ray, which is what clipping at a near plane needs.
        """
        p, fx, fy, cx, cy = alike(points_camera, self.fx_px, self.fy_px, self.cx_px, self.cy_px)
        require_last(p, 3, "points")
        xp = namespace(p)
        x, y, z = p[..., 0], p[..., 1], p[..., 2]
        least = xp.where(z < 0, -_LEAST_DEPTH + 0 * z, _LEAST_DEPTH + 0 * z)
        z = xp.where(abs(z) < _LEAST_DEPTH, least, z)
        return xp.stack((fx * x / z + cx, fy * y / z + cy, z), -1)

    def unproject(self, points_px: Any, depth: Any) -> Any:
        """Points (..., 3) in metres of pixels (..., 2) at the depth z (...): the inverse of `project`."""
        p, z, fx, fy, cx, cy = alike(points_px, depth, self.fx_px, self.fy_px, self.cx_px, self.cy_px)
        require_last(p, 2, "points_px")
        common_shape("pixels and their depths", p.shape[:-1], z.shape)
        x, y = (p[..., 0] - cx) / fx * z, (p[..., 1] - cy) / fy * z
        return namespace(p).stack((x, y, z + 0 * x), -1)

    def rays(self) -> Any:
        """(H, W, 3): camera-frame rays through the pixels' centres, with z = 1: depth * ray is a point."""
        rows, columns = np.mgrid[: self.height_px, : self.width_px]
        return self.unproject(np.stack((columns, rows), -1) + 0.5, 1.0)

    # --- cutting the image ------------------------------------------------------------------------

    def crop(self, x: float, y: float, width: int, height: int) -> Camera:
        """The camera of the window whose upper left corner is (x, y) in pixels; it may leave the image."""
        x, y = _number("x", x), _number("y", y)
        return Camera(self.fx_px, self.fy_px, self.cx_px - x, self.cy_px - y, width, height)

    def resize(self, width: int, height: int) -> Camera:
        """The camera of the image scaled to width x height: outer corners stay outer corners."""
        width, height = _size("width", width), _size("height", height)
        sx, sy = width / self.width_px, height / self.height_px
        return Camera(self.fx_px * sx, self.fy_px * sy, self.cx_px * sx, self.cy_px * sy, width, height)

    # --- its numbers --------------------------------------------------------------------------------

    def numpy(self) -> Camera:
        """The same in floats, without gradient, as `Pose.numpy`."""
        fx, fy, cx, cy = (_value(getattr(self, name)) for name in _NAMES[:4])
        return Camera(fx, fy, cx, cy, self.width_px, self.height_px)

    def with_focal_px(self, focal_px: float) -> Camera:
        """In floats, with this focal length along x; that along y changes by the same factor."""
        plain = self.numpy()
        return replace(plain, fx_px=focal_px, fy_px=plain.fy_px * (focal_px / plain.fx_px))

    # --- files ------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """What `camera.json` holds."""
        numbers = {name: _value(getattr(self, name)) for name in _NAMES[:4]}
        size = {"width_px": self.width_px, "height_px": self.height_px}
        return {"format": FORMAT, **numbers, **size, "pixel_origin": PIXEL_ORIGIN}

    @staticmethod
    def from_json(data: Any) -> Camera:
        """The inverse of `to_json`; anything missing, unknown or of another convention is refused."""
        if not isinstance(data, Mapping):
            raise BadInputError(f"a camera is an object of {FORMAT}, not a {type(data).__name__}")
        for key, accepted in (("format", FORMAT), ("pixel_origin", PIXEL_ORIGIN)):
            if data.get(key) != accepted:
                raise BadInputError(f"{key} is {data.get(key)!r}; {accepted!r} is accepted")
        missing = [name for name in _NAMES if name not in data]
        if missing:
            raise BadInputError(f"the camera lacks {', '.join(missing)}")
        unknown = sorted(set(data) - {*_NAMES, "format", "pixel_origin"})
        if unknown:
            raise BadInputError(f"the camera holds {', '.join(unknown)}, which {FORMAT} does not know")
        return Camera(**{name: data[name] for name in _NAMES})

    def save(self, path: str | Path) -> None:
        """Write `camera.json`."""
        write_bytes(path, json_bytes(self.to_json()))

    @staticmethod
    def load(path: str | Path) -> Camera:
        """Read `camera.json`."""
        data = read_json(path)
        try:
            return Camera.from_json(data)
        except BadInputError as error:
            raise BadFileError(f"{path}: {error}") from None


_NAMES = tuple(field.name for field in fields(Camera))


def _number(name: str, value: Any) -> Any:
    """A finite float, or the 0-d tensor given."""
    if is_tensor(value) and value.ndim == 0 and value.is_floating_point():
        if not math.isfinite(_value(value)):
            raise BadInputError(f"{name} is {_value(value)}; a finite number is accepted")
        return value
    number = finite_float(value)
    if number is None:
        raise BadInputError(f"{name} is {short(value)}; a finite number is accepted")
    return number


def _value(number: Any) -> float:
    return float(number.detach() if is_tensor(number) else number)


def _size(name: str, value: Any) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not 1 <= value <= _MOST_PX:
        raise BadInputError(
            f"{name} is {short(value)}; a whole number of pixels from 1 to {_MOST_PX} is accepted"
        )
    return int(value)
