"""A data set small enough to be trained on in a test, and the command that does it."""

from dataclasses import replace

from made_data import small
from rrb.cli.main import main
from rrb.data.make import make_dataset
from rrb.data.scenes import Variety
from rrb.networks.build import SIZES
from rrb.networks.encoder import EncoderConfig
from rrb.networks.mask import MaskConfig, MaskNetwork
from rrb.networks.occupancy import OccupancyConfig, OccupancyNetwork
from rrb.networks.viewpoint import ViewpointConfig, ViewpointNetwork

STEPS = 11
FLAGS = (
    "--batch",
    "4",
    "--every",
    "4",
    "--look",
    "4",
    "--threads",
    "1",
    "--device",
    "cpu",
    "--precision",
    "float32",
)

ENCODER = EncoderConfig(size_px=32, widths=(8, 12, 16, 24), features=16)
TINY = {
    "mask": lambda: MaskNetwork(MaskConfig(32, (8, 12, 16))),
    "occupancy": lambda: OccupancyNetwork(
        OccupancyConfig(ENCODER, code=12, width=16, blocks=2, frequencies=2)
    ),
    "viewpoint": lambda: ViewpointNetwork(ViewpointConfig(ENCODER)),
}


def shrink(set_item=dict.__setitem__):
    """Make `small` networks tiny."""
    for network, make in TINY.items():
        set_item(SIZES[network], "small", make)


def made(folder, **more):
    """40 pictures of 20 meshes in eight files: 32 pictures of train in six, 4 of val, 4 of test."""
    order = replace(small(count=40, points=64), variety=Variety(size=(48, 48)), **more)
    make_dataset(order, folder, workers=1)
    return folder


def arguments(out, *folders, network="viewpoint", steps=STEPS, more=()):
    data = [str(folder) for folder in folders]
    return [
        "train",
        network,
        "--data",
        *data,
        "--out",
        str(out),
        "--steps",
        str(steps),
        *FLAGS,
        *map(str, more),
    ]


def train(out, *folders, **choices):
    return main(arguments(out, *folders, **choices))
