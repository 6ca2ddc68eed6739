"""`Subject`: one mesh of an order and all pictures of it, from scenes to samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rrb.data import fast
from rrb.data.occupancy import occupancy_points
from rrb.data.order import POINTS, SCENE, Source
from rrb.data.renderers import Shapes
from rrb.data.sample import MeshFile, Sample
from rrb.data.sample_files import mesh_path
from rrb.data.scene import Picture, Scene
from rrb.data.scenes import alone, random_scene
from rrb.data.shape import Shape
from rrb.data.shards import save_mesh
from rrb.geometry.voxels import Voxels

LEAST_VISIBLE = 0.3  # of the object's part in the frame: where others hide more, they are left out


@dataclass(frozen=True, eq=False)
class Subject:
    source: Source
    number: int
    shape: Shape
    blockers: list[Shape]
    neighbours: list[Shape]

    @staticmethod
    def of(source: Source, number: int) -> Subject:
        shape = source.shape(number)
        return Subject(source, number, shape, source.blockers(number, shape), [source.neighbour(number)])

    @cached_property
    def shapes(self) -> Shapes:
        """All that its scenes may show, by their ids."""
        return {shape.mesh_id: shape for shape in (self.shape, *self.blockers, *self.neighbours)}

    def scene(self, view: int) -> Scene:
        source, key = self.source, f"{self.shape.mesh_id}-{view:02d}"
        random = source.random(SCENE, self.number, view)
        scene = random_scene(
            key, self.shape, random, source.order.variety, self.blockers, self.neighbours, source.photos
        )
        hidden = len(scene.objects) > 1 and fast.visible_share(scene, self.shapes) < LEAST_VISIBLE
        return alone(scene) if hidden else scene

    def shots(self, folder: Path) -> Iterator[Shot]:
        """Write the mesh; then what is to be drawn, one view after the other."""
        order = self.source.order
        save_mesh(folder, self.shape.mesh_id, self.shape.mesh, self.shape.description())
        voxels = Voxels.from_mesh(self.shape.mesh, order.voxels) if order.voxels else None
        for view in range(order.views_of(self.number)):
            yield Shot(self, view, self.scene(view), voxels, folder)


@dataclass(frozen=True, eq=False)
class Shot:
    """One view of a subject."""

    subject: Subject
    view: int
    scene: Scene
    voxels: Voxels | None
    folder: Path

    def sample(self, picture: Picture) -> Sample:
        source, shape, scene = self.subject.source, self.subject.shape, self.scene
        order, pose = source.order, scene.camera_from_object
        height = float(pose.camera_centre_object[1]) - shape.floor
        stands = scene.viewpoint != "free" and height > 0
        random = source.random(POINTS, self.subject.number, self.view)
        unknown = picture.unknown
        if unknown.any():  # what stands wholly behind the object hides nothing of it
            unknown &= picture.depth_m < float(pose.apply(shape.mesh.vertices)[:, 2].max())
        return Sample(
            key=scene.key,
            image=picture.image,
            category=shape.category,
            mesh_id=shape.mesh_id,
            mask=picture.mask,
            unknown=unknown if unknown.any() else None,
            camera=scene.camera,
            camera_from_object=pose,
            mesh=MeshFile(mesh_path(self.folder, shape.mesh_id)),
            depth_m=picture.depth_m if order.depth else None,
            points=occupancy_points(shape.mesh, order.points, random) if order.points else None,
            voxels=self.voxels,
            extents_m=tuple(shape.extents.tolist()),
            camera_height_m=height if stands else None,
            turns=shape.turns,
            frame="y up, front -z, metres" if shape.style.get("front") != "not defined" else "y up, metres",
            split=source.split(self.subject.number),
            source=f"{order.style} {source.kind}",
            style=shape.style,
            about={
                "viewpoint": scene.viewpoint,
                "fov_deg": scene.camera.fov_deg(),
                "background": scene.background.kind,
                "others": len(scene.objects) - 1,
                "jpeg_quality": scene.effects.jpeg_quality,
            },
        )
