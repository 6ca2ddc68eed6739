"""Plain shapes under plain light, for tests of what is drawn of scenes. The camera looks along the world's +z."""

import math

import numpy as np

from rrb.data.materials import Material
from rrb.data.scene import Background, Lighting, Placed, Scene
from rrb.data.shape import Shape
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box
from rrb.raster.texture import linear_from_srgb

CAMERA = Camera.from_fov(40, width=96, height=96)
ODD_CAMERA = Camera(fx_px=130.0, fy_px=95.0, cx_px=60.3, cy_px=33.8, width_px=112, height_px=80)
BLACK = Background("plain", ((0.0, 0.0, 0.0),) * 2)
BLUE = Background("plain", ((0.1, 0.2, 0.6),) * 2)


def shape_of(mesh: Mesh, mesh_id: str = "thing", **look) -> Shape:
    """One part of chalk, white unless told otherwise."""
    material = Material(**{"name": "chalk", "colour": (1.0, 1.0, 1.0), "roughness": 1.0, **look})
    part = np.zeros(len(mesh.faces), np.int64)
    return Shape(mesh_id, "thing", mesh, part, ("all",), (material,))


def corner(mesh_id: str = "thing", **look) -> Shape:
    """Three boxes in a corner: no mirror image, no turn that brings it back."""
    boxes = [box((1.0, 0.2, 0.3)), box((0.2, 0.8, 0.2)), box((0.3, 0.2, 0.9))]
    middles = [(0.0, -0.4, 0.0), (-0.4, 0.0, 0.1), (0.35, -0.2, 0.3)]
    placed = [b.with_vertices(b.vertices + m) for b, m in zip(boxes, middles, strict=True)]
    whole = Mesh.concatenated(placed)
    return shape_of(whole.with_vertices(whole.vertices - whole.centre), mesh_id, **look)


def light(
    sky: float = 0.0, sun: float = 0.0, towards: tuple[float, float, float] = (0.0, 1.0, 0.0)
) -> Lighting:
    """A sky of one brightness, and a white sun."""
    constant = sky * math.sqrt(4 * math.pi)
    rows = ((constant,) * 3, *(((0.0,) * 3,) * 8))
    unit = np.asarray(towards, float) / np.linalg.norm(towards)
    return Lighting(sky=rows, towards_sun=tuple(unit.tolist()), sun=(sun,) * 3)


def seen_from(position, target=(0.0, 0.0, 0.0)) -> Pose:
    return Pose.look_at(position, target)


def scene_of(
    *placed: tuple[str, Pose],
    view: Pose | None = None,
    camera: Camera = CAMERA,
    lighting: Lighting | None = None,
    **more,
) -> Scene:
    """(mesh id, world_from_object) of each object; one thing in the middle seen from the front, where none is given."""
    placed = placed or (("thing", Pose.identity()),)
    return Scene(
        key="test",
        camera=camera,
        camera_from_world=seen_from((0.0, 0.0, -3.0)) if view is None else view,
        objects=tuple(Placed(*one) for one in placed),
        lighting=light(0.8) if lighting is None else lighting,
        **{"background": BLACK, **more},
    )


def linear(image: np.ndarray) -> np.ndarray:
    """Linear light of an sRGB picture: within 0.005 for 8 bits."""
    return linear_from_srgb(image / 255.0)


def rays_world(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """(the camera's centre (3,), directions (H, W, 3) with depth 1) in the world."""
    back = scene.camera_from_world.inverse()
    return back.translation, scene.camera.rays() @ back.rotation.T


def positions_world(scene: Scene, depth: np.ndarray) -> np.ndarray:
    """(H, W, 3): where the pixels' centres are, at these depths."""
    centre, rays = rays_world(scene)
    return centre + depth[..., None] * rays
