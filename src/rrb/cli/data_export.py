"""Write the samples of a data set as single files that any program opens: pictures, masks, poses, cameras and meshes,
and the list of views that the programs of the RRB authors read.

images/KEY.png  masks/KEY.png  unknown/KEY.png  poses/KEY.json  cameras/KEY.json  meshes/MESH_ID.obj  depths/KEY.npy
(float32 metres) and, up to 65 m, KEY.png (uint16 millimetres); index.csv says of each KEY its mesh, category and split;
views.txt holds the views that look straight at the object through the authors' lens, which is all that it can say.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from rrb.cli._camera_flags import unsaid
from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.data.readers.view_list import View
    from rrb.data.sample import Sample
    from rrb.geometry.camera import Camera


INDEX_COLUMNS = ("key", "mesh_id", "category", "split", "source")


@dataclass(frozen=True)
class Options:
    folder: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DIR")]
    """The data set."""
    out: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DST")]
    """The folder to write to."""
    split: Annotated[str | None, unsaid("train|val|test")] = None
    """Of this split alone."""
    count: Annotated[int | None, unsaid("N")] = None
    """The first so many; all if not given."""


def run(options: Options) -> None:
    import csv
    import io
    from itertools import islice

    from rrb.cli._tally import Bar
    from rrb.data.dataset import Dataset
    from rrb.data.readers.view_list import save_view_list
    from rrb.geometry.files import write_bytes

    if options.count is not None and options.count < 1:
        raise BadInputError(f"--count is {options.count}; a whole number from 1 is accepted")
    data = Dataset(options.folder)
    total = len(data) if options.split is None else data.counts.get(options.split, 0)
    total = total if options.count is None else min(total, options.count)
    views: list[View] = []
    rows = [INDEX_COLUMNS]
    with Bar(continues=False) as bar:
        bar.tell(0, total)
        for done, sample in enumerate(islice(data.samples(options.split), total), 1):
            _write(sample, options.out)
            views += _view(sample)
            rows.append((sample.key, sample.mesh_id, sample.category, sample.split or "", sample.source))
            bar.tell(done, total)
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(rows)
    write_bytes(_at(options.out, "", "index.csv"), lines.getvalue().encode())
    if views:
        save_view_list(options.out / "views.txt", views)
    print(f"wrote {total} samples to {options.out}, {len(views)} of them in views.txt")


def _write(sample: Sample, out: Path) -> None:
    from rrb.geometry.image_io import FARTHEST_M, save_depth, save_image, save_mask
    from rrb.geometry.pose_io import save_pose

    save_image(_at(out, "images", f"{sample.key}.png"), sample.image)
    if sample.mask is not None:
        save_mask(_at(out, "masks", f"{sample.key}.png"), sample.mask)
    if sample.unknown is not None:
        save_mask(_at(out, "unknown", f"{sample.key}.png"), sample.unknown)
    if sample.depth_m is not None:
        ending = "png" if sample.depth_m.max() <= FARTHEST_M else "npy"
        save_depth(_at(out, "depths", f"{sample.key}.{ending}"), sample.depth_m)
    if sample.camera is not None:
        sample.camera.save(_at(out, "cameras", f"{sample.key}.json"))
    if sample.camera_from_object is not None:
        path = _at(out, "poses", f"{sample.key}.json")
        save_pose(path, sample.camera_from_object, sample.camera, scale=sample.scale)
    mesh = sample.load_mesh()
    if mesh is not None and not (file := _at(out, "meshes", f"{sample.mesh_id}.obj")).exists():
        mesh.save(file)


def _view(sample: Sample) -> list[View]:
    """One line of the list, or none where it could not say the pose or the camera."""
    from rrb.data.readers.view_list import View
    from rrb.geometry.camera import Camera
    from rrb.geometry.conversions import CHOY_FOCAL_WIDTHS

    height, width = sample.size
    theirs = Camera.from_focal_px(CHOY_FOCAL_WIDTHS * width, width=width, height=height)
    if sample.camera_from_object is None or not sample.mesh_id or not _is_like(sample.camera, theirs):
        return []
    try:
        return [View.from_sample(sample)]
    except BadInputError:
        return []


def _is_like(camera: Camera | None, other: Camera) -> bool:
    """Whether no pixel moves by more than a thousandth."""
    names = ("fx_px", "fy_px", "cx_px", "cy_px")
    return camera is not None and all(abs(getattr(camera, n) - getattr(other, n)) < 1e-3 for n in names)


def _at(out: Path, folder: str, name: str) -> Path:
    place = out / folder
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"{out}: it cannot be made a folder to write to ({error.strerror})") from None
    return place / name
