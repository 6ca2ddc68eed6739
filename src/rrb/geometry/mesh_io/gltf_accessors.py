"""The arrays of a glTF document: accessors over views of buffers, held against the bytes that are there."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadFileError

_COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_DATA = "data:"


@dataclass(frozen=True)
class Gltf:
    """The JSON of a .glb file and its binary chunk; `path` is for messages."""

    path: Path
    json: Any
    binary: bytes
    _checked: dict[str, list[dict]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.json, dict):
            raise self.refuse("its JSON is no object; a glTF 2.0 document is accepted")
        for entry in [*self.all("buffers"), *self.all("images")]:
            uri = entry.get("uri", _DATA)
            if not isinstance(uri, str) or not uri.startswith(_DATA):
                raise self.refuse(f"it points at another file ({str(uri)[:40]!r}); only data inside is read")

    def refuse(self, what: str) -> BadFileError:
        return BadFileError(f"{self.path}: {what}")

    def all(self, kind: str) -> list[dict]:
        """The top-level list of that name, empty where there is none."""
        if kind in self._checked:
            return self._checked[kind]
        entries = self.json.get(kind, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self.refuse(f"its {kind!r} are no list of objects")
        self._checked[kind] = entries  # asked for again with every entry
        return entries

    def at(self, kind: str, index: Any) -> dict:
        """Entry `index` of a top-level list."""
        entries = self.all(kind)
        if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(entries):
            raise self.refuse(f"it names number {str(index)[:40]} of its {kind}; it has {len(entries)}")
        return entries[index]

    def array(self, index: int, widths: tuple[int, ...]) -> NDArray:
        """The accessor's numbers (count, width), of the stored type, or float64 where they are normalised."""
        accessor = self.at("accessors", index)
        code, width = _COMPONENTS[accessor["componentType"]], _WIDTHS.get(accessor["type"])
        if width not in widths:
            raise self.refuse(
                f"its accessor {index} is of type {accessor['type']!r:.40}, which does not fit its use"
            )
        count = self._whole(accessor, "count")
        if "bufferView" in accessor:
            values = self._numbers(accessor, code, width, count)
        elif count <= len(self.binary):  # zeros that a sparse part fills; never allocate by promise alone
            values = np.zeros((count, width), code)
        else:
            raise self.refuse(f"its accessor {index} promises {count} entries but has no data")
        if "sparse" in accessor:
            values = self._with_sparse(values, accessor["sparse"], code, width)
        return _normalised(values) if accessor.get("normalized") is True else values

    def _with_sparse(self, values: NDArray, sparse: dict, code: str, width: int) -> NDArray:
        count = self._whole(sparse, "count")
        where, what = sparse["indices"], sparse["values"]
        index = self._numbers(where, _COMPONENTS[where["componentType"]], 1, count)[:, 0].astype(np.int64)
        if not ((index >= 0) & (index < len(values))).all():
            raise self.refuse(f"a sparse accessor replaces entry {index.max()} of {len(values)}")
        values = values.copy()
        values[index] = self._numbers(what, code, width, count)
        return values

    def _numbers(self, owner: dict, code: str, width: int, count: int) -> NDArray:
        """(count, width) at an accessor's, or a sparse part's, offset in its view."""
        view, stride = self.view(owner["bufferView"])
        start, size = self._whole(owner, "byteOffset", 0), np.dtype(code).itemsize * width
        stride = stride or size
        if stride < size or (count and start + stride * (count - 1) + size > len(view)):
            raise self.refuse(
                f"an accessor promises {count} entries of {size} bytes, {stride} apart, in {len(view)} bytes"
            )
        if not count:
            return np.zeros((0, width), code)
        steps = (stride, np.dtype(code).itemsize)
        return np.ndarray((count, width), code, view, start, steps).copy()

    def view(self, index: int) -> tuple[memoryview, int]:
        """The bytes of a buffer view and its stride, 0 for none."""
        entry = self.at("bufferViews", index)
        self.at("buffers", entry["buffer"])
        data = self._buffers[entry["buffer"]]
        start, length = self._whole(entry, "byteOffset", 0), self._whole(entry, "byteLength")
        if start + length > len(data):
            raise self.refuse(f"a view ends at byte {start + length} of a buffer with {len(data)}")
        return memoryview(data)[start : start + length], self._whole(entry, "byteStride", 0)

    @cached_property
    def _buffers(self) -> list[bytes]:
        return [decoded(entry["uri"]) if "uri" in entry else self.binary for entry in self.all("buffers")]

    def _whole(self, owner: dict, name: str, otherwise: int | None = None) -> int:
        value = owner.get(name, otherwise)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**48:
            raise self.refuse(f"{name!r} is {str(value)[:40]!r}; a whole number from 0 is accepted")
        return value


def decoded(uri: str) -> bytes:
    """The bytes of a data: URI."""
    head, _, body = uri.partition(",")
    if not head.endswith(";base64"):
        raise ValueError("a data URI that is not base64")
    return base64.b64decode(body, validate=True)


def _normalised(values: NDArray) -> NDArray:
    """Integers as fractions of their range, signed ones down to -1."""
    if values.dtype.kind not in "iu":
        return values
    return np.maximum(values / np.iinfo(values.dtype).max, -1.0)
