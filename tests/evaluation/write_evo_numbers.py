"""Writes tests/evaluation/evo: small made-up paths, and what evo measures between them.

Run by hand, by a Python that has evo and NumPy, and nothing of ours: see `COMMAND`. The tests need no evo.
"""

import copy
import importlib.metadata
import json
from pathlib import Path

import numpy as np

COMMAND = (
    "python -m venv evo && evo/bin/pip install evo==1.38.1"
    " && evo/bin/python tests/evaluation/write_evo_numbers.py"
)
FOLDER = Path(__file__).parent / "evo"
START_S = 1305031102.175304  # seconds as of real recordings, where float64 has 2e-7 s left
ALIGNMENTS = [{}, {"align": True}, {"correct_scale": True}, {"align": True, "correct_scale": True}]
ORIGINS = [{"align_origin": True}, {"align_origin": True, "correct_scale": True}]
FIRST = [{"align": True, "correct_scale": True, "n_to_align": 15}, {"correct_scale": True, "n_to_align": 15}]
RELATIONS = ["trans_part", "angle_deg", "angle_rad", "rot_part", "full", "point_distance"]
DELTAS = [(1, "f"), (7, "f"), (0.5, "m"), (12.0, "d"), (0.3, "r")]
PAIRS = [  # reference, estimate, options of the association
    ("true.txt", "noisy.txt", {"t_max_diff": 0.01, "t_offset": 0.0}),
    ("true.txt", "noisy.txt", {"t_max_diff": 0.003, "t_offset": 0.0}),
    ("true.txt", "dense.txt", {"t_max_diff": 0.01, "t_offset": -2.5}),
    ("street_true.txt", "street.txt", None),
]


# --- the paths ------------------------------------------------------------------------------------


def rotation(vectors):
    """(N, 3, 3) of rotation vectors (N, 3)."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_rotvec(vectors).as_matrix()


def on_the_way(times_s):
    """A camera that goes once around an ellipse and sways: rotations (N, 3, 3), positions (N, 3)."""
    turn = 2 * np.pi * times_s / 2.0
    positions = np.stack([2.0 * np.cos(turn), 1.2 + 0.1 * np.sin(3 * turn), 1.5 * np.sin(turn)], 1)
    vectors = np.stack([0.2 * np.sin(2 * turn), -turn, 0.1 * np.cos(turn)], 1)
    return rotation(vectors), positions


def blurred(random, rotations, positions, metres, radians):
    count = len(positions)
    turned = rotation(random.normal(0, radians, (count, 3))) @ rotations
    return turned, positions + random.normal(0, metres, (count, 3))


def moved(rotations, positions, vector, shift, scale):
    """In another world, as large as `scale` says."""
    turn = rotation(np.array([vector]))[0]
    return turn @ rotations, scale * positions @ turn.T + shift


def write_tum(name, times_s, rotations, positions):
    from scipy.spatial.transform import Rotation

    rows = np.concatenate([positions, Rotation.from_matrix(rotations).as_quat()], 1)
    lines = [
        f"{t:.6f} " + " ".join(f"{v:.9f}" for v in row)
        for t, row in zip(START_S + times_s, rows, strict=True)
    ]
    (FOLDER / name).write_text("\n".join(["# seconds tx ty tz qx qy qz qw", *lines]) + "\n")


def write_kitti(name, rotations, positions):
    rows = np.concatenate([rotations, positions[:, :, None]], 2).reshape(-1, 12)
    (FOLDER / name).write_text("\n".join(" ".join(f"{v:.6e}" for v in row) for row in rows) + "\n")


def write_paths():
    random = np.random.default_rng(8)
    true_s = np.arange(60) / 30
    write_tum("true.txt", true_s, *on_the_way(true_s))
    kept = np.sort(random.permutation(60)[:48])
    noisy_s = true_s[kept] + random.uniform(-0.006, 0.006, 48)
    path = blurred(random, *on_the_way(true_s[kept]), 0.02, 0.03)
    write_tum("noisy.txt", noisy_s, *moved(*path, [0.3, -1.0, 0.4], [1.0, -2.0, 0.5], 0.7))
    dense_s = 0.3 + np.arange(110) / 70
    path = blurred(random, *on_the_way(dense_s), 0.01, 0.01)
    write_tum("dense.txt", dense_s + 2.5, *moved(*path, [-0.2, 0.5, 2.0], [0.0, 3.0, 1.0], 1.9))
    path = on_the_way(np.arange(45) / 40)
    write_kitti("street_true.txt", *path)
    drift = np.cumsum(random.normal(0, 0.01, (45, 3)), 0)
    write_kitti("street.txt", rotation(0.5 * drift) @ path[0], 1.1 * path[1] + drift)


# --- what evo says of them ------------------------------------------------------------------------


def loaded(reference, estimate, association):
    from evo.core import sync
    from evo.tools import file_interface

    if association is None:
        return tuple(
            file_interface.read_kitti_poses_file(str(FOLDER / name)) for name in (reference, estimate)
        )
    paths = (file_interface.read_tum_trajectory_file(str(FOLDER / name)) for name in (reference, estimate))
    return sync.associate_trajectories(
        *paths, max_diff=association["t_max_diff"], offset_2=association["t_offset"]
    )


def measured(measure, reference, estimate, relation, **options):
    from evo import main_ape, main_rpe
    from evo.core.metrics import PoseRelation
    from evo.core.units import Unit

    relations = {
        "trans_part": PoseRelation.translation_part,
        "angle_deg": PoseRelation.rotation_angle_deg,
        "angle_rad": PoseRelation.rotation_angle_rad,
        "rot_part": PoseRelation.rotation_part,
        "full": PoseRelation.full_transformation,
        "point_distance": PoseRelation.point_distance,
        "point_distance_error_ratio": PoseRelation.point_distance_error_ratio,
    }
    options = dict(options)
    if measure == "rpe":
        units = {"f": Unit.frames, "m": Unit.meters, "d": Unit.degrees, "r": Unit.radians}
        options["delta_unit"] = units[options["delta_unit"]]
    run = {"ape": main_ape.ape, "rpe": main_rpe.rpe}[measure]
    result = run(copy.deepcopy(reference), copy.deepcopy(estimate), relations[relation], **options)
    names = ("rmse", "mean", "median", "std", "min", "max", "sse")
    return {"n": len(result.np_arrays["error_array"]), **{n: float(result.stats[n]) for n in names}}


def cases():
    """(measure, pair, relation, options): everything by translation, and all relations where it matters."""
    for pair in range(len(PAIRS)):
        for options in ALIGNMENTS + ORIGINS + FIRST:
            for relation in RELATIONS if pair in (0, 3) else RELATIONS[:2]:
                yield "ape", pair, relation, options
        for delta, unit in DELTAS:
            for all_pairs in (False, True):
                step = {"delta": delta, "delta_unit": unit, "all_pairs": all_pairs}
                for relation in RELATIONS[:2]:
                    yield "rpe", pair, relation, {**step, "correct_scale": True}
    for delta, unit in DELTAS:
        step = {"delta": delta, "delta_unit": unit, "all_pairs": False}
        for relation in [*RELATIONS, "point_distance_error_ratio"]:
            yield "rpe", 0, relation, {**step, "align": True}
        yield "rpe", 0, "trans_part", {**step, "pairs_from_reference": True}
        step = {**step, "all_pairs": True, "rel_delta_tol": 0.02}
        yield "rpe", 2, "trans_part", {**step, "correct_scale": True, "align": True}


def write_numbers():
    paths = [loaded(*pair) for pair in PAIRS]
    lines = []
    for measure, pair, relation, options in cases():
        numbers = measured(measure, *paths[pair], relation, **options)
        held = {
            "measure": measure,
            "pair": pair,
            "relation": relation,
            "options": options,
            "numbers": numbers,
        }
        lines.append(json.dumps(held))
    head = {
        "made_by": COMMAND,
        "evo": importlib.metadata.version("evo"),
        "scipy": importlib.metadata.version("scipy"),
        "pairs": PAIRS,
    }
    begin = json.dumps(head, indent=1).removesuffix("\n}")
    (FOLDER / "numbers.json").write_text(begin + ',\n "cases": [\n' + ",\n".join(lines) + "\n ]\n}\n")


if __name__ == "__main__":
    write_paths()
    write_numbers()
