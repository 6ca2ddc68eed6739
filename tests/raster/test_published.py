"""Unit cases that others published for their renderers come out of ours."""

import numpy as np
import pytest
import torch

import rrb
from scenes import project


def kato_case(vertices, row, column, target, per_face):
    """64x64, no perspective: the square [-1, 1] fills the picture, y up. The gradient of |image - target|."""
    vertices = torch.tensor(vertices, dtype=torch.float64, requires_grad=True)
    x, y, z = vertices.unbind(-1)
    pixels = torch.stack([(x + 1) * 32, (1 - y) * 32, z], -1)
    image = rrb.silhouette(
        pixels, torch.tensor([[0, 1, 2]]), (64, 64), approximation="kato", per_face=per_face
    )
    (image[row, column] - target).abs().backward()
    return vertices.grad.numpy()


@pytest.mark.parametrize("per_face", [False, True])
def test_kato_pulls_a_triangle_over_an_uncovered_pixel(per_face):
    gradient = kato_case([[0.8, 0.8, 1], [0, -0.5, 1], [0.2, -0.4, 1]], 25, 35, 1, per_face)
    expected = [[1.6726, -0.2602, 0], [1.4199, -1.6428, 0], [0, 0, 0]]
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("per_face", [False, True])
def test_kato_pulls_a_triangle_off_a_covered_pixel(per_face):
    """The second of the published pair of cases, all three corners moving."""
    gradient = kato_case([[0.8, 0.8, 1], [-0.5, -0.8, 1], [0.8, -0.8, 1]], 40, 50, 0, per_face)
    expected = [[0.98647, 1.04629, 0], [-1.03416, -0.10404, 0], [3.00094, -1.55173, 0]]
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


def read_obj(path):
    lines = [line.split() for line in path.read_text().splitlines()]
    vertices = np.array([line[1:4] for line in lines if line[:1] == ["v"]], float)
    faces = [[int(c.split("/")[0]) - 1 for c in line[1:]] for line in lines if line[:1] == ["f"]]
    return vertices, np.array([(f[0], f[k], f[k + 1]) for f in faces for k in range(1, len(f) - 1)])


@pytest.mark.parametrize("source", ["chainer", "pytorch"])
def test_teapot_equals_blender_in_every_pixel(shared, source):
    from PIL import Image

    folder = shared / f"reference_renders/neural_renderer_{source}/tests_data"
    vertices, faces = read_obj(folder / "teapot.obj")
    vertices -= vertices.min(0)
    vertices *= 2 / vertices.max()
    vertices -= vertices.max(0) / 2
    camera_points = vertices * [1, -1, -1] + [0, 0, 2.732]  # seen from +z, x to the right
    pixels = project(camera_points, 128 / np.tan(np.radians(30)), (256, 256))
    theirs = np.asarray(Image.open(folder / "teapot_blender.png").convert("RGB"))
    covered = rrb.rasterize(pixels, faces, (256, 256)).covered
    mask = theirs.min(-1) < 255  # the background is white
    assert mask.any()
    np.testing.assert_array_equal(covered, mask)
    np.testing.assert_array_equal(rrb.silhouette(pixels, faces, (256, 256), approximation="kato") > 0.5, mask)
