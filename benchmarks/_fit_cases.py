"""The cases of the fitting benchmark: a mesh, a camera, a mask, where a fit starts, and what it should find.

`load_cases("near", "train", 60)` gives them, from the disk where they were drawn before. Masks are drawn by
the readable reference, which shares nothing with the kernels that a fit uses. `python benchmarks/_fit_cases.py
near train 120` draws them ahead, in one process that may be stopped and started again.
"""

import argparse
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from _fit_cache import cached, key_of
from _fit_meshes import SPLITS, BenchMesh, bench_meshes
from _fit_views import VIEWS, disturbed, placed, random_camera
from rrb import Camera, Mesh, Pose
from rrb.errors import BadInputError
from rrb.raster.reference import area_sampled_silhouette

SAMPLES = 8  # along each side of a pixel
DISTURBANCE_DEG = {"near": 15.0, "far": 45.0}  # of the start; the other protocols have none
DISTURBANCE_SHARE = 0.05
PROTOCOLS = ("near", "far", "upright", "any")
SMALLEST_SHARE, LARGEST_SHARE = 0.4, 0.8  # of the image: the longer side of the object's box
_TRIES = 100


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the mask was drawn from."""

    mesh: Mesh
    pose: Pose
    camera: Camera


@dataclass(frozen=True, eq=False)
class Case:
    """What a fit is given: mesh, camera, mask, unknown, init. What it is measured by: truth and drawn.

    mask (H, W) float32, 0 or 1; unknown, alike, is 1 where the mask means nothing, or None. `truth` is the
    pose to be found with `camera`: that of `drawn`, unless the camera is not the one that drew. `seed` starts
    whatever else is random about the case.
    """

    name: str  # protocol/split/number/mesh, and then what was done to it
    protocol: str
    split: str
    category: str
    symmetry: str | None  # see BenchMesh
    mesh: Mesh
    camera: Camera
    mask: np.ndarray = field(repr=False)
    unknown: np.ndarray | None = field(repr=False)
    init: Pose | None
    truth: Pose
    drawn: Drawn
    seed: int

    @property
    def symmetric(self) -> bool:
        return self.symmetry is not None

    @property
    def size_m(self) -> float:
        """The largest extent of the object that was drawn."""
        return float(self.drawn.mesh.largest_extent)


def load_cases(protocol: str, split: str, count: int, seed: int = 0) -> list[Case]:
    """The first `count` cases, the same in every process; what is not on the disk is drawn, a second each."""
    return list(cases(protocol, split, count, seed))


def cases(protocol: str, split: str, count: int, seed: int = 0) -> Iterator[Case]:
    """One after the other. Meshes take turns, in an order that the seed shuffles."""
    if protocol not in PROTOCOLS:
        raise BadInputError(f"the protocol is {protocol!r}; {', '.join(PROTOCOLS)} are accepted")
    meshes = bench_meshes(split)
    order = np.random.default_rng(_seed("order", split, 0, seed)).permutation(len(meshes))
    for number in range(count):
        yield _case(protocol, meshes[order[number % len(meshes)]], number, seed)


def _case(protocol: str, chosen: BenchMesh, number: int, seed: int) -> Case:
    own_seed = _seed(protocol, chosen.split, number, seed)
    random = np.random.default_rng(own_seed)
    view = "upright" if protocol == "upright" else "any"
    camera, truth = _seen(chosen.mesh, view, random)
    return Case(
        name=f"{protocol}/{chosen.split}/{number:04d}/{chosen.name}",
        protocol=protocol,
        split=chosen.split,
        category=chosen.category,
        symmetry=chosen.symmetry,
        mesh=chosen.mesh,
        camera=camera,
        mask=drawn_mask(chosen.mesh, truth, camera),
        unknown=None,
        init=start(protocol, truth, float(chosen.mesh.largest_extent), random),
        truth=truth,
        drawn=Drawn(chosen.mesh, truth, camera),
        seed=own_seed,
    )


def _seen(mesh: Mesh, view: str, random: np.random.Generator) -> tuple[Camera, Pose]:
    """A camera and a pose that show the whole object; what no placing can show is drawn anew."""
    for _ in range(_TRIES):
        camera = random_camera(random)
        share = random.uniform(SMALLEST_SHARE, LARGEST_SHARE)
        pose = placed(mesh, camera, VIEWS[view](random), share, where=random.random(2))
        if pose is not None:
            return camera, pose
    raise BadInputError(f"{mesh.name}: no view of {_TRIES} shows it wholly at the size asked for")


def start(protocol: str, truth: Pose, size_m: float, random: np.random.Generator) -> Pose | None:
    """Where a fit of this protocol starts, or None where it has to search."""
    if protocol not in DISTURBANCE_DEG:
        return None
    return disturbed(truth, DISTURBANCE_DEG[protocol], DISTURBANCE_SHARE, size_m, random)


def drawn_mask(mesh: Mesh, pose: Pose, camera: Camera, samples: int = SAMPLES) -> np.ndarray:
    """(H, W) float32: 1 where at least half of samples x samples points are covered; kept on the disk.

    It is found again by the very numbers that it is drawn from, so it cannot be out of date.
    """
    vertices_px = np.ascontiguousarray(camera.project(pose.apply(mesh.vertices)), np.float64)
    faces = np.ascontiguousarray(mesh.faces, np.int64)
    size = (camera.height_px, camera.width_px)

    def draw() -> dict[str, np.ndarray]:
        covered = area_sampled_silhouette(vertices_px, faces, size, samples) >= 0.5
        return {"bits": np.packbits(covered)}

    bits = cached("masks", key_of(vertices_px, faces, size, samples), draw)["bits"]
    return np.unpackbits(bits, count=size[0] * size[1]).reshape(size).astype(np.float32)


def _seed(protocol: str, split: str, number: int, seed: int) -> int:
    return zlib.crc32(f"{protocol}/{split}/{number}/{seed}".encode())


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw cases ahead, as a background job.")
    parser.add_argument("protocol", choices=PROTOCOLS)
    parser.add_argument("split", choices=SPLITS)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    os.nice(19)
    for number, case in enumerate(cases(args.protocol, args.split, args.count, args.seed), 1):
        if number % 20 == 0 or number == args.count:
            print(f"{number} of {args.count}: {case.name}", flush=True)


if __name__ == "__main__":
    main()
