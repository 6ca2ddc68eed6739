"""The header of a PLY file: which elements follow, how many, of which properties."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rrb.errors import BadFileError
from rrb.geometry.mesh_io.text import Row, shown

TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2",
    "ushort": "u2", "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4",
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
ENCODINGS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}
_LONGEST_HEADER = 1 << 20
_MOST_PROPERTIES = 1000
_END = re.compile(rb"(?:^|[\r\n])end_header[ \t]*(\r\n|\n|\r)")


@dataclass(frozen=True)
class Property:
    """A number, or a list of numbers where count_type is given; types as NumPy codes."""

    name: str
    type: str
    count_type: str | None = None


@dataclass(frozen=True)
class Element:
    name: str
    count: int
    properties: tuple[Property, ...]


@dataclass(frozen=True)
class Header:
    encoding: str  # a key of ENCODINGS
    elements: tuple[Element, ...]
    n_lines: int


def parse_header(path: Path, data: bytes) -> tuple[Header, int]:
    """The header and where the body starts; there are vertices and faces, at least one each."""
    if not re.match(rb"ply[ \t]*[\r\n]", data):
        raise BadFileError(
            f"{path}: it starts with {shown(data[:8])}; 'ply' on a line of its own is accepted"
        )
    end = _END.search(data, 0, _LONGEST_HEADER)
    if end is None:
        raise BadFileError(f"{path}: its header is cut off; 'end_header' is accepted as its last line")
    lines = re.split(rb"\r\n|\n|\r", data[: end.start()])
    encoding, elements = _parse_lines(path, lines)
    for wanted in ("vertex", "face"):
        found = [e for e in elements if e.name == wanted]
        if len(found) != 1 or not found[0].count:
            raise BadFileError(
                f"{path}: it holds no {'vertices' if wanted == 'vertex' else 'faces'}; one is needed"
            )
    return Header(encoding, tuple(elements), len(lines) + 1), end.end()


def _parse_lines(path: Path, lines: list[bytes]) -> tuple[str, list[Element]]:
    encoding, elements = "", []
    for number, line in enumerate(lines[1:], 2):
        words = line.decode("ascii", "replace").split()
        match words:
            case [] | ["comment" | "obj_info", *_]:
                pass
            case ["format", name, "1.0"] if name in ENCODINGS and not encoding:
                encoding = name
            case ["element", name, count] if re.fullmatch(r"[0-9]{1,15}", count):
                elements.append(Element(name, int(count), ()))
            case ["property", *rest] if elements:
                elements[-1] = _with_property(Row(path, number), elements[-1], rest)
            case _:
                raise Row(path, number).refuse(f"{shown(line)} is no line of a PLY header")
    if not encoding:
        raise BadFileError(f"{path}: its header names no format; {', '.join(ENCODINGS)} 1.0 are accepted")
    for element in elements:
        if element.count and not element.properties:
            raise BadFileError(f"{path}: its element {element.name[:40]!r} has no properties; one is needed")
    return encoding, elements


def _with_property(row: Row, element: Element, words: list[str]) -> Element:
    match words:
        case ["list", count, kind, name] if TYPES.get(count, "f")[0] in "iu" and kind in TYPES:
            new = Property(name, TYPES[kind], TYPES[count])
        case [kind, name] if kind in TYPES:
            new = Property(name, TYPES[kind])
        case _:
            raise row.refuse(f"{shown(' '.join(words).encode())} is no property of a PLY file")
    if any(p.name == new.name for p in element.properties) or len(element.properties) >= _MOST_PROPERTIES:
        raise row.refuse(f"the property {new.name[:40]!r} comes twice or is one too many")
    return Element(element.name, element.count, (*element.properties, new))
