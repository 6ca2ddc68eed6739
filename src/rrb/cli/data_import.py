"""Bring a published data set into our format: shards of pictures with mask, camera and pose, and the meshes beside.

FORMAT is choy, pix3d, pascal3d, coco, bop, kitti or one of the small sets; a wrong one lists all with what they are.
What is missing or broken is named and stops the import; nothing is left out silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from rrb.cli._camera_flags import unsaid
from rrb.errors import BadInputError


@dataclass(frozen=True)
class Options:
    format: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="FORMAT")]
    """How it was published."""
    source: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="SRC")]
    """The folder as it was published."""
    out: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DST")]
    """The data set to write: a new folder, or one whose import was stopped."""
    choose: Annotated[
        tyro.conf.UseAppendAction[tuple[tuple[str, ...], ...]], tyro.conf.arg(metavar="NAME=VALUE ...")
    ] = ()
    """What the reader lets one choose, category=chair say, as often as one likes; a wrong name lists what there is."""
    split: Annotated[str | None, unsaid("train|val|test")] = None
    """Of samples whose source publishes none; train if not given."""
    a_shard: Annotated[int, tyro.conf.arg(metavar="N")] = 500
    """Pictures in a file."""


def run(options: Options) -> None:
    from rrb.data.importing import import_samples
    from rrb.data.readers.table import READERS, read

    if options.format not in READERS:
        lines = [f"  {name:<11} {reader.what}" for name, reader in READERS.items()]
        raise BadInputError(
            f"there is no format {options.format!r}; these are accepted:\n" + "\n".join(lines)
        )
    chosen = _choices(options)
    asked = {
        "format": options.format,
        "source": str(options.source.resolve()),
        "chosen": sorted(_said(options)),
        "split": options.split,
        "a_shard": options.a_shard,
    }
    samples = read(options.format, options.source, **chosen)
    try:
        counts = import_samples(
            samples, options.out, asked, split=options.split or "train", a_shard=options.a_shard, told=print
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; the same command continues") from None
    print(f"imported {', '.join(f'{count} {split}' for split, count in counts.items())}; wrote {options.out}")
    print(f"`rrb data show {options.out}` draws some, `rrb data check {options.out}` checks them")


def _said(options: Options) -> list[str]:
    """Whether after one --choose or after several."""
    return [text for texts in options.choose for text in texts]


def _choices(options: Options) -> dict[str, Any]:
    """NAME=VALUE, the value of the type that the reader's default has or its annotation says."""
    from rrb.data.readers.table import choices

    known, chosen = choices(options.format), {}
    for text in _said(options):
        name, equals, value = text.partition("=")
        if not equals or name not in known:
            accepted = ", ".join(f"{n} ({p.annotation})" for n, p in known.items()) or "nothing"
            raise BadInputError(f"--choose says {text!r}; NAME=VALUE is accepted, with NAME of {accepted}")
        if name in chosen:
            raise BadInputError(f"--choose says {name} twice; once is accepted")
        chosen[name] = _typed(name, value, str(known[name].annotation))
    return chosen


def _typed(name: str, value: str, annotation: str) -> Any:
    if "bool" in annotation:
        if value not in ("yes", "no"):
            raise BadInputError(f"{name} is {value!r}; yes or no is accepted")
        return value == "yes"
    for kind, words in ((int, "a whole number"), (float, "a number")):
        if kind.__name__ in annotation:
            try:
                return kind(value)
            except ValueError:
                raise BadInputError(f"{name} is {value!r}; {words} is accepted") from None
    if "tuple" in annotation:
        return tuple(value.split(","))
    return Path(value) if "Path" in annotation else value
