"""`rrb reconstruct`: its files agree with each other, its batches outlive every end, its refusals are sentences."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import distance_transform_edt

import rrb
import stub_recipe
from rrb.cli import _evaluate_methods
from rrb.cli import _reconstruct_files as files_of
from rrb.cli.main import main
from rrb.geometry.image_io import save_image, save_mask
from rrb.geometry.pose_io import load_pose
from rrb.networks import build
from rrb.recipes import reconstruct as face
from rrb.recipes import seeing
from rrb.viz.fit_picture import backdrop
from rrb.viz.overlay import contours
from rrb.viz.pictures import VERMILLION

LENS = ("--fov-deg", "45")
CAMERA = rrb.Camera.from_fov(45.0, width=96, height=72)
NAMES = ["a2", "a10", "b", "c"]  # in natural order
ALL = {"mesh.glb", "scene.glb", "overlay.png", "fit.gif", "pose.json"}


@pytest.fixture
def recipe(monkeypatch):
    """In the networks' place; that of masks sees what is not white."""
    made = stub_recipe.Recipe()
    monkeypatch.setattr(face, "RECIPES", dict.fromkeys(face.RECIPES, lambda: made))
    monkeypatch.setattr(build, "shipped", lambda name: (name, {}))
    monkeypatch.setattr(seeing, "predicted", lambda image, *_: (image.min(-1) < 200).astype(np.float32))
    return made


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    for i, name in enumerate(NAMES):
        stub_recipe.draw(folder / f"{name}.png", CAMERA, stub_recipe.pose(i))
    return folder


@pytest.fixture
def pictures(tmp_path, drawn):
    """Four chairs on white."""
    return Path(shutil.copytree(drawn, tmp_path / "pictures"))


@pytest.fixture
def drawings():
    """For tests that look at overlay.png and fit.gif, or compare with another process; see `quick`."""


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """Drawing takes its time: unless `drawings` is asked for, pictures are of four pixels."""

    def small(made):
        shown = np.full((2, 2, 3), int(made.found.line()["azimuth_deg"]), np.uint8)
        return shown, [shown, 255 - shown]

    if "drawings" not in request.fixturenames:
        monkeypatch.setattr(files_of, "pictures", small)


def reconstruct(place, *more, out=None):
    places = place if isinstance(place, list) else [place]
    return main(["reconstruct", *map(str, places), "--out", str(out or out_of(place)), *map(str, more)])


def out_of(place):
    """Beside the folder of pictures, also where one of them is meant."""
    first = place[0] if isinstance(place, list) else place
    return (first.parent.parent if first.suffix else first.parent) / "out"


def refusal(capsys, place, *more):
    """The one sentence; nothing was written."""
    assert reconstruct(place, *more) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert not out_of(place).exists()
    return lines[0]


def lines(out):
    text = (out / "results.jsonl").read_text()
    assert not text or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def table(out):
    return {line["name"]: line for line in lines(out)}


def done(recipe):
    """How many pictures the recipe was given since last asked."""
    count = len(recipe.calls)
    recipe.calls.clear()
    return count


def frames_of(path):
    with Image.open(path) as film:
        shown = []
        for i in range(film.n_frames):
            film.seek(i)
            shown.append(np.asarray(film.convert("RGB")).astype(int))
    return np.stack(shown)


def everything(folder):
    return {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def without_seconds(files):
    """With `seconds` and what else is measured by a clock left out of results.jsonl."""

    def timeless(data):
        rows = [json.loads(line) for line in data.decode().splitlines()]
        return [{k: v for k, v in row.items() if "seconds" not in k} for row in rows]

    return {p: timeless(data) if p.name == "results.jsonl" else data for p, data in files.items()}


# --- one picture ------------------------------------------------------------------------------------


def test_one_picture_has_its_files_its_words_and_its_line(pictures, recipe, drawings, capsys):
    assert reconstruct(pictures / "b.png", *LENS, "--camera-height-m", "1.5") == 0
    out = out_of(pictures)
    assert {p.name for p in out.iterdir()} == ALL | {"results.jsonl"}
    (line,) = lines(out)
    assert (line["name"], line["image"], line["error"], line["metric"]) == ("b", "b.png", None, True)
    assert line["azimuth_deg"] == pytest.approx(25 + 40)
    assert line["seconds"] > 0
    assert not line["at_border"]
    held = load_pose(out / "pose.json")
    assert (held.iou, held.camera) == (line["iou"], CAMERA)
    said = capsys.readouterr().out
    assert "azimuth 65.0, elevation 15.0, roll 3.0 degrees, 1.88 m away" in said
    assert all(name in said for name in (*ALL, "results.jsonl"))
    assert recipe.calls[0]["mask_from"] == "what differs from the plain background"


def test_files_that_were_written_draw_the_outline_that_is_shown(pictures, recipe, drawings):
    """Read back, mesh and pose give the orange line of overlay.png's first panel: all of it and no more."""
    reconstruct(pictures / "b.png", *LENS, "--camera-height-m", "2")
    out = out_of(pictures)
    held, mesh = load_pose(out / "pose.json"), rrb.Mesh.load(out / "mesh.glb")
    drawing = rrb.render(mesh, held.camera_from_object, held.camera)
    mask = drawing.silhouette
    behind = backdrop(mask)  # for the window, which is around the mask
    shown = np.asarray(Image.open(out / "overlay.png"))[12:]
    height, width = behind.mask.shape
    panel = shown[:height, 12 : 12 + width].astype(int)
    rows, columns = np.nonzero(np.abs(panel - VERMILLION).max(-1) < 40)
    points = np.stack((columns, rows), -1) + 0.5
    view = behind.view(held.camera)
    line = np.concatenate(contours(rrb.render(mesh, held.camera_from_object, view).silhouette))
    apart = np.linalg.norm(points[:, None] - line[None], axis=-1)
    assert apart.min(1).max() < 2.5
    assert np.quantile(apart.min(0), 0.99) < 2.5
    assert table(out)["b"]["iou"] == pytest.approx(
        stub_recipe.overlap(mesh, held.camera_from_object, CAMERA, recipe.calls[0]["mask"]), abs=1e-9
    )


@pytest.mark.parametrize(("more", "unit"), [(("--camera-height-m", "3"), "metre"), ((), "longest side")])
def test_files_say_whether_they_are_metres(pictures, recipe, more, unit):
    reconstruct(pictures / "b.png", *LENS, *more)
    out = out_of(pictures)
    for name in ("mesh.glb", "scene.glb"):
        data = (out / name).read_bytes()
        content = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
        assert unit in content["asset"]["extras"]["unit"]
        assert content["asset"]["extras"]["category"] == "chair"
    mesh = rrb.Mesh.load(out / "mesh.glb")
    assert mesh.largest_extent == pytest.approx(1.5 if more else 1.0)
    np.testing.assert_allclose(mesh.centre, 0, atol=1e-6)
    assert table(out)["b"]["metric"] == bool(more)


def test_the_film_is_the_fit_and_then_what_was_found(pictures, recipe, drawings):
    reconstruct(pictures / "b.png", *LENS)
    shown = frames_of(out_of(pictures) / "fit.gif")
    assert len(shown) == 6 + 1
    orange = [np.abs(frame - VERMILLION).max(-1) < 60 for frame in shown[:6]]
    away = distance_transform_edt(~orange[5])
    apart = [away[line].mean() for line in orange]
    assert apart == sorted(apart, reverse=True)
    assert apart[0] > 3
    green = np.array(stub_recipe.GREEN)
    assert (shown[6][..., 1] - shown[6][..., 0] < 60).all()  # the green chair is behind the grey one
    assert (np.abs(shown[5] - green).max(-1) < 70).any()


def test_the_way_is_drawn_the_same_whatever_the_size(pictures, recipe, drawings):
    outs = [pictures.parent / name for name in ("one", "two")]
    reconstruct(pictures / "b.png", *LENS, "--camera-height-m", "2", out=outs[0])
    reconstruct(pictures / "b.png", *LENS, "--camera-height-m", "6", out=outs[1])
    one, two = (frames_of(out / "fit.gif") for out in outs)
    assert np.abs(one[:6] - two[:6]).mean() < 0.1
    assert np.abs(one[0] - one[5]).mean() > 1


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ((), rrb.Camera.from_fov(50.0, width=96, height=72)),
        (("--focal-px", "100"), rrb.Camera.from_focal_px(100.0, width=96, height=72)),
        (("--fov-deg", "30"), rrb.Camera.from_fov(30.0, width=96, height=72)),
        (
            ("--focal-px", "100", "--principal-point", "40", "30"),
            rrb.Camera(100.0, 100.0, 40.5, 30.5, 96, 72),
        ),
        (("--camera", "camera.json"), rrb.Camera(90.0, 95.0, 40.0, 30.0, 96, 72)),
    ],
)
def test_the_camera_is_the_one_that_is_said(pictures, recipe, monkeypatch, more, expected):
    monkeypatch.chdir(pictures)
    rrb.Camera(90.0, 95.0, 40.0, 30.0, 96, 72).save("camera.json")
    assert reconstruct(pictures / "b.png", *more) == 0
    got = recipe.calls[0]["camera"]
    np.testing.assert_allclose(
        [got.fx_px, got.fy_px, got.cx_px, got.cy_px],
        [expected.fx_px, expected.fy_px, expected.cx_px, expected.cy_px],
    )
    assert bool(lines(out_of(pictures))[0]["notes"]) == (more == ())


def test_a_mask_may_be_given_and_may_hold_labels(pictures, recipe):
    truth = rrb.render(stub_recipe.chair(), stub_recipe.pose(2), CAMERA).silhouette >= 0.5
    save_mask(pictures.parent / "mask.png", truth)
    Image.fromarray(np.where(truth, 7, 3).astype(np.uint8)).save(pictures.parent / "labels.png")
    (pictures.parent / "masks").mkdir()
    save_mask(pictures.parent / "masks" / "b.png", truth)
    for more in (["mask.png"], ["labels.png", "--label", 7], ["masks"]):
        assert reconstruct(pictures / "b.png", *LENS, "--mask", pictures.parent / more[0], *more[1:]) == 0
    for call in recipe.calls:
        np.testing.assert_array_equal(call["mask"] >= 0.5, truth)
        assert call["mask_from"] == "given"


def hidden(path, *, more=0):
    """A mask of the right half of the pictures, or of some pixels more; and where it is."""
    unknown = np.arange(96) >= 48 - more
    save_mask(path, np.tile(unknown, (72, 1)))
    return unknown


def test_what_hides_the_object_is_told_the_recipe_and_drawn(pictures, recipe, drawings):
    unknown = hidden(pictures.parent / "hidden.png")
    assert reconstruct(pictures / "b.png", *LENS, out=pictures.parent / "bare") == 0
    assert reconstruct(pictures / "b.png", *LENS, "--unknown", pictures.parent / "hidden.png") == 0
    assert recipe.calls[0]["unknown"] is None
    assert (recipe.calls[1]["unknown"] == unknown).all()
    shown = [Image.open(pictures.parent / name / "overlay.png") for name in ("bare", "out")]
    assert np.abs(np.asarray(shown[0]).astype(int) - np.asarray(shown[1])).max() > 60
    one, other = (lines(pictures.parent / name)[0]["inputs"] for name in ("bare", "out"))
    assert one != other


def test_an_unknown_that_does_not_fit_is_a_sentence(pictures, recipe, capsys):
    save_mask(pictures.parent / "small.png", np.zeros((50, 60), bool))
    said = refusal(capsys, pictures / "b.png", *LENS, "--unknown", pictures.parent / "small.png")
    assert all(word in said for word in ("small.png", "60x50", "96x72"))
    hidden(pictures.parent / "all.png", more=48)
    said = refusal(capsys, pictures / "b.png", *LENS, "--unknown", pictures.parent / "all.png")
    assert "hides all" in said


def test_aeroplanes_are_airplanes(pictures, recipe):
    reconstruct(pictures, *LENS, "--category", "airplane")
    assert {call["category"] for call in recipe.calls} == {"aeroplane"}
    assert done(recipe) == 4
    assert reconstruct(pictures, *LENS, "--category", "aeroplane") == 0
    assert done(recipe) == 0


def test_a_picture_is_read_once(pictures, recipe, monkeypatch):
    from rrb.geometry import image_io

    decoded, decode = [], image_io._decode
    monkeypatch.setattr(image_io, "_decode", lambda data, path: decoded.append(path) or decode(data, path))
    assert reconstruct(pictures / "b.png", *LENS) == 0
    assert decoded == [pictures / "b.png"]


def test_an_object_at_the_border_is_done_and_said(pictures, recipe, capsys):
    with Image.open(pictures / "b.png") as picture:
        shown = np.asarray(picture.convert("RGB"))[:, :50]
    alpha = 255 * (shown != 255).any(-1, keepdims=True)
    assert alpha[:, -1].any()
    Image.fromarray(np.concatenate((shown, alpha), -1).astype(np.uint8)).save(pictures / "b.png")
    assert reconstruct(pictures / "b.png", *LENS) == 0
    assert recipe.calls[0]["mask_from"] == "the picture's alpha channel"
    assert lines(out_of(pictures))[0]["at_border"]
    assert "border" in capsys.readouterr().out


def test_not_accepted_is_said_and_no_failure(pictures, recipe, capsys):
    recipe.numbers = 1  # it knows but the first view
    assert reconstruct(pictures / "c.png", *LENS) == 0
    assert not lines(out_of(pictures))[0]["accepted"]
    assert "not accepted: the outlines overlap too little" in capsys.readouterr().out


# --- pictures of all kinds ----------------------------------------------------------------------------


def cmyk(path):
    with Image.open(path) as picture:
        picture.convert("CMYK").save(path.with_suffix(".tif"))
    return path.with_suffix(".tif")


def sixteen_bits(path):
    with Image.open(path) as picture:
        grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    save_image(path.with_suffix(".tif"), grey)
    return path.with_suffix(".tif")


def grey(path):
    with Image.open(path) as picture:
        picture.convert("L").save(path)
    return path


def turned(path):
    """Stored on its side; its EXIF says how to hold it."""
    with Image.open(path) as picture:
        exif = picture.getexif()
        exif[0x0112] = 6
        picture.transpose(Image.Transpose.ROTATE_90).save(path.with_suffix(".jpg"), exif=exif, quality=95)
    return path.with_suffix(".jpg")


def animated(path):
    with Image.open(path) as picture:
        other = Image.new("RGB", picture.size, "white")
        picture.convert("RGB").save(path.with_suffix(".gif"), save_all=True, append_images=[other])
    return path.with_suffix(".gif")


@pytest.mark.parametrize("kind", [cmyk, sixteen_bits, grey, turned, animated])
def test_pictures_of_every_kind_are_taken(pictures, recipe, kind):
    path = kind(pictures / "b.png")
    assert reconstruct(path, *LENS) == 0
    assert recipe.calls[0]["image"].shape == (72, 96, 3)
    assert lines(out_of(path))[0]["iou"] > 0.9
    assert lines(out_of(path))[0]["azimuth_deg"] == pytest.approx(65)


def test_the_mask_of_a_turned_picture_is_upright(pictures, recipe, capsys):
    path = turned(pictures / "b.png")
    upright = rrb.render(stub_recipe.chair(), stub_recipe.pose(2), CAMERA).silhouette
    save_mask(pictures.parent / "sideways.png", np.rot90(upright))
    said = refusal(capsys, path, *LENS, "--mask", pictures.parent / "sideways.png")
    assert "72x96" in said
    assert "96x72" in said
    save_mask(pictures.parent / "upright.png", upright)
    assert reconstruct(path, *LENS, "--mask", pictures.parent / "upright.png") == 0


def text(path):
    path.write_text("hello")


def nothing(path):
    path.unlink()


def one_pixel(path):
    save_image(path, np.zeros((1, 1, 3), np.uint8))


def huge(path):
    Image.new("1", (20_000, 20_000)).save(path)


def bomb(path):
    """A PNG whose header promises 4,000 million pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 65_000, 65_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:200])


def empty(path):
    """Transparent: its alpha says that nothing is there."""
    Image.new("RGBA", (96, 72), (255, 255, 255, 0)).save(path)


BAD = {
    text: "no picture",
    nothing: "no such file",
    one_pixel: "1x1",
    huge: "80000000",
    bomb: "pixels",
    cut_off: "broken",
    empty: "no object",
}


@pytest.mark.parametrize("spoil", BAD)
def test_pictures_that_cannot_be_used_are_a_sentence(pictures, recipe, capsys, spoil):
    spoil(pictures / "b.png")
    said = refusal(capsys, pictures / "b.png", *LENS)
    assert BAD[spoil] in said
    assert "b.png" in said
    assert not recipe.calls


@pytest.mark.parametrize("spoil", BAD)
def test_in_a_batch_they_are_named_and_skipped(pictures, recipe, capsys, spoil):
    spoil(pictures / "b.png")
    places = [pictures / f"{name}.png" for name in NAMES]
    assert reconstruct(places, *LENS, out=pictures.parent / "out") == 0
    rows = table(pictures.parent / "out")
    assert list(rows) == NAMES
    assert BAD[spoil] in rows["b"]["error"]
    assert [rows[name]["error"] for name in ("a2", "a10", "c")] == [None] * 3
    assert not (pictures.parent / "out" / "b").exists()
    said = capsys.readouterr().out
    assert "b: skipped: " in said
    assert "4 pictures: 3 accepted, 0 not accepted, 1 skipped" in said


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (["--camera-height-m", "-1"], "-1"),
        (["--camera-height-m", "0"], "0"),
        (["--camera-height-m", "1e6"], "1000000"),
        (["--camera-height-m", "1e-9"], "1e-09"),
        (["--camera-height-m", "nan"], "nan"),
        (["--category", "boat"], "'boat'"),
        (["--recipe", "best"], "'best'"),
        (["--fov-deg", "200"], "200"),
        (["--focal-px", "0"], "0"),
        (["--focal-px", "nan"], "nan"),
        (["--focal-px", "100", "--fov-deg", "40"], "--focal-px"),
        (["--principal-point", "3", "4"], "--focal-px"),
        (["--camera", "missing.json"], "missing.json"),
        (["--label", "3"], "--mask"),
        (["--mask", "missing.png"], "missing.png"),
        (["--unknown", "missing.png"], "missing.png"),
    ],
)
@pytest.mark.parametrize("batch", [False, True])
def test_options_that_cannot_be_used_are_a_sentence(pictures, recipe, capsys, monkeypatch, more, word, batch):
    monkeypatch.chdir(pictures.parent)
    if batch and "missing.png" in more:
        pytest.skip("a batch's masks are missing one by one")
    assert word in refusal(capsys, pictures if batch else pictures / "b.png", *more)
    assert not recipe.calls


def test_a_camera_of_another_size_is_a_sentence(pictures, recipe, capsys):
    rrb.Camera.from_fov(40.0, width=64, height=48).save(pictures.parent / "camera.json")
    said = refusal(capsys, pictures / "b.png", "--camera", pictures.parent / "camera.json")
    assert "64x48" in said
    assert "96x72" in said


def test_no_picture_is_a_sentence(recipe, capsys, tmp_path):
    assert main(["reconstruct", "--out", str(tmp_path / "out")]) == 2
    assert "no picture" in capsys.readouterr().err
    assert "no picture" in refusal(capsys, tmp_path)


def test_a_file_where_the_results_should_be_is_refused_before_the_work(pictures, recipe, capsys):
    (pictures.parent / "out").write_text("")
    assert reconstruct(pictures / "b.png", *LENS) == 2
    assert "is a file" in capsys.readouterr().err
    assert not recipe.calls


# --- weights -----------------------------------------------------------------------------------------


def missing(folder):
    pass


def damaged(folder):
    (folder / "occupancy.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{broken}")


def of_another_version(folder):
    import torch
    from safetensors.torch import save_file

    about = {"format": "rrb.weights/1", "network": "occupancy", "size": "small", "about": "{}"}
    save_file({"odd": torch.zeros(2)}, folder / "occupancy.safetensors", about)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    ("prepare", "word"), [(missing, "missing"), (damaged, "damaged"), (of_another_version, "another version")]
)
def test_weights_that_cannot_be_used_are_one_sentence(
    pictures, tmp_path, monkeypatch, capsys, prepare, word, batch
):
    folder = tmp_path / "weights"
    folder.mkdir()
    prepare(folder)
    monkeypatch.setattr(build, "_SHIPPED", folder)
    build.shipped.cache_clear()
    try:
        said = refusal(capsys, pictures if batch else pictures / "b.png", *LENS)
    finally:
        build.shipped.cache_clear()
    assert word in said
    assert "occupancy.safetensors" in said


# --- batches -----------------------------------------------------------------------------------------


def test_folders_and_files_mix_in_natural_order_and_none_comes_twice(pictures, recipe, capsys):
    stub_recipe.draw(pictures.parent / "z.png", CAMERA, stub_recipe.pose(0))
    (pictures / "notes.txt").write_text("no picture")
    (pictures / ".hidden.png").write_text("no picture")
    shutil.copytree(pictures, pictures / "within")
    places = [pictures.parent / "z.png", pictures, pictures / "within" / ".." / "a10.png"]
    out = pictures.parent / "out"
    assert reconstruct(places, *LENS, out=out) == 0
    assert [line["name"] for line in lines(out)] == ["z", *NAMES]
    assert [line["azimuth_deg"] for line in lines(out)] == pytest.approx([25, 25, 45, 65, 85])
    assert all({p.name for p in (out / name).iterdir()} == ALL for name in ["z", *NAMES])
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("[1/5, ")
    assert " left] z: chair, accepted (IoU 0.9" in said[0]


def test_equal_names_are_refused(pictures, recipe, capsys):
    shutil.copy(pictures / "b.png", pictures / "b.bmp")
    assert "several pictures are called b" in refusal(capsys, pictures, *LENS)


def test_masks_go_with_pictures_by_name(pictures, recipe, capsys):
    masks = pictures.parent / "masks"
    masks.mkdir()
    for i, name in enumerate(NAMES[:3]):
        truth = rrb.render(stub_recipe.chair(), stub_recipe.pose(3 - i), CAMERA).silhouette
        save_mask(masks / f"{name}.png", truth)
    assert reconstruct(pictures, *LENS, "--mask", masks) == 0
    rows = table(pictures.parent / "out")
    assert [rows[name]["azimuth_deg"] for name in NAMES[:3]] == pytest.approx([85, 65, 45])
    assert "none of c.png" in rows["c"]["error"]
    assert reconstruct(pictures, *LENS, "--mask", masks / "b.png", out=pictures.parent / "2") == 2
    assert "one mask" in capsys.readouterr().err
    assert not (pictures.parent / "2").exists()


def test_what_hides_objects_goes_with_pictures_by_name(pictures, recipe, capsys):
    folder = pictures.parent / "hidden"
    folder.mkdir()
    expected = [hidden(folder / f"{name}.png", more=i) for i, name in enumerate(NAMES[:3])]
    assert reconstruct(pictures, *LENS, "--unknown", folder) == 0
    assert [(call["unknown"] == e).all() for call, e in zip(recipe.calls, expected, strict=True)] == [
        True
    ] * 3
    assert "none of c.png" in table(pictures.parent / "out")["c"]["error"]
    done(recipe)
    hidden(folder / "a10.png", more=9)
    assert reconstruct(pictures, *LENS, "--unknown", folder) == 0
    assert done(recipe) == 1
    assert reconstruct(pictures, *LENS, "--unknown", folder / "b.png", out=pictures.parent / "2") == 2
    assert "one --unknown" in capsys.readouterr().err


def test_done_again_nothing_is_done(pictures, recipe, capsys):
    assert reconstruct(pictures, *LENS) == 0
    out = pictures.parent / "out"
    before = everything(out)
    assert done(recipe) == 4
    assert reconstruct(pictures, *LENS) == 0
    assert done(recipe) == 0
    assert everything(out) == before
    assert "4 of 4 were done before" in capsys.readouterr().out


def test_what_is_missing_changed_or_new_is_done(pictures, recipe):
    reconstruct(pictures, *LENS)
    out = pictures.parent / "out"
    done(recipe)
    (out / "b" / "fit.gif").unlink()
    stub_recipe.draw(pictures / "a2.png", CAMERA, stub_recipe.pose(3))
    stub_recipe.draw(pictures / "b7.png", CAMERA, stub_recipe.pose(1))
    assert reconstruct(pictures, *LENS) == 0
    assert done(recipe) == 3
    assert [line["name"] for line in lines(out)] == ["a2", "a10", "b", "b7", "c"]
    assert table(out)["a2"]["azimuth_deg"] == pytest.approx(85)
    assert reconstruct([pictures / "c.png", pictures / "a2.png"], *LENS) == 0
    assert done(recipe) == 0
    assert sorted(table(out)) == ["a10", "a2", "b", "b7", "c"]


@pytest.mark.parametrize(
    "more",
    [
        ["--fov-deg", "46"],
        ["--focal-px", "90"],
        [],
        [*LENS, "--camera-height-m", "1"],
        [*LENS, "--category", "chair"],
        [*LENS, "--recipe", "rrb-paper"],
    ],
)
def test_other_options_are_refused_and_change_nothing(pictures, recipe, capsys, more):
    reconstruct(pictures, *LENS)
    out = pictures.parent / "out"
    before = everything(out)
    done(recipe)
    assert reconstruct(pictures, *more) == 2
    assert "other options" in capsys.readouterr().err
    assert everything(out) == before
    (out / "batch.json").unlink()
    assert reconstruct(pictures, *more) == 0
    assert done(recipe) == 4


def test_other_weights_are_refused_and_change_nothing(pictures, recipe, capsys, monkeypatch):
    monkeypatch.setattr(_evaluate_methods, "weights_said", lambda: {"mask": "0" * 16, "viewpoint": "1" * 16})
    reconstruct(pictures, *LENS)
    before = everything(pictures.parent / "out")
    done(recipe)
    monkeypatch.setattr(_evaluate_methods, "weights_said", lambda: {"mask": "0" * 16, "viewpoint": "2" * 16})
    assert reconstruct(pictures, *LENS) == 2
    said = capsys.readouterr().err
    assert "weights was" in said
    assert "--weights" not in said
    assert everything(pictures.parent / "out") == before
    assert not recipe.calls


def test_one_picture_is_not_written_over_a_batch(pictures, recipe, capsys):
    reconstruct(pictures, *LENS)
    before = everything(pictures.parent / "out")
    assert reconstruct(pictures / "b.png", *LENS) == 2
    assert "holds a batch" in capsys.readouterr().err
    assert everything(pictures.parent / "out") == before


def test_if_nothing_can_be_done_it_is_two(pictures, recipe, capsys):
    for name in NAMES:
        (pictures / f"{name}.png").write_text("hello")
    assert reconstruct(pictures, *LENS) == 2
    assert "none of the 4" in capsys.readouterr().err


def test_a_fault_of_ours_does_not_stop_the_others(pictures, recipe, capsys):
    def answer(recipe):
        if len(recipe.calls) == 2:
            raise ZeroDivisionError("division\nby zero")

    recipe.answer = answer
    assert reconstruct(pictures, *LENS) == 1
    assert "ZeroDivisionError: division by zero" in table(pictures.parent / "out")["a10"]["error"]
    recipe.answer = None
    assert reconstruct(pictures, *LENS) == 0  # mended
    assert [line["error"] for line in lines(pictures.parent / "out")] == [None] * 4


# --- killed and stopped -------------------------------------------------------------------------------


class Stopped(BaseException):
    """The end of a process, as far as it can be had within one."""


def ended_at_write(number, monkeypatch, act):
    """Whether act() was ended there: at the number-th end of a file's bytes or replacement of a file."""
    count, real = 0, {name: getattr(os, name) for name in ("replace", "fsync")}

    def counted(name):
        def call(*args):
            nonlocal count
            count += 1
            if count != number or name == "replace":
                real[name](*args)
            if count >= number:
                raise Stopped

        return call

    with monkeypatch.context() as patched:
        for name in real:
            patched.setattr(os, name, counted(name))
        try:
            act()
        except Stopped:
            return True
        return False


def test_ended_at_any_write_it_continues_to_the_same_bytes(pictures, recipe, monkeypatch):
    """Before each replacement of a file and after it, and before and after each line."""
    for name in ("a10", "c"):
        (pictures / f"{name}.png").unlink()
    (pictures / "a99.png").write_text("no picture")
    whole, out = pictures.parent / "whole", pictures.parent / "out"
    reconstruct(pictures, *LENS, out=whole)
    expected = without_seconds(everything(whole))
    ends = 0
    while ended_at_write(ends + 1, monkeypatch, lambda: reconstruct(pictures, *LENS)):
        ends += 1
        for line in lines(out) if (out / "results.jsonl").exists() else []:
            assert line["error"] or {p.name for p in (out / line["name"]).iterdir()} == ALL
        for pose in out.glob("*/pose.json"):
            assert {p.name for p in pose.parent.iterdir()} >= ALL
            load_pose(pose)
        assert reconstruct(pictures, *LENS) == 0
        assert without_seconds(everything(out)) == expected
        shutil.rmtree(out)
    assert ends > 20
    assert without_seconds(everything(out)) == expected


CHILD = """
import signal, sys
sys.path.insert(0, {tests!r})
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
import stub_recipe

def answer(recipe):
    if len(recipe.calls) == 3:
        print("waiting", flush=True)
        sys.stdin.read()

stub_recipe.Recipe(answer).install()
from rrb.cli.main import main
sys.exit(main({arguments!r}))
"""


def stopped(pictures, number):
    """A process that was sent a signal while its third picture was under way: (exit code, stderr)."""
    arguments = ["reconstruct", str(pictures), *LENS, "--out", str(pictures.parent / "out")]
    code = CHILD.format(tests=str(Path(stub_recipe.__file__).parent), arguments=arguments)
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    child = subprocess.Popen([sys.executable, "-c", code], text=True, **pipes)
    for line in child.stdout:
        if line == "waiting\n":
            child.send_signal(number)
            break
    _, said = child.communicate()
    return child.returncode, said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_killed_or_stopped_in_the_middle_it_continues(pictures, recipe, drawings, number, code):
    out, whole = pictures.parent / "out", pictures.parent / "whole"
    ended, said = stopped(pictures, number)
    assert ended == code
    if code == 130:
        assert said.strip().splitlines() == ["rrb: stopped with 2 of 4 done; the same command continues"]
    assert [line["name"] for line in lines(out)] == NAMES[:2]
    assert reconstruct(pictures, *LENS) == 0
    assert done(recipe) == 2
    reconstruct(pictures, *LENS, out=whole)
    assert without_seconds(everything(out)) == without_seconds(everything(whole))


def test_half_a_line_is_no_line_and_a_foreign_file_is_refused(pictures, recipe, capsys):
    reconstruct(pictures, *LENS)
    path = pictures.parent / "out" / "results.jsonl"
    data = path.read_bytes()
    done(recipe)
    path.write_bytes(data[:-20])
    assert reconstruct(pictures, *LENS) == 0
    assert done(recipe) == 1
    path.write_text("hello\n")
    assert reconstruct(pictures, *LENS) == 2
    assert "line 1" in capsys.readouterr().err
    assert path.read_text() == "hello\n"


# --- pictures of it ------------------------------------------------------------------------------------


def test_what_else_it_might_be_is_drawn_if_it_is_likely(pictures, recipe, drawings):
    item = files_of.Item(pictures / "b.png", None, None)
    image = np.asarray(Image.open(pictures / "b.png"))
    mask = (image != 255).any(-1).astype(np.float32)
    found = stub_recipe.found(image, mask, CAMERA)
    unlikely = replace(found, hypotheses=(found.hypotheses[0], replace(found.hypotheses[1], weight=0.001)))
    shown = [files_of.pictures(files_of.Made(item, image, None, f, 1.0))[0] for f in (found, unlikely)]
    assert shown[0].shape[1] > shown[1].shape[1] + 290
