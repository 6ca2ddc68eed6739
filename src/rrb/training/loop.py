"""The loop that all lessons go through: `Training.step` until `finished`, kept so that a kill costs nothing but time.

What is learned is a function of the settings, the data and the number of threads alone: every step draws its random
numbers from its own seed, and every epoch has its own order, so that a continued run ends with the same bits.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from rrb.errors import BadInputError
from rrb.training.checkpoint import append_line, damaged, load_state, save_state, shorten
from rrb.training.lesson import Inputs, Lesson

Batches = Callable[[int], Iterable[Any]]
"""epoch -> its batches, always the same in the same order."""


@dataclass(frozen=True)
class Settings:
    """What decides the result beside the data. A continued run must have the same."""

    steps: int = 10_000
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warmup: int = 300  # steps; then a cosine down to a hundredth
    clip: float = 1.0  # the gradient's longest length
    average: float = 0.998  # of weights over steps: the average is what is validated and kept
    seed: int = 0
    precision: str = "float32"  # or bfloat16, where the device has it; weights are kept in float32

    def __post_init__(self) -> None:
        if self.precision not in ("float32", "bfloat16"):
            raise BadInputError(f"the precision is {self.precision!r}; float32 or bfloat16 is accepted")
        for name in ("steps", "batch_size"):
            if getattr(self, name) < 1:
                raise BadInputError(f"{name} is {getattr(self, name)}; a whole number from 1 is accepted")
        if not 0 <= self.seed < 2**31:
            raise BadInputError(f"the seed is {self.seed}; a whole number from 0 to {2**31 - 1} is accepted")
        for name in ("learning_rate", "clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise BadInputError(f"{name} is {getattr(self, name):g}; a number above 0 is accepted")
        if not 0 <= self.average < 1:
            raise BadInputError(f"average is {self.average:g}; 0 to below 1 is accepted")

    def rate_at(self, step: int) -> float:
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


class Training:
    """`step` and `validate` by hand, or all of it by `cli.train`.

    folder: holds last.safetensors (everything that a continued run needs), curve.jsonl and, beside, what the caller
    writes. model: what is called for the loss, the lesson itself or torch's wrapper of it for several devices.
    """

    def __init__(
        self,
        lesson: Lesson,
        batches: Batches,
        settings: Settings,
        folder: Path,
        *,
        device: str = "cpu",
        wrap: Callable[[nn.Module], nn.Module] | None = None,
        rank: int = 0,
    ) -> None:
        self.lesson, self.batches, self.settings, self.folder = lesson, batches, settings, folder
        self.device, self.rank = torch.device(device), rank
        lesson.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(lesson).requires_grad_(False)
        self.model = lesson if wrap is None else wrap(lesson)
        self.optimizer = torch.optim.AdamW(
            _grouped(lesson, settings.weight_decay), lr=settings.learning_rate, foreach=True
        )
        self.done, self.epoch, self.in_epoch = 0, 0, 0
        self.best: float | None = None
        self._stream: Iterator[Any] | None = None
        self._sums: dict[str, Tensor] = {}
        self._summed = 0

    # --- going on -------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        return self.done >= self.settings.steps

    def step(self) -> None:
        """One batch learned."""
        rate = self.settings.rate_at(self.done)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        inputs = self._to_device(self.lesson.prepare(self._next(), self._random()))
        self.lesson.train()
        with self._cast():
            loss, parts = self.model(inputs)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.lesson.parameters(), self.settings.clip)
        self.optimizer.step()
        self.done += 1
        self._follow()
        self._tell({"loss": loss.detach(), **{k: v.detach() for k, v in parts.items()}})

    def _next(self) -> Any:
        if self._stream is None:
            self._stream = iter(self.batches(self.epoch))
            for _ in range(self.in_epoch):  # of a continued run: what was learned already
                next(self._stream, None)
        batch = next(self._stream, None)
        if batch is None:
            if self.in_epoch == 0:
                raise BadInputError(
                    "there is no whole batch to learn from; more samples or a smaller batch are needed"
                )
            self._stream, self.epoch, self.in_epoch = None, self.epoch + 1, 0
            return self._next()
        self.in_epoch += 1
        return batch

    def _random(self) -> torch.Generator:
        seed = (self.settings.seed * 1_000_003 + self.done) * 64 + self.rank
        return torch.Generator().manual_seed(seed)

    def _follow(self) -> None:
        """The average of the weights; at the start, that of few steps."""
        keep = min(self.settings.average, (1 + self.done) / (10 + self.done))
        ours: list[Tensor] = list(self.average.parameters())
        torch._foreach_lerp_(ours, [p.detach() for p in self.lesson.parameters()], 1 - keep)
        # Running means as well: those of the last few batches are of whatever kinds of objects these showed.
        for mean, now in zip(self.average.buffers(), self.lesson.buffers(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, 1 - keep)
            else:
                mean.copy_(now)

    def _tell(self, figures: dict[str, Tensor]) -> None:
        for name, value in figures.items():
            self._sums[name] = self._sums.get(name, torch.zeros((), device=self.device)) + value.float()
        self._summed += 1

    def _cast(self) -> Any:
        half = self.settings.precision == "bfloat16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)

    def _to_device(self, inputs: Inputs) -> Inputs:
        return {
            name: value.to(self.device, memory_format=torch.channels_last)
            if value.ndim == 4
            else value.to(self.device)
            for name, value in inputs.items()
        }

    # --- looking --------------------------------------------------------------------------------

    @torch.no_grad()
    def validate(self, batches: Iterable[Any]) -> dict[str, float]:
        """Means of the averaged network's figures."""
        self.average.eval()
        columns: dict[str, list[Tensor]] = {}
        for batch in batches:
            inputs = self._to_device(self.average.prepare(batch, None))
            with self._cast():
                figures = self.average.judge(inputs)
            for name, values in figures.items():
                columns.setdefault(name, []).append(values.float().cpu())
        return {name: float(torch.cat(values).nanmean()) for name, values in columns.items()}

    @torch.no_grad()
    def tiles(self, batch: Any, most: int = 16) -> list[Any]:
        """What the averaged network answers to the first of a batch, as pictures."""
        self.average.eval()
        inputs = {name: value[:most] for name, value in self.average.prepare(batch, None).items()}
        with self._cast():
            return self.average.tiles(self._to_device(inputs))

    def is_best(self, figures: dict[str, float]) -> bool:
        """Whether these are the best figures so far, which is then remembered."""
        name, sign = self.lesson.better
        if not math.isfinite(figures[name]):
            return False
        if self.best is not None and not sign * figures[name] > sign * self.best:
            return False
        self.best = figures[name]
        return True

    def write_line(self, **more: float) -> dict[str, float]:
        """A line of the curve: means since the last."""
        self._require_finite()
        names = sorted(self._sums, key=lambda name: (name != "loss", name))  # also of a continued run
        means = {name: float(self._sums[name]) / max(1, self._summed) for name in names}
        line = {
            "step": self.done,
            "samples": self.done * self.settings.batch_size,
            "rate": self.settings.rate_at(self.done),
            **means,
            **more,
        }
        self._sums, self._summed = {}, 0
        append_line(self.folder / "curve.jsonl", line)
        return line

    def _require_finite(self) -> None:
        """Numbers that are lost do not come back: neither told nor kept, so that the last state is a good one."""
        if "loss" in self._sums and not math.isfinite(float(self._sums["loss"])):
            raise BadInputError(
                f"the loss is no finite number any more after step {self.done}; a lower learning rate is accepted"
            )

    # --- keeping --------------------------------------------------------------------------------

    def save(self, about: dict[str, Any]) -> None:
        """All that a continued run needs, in one file, written whole or not at all."""
        self._require_finite()
        tensors = {f"lesson.{k}": v for k, v in self.lesson.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        state = self.optimizer.state_dict()["state"]
        tensors |= {f"optimizer.{n}.{k}": v for n, held in state.items() for k, v in held.items()}
        tensors |= {f"sums.{k}": v for k, v in self._sums.items()}
        facts = {
            "done": self.done,
            "epoch": self.epoch,
            "in_epoch": self.in_epoch,
            "best": self.best,
            "summed": self._summed,
            "settings": asdict(self.settings),
            "about": about,
        }
        save_state(self.folder / "last.safetensors", tensors, facts)

    def resume(self, about: dict[str, Any]) -> bool:
        """Go on from the folder's last state, if it has one. One of another run is refused."""
        path = self.folder / "last.safetensors"
        held = path.is_file()
        if held:
            tensors, facts = load_state(path, self.device)
            try:
                _require_same(path, {"settings": asdict(self.settings), "about": about}, facts)
                self._take(tensors, facts)
            except (KeyError, TypeError, IndexError, RuntimeError) as error:
                raise damaged(path, error) from None
        if self.rank == 0:  # of a run that was killed before its first state there may be lines, too
            shorten(self.folder / "curve.jsonl", self.done)
        return held

    def _take(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        self.lesson.load_state_dict(_below("lesson.", tensors))
        self.average.load_state_dict(_below("average.", tensors))
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _below("optimizer.", tensors).items():
            number, key = name.split(".", 1)
            like = parameters[int(number)]
            if value.shape == like.shape:  # laid out in memory as torch would: the last bits depend on it
                value = torch.empty_like(like, requires_grad=False).copy_(value)
            state.setdefault(int(number), {})[key] = value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        self._sums, self._summed = _below("sums.", tensors), facts["summed"]
        self.done, self.epoch, self.in_epoch = facts["done"], facts["epoch"], facts["in_epoch"]
        self.best = facts["best"]


def _grouped(lesson: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Matrices decay, single rows of numbers (biases, norms) do not."""
    learned = [p for p in lesson.parameters() if p.requires_grad]
    return [
        {"params": [p for p in learned if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in learned if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _require_same(path: Path, ours: dict[str, Any], held: dict[str, Any]) -> None:
    for part, values in ours.items():
        before, now = held[part], json.loads(json.dumps(values))
        for name in now.keys() | before.keys():
            if now.get(name) != before.get(name):
                raise BadInputError(
                    f"{path}: this run began with {name} {before.get(name)!r}, not {now.get(name)!r}; the same is"
                    " accepted, or another --out"
                )
