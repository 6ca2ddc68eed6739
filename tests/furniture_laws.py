"""What holds for every procedural object made of closed parts; shared by the tests of several grammars."""

import numpy as np

from rrb import Mesh
from rrb.data.procedural.build import CATEGORIES, Design
from rrb.geometry.winding import is_inside


def design_of(category: str, seed: int) -> Design:
    """The pieces as the grammar drew them, before they became one mesh; seeded as `make` seeds them."""
    from importlib import import_module

    number = list(CATEGORIES).index(category)
    shape, looks = (np.random.default_rng([number, seed, k]) for k in range(2))
    return import_module(CATEGORIES[category]).design(shape, looks)


def volume(mesh: Mesh) -> float:
    """Signed: positive where faces look outwards."""
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    return float(np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


def groups(pieces: list[Mesh]) -> list[set[int]]:
    """Which pieces hang together: two do where a point of one's surface lies inside the other."""
    points = [np.concatenate([p.vertices, p.sample_surface(300, 0)[0]]) for p in pieces]
    boxes = [p.bounding_box() for p in pieces]
    joined: list[set[int]] = []
    for i, piece in enumerate(pieces):
        met = {i}
        for k in range(i):
            if (np.maximum(boxes[i][0], boxes[k][0]) <= np.minimum(boxes[i][1], boxes[k][1])).all() and (
                _enters(points[k], piece, boxes[i]) or _enters(points[i], pieces[k], boxes[k])
            ):
                met.add(k)
        joined = [g for g in joined if not g & met] + [met.union(*(g for g in joined if g & met))]
    return joined


def _enters(points: np.ndarray, piece: Mesh, box: np.ndarray) -> bool:
    near = points[((points >= box[0]) & (points <= box[1])).all(1)]
    return len(near) > 0 and bool(is_inside(near, piece.vertices, piece.faces).any())


def turned_about_y(points: np.ndarray, angle: float) -> np.ndarray:
    sine, cosine = np.sin(angle), np.cos(angle)
    return points @ np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]]).T


def distances(points: np.ndarray, mesh: Mesh) -> np.ndarray:
    """(N,): from each point to the nearest face: to its plane where the foot lies in it, else to its edges."""
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    best = []
    for p in points:
        nearest = np.inf
        for s, e in ((a, b), (b, c), (c, a)):
            along = e - s
            share = ((p - s) * along).sum(1) / np.maximum((along**2).sum(1), 1e-30)
            nearest = min(nearest, ((s + share.clip(0, 1)[:, None] * along - p) ** 2).sum(1).min())
        normal = np.cross(b - a, c - a)
        length = np.maximum(np.linalg.norm(normal, axis=1), 1e-30)
        away = ((p - a) * normal).sum(1) / length
        foot = p - away[:, None] * (normal / length[:, None])
        inside = np.ones(len(a), bool)
        for s, e in ((a, b), (b, c), (c, a)):
            inside &= (np.cross(e - s, foot - s) * normal).sum(1) >= 0
        inside &= length > 1e-20
        if inside.any():
            nearest = min(nearest, (away[inside] ** 2).min())
        best.append(np.sqrt(nearest))
    return np.array(best)


def asymmetry(mesh: Mesh, angle: float, count: int = 40) -> float:
    """How far at most some vertices, turned about y, lie from the surface, as a share of the largest extent."""
    chosen = np.random.default_rng(0).choice(
        len(mesh.vertices), min(count, len(mesh.vertices)), replace=False
    )
    turned = turned_about_y(mesh.vertices[chosen], angle)
    return float(distances(turned, mesh).max() / mesh.largest_extent)


def wanted(shapes, **style):
    """The shapes of a style; a choice that no seed makes would test nothing."""
    found = [s for s in shapes if all(s.style.get(k) == v for k, v in style.items())]
    assert found, style
    return found
