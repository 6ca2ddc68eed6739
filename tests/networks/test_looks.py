"""What is cut out of a large picture and reduced is what all of it would have shown."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from rrb.geometry.camera import Camera
from rrb.networks.crops import boxes_of, crops_around, object_alone, sampled
from rrb.networks.looks import box_of, looks_at, reduced, seen_in

CAMERAS = {
    "plain": Camera.from_fov(45, width=320, height=240),
    "odd": Camera(fx_px=420.0, fy_px=300.0, cx_px=200.3, cy_px=81.8, width_px=341, height_px=223),
    "wide": Camera.from_fov(130, width=400, height=300),
}
BOXES = {  # as shares of the picture
    "inside": (0.3, 0.25, 0.6, 0.7),
    "all": (0.0, 0.0, 1.0, 1.0),
    "small": (0.8, 0.1, 0.85, 0.2),
    "beyond": (0.7, -0.2, 1.3, 0.5),
}


def intrinsics_of(camera):
    return torch.from_numpy(camera.matrix)[None].float()


def of_all_sizes(camera, scale):
    return camera.resize(round(scale * camera.width_px), round(scale * camera.height_px) + 1)


def coloured(height, width, seed=0):
    """Smooth colours with a grain on them."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] + 0.5
    waves = [np.sin(7 * x / width + 1), np.cos(9 * y / height), np.sin(8 * (x / width + y / height))]
    grain = random.integers(-20, 21, (height, width, 1))
    return np.clip(128 + 90 * np.stack(waves, -1) + grain, 0, 255).astype(np.uint8)


def as_tensor(picture):
    return torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None] / 255


@pytest.mark.parametrize("scale", [1, 3.3, 6.1])
@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_what_is_cut_out_shows_what_the_whole_shows(camera, box, scale):
    camera = of_all_sizes(camera, scale)
    size = torch.tensor([camera.width_px, camera.height_px] * 2)
    k, fills = intrinsics_of(camera).expand(2, 3, 3), torch.tensor([0.8, 0.95])
    crops = crops_around((torch.tensor(box) * size).expand(2, 4), k, 32, fills)
    picture = coloured(camera.height_px, camera.width_px)
    wanted = sampled(as_tensor(picture).expand(2, 3, *picture.shape[:2]), crops, k)
    off = (seen_in(picture, crops, k) - wanted).abs()
    # Blocks that the border cuts are averaged over what there is of them.
    assert float(off.mean()) < 0.5 / 255
    assert float(off.flatten().quantile(0.95)) < 1.1 / 255
    mask = np.ascontiguousarray(picture[:, :, 0], np.float32) / 255
    assert float((seen_in(mask, crops, k)[:, 0] - wanted[:, 0]).abs().mean()) < 0.2 / 255


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_a_picture_enlarged_eight_times_gives_the_same(box):
    camera, mask = CAMERAS["odd"], np.zeros((223, 341), np.float32)
    left, top, right, bottom = (round(b * s) for b, s in zip(box, (341, 223, 341, 223), strict=True))
    mask[max(0, top) : bottom, max(0, left) : right] = 1
    image = coloured(223, 341)
    large = [np.repeat(np.repeat(p, 8, 0), 8, 1) for p in (image, mask)]
    one = looks_at(image, mask, camera.matrix, 64, (0.8, 0.9))
    other = looks_at(*large, camera.resize(8 * 341, 8 * 223).matrix, 64, (0.8, 0.9))
    # Where the small picture was enlarged to the crop, its pixels are squares now: means over a few say the same.
    one, other = (torch.nn.functional.avg_pool2d(seen, 4) for seen in (one, other))
    assert float((one - other).abs().mean()) < 0.02
    assert float((one - other).abs().mean()) < 0.5 * float((one.roll(1, 3) - other).abs().mean())


def test_looks_are_the_object_alone_from_near_to_far():
    camera = CAMERAS["plain"]
    image, mask = coloured(240, 320), np.zeros((240, 320), np.float32)
    mask[60:170, 90:200] = np.linspace(0, 1, 110, dtype=np.float32)
    fills = (0.7, 0.85)
    k, boxes = intrinsics_of(camera).expand(2, 3, 3), boxes_of(torch.from_numpy(mask)[None]).expand(2, 4)
    both = torch.cat([as_tensor(image), torch.from_numpy(mask)[None, None]], 1).expand(2, 4, 240, 320)
    both = sampled(both, crops_around(boxes, k, 48, torch.tensor(fills)), k)
    wanted = object_alone(both[:, :3], both[:, 3:])
    torch.testing.assert_close(looks_at(image, mask, camera.matrix, 48, fills), wanted, rtol=0, atol=0.02)


@pytest.mark.parametrize("factor", [1, 2, 7, 300])
def test_means_are_those_of_the_pixels(factor):
    picture = coloured(211, 130)
    mask = picture[:, :, 1].astype(np.float32) / 255
    for values, off in ((picture, 0.6), (mask, 1e-5), (mask >= 0.5, 1e-5)):
        small = reduced(values, factor)
        assert small.shape[:2] == (-(-211 // factor), -(-130 // factor))
        for row, column in ((0, 0), (small.shape[0] - 1, small.shape[1] - 1)):
            block = values[row * factor :, column * factor :][:factor, :factor]
            assert np.abs(small[row, column] - block.mean((0, 1))).max() <= off


def test_large_pictures_are_reduced_in_bands_without_seams():
    picture = np.repeat(np.arange(3000, dtype=np.float32)[:, None], 2000, 1)
    small = reduced(picture, 7)
    np.testing.assert_allclose(small[:-1, 0], 7 * np.arange(428) + 3)


def test_the_box_of_one_is_that_of_many():
    masks = np.zeros((4, 9, 12), np.float32)
    masks[0, 2:5, 3:11] = 1.0
    masks[1, 8, 0] = 0.5
    masks[2] = 0.49
    masks[3, :, 11] = 1.0
    assert [list(box_of(mask)) for mask in masks] == boxes_of(torch.from_numpy(masks)).tolist()


CHILD = """
import resource
import numpy as np, torch
from rrb.geometry.camera import Camera
from rrb.networks.build import build
from rrb.networks.looks import looks_at
from rrb.recipes import seeing

torch.set_num_threads(1)
network = build("mask", "small").eval()

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def picture(height, width, step):
    image = np.full((height, width, 3), 250, np.uint8)
    image[height // 8 : -height // 8, width // 8 : -width // 8] = 60
    if step:
        image[::step, ::step] = 128  # no plain background
    return image

def see(height, width):
    camera = Camera.from_fov(50, width=width, height=height)
    plain = seeing.plain_background(picture(height, width, 0))
    looks_at(picture(height, width, 0), plain, camera.matrix, 128, (0.8, 0.85, 0.9))
    del plain
    mottled = picture(height, width, 2)
    assert seeing.plain_background(mottled) is None
    found = seeing.predicted(mottled, camera, network)
    looks_at(mottled, found, camera.matrix, 128, (0.8, 0.85, 0.9))

see(300, 400)
before = peak_mb()
see(3000, 4000)
print(peak_mb() - before)
"""


@pytest.mark.slow
def test_a_large_picture_needs_little_more_than_itself():
    """36 MB of picture and 48 of mask, and what is made on the way."""
    child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    assert float(child.stdout) < 84 + 200
