"""`Sample`, the contract: what does not fit together is refused by name; meshes from files come in the right frame."""

import numpy as np
import pytest

from painted import odd_chair
from rrb.data.sample import MeshFile, OccupancyPoints, Sample
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.geometry.primitives import box

H, W = 6, 8
FIELDS = {
    "key": "chair-1_a",
    "image": np.zeros((H, W, 3), np.uint8),
    "category": "chair",
    "mesh_id": "chair-1",
}


def zeros(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


def test_a_full_sample_is_accepted():
    sample = Sample(
        **FIELDS,
        mask=np.full((H, W), 0.5, np.float32),
        unknown=zeros(H, W, dtype=bool),
        camera=Camera.from_fov(50, width=W, height=H),
        camera_from_object=Pose.identity(),
        mesh=box(),
        depth_m=zeros(H, W),
        split="val",
        style={"base": "star"},
    )
    assert sample.size == (H, W)
    assert sample.load_mesh() is sample.mesh
    assert sample.with_(scale=2.0).scale == 2.0
    assert sample.scale == 1.0
    assert Sample(**FIELDS).load_mesh() is None
    with pytest.raises(TypeError):
        sample.style["base"] = "legs"


@pytest.mark.parametrize("key", ["", "a.b", "a b", "stühle", "a/b", "a\n"])
def test_keys_are_plain(key):
    with pytest.raises(
        BadInputError, match=r"a sample's key is .*; letters, digits, '-' and '_' are accepted"
    ):
        Sample(**{**FIELDS, "key": key})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"image": zeros(H, W, 3)}, r"the image is float32 \(6, 8, 3\); uint8 \(H, W, 3\) is accepted"),
        ({"image": zeros(H, W, dtype=np.uint8)}, r"the image is uint8 \(6, 8\)"),
        ({"image": zeros(H, W, 4, dtype=np.uint8)}, r"the image is uint8 \(6, 8, 4\)"),
        ({"image": zeros(0, W, 3, dtype=np.uint8)}, r"the image is uint8 \(0, 8, 3\)"),
        ({"mask": zeros(W, H)}, r"mask is float32 \(8, 6\); float32 \(6, 8\), as large as the image, is accepted"),
        ({"mask": zeros(H, W, dtype=np.uint8)}, r"mask is uint8 \(6, 8\); float32 \(6, 8\)"),
        ({"mask": np.full((H, W), 255, np.float32)}, "the mask goes from 255.0 to 255.0; 0 to 1 is accepted"),
        ({"mask": np.full((H, W), np.nan, np.float32)}, "the mask goes from nan to nan"),
        ({"unknown": zeros(H, W)}, r"unknown is float32 \(6, 8\); bool \(6, 8\)"),
        ({"depth_m": zeros(H, W, dtype=np.float64)}, r"depth_m is float64 \(6, 8\); float32"),
        ({"depth_m": np.full((H, W), -1, np.float32)}, "the depth holds negative or infinite numbers"),
        ({"depth_m": np.full((H, W), np.inf, np.float32)}, "the depth holds negative or infinite numbers"),
        ({"camera": Camera.from_fov(50, width=H, height=W)}, "the image is 8x6 but its camera 6x8; equal sizes"),
        ({"camera_from_object": Pose.random(1, (2,))}, r"it has \(2,\) poses; one is accepted"),
        ({"scale": 0.0}, "the scale is 0.0; a positive number is accepted"),
        ({"scale": float("nan")}, "the scale is nan; a positive number is accepted"),
        ({"split": "eval"}, "the split is 'eval'; train, val, test are accepted"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(change, sentence):
    with pytest.raises(BadInputError, match=f"^sample chair-1_a: {sentence}"):
        Sample(**{**FIELDS, **change})
    with pytest.raises(BadInputError, match=sentence):
        Sample(**FIELDS).with_(**change)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"points": zeros(4, 2)}, r"points have the shape \(4, 2\); finite numbers \(N, 3\) are accepted"),
        ({"points": np.full((4, 3), np.nan)}, "finite numbers"),
        ({"inside": zeros(3, dtype=bool)}, r"inside is bool \(3,\); bool \(4,\) is accepted"),
        ({"inside": zeros(4)}, r"inside is float32 \(4,\); bool \(4,\) is accepted"),
        ({"near_surface": zeros(4, 1, dtype=bool)}, r"near_surface is bool \(4, 1\)"),
    ],
)
def test_points_that_do_not_fit_are_refused(change, sentence):
    fields = {"points": zeros(4, 3), "inside": zeros(4, dtype=bool), "near_surface": zeros(4, dtype=bool)}
    OccupancyPoints(**fields)
    with pytest.raises(BadInputError, match=sentence):
        OccupancyPoints(**{**fields, **change})


# --- meshes in files --------------------------------------------------------------------------------


def volume(mesh):
    """Positive where faces point outwards."""
    a, b, c = np.moveaxis(np.asarray(mesh.vertices)[mesh.faces], 1, 0)
    return float(np.einsum("fi,fi->", a, np.cross(b, c))) / 6


@pytest.fixture
def stored(tmp_path):
    mesh = Mesh(*odd_chair())
    mesh.save(tmp_path / "chair.obj")
    return mesh, tmp_path / "chair.obj"


TURN = np.asarray(Pose.random(3).rotation)
MOTIONS = {
    "turned": TURN,
    "scaled": 2.5 * TURN,
    "mirrored": np.diag([-1.0, 1.0, 1.0]),
    "mirrored, scaled and turned": 0.1 * TURN @ np.diag([1.0, 1.0, -1.0]),
    "axes swapped": np.array([[1.0, 0, 0], [0, 0, 1], [0, 1, 0]]),
    "moved": np.block([[2 * TURN, np.array([[1.0], [2.0], [3.0]])], [np.zeros((1, 3)), np.ones((1, 1))]]),
}


@pytest.mark.parametrize("motion", MOTIONS.values(), ids=MOTIONS)
def test_a_mesh_from_a_file_comes_in_the_frame_of_the_object(stored, motion):
    mesh, path = stored
    made = MeshFile(path, object_from_file=motion).load()
    full = np.eye(4)
    full[: len(motion), : len(motion)] = motion
    homogeneous = np.concatenate([mesh.vertices, np.ones((len(mesh.vertices), 1))], 1)
    np.testing.assert_allclose(made.vertices, (homogeneous @ full.T)[:, :3], atol=1e-12)
    # The faces look outwards, also of what was mirrored, and each has the corners that it had.
    assert volume(made) == pytest.approx(volume(mesh) * abs(np.linalg.det(full)))
    np.testing.assert_array_equal(np.sort(made.faces, axis=1), np.sort(mesh.faces, axis=1))


def test_the_unit_comes_before_the_motion(stored):
    mesh, path = stored
    moved = np.eye(4)
    moved[:3, 3] = 1.0
    made = MeshFile(path, "mm", moved).load()
    np.testing.assert_allclose(made.vertices, np.asarray(mesh.vertices) / 1000 + 1, atol=1e-12)
    np.testing.assert_allclose(MeshFile(path).load().vertices, mesh.vertices)


def test_a_mesh_is_read_once(stored):
    _, path = stored
    assert MeshFile(path).load() is MeshFile(path).load()
    assert MeshFile(path, object_from_file=TURN).load() is MeshFile(path, object_from_file=TURN.copy()).load()
    assert MeshFile(path, object_from_file=TURN).load() is not MeshFile(path, object_from_file=TURN.T).load()
    sample = Sample(**FIELDS, mesh=MeshFile(path))
    assert sample.load_mesh() is MeshFile(path).load()


def test_a_mesh_file_that_is_missing_is_refused_when_asked_for(tmp_path):
    sample = Sample(**FIELDS, mesh=MeshFile(tmp_path / "nothing.obj"))
    with pytest.raises(BadFileError, match=r"nothing\.obj"):
        sample.load_mesh()
