"""An object that no mirror image equals, and silhouettes of it painted without our cameras or our rasterizer."""

import numpy as np
from PIL import Image

_FINE = 8  # samples along each side of a pixel


def box(low, high) -> tuple[np.ndarray, np.ndarray]:
    """A closed box with outward faces."""
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    return np.asarray(low) + corners * (np.asarray(high) - low), faces


def odd_chair(size: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    """y up, front towards -z; one arm (at +x), a long front leg at -x: (vertices (V, 3), faces (F, 3))."""
    parts = [
        box((-0.40, -0.05, -0.40), (0.40, 0.05, 0.40)),  # seat
        box((-0.40, 0.05, 0.30), (0.40, 0.55, 0.40)),  # back
        box((0.28, 0.05, -0.40), (0.40, 0.28, 0.30)),  # arm
        box((-0.40, -0.55, -0.40), (-0.25, -0.05, -0.25)),  # leg
        box((0.15, -0.30, 0.15), (0.40, -0.05, 0.40)),  # foot
    ]
    shift = np.cumsum([0] + [len(v) for v, _ in parts[:-1]])
    vertices = np.concatenate([v for v, _ in parts])
    return size * vertices, np.concatenate([f + s for (_, f), s in zip(parts, shift, strict=True)])


def painted(points_px, faces, size: tuple[int, int]) -> np.ndarray:
    """(H, W) float in [0, 1]: how much of each pixel the faces cover.

    points_px: (V, 2), (0, 0) the outer corner of the first pixel. scikit-image fills the triangles.
    """
    from skimage.draw import polygon

    height, width = size
    fine = np.zeros((height * _FINE, width * _FINE))
    for x, y in (np.asarray(points_px)[faces] * _FINE - 0.5).transpose(
        0, 2, 1
    ):  # it counts from a sample's centre
        fine[polygon(y, x, fine.shape)] = 1
    return fine.reshape(height, _FINE, width, _FINE).mean((1, 3))


def write_obj(path, vertices, faces) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (faces + 1).tolist()]
    path.write_text("\n".join(lines) + "\n")


def save_rgba(path, coverage: np.ndarray, colour=(180, 60, 40)) -> None:
    """The colour with `coverage` as alpha, black where nothing is, as Blender writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((*coverage.shape, 4), np.uint8)
    pixels[coverage > 0, :3] = colour
    pixels[:, :, 3] = np.rint(255 * coverage)
    Image.fromarray(pixels).save(path)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a > 0.5, b > 0.5
    return float((a & b).sum() / (a | b).sum())


def drawn(sample, *, camera=None, pose=None) -> np.ndarray:
    """Our silhouette of the sample's mesh."""
    from rrb.raster.render import render

    at = sample.camera_from_object if pose is None else pose
    return render(sample.load_mesh(), at, camera or sample.camera, scale=sample.scale).silhouette


def agreement(sample, coverage: np.ndarray) -> float:
    return iou(drawn(sample), coverage)


def must_tell_mistakes(sample, coverage: np.ndarray) -> None:
    """The comparison itself is sharp enough: each usual mistake would be seen in it."""
    from dataclasses import replace

    right = agreement(sample, coverage)
    camera = sample.camera
    half = replace(camera, cx_px=camera.cx_px + 0.5, cy_px=camera.cy_px + 0.5)
    assert right > 0.99
    assert iou(drawn(sample, camera=half), coverage) < right - 0.005
    for mistake in (coverage[:, ::-1], coverage[::-1], coverage[::-1, ::-1]):
        assert iou(drawn(sample), mistake) < 0.9
    if coverage.shape[0] == coverage.shape[1]:
        assert iou(drawn(sample), coverage.T) < 0.9
