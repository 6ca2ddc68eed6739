"""Train a network on data sets that `rrb data make` made: occupancy, viewpoint or mask. The same command continues a
run that was stopped, to the same bits on a CPU.

In the folder: best.safetensors are the weights to use, last.safetensors is what a continued run needs, curve.jsonl and
curve.png say how it went, samples.png shows what the network answers. For several devices: torchrun
--nproc-per-node N -m rrb.cli.main train ...
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from rrb.cli._camera_flags import unsaid


@dataclass(frozen=True)
class Options:
    network: Annotated[Literal["shapes", "occupancy", "viewpoint", "mask"], tyro.conf.Positional]
    """What is trained."""
    data: Annotated[tuple[str, ...], tyro.conf.arg(metavar="DIR...")]
    """Folders of `rrb data make`; their train splits are learned from, their val splits measured on."""
    out: Annotated[str, tyro.conf.arg(metavar="DIR")] = "out/train"
    """The run: a new folder, or one that was begun with the same choices."""
    size: Literal["small", "paper"] = "small"
    """small can be trained on two cores; paper is as large as the papers have it."""
    steps: Annotated[int, tyro.conf.arg(metavar="N")] = 10_000
    """How many batches are learned from."""
    batch: Annotated[int, tyro.conf.arg(metavar="N")] = 64
    """Samples in a batch, on each device."""
    rate: Annotated[float, tyro.conf.arg(metavar="R")] = 2e-3
    """The learning rate at its highest: it rises over 300 steps, then falls to a hundredth."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Another one gives other first weights, another order and other variations."""
    start: Annotated[str | None, unsaid("FILE")] = None
    """Weights to begin with (best.safetensors): of the same network, or the encoder of another."""
    shapes: Annotated[str | None, tyro.conf.arg(metavar="FILE")] = None
    """For occupancy: what `rrb train shapes` learned on the same data, to be taught instead of found out."""
    threads: Annotated[int | None, unsaid("N")] = None
    """Of the CPU; all by default. Another number gives other last bits."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes a GPU where there is one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto takes bfloat16 where the device multiplies it fast."""
    every: Annotated[int, tyro.conf.arg(metavar="N")] = 1000
    """Steps from one look at the val splits to the next; the best weights are chosen there."""
    look: Annotated[int, tyro.conf.arg(metavar="N")] = 1500
    """How many samples of the val splits are looked at, at most."""


def run(options: Options) -> None:
    from rrb.cli._training import train

    train(options)
