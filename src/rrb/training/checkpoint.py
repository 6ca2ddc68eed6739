"""The files of a training run: its last state as safetensors, its curve as lines of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rrb.errors import BadFileError
from rrb.geometry.files import write_bytes
from rrb.networks.weights import packed

FORMAT = "rrb.training/1"


def save_state(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    held = {name: value.detach().contiguous().cpu().clone() for name, value in tensors.items()}
    write_bytes(path, packed(held, {"format": FORMAT, "facts": json.dumps(facts)}))


def load_state(path: Path, device: torch.device) -> tuple[dict[str, Tensor], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name).to(device) for name in file.keys()}  # noqa: SIM118
        found, facts = header.get("format"), json.loads(header.get("facts", "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise damaged(path, error) from None
    if found != FORMAT:
        raise BadFileError(f"{path}: its format is {found!r}; {FORMAT!r} is accepted")
    return tensors, facts


def damaged(path: Path, reason: object) -> BadFileError:
    said = " ".join(str(reason).split())
    return BadFileError(f"{path}: this state of a training is damaged ({said}); remove it to begin anew")


def append_line(path: Path, line: dict[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Whole lines: a killed run may leave half of one."""
    if not path.is_file():
        return []
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return [line for line in lines if isinstance(line, dict) and "step" in line]


def shorten(path: Path, step: int) -> None:
    """Forget what was written after that step, and half of a line."""
    kept = [json.dumps(line) for line in read_lines(path) if line["step"] <= step]
    text = "".join(line + "\n" for line in kept).encode()
    if path.is_file() and path.read_bytes() != text:
        write_bytes(path, text)
