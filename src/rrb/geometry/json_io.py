"""Our small JSON files: strict numbers, short sentences when one cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rrb.errors import BadFileError
from rrb.geometry.files import read_bytes


def json_bytes(data: dict[str, Any]) -> bytes:
    """UTF-8 with one key a line; numbers are written so that they read back as the same float64."""
    return (json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def read_json(path: str | Path) -> Any:
    """What a JSON file holds; NaN and Infinity, which JSON does not know, are refused."""

    def refuse(name: str) -> Any:
        raise BadFileError(f"{path}: it holds {name}, which is no number")

    try:
        return json.loads(read_bytes(path).decode(), parse_constant=refuse)
    except BadFileError:
        raise
    except (ValueError, RecursionError) as error:  # also what Python says of numbers with thousands of digits
        raise BadFileError(f"{path}: it is not JSON ({error})") from None
