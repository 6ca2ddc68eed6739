"""What networks are shown: mirrored pictures are pictures of mirrored things, and variations keep what they must."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from plain_scenes import corner
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.networks.build import build
from rrb.raster.render import render
from rrb.training.lessons import LESSONS
from rrb.training.seen import categories, object_crops, toned, viewpoints, worn
from tiny_training import shrink

MESH = corner().mesh
CAMERA = Camera(fx_px=130.0, fy_px=130.0, cx_px=52.0, cy_px=44.0, width_px=96, height_px=96)
ANGLES = (40.0, 25.0, 15.0)
MIRROR = np.array([-1.0, 1.0, 1.0])


def extents_of(mesh):
    return np.ptp(mesh.vertices, axis=0).astype(np.float32)


def batch_of(mesh, pose, camera, count=1, **more):
    drawing = render(mesh, pose, camera, supersampling=4)
    image = np.rint(255 * drawing.colour).astype(np.uint8)
    held = {
        "image": image, "mask": np.asarray(drawing.silhouette, np.float32),
        "intrinsics": camera.matrix.astype(np.float32),
        "rotation": pose.rotation.astype(np.float32), "translation": pose.translation.astype(np.float32),
        "extents_m": extents_of(mesh), "turns": np.int64(1),
        "points": np.zeros((8, 3), np.float32), "inside": np.zeros(8, bool), **more,
    }  # fmt: skip
    arrays = {name: np.stack([value] * count) for name, value in held.items()}
    return SimpleNamespace(**arrays, categories=("chair",) * count)


def posed(angles, camera, at):
    return Pose.from_viewpoint(*angles, distance_m=3.2, ray_camera=camera.unproject(np.array(at), 1.0))


def pair(at=(60.0, 40.0), count=1):
    """A scene, and what a mirror shows of it."""
    mirrored = Mesh(MESH.vertices * MIRROR, MESH.faces[:, ::-1])
    width = CAMERA.width_px
    camera = Camera(CAMERA.fx_px, CAMERA.fy_px, width - CAMERA.cx_px, CAMERA.cy_px, width, CAMERA.height_px)
    azimuth, elevation, roll = ANGLES
    there = posed((-azimuth, elevation, -roll), camera, (width - at[0], at[1]))
    return batch_of(MESH, posed(ANGLES, CAMERA, at), CAMERA, count), batch_of(mirrored, there, camera, count)


def test_the_mirrored_scene_is_the_mirrored_picture():
    plain, mirrored = pair()
    np.testing.assert_allclose(mirrored.mask, plain.mask[:, :, ::-1], atol=1e-3)
    assert np.abs(mirrored.mask - plain.mask).mean() > 0.02


def test_the_mirrored_crop_is_the_crop_of_the_mirrored_scene():
    plain, mirrored = pair()
    ours, _ = object_crops(plain, 64, None)
    theirs, _ = object_crops(mirrored, 64, None)
    torch.testing.assert_close(ours.flip(3)[:, 3], theirs[:, 3], rtol=0, atol=5e-3)
    assert float((ours - theirs).abs().mean()) > 0.02


def test_the_view_of_a_mirrored_crop_is_that_of_the_mirrored_scene():
    plain, mirrored = pair()
    ours, theirs = viewpoints(plain, torch.tensor([True])), viewpoints(mirrored, torch.tensor([False]))
    for one, other, wanted in zip(ours, theirs, (-ANGLES[0], ANGLES[1], -ANGLES[2]), strict=True):
        assert float(one) == pytest.approx(float(other), abs=1e-3) == pytest.approx(wanted, abs=1e-3)


def likeness(crops, others):
    """Overlap of the masks of crops, as they lie or a little beside, since varied crops are moved."""
    ours, theirs = crops[:, 3] > 0, others[:, 3] > 0
    moved = [ours.roll((x, y), (1, 2)) for x in range(-4, 5, 2) for y in range(-4, 5, 2)]
    shares = [(one & theirs).sum((1, 2)) / (one | theirs).sum((1, 2)) for one in moved]
    return torch.stack(shares).amax(0)


def by_height(points):
    """The order in which points are asked does not matter."""
    return torch.stack([one[one[:, 1].argsort()] for one in points])


@pytest.mark.parametrize("network", ["viewpoint", "occupancy"])
def test_what_is_learned_of_a_mirrored_crop_is_mirrored(monkeypatch, network):
    shrink(monkeypatch.setitem)
    count = 48
    plain, _ = pair(count=count)
    plain.points[:] = np.linspace(0.01, 0.2, 24).reshape(8, 3)
    lesson = LESSONS[network](build(network, "small"))
    straight, varied = lesson.prepare(plain, None), lesson.prepare(plain, torch.Generator().manual_seed(3))
    plainly, mirrored = (likeness(varied["crops"], c) for c in (straight["crops"], straight["crops"].flip(3)))
    assert float((plainly - mirrored).abs().min()) > 0.03
    same = plainly > mirrored
    assert 10 < int(same.sum()) < 38
    sign = torch.where(same, 1.0, -1.0)
    if network == "viewpoint":
        for name, signs in (("azimuth_deg", sign), ("roll_deg", sign), ("elevation_deg", torch.ones(count))):
            torch.testing.assert_close(varied[name], signs * straight[name])
    else:
        ours, theirs = (by_height(one["points"]) for one in (varied, straight))
        torch.testing.assert_close(ours[..., 0], sign[:, None] * theirs[..., 0])
        assert torch.equal(ours[..., 1:], theirs[..., 1:])
        assert torch.equal(varied["log_extents"], straight["log_extents"])


def test_points_fill_the_box(monkeypatch):
    """Asked in coordinates of the box: its corners are at half."""
    shrink(monkeypatch.setitem)
    low, high = MESH.bounding_box()
    ends = np.stack([low, high] * 4).astype(np.float32)
    batch = batch_of(MESH, posed(ANGLES, CAMERA, (60.0, 40.0)), CAMERA, points=ends)
    prepared = LESSONS["occupancy"](build("occupancy", "small")).prepare(batch, None)
    torch.testing.assert_close(prepared["points"].abs(), torch.full((1, 8, 3), 0.5), rtol=0, atol=1e-5)
    sides = prepared["log_extents"].exp()[0]
    np.testing.assert_allclose(sides.numpy(), extents_of(MESH) / extents_of(MESH).max(), rtol=1e-5)


def test_variations_follow_from_the_generator_alone():
    plain, _ = pair(count=4)
    one, other, another = (object_crops(plain, 32, torch.Generator().manual_seed(s))[0] for s in (1, 1, 2))
    assert torch.equal(one, other)
    assert not torch.equal(one, another)


def test_tones_stay_colours():
    image = torch.rand(64, 3, 8, 8)
    found = toned(image.clone(), torch.Generator().manual_seed(0))
    assert found.shape == image.shape
    assert float(found.min()) >= 0
    assert float(found.max()) <= 1
    grey = (found.amax(1) - found.amin(1)).flatten(1).amax(1) < 0.25
    assert 1 <= int(grey.sum()) < 30


@pytest.mark.parametrize("seed", range(8))
def test_worn_masks_are_nearly_the_masks(seed):
    mask = torch.zeros(5, 1, 64, 64)
    mask[:, :, 12:50, 20:44] = 1
    found = worn(mask, torch.Generator().manual_seed(seed))
    assert ((found >= 0) & (found <= 1)).all()
    both, either = (
        ((found > 0.5) & (mask > 0.5)).sum((1, 2, 3)),
        ((found > 0.5) | (mask > 0.5)).sum((1, 2, 3)),
    )
    assert float((both / either).min()) > 0.8
    assert (found[:, :, :8] == 0).all()  # no islands


def test_one_mask_alone_is_worn_or_not():
    mask = torch.ones(1, 1, 32, 32)
    changed = [not torch.equal(worn(mask, torch.Generator().manual_seed(s)), mask) for s in range(12)]
    assert any(changed)
    assert not all(changed)


def test_categories_are_places_in_the_table():
    names = SimpleNamespace(categories=("chair", "sofa", "airplane", "aeroplane", "lamp"))
    assert categories(names).tolist() == [0, 4, 2, 2, -1]
