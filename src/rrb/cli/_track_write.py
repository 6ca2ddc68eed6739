"""What `rrb track` leaves behind: the path in three formats, the meshes, pictures, and how far it is from the truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rrb.errors import RrbError

if TYPE_CHECKING:
    from rrb.cli._track_pictures import Truth
    from rrb.cli._track_run import Done
    from rrb.cli.track import Options
    from rrb.egomotion import Trajectory
    from rrb.evaluation.trajectory import Alignment

TUM, KITTI, JSON = "trajectory_tum.txt", "trajectory_kitti.txt", "trajectory.json"
TIMES = "trajectory_kitti_times.txt"
PICTURES = ("track.gif", "path.png", "confidence.png")
JUDGED = ("measures.json", "error.png")
_SLACK_S = 0.01  # by which two clocks may differ
_KINDS = {"se3": "SE(3)", "sim3": "Sim(3)"}
_MADE = (TUM, KITTI, TIMES, JSON, *PICTURES, *JUDGED, "frames.jsonl")


def begin(out: Path) -> None:
    """Nothing of an earlier run stays, so that no two runs are mixed."""
    from rrb.cli.render import make_folder

    make_folder(out)
    for name in _MADE:
        (out / name).unlink(missing_ok=True)
    for mesh in (out / "meshes").glob("*.glb"):
        mesh.unlink()


def finish(done: Done, options: Options) -> None:
    """The path first, what is drawn of it after that, what may be refused last."""
    from rrb.cli import _track_pictures as pictures

    out = options.out
    trajectory = done.film.trajectory(
        smooth=not options.no_smooth, carve=False if options.no_carve or options.no_smooth else None
    )
    names = save(trajectory, out) + save_meshes(done, trajectory, out)
    said = summary(trajectory, done)
    print("\n".join(said), flush=True)
    judged = None
    try:
        judged = None if options.ground_truth is None else Judged.of(trajectory, options)
        refused = None
    except RrbError as error:  # the path is what was asked for, and is there
        refused = error
    route = pictures.route_of(
        trajectory, done.source.camera, done.meshes, None if judged is None else judged.truth
    )
    names += pictures.draw(route, done.kept, out, said[0])
    if judged is not None:
        names += judged.write(route, out)
    print(f"wrote {', '.join([*names, 'frames.jsonl'])} to {out}")
    if refused is not None:
        raise refused


def save(trajectory: Trajectory, out: Path) -> list[str]:
    trajectory.save(out / JSON)
    trajectory.save_tum(out / TUM)
    trajectory.save_kitti(out / KITTI)
    return [JSON, TUM, KITTI, TIMES]


def save_meshes(done: Done, trajectory: Trajectory, out: Path) -> list[str]:
    from rrb.cli.render import make_folder
    from rrb.geometry.mesh_io import glb

    if not done.meshes:
        return []
    make_folder(out / "meshes")
    unit = (
        "metre" if trajectory.is_metric else "of the first object's reconstruction, for nothing said its size"
    )
    for name, mesh in done.meshes.items():
        glb.write(mesh, out / "meshes" / f"{name}.glb", {"unit": unit, "frame": "the object's, as tracked"})
    return ["meshes/"]


def summary(trajectory: Trajectory, done: Done) -> list[str]:
    """What came of it, a line each; the first is the pictures' title."""
    import numpy as np

    count, known = len(trajectory), trajectory.known
    centres = trajectory.world_from_camera.translation[known]
    length = float(np.linalg.norm(np.diff(centres, axis=0), axis=1).sum())
    unit = "m" if trajectory.is_metric else "of the object's sizes"
    span = float(trajectory.times_s[-1] - trajectory.times_s[0])
    unknown = f", {count - int(known.sum())} of them without a camera" if not known.all() else ""
    lines = [f"{count} frames, {span:.2f} s{unknown}; a path of {length:.2f} {unit}"]
    states = Counter(trajectory.states)
    lines.append(", ".join(f"{state}: {number}" for state, number in states.most_common()))
    pace = 1 / max(float(np.median(done.seconds)), 1e-9)
    lines.append(f"tracked at {pace:.1f} frames a second (the median frame, without reading and drawing)")
    if not trajectory.is_metric:
        lines.append("the path has no metres: --camera-height-m, or --mesh of known size, gives them")
    return lines + [f"note: {note}" for note in trajectory.notes]


# --- beside the truth -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Judged:
    """The path beside the true one, as `rrb evaluate trajectory` compares them."""

    told: Any  # the options of that command
    paths: Any
    kind: str  # of the alignment that is drawn
    alignment: Alignment
    truth: Truth

    @staticmethod
    def of(trajectory: Trajectory, options: Options) -> Judged:
        from rrb.cli import _evaluate_trajectory as judge
        from rrb.cli._track_pictures import Truth
        from rrb.egomotion.trajectory_files import load_trajectory
        from rrb.evaluation.trajectory import alignment

        assert options.ground_truth is not None
        told = judge.Options(ref=options.ground_truth, est=options.out / JSON, out=options.out)
        paths = judge.Paths.read(told)
        kind = "se3" if trajectory.is_metric else "sim3"
        found = alignment(paths.reference, paths.estimate, kind)
        whole = load_trajectory(options.ground_truth)
        low, high = trajectory.times_s[0] - _SLACK_S, trajectory.times_s[-1] + _SLACK_S
        during = whole[(whole.times_s >= low) & (whole.times_s <= high)]
        here = (during.world_from_camera.translation - found.motion.translation) @ found.motion.rotation
        return Judged(told, paths, kind, found, Truth(during.times_s, here / found.scale))

    def write(self, route: Any, out: Path) -> list[str]:
        """The table is printed."""
        from rrb.cli import _evaluate_trajectory as judge
        from rrb.evaluation.trajectory import ate
        from rrb.geometry.image_io import save_image
        from rrb.viz.trajectory import errors_picture

        print()
        judge.run(self.told)
        errors = [
            ate(self.paths.reference, self.paths.estimate, relation, align=self.kind).errors
            for relation in ("trans_part", "angle_deg")
        ]
        title = f"errors after {_KINDS[self.kind]} alignment, {len(self.paths.times_s)} frames"
        picture = errors_picture(self.paths.times_s, *errors, title=title, unknown_spans=route.unknown_spans)
        save_image(out / "error.png", picture)
        return ["error.png"]  # measures.json is said already
