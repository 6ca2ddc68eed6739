"""Films: the paper's paths, objects in view all along, a truth that fits the pictures, and no frame twice."""

import json
import os

import numpy as np
import pytest

from made_data import everything, times
from rrb.data import fast, sequences
from rrb.data.beginning import only_writer
from rrb.data.order import Order, Source
from rrb.data.procedural.build import CATEGORIES
from rrb.data.scene import Scene
from rrb.data.sequences import KINDS, SequenceOrder, make_sequence, sequence
from rrb.errors import BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.image_io import load_image, load_mask
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.raster.reference import fragments

SHORT = SequenceOrder("two-chairs", seed=3, frames=4, size=(48, 64))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    make_sequence(SHORT, folder)
    return folder


def read_truth(folder) -> tuple[np.ndarray, np.ndarray]:
    """(times (N,), world_from_camera (N, 4, 4)), by hand from TUM's own description of its format."""
    rows = np.array(
        [line.split() for line in (folder / "truth.txt").read_text().splitlines() if line[0] != "#"], float
    )
    matrices = np.tile(np.eye(4), (len(rows), 1, 1))
    for matrix, (x, y, z, w) in zip(matrices, rows[:, 4:], strict=True):
        matrix[:3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    matrices[:, :3, 3] = rows[:, 1:4]
    return rows[:, 0], matrices


# --- the paper's runs ---------------------------------------------------------------------------------


def test_the_papers_run_is_the_default():
    order = SequenceOrder()
    assert (order.kind, order.frames) == ("two-chairs", 120)
    film = sequence(order)
    assert len(film.shapes) == 2
    assert len(film.world_from_camera) == len(film.times_s) == 120
    at = film.world_from_camera.translation
    np.testing.assert_allclose(at[:, 1], 1.2)
    np.testing.assert_allclose((at[:, 0] / 2.0) ** 2 + (at[:, 2] / 1.5) ** 2, 1.0)
    angles = np.unwrap(np.arctan2(at[:, 2] / 1.5, at[:, 0] / 2.0))
    np.testing.assert_allclose(np.diff(angles), 2 * np.pi / 120)  # once around, evenly, no frame twice
    np.testing.assert_allclose(np.diff(film.times_s), 1 / 30)


def test_the_run_around_one_chair_keeps_its_distance():
    film = sequence(SequenceOrder("one-chair"))
    at = film.world_from_camera.translation
    np.testing.assert_allclose(np.hypot(at[:, 0], at[:, 2]), 2.0)
    assert len(film.shapes) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(256, 256), (480, 640), (640, 360)])
def test_every_object_is_always_wholly_in_view(kind, size):
    for seed in range(6):
        film = sequence(SequenceOrder(kind, seed=seed, frames=36, size=size))
        for frame in range(36):
            scene = film.scene(frame)
            for number, shape in enumerate(film.shapes):
                px = scene.camera.project(scene.pose_of(number).apply(shape.mesh.vertices))
                assert px[:, 2].min() > 0
                assert px[:, :2].min() > 0
                assert (px[:, :2].max(0) < size[::-1]).all(), (seed, frame)


@pytest.mark.parametrize("kind", KINDS)
def test_objects_stand_on_the_ground_apart_from_each_other(kind):
    for seed in range(8):
        film = sequence(SequenceOrder(kind, seed=seed, frames=2))
        stand = [
            one.world_from_object.apply(s.mesh.vertices)
            for one, s in zip(film.placed, film.shapes, strict=True)
        ]
        for points in stand:
            assert points[:, 1].min() == pytest.approx(0.0, abs=1e-6)
        centres = [(points.min(0) + points.max(0)) / 2 for points in stand]
        for k, one in enumerate(stand):
            for other in range(k):
                along = centres[k] - centres[other]
                along[1] = 0
                assert (one @ along).min() > (stand[other] @ along).max(), "a plane is between them"
        assert len({shape.mesh_id for shape in film.shapes}) == len(film.shapes)


@pytest.mark.parametrize("kind", KINDS)
def test_no_network_learned_from_what_is_filmed(kind):
    for seed in range(20):
        for shape in sequence(SequenceOrder(kind, seed=seed, frames=2)).shapes:
            number = int(shape.mesh_id.rpartition("-")[2])
            assert shape.category in CATEGORIES
            assert Source(Order(shape.category)).split(number) == "test"


def test_seeds_differ_and_the_same_is_the_same():
    for kind in KINDS:
        films = [sequence(SequenceOrder(kind, seed=seed, frames=5)) for seed in (0, 0, 1)]
        lines = [[film.scene(frame).to_json() for frame in range(5)] for film in films]
        assert lines[0] == lines[1] != lines[2]
        assert films[0].shapes[0].mesh_id != films[2].shapes[0].mesh_id
    counts = {len(sequence(SequenceOrder("random", seed=seed, frames=2)).shapes) for seed in range(12)}
    assert counts == {1, 2, 3}


# --- what lies in the folder --------------------------------------------------------------------------


def test_the_folder_is_as_described(film):
    about = json.loads((film / "sequence.json").read_text())
    ids = [held["mesh_id"] for held in about["objects"]]
    names = [f"{frame:06d}.png" for frame in range(4)]
    expected = {"sequence.json", "camera.json", "truth.txt", *(f"frames/{name}" for name in names)}
    expected |= {f"meshes/{mesh_id}.{end}" for mesh_id in ids for end in ("ply", "json")}
    expected |= {f"masks/{mesh_id}/{name}" for mesh_id in ids for name in names}
    assert set(everything(film)) == expected
    assert about["asked"] == {
        "kind": "two-chairs", "seed": 3, "frames": 4, "size": [48, 64], "style": "fast", "samples": 16
    }  # fmt: skip
    assert load_image(film / "frames" / names[0]).shape == (48, 64, 3)


def test_files_alone_draw_the_masks_again(film):
    """Meshes, where they stand, the path and the lens: all read by hand, drawn by the readable reference."""
    about = json.loads((film / "sequence.json").read_text())
    camera = Camera.load(film / "camera.json")
    seconds, world_from_camera = read_truth(film)
    np.testing.assert_allclose(seconds, np.arange(4) / about["frames_a_second"], atol=1e-9)
    meshes = [Mesh.load(film / "meshes" / f"{held['mesh_id']}.ply") for held in about["objects"]]
    stand = [Pose.from_json(held["world_from_object"]) for held in about["objects"]]
    world = [pose.apply(mesh.vertices) for mesh, pose in zip(meshes, stand, strict=True)]
    points, n_first = np.concatenate(world), len(world[0])
    faces = np.concatenate([meshes[0].faces, meshes[1].faces + n_first])
    face_object = np.repeat([0, 1], [len(mesh.faces) for mesh in meshes])
    for frame in (0, 3):
        camera_from_world = np.linalg.inv(world_from_camera[frame])
        x, y, z = (points @ camera_from_world[:3, :3].T + camera_from_world[:3, 3]).T
        u, v = camera.fx_px * x / z + camera.cx_px, camera.fy_px * y / z + camera.cy_px
        face_index, _, _ = fragments(np.stack([u, v, z], 1), faces, (48, 64))
        seen = np.append(face_object, -1)[face_index]
        for number, held in enumerate(about["objects"]):
            mask = load_mask(film / "masks" / held["mesh_id"] / f"{frame:06d}.png") > 0.5
            assert mask.sum() > 60
            assert (mask & (seen == number)).sum() / (mask | (seen == number)).sum() > 0.99


def test_the_path_is_upright_and_sees_up_as_up(film):
    _, matrices = read_truth(film)
    rotations = matrices[:, :3, :3]
    for rotation in rotations:
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-7)
        assert np.linalg.det(rotation) > 0
    assert (matrices[:, 1, 1] < -0.5).all(), "the camera's y is down, the world's up"
    assert (matrices[:, :3, 2] * matrices[:, :3, 3]).sum(1).max() < 0, "it looks inwards"


# --- continued ----------------------------------------------------------------------------------------


def test_frames_that_are_missing_are_made_the_same(film, tmp_path):
    make_sequence(SHORT, tmp_path)
    assert everything(tmp_path) == everything(film)
    ids = sorted(path.name for path in (tmp_path / "masks").iterdir())
    (tmp_path / "frames" / "000001.png").unlink()
    (tmp_path / "masks" / ids[1] / "000002.png").unlink()
    (tmp_path / "frames" / ".000001.png.17-0123abcd.tmp").write_bytes(b"half")
    before, told = times(tmp_path), []
    make_sequence(SHORT, tmp_path, told=lambda *now: told.append(now))
    assert everything(tmp_path) == everything(film)
    assert [done for done, _, _ in told] == [2, 3, 4]
    after = times(tmp_path)
    assert all(after[f"frames/{n:06d}.png"] == before[f"frames/{n:06d}.png"] for n in (0, 3))


def test_a_longer_film_of_the_same_seed_has_the_same_objects():
    short, long = (sequence(SequenceOrder("two-chairs", frames=frames)) for frames in (4, 120))
    assert [s.mesh_id for s in short.shapes] == [s.mesh_id for s in long.shapes]
    for one, other in zip(short.placed, long.placed, strict=True):
        assert np.array_equal(one.world_from_object.matrix, other.world_from_object.matrix)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("moment", [0, 2, 5, 9, 14, 20, 25])
def test_killed_it_continues_to_the_same_bytes(film, tmp_path, moment):
    child = os.fork()
    if child == 0:
        left, replace = moment, os.replace

        def counted(*arguments):
            nonlocal left
            if left == 0:
                os._exit(9)
            left -= 1
            replace(*arguments)

        os.replace = counted
        try:
            make_sequence(SHORT, tmp_path)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (9 if moment < 19 else 0)
    make_sequence(SHORT, tmp_path)
    assert everything(tmp_path) == everything(film)


def test_a_frame_is_whole_when_it_is_there(tmp_path, monkeypatch):
    """Whoever watches the folder finds the masks of every frame that is there."""
    seen = []

    def watched(path, image):
        seen.append(sorted(str(p.relative_to(tmp_path / "masks")) for p in tmp_path.rglob("masks/*/*.png")))
        save(path, image)

    save = sequences.save_image
    monkeypatch.setattr(sequences, "save_image", watched)
    make_sequence(SHORT, tmp_path)
    assert [len(masks) for masks in seen] == [2, 4, 6, 8]


@pytest.mark.parametrize("change", [{"seed": 4}, {"frames": 5}, {"kind": "one-chair"}, {"size": (64, 64)}])
def test_another_film_in_the_same_folder_is_refused(film, change):
    before = times(film)
    fields = {"kind": "two-chairs", "seed": 3, "frames": 4, "size": (48, 64), **change}
    with pytest.raises(BadInputError, match="another"):
        make_sequence(SequenceOrder(**fields), film)
    assert times(film) == before


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "three-chairs"}, "one-chair, two-chairs, random"),
        ({"frames": 1}, "1 frames"),
        ({"seed": -1}, "seed -1"),
        ({"size": (0, 64)}, "64x0"),
        ({"size": (64, 100_000)}, "100000x64"),
        ({"style": "slow"}, "fast, photoreal"),
        ({"samples": 0}, "samples is 0"),
    ],
)
def test_what_cannot_be_filmed_is_refused(wrong, said):
    with pytest.raises(BadInputError, match=said):
        SequenceOrder(**wrong)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInputError, match="file: it cannot be made a folder"):
        make_sequence(SHORT, tmp_path / "file")


def test_scenes_of_films_can_be_kept(film):
    """What photoreal processes are sent."""
    scene = sequence(SHORT).scene(2)
    shapes = {shape.mesh_id: shape for shape in sequence(SHORT).shapes}
    again = fast.draw(Scene.from_json(json.loads(json.dumps(scene.to_json()))), shapes)
    assert np.array_equal(again.image, load_image(film / "frames" / "000002.png"))


def test_two_writers_at_once_are_refused(film):
    with only_writer(film), pytest.raises(BadInputError, match="another process is writing"):
        make_sequence(SHORT, film)
