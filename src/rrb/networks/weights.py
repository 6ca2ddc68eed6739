"""Weights as safetensors in half precision: the network, its size and how it was trained stand in the header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rrb.errors import BadFileError
from rrb.geometry.files import write_bytes

FORMAT = "rrb.weights/1"


class Weights(NamedTuple):
    network: str  # as in `build.SIZES`
    size: str
    about: dict[str, Any]  # what it was trained on, by which command, what it measured
    tensors: dict[str, Tensor]  # float32


def save_weights(
    path: str | Path, network: str, size: str, module: nn.Module, about: Mapping[str, Any]
) -> None:
    """Floating tensors in half precision; written whole or not at all."""
    held = {
        name: (t.half() if t.is_floating_point() else t).contiguous().cpu()
        for name, t in module.state_dict().items()
    }
    header = {"format": FORMAT, "network": network, "size": size, "about": json.dumps(dict(about))}
    write_bytes(path, packed(held, header))


def packed(tensors: dict[str, Tensor], header: dict[str, str]) -> bytes:
    """A safetensors file; the same bytes each time, which the library does not promise of its header."""
    from safetensors.torch import save

    data = save(tensors, header)
    end = 8 + int.from_bytes(data[:8], "little")
    ordered = {**json.loads(data[8:end]), "__metadata__": header}
    text = json.dumps(ordered, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers behind it are aligned
    return len(text).to_bytes(8, "little") + text + data[end:]


def load_weights(path: str | Path) -> Weights:
    """Damaged files, and those of another format, are refused in a sentence."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise BadFileError(f"{path}: there is no such file of weights") from None
    except (SafetensorError, OSError) as error:
        raise BadFileError(f"{path}: these weights are damaged or no safetensors file ({error})") from None
    if header.get("format") != FORMAT:
        raise BadFileError(f"{path}: its format is {header.get('format')!r}; {FORMAT!r} is accepted")
    try:
        about = json.loads(header["about"])
        named = header["network"], header["size"]
        if not isinstance(about, dict):
            raise ValueError
    except (KeyError, ValueError):
        raise BadFileError(f"{path}: its header lacks network, size or about, or holds no JSON") from None
    full = {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
    if broken := [name for name, t in full.items() if not _finite(t)]:
        raise BadFileError(
            f"{path}: {broken[0]} holds numbers that are not finite; these weights are damaged"
        )
    return Weights(*named, about, full)


def _finite(tensor: Tensor) -> bool:
    """The least and the largest say it for all, and NaN is both: one reading, where `isfinite` takes several."""
    return tensor.numel() == 0 or all(bool(torch.isfinite(end)) for end in tensor.aminmax())
