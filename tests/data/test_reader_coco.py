"""COCO's instances in the published layout: polygons, run lengths plain and compressed, crowds."""

import numpy as np
import pytest

from reader_files import cut, edit, jpeg, noise, write
from rrb.data.readers.coco import read
from rrb.errors import BadFileError, BadInputError

SIZE = (30, 44)  # height, width
ANNOTATIONS = "annotations/instances_val2017.json"


def shape_l():
    """An L that neither a mirror nor a transpose leaves alike, drawn with whole corners."""
    mask = np.zeros(SIZE, bool)
    mask[4:20, 6:11] = True
    mask[15:20, 6:25] = True
    return mask


L_POLYGON = [6.0, 4.0, 11.0, 4.0, 11.0, 15.0, 25.0, 15.0, 25.0, 20.0, 6.0, 20.0]


def block(top, bottom, left, right):
    mask = np.zeros(SIZE, bool)
    mask[top:bottom, left:right] = True
    return mask


def counts(mask):
    """Lengths of runs of 0, 1, 0, ... down the columns."""
    runs, value = [0], False
    for pixel in mask.T.reshape(-1):
        if pixel != value:
            runs.append(0)
            value = pixel
        runs[-1] += 1
    return runs


def compressed(runs):
    """As COCO's text: five bits a character, the lowest first, differences from the one two before."""
    text = ""
    for i, run in enumerate(runs):
        left = run - (runs[i - 2] if i > 2 else 0)
        more = True
        while more:
            bits = left & 31
            left >>= 5
            more = left != (-1 if bits & 16 else 0)
            text += chr(48 + bits + (32 if more else 0))
    return text


@pytest.fixture
def toy(tmp_path):
    """Two pictures: an L, a block that covers part of its corner, a crowd; and a chair alone."""
    small, crowd = block(16, 24, 20, 30), block(0, 6, 30, 44)
    rows = [
        {"id": 11, "image_id": 139, "category_id": 62, "segmentation": [L_POLYGON], "bbox": [6, 4, 19, 16],
         "iscrowd": 0, "area": 150.0},
        {"id": 7, "image_id": 139, "category_id": 67, "iscrowd": 0, "bbox": [20, 16, 10, 8], "area": 80.0,
         "segmentation": {"size": list(SIZE), "counts": counts(small)}},
        {"id": 900100, "image_id": 139, "category_id": 62, "iscrowd": 1, "bbox": [30, 0, 14, 6], "area": 84.0,
         "segmentation": {"size": list(SIZE), "counts": counts(crowd)}},
        {"id": 12, "image_id": 25, "category_id": 62, "iscrowd": 0, "bbox": [6, 4, 19, 16], "area": 150.0,
         "segmentation": {"size": list(SIZE), "counts": compressed(counts(shape_l()))}},
    ]  # fmt: skip
    images = [
        {"id": i, "file_name": f"{i:012d}.jpg", "height": SIZE[0], "width": SIZE[1], "license": 2}
        for i in (139, 25, 1000)
    ]
    categories = [
        {"id": 62, "name": "chair"},
        {"id": 67, "name": "dining table", "supercategory": "furniture"},
    ]
    write(tmp_path / ANNOTATIONS, {"images": images, "annotations": rows, "categories": categories})
    for i in (139, 25, 1000):
        write(tmp_path / "val2017" / f"{i:012d}.jpg", jpeg(noise(i, SIZE)))
    return tmp_path


def test_one_sample_an_instance_by_picture(toy):
    samples = list(read(toy))
    assert [s.about["annotation_id"] for s in samples] == [12, 7, 11]
    assert [s.category for s in samples] == ["chair", "dining table", "chair"]
    assert {(s.split, s.source, s.mesh_id) for s in samples} == {("val", "coco", "")}
    assert [s.about["crowds_in_picture"] for s in samples] == [0, 1, 1]
    assert samples[0].camera is None
    assert samples[0].camera_from_object is None


def test_polygons_and_both_run_lengths_are_the_same_mask(toy):
    by_text, by_counts, by_polygon = list(read(toy))
    assert (by_text.mask == shape_l()).all()
    assert (by_polygon.mask == shape_l()).all()
    assert (by_counts.mask == block(16, 24, 20, 30)).all()


def test_the_box_is_around_the_mask(toy):
    for sample in read(toy):
        y, x = np.nonzero(sample.mask)
        assert sample.box_px == (x.min(), y.min(), x.max() + 1, y.max() + 1)


def test_other_instances_and_crowds_are_unknown_but_where_the_mask_is(toy):
    alone, table, chair = list(read(toy))
    crowd, small = block(0, 6, 30, 44), block(16, 24, 20, 30)
    assert not alone.unknown.any()
    assert (chair.unknown == (crowd | small) & ~shape_l()).all()
    assert (table.unknown == (crowd | shape_l()) & ~small).all()


def test_one_category_and_the_other_place_of_pictures(toy):
    (toy / "images").mkdir()
    (toy / "val2017").rename(toy / "images" / "val2017")
    (sample,) = read(toy, category="dining table")
    assert sample.about["annotation_id"] == 7
    assert sample.unknown.any()  # by annotations of the other category


def test_pictures_that_nothing_is_annotated_in_are_not_opened(toy):
    (toy / "val2017" / f"{1000:012d}.jpg").unlink()
    assert len(list(read(toy))) == 3


# --- what is missing or broken ----------------------------------------------------------------------


def test_a_missing_picture_is_named(toy):
    path = toy / "val2017" / f"{139:012d}.jpg"
    path.unlink()
    with pytest.raises(BadFileError) as error:
        list(read(toy))
    assert str(error.value).startswith(str(path))


def test_a_picture_cut_off_or_of_another_size_is_named(toy):
    path = toy / "val2017" / f"{25:012d}.jpg"
    cut(path)
    with pytest.raises(BadFileError, match="cut off") as error:
        list(read(toy))
    assert str(error.value).startswith(str(path))
    write(path, jpeg(noise(0, SIZE[::-1])))
    with pytest.raises(BadFileError, match="30x44 but is said to be 44x30"):
        list(read(toy))


def change_row(number, **changes):
    return lambda data: data["annotations"][number].update(changes)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (change_row(1, segmentation={"size": list(SIZE), "counts": [3, 4, 5]}), "annotation 7: .* 12 pixels"),
        (change_row(3, segmentation={"size": list(SIZE), "counts": "o0"}), "annotation 12"),
        (
            change_row(1, segmentation={"size": [44, 30], "counts": [1320]}),
            "annotation 7: .* 30x44 but 44x30",
        ),
        (change_row(0, segmentation=[[1, 2, 3]]), "annotation 11: a polygon"),
        (lambda d: d["annotations"][0].pop("segmentation"), "annotation 11: .* segmentation is needed"),
        (change_row(0, image_id=404), "annotation 11 has the image_id 404"),
        (change_row(0, category_id=1), "annotation 11 has the category_id 1"),
        (change_row(0, id=7), "annotation 7; unique"),
        (change_row(0, bbox=[1, 2, None, 4]), "annotation 11: bbox"),
        (change_row(0, bbox=[1, 2, 3]), "annotation 11: bbox"),
        (change_row(0, bbox=[1, 2, -3, 4]), "annotation 11: bbox"),
        (change_row(0, iscrowd=2), "iscrowd 2"),
        (lambda d: d["images"][0].update(width=0), "image 139: .* width"),
        (lambda d: d["images"][1].update(id=139), "image 139; unique"),
        (lambda d: d["images"][0].pop("file_name"), "file_name is needed"),
        (lambda d: d.pop("categories"), "categories is needed"),
        (lambda d: d.update(annotations={}), "annotation rows"),
        (change_row(0, bbox=[float("nan"), 0, 1, 1]), "NaN"),
    ],
)
def test_a_broken_entry_is_named(toy, change, says):
    edit(toy / ANNOTATIONS, change)
    with pytest.raises(BadFileError, match=says) as error:
        list(read(toy))
    assert str(toy / ANNOTATIONS) in str(error.value)


def test_missing_folders_and_wrong_choices(toy):
    with pytest.raises(BadInputError, match="chair, dining table are accepted"):
        next(read(toy, category="sofa"))
    with pytest.raises(BadFileError, match=r"instances_train2017\.json: there is no such file"):
        next(read(toy, split="train2017"))
    (toy / "val2017").rename(toy / "pictures")
    with pytest.raises(BadFileError, match="no such folder"):
        next(read(toy))
