"""Draw the pictures of docs/data.md: python tools/draw_data_docs.py (a minute). Nothing in them is a photograph."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

import rrb
from rrb.cli.data_sequence import frames_sheet
from rrb.cli.data_show import drawn
from rrb.data import CATEGORIES, Dataset, Order, Scene, SequenceOrder, make_dataset, make_sequence, make_shape
from rrb.data.fast import draw
from rrb.data.scene import Lighting, Placed
from rrb.geometry.image_io import save_image
from rrb.viz.sheet import sheet

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SEEDS = range(64)
SIDE_PX = 128
FILLED = 0.9  # of the picture's side, by the object
SKY = (2.3, 2.3, 2.3)


def shape_sheet(category: str) -> None:
    """64 seeds from the front and right, a little from above, on white."""
    light = Lighting((SKY, *((0.0,) * 3,) * 8), (-0.3, 0.8, -0.52), (0.45, 0.45, 0.45))
    tiles = []
    for seed in SEEDS:
        shape = make_shape(category, seed)
        pose, camera = framed(shape.mesh)
        scene = Scene("sheet", camera, pose, (Placed(shape.mesh_id, rrb.Pose.identity()),), light)
        tiles.append(draw(replace(scene, ground_m=shape.floor), {shape.mesh_id: shape}, samples=4).image)
    save_image(IMAGES / f"data_{category}.jpg", sheet(tiles))


def framed(mesh: rrb.Mesh) -> tuple[rrb.Pose, rrb.Camera]:
    """A view and a camera whose picture the object fills."""
    pose = rrb.Pose.from_viewpoint(35.0, 20.0, distance_m=4 * float(mesh.largest_extent))
    rays = pose.apply(mesh.vertices)
    rays = rays[:, :2] / rays[:, 2:]
    low, high = rays.min(0), rays.max(0)
    focal = FILLED * SIDE_PX / float((high - low).max())
    middle = SIDE_PX / 2 - focal * (low + high) / 2
    return pose, rrb.Camera(focal, focal, middle[0], middle[1], SIDE_PX, SIDE_PX)


def sample_sheet(scratch: Path) -> None:
    """Six of each category, all viewpoints, without photographs."""
    tiles = []
    for category in CATEGORIES:
        make_dataset(Order(category, count=24, views=4, seed=5), scratch / category)
        data = Dataset(scratch / category)
        tiles += [drawn(data.sample(key), 150) for key in data.spread(8)]
    save_image(IMAGES / "data_sheet.jpg", sheet(tiles))


def film_sheet(scratch: Path) -> None:
    order = SequenceOrder("two-chairs", seed=4)
    film = make_sequence(order, scratch / "film")
    save_image(IMAGES / "data_film.jpg", frames_sheet(film, scratch / "film"))


def main() -> None:
    for category in CATEGORIES:
        shape_sheet(category)
    with tempfile.TemporaryDirectory() as scratch:
        sample_sheet(Path(scratch))
        film_sheet(Path(scratch))
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.glob("data_*.jpg"))}
    print(f"wrote {', '.join(f'{name} ({np.ceil(size / 1e3):.0f} kB)' for name, size in sizes.items())}")


if __name__ == "__main__":
    main()
