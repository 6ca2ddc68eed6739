"""The one place where sizes of networks are chosen and weights are loaded into them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from rrb.errors import BadFileError, BadInputError
from rrb.networks.encoder import RESNET18
from rrb.networks.mask import MaskConfig, MaskNetwork
from rrb.networks.occupancy import OccupancyConfig, OccupancyNetwork
from rrb.networks.shapes import ShapeCodes
from rrb.networks.viewpoint import ViewpointConfig, ViewpointNetwork
from rrb.networks.weights import load_weights

# As Occupancy Networks: ResNet-18 at 224, five blocks of 256, a code of 256, coordinates as they are.
_PAPER_SHAPES = OccupancyConfig(RESNET18, code=256, width=256, blocks=5, frequencies=0)
SIZES: Mapping[str, Mapping[str, Callable[[], nn.Module]]] = {
    "occupancy": {
        "small": lambda: OccupancyNetwork(OccupancyConfig()),
        "paper": lambda: OccupancyNetwork(_PAPER_SHAPES),
    },
    "shapes": {
        "small": lambda: ShapeCodes(OccupancyConfig()),
        "paper": lambda: ShapeCodes(_PAPER_SHAPES),
    },
    "viewpoint": {
        "small": lambda: ViewpointNetwork(ViewpointConfig()),
        "paper": lambda: ViewpointNetwork(ViewpointConfig(RESNET18)),
    },
    "mask": {
        "small": lambda: MaskNetwork(MaskConfig()),
        "paper": lambda: MaskNetwork(MaskConfig(224, (96, 192, 384, 512))),
    },
}
_SHIPPED = Path(__file__).parents[1] / "assets" / "weights"


def build(network: str, size: str) -> nn.Module:
    """With random weights, from torch's generator."""
    if network not in SIZES:
        raise BadInputError(f"there is no network {network!r}; {', '.join(SIZES)} are accepted")
    if size not in SIZES[network]:
        raise BadInputError(f"{network} has no size {size!r}; {', '.join(SIZES[network])} are accepted")
    return SIZES[network][size]()


def load(path: str | Path, network: str) -> tuple[Any, dict[str, Any]]:
    """The network of that kind from its file, ready to be asked, and what the file says about it."""
    weights = load_weights(path)
    if weights.network != network:
        raise BadFileError(
            f"{path}: it holds weights of {weights.network!r}, but those of {network!r} are needed"
        )
    try:
        with torch.random.fork_rng(devices=[]):  # what is drawn is replaced, and costs the caller no numbers
            module = build(network, weights.size)
    except BadInputError as error:
        raise BadFileError(f"{path}: {error}; these weights may be of another version of rrb") from None
    wanted = {name: tuple(t.shape) for name, t in module.state_dict().items()}
    held = {name: tuple(t.shape) for name, t in weights.tensors.items()}
    if wanted != held:
        odd = sorted(name for name in wanted.keys() | held.keys() if wanted.get(name) != held.get(name))
        raise BadFileError(
            f"{path}: {odd[0]} is {held.get(odd[0], 'missing')}, but {wanted.get(odd[0], 'unknown')} here;"
            " these weights are of another version of rrb"
        )
    module.load_state_dict(weights.tensors)
    return module.eval().requires_grad_(False), weights.about


@cache
def shipped(network: str) -> tuple[Any, dict[str, Any]]:
    """What the package has been trained to know, loaded once."""
    path = _SHIPPED / f"{network}.safetensors"
    if not path.is_file():
        raise BadFileError(
            f"{path}: the weights of {network} are missing from this installation; install rrb anew, or train them"
            f" with `rrb train {network}`"
        )
    return load(path, network)
