"""Check a data set: every byte against its checksums, masks against the readable reference drawn from mesh, pose and
camera, occupancy against winding numbers summed face by face. Exit code 2 where something is wrong.

Of made data sets every mask must agree to an IoU of 0.995; of imported ones the figure is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from rrb.errors import BadFileError, BadInputError

if TYPE_CHECKING:
    from rrb.data.dataset import Dataset


@dataclass(frozen=True)
class Options:
    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """The data set."""
    count: Annotated[int, tyro.conf.arg(metavar="N")] = 100
    """How many samples are drawn and counted again, spread over all; some tenths of a second each."""
    named: Annotated[int, tyro.conf.arg(metavar="N")] = 5
    """How many of the masks that agree least are named."""


def run(options: Options) -> None:
    from rrb.data.dataset import Dataset
    from rrb.data.verify import problems

    if options.count < 0 or options.named < 0:
        raise BadInputError(
            f"--count is {options.count}, --named {options.named}; whole numbers from 0 are accepted"
        )
    data = Dataset(options.folder)
    if not data.shards and not data.broken:
        raise BadInputError(f"{options.folder}: there is no whole shard in it to check")
    wrong = list(dict.fromkeys(problems(data)))
    right = "" if wrong else ": checksums and contents are right"
    print(f"{len(data)} samples in {len(data.shards)} shards{right}")
    if options.count and data.shards:
        wrong += [line for line in _drawn_again(data, options) if line not in wrong]
    for line in wrong:
        print(f"wrong: {line}")
    if wrong:
        raise BadFileError(f"{options.folder}: what is wrong with it is named above, {len(wrong)} in all")


def _drawn_again(data: Dataset, options: Options) -> list[str]:
    """What is said of masks and labels; what is wrong is returned."""
    from rrb.cli._tally import Bar
    from rrb.data.check import LEAST_IOU, LEAST_LABELS, label_agreement, mask_agreement

    keys = data.spread(options.count)
    count = len(keys)
    overlaps: dict[str, float] = {}
    unread: dict[str, None] = {}
    labels: dict[str, tuple[int, int]] = {}
    with Bar(continues=False) as bar:
        for done, key in enumerate(keys):
            bar.tell(done, count)
            try:
                sample = data.sample(key)
                overlap, agreeing = mask_agreement(sample), label_agreement(sample)
            except BadFileError as error:
                unread[str(error)] = None
                continue
            if overlap is not None:
                overlaps[key] = overlap
            if agreeing is not None:
                labels[key] = agreeing
        bar.tell(count, count)
    wrong = list(unread)
    wrong += list(_of_masks(overlaps, count, "category" in data.about, LEAST_IOU, options.named))
    wrong += list(_of_labels(labels, LEAST_LABELS, options.named))
    return wrong


def _of_labels(labels: dict[str, tuple[int, int]], least: float, named: int) -> Iterator[str]:
    """labels: of each sample how many agree, of how many."""
    if not labels:
        return
    counted = sum(of for _, of in labels.values())
    share = sum(right for right, _ in labels.values()) / counted
    print(f"{counted} labels of points counted again: {100 * share:.3f} % agree")
    if share < least:
        missed = sorted(
            ((of - right, key) for key, (right, of) in labels.items() if right < of), reverse=True
        )
        keys = ", ".join(f"{count} of {key}" for count, key in missed[:named])
        yield f"only {100 * share:.3f} % of the labels agree, {100 * least:g} % are needed; wrong are {keys}"


def _of_masks(overlaps: dict[str, float], count: int, made: bool, least: float, named: int) -> Iterator[str]:
    if not overlaps:
        print(f"none of {count} samples has mesh, pose, camera and mask: no mask was drawn again")
        return
    ranked = sorted(overlaps, key=lambda key: overlaps[key])
    values = sorted(overlaps.values())
    print(
        f"{len(values)} of {count} masks drawn again: IoU {values[0]:.4f} at least, {values[len(values) // 2]:.4f} in"
        f" the middle, {sum(values) / len(values):.4f} on average"
    )
    low = [key for key in ranked[:named] if overlaps[key] < least]
    if low:
        print("least: " + ", ".join(f"{key} {overlaps[key]:.4f}" for key in low))
    if made:
        yield from (
            f"the mask of {k} agrees to {overlaps[k]:.4f} only" for k in ranked if overlaps[k] < least
        )
