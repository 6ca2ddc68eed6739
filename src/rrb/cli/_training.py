"""What `rrb train` does: a run of `Training` over data sets, with progress, pictures and checkpoints."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console

from rrb.cli import _training_setup as setup
from rrb.cli._progress import Progress
from rrb.cli._training_pictures import draw_curve, draw_samples
from rrb.cli.render import make_folder
from rrb.data import Dataset
from rrb.networks.weights import load_weights, save_weights
from rrb.training.loop import Settings, Training
from rrb.training.shapes import ShapesLesson

if TYPE_CHECKING:
    from rrb.cli.train import Options

_SAVE_S, _LINE_STEPS, _ASK_STEPS = 60.0, 50, 10
_COMPLETE = 12_000  # samples, about: whole shards, in which an object's pictures are together


def train(options: Options) -> None:
    place = setup.place_of(options.device)
    settings = setup.settings_of(options, place.device)
    with setup.arithmetic(options.threads):
        _train(options, place, settings)


def _train(options: Options, place: setup.Place, settings: Settings) -> None:
    data = setup.data_of(options)
    lesson = setup.lesson_of(options, data, place)
    batches = setup.batches_of(options, data, lesson, place)
    setup.require_learnable(data, lesson)
    folder = Path(options.out)
    make_folder(folder)
    about = setup.about(options, data, place)
    with setup.together(place) as wrap:
        training = Training(
            lesson, batches, settings, folder, device=place.device, wrap=wrap, rank=place.rank
        )
        goes_on = training.resume(about)
        run = _Run(training, data, options, about, place)
        if training.finished and run.completed:
            _say(place, f"{folder}: this run was finished before, after {training.done} steps")
            return
        if goes_on:
            _say(place, f"goes on at step {training.done} of {settings.steps}")
        run.go()


def _say(place: setup.Place, line: str) -> None:
    if place.first:
        print(line, flush=True)


class _Run:
    """Steps to the end, and what is told and kept between them by the first of the processes."""

    def __init__(
        self, training: Training, data: Dataset, options: Options, about: dict[str, Any], place: setup.Place
    ) -> None:
        self.training, self.data, self.options, self.about, self.place = (
            training, data, options, about, place,
        )  # fmt: skip
        self.folder, self.saved = training.folder, time.monotonic()
        self.best = self.folder / "best.safetensors"

    def go(self) -> None:
        training, place = self.training, self.place
        shown = Progress(training.settings.steps, training.done, Console(quiet=not place.first))
        with shown as progress, _Stop() as stop:
            while not training.finished and not self._stopped(stop):
                training.step()
                if place.first:
                    self._after_step(progress)
        if not training.finished:
            if place.first:
                training.save(self.about)
            done = f"{training.done} of {training.settings.steps}"
            raise KeyboardInterrupt(f"stopped with {done} steps done; the same command continues")
        if place.first:
            self._complete()
        _say(place, f"wrote {self.best}; how it went is in {self.folder / 'curve.png'}")

    def _stopped(self, stop: _Stop) -> bool:
        """Between steps, where all is whole; several processes stop at the same step."""
        if self.place.world == 1:
            return stop.asked
        return self.training.done % _ASK_STEPS == 0 and self.place.any(stop.asked)

    def _after_step(self, progress: Progress) -> None:
        training, told = self.training, ""
        looks = training.done % self.options.every == 0 or training.finished
        if training.done % _LINE_STEPS == 0 or looks:
            line = training.write_line(**(self._look() if looks else {}))
            told = ", ".join(f"{k} {v:.4g}" for k, v in line.items() if k not in ("step", "samples", "rate"))
        if looks:
            draw_curve(self.folder / "curve.png", self.folder / "curve.jsonl")
        if looks or time.monotonic() - self.saved > _SAVE_S:
            training.save(self.about)
            self.saved = time.monotonic()
        progress.reach(training.done, told)

    def _look(self) -> dict[str, float]:
        """At the val splits: figures, the weights if they are the best yet, and pictures."""
        training, seen = self.training, list(self._val())
        if not seen:  # a tiny data set: the last weights are the best that is known
            self._keep({})
            return {}
        found = training.validate(seen)
        if training.is_best(found):
            self._keep(found)
        if tiles := training.tiles(seen[0]):
            draw_samples(self.folder / "samples.png", tiles)
        return {f"val_{name}": value for name, value in found.items()}

    def _keep(self, measured: dict[str, float]) -> None:
        about = {**self.about, "trained_steps": self.training.done, "measured": measured}
        if isinstance(self.training.lesson, ShapesLesson):
            about["meshes"] = list(self.training.lesson.rows)
        network = self.training.average.network
        save_weights(self.best, self.options.network, self.options.size, network, about)

    @property
    def completed(self) -> bool:
        """Whether the best weights have all that follows from them: a finished run may have been killed before."""
        return load_weights(self.best).about.get("completed") is True

    def _complete(self) -> None:
        """What is worked out of the best weights once they are known."""
        held, network = load_weights(self.best), self.training.average.network
        network.load_state_dict(held.tensors)
        size, lesson = self.options.batch, self.training.average
        every = max(1, self.data.counts["train"] // _COMPLETE)
        lesson.complete(self.data.batches(size, "train", lesson.fields, shards=(0, every), workers=1))
        about = {**held.about, "completed": True}
        save_weights(self.best, self.options.network, self.options.size, network, about)

    def _val(self) -> Iterator[Any]:
        split = self.training.lesson.looks_at
        if split not in self.data.counts:
            return iter(())
        size, fields = self.options.batch, self.training.lesson.fields
        stream = self.data.batches(size, split, fields, shuffle_seed=0, workers=1)
        return islice(stream, max(1, self.options.look // size))


class _Stop:
    """Ctrl-C asks to stop after the step that is being made: half of one is worth nothing. Twice, it stops at once."""

    asked = False

    def __enter__(self) -> _Stop:
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
