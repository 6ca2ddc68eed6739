"""BOP sets in the published layout, drawn by hand as OpenCV counts, read and drawn again."""

import numpy as np
import pytest

from reader_files import (
    SIZE,
    K,
    R,
    T,
    agreement,
    cut,
    drawn,
    drawn_depth,
    edit,
    noise,
    redrawn,
    tripod,
    write,
)
from rrb.data.readers.bop import read
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.primitives import box

SCALE = 0.1  # millimetres a unit of depth
NEARER = np.array([-0.1, 0.02, 0.9])  # a small box in front of the tripod
IMAGES = (3, 12)


def plate():
    return box((0.12, 0.3, 0.02))


@pytest.fixture
def toy(tmp_path):
    """toyset/{models,test/000002}: in two pictures a tripod, and before it a plate."""
    root = tmp_path / "toyset"
    (root / "models").mkdir(parents=True)
    tripod().save(root / "models" / "obj_000001.ply", unit="mm")
    plate().save(root / "models" / "obj_000005.ply", unit="mm")
    half_turn = np.diag([-1.0, 1, -1, 1]).reshape(-1).tolist()
    models = {"1": {"diameter": 600.0, "min_x": -50, "size_x": 500}}
    models["5"] = {"diameter": 330.0, "symmetries_discrete": [half_turn]}
    write(root / "models" / "models_info.json", models)
    whole, front = drawn(tripod()), drawn(plate(), rotation=np.eye(3), translation=NEARER)
    depth = np.where(front, NEARER[2] - 0.01, drawn_depth(tripod()))
    scene = root / "test" / "000002"
    for i in IMAGES:
        write(scene / "rgb" / f"{i:06d}.png", noise(i))
        write(scene / "depth" / f"{i:06d}.png", np.rint(depth * 1000 / SCALE).astype(np.uint16))
        for row, (mask, visible) in enumerate([(whole, whole & ~front), (front, front)]):
            write(scene / "mask" / f"{i:06d}_{row:06d}.png", mask)
            write(scene / "mask_visib" / f"{i:06d}_{row:06d}.png", visible)
    pose = {"cam_R_m2c": R.reshape(-1).tolist(), "cam_t_m2c": (1000 * T).tolist(), "obj_id": 1}
    other = {"cam_R_m2c": np.eye(3).reshape(-1).tolist(), "cam_t_m2c": (1000 * NEARER).tolist(), "obj_id": 5}
    write(scene / "scene_gt.json", {str(i): [pose, other] for i in IMAGES})
    camera = {"cam_K": K.reshape(-1).tolist(), "depth_scale": SCALE}
    camera |= {"cam_R_w2c": R.reshape(-1).tolist(), "cam_t_w2c": [0, 0, 1000]}
    write(scene / "scene_camera.json", {str(i): camera for i in IMAGES})
    info = [{"bbox_visib": pixel_box(m), "visib_fract": f} for m, f in ((whole & ~front, 0.7), (front, 1.0))]
    write(scene / "scene_gt_info.json", {str(i): info for i in IMAGES})
    return root


def pixel_box(mask):
    """x, y, and how many pixels further the last one lies, as the toolkit writes it."""
    y, x = np.nonzero(mask)
    return [int(v) for v in (x.min(), y.min(), x.max() - x.min(), y.max() - y.min())]


def test_every_row_is_a_sample_in_order(toy):
    samples = list(read(toy))
    rows = [(s.about["im_id"], s.about["gt_row"], s.mesh_id) for s in samples]
    assert rows == [(i, r, o) for i in IMAGES for r, o in enumerate(("obj_000001", "obj_000005"))]
    assert len({s.key for s in samples}) == 4
    assert {(s.source, s.split) for s in samples} == {("bop", "test")}
    assert (samples[0].image == noise(IMAGES[0])).all()


def test_masks_are_what_mesh_pose_and_camera_draw(toy):
    """To the pixel: a half pixel, a transposed rotation, a mirror or another unit would not."""
    hidden, whole = list(read(toy))[:2]
    assert agreement(hidden) == agreement(whole) == 1.0
    assert (redrawn(hidden) == (hidden.mask >= 0.5) | hidden.unknown).all()
    assert hidden.unknown.any()
    assert not whole.unknown.any()


def test_depth_is_metres_where_the_surface_is(toy):
    sample = next(read(toy))
    seen = sample.mask >= 0.5
    assert np.abs(sample.depth_m - drawn_depth(tripod()))[seen].max() < 1e-4
    assert (sample.depth_m[~drawn(tripod()) & ~sample.unknown & (sample.depth_m > 1)] == 0).all()


def test_the_box_is_around_what_is_seen_with_and_without_masks(toy):
    for with_masks, without in zip(read(toy), read(toy, masks=False, depth=False), strict=True):
        assert with_masks.box_px == without.box_px
        assert without.mask is None
        assert without.depth_m is None
    rows, columns = np.nonzero(with_masks.mask >= 0.5)
    assert with_masks.box_px == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_what_else_the_set_says(toy):
    tripod_sample, plate_sample = list(read(toy))[:2]
    assert tripod_sample.about["diameter_m"] == 0.6
    assert tripod_sample.turns.folds == 1
    assert plate_sample.turns.folds == 2  # its half turn about y
    assert tripod_sample.about["camera_from_world"]["translation_m"] == [0, 0, 1]


@pytest.mark.parametrize(("axis", "folds"), [([0, 1, 0], 0), ([0, -1, 0], 0), ([0, 0, 1], 1), ([1, 0, 0], 1)])
def test_only_symmetry_about_y_is_a_turn(toy, axis, folds):
    entry = [{"axis": axis, "offset": [0, 0, 0]}]
    edit(toy / "models" / "models_info.json", lambda d: d["1"].update(symmetries_continuous=entry))
    sample = next(read(toy))
    assert sample.turns.folds == folds
    assert sample.about["symmetries_continuous"] == entry


@pytest.mark.parametrize(("folder", "split"), [("train_pbr", "train"), ("val", "val"), ("onboarding", None)])
def test_the_split_is_the_folders(toy, folder, split):
    (toy / "test").rename(toy / folder)
    samples = list(read(toy, split=folder))
    assert {s.split for s in samples} == {split}
    assert samples[0].key.startswith(folder)


def test_grey_pictures_and_other_endings(toy):
    scene = toy / "test" / "000002"
    (scene / "rgb").rename(scene / "gray")
    grey = noise(1)[:, :, 0]
    for i in IMAGES:
        (scene / "gray" / f"{i:06d}.png").unlink()
        from rrb.geometry.image_io import save_image

        save_image(scene / "gray" / f"{i:06d}.tif", grey)
    assert (next(read(toy)).image == grey[:, :, None]).all()


def test_one_category(toy):
    assert [s.mesh_id for s in read(toy, category="obj_000005")] == ["obj_000005"] * 2


def test_another_folder_of_models(toy):
    (toy / "models").rename(toy / "models_eval")
    assert next(read(toy, models="models_eval")).load_mesh().largest_extent == pytest.approx(0.51)


def test_targets_are_the_most_visible(toy):
    """Two of one object, one asked for: the second row, more visible, is given; the other picture is not."""
    scene = toy / "test" / "000002"
    edit(scene / "scene_gt.json", lambda d: [row.update(obj_id=1) for rows in d.values() for row in rows])
    target = {"scene_id": 2, "im_id": IMAGES[1], "obj_id": 1, "inst_count": 1}
    write(toy / "test_targets_bop19.json", [target])
    (sample,) = read(toy, targets="test_targets_bop19.json")
    assert (sample.about["im_id"], sample.about["gt_row"]) == (IMAGES[1], 1)
    write(toy / "test_targets_bop19.json", [target | {"inst_count": 3}])
    with pytest.raises(BadFileError, match=r"3 of object 1 are asked for but the image has 2"):
        list(read(toy, targets="test_targets_bop19.json"))


# --- what is missing or broken ----------------------------------------------------------------------

SCENE = "test/000002/"


@pytest.mark.parametrize(
    "name",
    [
        "models/models_info.json", "models/obj_000005.ply", SCENE + "scene_gt.json", SCENE + "scene_camera.json",
        SCENE + "rgb/000012.png", SCENE + "depth/000012.png", SCENE + "mask/000012_000001.png",
        SCENE + "mask_visib/000003_000000.png",
    ],
)  # fmt: skip
def test_a_missing_file_is_named(toy, name):
    (toy / name).unlink()
    with pytest.raises(BadFileError) as error:
        list(read(toy))
    assert str(toy / name) in str(error.value)


@pytest.mark.parametrize("name", ["rgb/000012.png", "depth/000012.png", "mask_visib/000012_000001.png"])
def test_a_picture_cut_off_is_named(toy, name):
    cut(toy / SCENE / name)
    with pytest.raises(BadFileError) as error:
        list(read(toy))
    assert str(toy / SCENE / name) in str(error.value)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("scene_camera", lambda d: d["12"]["cam_K"].__setitem__(4, float("nan")), "NaN"),
        ("scene_camera", lambda d: d["12"]["cam_K"].pop(), "cam_K"),
        ("scene_camera", lambda d: d["12"]["cam_K"].__setitem__(1, 2.0), "skew"),
        ("scene_camera", lambda d: d["12"].pop("depth_scale"), "depth_scale is needed"),
        ("scene_camera", lambda d: d["12"].update(depth_scale=0), "depth_scale is 0"),
        ("scene_camera", lambda d: d.pop("12"), "image 12"),
        ("scene_gt", lambda d: d["12"][1].update(obj_id=7), "obj_id is 7"),
        ("scene_gt", lambda d: d["12"][1].pop("cam_R_m2c"), "cam_R_m2c is needed"),
        ("scene_gt", lambda d: d["12"][1]["cam_R_m2c"].__setitem__(0, 2.0), "no rotation"),
        ("scene_gt", lambda d: d["12"][1].update(cam_t_m2c=["a", 1, 2]), "cam_t_m2c"),
        ("scene_gt", lambda d: d.update({"12": 3}), "no list"),
        ("scene_gt_info", lambda d: d["12"].pop(), "1 rows but scene_gt.json 2"),
    ],
)
def test_a_broken_entry_is_named(toy, name, change, says):
    path = toy / SCENE / f"{name}.json"
    edit(path, change)
    with pytest.raises(BadFileError, match=says) as error:
        list(read(toy))
    assert str(error.value).startswith(str(path))


def test_sizes_must_agree(toy):
    write(toy / SCENE / "depth" / "000012.png", np.zeros((SIZE[1], SIZE[0]), np.uint16))
    with pytest.raises(BadFileError, match="48x64 but the picture is 64x48"):
        list(read(toy))


def test_wrong_choices_are_refused(toy):
    for choice in ({"category": "mug"}, {"split": "train"}, {"models": "cad"}, {"targets": "none.json"}):
        with pytest.raises(BadInputError):
            next(read(toy, **choice))
