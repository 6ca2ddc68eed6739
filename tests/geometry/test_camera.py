"""Laws of `Camera`: half pixels by hand, OpenCV's projections, crops and resizes, inverses, files."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from rrb.errors import BadFileError, BadInputError
from rrb.geometry.camera import Camera

CAMERA = Camera(500.0, 510.0, 320.25, 239.0, 640, 480)


def points(n: int = 50, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(-1, 1, n), rng.uniform(-1, 1, n), rng.uniform(0.5, 4, n)])


# --- pixels -----------------------------------------------------------------------------------------


def test_opencv_counts_from_the_first_pixels_centre():
    camera = Camera.from_opencv([[100, 0, 0], [0, 100, 0], [0, 0, 1]], width=4, height=4)
    assert (camera.cx_px, camera.cy_px) == (0.5, 0.5)
    assert camera.project([0, 0, 2.0]).tolist() == [0.5, 0.5, 2.0]


def test_the_middle_of_the_image():
    """Of a 640 x 480 picture it is (320, 240) for us, (319.5, 239.5) for OpenCV."""
    for camera in (
        Camera.from_fov(60, width=640, height=480),
        Camera.from_focal_px(600.0, width=640, height=480),
        Camera.from_focal_px(600.0, width=640, height=480, principal_point=(319.5, 239.5)),
    ):
        assert camera.project([0, 0, 1.0]).tolist() == [320, 240, 1]
        assert camera.to_opencv()[:2, 2].tolist() == [319.5, 239.5]
        assert camera.matrix[:2, 2].tolist() == [320, 240]


def test_right_is_larger_x_and_lower_is_larger_y():
    middle, right, low = CAMERA.project([[0, 0, 1.0], [0.1, 0, 1.0], [0, 0.1, 1.0]])
    assert right[0] == pytest.approx(middle[0] + 50)
    assert right[1] == middle[1]
    assert low[1] == pytest.approx(middle[1] + 51)
    assert low[0] == middle[0]


def test_rays_go_through_pixel_centres():
    """The first pixel's centre is (0.5, 0.5), the last one's (W - 0.5, H - 0.5)."""
    camera = Camera(10.0, 20.0, 2.0, 1.0, 5, 3)
    rays = camera.rays()
    assert rays.shape == (3, 5, 3)
    np.testing.assert_allclose(rays[0, 0], [(0.5 - 2) / 10, (0.5 - 1) / 20, 1])
    np.testing.assert_allclose(rays[2, 4], [(4.5 - 2) / 10, (2.5 - 1) / 20, 1])
    x, y = np.meshgrid(np.arange(5) + 0.5, np.arange(3) + 0.5)
    np.testing.assert_allclose(camera.project(7.0 * rays)[..., :2], np.stack([x, y], -1))


@pytest.mark.parametrize("index", range(4))
def test_projects_as_opencv_does(shared, index):
    """Points of cv2.projectPoints, some behind the camera.

    Two of the four have negative focal lengths, which `Camera` refuses: those are the positive ones of a camera
    turned by half a turn about its axis.
    """
    file = shared / "reference_renders/pytorch3d/tests_data/cv_project_points_precomputed.json"
    case = json.loads(file.read_text())[index]
    k = np.array(case["camera_matrix"])
    seen = Rotation.from_rotvec(case["rvec"]).apply(case["pts"]) + case["tvec"]
    if k[0, 0] < 0:
        assert k[1, 1] < 0
        k, seen = k * np.array([[-1, 1, 1], [1, -1, 1], [1, 1, 1]]), seen * [-1, -1, 1]
    height, width = case["image_size"]
    projected = Camera.from_opencv(k, width=width, height=height).project(seen)
    np.testing.assert_allclose(projected[:, :2] - 0.5, case["pts_proj"], atol=1e-7)
    np.testing.assert_array_equal(projected[:, 2], seen[:, 2])


def test_opencv_matrix_goes_round():
    k = np.array([[500.5, 0, 300.125], [0, 499, 200], [0, 0, 1]])
    np.testing.assert_array_equal(Camera.from_opencv(k, width=640, height=480).to_opencv(), k)


def test_matrix_is_the_projection():
    p = points()
    by_hand = p @ CAMERA.matrix.T
    np.testing.assert_allclose(CAMERA.project(p)[:, :2], by_hand[:, :2] / by_hand[:, 2:])


# --- projecting -------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [(), (1,), (3, 2)])
def test_unproject_inverts_project(like, batch):
    p = like(np.broadcast_to(points(), (*batch, 50, 3)))
    seen = CAMERA.project(p)
    assert type(seen) is type(p)
    assert seen.shape == p.shape
    np.testing.assert_allclose(CAMERA.unproject(seen[..., :2], seen[..., 2]), p, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("z", [0.0, -0.0, 1e-300, -1e-300, 1e-13])
def test_points_in_the_cameras_plane_stay_on_their_ray(like, z):
    """(x z, y z, z) is what clipping works on; without the principal point it is (fx X, fy Y, z)."""
    seen = CAMERA.project(like([[0.3, -0.2, z]]))
    x, y, depth = (float(v) for v in seen[0])
    assert math.isfinite(x)
    assert 0 < abs(depth) <= 1e-12
    assert (x * depth, y * depth) == pytest.approx((500 * 0.3, 510 * -0.2), rel=1e-9)
    assert depth > 0 or z < 0


def test_gradients_of_project_agree_with_finite_differences():
    p = torch.tensor(points(4), requires_grad=True)
    focal = torch.tensor(500.0, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(CAMERA.project, p)
    assert torch.autograd.gradcheck(
        lambda f, x: Camera.from_focal_px(f, width=640, height=480).project(x), (focal, p)
    )
    seen = CAMERA.project(p).detach()
    assert torch.autograd.gradcheck(CAMERA.unproject, (seen[:, :2].requires_grad_(), seen[:, 2]))


def test_gradients_are_finite_in_the_cameras_plane():
    p = torch.tensor([[0.3, -0.2, 0.0], [0, 0, 0]], dtype=torch.float64, requires_grad=True)
    CAMERA.project(p).sum().backward()
    assert torch.isfinite(p.grad).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_are_kept(dtype):
    p = points().astype(dtype)
    assert CAMERA.project(p).dtype == dtype
    tensor = CAMERA.project(torch.from_numpy(p))
    assert tensor.dtype == torch.from_numpy(p).dtype
    assert CAMERA.unproject(tensor[..., :2], tensor[..., 2]).dtype == tensor.dtype


def test_integers_become_float64(like):
    assert CAMERA.project(np.array([[1, 2, 3]])).dtype == np.float64
    assert CAMERA.project(torch.tensor([[1, 2, 3]])).dtype == torch.float64


# --- field of view ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (7, 7)])
@pytest.mark.parametrize("axis", ["x", "y", "diagonal"])
@pytest.mark.parametrize("fov", [1e-3, 40.0, 90.0, 170.0])
def test_field_of_view_goes_round(size, axis, fov):
    camera = Camera.from_fov(fov, width=size[0], height=size[1], axis=axis)
    assert camera.fx_px == camera.fy_px
    assert camera.fov_deg(axis) == pytest.approx(fov, rel=1e-9)


def test_ninety_degrees_by_hand():
    """Half the width at a distance of half the width."""
    assert Camera.from_fov(90, width=640, height=480).fx_px == pytest.approx(320)
    assert Camera.from_fov(90, width=640, height=480, axis="y").fx_px == pytest.approx(240)
    assert Camera.from_fov(90, width=640, height=480, axis="diagonal").fx_px == pytest.approx(400)


# --- crop and resize --------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [(10, 20, 100, 50), (-30, -7, 900, 900), (0.25, 3.5, 64, 64)])
def test_cropping_the_camera_is_cropping_the_image(window):
    seen = CAMERA.project(points())
    cropped = CAMERA.crop(*window)
    np.testing.assert_allclose(cropped.project(points()), seen - [*window[:2], 0], atol=1e-10)
    assert (cropped.width_px, cropped.height_px) == window[2:]


@pytest.mark.parametrize("size", [(320, 240), (64, 1024), (640, 480)])
def test_resizing_maps_corners_to_corners(size):
    scale = np.array([size[0] / 640, size[1] / 480])
    resized = CAMERA.resize(*size)
    corners = np.array([[0, 0], [640, 0], [640, 480], [0, 480], [0.5, 0.5]])
    rays = CAMERA.unproject(corners, 1.0)
    np.testing.assert_allclose(resized.project(rays)[:, :2], corners * scale, atol=1e-10)
    assert resized.fov_deg("diagonal") == pytest.approx(CAMERA.fov_deg("diagonal"))


def test_halving_moves_opencvs_principal_point_by_a_quarter_pixel():
    """OpenCV's cx = 319.5 is our 320; half of it is 160, OpenCV's 159.5 and not 159.75."""
    camera = Camera.from_focal_px(600.0, width=640, height=480, principal_point=(319.5, 239.5)).resize(
        320, 240
    )
    np.testing.assert_allclose(camera.to_opencv(), [[300, 0, 159.5], [0, 300, 119.5], [0, 0, 1]])


def test_crops_and_resizes_undo_each_other():
    back = CAMERA.crop(10, 20, 100, 50).crop(-10, -20, 640, 480).resize(320, 960).resize(640, 480)
    assert [getattr(back, n) for n in ("fx_px", "fy_px", "cx_px", "cy_px")] == pytest.approx(
        [500, 510, 320.25, 239]
    )


# --- files ------------------------------------------------------------------------------------------


def test_json_names_its_convention():
    assert CAMERA.to_json() == {
        "format": "rrb.camera/1",
        "fx_px": 500.0,
        "fy_px": 510.0,
        "cx_px": 320.25,
        "cy_px": 239.0,
        "width_px": 640,
        "height_px": 480,
        "pixel_origin": "outer corner of the first pixel",
    }


def test_files_go_round(tmp_path):
    camera = Camera(1 / 3, math.pi, -1e-17, 1e9 / 7, 3, 5)
    camera.save(tmp_path / "camera.json")
    assert Camera.load(tmp_path / "camera.json") == camera


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "rrb.camera/2"}, "rrb.camera/1"),
        ({"format": None}, "rrb.camera/1"),
        ({"pixel_origin": "centre of the first pixel"}, "outer corner"),
        ({"fx_px": ...}, "lacks fx_px"),
        ({"fx_px": "500"}, "fx_px is '500'"),
        ({"fx_px": True}, "fx_px is True"),
        ({"fy_px": -1}, "fy_px is -1"),
        ({"cx_px": float("nan")}, "NaN"),
        ({"cy_px": None}, "cy_px is None"),
        ({"width_px": -640}, "width_px is -640"),
        ({"width_px": 0}, "width_px is 0"),
        ({"height_px": 480.5}, "height_px is 480.5"),
        ({"k1": 0.1}, "k1"),
        ({"fx_px": 10**400}, "fx_px is 1000"),
        ({"width_px": 10**400}, "width_px is 1000"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(tmp_path, change, says):
    data = {k: v for k, v in {**CAMERA.to_json(), **change}.items() if v is not ...}
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(data))
    with pytest.raises(BadFileError) as error:
        Camera.load(path)
    text = str(error.value)
    assert text.startswith(str(path))
    assert says in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"null", b"9" * 5000, b"[" * 100_000]
)
def test_what_is_no_camera_is_refused(tmp_path, content):
    (tmp_path / "camera.json").write_bytes(content)
    with pytest.raises(BadFileError, match=r"camera\.json"):
        Camera.load(tmp_path / "camera.json")
    with pytest.raises(BadFileError, match="no such file"):
        Camera.load(tmp_path / "other.json")


# --- refusals ---------------------------------------------------------------------------------------


def opencv(**entries: float) -> np.ndarray:
    k = np.array([[500.0, 0, 320], [0, 500, 240], [0, 0, 1]])
    for name, value in entries.items():
        k[int(name[1]), int(name[2])] = value
    return k


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Camera.from_opencv(opencv(k01=1.5), width=640, height=480), "skew 1.5"),
        (lambda: Camera.from_opencv(opencv(k10=1.5), width=640, height=480), "fx, 0, cx"),
        (lambda: Camera.from_opencv(opencv(k22=2), width=640, height=480), "fx, 0, cx"),
        (lambda: Camera.from_opencv(opencv(k00=-500), width=640, height=480), "fx_px is -500"),
        (lambda: Camera.from_opencv(opencv(k11=0), width=640, height=480), "fy_px is 0"),
        (lambda: Camera.from_opencv(opencv(k02=np.inf), width=640, height=480), "finite"),
        (lambda: Camera.from_opencv(np.eye(4), width=640, height=480), r"\(4, 4\)"),
        (lambda: Camera.from_opencv("K", width=640, height=480), "'K'"),
        (lambda: Camera.from_opencv([[1, 2], [3]], width=640, height=480), r"\[\[1, 2\], \[3\]\]"),
        (lambda: Camera.from_fov(180, width=640, height=480), "fov_deg is 180"),
        (lambda: Camera.from_fov(0, width=640, height=480), "fov_deg is 0"),
        (lambda: Camera.from_fov(60, width=640, height=480, axis="z"), "'z'"),
        (lambda: Camera.from_fov(60, width=640.5, height=480), "width is 640.5"),
        (lambda: Camera.from_focal_px(0, width=640, height=480), "fx_px is 0"),
        (lambda: Camera.from_focal_px(float("nan"), width=640, height=480), "finite"),
        (lambda: Camera.from_focal_px(5, width=640, height=480, principal_point=(1, 2, 3)), "two numbers"),
        (lambda: Camera.from_focal_px(5, width=640, height=480, principal_point=3), "two numbers"),
        (lambda: Camera.from_focal_px(np.zeros((9, 9)), width=640, height=480), "fx_px is array"),
        (lambda: CAMERA.resize(0, 10), "width is 0"),
        (lambda: CAMERA.crop(0, 0, 10, -1), "height_px is -1"),
        (lambda: CAMERA.fov_deg("z"), "'z'"),
        (lambda: CAMERA.project(np.zeros((4, 2))), r"\(4, 2\)"),
        (lambda: CAMERA.unproject(np.zeros((4, 3)), 1.0), r"\(4, 3\)"),
    ],
)
def test_bad_input_is_refused(make, says):
    with pytest.raises(BadInputError, match=says):
        make()


def test_a_tensor_of_intrinsics_keeps_its_gradient():
    k = torch.tensor([[600.0, 0, 319.5], [0, 500, 239.5], [0, 0, 1]], dtype=torch.float64, requires_grad=True)
    camera = Camera.from_opencv(k, width=640, height=480)
    camera.project(torch.tensor([1.0, 2, 4], dtype=torch.float64)).sum().backward()
    np.testing.assert_allclose(k.grad, [[0.25, 0, 1], [0, 0.5, 1], [0, 0, 0]])
    np.testing.assert_array_equal(camera.to_opencv(), k.detach())


def test_another_focal_length_keeps_the_pixels_shape_and_all_else():
    camera = Camera(300.0, 330.0, 70.0, 50.0, 160, 120)
    longer = camera.with_focal_px(450.0)
    assert (longer.fx_px, longer.fy_px) == (450.0, pytest.approx(495.0))
    assert replace(longer, fx_px=300.0, fy_px=330.0) == camera


def test_a_camera_in_floats_has_no_gradient():
    focal = torch.tensor(300.0, dtype=torch.float64, requires_grad=True)
    plain = Camera(focal, focal, 70.0, 50.0, 160, 120).numpy()
    assert plain == Camera(300.0, 300.0, 70.0, 50.0, 160, 120)
    assert all(type(v) is float for v in (plain.fx_px, plain.fy_px, plain.cx_px, plain.cy_px))
