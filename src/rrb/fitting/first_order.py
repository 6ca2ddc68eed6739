"""The first-order road, as the papers take it: draw, compare, follow the gradient with Adam.

Any silhouette approximation with any loss: `FirstOrder` names them, `Descent` is the loop in parts, `descend` runs
it. Drawings are float32, all else float64; the same input gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError
from rrb.fitting.losses import LOSSES
from rrb.fitting.mask_checks import checked_mask, checked_unknown
from rrb.fitting.placing import Placing
from rrb.fitting.result import Step
from rrb.fitting.variables import SIZE, TRANSLATION, Variables, choose
from rrb.geometry._arrays import finite_float, numpy_view, short
from rrb.geometry.camera import Camera
from rrb.geometry.mesh import Mesh
from rrb.geometry.pose import Pose
from rrb.raster.approximations import APPROXIMATIONS, silhouette

# What the papers' own code does, where `rrb.silhouette` has another default.
PUBLISHED_KNOBS: dict[str, dict[str, Any]] = {"kato": {"per_face": True}}
ANSWERS = ("last", "best")
STAGE = "first order"


@dataclass(frozen=True)
class FirstOrder:
    """How to descend; kato and huber are RRB's, whose paper gives neither steps nor rate nor delta.

    Steps and rate were chosen by `python benchmarks/first_order_choice.py`: of 36 views of training meshes, from
    15 degrees and 5 % off, 92 % ended with an overlap of 0.97 and the surface within 1 %, and no other choice did
    better; the median error is 0.07 degrees. A larger rate jumps farther with each step: at 0.02 it is 89 % and 0.11
    degrees, or 83 % and 0.25 where the last state is taken, since descents do not settle.
    """

    approximation: str = "kato"
    loss: str = "huber"
    steps: int = 200
    learning_rate: float = 0.005
    """Adam's: about how far one step moves each coordinate, in its unit (see `Placing`)."""
    huber_delta: float = 1.0
    """Where the Huber loss turns linear. Not felt where drawing and mask are hard (see `losses`); on soft masks 1, of
    0.1, 0.3 and 1, measured best."""
    knobs: Mapping[str, Any] | None = None
    """Of the approximation; None for what its authors' code does."""
    translation_first: int = 0
    """For how many steps the translation moves alone, where it moves."""
    stop_below: float = 0.0
    """Stop before `steps` once the cost is below this."""
    answer: str = "best"
    """Which state is the result: the "last", or the "best", which costs least and no more than the start."""

    def __post_init__(self) -> None:
        tables: dict[str, Any] = {"approximation": APPROXIMATIONS, "loss": LOSSES, "answer": ANSWERS}
        for name, table in tables.items():
            if getattr(self, name) not in table:
                raise BadInputError(
                    f"{name} is {short(getattr(self, name))}; one of {', '.join(table)} is accepted"
                )
        for name, least in (("steps", 1), ("translation_first", 0)):
            number = getattr(self, name)
            if not isinstance(number, int) or isinstance(number, bool) or number < least:
                raise BadInputError(f"{name} is {short(number)}; a whole number from {least} is accepted")
        for name, accepted in (
            ("learning_rate", "positive"),
            ("huber_delta", "positive"),
            ("stop_below", "0 or more"),
        ):
            number = finite_float(getattr(self, name))
            if number is None or number < 0 or (number == 0 and accepted == "positive"):
                raise BadInputError(
                    f"{name} is {short(getattr(self, name))}; a number that is {accepted} is accepted"
                )
        if not isinstance(self.knobs, Mapping | None):
            raise BadInputError(
                f"knobs is {short(self.knobs)}; names with their values, or None, are accepted"
            )


# Adam for 200 steps, the first 30 of translation alone, unless 16 of 224 x 224 pixels are wrong, is what the released
# script of RRB does. Its rate is 0.1 for a quaternion, twice that in radians, and for metres, in which a chair's
# radius is about 0.7.
RRB = FirstOrder(steps=200, learning_rate=0.15, translation_first=30, stop_below=1.6e-4, answer="last")
# Section 4.2 gives the steps, not the loss; the squared error is what the network before was trained with. The rate
# is theirs for a network's weights, so ours is measured.
PALAZZI = FirstOrder("palazzi", "squared", steps=30, learning_rate=0.01, answer="last")
# Their "mask refinement" (section 4.1), with Kato's rasterizer and the loss that Kato has for silhouettes.
GRABNER = FirstOrder("kato", "iou", steps=1000, learning_rate=0.05, answer="last")


def descend(
    mesh: Mesh,
    mask: Any,
    camera: Camera,
    start: Pose,
    settings: FirstOrder = FirstOrder(),
    *,
    variables: Variables | Sequence[str] = ("rotation", "translation"),
    scale: float = 1.0,
    unknown: Any = None,
) -> list[Step]:
    """All states from the start on, `settings.steps` + 1; `answer` picks the result. See `Descent`."""
    descent = Descent(mesh, mask, camera, start, settings, variables=variables, scale=scale, unknown=unknown)
    while not descent.finished:
        descent.step()
    return descent.history


def answer(history: Sequence[Step], settings: FirstOrder) -> Step:
    """The state that `settings.answer` names."""
    return history[-1] if settings.answer == "last" else min(history, key=lambda step: step.cost)


class Descent:
    """The loop in parts: made, it has drawn the start; each `step` moves once and draws, until `finished`.

    mask (H, W) in [0, 1]; unknown (H, W), from 0.5 on where the mask means nothing and no pixel is charged.
    scale: of the object at the start. variables: names, or what `choose` made of names, bounds, priors and a
    camera height. After each step the coordinates are moved back to where bounds and height hold; a prior is
    charged as against the sum of the loss over the known pixels.
    """

    def __init__(
        self,
        mesh: Mesh,
        mask: Any,
        camera: Camera,
        start: Pose,
        settings: FirstOrder = FirstOrder(),
        *,
        variables: Variables | Sequence[str] = ("rotation", "translation"),
        scale: float = 1.0,
        unknown: Any = None,
    ) -> None:
        chosen = variables if isinstance(variables, Variables) else choose(variables, camera)
        self.settings = settings
        self.history: list[Step] = []
        self._wanted, self._known = _targets(mask, unknown, camera)
        self._n_known = float(self._wanted.numel() if self._known is None else self._known.sum())
        self._placing = Placing(mesh, camera, start, scale, chosen)
        self._faces, self._size = numpy_view(mesh.faces), (camera.height_px, camera.width_px)
        self._knobs = (
            PUBLISHED_KNOBS.get(settings.approximation, {}) if settings.knobs is None else settings.knobs
        )
        self._loss = LOSSES[settings.loss]
        if settings.loss == "huber":
            self._loss = partial(self._loss, delta=settings.huber_delta)
        moves = chosen.moves[TRANSLATION].any()
        self._translation_first = settings.translation_first if moves else 0
        self._adam = Adam(settings.learning_rate)
        self._x = self._placing.first
        self._draw()

    @property
    def finished(self) -> bool:
        return len(self.history) > self.settings.steps or self.history[-1].cost < self.settings.stop_below

    def step(self) -> Step:
        """Move down the gradient of the last drawing, draw again, and say where that is."""
        gradient = self._placing.units * self._gradient()
        if len(self.history) <= self._translation_first:
            alone = np.zeros(SIZE)
            alone[TRANSLATION] = gradient[TRANSLATION]
            gradient = alone
        self._x = self._placing.kept(self._x + self._placing.units * self._adam.step(gradient))
        return self._draw()

    def _draw(self) -> Step:
        import torch

        placed = self._placing.place(self._x)
        vertices_px = torch.from_numpy(placed.vertices_px.astype(np.float32)).requires_grad_()
        with one_torch_thread():
            drawn = silhouette(
                vertices_px, self._faces, self._size, approximation=self.settings.approximation, **self._knobs
            )
            loss = self._loss(drawn, self._wanted, self._known)
        self._placed, self._vertices_px, self._charged = placed, vertices_px, loss
        cost = float(loss.detach()) + self._placing.prior(self._x)[0] / self._n_known
        focal_px = float(placed.camera.fx_px)
        self.history.append(Step(placed.camera_from_object, placed.scale, focal_px, cost, STAGE))
        return self.history[-1]

    def _gradient(self) -> NDArray[np.float64]:
        """(8,): of the cost of the last drawing."""
        with one_torch_thread():
            self._charged.backward()
        pulls = self._vertices_px.grad
        assert pulls is not None
        pull = self._placing.pull(self._x, self._placed, pulls.numpy().astype(np.float64))
        return pull + self._placing.prior(self._x)[1] / self._n_known


class Adam:
    """Kingma and Ba (2015), with their defaults but for the learning rate.

    torch's takes a second and a half to import, and has nothing to gain on eight numbers.
    """

    def __init__(
        self, learning_rate: float, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        self.learning_rate, self.beta1, self.beta2, self.eps = learning_rate, beta1, beta2, eps
        self._mean: Any = 0.0
        self._square: Any = 0.0
        self._count = 0

    def step(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """What to add to the variables."""
        self._count += 1
        self._mean = self.beta1 * self._mean + (1 - self.beta1) * gradient
        self._square = self.beta2 * self._square + (1 - self.beta2) * gradient**2
        mean = self._mean / (1 - self.beta1**self._count)
        square = self._square / (1 - self.beta2**self._count)
        return -self.learning_rate * mean / (np.sqrt(square) + self.eps)


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Pictures this small lose more to waking torch's threads than they win; and their sums keep their bits."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _targets(mask: Any, unknown: Any, camera: Camera) -> tuple[Any, Any]:
    """The wanted picture and which pixels of it are known, or None for all; tensors (H, W)."""
    import torch

    wanted = checked_mask(mask, camera)
    known = None if unknown is None else checked_unknown(unknown, camera, wanted) < 0.5
    # Copies: torch takes no array that is read-only, and the caller's may change.
    as_tensor = partial(torch.tensor, dtype=torch.float32)
    return as_tensor(wanted), None if known is None else as_tensor(known)
