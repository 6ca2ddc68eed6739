"""The tracker's laws, on films of a few frames that are drawn here."""

import numpy as np
import pytest

import rrb
from rrb.errors import BadInputError
from rrb.geometry.image_io import save_image, save_mask
from rrb.geometry.pose import Pose
from rrb.recipes._track_film import Film as Recording
from rrb.recipes.track import Tracker, track
from track_films import Film, chair, film, stool


@pytest.fixture(scope="module")
def one() -> Film:
    return film([chair()], frames=9)


@pytest.fixture(scope="module")
def two() -> Film:
    return film([chair(), stool()], places=[(-0.45, 0.0), (0.45, 0.3)], frames=9)


def tracked(shown: Film, masks=None, **options):
    masks = shown.masks if masks is None else masks
    return track([None] * len(masks), shown.camera, meshes=shown.meshes, masks=masks, **options)


def off_m(path, shown: Film, frames=slice(None)) -> float:
    """The largest error of the camera's place; both worlds are the first object's frame."""
    difference = path.world_from_camera.translation - shown.world_from_camera.translation
    return float(np.linalg.norm(difference[frames], axis=1).max())


def same_bits(path, other) -> bool:
    mine, theirs = path.world_from_camera, other.world_from_camera
    return np.array_equal(mine.rotation, theirs.rotation) and np.array_equal(
        mine.translation, theirs.translation
    )


# --- the path -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("smooth", [False, True])
def test_the_path_is_recovered(one, smooth):
    path = tracked(one, smooth=smooth)
    assert path.known.all()
    assert path.confidence.min() > 0.7
    assert off_m(path, one) < 0.04  # of 2 m, on 160 pixels
    degrees, _ = path.world_from_camera.distance(one.world_from_camera)
    assert degrees.max() < 1.0


def test_the_map_is_recovered(two):
    path = tracked(two)
    degrees, metres = path.world_from_objects[1].distance(two.world_from_objects[1])
    assert degrees < 0.7
    assert metres < 0.01
    assert off_m(path, two) < 0.02


def test_the_order_of_objects_changes_names_alone(two):
    path = tracked(two)
    other = track(
        [None] * len(two.masks),
        two.camera,
        meshes={"stool": two.meshes[1], "chair": two.meshes[0]},
        masks=[masks[::-1] for masks in two.masks],
    )
    assert other.object_names == ("stool", "chair")
    moved = path.world_from_objects[1].inverse() @ path.world_from_camera  # into the other's world
    _, metres = moved.distance(other.world_from_camera)
    assert metres.max() < 0.01


def test_reversed_time_gives_the_reversed_path(one):
    path, back = tracked(one), tracked(one, masks=one.masks[::-1])
    _, metres = path.world_from_camera.distance(back.world_from_camera[::-1])
    assert metres.max() < 0.02


def test_time_may_begin_anywhere(one):
    times = np.arange(len(one.masks)) / 25.0
    path, later = tracked(one, times_s=times), tracked(one, times_s=times + 1024.0)  # exact in binary
    assert np.allclose(later.times_s, path.times_s + 1024.0, atol=1e-9)
    _, metres = path.world_from_camera.distance(later.world_from_camera)
    assert metres.max() < 1e-4
    assert path.states == later.states


def test_the_same_bits_twice(two):
    assert same_bits(tracked(two), tracked(two))


# --- what goes missing --------------------------------------------------------------------------------


def test_an_empty_mask_is_a_loss_and_the_next_frame_is_found_again(one):
    masks = [list(masks) for masks in one.masks]
    masks[4] = [np.zeros_like(masks[4][0])]
    steps = list(Tracker(one.camera, one.meshes).follow([None] * len(masks), masks))
    assert [step.known for step in steps] == [n != 4 for n in range(len(masks))]
    assert steps[4].state == "predicted"
    assert steps[4].confidence == 0
    assert steps[4].objects[0].state == "not seen"
    assert steps[5].state == "found again"
    assert steps[6].state == "tracked"


def test_nothing_at_all_is_no_error(one):
    path = tracked(one, masks=[None] * 3)
    assert not path.known.any()
    assert "no object was found" in path.notes[-1]


@pytest.mark.parametrize("side", ["left", "top"])
def test_a_hidden_half_is_noticed(one, side):
    masks = [list(masks) for masks in one.masks]
    mask = masks[5][0].copy()
    rows, columns = np.nonzero(mask)
    if side == "left":
        mask[:, : int(np.median(columns))] = 0
    else:
        mask[: int(np.median(rows))] = 0
    masks[5] = [mask]
    path = tracked(one, masks)
    assert path.states[5] in ("partly hidden", "predicted")
    others = np.delete(path.confidence, 5)
    assert path.confidence[5] < 0.7 * others.min()
    assert off_m(path, one) < 0.06


def test_another_object_in_the_mask_is_no_unnoticed_loss(one):
    """From some frame on the mask shows something else."""
    masks = [list(masks) for masks in one.masks]
    for n in range(5, len(masks)):
        other = np.zeros_like(masks[n][0])
        other[70:80, 20:140] = other[20:140, 75:83] = 1
        masks[n] = [other]
    path = tracked(one, masks)
    assert path.confidence[:5].min() > 0.7
    assert path.confidence[5:].max() < 0.5


def test_one_of_two_leaves_and_comes_back(two):
    masks = [list(masks) for masks in two.masks]
    for n in (3, 4, 5):
        masks[n][0] = None
    steps = list(Tracker(two.camera, two.meshes).follow([None] * len(masks), masks))
    assert all(step.known for step in steps)
    assert steps[4].objects[0].state == "not seen"
    path = tracked(two, masks)
    assert path.known.all()
    assert off_m(path, two) < 0.03


def test_an_object_that_is_never_beside_the_first_is_said(two):
    masks = [[a, None] if n < 4 else [None, b] for n, (a, b) in enumerate(two.masks)]
    path = tracked(two, masks)
    assert path.known[:4].all()
    assert any("never seen together" in note for note in path.notes)


# --- what is accepted ---------------------------------------------------------------------------------


def test_a_folder_is_the_same_as_an_iterable(two, tmp_path):
    frames, masks = tmp_path / "frames", tmp_path / "masks"
    frames.mkdir()
    for n, pictures in enumerate(two.masks):
        save_image(frames / f"{n}.png", np.zeros((*pictures[0].shape, 3), np.uint8))
        for name, mask in zip(("chair", "stool"), pictures, strict=True):
            (masks / name).mkdir(parents=True, exist_ok=True)
            save_mask(masks / name / f"{n}.png", mask)
    files = []
    for name, mesh in zip(("chair", "stool"), two.meshes, strict=True):
        files.append(tmp_path / f"{name}.ply")
        mesh.save(files[-1])
    path = track(frames, two.camera, meshes=files, masks=masks)
    assert path.object_names == ("chair", "stool")
    assert same_bits(path, tracked(two))


def test_streaming_sees_frame_by_frame(one):
    """A step comes before the next frame is asked for."""
    asked = []

    def masks():
        for n, mask in enumerate(one.masks):
            asked.append(n)
            yield mask

    steps = Tracker(one.camera, one.meshes).follow(iter([None] * len(one.masks)), masks())
    assert next(steps).frame == 0
    assert next(steps).frame == 1
    assert asked == [0, 1]


def test_a_recording_gives_the_path_so_far(one):
    recording = Recording(Tracker(one.camera, one.meshes))
    for mask in one.masks[:4]:
        recording.add(None, mask)
    assert len(recording.trajectory()) == 4
    recording.add(None, one.masks[4])
    assert len(recording.trajectory(smooth=False)) == 5


def test_refined_meshes_are_used(one):
    """Begun with a mesh that is too large, a refiner that knows the size brings the truth back."""
    large = one.meshes[0].with_vertices(1.05 * one.meshes[0].vertices)
    asked = []

    def refine(views, camera, meshes):
        asked.extend(views)
        return one.meshes

    images = [np.zeros((*masks[0].shape, 3), np.uint8) for masks in one.masks]
    path = track(images, one.camera, meshes=[large], masks=one.masks, refine=refine)
    assert asked
    assert all(view.camera_from_objects[0] is not None and view.masks[0] is not None for view in asked)
    assert off_m(path, one) < 0.05


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"masks": [np.zeros((5, 7), np.float32)] * 2}, "7x5"),
        ({"masks": [None]}, "1 masks but more frames"),
        ({"masks": [[None, None, None]] * 2}, "3 masks but there are 1"),
        ({"meshes": []}, "no meshes"),
        ({"times_s": [0.0, 0.0]}, "increase"),
        ({"times_s": [0.0]}, "1 times_s but more frames"),
        ({"masks": None}, "neither a picture nor masks"),
    ],
)
def test_bad_input_is_one_sentence(one, change, said):
    options = {"meshes": one.meshes, "masks": one.masks[:2], **change}
    with pytest.raises(BadInputError, match=said):
        track([None, None], one.camera, **options)


def test_a_picture_of_another_size_is_refused(one):
    with pytest.raises(BadInputError, match="the camera's image is"):
        Tracker(one.camera, one.meshes).step(np.zeros((20, 30, 3), np.uint8), one.masks[0])


def test_public_names():
    assert rrb.track is track
    assert rrb.Tracker is Tracker
    assert isinstance(tracked(film([chair()], frames=2)), rrb.Trajectory)


# --- our own masks ------------------------------------------------------------------------------------


def test_a_plain_background_is_its_own_mask(two):
    """Two objects on white: one mask of both is shared out between them."""
    images = []
    for masks in two.masks[:4]:
        image = np.full((*masks[0].shape, 3), 255, np.uint8)
        image[(masks[0] + masks[1]) > 0] = 40
        images.append(image)
    tracker = Tracker(two.camera, two.meshes)
    first = tracker.step(images[0], two.masks[0])
    second = tracker.step(images[1])
    assert first.known
    assert second.known
    truth = two.world_from_camera
    assert float(np.linalg.norm(second.world_from_camera.translation - truth[1].translation)) < 0.06


def test_a_picture_without_an_object_is_lost(one):
    tracker = Tracker(one.camera, one.meshes)
    tracker.step(None, one.masks[0])
    step = tracker.step(np.full((*one.masks[0][0].shape, 3), 255, np.uint8))
    assert not step.known
    assert isinstance(step.world_from_camera, Pose)
