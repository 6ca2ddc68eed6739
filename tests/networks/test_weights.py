"""Weights as files: what comes back is what was kept, the bytes are always the same, and bad files are one sentence."""

import json
import random

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from rrb.errors import BadFileError, BadInputError
from rrb.networks.build import SIZES, build, load
from rrb.networks.weights import load_weights, packed, save_weights
from tiny_training import shrink

ABOUT = {"data": {"chairs": {"count": 3}}, "measured": {"iou": 0.5}, "said": "ü"}


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    shrink(monkeypatch.setitem)


@pytest.fixture
def kept(tmp_path):
    torch.manual_seed(0)
    module = build("mask", "small")
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    module.stem[2].num_batches_tracked += 70_000  # more than half precision holds
    save_weights(tmp_path / "mask.safetensors", "mask", "small", module, ABOUT)
    return tmp_path / "mask.safetensors", module


def header_of(path):
    with safe_open(path, "pt") as file:
        return file.metadata()


# --- there and back -----------------------------------------------------------------------------------


def test_what_comes_back_is_what_was_kept_at_half_precision(kept):
    path, module = kept
    found, about = load(path, "mask")
    assert about == ABOUT
    assert not found.training
    assert not any(p.requires_grad for p in found.parameters())
    ours = module.state_dict()
    for name, value in found.state_dict().items():
        assert value.dtype == ours[name].dtype
        torch.testing.assert_close(value, ours[name], rtol=2**-11, atol=2**-25)
    assert found.state_dict()["stem.2.num_batches_tracked"] == 70_000


def test_loading_draws_on_nobodys_random_numbers(kept):
    path, _ = kept
    torch.manual_seed(7)
    before = torch.get_rng_state()
    load(path, "mask")
    assert torch.equal(torch.get_rng_state(), before)


def test_keeping_what_came_back_gives_the_same_bytes(kept, tmp_path):
    path, _ = kept
    found, about = load(path, "mask")
    for n in range(4):
        save_weights(tmp_path / f"{n}", "mask", "small", found, about)
        assert (tmp_path / f"{n}").read_bytes() == path.read_bytes()


def test_packed_is_a_plain_file_of_safetensors(tmp_path):
    tensors = {
        "b": torch.rand(3, 5),
        "a": torch.arange(7),
        "c": torch.rand(1).half(),
        "empty": torch.zeros(0, 2),
    }
    for n in range(9):  # headers of all lengths
        data = packed(tensors, {"z": "x" * n, "a": "ü"})
        (tmp_path / "file").write_bytes(data)
        found = load_file(tmp_path / "file")
        assert found.keys() == tensors.keys()
        assert all(torch.equal(found[k], tensors[k]) for k in tensors)
        assert header_of(tmp_path / "file") == {"z": "x" * n, "a": "ü"}
        assert int.from_bytes(data[:8], "little") % 8 == 0


@pytest.mark.parametrize(("network", "size"), [(n, s) for n, sizes in SIZES.items() for s in sizes])
def test_every_network_comes_back(tmp_path, network, size):
    module = build(network, size)
    save_weights(tmp_path / "w", network, size, module, {})
    found, _ = load(tmp_path / "w", network)
    assert found.state_dict().keys() == module.state_dict().keys()


# --- refused ------------------------------------------------------------------------------------------


def refused(path, network="mask"):
    with pytest.raises(BadFileError) as error:
        load(path, network)
    said = str(error.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return said


def test_no_file_and_a_folder_are_refused(tmp_path):
    assert "there is no such file" in refused(tmp_path / "none")
    refused(tmp_path)


def test_a_file_that_was_cut_off_anywhere_is_refused(kept):
    path, _ = kept
    data, dice = path.read_bytes(), random.Random(0)
    for length in [0, 1, 7, 8, 9, len(data) - 1, *(dice.randrange(len(data)) for _ in range(20))]:
        path.write_bytes(data[:length])
        assert "damaged" in refused(path)


def test_a_header_of_noise_is_refused(kept):
    path, _ = kept
    data, dice = path.read_bytes(), random.Random(1)
    for _ in range(20):
        path.write_bytes(dice.randbytes(64) + data[64:])
        assert "damaged" in refused(path)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"format": "rrb.weights/9"}, "'rrb.weights/9'; 'rrb.weights/1' is accepted"),
        ({"format": None}, "its format is None"),
        ({"network": "viewpoint"}, "weights of 'viewpoint', but those of 'mask' are needed"),
        ({"network": None}, "its header lacks network, size or about"),
        ({"size": None}, "its header lacks network, size or about"),
        ({"about": "{"}, "holds no JSON"),
        ({"about": "3"}, "holds no JSON"),
        (
            {"size": "giant"},
            "mask has no size 'giant'; small, paper are accepted; these weights may be of another",
        ),
    ],
)
def test_what_the_header_says_is_checked(kept, changes, named):
    path, _ = kept
    header = {k: v for k, v in {**header_of(path), **changes}.items() if v is not None}
    path.write_bytes(packed(load_file(path), header))
    assert named in refused(path)


def test_shapes_of_another_version_are_refused_by_name(kept):
    path, _ = kept
    tensors, header = load_file(path), header_of(path)
    changed = {
        "last.bias is (3,), but (16,) here": {**tensors, "last.bias": torch.zeros(3).half()},
        "last.bias is missing, but (16,) here": {k: v for k, v in tensors.items() if k != "last.bias"},
        "extra is (1,), but unknown here": {**tensors, "extra": torch.zeros(1)},
    }
    for named, held in changed.items():
        path.write_bytes(packed(held, header))
        assert named in refused(path)
        assert "another version of rrb" in refused(path)


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_lost_are_refused(kept, broken):
    path, _ = kept
    tensors = load_file(path)
    tensors["last.bias"][2] = broken
    path.write_bytes(packed(tensors, header_of(path)))
    assert "last.bias holds numbers that are not finite" in refused(path)


def test_a_file_of_somebody_else_is_refused(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "theirs")
    assert "its format is None" in refused(tmp_path / "theirs")
    (tmp_path / "json").write_text(json.dumps({"format": "rrb.weights/1"}))
    assert "damaged or no safetensors file" in refused(tmp_path / "json")


@pytest.mark.parametrize(
    ("network", "size", "named"), [("pose", "small", "mask"), ("mask", "giant", "paper")]
)
def test_there_is_no_other_network(network, size, named):
    with pytest.raises(BadInputError, match=named):
        build(network, size)


def test_weights_are_float32_when_read(kept):
    path, _ = kept
    assert {t.dtype for t in load_weights(path).tensors.values()} == {torch.float32, torch.int64}
