"""Draw docs/images/reconstruct_gallery.jpg: python tools/draw_reconstruct_docs.py DATA_SET...

24 results on pictures that nothing was trained on (data sets of `rrb data make`, photoreal, nothing of a photograph in
them): all samples of the sets are reconstructed, sorted by the IoU of their boxes, and every so-manieth is shown, the
best first, the worst last. From the left: the picture, outlines (blue: the mask, orange: what was found), the surface,
its other side.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import rrb
from rrb.cli._reconstruct_files import panels
from rrb.data import Dataset, Sample
from rrb.evaluation import box_ious
from rrb.geometry.image_io import save_image
from rrb.viz.overlay import side_by_side
from rrb.viz.sheet import sheet

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SHOWN, COLUMNS, HIGH_PX = 24, 2, 150


def main(*folders: str) -> None:
    found = [one for folder in folders for one in results(Dataset(folder))]
    found.sort(key=lambda one: -one[0])
    chosen = [found[round(k * (len(found) - 1) / (SHOWN - 1))] for k in range(SHOWN)]
    tiles = [tile for _, tile in chosen]
    wide = max(tile.shape[1] for tile in tiles)
    padded = [np.pad(t, ((0, 0), (0, wide - t.shape[1]), (0, 0)), constant_values=255) for t in tiles]
    # Down the columns, from the best to the worst.
    rows = SHOWN // COLUMNS
    save_image(
        IMAGES / "reconstruct_gallery.jpg",
        sheet([padded[c * rows + r] for r in range(rows) for c in range(COLUMNS)], COLUMNS),
    )
    print(f"{len(found)} results, box IoU from {found[0][0]:.2f} to {found[-1][0]:.2f}")


def results(data: Dataset):
    for sample in data.samples():
        try:
            answer = rrb.reconstruct(
                sample.image, camera=sample.camera, camera_height_m=sample.camera_height_m
            )
        except rrb.RrbError as error:
            print(f"{sample.key}: {error}")
            continue
        yield boxes(sample, answer), tile(sample, answer)


def boxes(sample: Sample, answer: rrb.Reconstruction) -> float:
    true = np.asarray(sample.load_mesh().vertices) * sample.scale
    pose = sample.camera_from_object
    return box_ious(answer.mesh.vertices, answer.camera_from_object, true, pose, sample.turns).shape


def tile(sample: Sample, answer: rrb.Reconstruction) -> np.ndarray:
    """One row of four panels, each as high."""
    _, outlines, surface, turned = panels(answer, sample.image)
    said = f"IoU {boxes(sample, answer):.2f}" + ("" if answer.accepted else ", not accepted")
    shown = [scaled(panel) for panel in (sample.image, outlines[0], surface, turned)]
    return side_by_side(shown, [said, "", "", ""])


def scaled(panel: np.ndarray) -> np.ndarray:
    width = max(1, round(panel.shape[1] * HIGH_PX / panel.shape[0]))
    return np.asarray(Image.fromarray(panel).resize((width, HIGH_PX), Image.Resampling.LANCZOS))


if __name__ == "__main__":
    main(*sys.argv[1:])
