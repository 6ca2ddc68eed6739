"""PASCAL3D+: folders as published, drawn by the projection of the authors' Matlab code."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from painted import agreement, must_tell_mistakes, odd_chair, painted
from rrb.data.readers.pascal3d import read
from rrb.errors import BadFileError, BadInputError

WIDTH, HEIGHT = 260, 190
FINE = {
    "azimuth": 35.0,
    "elevation": 12.0,
    "theta": 8.0,
    "distance": 14.0,
    "focal": 1,
    "px": 121.3,
    "py": 88.9,
    "viewport": 3000,
}
VIEWS = {
    "n03001627_100": FINE,
    "n03001627_200": FINE | {"azimuth": 290.0, "elevation": -20.0, "theta": -33.0, "px": 140.0},
}
NO_DISTANCE = FINE | {"azimuth": 0, "elevation": 0, "theta": 0, "distance": 0, "px": 0, "py": 0}


def cad():
    """Their frame: z up, the front towards -y, so that what is left of the front is at +x."""
    vertices, faces = odd_chair(0.7)
    x, y, z = vertices.T  # y up, front -z, what is right of the front at +x
    return np.stack([-x, z, y], -1), faces


def as_matlab_projects(points, view):
    """(V, 2): project_3d.m; a picture's first pixel has its centre at (1, 1)."""
    a, e, theta = (np.radians(view[name]) for name in ("azimuth", "elevation", "theta"))
    d = view["distance"]
    centre = np.array([d * np.cos(e) * np.sin(a), -d * np.cos(e) * np.cos(a), d * np.sin(e)])
    a, e = -a, -(np.pi / 2 - e)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(e), -np.sin(e)], [0, np.sin(e), np.cos(e)]])
    r = about_x @ about_z
    m = view["viewport"] * view["focal"]
    p = np.diag([m, m, -1.0]) @ np.column_stack([r, -r @ centre])
    x = p @ np.column_stack([points, np.ones(len(points))]).T
    x = x[:2] / x[2]
    x = (np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]]) @ x).T
    return x * [1, -1] + [view["px"], view["py"]]


def coverage_of(view):
    points, faces = cad()
    # From Matlab's counting to the outer corner of the first pixel.
    return painted(as_matlab_projects(points, view) - 0.5, faces, (HEIGHT, WIDTH))


def struct_array(rows, fields=None):
    """(1, N) as Matlab has it."""
    fields = fields or list(dict.fromkeys(name for row in rows for name in row))
    array = np.empty((1, len(rows)), [(name, object) for name in fields])
    for i, row in enumerate(rows):
        for name in fields:
            array[name][0, i] = row.get(name, np.zeros((0, 0)))
    return array


def thing(view, kind="chair", **more):
    coarse = {"azimuth_coarse": 45, "elevation_coarse": 10}
    return {
        "class": kind,
        "view": "",
        "truncated": 0,
        "occluded": 1,
        "difficult": 0,
        "bbox": np.array([[31.0, 21.0, 200.0, 180.0]]),
        "cad_index": 1,
        "anchors": np.zeros((0, 0)),
        "viewpoint": np.zeros((0, 0)) if view is None else coarse | view,
    } | more


def save_record(path, things, filename=None, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "folder": "chair",
        "filename": filename or f"{path.stem}.JPEG",
        "database": "ImageNet",
        "imgsize": np.array([[WIDTH, HEIGHT, 3]]),
        "segmented": 0,
        "objects": struct_array(things),
    } | more
    savemat(path, {"record": record}, do_compression=True)


def save_picture(path, size=(WIDTH, HEIGHT), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path, "JPEG", **options)


def save_off(path):
    points, faces = cad()
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["OFF", f"{len(points)} {len(faces)} 0"]
    lines += [" ".join(map(repr, p)) for p in points.tolist()] + [
        f"3 {a} {b} {c}" for a, b, c in faces.tolist()
    ]
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def published(tmp_path):
    for name, view in VIEWS.items():
        save_record(tmp_path / "Annotations" / "chair_imagenet" / f"{name}.mat", [thing(view)])
        save_picture(tmp_path / "Images" / "chair_imagenet" / f"{name}.JPEG")
    several = [
        thing(None, "person"),
        thing(NO_DISTANCE),
        thing(FINE),
        thing(None, cad_index=np.zeros((0, 0))),
    ]
    save_record(
        tmp_path / "Annotations" / "chair_pascal" / "2008_000021.mat", several, "2008_000021.jpg", segmented=1
    )
    save_picture(tmp_path / "Images" / "chair_pascal" / "2008_000021.jpg")
    save_off(tmp_path / "CAD" / "chair" / "01.off")
    (tmp_path / "Image_sets").mkdir()
    (tmp_path / "Image_sets" / "chair_imagenet_train.txt").write_text("n03001627_200\n")
    (tmp_path / "Image_sets" / "chair_imagenet_val.txt").write_text("n03001627_100\n")
    main = tmp_path / "PASCAL" / "VOCdevkit" / "VOC2012" / "ImageSets" / "Main"
    main.mkdir(parents=True)
    (main / "train.txt").write_text("2008_000008\n2008_000021\n")
    (main / "val.txt").write_text("2008_000002\n")
    return tmp_path


def test_every_model_is_drawn_where_matlab_draws_it(published):
    samples = list(read(published, subset="imagenet"))
    for sample, view in zip(samples, VIEWS.values(), strict=True):
        coverage = coverage_of(view)
        assert coverage.max() == 1
        assert agreement(sample, coverage) > 0.99
        must_tell_mistakes(sample, coverage)


def test_points_fall_where_matlab_puts_them(published):
    """To rounding, half a pixel from Matlab's count."""
    points, _ = cad()
    for sample, view in zip(read(published, subset="imagenet"), VIEWS.values(), strict=True):
        ours = sample.camera.project(sample.camera_from_object @ sample.load_mesh().vertices)
        np.testing.assert_allclose(ours[:, :2] + 0.5, as_matlab_projects(points, view), atol=1e-8)


def test_models_come_y_up_with_the_front_at_minus_z(published):
    mesh = next(read(published)).load_mesh()
    vertices, faces = odd_chair(0.7)
    np.testing.assert_allclose(mesh.vertices, vertices, atol=1e-12)
    np.testing.assert_array_equal(mesh.faces, faces)


def test_azimuths_change_their_sign(published):
    """Theirs grows towards the object's left, ours towards its right; elevations stay."""
    sample = next(read(published, subset="imagenet"))
    view = sample.camera_from_object.to_viewpoint()
    assert view.azimuth_deg == pytest.approx(-35)
    assert view.elevation_deg == pytest.approx(12)
    assert view.roll_deg == pytest.approx(-8)
    assert view.distance_m == pytest.approx(14)


def test_objects_without_a_fine_view_are_read_without_a_pose(published):
    first, second, third = read(published, subset="pascal")
    assert [s.key for s in (first, second, third)] == [f"chair_pascal-2008_000021-{i}" for i in (1, 2, 3)]
    assert first.camera_from_object is None
    assert first.camera is None
    assert "no distance" in first.about["no_pose"]
    assert first.about["azimuth_coarse"] == 45
    assert first.mesh is not None
    assert second.camera_from_object is not None
    assert "no_pose" not in second.about
    assert "no viewpoint" in third.about["no_pose"]
    assert third.mesh is None
    assert "cad_index" in third.about["no_mesh"]


def test_views_without_the_field_distance_at_all(published):
    coarse = {"azimuth_coarse": 90, "elevation_coarse": 0}
    path = published / "Annotations" / "chair_imagenet" / "n03001627_100.mat"
    save_record(path, [thing(None, viewpoint=coarse)])
    sample = next(read(published, subset="imagenet"))
    assert sample.camera_from_object is None
    assert sample.about["azimuth_coarse"] == 90


def test_what_a_sample_says(published):
    sample = next(read(published, subset="imagenet"))
    assert (sample.category, sample.mesh_id, sample.source) == ("chair", "chair-01", "pascal3d")
    assert sample.mask is None
    assert sample.box_px == (30, 20, 200, 180)
    assert (sample.camera.cx_px, sample.camera.cy_px) == pytest.approx((120.8, 88.4))
    assert sample.camera.fx_px == 3000
    assert sample.about["occluded"] is True
    assert sample.about["difficult"] is False
    assert sample.image.shape == (HEIGHT, WIDTH, 3)


def test_splits(published):
    assert [s.split for s in read(published)] == ["val", "train", "train", "train", "train"]
    assert [s.about["picture"] for s in read(published, split="val")] == ["n03001627_100"]
    assert len(list(read(published, split="train", subset="pascal"))) == 3


def test_without_lists_there_are_no_splits(published):
    for path in (published / "Image_sets").iterdir():
        path.unlink()
    assert [s.split for s in read(published, subset="imagenet")] == [None, None]
    with pytest.raises(BadFileError, match=r"chair_imagenet_train\.txt.*no such file"):
        list(read(published, subset="imagenet", split="train"))


@pytest.mark.parametrize("choice", [{"subset": "coco"}, {"split": "test"}, {"category": "cow"}])
def test_choices_that_nothing_fits(published, choice):
    with pytest.raises(BadInputError, match=next(iter(choice.values()))):
        list(read(published, **choice))


def test_pictures_stay_as_stored(published):
    """Matlab, in which the annotators worked, does not turn a picture as its EXIF says."""
    exif = Image.Exif()
    exif[0x0112] = 6
    save_picture(published / "Images" / "chair_imagenet" / "n03001627_100.JPEG", exif=exif)
    first, second = read(published, subset="imagenet")
    np.testing.assert_array_equal(first.image, second.image)


PICTURE = "Images/chair_imagenet/n03001627_100.JPEG"
ANNOTATION = "Annotations/chair_imagenet/n03001627_100.mat"


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (ANNOTATION, lambda p: p.write_bytes(p.read_bytes()[:-100]), r"100\.mat.*no whole Matlab file"),
        (ANNOTATION, lambda p: p.write_bytes(b"MATLAB 7.3 MAT-file"), r"100\.mat.*no whole Matlab file"),
        (ANNOTATION, lambda p: savemat(p, {"other": 1}), r"100\.mat.*no variable 'record'"),
        (ANNOTATION, lambda p: savemat(p, {"record": 1}), r"100\.mat.*no objects"),
        (ANNOTATION, lambda p: p.unlink(), r"100\.mat.*no such file.*val\.txt"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE, "person")]), r"100\.mat.*none of its 1 objects"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE)], "other.JPEG"), r"100\.mat.*other\.JPEG"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE, bbox=np.ones((1, 3)))]), r"object 0.*bbox"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE | {"px": np.nan})]), r"object 0.*px"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE | {"distance": -1.0})]), r"object 0.*distance_m"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE | {"theta": "much"})]), r"object 0.*theta"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE | {"focal": 0})]), r"object 0.*fx_px"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE, cad_index=0)]), r"object 0.*cad_index"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE, cad_index=2)]), r"02\.off.*no such file"),
        (ANNOTATION, lambda p: save_record(p, [thing(FINE, truncated="no")]), r"object 0.*truncated"),
        (PICTURE, lambda p: p.unlink(), r"100\.JPEG.*no such file"),
        (PICTURE, lambda p: p.write_bytes(p.read_bytes()[:900]), r"100\.JPEG.*cut off"),
        ("CAD/chair/01.off", lambda p: p.unlink(), r"01\.off.*no such file"),
    ],
)  # fmt: skip
def test_broken_sets_are_refused_by_name(published, name, change, said):
    change(published / name)
    with pytest.raises(BadFileError, match=said):
        list(read(published, subset="imagenet"))


def test_a_folder_that_is_something_else(tmp_path):
    with pytest.raises(BadFileError, match=r"Annotations.*no such folder"):
        list(read(tmp_path))
    (tmp_path / "Annotations" / "chair_pascal").mkdir(parents=True)
    with pytest.raises(BadFileError, match=r"chair_pascal.*no file"):
        list(read(tmp_path))
