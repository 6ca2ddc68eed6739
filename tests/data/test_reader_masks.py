"""DAVIS and LabelMe in their published layouts: masks without cameras."""

import base64

import numpy as np
import pytest
from PIL import Image

from reader_files import cut, edit, jpeg, noise, write
from rrb.data.readers import davis, labelme
from rrb.errors import BadFileError, BadInputError

SIZE = (40, 56)


def indexed(path, values):
    """A palette picture, as DAVIS 2017 stores annotations."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(values.astype(np.uint8), "P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    picture.save(path)


def frame(count):
    """Two objects, the second from the second frame on."""
    values = np.zeros(SIZE, np.uint8)
    values[5 : 9 + count, 10:31] = 1
    if count:
        values[20:30, 3:8] = 2
    return values


@pytest.fixture
def videos(tmp_path):
    for name in ("boat", "car-turn"):
        for count in range(2):
            stem = f"480p/{name}/{count:05d}"
            write(tmp_path / f"JPEGImages/{stem}.jpg", jpeg(noise(count, SIZE)))
            indexed(tmp_path / f"Annotations/{stem}.png", frame(count))
    write(tmp_path / "ImageSets/2017/train.txt", "boat\n")
    write(tmp_path / "ImageSets/2017/val.txt", "car-turn\n")
    return tmp_path


# --- DAVIS ------------------------------------------------------------------------------------------


def test_every_frame_has_every_object(videos):
    samples = list(davis.read(videos))
    keys = [f"{n}-{f:05d}-{o}" for n in ("boat", "car-turn") for f in range(2) for o in (1, 2)]
    assert [s.key for s in samples] == keys
    for sample in samples:
        values = frame(int(sample.about["frame"]))
        assert (sample.mask == (values == sample.about["object"])).all()
        assert (sample.unknown == (values == 3 - sample.about["object"])).all()
    assert samples[1].mask.sum() == 0  # not seen yet
    assert samples[1].box_px is None
    assert samples[2].box_px == (10, 5, 31, 10)


def test_splits_and_sequences(videos):
    assert {(s.category, s.split) for s in davis.read(videos)} == {("boat", "train"), ("car-turn", "val")}
    assert {s.category for s in davis.read(videos, split="val")} == {"car-turn"}
    assert {s.category for s in davis.read(videos, sequence="boat")} == {"boat"}
    with pytest.raises(BadInputError, match="'camel'"):
        next(davis.read(videos, sequence="camel"))


def test_the_year_2016_names_pictures_and_masks_in_white(videos):
    for path in (videos / "ImageSets" / "2017").iterdir():
        path.unlink()
    line = "/JPEGImages/480p/{0}/00000.jpg /Annotations/480p/{0}/00000.png\n"
    write(videos / "ImageSets/480p/train.txt", line.format("car-turn"))
    for count in range(2):
        write(videos / f"Annotations/480p/car-turn/{count:05d}.png", frame(0) == 1)
    samples = list(davis.read(videos, split="train"))
    assert [s.key for s in samples] == ["car-turn-00000-255", "car-turn-00001-255"]
    assert (samples[1].mask == frame(0)).all()


def test_one_sequence_alone(videos, tmp_path):
    alone = tmp_path / "alone"
    for kind in ("JPEGImages", "Annotations"):
        (alone / kind).parent.mkdir(exist_ok=True)
        (videos / kind / "480p" / "boat").rename(alone / kind)
    assert next(davis.read(alone)).key == "alone-00000-1"
    with pytest.raises(BadInputError, match="one sequence alone"):
        next(davis.read(alone, sequence="boat"))


def test_frames_without_an_annotation_or_a_picture_are_named(videos):
    lost = videos / "Annotations/480p/boat/00001.png"
    kept = lost.read_bytes()
    lost.unlink()
    with pytest.raises(BadFileError, match=r"Annotations.*00001\.png: there is no such file"):
        list(davis.read(videos))
    write(lost, kept)
    (videos / "JPEGImages/480p/boat/00001.jpg").unlink()
    with pytest.raises(BadFileError, match=r"JPEGImages.*00001\.jpg: there is no such file"):
        list(davis.read(videos))


@pytest.mark.parametrize("name", ["JPEGImages/480p/boat/00001.jpg", "Annotations/480p/boat/00001.png"])
def test_pictures_cut_off_or_of_another_size_are_named(videos, name):
    cut(videos / name)
    with pytest.raises(BadFileError, match="00001"):
        list(davis.read(videos))
    picture = noise(0, SIZE[::-1])
    write(videos / name, jpeg(picture) if name.endswith("jpg") else picture)
    with pytest.raises(BadFileError, match="40x56 but is said to be 56x40"):
        list(davis.read(videos))


def test_annotations_in_colours_are_refused(videos):
    write(videos / "Annotations/480p/boat/00001.png", noise(0, SIZE))
    with pytest.raises(BadFileError, match="in colours"):
        list(davis.read(videos))


# --- LabelMe ----------------------------------------------------------------------------------------


def shape(label, points, group=None, kind="polygon"):
    return {"label": label, "points": points, "group_id": group, "shape_type": kind, "flags": {}}


def corners(top, bottom, left, right):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


@pytest.fixture
def drawings(tmp_path):
    shapes = [
        shape("sofa", corners(4, 9, 2, 30), group=0),
        shape("person", corners(6, 20, 10, 14)),
        shape("__ignore__", corners(30, 35, 40, 50)),
        shape("sofa", corners(20, 25, 2, 30), group=0),
        shape("person", [[31, 3], [36, 9]], kind="rectangle"),
    ]
    content = {"version": "4.0.0", "shapes": shapes, "imagePath": "photo_1.jpg", "imageData": None}
    write(tmp_path / "photo_1.json", content | {"imageHeight": SIZE[0], "imageWidth": SIZE[1]})
    write(tmp_path / "photo_1.jpg", jpeg(noise(1, SIZE)))
    return tmp_path


def area(*boxes):
    mask = np.zeros(SIZE, bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def test_groups_are_objects_and_what_is_ignored_is_unknown(drawings):
    sofa, person, other = list(labelme.read(drawings))
    assert [s.key for s in (sofa, person, other)] == ["photo_1-00", "photo_1-01", "photo_1-03"]
    sofas, one, ignored, two = (
        area((4, 9, 2, 30), (20, 25, 2, 30)), area((6, 20, 10, 14)), area((30, 35, 40, 50)), area((3, 9, 31, 36)),
    )  # fmt: skip
    assert (sofa.mask == sofas).all()
    assert (sofa.unknown == (one | ignored | two) & ~sofas).all()
    assert (person.mask == one).all()
    assert (other.mask == two).all()
    assert other.box_px == (31, 3, 36, 9)
    assert [s.category for s in labelme.read(drawings, category="sofa")] == ["sofa"]


def test_the_picture_may_lie_elsewhere_or_inside(drawings):
    first = next(labelme.read(drawings)).image
    write(drawings / "photos" / "p.jpg", (drawings / "photo_1.jpg").read_bytes())
    edit(drawings / "photo_1.json", lambda d: d.update(imagePath="photos\\p.jpg"))
    assert (next(labelme.read(drawings)).image == first).all()
    inside = base64.b64encode((drawings / "photo_1.jpg").read_bytes()).decode()
    edit(drawings / "photo_1.json", lambda d: d.update(imagePath="gone.jpg", imageData=inside))
    assert (next(labelme.read(drawings)).image == first).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["shapes"][1].update(shape_type="linestrip"), "shape 1 is a 'linestrip'"),
        (lambda d: d["shapes"][1].update(points=[[1, 2], [3]]), "points of shape 1"),
        (lambda d: d["shapes"][1].update(points=[[1, 2], [3, 4]]), "at least three corners"),
        (lambda d: d["shapes"][1].pop("label"), "label is needed"),
        (lambda d: d.update(shapes=None), "shapes are None"),
        (lambda d: d.update(imageHeight=0), "imageHeight"),
        (lambda d: d.update(imageHeight=41), "56x40 but is said to be 56x41"),
        (lambda d: d.update(imagePath="gone.jpg"), r"gone\.jpg: there is no such file"),
        (lambda d: d.update(imagePath="gone.jpg", imageData="@"), "no base64"),
        (lambda d: d["shapes"][1]["points"][0].__setitem__(0, float("nan")), "NaN"),
    ],
)
def test_broken_drawings_are_named(drawings, change, says):
    edit(drawings / "photo_1.json", change)
    with pytest.raises(BadFileError, match=says) as error:
        list(labelme.read(drawings))
    assert str(drawings) in str(error.value)


def test_a_folder_without_drawings_is_refused(tmp_path):
    with pytest.raises(BadFileError, match=r"no file that ends in \.json"):
        next(labelme.read(tmp_path))
