"""What tests of readers write: an object that no turn or mirror leaves alike, pictures drawn as OpenCV counts."""

import json
from pathlib import Path

import numpy as np

from rrb.geometry.image_io import encode_png
from rrb.geometry.mesh import Mesh
from rrb.geometry.primitives import box
from rrb.raster.reference import area_sampled_silhouette, fragments

K = np.array([[83.0, 0, 30.2], [0, 79.0, 25.6], [0, 0, 1]])  # as OpenCV counts
SIZE = (48, 64)  # height, width
R = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0], [0.48, 0.64, 0.6]])
T = np.array([0.03, -0.05, 1.4])


def tripod() -> Mesh:
    """Three arms of unequal lengths along x, y and z, about 0.5 m large, in metres."""
    arms = [
        ((0.5, 0.1, 0.1), (0.2, 0, 0)),
        ((0.12, 0.35, 0.12), (0, 0.15, 0)),
        ((0.1, 0.2, 0.25), (0, 0, 0.1)),
    ]
    return Mesh.concatenated([moved(box(extents), middle) for extents, middle in arms])


def moved(mesh: Mesh, offset) -> Mesh:
    return mesh.with_vertices(mesh.vertices + offset)


def in_pixels(points, k=K, rotation=R, translation=T):
    """(N, 3): x and y from the first pixel's corner, worked out from OpenCV's K by hand; z in metres."""
    camera = points @ np.asarray(rotation).T + translation
    x, y, w = k @ camera.T
    return np.stack([x / w + 0.5, y / w + 0.5, camera[:, 2]], axis=1)


def drawn(mesh, k=K, rotation=R, translation=T, size=SIZE):
    """(H, W) bool: the pixels whose centres see the mesh."""
    return (
        area_sampled_silhouette(in_pixels(mesh.vertices, k, rotation, translation), mesh.faces, size, 1) > 0
    )


def drawn_depth(mesh, k=K, rotation=R, translation=T, size=SIZE):
    """(H, W): z in metres, 0 for none."""
    _, _, inverse = fragments(in_pixels(mesh.vertices, k, rotation, translation), mesh.faces, size)
    return np.divide(1.0, inverse, where=inverse > 0, out=np.zeros(size))


def redrawn(sample):
    """(H, W) bool: what a sample's own mesh, pose and camera draw."""
    mesh = sample.load_mesh()
    seen = sample.camera.project(sample.camera_from_object.apply(mesh.vertices, sample.scale))
    return area_sampled_silhouette(seen, mesh.faces, sample.size, 1) > 0


def agreement(sample) -> float:
    """IoU of the stored mask and the one redrawn, without what is unknown."""
    known = ~sample.unknown if sample.unknown is not None else np.ones(sample.size, bool)
    a, b = redrawn(sample) & known, (sample.mask >= 0.5) & known
    return (a & b).sum() / (a | b).sum()


def write(path: Path, content) -> Path:
    """Text, bytes, a picture (array) or anything else as JSON; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, np.ndarray):
        values = content.astype(np.uint8) * 255 if content.dtype == bool else content
        path.write_bytes(encode_png(np.ascontiguousarray(values)))
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def jpeg(image) -> bytes:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def edit(path: Path, change) -> None:
    """Rewrite a JSON file as `change` leaves what it holds."""
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def cut(path: Path) -> None:
    """Leave two thirds of a file."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def noise(seed: int, size=SIZE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
