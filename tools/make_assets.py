"""Make the bundled mesh and a picture of it, in src/rrb/assets: `python tools/make_assets.py [FOLDER]`.

A wooden chair with one armrest, so that no symmetry hides a wrong pose. Metres, y up, front towards -z,
centred on its bounding box. Every part is a closed surface lofted over rings of points; nothing is random.
"""

import sys
from pathlib import Path

import numpy as np

from rrb import Camera, Mesh, Pose, render
from rrb.geometry.image_io import save_image, save_mask
from rrb.geometry.pose_io import save_pose
from rrb.raster.reference import area_sampled_silhouette

ASSETS = Path(__file__).parents[1] / "src" / "rrb" / "assets"
OAK, WALNUT, CUSHION = (206, 162, 108), (128, 84, 54), (62, 110, 138)
SEAT_M, BACK_M, WIDTH_M, DEPTH_M = 0.45, 0.92, 0.46, 0.44


def loft(rings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A closed surface through rings (R, N, 3), with a fan over the first and the last."""
    n_rings, n = rings.shape[:2]
    vertices = np.concatenate([rings.reshape(-1, 3), rings[[0, -1]].mean(1)])
    k = np.arange(n)
    after = (k + 1) % n
    faces = [np.stack([np.full(n, n_rings * n), after, k], -1)]
    for base in np.arange(n_rings - 1) * n:
        faces.append(np.stack([base + k, base + after, base + n + after], -1))
        faces.append(np.stack([base + k, base + n + after, base + n + k], -1))
    last = (n_rings - 1) * n
    faces.append(np.stack([np.full(n, n_rings * n + 1), last + k, last + after], -1))
    triangles = np.concatenate(faces)
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    inside_out = np.einsum("fi,fi->", a, np.cross(b, c)) < 0
    return vertices, triangles[:, ::-1] if inside_out else triangles


def outline(n: int, roundness: float) -> np.ndarray:
    """(N, 2) points on a superellipse in [-1, 1]: 2 is an ellipse, larger is closer to a rectangle."""
    angle = 2 * np.pi * (np.arange(n) + 0.5) / n
    direction = np.stack([np.cos(angle), np.sin(angle)], -1)
    return np.sign(direction) * np.abs(direction) ** (2 / roundness)


def bar(path, half_width, half_height, across=(1.0, 0.0, 0.0), n=12, roundness=2.0):
    """A bar along path (R, 3); half sizes along and perpendicular to `across`, one number or one a point."""
    path = np.asarray(path, float)
    tangent = np.gradient(path, axis=0)
    up = np.cross(tangent, across)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    side = np.cross(up, tangent)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    width, height = (np.broadcast_to(h, len(path))[:, None, None] for h in (half_width, half_height))
    x, y = outline(n, roundness).T[:, None, :, None]
    return loft(path[:, None] + width * x * side[:, None] + height * y * up[:, None])


def between(start, end, count=2):
    return np.linspace(start, end, count)


def slab(half_x, half_z, bottom, top, centre_z=0.0, edge=0.012, n=32, roundness=4.5):
    """A flat rounded plate with rounded edges."""
    turn = np.linspace(0, np.pi / 2, 4)
    insets = np.concatenate([edge * (1 - np.sin(turn)), edge * (1 - np.sin(turn[::-1]))])
    heights = np.concatenate([bottom + edge * (1 - np.cos(turn)), top - edge * (1 - np.cos(turn[::-1]))])
    flat = outline(n, roundness)
    rings = [
        np.stack([flat[:, 0] * (half_x - i), np.full(n, h), centre_z + flat[:, 1] * (half_z - i)], -1)
        for i, h in zip(insets, heights, strict=True)
    ]
    return loft(np.stack(rings))


def chair_parts():
    x, z = WIDTH_M / 2, DEPTH_M / 2
    yield slab(x, z, SEAT_M - 0.03, SEAT_M), OAK
    yield slab(x - 0.025, z - 0.025, SEAT_M - 0.005, SEAT_M + 0.03, centre_z=-0.005, edge=0.016), CUSHION
    feet = {(i, j): np.array([i * (x + 0.015), 0.0, j * (z + 0.03)]) for i in (-1, 1) for j in (-1, 1)}
    tops = {(i, j): np.array([i * (x - 0.05), SEAT_M - 0.02, j * (z - 0.05)]) for i, j in feet}
    for corner, foot in feet.items():
        yield bar(between(foot, tops[corner], 5), *[np.linspace(0.012, 0.021, 5)] * 2), OAK

    def on_leg(corner, height):
        return feet[corner] + (tops[corner] - feet[corner]) * height / tops[corner][1]

    for i in (-1, 1):
        yield bar(between(on_leg((i, -1), 0.17), on_leg((i, 1), 0.17)), 0.009, 0.009), WALNUT
    yield bar(between(on_leg((-1, -1), 0.25), on_leg((1, -1), 0.25)), 0.009, 0.009, (0, 0, 1)), WALNUT
    yield from back_parts(x, z)
    yield from arm_parts(x, z)


def back_parts(x, z):
    def rake(height):
        """How far behind the seat the back leans, a little more towards the top."""
        t = (height - SEAT_M) / (BACK_M - SEAT_M)
        return z - 0.045 + 0.07 * t + 0.035 * t**2

    heights = np.linspace(SEAT_M - 0.02, BACK_M - 0.03, 8)
    for i in (-1, 1):
        path = [(i * (x - 0.04 + 0.02 * (h - SEAT_M)), h, rake(h)) for h in heights]
        yield bar(path, np.linspace(0.02, 0.014, 8), np.linspace(0.02, 0.014, 8)), OAK
    across = np.linspace(-1, 1, 11)

    def curved(half, height, bow):
        return np.stack([half * across, np.full(11, height), rake(height) + bow * (1 - across**2)], -1)

    top = curved(x + 0.005, BACK_M - 0.035, 0.03)
    yield bar(top, 0.035 - 0.008 * across**2, 0.011, (0, 1, 0), 20, 3.5), WALNUT
    yield bar(curved(x - 0.04, SEAT_M + 0.1, 0.03), 0.016, 0.009, (0, 1, 0), 16, 3.0), WALNUT
    for k, s in enumerate(np.linspace(-0.66, 0.66, 5)):
        low, high = SEAT_M + 0.1, BACK_M - 0.05
        h = np.linspace(low, high, 5)
        path = np.stack([s * (x - 0.03 + 0 * h), h, rake(h) + 0.03 * (1 - s**2)], -1)
        yield bar(path, 0.016, 0.006, n=12, roundness=3.0), CUSHION if k == 2 else OAK


def arm_parts(x, z):
    """One arm only, at +x."""
    side, height = x - 0.012, SEAT_M + 0.21
    post = between((side, SEAT_M - 0.02, -z + 0.1), (side + 0.012, height, -z + 0.075), 4)
    yield bar(post, np.linspace(0.015, 0.012, 4), np.linspace(0.015, 0.012, 4)), OAK
    t = np.linspace(0, 1, 10)
    reach = -z + 0.03 + t * (2 * z - 0.02)
    path = np.stack([side + 0.012 - 0.028 * t**2, height + 0.012 * np.sin(np.pi * t), reach], -1)
    yield bar(path, 0.026 - 0.010 * t, 0.011, n=16, roundness=3.0), WALNUT


def chair() -> Mesh:
    vertices, faces, colours, n = [], [], [], 0
    for (points, triangles), colour in chair_parts():
        vertices.append(points)
        faces.append(triangles + n)
        colours.append(np.tile(np.array(colour) / 255, (len(points), 1)))
        n += len(points)
    points = np.concatenate(vertices)
    points -= (points.min(0) + points.max(0)) / 2
    return Mesh(points, np.concatenate(faces), vertex_colours=np.concatenate(colours))


def picture(mesh: Mesh, folder: Path) -> None:
    """chair.png, as a camera would take it, its mask, and chair.json: where the chair is, which camera it was.

    The mask is not drawn by the kernels that fits use: half of 8 x 8 points in a pixel, by the readable reference.
    """
    camera = Camera.from_fov(40.0, width=320, height=320)
    pose = Pose.from_viewpoint(-38.0, 22.0, 2.0, distance_m=1.9, ray_camera=(0.06, 0.02, 1.0))
    drawn = render(mesh, pose, camera, supersampling=4)
    wall = np.linspace(0.88, 0.62, camera.height_px)[:, None, None] * np.array([0.95, 0.97, 1.0])
    covered = drawn.silhouette[..., None]
    save_image(
        folder / "chair.png", np.rint(255 * (covered * drawn.colour + (1 - covered) * wall)).astype(np.uint8)
    )
    size = camera.height_px, camera.width_px
    share = area_sampled_silhouette(camera.project(pose @ mesh.vertices), mesh.faces, size, samples=8)
    save_mask(folder / "chair_mask.png", (share >= 0.5).astype(np.float32))
    save_pose(folder / "chair.json", pose, camera, reason="the pose that chair.png was drawn at")


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ASSETS
    mesh = chair()
    mesh.save(folder / "chair.glb")
    picture(Mesh.load(folder / "chair.glb"), folder)
    print(f"{folder / 'chair.glb'}: {len(mesh.vertices)} vertices, {len(mesh.faces)} faces")
