"""Reading whole files and replacing them: what meshes and pictures share."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from rrb.errors import BadFileError

MOST_BYTES = 4 << 30


def read_bytes(path: str | Path, most: int = MOST_BYTES) -> bytes:
    """All of an ordinary file of at most `most` bytes; what is missing, a folder or a device is refused."""
    path = Path(path)
    try:
        if path.is_dir():
            raise BadFileError(f"{path}: this is a folder; a file is accepted")
        if not path.exists():
            raise BadFileError(f"{path}: there is no such file")
        if not path.is_file():
            raise BadFileError(f"{path}: this is not an ordinary file")
        size = path.stat().st_size
        if size > most:
            raise BadFileError(f"{path}: it has {size} bytes; at most {most} are accepted")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, BadFileError):
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise BadFileError(f"{path}: it cannot be read ({reason})") from error


def write_bytes(path: str | Path, data: bytes) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones, also after a crash."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise BadFileError(f"{path}: it cannot be written ({reason})") from error
    finally:
        with contextlib.suppress(OSError, ValueError):  # the folder itself may be missing, or a file
            temporary.unlink()


def natural_order(name: str) -> tuple[list[tuple[int, str]], str]:
    """What to sort names by, so that 2 comes before 10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(p), "") if p[0] in "0123456789" else (-1, p) for p in parts], name
