"""What stands before the camera: objects, ground and light. Shapes stay from picture to picture."""

import json
import math
from collections import OrderedDict
from typing import Any

import bpy  # type: ignore[import-not-found]
import numpy as np
from looks import Looks, linear_from_srgb  # type: ignore[import-not-found]
from mathutils import Matrix, Vector  # type: ignore[import-not-found]
from sky import Sky  # type: ignore[import-not-found]

CREASE = math.radians(35)
SHAPES_KEPT = 16
GROUND_REACH = 1000.0  # in sizes of the scene: where the ground ends is beyond seeing
GROUND_BELOW = 1e-4  # in sizes of the scene: what stands on the ground is above it
CATCHER = (0.5, 0.5, 0.5)  # sRGB of a ground that is not seen, for what it throws back onto objects

# Blender's camera looks along -z with y up.
FLIP = Matrix.Diagonal((1.0, -1.0, -1.0, 1.0))


class Stage:
    """The world is moved so that the first object's origin is 0: Blender's numbers have 24 bits."""

    def __init__(self) -> None:
        self.scene = bpy.context.scene
        self.looks = Looks()
        self.shapes: OrderedDict[str, list[Any]] = (
            OrderedDict()
        )  # by file, as often as they were seen at once
        self.placed: list[Any] = []
        self.sky = Sky(self.scene)
        self.sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
        self.ground = bpy.data.objects.new("ground", _square())
        self.paint = _paint()
        self.ground.data.materials.append(self.paint)
        for thing in (self.sun, self.ground):
            self.scene.collection.objects.link(thing)

    def arrange(self, scene: dict[str, Any], files: dict[str, str]) -> None:
        """Everything as the scene says."""
        origin = np.array(scene["objects"][0]["world_from_object"]["translation_m"])
        camera_from_world = _matrix(scene["camera_from_world"])
        world_from_camera = np.linalg.inv(camera_from_world)
        world_from_camera[:3, 3] -= origin
        self.scene.camera.matrix_world = Matrix(world_from_camera.tolist()) @ FLIP
        self._place(scene["objects"], files, origin)
        size = _size(self.placed, world_from_camera[:3, 3])
        self._set_ground(scene, origin[1], world_from_camera, size)
        self._set_light(scene["lighting"])

    def _place(self, objects: list[dict[str, Any]], files: dict[str, str], origin: Any) -> None:
        used: dict[str, int] = {}
        wanted = []
        for number, thing in enumerate(objects):
            file = files[thing["mesh_id"]]
            copy = used[file] = used.get(file, -1) + 1
            placed = self._shape(file, copy)
            matrix = _matrix(thing["world_from_object"])
            matrix[:3, 3] -= origin
            placed.matrix_world = Matrix(matrix.tolist())
            placed.pass_index = number + 1
            wanted.append(placed)
        if wanted != self.placed:
            for thing in self.placed:
                self.scene.collection.objects.unlink(thing)
            for thing in wanted:
                self.scene.collection.objects.link(thing)
            self.placed = wanted
        self._forget(set(used))

    def _shape(self, file: str, copy: int) -> Any:
        """An object of that shape; the second of the same shape in one scene is its own object of the same mesh."""
        if file not in self.shapes:
            self.shapes[file] = [bpy.data.objects.new("shape", _mesh(file, self.looks))]
        self.shapes.move_to_end(file)
        copies = self.shapes[file]
        if copy == len(copies):
            copies.append(bpy.data.objects.new("shape", copies[0].data))
        return copies[copy]

    def _forget(self, used: set[str]) -> None:
        """Shapes that were not seen for long, and the looks that only they had."""
        while len(self.shapes) > SHAPES_KEPT:
            file = next(iter(self.shapes))
            if file in used:
                return
            copies = self.shapes.pop(file)
            mesh = copies[0].data
            for thing in copies:
                bpy.data.objects.remove(thing)
            bpy.data.meshes.remove(mesh)
            self.looks.forget_unused()

    def _set_ground(self, scene: dict[str, Any], origin_y: float, camera: Any, size: float) -> None:
        """The ground is never taken away: Cycles would go on as if there were a catcher of shadows in the scene."""
        colour = scene["ground_colour"]
        y = math.inf if scene["ground_m"] is None else scene["ground_m"] - origin_y
        seen = y < camera[1, 3]
        self.ground.is_shadow_catcher = seen and colour is None
        tint = linear_from_srgb(CATCHER if colour is None else colour)
        self.paint.node_tree.nodes["paint"].inputs["Color"].default_value = (*tint, 1.0)
        if seen:
            place, reach = Vector((0, y - GROUND_BELOW * size, 0)), GROUND_REACH * size
        else:  # too small to be met by any ray, behind the camera
            place, reach = Vector(camera[:3, 3] - 10 * size * camera[:3, 2]), 1e-6 * size
        self.ground.matrix_world = Matrix.LocRotScale(place, None, Vector((reach, reach, reach)))

    def _set_light(self, lighting: dict[str, Any]) -> None:
        self.sky.set(np.array(lighting["sky"]))
        strength = max(lighting["sun"])
        self.sun.rotation_mode = "QUATERNION"
        # A sun shines along its -z.
        self.sun.rotation_quaternion = Vector(lighting["towards_sun"]).to_track_quat("Z", "Y")
        light = self.sun.data
        light.angle = math.radians(lighting["sun_size_deg"])
        # Watts a square metre; pi of them make a white surface as bright as 1.
        light.energy = math.pi * strength
        light.color = [c / strength for c in lighting["sun"]] if strength > 0 else (1, 1, 1)


# --- pieces -----------------------------------------------------------------------------------------


def _mesh(file: str, looks: Looks) -> Any:
    """Of an .npz: vertices (V, 3), faces (F, 3), face_part (F,), and the parts' materials as JSON."""
    with np.load(file) as data:
        vertices, faces, face_part = (data[name] for name in ("vertices", "faces", "face_part"))
        materials = json.loads(str(data["materials"]))
    mesh = bpy.data.meshes.new("shape")
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
    for material in materials:
        mesh.materials.append(looks.of(material))
    mesh.polygons.foreach_set("material_index", face_part.astype(np.int32))
    mesh.update(calc_edges=True)
    mesh.validate()  # which drops what has no area
    mesh.set_sharp_from_angle(angle=CREASE)
    return mesh


def _square() -> Any:
    """From -1 to 1 along x and z, facing up."""
    mesh = bpy.data.meshes.new("ground")
    mesh.from_pydata([(-1, 0, -1), (-1, 0, 1), (1, 0, 1), (1, 0, -1)], [], [(0, 1, 2, 3)])
    return mesh


def _paint() -> Any:
    material = bpy.data.materials.new("ground")
    tree = material.node_tree
    tree.nodes.clear()
    paint = tree.nodes.new("ShaderNodeBsdfDiffuse")
    paint.name = "paint"
    out = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(paint.outputs["BSDF"], out.inputs["Surface"])
    return material


def _size(placed: list[Any], eye: Any) -> float:
    """How far the camera is from the farthest corner of the objects' boxes."""
    corners = [np.array(thing.matrix_world @ Vector(c)) for thing in placed for c in thing.bound_box]
    return float(max(np.linalg.norm(corner - eye) for corner in corners))


def _matrix(pose: dict[str, Any]) -> Any:
    """(4, 4) of the JSON of a pose."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = pose["rotation"], pose["translation_m"]
    return matrix
