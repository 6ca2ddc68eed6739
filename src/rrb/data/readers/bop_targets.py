"""What a BOP benchmark asks for: which objects of which images, and how many of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rrb.data.readers._reading import field, named, number, whole
from rrb.errors import BadInputError
from rrb.geometry.json_io import read_json


@dataclass(frozen=True)
class Targets:
    counts: Mapping[tuple[int, int], Mapping[int, int]]  # (scene, image) -> obj_id -> how many

    def chosen(
        self, scene: int, image: int, rows: list[Any], info: list[Any] | None, among: list[int]
    ) -> list[int]:
        """The rows of `among` that are asked for: of each object the most visible ones, in the rows' order."""
        picked: list[int] = []
        for obj_id, count in self.counts.get((scene, image), {}).items():
            of_object = [i for i in range(len(rows)) if rows[i]["obj_id"] == obj_id]
            if len(of_object) < count:
                raise BadInputError(
                    f"{count} of object {obj_id} are asked for but the image has {len(of_object)}"
                )
            if len(of_object) > count:
                of_object.sort(key=lambda i: -_visible(info, i))
            picked += of_object[:count]
        return sorted(set(picked) & set(among))


def load_targets(path: Path) -> Targets:
    data = read_json(path)
    counts: dict[tuple[int, int], dict[int, int]] = {}
    with named(path):
        if not isinstance(data, list) or not data:
            raise BadInputError(
                "it holds no list of targets; scene_id, im_id, obj_id and inst_count are accepted"
            )
        for row in data:
            scene, image, obj_id, count = (
                whole(field(row, name, "a target"), name)
                for name in ("scene_id", "im_id", "obj_id", "inst_count")
            )
            counts.setdefault((scene, image), {})[obj_id] = count
    return Targets(counts)


def _visible(info: list[Any] | None, row: int) -> float:
    if info is None or row >= len(info):
        raise BadInputError(
            "it does not say how visible each object is, which choosing the most visible needs"
        )
    return number(field(info[row], "visib_fract", "a row"), "visib_fract")
