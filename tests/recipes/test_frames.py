"""What a tracker is shown: folders, videos, times, masks."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from rrb.errors import BadFileError, BadInputError
from rrb.geometry.image_io import save_image, save_mask
from rrb.geometry.primitives import box
from rrb.recipes import frames
from rrb.recipes.frames import MaskFolder, frames_of, masks_in, meshes_of, times_of


def picture(value: int) -> np.ndarray:
    return np.full((6, 8, 3), value, np.uint8)


def mask(value: int) -> np.ndarray:
    inside = np.zeros((6, 8), np.float32)
    inside[2:4, : value + 1] = 1
    return inside


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    for number in (10, 9, 2):
        save_image(tmp_path / f"frame_{number}.png", picture(number))
    (tmp_path / "notes.txt").write_text("no picture")
    assert [frame.image[0, 0, 0] for frame in frames_of(tmp_path)] == [2, 9, 10]


def test_an_iterable_is_asked_one_by_one():
    asked = []

    def film():
        for number in range(3):
            asked.append(number)
            yield picture(number)

    seen = frames_of(film())
    assert next(seen).image[0, 0, 0] == 0
    assert asked == [0]


def test_names_that_are_seconds_are_times(tmp_path):
    for name in ("1341841278.842017", "1341841278.875"):
        save_image(tmp_path / f"{name}.png", picture(1))
    assert [frame.time_s for frame in frames_of(tmp_path)] == [1341841278.842017, 1341841278.875]
    save_image(tmp_path / "000001.png", picture(1))
    assert next(frames_of(tmp_path)).time_s is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (7, "7"),
        ([np.zeros((6, 8), np.uint8)], "(6, 8) of uint8"),
        ([np.zeros((6, 8, 3))], "float64"),
        ("nowhere.mp4", "no such file"),
    ],
)
def test_what_is_no_film_is_refused(given, said):
    with pytest.raises(BadInputError) as error:
        list(frames_of(given))
    assert said in str(error.value)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(BadFileError, match="no pictures"):
        list(frames_of(tmp_path))


# --- videos -------------------------------------------------------------------------------------------


def test_a_video_without_a_reader_names_both(tmp_path, monkeypatch):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"0")
    monkeypatch.setattr(frames, "find_spec", lambda name: None)
    with pytest.raises(BadInputError, match=r"OpenCV or PyAV.*opencv-python-headless.* av;"):
        frames_of(path)


def test_opencv_counts_blue_first(tmp_path, monkeypatch):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"0")
    left = [np.dstack([np.full((6, 8), v, np.uint8) for v in (1, 2, 3)])] * 2

    class Capture:
        def __init__(self, name):
            assert name == str(path)

        def isOpened(self):
            return True

        def get(self, what):
            return 25.0

        def read(self):
            return (True, left.pop()) if left else (False, None)

        def release(self):
            left.append("released")

    monkeypatch.setitem(sys.modules, "cv2", SimpleNamespace(VideoCapture=Capture, CAP_PROP_FPS=5))
    monkeypatch.setattr(frames, "find_spec", lambda name: name == "cv2" or None)
    film = list(frames_of(path))
    assert film[0].image[0, 0].tolist() == [3, 2, 1]
    assert [frame.time_s for frame in film] == [0.0, 1 / 25]
    assert left == ["released"]


# --- times and masks ----------------------------------------------------------------------------------


def test_times_of_a_file(tmp_path):
    path = tmp_path / "times.txt"
    path.write_text("# seconds\n0.5 first\n0.75\n\n")
    assert list(times_of(path)) == [0.5, 0.75]
    path.write_text("soon\n")
    with pytest.raises(BadFileError, match="no list of seconds"):
        list(times_of(path))


def test_masks_by_the_names_of_frames(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    save_mask(tmp_path / "a" / "000002.png", mask(2))
    save_mask(tmp_path / "b" / "000001.png", mask(1))
    folder = MaskFolder(tmp_path, ["b", "a"])
    first, second = folder(5, "000002")  # the name counts, where there is one
    assert first is None
    assert np.array_equal(second, mask(2))


def test_masks_by_number_where_frames_have_no_names(tmp_path):
    save_mask(tmp_path / "x9.png", mask(1))
    save_mask(tmp_path / "x10.png", mask(2))
    folder = MaskFolder(tmp_path, ["chair"])
    assert np.array_equal(folder(1, "")[0], mask(2))
    assert folder(2, "") == (None,)


def test_folders_of_other_names_are_refused(tmp_path):
    for name in ("table", "sofa"):
        (tmp_path / name).mkdir()
        save_mask(tmp_path / name / "0.png", mask(1))
    with pytest.raises(BadFileError, match="chair"):
        MaskFolder(tmp_path, ["chair", "sofa"])
    assert MaskFolder(tmp_path, None).names == ["sofa", "table"]


def test_one_folder_for_two_objects_is_refused(tmp_path):
    save_mask(tmp_path / "0.png", mask(1))
    with pytest.raises(BadFileError, match="one object but there are 2"):
        MaskFolder(tmp_path, ["chair", "sofa"])


def test_an_empty_mask_file_is_an_empty_mask(tmp_path):
    save_mask(tmp_path / "0.png", np.zeros((6, 8)))
    assert not MaskFolder(tmp_path, None)(0, "0")[0].any()


def test_masks_of_one_frame():
    assert masks_in(None) == ()
    assert len(masks_in(mask(1))) == 1
    assert len(masks_in([mask(1), None])) == 2
    with pytest.raises(BadInputError, match="7"):
        masks_in(7)


def test_meshes_and_their_names(tmp_path):
    box().save(tmp_path / "b.ply")
    box().save(tmp_path / "a.obj")
    assert meshes_of([tmp_path / "b.ply", tmp_path / "a.obj"])[1] == ["b", "a"]
    assert meshes_of([box(), box()])[1] == ["object 0", "object 1"]
    assert meshes_of({"chair": box()})[1] == ["chair"]
    assert meshes_of(tmp_path)[1] == ["b"]
    with pytest.raises(BadInputError, match="7"):
        meshes_of([7])
