"""rrb: reconstruct, rasterize, backprop. The mesh and the metric pose of an object from one RGB image.

Public names are loaded when first used, so `import rrb` costs nothing and needs neither torch nor numba.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rrb._jit import set_threads
    from rrb.egomotion.trajectory import Trajectory
    from rrb.errors import RrbError
    from rrb.fitting.first_order import FirstOrder
    from rrb.fitting.fit import fit
    from rrb.fitting.scale import scale_from_camera_height
    from rrb.fitting.search import SecondOrder
    from rrb.fitting.several import fit_several
    from rrb.geometry.camera import Camera
    from rrb.geometry.image_io import load_mask
    from rrb.geometry.mesh import Mesh
    from rrb.geometry.pose import Pose
    from rrb.geometry.voxels import Voxels
    from rrb.raster.approximations import APPROXIMATIONS, silhouette
    from rrb.raster.fragments import rasterize
    from rrb.raster.render import render
    from rrb.recipes.reconstruct import RECIPES, reconstruct
    from rrb.recipes.result import Reconstruction
    from rrb.recipes.track import Tracker, track

__version__ = "0.1.0"

_HOME = {
    "APPROXIMATIONS": "rrb.raster.approximations",
    "Camera": "rrb.geometry.camera",
    "FirstOrder": "rrb.fitting.first_order",
    "Mesh": "rrb.geometry.mesh",
    "Pose": "rrb.geometry.pose",
    "RECIPES": "rrb.recipes.reconstruct",
    "Reconstruction": "rrb.recipes.result",
    "RrbError": "rrb.errors",
    "SecondOrder": "rrb.fitting.search",
    "Tracker": "rrb.recipes.track",
    "Trajectory": "rrb.egomotion.trajectory",
    "Voxels": "rrb.geometry.voxels",
    "fit": "rrb.fitting.fit",
    "fit_several": "rrb.fitting.several",
    "load_mask": "rrb.geometry.image_io",
    "rasterize": "rrb.raster.fragments",
    "reconstruct": "rrb.recipes.reconstruct",
    "render": "rrb.raster.render",
    "scale_from_camera_height": "rrb.fitting.scale",
    "set_threads": "rrb._jit",
    "silhouette": "rrb.raster.approximations",
    "track": "rrb.recipes.track",
}

__all__ = [
    "APPROXIMATIONS",
    "RECIPES",
    "Camera",
    "FirstOrder",
    "Mesh",
    "Pose",
    "Reconstruction",
    "RrbError",
    "SecondOrder",
    "Tracker",
    "Trajectory",
    "Voxels",
    "fit",
    "fit_several",
    "load_mask",
    "rasterize",
    "reconstruct",
    "render",
    "scale_from_camera_height",
    "set_threads",
    "silhouette",
    "track",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rrb' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
