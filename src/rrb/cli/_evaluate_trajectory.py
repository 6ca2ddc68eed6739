"""Compare an estimated path of a camera with the true one: ATE, evo's APE, and RPE, with the numbers of evo.

The flags are evo's. Without an alignment being asked for, both are shown: after SE(3), and after Sim(3), which
forgives a wrong scale. Poses belong together by their times; KITTI's files without times, line by line. Frames that
a trajectory.json does not know are left out of everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from rrb.cli._camera_flags import unsaid
from rrb.errors import BadInputError

if TYPE_CHECKING:
    from rrb.egomotion import Trajectory
    from rrb.evaluation.trajectory import PathErrors
    from rrb.geometry.pose import Pose

Relation = Literal[
    "trans_part",
    "angle_deg",
    "angle_rad",
    "rot_part",
    "full",
    "point_distance",
    "point_distance_error_ratio",
]
FORMAT = "rrb.trajectory-measures/1"
_TITLES = {
    "none": "as they are, not aligned",
    "se3": "after SE(3) alignment",
    "sim3": "after Sim(3) alignment",
    "scale": "the scale corrected, not aligned",
    "origin": "the first poses aligned",
    "scale and origin": "the scale corrected, the first poses aligned",
}
_NAMES = {
    "trans_part": "translation",
    "angle_deg": "rotation",
    "angle_rad": "rotation",
    "rot_part": "rotation, |R - 1|",
    "full": "pose, |T - 1|",
    "point_distance": "distance",
    "point_distance_error_ratio": "distance ratio",
}
_USUAL: tuple[Relation, ...] = ("trans_part", "angle_deg")
_ABSOLUTE = tuple(name for name in _NAMES if name != "point_distance_error_ratio")  # a share of no motion


def _short(letter: str) -> Any:
    return tyro.conf.arg(aliases=[f"-{letter}"])


@dataclass(frozen=True)
class Options:
    ref: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="REF")]
    """The true path: TUM's lines, KITTI's, or a trajectory.json."""
    est: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="EST")]
    """The estimated one; it may be in another format."""
    align: Annotated[bool, _short("a")] = False
    """Align by SE(3) (Umeyama), with --correct-scale by Sim(3)."""
    correct_scale: Annotated[bool, _short("s")] = False
    """Correct the scale; without --align nothing else."""
    align_origin: bool = False
    """Take the first pose onto the first."""
    no_align: bool = False
    """Compare the paths as they are."""
    n_to_align: Annotated[int | None, unsaid("N")] = None
    """Align by the first N poses; by all if not given."""
    t_max_diff: Annotated[float, tyro.conf.arg(metavar="S")] = 0.01
    """How many seconds poses that belong together may lie apart."""
    t_offset: Annotated[float, tyro.conf.arg(metavar="S")] = 0.0
    """Added to the times of EST."""
    delta: Annotated[float, tyro.conf.arg(aliases=["-d"], metavar="N")] = 1.0
    """How far apart the two poses of an RPE's motion are."""
    delta_unit: Annotated[Literal["f", "m", "d", "r"], _short("u")] = "f"
    """Frames, metres, degrees or radians."""
    delta_tol: Annotated[float, tyro.conf.arg(aliases=["-t"], metavar="SHARE")] = 0.1
    """How far --all-pairs may be off delta, as a share of it, where it is not in frames."""
    all_pairs: bool = False
    """A motion from every pose on, instead of one after the other."""
    pairs_from_reference: bool = False
    """REF says which poses are delta apart, instead of EST."""
    pose_relation: Annotated[Relation | None, _short("r")] = None
    """What of the poses is compared; trans_part and angle_deg if not given."""
    format: Annotated[Literal["tum", "kitti", "json"] | None, unsaid("{tum,kitti,json}")] = None
    """Of both files; told from what is in them if not given."""
    out: Annotated[Path | None, unsaid("DIR")] = None
    """Where to write measures.json, with the error of each pose."""


def run(options: Options) -> None:
    kinds = alignments(options)
    paths = Paths.read(options)
    print(paths.told)
    measured = [
        (kind, name, relation, errors)
        for kind in kinds
        for name, relation, errors in _measured(options, paths.reference, paths.estimate, kind)
    ]
    for kind in kinds:
        print(f"\n{_heading(kind, next(errors for k, _, _, errors in measured if k == kind))}")
        print(_table([(name, relation, errors) for k, name, relation, errors in measured if k == kind]))
    print(f"\nRPE: {_apart(options)}")
    if options.out is not None:
        _write(options, paths, measured)


def alignments(options: Options) -> tuple[str, ...]:
    """Of `ALIGNMENTS`, those that were asked for."""
    flags = {"--align": options.align, "--align-origin": options.align_origin, "--no-align": options.no_align}
    given = [flag for flag, said in flags.items() if said]
    if len(given) > 1 or (options.no_align and options.correct_scale):
        both = " and ".join([*given, "--correct-scale"] if len(given) == 1 else given)
        raise BadInputError(f"{both} exclude each other: give one")
    if options.no_align:
        return ("none",)
    if options.align:
        return ("sim3",) if options.correct_scale else ("se3",)
    if options.align_origin:
        return ("scale and origin",) if options.correct_scale else ("origin",)
    return ("scale",) if options.correct_scale else ("se3", "sim3")


# --- what belongs together --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Paths:
    """The poses that belong together, (N,) each, and the time of each by the estimate's clock."""

    reference: Pose
    estimate: Pose
    times_s: Any
    told: str

    @staticmethod
    def read(options: Options) -> Paths:
        from rrb.egomotion.trajectory_files import NO_TIMES, load_trajectory

        files = (options.ref, options.est)
        reference, estimate = (load_trajectory(path, options.format) for path in files)
        told = [
            _told(path, trajectory) for path, trajectory in zip(files, (reference, estimate), strict=True)
        ]
        timeless = NO_TIMES in reference.notes + estimate.notes
        reference, estimate = reference.only_known(), estimate.only_known()
        if timeless:
            theirs, ours, by = (
                *_line_by_line(options, reference, estimate),
                "line by line, since a file has no times",
            )
        else:
            theirs, ours, by = *_by_times(options, reference, estimate), f"within {options.t_max_diff:g} s"
        told.append(f"{len(ours)} poses belong together, {by}")
        kept = reference.world_from_camera[theirs], estimate.world_from_camera[ours]
        return Paths(*kept, estimate.times_s[ours], "\n".join(told))


def _told(path: Path, trajectory: Trajectory) -> str:
    known = int(trajectory.known.sum())
    said = f"{path}: {known} poses" + (f" known of {len(trajectory)}" if known < len(trajectory) else "")
    return (
        said
        if trajectory.is_metric
        else f"{said}; its scale is not known, so that Sim(3) alone means something"
    )


def _line_by_line(options: Options, reference: Trajectory, estimate: Trajectory) -> tuple[Any, Any]:
    import numpy as np

    if len(reference) != len(estimate):
        raise BadInputError(
            f"{options.ref} has {len(reference)} poses and {options.est} {len(estimate)}, and nothing says the times of"
            " one: equally many are accepted, or times in a file NAME_times.txt beside"
        )
    return np.arange(len(reference)), np.arange(len(estimate))


def _by_times(options: Options, reference: Trajectory, estimate: Trajectory) -> tuple[Any, Any]:
    from rrb.evaluation.trajectory import associate

    found = associate(
        reference.times_s, estimate.times_s, max_difference_s=options.t_max_diff, offset_s=options.t_offset
    )
    if not len(found[0]):
        raise BadInputError(
            f"no poses of {options.ref} ({_span(reference)}) and {options.est} ({_span(estimate)}) are within"
            f" {options.t_max_diff:g} s; --t-offset and --t-max-diff say which belong together"
        )
    return found


def _span(trajectory: Trajectory) -> str:
    times_s = trajectory.times_s
    return f"{times_s[0]:.3f} to {times_s[-1]:.3f} s" if len(times_s) else "none of its poses known"


# --- measures ---------------------------------------------------------------------------------------


def _measured(
    options: Options, reference: Pose, estimate: Pose, kind: str
) -> Iterator[tuple[str, str, PathErrors]]:
    """(ATE or RPE, relation, errors)."""
    from rrb.evaluation.trajectory import ate, rpe

    relations = (options.pose_relation,) if options.pose_relation else _USUAL
    for relation in relations:
        if relation in _ABSOLUTE:
            yield "ATE", relation, ate(reference, estimate, relation, align=kind, first=options.n_to_align)
    for relation in relations:
        yield (
            "RPE",
            relation,
            rpe(
                reference,
                estimate,
                relation,
                delta=options.delta,
                unit=options.delta_unit,
                all_pairs=options.all_pairs,
                tolerance=options.delta_tol,
                pairs_from_reference=options.pairs_from_reference,
                align=kind,
                first=options.n_to_align,
            ),
        )


def _heading(kind: str, errors: PathErrors) -> str:
    scale = (
        f", the estimate's scale times {errors.alignment.scale:.6g}"
        if kind in ("sim3", "scale", "scale and origin")
        else ""
    )
    return f"{_TITLES[kind][0].upper()}{_TITLES[kind][1:]}{scale}"


def _apart(options: Options) -> str:
    from rrb.evaluation.trajectory import UNITS

    whose = "REF" if options.pairs_from_reference else "EST"
    row = "from every pose on" if options.all_pairs else "one after the other"
    return f"motions over a delta of {options.delta:g} ({UNITS[options.delta_unit]} of {whose}), {row}"


def _table(measured: list[tuple[str, str, PathErrors]]) -> str:
    """A line for each measure, a column for each statistic."""
    lines = []
    for name, relation, errors in measured:
        unit = f" ({errors.unit})" if errors.unit else ""
        numbers = [f"{value:.6f}" for value in asdict(errors.statistics).values()]
        lines.append([f"{name} {_NAMES[relation]}{unit}", str(len(errors.errors)), *numbers])
    lines.insert(0, ["", "n", *asdict(measured[0][2].statistics)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    first, *others = widths
    return "\n".join(
        "  ".join(
            [line[0].ljust(first), *(c.rjust(w) for c, w in zip(line[1:], others, strict=True))]
        ).rstrip()
        for line in lines
    )


# --- the file ---------------------------------------------------------------------------------------


def _write(options: Options, paths: Paths, measured: list[tuple[str, str, str, PathErrors]]) -> None:
    from rrb.cli.render import make_folder
    from rrb.geometry.files import write_bytes
    from rrb.geometry.json_io import json_bytes

    assert options.out is not None
    make_folder(options.out)
    held = {
        "format": FORMAT,
        "convention": "p_reference = rotation @ (scale * p_estimate) + translation_m of an alignment; an error's time"
        " is that of its pose, of a motion's error that of its later pose, in seconds by the estimate's clock",
        "options": {name: _said(value) for name, value in asdict(options).items()},
        "poses": len(paths.times_s),
        "measures": [_entry(paths, *one) for one in measured],
    }
    write_bytes(options.out / "measures.json", json_bytes(held))
    print(f"wrote measures.json to {options.out}")


def _entry(paths: Paths, kind: str, name: str, relation: str, errors: PathErrors) -> dict[str, Any]:
    last = errors.pairs if errors.pairs.ndim == 1 else errors.pairs[:, 1]
    return {
        "measure": name,
        "pose_relation": relation,
        "unit": errors.unit,
        "alignment": {"kind": kind, "scale": errors.alignment.scale, **errors.alignment.motion.to_json()},
        "count": len(errors.errors),
        "statistics": asdict(errors.statistics),
        "times_s": paths.times_s[last].tolist(),
        "errors": errors.errors.tolist(),
    }


def _said(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
