"""Draw the pictures of the documentation: python tools/draw_docs.py (a few seconds)."""

from importlib.resources import files
from pathlib import Path

import matplotlib
import numpy as np
import torch

import rrb
from rrb.geometry.image_io import load_image, save_image
from rrb.geometry.pose_io import load_pose
from rrb.geometry.primitives import box, icosphere
from rrb.raster.reference import area_sampled_silhouette
from rrb.viz.overlay import overlay, side_by_side
from rrb.viz.pictures import rgb8

matplotlib.use("Agg")
from matplotlib import pyplot as plt

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = 64
ORANGE, BLUE = "#e66101", "#1f5fa8"


def scene() -> tuple[rrb.Mesh, rrb.Camera, rrb.Pose, rrb.Pose]:
    """The bundled chair, where it is drawn and where it should be: a little to the right, nearer, turned."""
    chair = rrb.Mesh.load(str(files("rrb") / "assets" / "chair.glb"))
    camera = rrb.Camera.from_fov(32.0, width=SIZE, height=SIZE)
    start = rrb.Pose.from_viewpoint(azimuth_deg=30.0, elevation_deg=18.0, distance_m=2.4)
    wanted = rrb.Pose.from_viewpoint(azimuth_deg=42.0, elevation_deg=18.0, distance_m=2.3).step(
        [0, 0, 0, 0.1, 0, 0]
    )
    return chair, camera, start, wanted


def gradient(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(silhouette, target, vertices in pixels, downhill per vertex) of the squared loss under `name`."""
    chair, camera, start, wanted = scene()
    faces = torch.from_numpy(chair.faces)
    target = rrb.silhouette(camera.project(wanted @ chair.vertices), chair.faces, (SIZE, SIZE))
    vertices_px = torch.from_numpy(camera.project(start @ chair.vertices)).requires_grad_()
    drawn = rrb.silhouette(vertices_px, faces, (SIZE, SIZE), approximation=name)
    (drawn - torch.from_numpy(target)).square().sum().backward()
    downhill = -vertices_px.grad[:, :2].numpy()
    return drawn.detach().numpy(), target, vertices_px.detach().numpy(), downhill


def draw_gradient(name: str) -> None:
    drawn, target, vertices, downhill = gradient(name)
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 4.1), layout="constrained")
    extent = (0, SIZE, SIZE, 0)  # pixel (0, 0) has its outer corner at the origin
    left.imshow(drawn, cmap="gray", vmin=0, vmax=1, extent=extent)
    left.set_title(f"{name}: what is drawn")
    right.imshow(drawn - target, cmap="PuOr_r", vmin=-1.5, vmax=1.5, extent=extent, alpha=0.5)
    right.contour(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5, target, [0.5], colors=ORANGE, linewidths=1)
    length = np.linalg.norm(downhill, axis=1)
    shown = length > 0.03 * length.max()
    arrows = downhill[shown] / np.quantile(length[shown], 0.98) * 6
    arrows *= np.minimum(1, 6 / np.maximum(np.linalg.norm(arrows, axis=1), 1e-9))[:, None]
    right.quiver(
        *vertices[shown, :2].T, *arrows.T, angles="xy", scale_units="xy", scale=1, width=0.004, color=BLUE
    )
    right.set_title("downhill at the vertices; target in orange")
    for axes in (left, right):
        axes.set(xlim=(0, SIZE), ylim=(SIZE, 0), xticks=[], yticks=[])
    figure.savefig(IMAGES / f"gradient_{name}.png", dpi=110)
    plt.close(figure)


def draw_loss_curves() -> None:
    """The loss and its derivative as the chair passes sideways through the target."""
    chair, camera, start, _ = scene()
    faces = torch.from_numpy(chair.faces)
    shifts_px = np.linspace(-14, 14, 113)
    figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.4), layout="constrained")
    for name in rrb.APPROXIMATIONS:
        at_start = torch.from_numpy(camera.project(start @ chair.vertices))
        target = rrb.silhouette(at_start, faces, (SIZE, SIZE), approximation=name)
        losses, slopes = [], []
        for shift in shifts_px:
            moved = torch.tensor([shift, 0.0, 0.0], dtype=torch.float64, requires_grad=True)
            drawn = rrb.silhouette(at_start + moved, faces, (SIZE, SIZE), approximation=name)
            loss = (drawn - target).square().sum()
            loss.backward()
            losses.append(loss.item())
            slopes.append(moved.grad[0].item())
        axes[0].plot(shifts_px, np.array(losses) / max(losses), label=name)
        axes[1].plot(shifts_px, np.array(slopes) / np.abs(slopes).max(), label=name)
    axes[0].set(xlabel="shift (pixels)", title="squared loss, over its largest value")
    axes[1].set(xlabel="shift (pixels)", title="derivative by shift, over its largest value")
    axes[1].axhline(0, color="gray", linewidth=0.5)
    axes[0].legend()
    figure.savefig(IMAGES / "loss_by_shift.png", dpi=110)
    plt.close(figure)


def draw_readme() -> None:
    """Colour, normals, coordinates and silhouette of the bundled chair, side by side."""
    chair, _, _, _ = scene()
    camera = rrb.Camera.from_fov(32.0, width=300, height=300)
    pose = rrb.Pose.from_viewpoint(azimuth_deg=35.0, elevation_deg=20.0, distance_m=2.35)
    drawing = rrb.render(chair, pose, camera, supersampling=4)
    normals = np.where(drawing.fragments.covered[..., None], 0.5 + 0.5 * drawing.normals, 1.0)
    coordinates = np.where(drawing.fragments.covered[..., None], drawing.coordinates, 1.0)
    panels = [drawing.colour, normals, coordinates, drawing.silhouette]
    save_image(IMAGES / "chair.png", np.concatenate([rgb8(p) for p in panels], axis=1))


def print_areas() -> None:
    """The share of the true area that each approximation draws, of 5,120 faces at 256 x 256."""
    sphere = icosphere(4)
    points = sphere.vertices * [1.0, 0.7, 0.5] + [0.0, 0.0, 3.0]
    vertices_px = rrb.Camera.from_focal_px(1.2 * 256, width=256, height=256).project(points)
    true = area_sampled_silhouette(vertices_px, sphere.faces, (256, 256), 8).sum()
    for name in rrb.APPROXIMATIONS:
        drawn = rrb.silhouette(vertices_px, sphere.faces, (256, 256), approximation=name).sum()
        print(f"{name:<10} draws {drawn / true:.3f} of {true:,.0f} pixels")


def shelf() -> rrb.Mesh:
    """An open shelf: nothing of its outline says which side is the front."""
    parts = [
        ((0.70, 1.00, 0.03), (0.0, 0.0, 0.16)),
        *[((0.70, 0.03, 0.35), (0.0, y, 0.0)) for y in (-0.485, 0.485)],
        *[((0.03, 0.94, 0.35), (x, 0.0, 0.0)) for x in (-0.335, 0.335)],
        *[((0.64, 0.02, 0.30), (0.0, y, 0.0)) for y in (-0.2, 0.1)],
    ]
    boxes = [box(size) for size, _ in parts]
    moved = [b.with_vertices(b.vertices + np.array(at)) for b, (_, at) in zip(boxes, parts, strict=True)]
    return rrb.Mesh.concatenated(moved)


def draw_fit(
    name: str, mesh: rrb.Mesh, mask: np.ndarray, camera: rrb.Camera, photo: np.ndarray | None
) -> None:
    """Each pose that explains the mask as a panel, drawn as the object where there is no photo."""
    result = rrb.fit(mesh, mask, camera, upright=True)
    panels, captions = [], []
    for h in [h for h in result.hypotheses if h.weight >= 0.01]:
        drawing = rrb.render(mesh, h.camera_from_object, camera, supersampling=3)
        view = h.camera_from_object.to_viewpoint()
        panels.append(overlay(photo if photo is not None else drawing.colour, [mask, drawing.silhouette]))
        captions.append(f"azimuth {view.azimuth_deg:.0f}, weight {h.weight:.2f}, IoU {h.iou:.3f}")
    save_image(IMAGES / f"fit_{name}.png", side_by_side(panels, captions))
    print(f"fit_{name}: {'accepted' if result.accepted else result.reason}")


def draw_fits() -> None:
    assets = files("rrb") / "assets"
    chair, held = rrb.Mesh.load(str(assets / "chair.glb")), load_pose(str(assets / "chair.json"))
    mask, photo = rrb.load_mask(str(assets / "chair_mask.png")), load_image(str(assets / "chair.png"))
    draw_fit("success", chair, mask, held.camera, photo)
    draw_fit("rejected", shelf(), mask, held.camera, photo)
    camera = rrb.Camera.from_fov(40.0, width=256, height=256)
    seen = rrb.render(shelf(), rrb.Pose.from_viewpoint(30.0, 15.0, distance_m=2.0), camera)
    draw_fit("ambiguous", shelf(), seen.fragments.covered, camera, None)


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    print_areas()
    draw_readme()
    for approximation in rrb.APPROXIMATIONS:
        draw_gradient(approximation)
    draw_loss_curves()
    draw_fits()
    print(f"wrote the pictures of the documentation to {IMAGES}")
