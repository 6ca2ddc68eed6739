"""The silhouette's gradient against finite differences of a silhouette sampled at 16 x 16 a pixel."""

import numpy as np
import pytest
import torch

import rrb
from rrb.raster.reference import area_sampled_silhouette
from scenes import ellipsoid_px, icosphere, project, rotation

SIZE = (96, 120)


def torus(around=36, across=18):
    u, v = np.meshgrid(
        np.arange(around) / around * 2 * np.pi, np.arange(across) / across * 2 * np.pi, indexing="ij"
    )
    ring = 1 + 0.35 * np.cos(v)
    points = np.stack([ring * np.cos(u), ring * np.sin(u), 0.35 * np.sin(v)], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(around), np.arange(across), indexing="ij")
    a, b = i * across + j, (i + 1) % around * across + j
    c, d = (i + 1) % around * across + (j + 1) % across, i * across + (j + 1) % across
    return points, np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, c), (a, c, d))])


SHAPES = {"ellipsoid": lambda: icosphere(3), "torus": torus}
SCALES = {"ellipsoid": [1, 0.7, 0.5], "torus": [0.8, 0.8, 0.8]}


def pose_scene(shape, seed):
    points, faces = SHAPES[shape]()
    return points * SCALES[shape] @ rotation(seed).T, faces


def moved(points, twist):
    """points turned and shifted by six small numbers, then seen three away; torch or NumPy."""
    w, t = twist[:3], twist[3:]
    if isinstance(twist, torch.Tensor):
        points = torch.as_tensor(points)
        turned = points + torch.linalg.cross(w.expand_as(points), points) + t
        x, y, z = (turned + torch.tensor([0.04, -0.03, 3.0])).unbind(-1)
        return torch.stack([120 * x / z + SIZE[1] / 2, 120 * y / z + SIZE[0] / 2, z], -1)
    return project(points + np.cross(w, points) + t + [0.04, -0.03, 3], 120.0, SIZE)


def smooth_weights(seed):
    """A random weight for every pixel that changes slowly over the picture, as a loss does."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] / max(SIZE)
    return sum(
        rng.normal()
        * np.sin(2 * np.pi * (rng.uniform(-1.5, 1.5) * x + rng.uniform(-1.5, 1.5) * y + rng.random()))
        for _ in range(6)
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_pose_gradient_of_antialias_is_that_of_the_true_area(shape):
    """Over several poses and losses, the error's norm against the gradient's: 3 % at a hundred pixels."""
    errors, norms = [], []
    for seed in range(5):
        points, faces = pose_scene(shape, seed)
        weights = smooth_weights(seed)
        twist = torch.zeros(6, dtype=torch.float64, requires_grad=True)
        image = rrb.silhouette(moved(points, twist), torch.tensor(faces), SIZE)
        (image * torch.tensor(weights)).sum().backward()
        numeric = np.zeros(6)
        for k in range(6):
            step = np.zeros(6)
            step[k] = 0.01  # about a third of a pixel: many samples change sides
            up, down = (
                (area_sampled_silhouette(moved(points, s * step), faces, SIZE) * weights).sum()
                for s in (1, -1)
            )
            numeric[k] = (up - down) / 0.02
        errors.append(np.linalg.norm(twist.grad.numpy() - numeric))
        norms.append(np.linalg.norm(numeric))
    assert np.linalg.norm(errors) < 0.03 * np.linalg.norm(norms)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", SHAPES)
def test_area_of_antialias_is_the_true_area(shape, seed):
    points, faces = pose_scene(shape, seed)
    pixels = moved(points, np.zeros(6))
    true = area_sampled_silhouette(pixels, faces, SIZE)
    drawn = rrb.silhouette(pixels, faces, SIZE)
    hard = rrb.rasterize(pixels, faces, SIZE).covered
    assert drawn.sum() == pytest.approx(true.sum(), rel=0.003)
    assert np.abs(drawn - true).sum() < 0.35 * np.abs(hard - true).sum()


def test_a_corner_s_gradient_is_that_of_the_true_area():
    """One triangle: the area is half a cross product, so its gradient on a corner is known by hand."""
    corners = np.array([[5.3, 7.9, 1.0], [81.2, 21.6, 1.0], [40.7, 79.4, 1.0]])
    tensor = torch.tensor(corners, requires_grad=True)
    rrb.silhouette(tensor, torch.tensor([[0, 1, 2]]), (96, 96)).sum().backward()
    facing = np.roll(corners, -1, 0)[:, :2] - np.roll(corners, 1, 0)[:, :2]  # the side facing each corner
    by_hand = np.stack([facing[:, 1], -facing[:, 0]], -1) / 2
    assert np.linalg.norm(tensor.grad[:, :2].numpy() - by_hand) < 0.02 * np.linalg.norm(by_hand)


@pytest.mark.parametrize("subdivisions", [2, 4, 6])
def test_the_gradient_does_not_depend_on_how_finely_the_mesh_is_cut(subdivisions):
    """Faces far smaller than a pixel still give the area's gradient: scaling by s grows the area by s^2."""
    vertices, faces = ellipsoid_px(SIZE, subdivisions, 1)
    centre = vertices[:, :2].mean(0)
    scale = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    flat = torch.tensor(vertices)
    grown = torch.cat([(flat[:, :2] - torch.tensor(centre)) * scale + torch.tensor(centre), flat[:, 2:]], -1)
    area = rrb.silhouette(grown, torch.tensor(faces), SIZE).sum()
    area.backward()
    assert scale.grad.item() == pytest.approx(2 * area.item(), rel=0.01)
