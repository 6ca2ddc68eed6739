"""A recipe that knows what its pictures show, for tests of what stands around the recipe."""

import numpy as np

import rrb
from rrb.fitting.result import Step
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import save_image
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.pose_io import Hypothesis
from rrb.geometry.primitives import box
from rrb.recipes import reconstruct as face
from rrb.recipes.result import Reconstruction

OTHER = Pose.from_viewpoint(150.0, 15.0, distance_m=2.4)
GREEN = (40, 160, 60)


def chair() -> Mesh:
    """A seat, a back at +z and one arm: no symmetry. Its longest side is 1, its box is centred."""
    parts = [
        ((0.8, 0.1, 0.8), (0, -0.1, 0)),
        ((0.8, 1.0, 0.1), (0, 0, 0.35)),
        ((0.1, 0.3, 0.6), (0.35, 0.1, 0)),
    ]
    moved = [box(size).transformed(Pose(np.eye(3), at)) for size, at in parts]
    return Mesh.concatenated(moved)


def pose(number=0) -> Pose:
    return Pose.from_viewpoint(25.0 + 20 * number, 15.0, 3.0, distance_m=2.5)


def draw(path, camera: Camera, where: Pose) -> None:
    """The green chair on white, as `path`."""
    mesh = chair()
    green = np.tile(np.array(GREEN) / 255, (len(mesh.vertices), 1))
    shown = rrb.render(Mesh(mesh.vertices, mesh.faces, green), where, camera, supersampling=2)
    save_image(path, np.rint(shown.colour * 255).astype(np.uint8))


class Recipe:
    """Answers with the chair at `pose(number)`, number being the one whose outline fits the mask best."""

    def __init__(self, answer=None, numbers=4):
        self.calls, self.answer, self.numbers = [], answer, numbers

    def __call__(self, image, mask, camera, **known) -> Reconstruction:
        self.calls.append({"image": image, "mask": mask, "camera": camera, **known})
        if self.answer is not None:
            self.answer(self)
        return found(image, mask, camera, numbers=self.numbers, **known)

    def install(self):
        face.RECIPES = dict.fromkeys(face.RECIPES, lambda: self)


def found(
    image,
    mask,
    camera,
    *,
    camera_height_m=None,
    category=None,
    mask_from="given",
    unknown=None,
    notes=(),
    numbers=4,
):
    mesh, scale = chair(), 1.0 if camera_height_m is None else 0.5 * camera_height_m
    best, iou = max(
        ((pose(i), overlap(mesh, pose(i), camera, mask)) for i in range(numbers)), key=lambda p: p[1]
    )
    metric = Pose(best.rotation, scale * best.translation)
    steps = [best.step([0.05 * (5 - i), 0.03 * (5 - i), 0, 0, 0, 0.05 * (5 - i)]) for i in range(6)]
    return Reconstruction(
        mesh=mesh.with_vertices(scale * mesh.vertices),
        camera_from_object=metric,
        camera=camera,
        metres_per_canonical_unit=None if camera_height_m is None else scale,
        size_deviation=None,
        category=category or "chair",
        category_share=None if category else 0.75,
        mask=mask,
        mask_from=mask_from,
        iou=iou,
        covariance=np.diag([1e-4, 2e-4, 3e-4, 1e-4, 1e-4, 1e-3]),
        hypotheses=(Hypothesis(metric, 0.8, iou), Hypothesis(OTHER, 0.2, 0.5)),
        accepted=iou > 0.75,
        reason=None if iou > 0.75 else "the outlines overlap too little",
        history=tuple(
            Step(s, 1.0, float(camera.fx_px), 1.0 / (i + 1), "refine") for i, s in enumerate(steps)
        ),
        history_mesh=mesh,
        recipe="rrb",
        notes=tuple(notes),
        seconds={"fit": 0.1},
    )


def overlap(mesh, where, camera, mask) -> float:
    drawn = rrb.render(mesh, where, camera).silhouette >= 0.5
    return float((drawn & (mask >= 0.5)).sum() / (drawn | (mask >= 0.5)).sum())
