"""`rrb evaluate rrb` with recipes that know the truth: they are without error, counted, and not asked twice."""

import json

import numpy as np
import pytest

from made_data import sentence, small
from rrb.cli import _evaluate_methods
from rrb.cli.main import main
from rrb.data.dataset import Dataset, write_description
from rrb.data.make import make_dataset
from rrb.data.scenes import Variety
from rrb.data.shards import shard_path, write_shard
from rrb.errors import BadInputError
from rrb.evaluation import benchmark
from rrb.geometry.pose import Pose
from rrb.networks import build
from rrb.recipes import reconstruct, seeing
from rrb.recipes.result import Reconstruction
from stored_samples import plain_sample


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """12 pictures of as many chairs; of some nothing says the height."""
    folder = tmp_path_factory.mktemp("chairs")
    make_dataset(small(count=12, views=1, variety=Variety(size=(48, 48), white=0.0)), folder)
    return folder


class Oracle:
    """Recognises a picture, and answers with what is true of it; `hook` may change its mind."""

    def __init__(self, folder, hook=None):
        self.samples = {s.image.tobytes(): s for s in Dataset(folder).samples()}
        self.hook, self.asked = hook, []

    def mask(self, image, camera, network):
        return self.samples[image.tobytes()].mask

    def __call__(self, image, mask, camera, *, camera_height_m=None, category=None, unknown=None, **_):
        sample = self.samples[image.tobytes()]
        self.asked.append((sample.key, unknown is not None))
        pose = sample.camera_from_object
        if self.hook is not None:
            pose = self.hook(sample, pose)
        size = 1.0 if camera_height_m is None else None
        return Reconstruction(
            mesh=sample.load_mesh(),
            camera_from_object=pose,
            camera=camera,
            metres_per_canonical_unit=None if size else 1.0,
            size_deviation=None,
            category="chair",
            category_share=0.9,
            mask=mask,
            mask_from="given",
            iou=1.0,
            covariance=None,
            hypotheses=(),
            accepted=True,
            reason=None,
            history=(),
            history_mesh=sample.load_mesh(),
            recipe="rrb",
        )


@pytest.fixture
def know(data, monkeypatch):
    """Puts an oracle in the place of recipes and of the mask network; the other networks know nothing."""
    networks = {name: (build.build(name, "small").eval(), {}) for name in ("occupancy", "viewpoint", "mask")}
    monkeypatch.setattr(build, "shipped", lambda name: networks[name])
    monkeypatch.setattr(benchmark, "SHAPE_POINTS", 4000)

    def install(hook=None):
        oracle = Oracle(data, hook)
        monkeypatch.setattr(reconstruct, "RECIPES", {"rrb-paper": lambda: oracle, "rrb": lambda: oracle})
        monkeypatch.setattr(seeing, "predicted", oracle.mask)
        monkeypatch.setattr(seeing, "plain_background", lambda image: None)
        monkeypatch.setattr(seeing, "require_object", lambda mask, name: None)
        return oracle

    return install


def evaluate(out, *folders, **flags):
    more = [part for name, value in flags.items() for part in (f"--{name}", *str(value).split())]
    return main(["evaluate", "rrb", "--data", *map(str, folders), "--out", str(out), *more])


def lines(out):
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


# --- figures ----------------------------------------------------------------------------------------


def test_who_knows_the_truth_is_without_error(data, know, tmp_path):
    know()
    assert evaluate(tmp_path, data, split="all") == 0
    rows = lines(tmp_path)
    assert len(rows) == 12
    heights = [row["true"]["camera_height_m"] for row in rows]
    assert None in heights
    for row, height in zip(rows, heights, strict=True):
        for mask in ("true", "own"):
            for recipe in ("rrb", "rrb-paper"):
                said = row["found"][f"{recipe}, {mask} mask"]["scores"]
                assert said["elevation_deg"] == pytest.approx(0, abs=1e-6)
                assert said["volume_iou"] in (None, 1), "of a shell hardly anything is inside"
                assert said["mask_iou"] == 1
                expected = None if height is None else pytest.approx(1)
                assert said["metric_box_iou"] == expected
                assert said["shape_box_iou"] == expected


def test_the_first_row_sees_everything_from_its_front(data, know, tmp_path):
    know()
    assert evaluate(tmp_path, data, split="all", recipes="rrb", masks="true") == 0
    for row in lines(tmp_path):
        said = row["found"]["OCC-NET"]["scores"]
        assert said["elevation_deg"] == pytest.approx(abs(row["true"]["elevation_deg"]))
        if row["true"]["folds"] == 1:
            assert said["azimuth_deg"] == pytest.approx(abs(row["true"]["azimuth_deg"]))
        assert said["volume_iou"] is None


def test_the_second_row_is_the_viewpoint_networks_likeliest_view(data, know, tmp_path, monkeypatch):
    from rrb.networks import viewpoint

    know()
    true = {s.key: s.camera_from_object.to_viewpoint() for s in Dataset(data).samples("test")}
    views = iter(list(true.values()))

    def likeliest(*_, **__):
        view = next(views)
        return [viewpoint.Mode(float(view.azimuth_deg), float(view.elevation_deg) - 4.0, 0.0, 1.0, (1, 1, 1))]

    monkeypatch.setattr(viewpoint, "modes", likeliest)
    assert evaluate(tmp_path, data, recipes="rrb", masks="true") == 0
    for row in lines(tmp_path):
        said = row["found"]["VIEW-NET, true mask"]["scores"]
        assert said["elevation_deg"] == pytest.approx(4.0)
        assert said["azimuth_deg"] in (None, pytest.approx(0, abs=1e-6))


def test_what_hides_the_object_is_told_with_the_true_mask_only(data, know, tmp_path):
    oracle = know()
    evaluate(tmp_path, data, split="all", recipes="rrb")
    hidden = {s.key for s in Dataset(data).samples() if s.unknown is not None}
    assert hidden
    told = [key for key, knows in oracle.asked if knows]
    assert set(told) == hidden
    assert len(told) == len(hidden)
    assert len(oracle.asked) == 2 * 12


def test_the_table_has_published_rows_and_ours(data, know, tmp_path, capsys):
    know()
    assert evaluate(tmp_path, data, split="all") == 0
    told = (tmp_path / "table.md").read_text()
    for name in ("RRB, published", "OCC-NET", "VIEW-NET, own mask", "rrb-paper, true mask", "rrb, own mask"):
        assert f"| {name} |" in told
    assert "10.8" in told
    assert "no camera height" in told
    assert "rrb, own mask, by style" in told
    assert "rrb, own mask, by category" not in told, "there is one category"
    for block in told.split("## ")[1:]:
        assert len({line.count("|") for line in block.splitlines() if line.startswith("|")}) <= 1
    assert "wrote table.md" in capsys.readouterr().out


# --- runs -------------------------------------------------------------------------------------------


def refusing(number):
    """Refuses from the n-th question on."""
    asked = []

    def hook(sample, pose):
        asked.append(sample.key)
        if len(asked) > number:
            raise KeyboardInterrupt
        return pose

    return hook


def test_a_run_that_was_stopped_goes_on(data, know, tmp_path, capsys):
    know(refusing(5))
    assert evaluate(tmp_path, data, split="all", recipes="rrb", masks="true") == 130
    assert "5 of 12 done; the same command continues" in capsys.readouterr().err
    with open(tmp_path / "results.jsonl", "a") as file:
        file.write('{"name": "half a li')
    oracle = know()
    assert evaluate(tmp_path, data, split="all", recipes="rrb", masks="true") == 0
    assert len(oracle.asked) == 7
    assert len(lines(tmp_path)) == 12


def test_fewer_pictures_of_a_finished_run_are_told_without_asking(data, know, tmp_path, capsys):
    know()
    evaluate(tmp_path, data, split="all", recipes="rrb", masks="true")
    oracle = know()
    assert evaluate(tmp_path, data, split="all", count=6, recipes="rrb", masks="true") == 0
    assert oracle.asked == []
    assert "6 pictures of" in capsys.readouterr().out
    assert len(lines(tmp_path)) == 12


def test_other_recipes_masks_or_weights_need_another_folder(data, know, tmp_path, capsys, monkeypatch):
    know()
    evaluate(tmp_path, data, recipes="rrb", masks="true")
    capsys.readouterr()
    assert evaluate(tmp_path, data, recipes="rrb") == 2
    assert "results of other masks" in sentence(capsys)
    monkeypatch.setattr(_evaluate_methods, "weights_said", lambda: {"occupancy": "0"})
    assert evaluate(tmp_path, data, recipes="rrb", masks="true") == 2
    assert "results of other weights" in sentence(capsys)


def test_a_refused_picture_is_counted_and_the_others_are_done(data, know, tmp_path):
    def hook(sample, pose):
        if int(sample.mesh_id[-2:]) % 2:
            raise BadInputError("nothing is seen in it")
        return pose

    know(hook)
    assert evaluate(tmp_path, data, split="all", recipes="rrb", masks="true") == 0
    told = (tmp_path / "table.md").read_text()
    assert "rrb, true mask: 6 of 12 pictures refused; they are in no mean (nothing is seen in it)" in told
    assert sum("refused" in row["found"]["rrb, true mask"] for row in lines(tmp_path)) == 6


def test_a_fault_of_ours_is_kept_and_told_at_the_end(data, know, tmp_path, capsys):
    def hook(sample, pose):
        raise ZeroDivisionError("oh")

    know(hook)
    assert evaluate(tmp_path, data, recipes="rrb", masks="true") == 1
    assert "results.jsonl" in capsys.readouterr().err
    assert (tmp_path / "table.md").exists()


def test_moved_answers_have_their_errors(data, know, tmp_path):
    know(lambda sample, pose: Pose(pose.rotation, pose.translation + np.array([0.0, 0.3, 0.4])))
    assert evaluate(tmp_path, data, split="all", recipes="rrb", masks="true") == 0
    said = [row["found"]["rrb, true mask"]["scores"]["translation_m"] for row in lines(tmp_path)]
    assert [value for value in said if value is not None] == pytest.approx(
        [0.5] * sum(v is not None for v in said)
    )
    assert None in said


# --- bad input --------------------------------------------------------------------------------------


def test_pictures_without_pose_are_left_out_and_counted(know, tmp_path, capsys):
    know()
    folder = tmp_path / "data"
    bare = {"mask": None, "camera": None, "camera_from_object": None, "mesh_id": ""}
    write_description(folder, {})
    write_shard(shard_path(folder, "train", 0), [plain_sample(0, **bare)], jpeg_quality=None)
    assert evaluate(tmp_path / "out", folder, split="train", recipes="rrb", masks="true") == 2
    assert "none of 1 pictures has a camera and a pose" in sentence(capsys)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"count": 0}, "--count is 0"),
        ({"recipes": "best"}, "rrb-paper, rrb are accepted"),
        ({"split": "val", "data": "none"}, "dataset.json"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(data, know, tmp_path, capsys, flags, said):
    know()
    folder = tmp_path / flags.pop("data") if "data" in flags else data
    assert evaluate(tmp_path / "out", folder, **flags) == 2
    assert said in sentence(capsys)
    assert not (tmp_path / "out").exists()


def test_a_split_that_is_not_there_is_named(know, tmp_path, capsys):
    know()
    folder = tmp_path / "data"
    write_description(folder, {})
    write_shard(shard_path(folder, "train", 0), [plain_sample(0)], jpeg_quality=None)
    assert evaluate(tmp_path / "out", folder) == 2
    assert "no picture is of the split 'test'; it has train" in sentence(capsys)
