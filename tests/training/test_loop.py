"""The loop: stopped anywhere and continued it ends with the same bits; rates, clipping, averages, what is refused."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from rrb.errors import BadFileError, BadInputError
from rrb.training.checkpoint import append_line, read_lines, shorten
from rrb.training.lesson import Lesson
from rrb.training.loop import Settings, Training

SETTINGS = Settings(steps=23, batch_size=4, warmup=5)
ABOUT = {"data": {"chairs": {"count": 40}}}


class Toy(Lesson):
    """Learns whether the left or the right of a noisy picture is brighter."""

    name = "toy"
    fields = ("image",)
    better = ("right", 1)

    def __init__(self):
        torch.manual_seed(0)
        super().__init__(
            nn.Sequential(
                nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 5, 3), nn.ReLU(),
                nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(20, 2),
            )
        )  # fmt: skip

    def prepare(self, batch, random):
        images, labels = batch
        noise = torch.randn(images.shape, generator=random) if random is not None else 0
        return {"images": images + 0.1 * noise, "labels": labels}

    def forward(self, inputs):
        loss = nn.functional.cross_entropy(self.network(inputs["images"]), inputs["labels"])
        return loss, {"half": loss / 2}

    def judge(self, inputs):
        return {"right": (self.network(inputs["images"]).argmax(1) == inputs["labels"]).float()}

    def tiles(self, inputs):
        return list(inputs["images"])


def batches(epoch):
    """Of an epoch: five, others each time."""
    random = torch.Generator().manual_seed(epoch)
    for _ in range(5):
        images, labels = torch.rand(4, 3, 9, 9, generator=random), torch.randint(2, (4,), generator=random)
        images[labels == 1, :, :, 5:] += 0.5
        yield images, labels


def training(folder, settings=SETTINGS, of=batches, lesson=None):
    return Training(lesson or Toy(), of, settings, folder)


def run(folder, stop_at=None, settings=SETTINGS, saves=7):
    """As the command does it: lines and states now and then; killed after a step, without a word."""
    made = training(folder, settings)
    made.resume(ABOUT)
    while not made.finished:
        made.step()
        if made.done == stop_at:
            return made
        if made.done % 4 == 0 or made.finished:
            made.write_line(**made.validate(batches(99)))
        if made.done % saves == 0 or made.finished:
            made.save(ABOUT)
    return made


def end_of(folder):
    tensors = load_file(folder / "last.safetensors")
    return {name: value.numpy().tobytes() for name, value in tensors.items()}, (
        folder / "curve.jsonl"
    ).read_text()


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """For the whole run, too: other threads give other last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, one_thread):
    folder = tmp_path_factory.mktemp("whole")
    run(folder)
    return end_of(folder)


# --- the same bits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop_at", [1, 4, 5, 6, 7, 8, 13, 15, 22])
def test_killed_once_it_ends_with_the_same_bits(tmp_path, whole, stop_at):
    run(tmp_path, stop_at)
    run(tmp_path)
    assert end_of(tmp_path) == whole


def test_killed_all_the_time_it_ends_with_the_same_bits(tmp_path, whole):
    for stop_at in range(1, SETTINGS.steps, 2):
        run(tmp_path, stop_at, saves=1)
    run(tmp_path, saves=1)
    assert end_of(tmp_path) == whole


def test_when_states_are_kept_changes_nothing(tmp_path, whole):
    run(tmp_path, saves=2)
    assert end_of(tmp_path) == whole


def test_another_seed_is_another_run(tmp_path, whole):
    run(tmp_path, settings=replace(SETTINGS, seed=1))
    assert end_of(tmp_path)[0] != whole[0]


def test_what_is_continued_lies_in_memory_as_before(tmp_path):
    run(tmp_path, 8)
    before, after = training(tmp_path), training(tmp_path)
    before.step()
    after.resume(ABOUT)
    for one, other in zip(before.optimizer.state.values(), after.optimizer.state.values(), strict=True):
        assert {k: v.stride() for k, v in one.items()} == {k: v.stride() for k, v in other.items()}


def test_half_a_line_of_a_killed_run_is_forgotten(tmp_path, whole):
    run(tmp_path, 13)
    with (tmp_path / "curve.jsonl").open("a") as file:
        file.write('{"step": 13, "lo')
    run(tmp_path)
    assert end_of(tmp_path) == whole


# --- steps --------------------------------------------------------------------------------------------


def test_the_rate_rises_evenly_then_falls_to_a_hundredth():
    settings = Settings(steps=1000, warmup=100, learning_rate=0.5)
    rates = [settings.rate_at(step) for step in range(1000)]
    rising = [after - before for before, after in pairwise(rates[:100])]
    assert rising == pytest.approx([0.005] * 99)
    assert max(rates) == rates[100] == 0.5
    assert rates[100:] == sorted(rates[100:], reverse=True)
    assert settings.rate_at(550) == pytest.approx(0.5 * (0.01 + 0.99 / 2))
    assert settings.rate_at(1000) == pytest.approx(0.005)
    assert settings.rate_at(10**9) == pytest.approx(0.005)
    assert Settings(warmup=0, learning_rate=0.5).rate_at(0) == 0.5


def test_the_rate_reaches_the_optimizer(tmp_path):
    made = training(tmp_path)
    for step in range(8):
        made.step()
        assert {group["lr"] for group in made.optimizer.param_groups} == {SETTINGS.rate_at(step)}


class Steep(Toy):
    def forward(self, inputs):
        loss, _ = super().forward(inputs)
        return 1e4 * loss, {}


@pytest.mark.parametrize("clip", [0.25, 1.0])
def test_no_gradient_is_longer_than_the_clip(tmp_path, clip):
    made = training(tmp_path, replace(SETTINGS, clip=clip), lesson=Steep())
    for _ in range(4):
        made.step()
        squares = [float((p.grad**2).sum()) for p in made.lesson.parameters()]
        assert math.sqrt(sum(squares)) == pytest.approx(clip, rel=1e-4)


def test_short_gradients_are_left_alone(tmp_path):
    made, same = training(tmp_path), Toy()
    same.load_state_dict(made.lesson.state_dict())
    made = training(tmp_path, replace(SETTINGS, clip=1e9))
    inputs = same.train().prepare(next(batches(0)), made._random())
    made.step()
    same(inputs)[0].backward()
    for ours, theirs in zip(made.lesson.parameters(), same.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-6)


def test_biases_do_not_decay(tmp_path):
    made = training(tmp_path, replace(SETTINGS, weight_decay=0.5))
    decays = {id(p): g["weight_decay"] for g in made.optimizer.param_groups for p in g["params"]}
    for name, parameter in made.lesson.named_parameters():
        assert decays[id(parameter)] == (0.5 if parameter.ndim > 1 else 0.0), name


def test_the_average_follows(tmp_path):
    """Weights and running means alike; what is counted is not averaged."""
    made = training(tmp_path, replace(SETTINGS, average=0.5))
    held = {name: value.clone() for name, value in made.average.state_dict().items()}
    assert {name.rsplit(".")[-1] for name in held} >= {"weight", "running_mean", "num_batches_tracked"}
    for step in range(1, 9):
        made.step()
        keep = min(0.5, (1 + step) / (10 + step))
        for name, now in made.lesson.state_dict().items():
            counted = not now.is_floating_point()
            held[name] = now.clone() if counted else keep * held[name] + (1 - keep) * now
            torch.testing.assert_close(made.average.state_dict()[name], held[name])


def test_it_learns(tmp_path):
    made = training(tmp_path, replace(SETTINGS, steps=150, learning_rate=0.02, average=0.5))
    while not made.finished:
        made.step()
    assert made.validate(batches(1000))["right"] > 0.9


def test_every_epoch_is_asked_for_in_turn(tmp_path):
    asked = []

    def told(epoch):
        asked.append(epoch)
        return batches(epoch)

    made = training(tmp_path, of=told)
    for _ in range(12):
        made.step()
    assert asked == [0, 1, 2]


def test_without_a_batch_there_is_nothing_to_learn(tmp_path):
    with pytest.raises(BadInputError, match="no whole batch"):
        training(tmp_path, of=lambda epoch: []).step()


def test_tiles_are_those_of_the_first(tmp_path):
    assert len(training(tmp_path).tiles(next(batches(0)), most=3)) == 3


# --- figures ------------------------------------------------------------------------------------------


def test_a_line_holds_means_since_the_last(tmp_path):
    made = training(tmp_path)
    losses = []
    for _ in range(6):
        before = float(made._sums.get("loss", 0.0))
        made.step()
        losses.append(float(made._sums["loss"]) - before)
    line = made.write_line(more=3.5)
    assert line["loss"] == pytest.approx(sum(losses) / 6, rel=1e-4)
    assert line["half"] == pytest.approx(line["loss"] / 2)
    assert (line["step"], line["samples"], line["more"]) == (6, 24, 3.5)
    made.step()
    assert made.write_line()["loss"] == pytest.approx(2 * read_lines(tmp_path / "curve.jsonl")[1]["half"])


@pytest.mark.parametrize("sign", [1, -1])
def test_the_best_is_the_best_of_all(tmp_path, sign):
    made = training(tmp_path)
    made.lesson.better = ("right", sign)
    figures = [math.nan, 0.5, 0.4, 0.6, 0.5, 0.7, math.nan, 0.7, 0.1]
    best = [made.is_best({"right": sign * figure}) for figure in figures]
    assert best == [False, True, False, True, False, True, False, False, False]


class Lost(Toy):
    def forward(self, inputs):
        loss, parts = super().forward(inputs)
        return loss * math.nan, parts


def test_lost_numbers_are_neither_told_nor_kept(tmp_path):
    run(tmp_path, 8)
    state = (tmp_path / "last.safetensors").read_bytes()
    made = training(tmp_path, lesson=Lost())
    made.resume(ABOUT)
    made.step()
    for refused in (made.write_line, lambda: made.save(ABOUT)):
        with pytest.raises(
            BadInputError, match="no finite number any more after step 8; a lower learning rate"
        ):
            refused()
    assert (tmp_path / "last.safetensors").read_bytes() == state


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("steps", 0), ("steps", -3), ("batch_size", 0), ("learning_rate", 0.0), ("learning_rate", math.nan),
        ("learning_rate", math.inf), ("clip", 0.0), ("average", 1.0), ("average", -0.1), ("seed", -1),
        ("seed", 2**31), ("precision", "float16"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(field, value):
    with pytest.raises(BadInputError, match=f"{field}.* accepted"):
        Settings(**{field: value})


def test_a_run_of_other_choices_is_refused_by_name(tmp_path):
    run(tmp_path, 8)
    with pytest.raises(BadInputError, match=r"began with batch_size 4, not 8; .*--out"):
        training(tmp_path, replace(SETTINGS, batch_size=8)).resume(ABOUT)
    with pytest.raises(BadInputError, match="began with data"):
        training(tmp_path).resume({"data": {"chairs": {"count": 41}}})
    with pytest.raises(BadInputError, match="began with start None, not 'a'"):
        training(tmp_path).resume({**ABOUT, "start": "a"})


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.3, 0.999])
def test_a_damaged_state_is_refused(tmp_path, share):
    run(tmp_path, 8)
    path = tmp_path / "last.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(
        BadFileError, match=r"last.safetensors: this state of a training is damaged \(.+\); remove"
    ):
        training(tmp_path).resume(ABOUT)


def test_a_state_that_lacks_something_is_refused(tmp_path):
    run(tmp_path, 8)
    path = tmp_path / "last.safetensors"
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        header = file.metadata()
    for name in ("lesson.network.0.weight", "average.network.7.bias"):
        save_file({k: v for k, v in tensors.items() if k != name}, path, header)
        with pytest.raises(BadFileError, match="damaged"):
            training(tmp_path).resume(ABOUT)
    facts = json.loads(header["facts"])
    del facts["epoch"]
    save_file(tensors, path, {**header, "facts": json.dumps(facts)})
    with pytest.raises(BadFileError, match=r"damaged.*epoch"):
        training(tmp_path).resume(ABOUT)


def test_a_file_of_another_format_is_no_state(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "last.safetensors", {"format": "rrb.weights/1"})
    with pytest.raises(BadFileError, match=r"its format is 'rrb.weights/1'; 'rrb.training/1' is accepted$"):
        training(tmp_path).resume(ABOUT)


# --- the curve ----------------------------------------------------------------------------------------


def test_a_curve_is_shortened_only_where_it_is_too_long(tmp_path):
    path = tmp_path / "curve.jsonl"
    shorten(path, 5)
    assert not path.exists()
    for step in (2, 4, 6):
        append_line(path, {"step": step, "loss": step / 10})
    before = path.stat().st_mtime_ns
    shorten(path, 6)
    assert path.stat().st_mtime_ns == before
    shorten(path, 4)
    assert [line["step"] for line in read_lines(path)] == [2, 4]
