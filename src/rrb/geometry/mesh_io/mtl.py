"""The materials of an OBJ file: all that is taken from them is one texture."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from rrb.errors import BadFileError, BadInputError
from rrb.geometry._arrays import numpy_view
from rrb.geometry.files import read_bytes, write_bytes

_MOST_LIBRARIES = 100

# -o 0 0 0, -s 1 1 1, -blendu on, -imfchan r ... before the name of a picture
_OPTIONS = re.compile(rb"(-[a-z]+(\s+(-?[\d.]+(e-?\d+)?|on|off|[rgbmlz]))*\s+)+", re.IGNORECASE)


def texture(path: Path, statements: dict[bytes, list[bytes]]) -> tuple[NDArray | None, tuple[str, ...]]:
    """The picture (H, W, 3) uint8 that the used materials name, or None and why.

    statements: what follows `mtllib` and `usemtl` in the OBJ file at `path`. Files are looked for in its
    folder and below, nowhere else. More than one picture is none: a mesh holds one.
    """
    materials: dict[bytes, bytes] = {}
    libraries = dict.fromkeys(statements.get(b"mtllib", []))
    if len(libraries) > _MOST_LIBRARIES:
        return None, (
            f"the file names {len(libraries)} material files, more than {_MOST_LIBRARIES}: none was read",
        )
    for name in libraries:
        data, problem = _read_beside(path, name)
        if problem:
            return None, (f"the material file {_text(name)!r} was left out: {problem}",)
        materials |= _pictures(data)
    used = dict.fromkeys(statements.get(b"usemtl", []))
    names = sorted({materials[material] for material in used if material in materials})
    if not names:
        return None, ()
    if len(names) > 1:
        listed = ", ".join(map(_text, names[:5])) + (", ..." if len(names) > 5 else "")
        return None, (f"a mesh holds one texture and the file has {len(names)} ({listed}): none was kept",)
    return _picture(path, names[0])


def _picture(path: Path, name: bytes) -> tuple[NDArray | None, tuple[str, ...]]:
    from rrb.geometry.image_io import decode_texture

    options = _OPTIONS.match(name)
    plain = name[options.end() :] if options else name
    data, problem = _read_beside(path, plain)
    if problem:
        return None, (f"the texture {_text(plain)!r} was left out: {problem}",)
    try:
        picture, notes = decode_texture(data, path)
    except BadInputError:
        return None, (f"the texture {_text(plain)!r} was left out: it cannot be read as a picture",)
    if options:
        notes += (f"the options of the texture {_text(plain)!r} were left out",)
    return picture, notes


def _pictures(data: bytes) -> dict[bytes, bytes]:
    """Material -> what follows its map_Kd."""
    found, material = {}, b""
    for line in data.splitlines():
        word, _, rest = line.replace(b"\t", b" ").strip().partition(b" ")
        if word == b"newmtl":
            material = rest.strip()
        elif word.lower() == b"map_kd" and rest.strip():
            found[material] = rest.strip()
    return found


def _read_beside(path: Path, name: bytes) -> tuple[bytes, str]:
    """The bytes of a file in the folder of `path` or below it, or why there are none."""
    try:
        folder = path.parent.resolve()
        wanted = (folder / os.fsdecode(name).replace("\\", "/")).resolve()
        if not wanted.is_relative_to(folder):
            return b"", "it lies outside the mesh's folder"
        if not wanted.is_file():
            return b"", "there is no such file"
        return read_bytes(wanted), ""
    except (OSError, RuntimeError, ValueError, BadFileError):  # names too long, links in circles, NULs
        return b"", "it cannot be read"


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def write(mesh: Any, path: Path) -> str:
    """Write the .mtl and .texture.png of a textured mesh beside `path`; the lines that name them, or nothing.

    Not plain .png: a picture of the mesh may lie there.
    """
    from rrb.geometry.image_io import save_image

    if mesh.texture is None:
        return ""
    library, picture = path.with_suffix(".mtl"), path.with_suffix(".texture.png")
    save_image(picture, numpy_view(mesh.texture))
    text = f"newmtl textured\nKd 1 1 1\nmap_Kd {picture.name}\n"
    write_bytes(library, text.encode("utf-8", "surrogateescape"))
    return f"mtllib {library.name}\nusemtl textured\n"
