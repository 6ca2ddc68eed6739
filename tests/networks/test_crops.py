"""Crops against our rasterizer: what is resampled from a picture is what the crop's own camera would have drawn."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from plain_scenes import corner
from rrb.geometry.camera import Camera
from rrb.geometry.pose import Pose
from rrb.networks.crops import FILL, boxes_of, crops_around, object_alone, returned, sampled
from rrb.raster.render import render

MESH = corner().mesh
SIZE = 64
FINE = 4  # samples along a side of a pixel
# Square or not, the axis in the middle or beside the picture.
CAMERAS = {
    "plain": Camera.from_fov(45, width=320, height=240),
    "odd": Camera(fx_px=420.0, fy_px=300.0, cx_px=200.3, cy_px=81.8, width_px=340, height_px=220),
    "beside": Camera.from_fov(75, width=800, height=600).crop(390, 40, 400, 500),
}
# Where the object's origin lies, in pixels of each camera as a share of its size.
PLACES = {"middle": (0.5, 0.5), "left": (0.21, 0.45), "lower right": (0.77, 0.7)}


def drawn(pose, camera, mesh=MESH):
    """(1, 4, H, W): object coordinates, and the silhouette, averaged over FINE x FINE samples of each pixel."""
    fine = camera.resize(FINE * camera.width_px, FINE * camera.height_px)
    drawing = render(mesh, pose, fine)
    inside = (drawing.fragments.face_index >= 0)[..., None]
    picture = torch.from_numpy(np.concatenate([drawing.coordinates, inside], -1)).float()
    return functional.avg_pool2d(picture.permute(2, 0, 1)[None], FINE)


def posed(camera, place, distance_m=5.0, angles=(35.0, 20.0, 10.0)):
    at = np.array(place) * [camera.width_px, camera.height_px]
    ray = camera.unproject(at, 1.0)
    return Pose.from_viewpoint(*angles, distance_m=distance_m, ray_camera=ray)


def intrinsics_of(camera):
    return torch.from_numpy(camera.matrix)[None].float()


def crop_camera(crops, index=0):
    focal, middle = float(crops.focal_px[index]), crops.size / 2
    return Camera(focal, focal, middle, middle, crops.size, crops.size)


def crop_from_object(crops, pose, index=0):
    camera_from_crop = crops.camera_from_crop[index].double().numpy()
    return Pose(camera_from_crop, np.zeros(3)).inverse() @ pose


def cropped(pose, camera, size=SIZE):
    picture, k = drawn(pose, camera), intrinsics_of(camera)
    crops = crops_around(boxes_of(picture[:, 3]), k, size)
    return picture, crops, sampled(picture, crops, k)


# --- what is seen -------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_a_crop_is_what_its_camera_would_draw(camera, place):
    pose = posed(camera, place)
    _, crops, seen = cropped(pose, camera)
    wanted = drawn(crop_from_object(crops, pose), crop_camera(crops))
    assert off(seen, wanted) < 0.6 * min(off(moved, wanted) for moved in moves(seen))
    assert off(seen, wanted) < 0.007


def off(one, other):
    return float((one - other).abs().mean())


def moves(picture):
    """By half a pixel each way: what a mistake of conventions would do at least; and mirrored."""
    wide = functional.pad(picture, (1, 1, 1, 1))
    for axis in (2, 3):
        for step in (-1, 1):
            yield ((wide + wide.roll(step, axis)) / 2)[..., 1:-1, 1:-1]
        yield picture.flip(axis)
    yield picture.transpose(2, 3)


@pytest.mark.parametrize("width", [600, 1400, 2601])
def test_a_crop_of_a_large_picture_is_not_coarse(width):
    """Where many pixels of the picture fall on one of the crop's, all of them count."""
    camera = Camera.from_fov(45, width=width, height=width * 3 // 4 + 1)
    pose = posed(camera, (0.3, 0.4))
    mesh = MESH
    picture = torch.from_numpy(render(mesh, pose, camera).coordinates).float().permute(2, 0, 1)[None]
    grain = torch.rand(picture.shape[-2:], generator=torch.Generator().manual_seed(0))
    picture, k = picture + grain, intrinsics_of(camera)
    crops = crops_around(torch.tensor([box_of(mesh, pose, camera)]), k, 32)
    seen = sampled(picture, crops, k)[:, :, 1:-1, 1:-1]
    wanted = drawn(crop_from_object(crops, pose), crop_camera(crops))[:, :3, 1:-1, 1:-1] + 0.5
    share = float(k[0, 0, 0] / crops.focal_px[0])
    assert float((seen - wanted).abs().mean()) < 0.02 + 0.4 / share


@pytest.mark.parametrize("scale", [1, 2.5, 4.2])
@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_every_pixel_comes_from_its_place(camera, scale):
    """A picture of its own coordinates says where each of the crop's pixels looked, to a fiftieth of a pixel."""
    camera = camera.resize(round(scale * camera.width_px), round(scale * camera.height_px) + 1)
    box = torch.tensor([[0.3, 0.25, 0.6, 0.7]]) * torch.tensor([camera.width_px, camera.height_px] * 2)
    crops = crops_around(box, intrinsics_of(camera), 24)
    seen = sampled(coordinates(camera), crops, intrinsics_of(camera))[0]
    rays = torch.from_numpy(crop_camera(crops).rays()) @ crops.camera_from_crop[0].double().T
    wanted = torch.from_numpy(camera.project(rays.numpy())[..., :2]).permute(2, 0, 1)
    assert float((seen - wanted).abs().max()) < 0.02 * scale


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_every_pixel_is_returned_from_its_place(camera):
    box = torch.tensor([[0.3, 0.25, 0.6, 0.7]]) * torch.tensor([camera.width_px, camera.height_px] * 2)
    crops = crops_around(box, intrinsics_of(camera), 24)
    back = returned(
        coordinates(crop_camera(crops)), crops, intrinsics_of(camera), camera.height_px, camera.width_px
    )[0]
    rays = torch.from_numpy(camera.rays()) @ crops.camera_from_crop[0].double()
    wanted = torch.from_numpy(crop_camera(crops).project(rays.numpy())[..., :2]).permute(2, 0, 1)
    whole = ((wanted > 1) & (wanted < 23)).all(0)
    assert int(whole.sum()) > 500
    assert float((back - wanted).abs().amax(0)[whole].max()) < 0.02


def coordinates(camera):
    """(1, 2, H, W): x and y of every pixel's centre."""
    x = torch.arange(camera.width_px).expand(camera.height_px, -1)
    y = torch.arange(camera.height_px)[:, None].expand(-1, camera.width_px)
    return torch.stack([x, y])[None].float() + 0.5


def box_of(mesh, pose, camera):
    at = camera.project(pose.apply(mesh.vertices))[:, :2]
    return (*at.min(0).tolist(), *at.max(0).tolist())


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_the_box_fills_its_share_and_lies_in_the_middle(camera, place):
    pose = posed(camera, place)
    seen = cropped(pose, camera, 256)[2]
    left, top, right, bottom = boxes_of(seen[:, 3])[0].tolist()
    assert max(right - left, bottom - top) <= FILL * 256 + 4
    assert min(left, top) >= (1 - FILL) / 2 * 256 - 3
    assert max(right, bottom) >= 0.8 * (1 + FILL) / 2 * 256


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_the_ray_of_a_crop_goes_through_the_middle_of_the_box(camera):
    box = torch.tensor([[12.0, 20.0, 52.0, 80.0]])
    crops = crops_around(box, intrinsics_of(camera), SIZE)
    assert camera.project(crops.ray.double().numpy())[0, :2] == pytest.approx([32.0, 50.0], abs=1e-3)
    assert float(torch.linalg.det(crops.camera_from_crop)) == pytest.approx(1.0)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_view_means_the_same_in_every_part_of_a_picture(place):
    """The crop of an object off the axis is that of the same object on the axis, and its ray undoes it."""
    camera = CAMERAS["beside"]
    pose = posed(camera, place)
    ray = torch.tensor(pose.translation)[None].float()
    at = torch.tensor(camera.project(pose.translation)[:2])
    box = torch.cat([at - 30, at + 30])[None].float()
    crops = crops_around(box, intrinsics_of(camera), SIZE)
    torch.testing.assert_close(crops.ray, functional.normalize(ray), rtol=0, atol=1e-5)
    straight = Pose.from_viewpoint(35.0, 20.0, 10.0, distance_m=5.0)
    np.testing.assert_allclose(crop_from_object(crops, pose).rotation, straight.rotation, atol=1e-5)


def test_each_of_a_batch_is_as_alone():
    camera = CAMERAS["plain"]
    pictures = [drawn(posed(camera, place), camera) for place in PLACES.values()]
    together, k = torch.cat(pictures), intrinsics_of(camera).repeat(3, 1, 1)
    fill = torch.tensor([0.86, 0.9, 0.95])
    seen = sampled(together, crops_around(boxes_of(together[:, 3]), k, SIZE, fill), k)
    for n, picture in enumerate(pictures):
        alone = crops_around(boxes_of(picture[:, 3]), k[:1], SIZE, float(fill[n]))
        torch.testing.assert_close(seen[n : n + 1], sampled(picture, alone, k[:1]), rtol=0, atol=1e-4)


def test_nothing_is_seen_outside_of_the_picture():
    camera = CAMERAS["plain"]
    k = intrinsics_of(camera)
    crops = crops_around(torch.tensor([[-60.0, 20.0, 20.0, 100.0]]), k, SIZE)
    seen = sampled(torch.ones(1, 1, 240, 320), crops, k)[0, 0]
    assert (seen[:, 0] == 0).all()
    assert (seen[10:-10, -1] > 0.999).all()


# --- brought back -------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
def test_returned_brings_back_what_was_sampled(camera, place):
    pose = posed(camera, place)
    picture, crops, seen = cropped(pose, camera, 4 * SIZE)
    back = returned(seen, crops, intrinsics_of(camera), camera.height_px, camera.width_px)
    assert back.shape == picture.shape
    assert off(back, picture) < 0.005
    assert off(back, picture) < 0.7 * min(off(moved, picture) for moved in list(moves(back))[:-1])


def test_what_no_crop_shows_stays_empty():
    camera = CAMERAS["plain"]
    k = intrinsics_of(camera)
    crops = crops_around(torch.tensor([[100.0, 60.0, 140.0, 100.0]]), k, SIZE)
    back = returned(torch.ones(1, 1, SIZE, SIZE), crops, k, 240, 320)[0, 0]
    assert (back[60:100, 100:140] > 0.999).all()
    assert (back[:40] == 0).all()
    assert (back[:, :80] == 0).all()
    assert (back[:, 160:] == 0).all()


def test_what_lies_behind_the_crop_s_camera_stays_empty():
    """The line through a pixel far to the left meets the crop's plane too, behind the camera."""
    camera = Camera.from_fov(160, width=400, height=100)
    k = intrinsics_of(camera)
    crops = crops_around(torch.tensor([[330.0, 20.0, 400.0, 80.0]]), k, SIZE, 0.5)
    back = returned(torch.ones(1, 1, SIZE, SIZE), crops, k, 100, 400)[0, 0]
    assert (back[40:60, 340:390] > 0.999).all()
    assert (back[:, :100] == 0).all()


def test_a_large_picture_is_brought_back_in_bands_without_seams():
    camera = CAMERAS["odd"].resize(3400, 2200)
    box = torch.tensor([[0.1, 0.15, 0.8, 0.9]]) * torch.tensor([3400, 2200] * 2)
    crops = crops_around(box, intrinsics_of(camera), SIZE)
    back = returned(coordinates(crop_camera(crops)), crops, intrinsics_of(camera), 2200, 3400)[0]
    rays = torch.from_numpy(camera.rays()) @ crops.camera_from_crop[0].double()
    wanted = torch.from_numpy(crop_camera(crops).project(rays.numpy())[..., :2]).permute(2, 0, 1)
    whole = ((wanted > 1) & (wanted < SIZE - 1)).all(0)
    assert float((back - wanted).abs().amax(0)[whole].max()) < 0.02
    inside = ((wanted > 0.1) & (wanted < SIZE - 0.1)).all(0)
    assert (back[:, inside] > 0).all()
    outside = ((wanted < -0.6) | (wanted > SIZE + 0.6)).any(0)
    assert (back[:, outside] == 0).all()


# --- boxes, and the object alone ----------------------------------------------------------------------


def test_boxes_are_the_outer_corners_of_pixels():
    masks = torch.zeros(4, 9, 12)
    masks[0, 2:5, 3:11] = 1.0
    masks[1, 8, 0] = 0.5
    masks[2] = 0.49  # nothing that counts: all of the picture
    masks[3, :, 11] = 1.0
    assert boxes_of(masks).tolist() == [[3, 2, 11, 5], [0, 8, 1, 9], [0, 0, 12, 9], [11, 0, 12, 9]]


def test_alone_is_grey_where_the_mask_is_not():
    image, mask = torch.rand(2, 3, 8, 8), (torch.rand(2, 1, 8, 8) < 0.5).float()
    alone = object_alone(image, mask)
    assert alone.shape == (2, 4, 8, 8)
    inside = mask[:, 0] > 0
    torch.testing.assert_close(
        alone[:, :3].permute(0, 2, 3, 1)[inside], 2 * image.permute(0, 2, 3, 1)[inside] - 1
    )
    assert (alone[:, :3].permute(0, 2, 3, 1)[~inside] == 0).all()
    assert set(alone[:, 3].unique().tolist()) <= {-1.0, 1.0}
