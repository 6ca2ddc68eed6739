"""Mitsuba 3: a ray tracer that samples silhouettes, on the CPU through LLVM."""

import math
from typing import Any

import numpy as np

from _peer import Peer
from _rounds import Contender
from _scene import DISTANCE, FOCAL_PER_WIDTH, Scene


def mitsuba(scene: Scene, threads: int) -> Peer:
    import drjit
    import mitsuba

    mitsuba.set_variant("llvm_ad_rgb")
    mitsuba.set_log_level(mitsuba.LogLevel.Error)
    drawn_scene = _mitsuba_scene(mitsuba, scene)
    parameters = mitsuba.traverse(drawn_scene)
    vertices = next(key for key in parameters.keys() if key.endswith("vertex_positions"))  # noqa: SIM118
    drjit.enable_grad(parameters[vertices])
    parameters.update()
    gradient = mitsuba.TensorXf(scene.gradient[..., None])

    def before() -> None:
        drjit.set_grad(parameters[vertices], 0)

    def forward() -> Any:
        image = mitsuba.render(drawn_scene, parameters, spp=1, seed=0)
        drjit.eval(image)
        drjit.sync_thread()
        return image

    def backward(image: Any) -> None:
        drjit.set_grad(image, gradient)
        drjit.enqueue(drjit.ADMode.Backward, image)
        drjit.traverse(drjit.ADMode.Backward)
        drjit.eval(drjit.grad(parameters[vertices]))
        drjit.sync_thread()

    does = (
        "llvm_ad_rgb, the object a white lamp on black, perspective sensor, box filter, prb_projective with "
        "max_depth 1, so that no ray bounces: one sample a pixel for the picture and one for its primary "
        "silhouette, none for indirect silhouettes (sppi 0) or the interior (sppc 0, its derivative is "
        "zero). Forward: mi.render and waiting for it. Backward: the gradient of vertex_positions in 3-D, "
        "and waiting for it. Its kernels are compiled beforehand; the scene does not move between calls, "
        "so its ray tree is not rebuilt."
    )
    return Peer(
        Contender(
            "mitsuba",
            threads,
            forward,
            backward,
            prepare=lambda: drjit.set_thread_count(threads),
            before=before,
        ),
        does,
        covered=lambda: np.array(forward())[..., 0] > 0.5,
        gradient=lambda: np.array(drjit.grad(parameters[vertices])),
    )


def _mitsuba_scene(mi: Any, scene: Scene) -> Any:
    lamp = mi.Properties()
    lamp["emitter"] = mi.load_dict({"type": "area", "radiance": {"type": "rgb", "value": 1.0}})
    mesh = mi.Mesh("ellipsoid", vertex_count=len(scene.points), face_count=len(scene.faces), props=lamp)
    arrays = mi.traverse(mesh)
    arrays["vertex_positions"] = scene.points.astype(np.float32).ravel()
    arrays["faces"] = scene.faces.astype(np.uint32).ravel()
    arrays.update()
    film = {
        "type": "hdrfilm",
        "width": scene.side_px,
        "height": scene.side_px,
        "pixel_format": "luminance",
        "rfilter": {"type": "box"},
    }
    sensor = {
        "type": "perspective",
        "fov": math.degrees(2 * math.atan(0.5 / FOCAL_PER_WIDTH)),
        "fov_axis": "x",
        "near_clip": 0.01 * DISTANCE,
        "far_clip": 10 * DISTANCE,
        "to_world": mi.ScalarTransform4f().look_at(origin=[0, 0, 0], target=[0, 0, 1], up=[0, -1, 0]),
        "film": film,
        "sampler": {"type": "independent", "sample_count": 1},
    }
    integrator = {"type": "prb_projective", "max_depth": 1, "sppc": 0, "sppi": 0}
    return mi.load_dict({"type": "scene", "integrator": integrator, "mesh": mesh, "sensor": sensor})
