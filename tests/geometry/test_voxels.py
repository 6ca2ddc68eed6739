"""Laws of `Voxels`: where its voxels are, what a mesh fills, what surface comes back."""

import zipfile

import numpy as np
import pytest

import rrb
from rrb.errors import BadFileError, BadInputError
from rrb.geometry.voxels import CONVENTION, FORMAT, Voxels
from rrb.geometry.winding import is_inside

trimesh = pytest.importorskip("trimesh")


def sphere(radius=1.0, centre=(0, 0, 0)):
    mesh = trimesh.creation.icosphere(4)
    return np.array(mesh.vertices) * radius + centre, np.array(mesh.faces)


def box(low, high):
    mesh = trimesh.creation.box(bounds=[low, high])
    return np.array(mesh.vertices), np.array(mesh.faces)


def volume(mesh):
    a, b, c = np.moveaxis(np.asarray(mesh.vertices)[np.asarray(mesh.faces)], 1, 0)
    return np.einsum("fi,fi->", a, np.cross(b, c)) / 6


def is_closed(faces):
    forward = {
        tuple(edge) for face in np.asarray(faces) for edge in zip(face, np.roll(face, -1), strict=True)
    }
    return len(forward) == 3 * len(faces) and all((b, a) in forward for a, b in forward)


def soft_sphere(radius=0.7, centre=(0.1, -0.05, 0.2), shape=(40, 44, 48), size=0.05):
    """0.5 on the sphere, falling by a quarter each voxel outwards."""
    origin = -np.array(shape) * size / 2
    empty = Voxels(np.zeros(shape, np.float32), origin, size)
    signed = radius - np.linalg.norm(empty.centres() - centre, axis=-1)
    return Voxels(np.clip(0.5 + signed / (4 * size), 0, 1).astype(np.float32), origin, size)


# --- from a mesh ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("resolution", "within"), [(16, 0.05), (32, 0.02), (64, 0.007)])
def test_volume_of_a_sphere_converges(resolution, within):
    voxels = Voxels.from_mesh(sphere(0.3, (1, 2, 3)), resolution)
    assert abs(voxels.occupied_volume() / (4 / 3 * np.pi * 0.3**3) - 1) < within


@pytest.mark.parametrize("padding", [0, 1, 2.5])
def test_grid_is_a_cube_around_the_bounding_box(padding):
    low, high = np.array([1.0, 2, 3]), np.array([1.5, 3, 6])
    voxels = Voxels.from_mesh(box(low, high), 30, padding=padding)
    side = voxels.voxel_size_m * 30
    assert voxels.occupancy.shape == (30, 30, 30)
    assert voxels.occupancy.dtype == bool
    np.testing.assert_allclose(voxels.origin + side / 2, (low + high) / 2)
    np.testing.assert_allclose(side - 2 * padding * voxels.voxel_size_m, 3)


def test_axes_are_x_y_z():
    """Three different extents, off-centre: a swapped axis or a shift by half a voxel shows."""
    low, high = np.array([1.0, 2, 3]), np.array([1.5, 3, 6])
    voxels = Voxels.from_mesh(box(low, high), 60, padding=0)
    expected = ((voxels.centres() > low) & (voxels.centres() < high)).all(axis=-1)
    np.testing.assert_array_equal(voxels.occupancy, expected)
    np.testing.assert_array_equal([np.ptp(i) + 1 for i in np.nonzero(voxels.occupancy)], [10, 20, 60])
    np.testing.assert_allclose(voxels.occupied_volume(), 0.5 * 1 * 3)


def test_an_object_with_attributes_is_taken_like_a_pair():
    vertices, faces = sphere()
    pair = Voxels.from_mesh((vertices, faces), 12)
    mesh = Voxels.from_mesh(rrb.Mesh(vertices=vertices, faces=faces), 12)
    np.testing.assert_array_equal(pair.occupancy, mesh.occupancy)


@pytest.mark.parametrize("removed", [20, 100])
def test_a_sphere_with_a_hole_fills_like_a_whole_one(removed):
    vertices, faces = sphere()
    order = np.argsort(-vertices[faces].mean(axis=1)[:, 0])
    holed = Voxels.from_mesh((vertices, faces[order[removed:]]), 24)
    whole = np.linalg.norm(holed.centres(), axis=-1) < 1
    assert (holed.occupancy & whole).sum() / (holed.occupancy | whole).sum() > 0.98


def test_a_mesh_turned_inside_out_fills_as_well():
    vertices, faces = sphere()
    np.testing.assert_array_equal(
        Voxels.from_mesh((vertices, faces[:, ::-1]), 20).occupancy,
        Voxels.from_mesh((vertices, faces), 20).occupancy,
    )


# --- to a mesh --------------------------------------------------------------------------------------


def test_surface_of_a_smooth_field_has_the_spheres_radius_and_centre():
    voxels = soft_sphere()
    mesh = voxels.to_mesh()
    distance = np.linalg.norm(np.asarray(mesh.vertices) - [0.1, -0.05, 0.2], axis=1)
    assert np.abs(distance - 0.7).max() < 0.02 * voxels.voxel_size_m
    assert is_closed(mesh.faces)
    assert volume(mesh) == pytest.approx(4 / 3 * np.pi * 0.7**3, rel=0.01)


@pytest.mark.parametrize(("level", "radius"), [(0.25, 0.75), (0.5, 0.7), (0.75, 0.65)])
def test_a_higher_level_lies_further_inside(level, radius):
    mesh = soft_sphere().to_mesh(level)
    distance = np.linalg.norm(np.asarray(mesh.vertices) - [0.1, -0.05, 0.2], axis=1)
    np.testing.assert_allclose(distance, radius, atol=0.002)


def test_one_voxel_becomes_a_closed_surface_around_its_centre():
    occupancy = np.zeros((3, 4, 5), bool)
    occupancy[1, 2, 3] = True
    voxels = Voxels(occupancy, (10, 20, 30), 2.0)
    mesh = voxels.to_mesh()
    np.testing.assert_allclose(np.asarray(mesh.vertices).mean(axis=0), [13, 25, 37])
    np.testing.assert_allclose(np.ptp(np.asarray(mesh.vertices), axis=0), 2.0)
    assert is_closed(mesh.faces)
    assert volume(mesh) > 0


def test_a_full_grid_is_closed_at_its_border():
    mesh = Voxels(np.ones((4, 5, 6), np.float32), (1, 2, 3), 0.5).to_mesh()
    assert is_closed(mesh.faces)
    np.testing.assert_allclose(np.asarray(mesh.vertices).min(axis=0), [1, 2, 3])
    np.testing.assert_allclose(np.asarray(mesh.vertices).max(axis=0), [3, 4.5, 6])
    assert volume(mesh) > 0


def test_mesh_to_grid_to_mesh_to_grid_is_stable():
    vertices, faces = box((0.1, 0.2, 0.3), (0.6, 1.2, 3.3))
    first = Voxels.from_mesh((vertices, faces), 40)
    surface = first.to_mesh()
    assert is_closed(surface.faces)
    assert volume(surface) > 0
    again = is_inside(first.centres().reshape(-1, 3), surface.vertices, surface.faces)
    np.testing.assert_array_equal(again.reshape(first.occupancy.shape), first.occupancy)
    second = Voxels.from_mesh(surface, 40)
    assert second.occupied_volume() == pytest.approx(first.occupied_volume(), rel=0.1)


def test_values_that_are_exactly_the_level_do_not_open_the_surface():
    occupancy = np.zeros((6, 6, 6), np.float32)
    occupancy[1:5, 1:5, 1:5] = 0.5
    occupancy[2:4, 2:4, 2:4] = 1.0
    mesh = Voxels(occupancy, (0, 0, 0), 1.0).to_mesh()
    assert is_closed(mesh.faces)
    assert volume(mesh) > 0


# --- places and volumes -----------------------------------------------------------------------------


def test_first_centre_is_half_a_voxel_from_the_origin():
    centres = Voxels(np.zeros((2, 3, 4), bool), (1, 2, 3), 0.5).centres()
    assert centres.shape == (2, 3, 4, 3)
    np.testing.assert_allclose(centres[0, 0, 0], [1.25, 2.25, 3.25])
    np.testing.assert_allclose(centres[1, 2, 3], [1.75, 3.25, 4.75])


def test_contains_is_the_occupancy_at_the_centres_and_nothing_beyond():
    occupancy = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    voxels = Voxels(occupancy, (-1, 0, 2), 0.3)
    np.testing.assert_array_equal(voxels.contains(voxels.centres()), occupancy > 0.5)
    full = Voxels(np.ones((4, 5, 6), bool), (-1, 0, 2), 0.3)
    corners, inwards = np.array([[-1, 0, 2], [0.2, 1.5, 3.8]]), np.array([[1e-9], [-1e-9]])
    assert full.contains(corners + inwards).all()
    assert not full.contains(corners - inwards).any()


def test_volume_sums_probabilities():
    voxels = Voxels(np.full((2, 2, 2), 0.25, np.float32), (0, 0, 0), 0.5)
    assert voxels.occupied_volume() == pytest.approx(8 * 0.25 * 0.125)


def test_tensors_stay_tensors_and_keep_their_gradient():
    torch = pytest.importorskip("torch")
    occupancy = torch.full((2, 3, 4), 0.75, requires_grad=True)
    voxels = Voxels(occupancy, torch.zeros(3), 0.5)
    assert voxels.occupancy is occupancy
    assert isinstance(voxels.centres(), torch.Tensor)
    assert voxels.centres().dtype == occupancy.dtype
    voxels.occupied_volume().backward()
    np.testing.assert_allclose(occupancy.grad.numpy(), 0.125)
    assert is_closed(voxels.to_mesh().faces)
    assert voxels.contains(voxels.centres()).all()


# --- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bool", "float32"])
def test_a_saved_grid_comes_back_the_same(tmp_path, name):
    occupancy = (np.random.default_rng(0).random((3, 4, 5)) > 0.4).astype(name)
    voxels = Voxels(occupancy, (0.1, -2, 1e-3), 0.0123)
    voxels.save(tmp_path / "grid.npz")
    loaded = Voxels.load(tmp_path / "grid.npz")
    assert loaded.occupancy.dtype == occupancy.dtype
    np.testing.assert_array_equal(loaded.occupancy, occupancy)
    np.testing.assert_array_equal(loaded.origin, voxels.origin)
    assert loaded.voxel_size_m == voxels.voxel_size_m
    with np.load(tmp_path / "grid.npz") as file:
        assert (str(file["format"]), str(file["convention"])) == (FORMAT, CONVENTION)


def test_files_that_are_not_ours_are_refused(tmp_path):
    with pytest.raises(BadFileError, match=r"none.npz: there is no such file"):
        Voxels.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(BadFileError, match=r"text.npz is not a voxel file"):
        Voxels.load(tmp_path / "text.npz")
    np.savez(tmp_path / "array.npz", a=np.zeros(3))
    with pytest.raises(BadFileError, match=r"array.npz is not a voxel file"):
        Voxels.load(tmp_path / "array.npz")
    np.savez(tmp_path / "other.npz", format="other/2")
    with pytest.raises(BadFileError, match=r"other.npz is 'other/2'; 'rrb.voxels/1' is accepted"):
        Voxels.load(tmp_path / "other.npz")
    with pytest.raises(BadInputError, match=r"grid.vox: voxels are saved as .npz"):
        Voxels(np.zeros((1, 1, 1), bool), (0, 0, 0), 1.0).save(tmp_path / "grid.vox")


def test_a_failed_write_leaves_the_old_grid(tmp_path, monkeypatch):
    grid = Voxels(np.ones((2, 2, 2), bool), (0, 0, 0), 1.0)
    grid.save(tmp_path / "a.npz")
    before = (tmp_path / "a.npz").read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(BadFileError, match="No space left"):
        Voxels(np.zeros((3, 3, 3), bool), (0, 0, 0), 1.0).save(tmp_path / "a.npz")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.npz", before)]


@pytest.mark.parametrize("large", ["shape", "content", "name"])
def test_a_grid_that_unpacks_to_too_much_is_refused_before(tmp_path, monkeypatch, large):
    """By its promised shape, or by what follows a small promise."""
    Voxels(np.ones((2, 2, 2), bool), (0, 0, 0), 1.0).save(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if large == "shape":
        small, most = b"(2, 2, 2), }" + b" " * 9, b"(2000, 2000, 2000), }"
        assert small in members["occupancy.npy"]
        members["occupancy.npy"] = members["occupancy.npy"].replace(small, most)
    elif large == "content":
        members["occupancy.npy"] += bytes(10_000_000)
    else:
        members["convention.npy"] += bytes(10_000_000)
    with zipfile.ZipFile(tmp_path / "b.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(BadFileError, match=r"unpacks to|voxels; at most"):
        Voxels.load(tmp_path / "b.npz")


# --- what is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"occupancy": np.zeros((2, 2), bool)}, r"a grid has the shape \(2, 2\)"),
        ({"occupancy": np.zeros((2, 0, 2), bool)}, r"a grid has the shape \(2, 0, 2\)"),
        ({"occupancy": np.zeros((2, 2, 2), np.uint8)}, "a grid holds uint8"),
        ({"occupancy": np.full((2, 2, 2), np.nan)}, r"voxel \(0, 0, 0\) holds nan"),
        ({"occupancy": np.full((2, 2, 2), 1.5)}, r"voxel \(0, 0, 0\) holds 1.5"),
        ({"origin": (0, 0)}, "a grid's origin is"),
        ({"origin": (0, 0, np.nan)}, "a grid's origin is"),
        ({"origin": "abc"}, "is not an array of real numbers"),
        ({"origin": [[0, 1], [2]]}, "is not an array of numbers"),
        ({"voxel_size_m": None}, "None is not an array of real numbers"),
        ({"voxel_size_m": "a"}, "is not an array of real numbers"),
        ({"voxel_size_m": [1.0, 2.0]}, r"the voxel size is \[1.0, 2.0\] m"),
        ({"occupancy": [[[0.0, 1.0], [0.5]]]}, "rows of different lengths"),
        ({"voxel_size_m": 0}, "the voxel size is 0 m"),
        ({"voxel_size_m": np.nan}, "the voxel size is nan m"),
    ],
)
def test_a_bad_grid_is_refused(change, said):
    given = {"occupancy": np.zeros((2, 2, 2), bool), "origin": (0, 0, 0), "voxel_size_m": 1.0} | change
    with pytest.raises(BadInputError, match=said):
        Voxels(**given)


@pytest.mark.parametrize(
    ("resolution", "padding", "said"),
    [
        (0, 0, "the resolution is 0; 1 to 512"),
        (-4, 1, "the resolution is -4"),
        (100_000, 1, "the resolution is 100000"),
        (2.5, 1, "the resolution is 2.5; a whole number"),
        (8, 4, "a padding of 4 voxels on both sides leaves nothing of 8"),
        (8, -1, "a padding of -1"),
        (8, np.nan, "a padding of nan"),
    ],
)
def test_a_bad_resolution_is_refused(resolution, padding, said):
    with pytest.raises(BadInputError, match=said):
        Voxels.from_mesh(sphere(), resolution, padding)


def test_meshes_and_fields_without_anything_are_refused():
    with pytest.raises(BadInputError, match="0 faces and no extent"):
        Voxels.from_mesh((np.eye(3), np.zeros((0, 3), int)), 8)
    with pytest.raises(BadInputError, match="vertex 0 is"):
        Voxels.from_mesh((np.full((3, 3), np.nan), [[0, 1, 2]]), 8)
    with pytest.raises(BadInputError, match=r"no voxel is fuller than 0.5"):
        Voxels(np.zeros((3, 3, 3), bool), (0, 0, 0), 1.0).to_mesh()
    with pytest.raises(BadInputError, match=r"the level is 1.5"):
        soft_sphere().to_mesh(1.5)
    with pytest.raises(BadInputError, match=r"points have the shape \(2,\)"):
        soft_sphere().contains([0, 0])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_surfaces_close_where_voxels_hold_exactly_the_level(seed, kind):
    """Every directed edge is met by as many the other way round."""
    occupancy = np.random.default_rng(seed).choice([0, 0.5, 1], (6, 5, 4)).astype(kind)
    faces = np.asarray(Voxels(occupancy, (0, 0, 0), 1.0).to_mesh().faces)
    edges = np.stack((faces, np.roll(faces, -1, axis=1)), axis=-1).reshape(-1, 2)
    forward, backward = (e[np.lexsort(e.T)] for e in (edges, edges[:, ::-1]))
    np.testing.assert_array_equal(forward, backward)


def test_a_grid_that_only_reaches_the_level_has_no_surface():
    with pytest.raises(BadInputError, match="no surface"):
        Voxels(np.full((3, 3, 3), 0.5), (0, 0, 0), 1.0).to_mesh()
