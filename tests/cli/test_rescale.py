"""`rrb rescale`: the size that a drawn object had comes back, whatever says where it is and what camera saw it."""

import json

import numpy as np
import pytest

import rrb
from rrb.cli import main as command_line
from rrb.cli.main import main
from rrb.geometry.image_io import save_image, save_mask
from rrb.geometry.pose_io import load_pose, save_pose
from rrb.geometry.primitives import box

CAMERA = rrb.Camera.from_focal_px(400.0, width=320, height=240)
SCALE, VIEW = 0.37, (35.0, 25.0, 4.0)
MESH = box((1.0, 1.4, 0.8))
POSE = rrb.Pose.from_viewpoint(*VIEW, distance_m=1.3, ray_camera=[0.1, -0.05, 1])
HEIGHT = float(POSE.camera_centre_object[1]) + SCALE * 0.7
ANGLES = ["--azimuth-deg", "35", "--elevation-deg", "25", "--roll-deg", "4"]
FOCAL = ["--focal-px", "400"]


@pytest.fixture(autouse=True)
def command(monkeypatch):
    monkeypatch.setitem(command_line.COMMANDS, "rescale", ("rrb.cli.rescale", ""))


@pytest.fixture
def files(tmp_path):
    MESH.save(tmp_path / "mesh.obj")
    mask = rrb.render(MESH, POSE, CAMERA, scale=SCALE).silhouette
    save_mask(tmp_path / "mask.png", mask)
    polygon = {"segmentation": [hull(MESH, POSE)], "id": 3, "image_id": 1}
    full = {"id": 4, "segmentation": {"size": [240, 320], "counts": [0, 240 * 320]}}
    (tmp_path / "mask.json").write_text(json.dumps({"images": [], "annotations": [polygon, full]}))
    CAMERA.save(tmp_path / "camera.json")
    save_pose(tmp_path / "pose.json", rrb.Pose(POSE.rotation, POSE.translation / SCALE), CAMERA)
    return tmp_path


def hull(mesh, pose) -> list[float]:
    """The outline of a convex mesh in the picture, as x, y, x, y, ..."""
    from scipy.spatial import ConvexHull

    at = CAMERA.project(pose.apply(mesh.vertices, SCALE))[:, :2]
    return at[ConvexHull(at).vertices].ravel().tolist()


def image_box() -> list[str]:
    at = CAMERA.project(POSE.apply(MESH.vertices, SCALE))[:, :2]
    return [f"{v:.9f}" for v in (*at.min(0), *at.max(0))]


def rescale(files, *more, out="scaled.obj", height=HEIGHT):
    arguments = [str(files / a) if (files / a).is_file() else a for a in map(str, more)]
    return main(
        [
            "rescale",
            str(files / "mesh.obj"),
            "--camera-height-m",
            str(height),
            "--out",
            str(files / out),
            *arguments,
        ]
    )


def scale_of(files, out="scaled.obj") -> float:
    return rrb.Mesh.load(files / out).largest_extent / MESH.largest_extent


@pytest.mark.parametrize(
    ("more", "tolerance"),
    [
        (["--mask", "mask.png", *ANGLES, *FOCAL], 0.01),
        (["--mask", "mask.png", *ANGLES, "--camera", "camera.json"], 0.01),
        (["--mask", "mask.png", *ANGLES, "--fov-deg", str(CAMERA.fov_deg())], 0.01),
        (["--mask", "mask.png", "--pose", "pose.json"], 0.01),
        (["--mask", "mask.json", "--annotation", "3", "--pose", "pose.json"], 0.01),
        (["--mask", "mask.json", "--annotation", 3, *ANGLES, *FOCAL, "--width", 320, "--height", 240], 0.01),
        (["--box", *image_box(), *ANGLES, *FOCAL, "--width", "320", "--height", "240"], 1e-6),
        (["--box", *image_box(), *ANGLES, "--camera", "camera.json"], 1e-6),
        (["--box", *image_box(), "--pose", "pose.json"], 1e-6),
        (["--box", "nan", *image_box()[1:], "--pose", "pose.json"], 1e-6),
        (["--pose", "pose.json"], 1e-6),
    ],
    ids=lambda value: (
        " ".join(a for a in map(str, value) if a[:2] == "--") if isinstance(value, list) else None
    ),
)
def test_the_size_comes_back(files, more, tolerance):
    assert rescale(files, *more, "--pose-out", files / "new" / "found.json") == 0
    assert scale_of(files) == pytest.approx(SCALE, rel=tolerance)
    held = load_pose(files / "new" / "found.json")
    assert held.scale == 1
    assert held.camera.width_px == 320
    degrees, metres = held.camera_from_object.distance(POSE)
    assert degrees < 0.2
    assert metres < 1.3 * 2 * tolerance
    written = rrb.Mesh.load(files / "scaled.obj")
    up = held.camera_from_object.camera_centre_object[1] - written.bounding_box()[0, 1]
    assert up == pytest.approx(HEIGHT, rel=1e-6)


def test_the_scale_of_the_pose_file_counts(files):
    save_pose(files / "at_scale.json", POSE, CAMERA, scale=SCALE)
    assert rescale(files, "--pose", "at_scale.json", height=2 * HEIGHT) == 0
    assert scale_of(files) == pytest.approx(2 * SCALE)


def test_what_was_found_and_assumed_is_said(files, capsys):
    assert rescale(files, "--mask", "mask.png", *ANGLES[:4], *FOCAL, out="new/folder/scaled.glb") == 0
    said = capsys.readouterr().out
    for words in ("scale 0.3", "8 vertices", " m from the camera", "one degree", "left ", "--roll-deg 0"):
        assert words in said
    for words in ("lowest vertex touching", "principal point in the middle", "scaled.glb"):
        assert words in said
    assert rrb.Mesh.load(files / "new/folder/scaled.glb").largest_extent < 1


def test_a_fit_of_another_object_is_noted(files, capsys):
    left, top, right, bottom = image_box()
    wide = [left, top, right, str(float(top) + 0.5 * (float(bottom) - float(top)))]
    assert rescale(files, "--box", *wide, "--pose", "pose.json") == 0
    assert "note: the mesh's box misses the picture's by" in capsys.readouterr().out


def test_labels_and_what_is_unknown(files):
    mask = rrb.load_mask(files / "mask.png") >= 0.5
    save_image(files / "labels.png", np.where(mask, 7, 3).astype(np.uint8))
    assert rescale(files, "--mask", "labels.png", "--label", "7", "--pose", "pose.json") == 0
    assert scale_of(files) == pytest.approx(SCALE, rel=0.01)
    hidden = np.zeros(mask.shape)
    hidden[:, : int(float(image_box()[0])) + 10] = 1
    save_mask(files / "hidden.png", hidden)
    save_mask(files / "rest.png", mask * (1 - hidden))
    assert rescale(files, "--mask", "rest.png", "--unknown", "hidden.png", "--pose", "pose.json") == 0
    assert scale_of(files) == pytest.approx(SCALE, rel=0.015)


def test_the_unit_is_that_of_the_pose(files):
    MESH.save(files / "mesh.obj", unit="cm")
    assert rescale(files, "--pose", "pose.json", "--unit", "cm") == 0
    assert scale_of(files) == pytest.approx(SCALE)


MASK, SIZE = ["--mask", "mask.png"], ["--width", "320", "--height", "240"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([*MASK, *FOCAL], "--azimuth-deg and --elevation-deg"),
        ([*MASK, *FOCAL, "--azimuth-deg", "3"], "--azimuth-deg and --elevation-deg"),
        ([*MASK, "--pose", "pose.json", "--azimuth-deg", "3"], "--pose says what --azimuth-deg would"),
        ([*ANGLES, *FOCAL], "--mask or --box is needed"),
        ([*MASK, "--box", *image_box(), *ANGLES, *FOCAL], "--box says what --mask would"),
        (["--box", *image_box(), "--pose", "pose.json", "--label", "3"], "--box says what --label would"),
        (["--pose", "pose.json", "--unknown", "mask.png"], "--unknown says something about a mask"),
        ([*MASK, *ANGLES], "--fov-deg, --focal-px or --camera"),
        (["--box", *image_box(), *ANGLES, *FOCAL], "--width and --height are needed"),
        (["--box", *image_box(), *ANGLES, *FOCAL, "--width", "320"], "only one of --width and --height"),
        ([*MASK, *ANGLES, "--camera", "camera.json", *SIZE], "--camera says what --width"),
        ([*MASK, "--pose", "pose.json", *SIZE], "the camera in --pose says what --width"),
        (
            [*MASK, *ANGLES, *FOCAL, "--width", "300", "--height", "240"],
            "mask.png: the mask is 320x240 but 300x240",
        ),
        ([*MASK, *ANGLES, *FOCAL, "--label", "300"], "no pixel has the label 300"),
        (["--mask", "labels.png", *ANGLES, *FOCAL], "choose a --label"),
        (["--mask", "mask.json", *ANGLES, *FOCAL], "by its id, --annotation (3, 4)"),
        (["--mask", "mask.json", "--annotation", 3, *ANGLES, *FOCAL], "give --width and --height"),
        (["--mask", "mask.json", "--annotation", 4, *ANGLES, *FOCAL], "mask is full"),
        (["--mask", "no.png", *ANGLES, *FOCAL], "no such file"),
        (["--pose", "no.json"], "no such file"),
        (["--pose", "below.json"], "below the object's lowest vertex"),
        (["--box", "0", "9", "320", "99", "--pose", "pose.json"], "three or four are needed"),
        (["--box", "9", "9", "3", "99", "--pose", "pose.json"], "left < right"),
        ([*MASK, "--azimuth-deg", "nan", "--elevation-deg", "3", *FOCAL], "finite"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_nothing_is_written(files, capsys, more, said):
    save_image(files / "labels.png", np.repeat(np.arange(8, dtype=np.uint8), 40)[None].repeat(240, 0))
    save_pose(files / "below.json", rrb.Pose.from_viewpoint(3, -60, 0, distance_m=4.0), CAMERA)
    assert rescale(files, *more, out="new/scaled.obj") == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert not (files / "new").exists()


@pytest.mark.parametrize("height", [0, -1.5, "nan"])
def test_heights_are_positive(files, capsys, height):
    assert rescale(files, "--pose", "pose.json", height=height) == 2
    assert "camera_height_m" in capsys.readouterr().err


def test_meshes_of_the_collection_get_their_size(shared, tmp_path):
    entries = json.loads((shared / "meshes" / "index.json").read_text())
    for entry in [e for e in entries if e["split"] == "train"][5:60:20]:
        mesh = rrb.Mesh.load(shared / entry["file"]).normalised()[0]
        scale = entry["largest_extent_m"]
        pose = rrb.Pose.from_viewpoint(*VIEW, distance_m=3 * scale)
        save_mask(tmp_path / "mask.png", rrb.render(mesh, pose, CAMERA, scale=scale).silhouette)
        mesh.save(tmp_path / "mesh.obj")
        height = float(pose.camera_centre_object[1]) - scale * float(mesh.bounding_box()[0, 1])
        assert rescale(tmp_path, *MASK, *ANGLES, *FOCAL, height=height) == 0
        found = rrb.Mesh.load(tmp_path / "scaled.obj").largest_extent
        assert found == pytest.approx(scale, rel=0.01), entry["name"]
