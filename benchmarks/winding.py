"""How long winding numbers take: rays and the tree of faces against summing every face.

Run `python benchmarks/winding.py`. One thread, medians of several runs, building the tree included. Summing
every face needs no tree, so none is counted there; it is timed on fewer points and scaled up.
"""

import math
import time
from statistics import median

import numpy as np

from rrb import set_threads
from rrb.geometry.winding import BETA, FaceTree

RUNS = 5
BRUTE_POINTS = 500


def sphere(rings):
    """A closed sphere of 4 * rings * (rings - 1) faces, facing outwards."""
    latitude, longitude = np.pi * np.arange(1, rings) / rings, np.pi * np.arange(2 * rings) / rings
    theta, phi = np.meshgrid(latitude, longitude, indexing="ij")
    circles = np.stack((np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)), axis=-1)
    vertices = np.concatenate((circles.reshape(-1, 3), [[0, 0, 1], [0, 0, -1]]))
    index = np.arange((rings - 1) * 2 * rings).reshape(rings - 1, -1)
    after = np.roll(index, -1, axis=1)
    a, b, c, d = (i.reshape(-1) for i in (index[:-1], index[1:], after[1:], after[:-1]))
    north, south = np.full(2 * rings, len(vertices) - 2), np.full(2 * rings, len(vertices) - 1)
    triples = [(a, b, c), (a, c, d), (north, index[0], after[0]), (south, after[-1], index[-1])]
    return vertices, np.concatenate([np.stack(t, axis=1) for t in triples])


def seconds(function):
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return median(times)


def main():
    set_threads(1)
    random = np.random.default_rng(0)
    FaceTree.of(*sphere(4)).winding_by_rays(np.zeros((1, 3)))  # compile
    FaceTree.of(*sphere(4)).winding_by_angles(np.zeros((1, 3)), BETA)
    columns = ["every face, ms", "tree, ms", "error", "rays, ms"]
    print(f"{'points':>8} {'faces':>7} " + " ".join(f"{c:>15}" for c in columns))
    for rings in (16, 40, 72, 160):
        mesh = sphere(rings)
        built = FaceTree.of(*mesh)
        built.winding_by_angles(np.zeros((1, 3)), BETA)  # its moments are computed once
        for count in (10_000, 100_000):
            points = random.uniform(-1.2, 1.2, (count, 3))
            few = points[:BRUTE_POINTS]
            brute = seconds(lambda t=built, p=few: t.winding_by_angles(p, math.inf)) * count / len(few)
            tree = seconds(lambda m=mesh, p=points: FaceTree.of(*m).winding_by_angles(p, BETA))
            rays = seconds(lambda m=mesh, p=points: FaceTree.of(*m).winding_by_rays(p))
            angles = [built.winding_by_angles(few, beta) for beta in (BETA, math.inf)]
            error = np.abs(angles[0] - angles[1]).max()
            print(
                f"{count:8d} {len(mesh[1]):7d} {1e3 * brute:15.0f} {1e3 * tree:15.1f} {error:15.1e}"
                f" {1e3 * rays:15.1f}"
            )


if __name__ == "__main__":
    main()
