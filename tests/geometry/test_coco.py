"""Laws of COCO's masks: what pycocotools wrote is read, polygons hold the centres inside, bad input is a sentence."""

import json
import subprocess
import sys

import numpy as np
import pytest

import rrb
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.coco import coco_mask

Y, X = np.mgrid[:40, :60]
DISC = (X - 31) ** 2 + (Y - 17) ** 2 < 225

# What pycocotools 2.0.11 says: mask.encode(np.asfortranarray(picture.astype(np.uint8)))["counts"].
COMPRESSED = {
    "empty": (np.zeros((40, 60), bool), "P[2"),
    "full": (np.ones((40, 60), bool), "0P[2"),
    "disc": (DISC, "de0;k04M2M4M2O0O2N2O0O2O00000000000000000001N101N2N101N3L3N3LVa0"),
    "first pixel": ((X == 0) & (Y == 0), "01oZ2"),
    "last pixel": ((X == 59) & (Y == 39), "oZ21"),
    "ring": (
        ((X - 31) ** 2 + (Y - 17) ** 2 < 300) & ((X - 31) ** 2 + (Y - 17) ** 2 > 120),
        "na07n06K4L4M2N2N2N_OM02N20M050JO80G0;0D0<0DO>0A1?0@0`00@0`00@0`00@0`00@0`00@0`00AO?0B1<0D0<0E090H"
        "160K030N2N03a02N2N2N3L4L5J]=",
    ),
}
# mask.decode(mask.frPyObjects([POLYGON], 24, 30)), written as rows.
POLYGON = [4.3, 2.1, 26.7, 5.4, 20.2, 12.9, 27.5, 21.6, 10.1, 17.8, 2.4, 22.3]
PYCOCOTOOLS_ROWS = """
..............................
..............................
....###.......................
....##########................
....#################.........
....#######################...
....######################....
....#####################.....
....####################......
....###################.......
....##################........
...##################.........
...##################.........
...##################.........
...###################........
...###################........
...####################.......
...#####################......
...######.....###########.....
...####...........########....
...###.................####...
..##.......................#..
..............................
..............................
"""


def compressed(name: str) -> dict:
    mask, counts = COMPRESSED[name]
    return {"size": list(mask.shape), "counts": counts}


def runs_of(mask: np.ndarray) -> list[int]:
    """As COCO defines them: down the columns, pixels of 0 first."""
    flat = mask.T.reshape(-1)
    ends = np.concatenate((np.flatnonzero(np.diff(flat)) + 1, [flat.size]))
    lengths = np.diff(ends, prepend=0).tolist()
    return [0, *lengths] if flat[0] else lengths


def even_odd(corners: np.ndarray, height: int, width: int) -> np.ndarray:
    """How often a ray from each pixel's centre to the right meets the outline is odd."""
    y, x = np.mgrid[:height, :width] + 0.5
    odd = np.zeros((height, width), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, 0), strict=True):
        met = (y0 <= y) != (y1 <= y)
        at = x0 + (y - y0) * (x1 - x0) / (y1 - y0 if y1 != y0 else 1)
        odd ^= met & (at > x)
    return odd


def to_outline(corners: np.ndarray, height: int, width: int) -> np.ndarray:
    """Distance of each pixel's centre from the nearest edge, in pixels."""
    y, x = np.mgrid[:height, :width] + 0.5
    nearest = np.full((height, width), np.inf)
    for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
        e = b - a
        s = np.clip(((x - a[0]) * e[0] + (y - a[1]) * e[1]) / (e @ e), 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - a[0] - s * e[0], y - a[1] - s * e[1]))
    return nearest


# --- run lengths ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPRESSED)
def test_what_pycocotools_wrote_is_read(name):
    mask = coco_mask(compressed(name))
    assert mask.dtype == np.float32
    assert mask.flags.c_contiguous
    np.testing.assert_array_equal(mask, COMPRESSED[name][0])


def test_runs_longer_than_three_characters():
    """A few pixels at the foot of columns 301 to 303, and one full column: differences of 2**18."""
    y, x = np.mgrid[:600, :800]
    mask = (x > 300) & (y > 590) & (x < 304) | (x == 700)
    found = coco_mask({"size": [600, 800], "counts": "Wn`59_b0000a^W7_b0XoaJ"})  # pycocotools, as above
    np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (5, 9), (40, 31)])
def test_plain_runs_come_back(shape):
    random = np.random.default_rng(0)
    for share in (0.0, 0.1, 0.5, 1.0):
        mask = random.random(shape) < share
        found = coco_mask({"size": list(shape), "counts": runs_of(mask)})
        np.testing.assert_array_equal(found, mask)


def test_runs_of_length_zero_are_runs():
    np.testing.assert_array_equal(coco_mask({"size": [1, 4], "counts": [0, 1, 0, 1, 2]}), [[1, 1, 0, 0]])


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        ({"size": [2, 3], "counts": [1, 2]}, r"hold 3 pixels; .* 3 x 2"),
        ({"size": [2, 3], "counts": [4, -1, 3]}, "below 0"),
        ({"size": [2, 3], "counts": [2**62, 2**62, 2**62, 2**62, 6]}, "pixels; runs that add up"),
        ({"size": [2, 3], "counts": [2**70]}, "whole numbers"),
        ({"size": [2, 3], "counts": [1.5, 4.5]}, "whole numbers"),
        ({"size": [2, 3], "counts": [[1], [2, 3]]}, "whole numbers"),
        ({"size": [2, 3], "counts": []}, "whole numbers"),
        ({"size": [2, 3], "counts": {}}, "whole numbers"),
        ({"size": [2, 3], "counts": None}, "counts is None"),
        ({"size": [40, 60], "counts": "P[21"}, "2401 pixels"),
        ({"size": [40, 60], "counts": "P[2P"}, "cut off"),
        ({"size": [40, 60], "counts": ""}, "cut off"),
        ({"size": [40, 60], "counts": "P["}, "cut off"),
        ({"size": [40, 60], "counts": "P[ 2"}, "no compressed run lengths"),
        ({"size": [40, 60], "counts": "P[2é"}, "no compressed run lengths"),
        ({"size": [40, 60], "counts": "oooooooooooo1"}, "beyond any picture"),
        ({"size": [40, 60], "counts": "J"}, "below 0"),
        ({"counts": [6]}, "size is None"),
        ({"size": [6], "counts": [6]}, r"\[height, width\]"),
        ({"size": [0, 6], "counts": [0]}, r"\[height, width\]"),
        ({"size": [2.5, 2], "counts": [5]}, r"\[height, width\]"),
        ({"size": ["2", 3], "counts": [6]}, r"\[height, width\]"),
        ({"size": [float("inf"), 3], "counts": [6]}, r"\[height, width\]"),
        ({"size": [10**6, 10**6], "counts": [10**12]}, "at most 80000000"),
        ({"size": [10**30, 1], "counts": [10**30]}, r"\[height, width\]"),
    ],
)
def test_bad_run_lengths_are_one_sentence(segmentation, said):
    with pytest.raises(BadInputError, match=said) as caught:
        coco_mask(segmentation)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


# --- polygons -------------------------------------------------------------------------------------


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[float]:
    return [x0, y0, x1, y0, x1, y1, x0, y1]


def test_whole_pixels_are_whole_pixels():
    """(0, 0) is the outer corner of the first pixel and (W, H) that of the last."""
    expected = np.zeros((6, 8))
    expected[1:4, 2:7] = 1
    np.testing.assert_array_equal(coco_mask([rectangle(2, 1, 7, 4)], size=(6, 8)), expected)
    np.testing.assert_array_equal(coco_mask([rectangle(0, 0, 8, 6)], size=(6, 8)), 1)


@pytest.mark.parametrize("shift", [-0.49, 0.0, 0.5])
def test_a_pixel_is_in_if_its_centre_is(shift):
    expected = coco_mask([rectangle(2, 1, 7, 4)], size=(6, 8))
    moved = coco_mask([rectangle(2 + shift, 1 + shift, 7 + shift, 4 + shift)], size=(6, 8))
    np.testing.assert_array_equal(moved, expected)


@pytest.mark.parametrize("seed", range(20))
def test_polygons_are_even_odd(seed):
    """Also those that cross themselves, and leave the picture on all sides."""
    random = np.random.default_rng(seed)
    corners = random.uniform(-15, 55, (random.integers(3, 12), 2))
    found = coco_mask([corners.ravel().tolist()], size=(37, 43))
    np.testing.assert_array_equal(found, even_odd(corners, 37, 43))


def test_edges_are_taken_in_batches(monkeypatch):
    corners = np.random.default_rng(5).uniform(0, 40, (30, 2))
    monkeypatch.setattr("rrb.geometry.polygon_fill._HELD_AT_ONCE", 50)
    found = coco_mask([corners.ravel().tolist()], size=(40, 40))
    np.testing.assert_array_equal(found, even_odd(corners, 40, 40))


def test_several_polygons_are_united():
    one, two = rectangle(1, 1, 5, 5), [8.0, 2, 8, 8, 2, 8]  # the box of the second holds much of the first
    both = coco_mask([one, two], size=(9, 9))
    np.testing.assert_array_equal(both, np.maximum(*(coco_mask([p], size=(9, 9)) for p in (one, two))))


def test_neighbours_leave_no_gap_and_share_no_pixel():
    """A ring is the triangles between its edges and any point: the edges that two of them share cancel exactly."""
    random = np.random.default_rng(3)
    for _ in range(50):
        ring, point = random.uniform(0, 40, (6, 2)), random.uniform(0, 40, 2)
        parity = np.zeros((40, 40))
        for a, b in zip(ring, np.roll(ring, -1, 0), strict=True):
            triangle = np.array([point, a, b])[:: random.choice([-1, 1])]
            parity += coco_mask([triangle.ravel().tolist()], size=(40, 40))
        np.testing.assert_array_equal(parity % 2, even_odd(ring, 40, 40))


def test_pycocotools_differs_along_the_outline_alone():
    rows = PYCOCOTOOLS_ROWS.split()
    theirs = np.array([[c == "#" for c in row] for row in rows])
    corners = np.array(POLYGON).reshape(-1, 2)
    ours = coco_mask([POLYGON], size=theirs.shape)
    different = ours != theirs
    assert different.sum() <= 20
    assert to_outline(corners, *theirs.shape)[different].max(initial=0) < 0.2


@pytest.mark.parametrize("far", [10**6, -(10**6)])
def test_polygons_far_outside_cover_nothing(far):
    assert not coco_mask([[far, 0, far, 5, far, 9]], size=(9, 9)).any()
    assert not coco_mask([[0, far, 5, far, 9, far]], size=(9, 9)).any()
    np.testing.assert_array_equal(coco_mask([rectangle(-1e6, -1e6, 1e6, 1e6)], size=(9, 9)), 1)


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        ([], "list of polygons"),
        ("abc", "list of polygons"),
        (None, "list of polygons"),
        ([[1, 2, 3, 4]], "three corners"),
        ([[1, 2, 3, 4, 5, 6, 7]], "three corners"),
        ([1, 2, 3, 4, 5, 6], "three corners"),
        ([[[1, 2], [3, 4], [5, 6]]], "three corners"),
        ([[1, 2, 3, 4, 5, "6"]], "three corners"),
        ([[1, 2, 3, 4, 5, [6]]], "three corners"),
        ([[1, 2, 3, 4, 5, None]], "three corners"),
        ([[1, 2, 3, 4, 5, float("nan")]], "three corners"),
        ([[1, 2, 3, 4, 5, 1e300]], "1000000 pixels"),
        ([[1, 2, 3, 4, 5, 10**400]], "three corners"),
    ],
)
def test_bad_polygons_are_one_sentence(segmentation, said):
    with pytest.raises(BadInputError, match=said) as caught:
        coco_mask({"id": 1, "segmentation": segmentation}, size=(8, 8))
    assert "\n" not in str(caught.value)


def test_polygons_need_a_size():
    with pytest.raises(BadInputError, match=r"size=\(height, width\)"):
        coco_mask([POLYGON])
    with pytest.raises(BadInputError, match="at most 80000000"):
        coco_mask([POLYGON], size=(10**5, 10**5))


# --- finding the segmentation ---------------------------------------------------------------------

IMAGES = [{"id": 4, "height": 40, "width": 60, "file_name": "a.jpg"}, {"id": 5, "height": 24, "width": 30}]


def annotation(number: int, image: int, segmentation: object) -> dict:
    """As instances_val2017.json holds them."""
    more = {"area": 1.0, "iscrowd": 0, "bbox": [0, 0, 1, 1], "category_id": 62}
    return {"id": number, "image_id": image, "segmentation": segmentation, **more}


def dataset(*annotations: dict) -> dict:
    return {"info": {}, "licenses": [], "images": IMAGES, "categories": [], "annotations": list(annotations)}


def test_every_layout_means_the_same(tmp_path):
    disc = compressed("disc")
    layouts = {
        "segmentation": (disc, None),
        "plain": ({"size": [40, 60], "counts": runs_of(DISC)}, None),
        "annotation": (annotation(7, 4, disc), None),
        "its id": (annotation(7, 4, disc), 7),
        "data set": (dataset(annotation(7, 4, disc)), None),
        "chosen": (dataset(annotation(3, 5, [POLYGON]), annotation(7, 4, disc)), 7),
        "by a name": (
            dataset({"id": "a", "segmentation": [POLYGON]}, {"id": "b", "segmentation": disc}),
            "b",
        ),
        "results": ([{"image_id": 4, "category_id": 62, "segmentation": disc, "score": 0.7}], None),
        "second result": ([{"segmentation": compressed("full")}, {"segmentation": disc}], 2),
    }
    for name, (data, number) in layouts.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(data))
        np.testing.assert_array_equal(rrb.load_mask(path, annotation=number), DISC, err_msg=name)
        np.testing.assert_array_equal(rrb.load_mask(path, annotation=number, size=(40, 60)), DISC)
        with pytest.raises(BadFileError, match="60x40 but 30x24 is asked for"):
            rrb.load_mask(path, annotation=number, size=(24, 30))


def test_the_size_of_polygons_is_their_images():
    data = dataset(annotation(1, 5, [POLYGON]), annotation(2, 4, [POLYGON]))
    assert coco_mask(data, 1).shape == (24, 30)
    assert coco_mask(data, 2).shape == (40, 60)
    np.testing.assert_array_equal(coco_mask(data, 1), coco_mask([POLYGON], size=(24, 30)))


@pytest.mark.parametrize(
    ("data", "number", "said"),
    [
        (dataset(*(annotation(i, 4, [POLYGON]) for i in (7, 8))), None, r"2 annotations; .* \(7, 8\)"),
        (dataset(*(annotation(i, 4, [POLYGON]) for i in range(50))), None, r"50 annotations; .*7, \.\.\.\)"),
        (dataset(annotation(7, 4, [POLYGON])), 8, "no annotation has the id 8; it holds 7"),
        (dataset(*[annotation(7, 4, [POLYGON])] * 2), 7, "2 annotations have the id 7"),
        (dataset(), None, "0 annotations; one is needed"),
        (dataset({"id": 7, "bbox": [0, 0, 1, 1]}), None, "annotation 7 has no segmentation"),
        (dataset(annotation(7, 9, [POLYGON])), None, "give size="),
        (dataset() | {"annotations": {"a": 1}}, None, "a list of objects"),
        (dataset() | {"annotations": [1]}, None, "a list of objects"),
        (dataset(annotation(7, 4, [POLYGON])) | {"images": 3}, None, "images is 3"),
        (dataset(annotation(7, 4, [POLYGON])) | {"images": [{"id": 4}]}, None, "height and width of image 4"),
        ([{"segmentation": [POLYGON]}, 5], None, "a list of objects"),
        ([{"segmentation": [POLYGON]}] * 2, None, r"\(1, 2\)"),
        (annotation(7, 4, [POLYGON]), 8, "id 8"),
        ([POLYGON], 8, "without an id"),
        ({"shapes": []}, None, "as COCO writes them"),
        (3, None, "as COCO writes them"),
        ([], None, "list of polygons"),
    ],
)
def test_what_cannot_be_chosen_is_one_sentence(tmp_path, data, number, said):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data))
    with pytest.raises(BadFileError, match=said) as caught:
        rrb.load_mask(path, annotation=number)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_what_is_no_json_is_one_sentence(tmp_path):
    path = tmp_path / "a.json"
    for content in (b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"size": [NaN, 1], "counts": [1]}'):
        path.write_bytes(content)
        with pytest.raises(BadFileError, match=r"a\.json: ") as caught:
            rrb.load_mask(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(BadFileError, match="no such file"):
        rrb.load_mask(tmp_path / "b.json")


def test_each_kind_of_file_has_its_own_choice(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(compressed("disc")))
    with pytest.raises(BadInputError, match="annotation= is accepted"):
        rrb.load_mask(tmp_path / "a.json", label=3)
    with pytest.raises(BadInputError, match="label= is accepted"):
        rrb.load_mask(tmp_path / "a.png", annotation=3)


def test_it_needs_numpy_alone():
    code = (
        "import sys, rrb.geometry.coco as c; c.coco_mask([[0, 0, 4, 0, 4, 4]], size=(4, 4));"
        "print(sorted({'torch', 'numba', 'scipy', 'skimage', 'PIL', 'pycocotools'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
