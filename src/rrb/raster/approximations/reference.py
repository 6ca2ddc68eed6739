"""The readable oracle of the approximations: the same answers by plain loops and torch's own autograd.

One mesh, vertices_px (V, 3) wholly in front of the camera, faces (F, 3) array. Slow on purpose; for tests.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rrb.raster.reference import cross, fragments


def antialias(vertices_px: Any, faces: np.ndarray, size: tuple[int, int]) -> Any:
    """Blend across the outline: by rows for edges steeper than the diagonal, by columns for the others."""
    import torch

    hard = fragments(vertices_px.detach().numpy(), faces, size)[0] >= 0
    image = torch.tensor(hard, dtype=vertices_px.dtype)
    change = torch.zeros_like(image)
    for (by_column, line, cell), (_, crossing, _, _, lower) in _outline(
        vertices_px, faces, hard, False
    ).items():
        share = (crossing - (cell + 1)) * (1 if lower else -1)
        pixel = cell + 1 if crossing.item() > cell + 1 else cell
        where = (pixel, line) if by_column else (line, pixel)
        change = change.index_put(tuple(torch.tensor([k]) for k in where), share[None], accumulate=True)
    return (image + change).clamp(0, 1)


def _outline(vertices_px: Any, faces: np.ndarray, hard: np.ndarray, every_line: bool) -> dict[tuple, tuple]:
    """{(by column, line, cell): (outwardness, crossing, a, b, is the surface lower)}, outermost edges only."""
    fixed = vertices_px.detach().numpy()
    best: dict[tuple, tuple] = {}
    for a, b in _contour_edges(fixed, faces):
        delta = np.abs(fixed[b] - fixed[a])
        for by_column in (False, True):
            if by_column != (delta[1] < delta[0]) and not every_line:
                continue
            along, across = (0, 1) if by_column else (1, 0)
            grid = hard.T if by_column else hard
            ends = sorted([fixed[a, along], fixed[b, along]])
            for line in range(max(0, math.ceil(ends[0] - 0.5)), min(len(grid), math.ceil(ends[1] - 0.5))):
                pa, pb = vertices_px[a, :2], vertices_px[b, :2]
                t = (line + 0.5 - pa[along]) / (pb[along] - pa[along])
                crossing = pa[across] + t * (pb[across] - pa[across])
                cell = math.ceil(crossing.item() - 0.5) - 1
                if not 0 <= cell < grid.shape[1] - 1 or grid[line, cell] == grid[line, cell + 1]:
                    continue
                lower = bool(grid[line, cell])
                if _surface_is_lower(fixed, faces, a, b, along, across) != lower:
                    continue
                key, out = (by_column, line, cell), crossing.item() * (1 if lower else -1)
                if key not in best or out > best[key][0]:
                    best[key] = (out, crossing, a, b, lower)
    return best


def _contour_edges(vertices_px: np.ndarray, faces: np.ndarray) -> list[tuple[int, int]]:
    sides: dict[tuple[int, int], set] = {}
    for face in faces:
        for k in range(3):
            a, b, c = (int(face[(k + j) % 3]) for j in range(3))
            low, high = min(a, b), max(a, b)
            side = _side(vertices_px, low, high, c)
            if side != 0:
                sides.setdefault((low, high), set()).add(side > 0)
    return [edge for edge, found in sorted(sides.items()) if len(found) == 1]


def _side(vertices_px: np.ndarray, a: int, b: int, c: int) -> float:
    return cross(*(vertices_px[b] - vertices_px[a])[:2], *(vertices_px[c] - vertices_px[a])[:2])


def _surface_is_lower(
    vertices_px: np.ndarray, faces: np.ndarray, a: int, b: int, along: int, across: int
) -> bool:
    """Whether the faces at edge ab lie where the coordinate `across` is smaller than on the edge."""
    for face in faces:
        if a in face and b in face:
            (c,) = (v for v in face if v not in (a, b))
            pa, pb, pc = (vertices_px[v] for v in (a, b, c))
            t = (pc[along] - pa[along]) / (pb[along] - pa[along])
            distance = pc[across] - (pa[across] + t * (pb[across] - pa[across]))
            if distance != 0 and _side(vertices_px, a, b, c) != 0:
                return bool(distance < 0)
    return False


def kato(
    vertices_px: np.ndarray, faces: np.ndarray, size: tuple[int, int], grad: np.ndarray, eps: float = 1e-4
) -> np.ndarray:
    """The gradient (V, 3) for the gradient `grad` (H, W) on the silhouette: every pixel against its outline."""
    import torch

    hard = fragments(vertices_px, faces, size)[0] >= 0
    out = np.zeros_like(vertices_px, dtype=np.float64)
    eps_px = eps * max(size) / 2
    found = _outline(torch.as_tensor(vertices_px), faces, hard, True)
    for (by_column, line, cell), (_, crossing, a, b, lower) in found.items():
        along, across = (0, 1) if by_column else (1, 0)
        covered, g = (hard.T[line], grad.T[line]) if by_column else (hard[line], grad[line])
        t = (line + 0.5 - vertices_px[a, along]) / (vertices_px[b, along] - vertices_px[a, along])
        outside = range(cell + 1, len(covered)) if lower else range(cell, -1, -1)
        gains = {k: max(-g[k], 0.0) for k in outside if not covered[k]}
        for k in range(cell, -1, -1) if lower else range(cell + 1, len(covered)):
            if not covered[k]:
                break
            gains[k] = max(g[k], 0.0)
        _pull(out, across, a, b, t, crossing.item(), gains, eps_px)
    return out


def _pull(
    out: np.ndarray,
    across: int,
    a: int,
    b: int,
    t: float,
    crossing: float,
    gains: dict[int, float],
    eps: float,
) -> None:
    for cell, gain in gains.items():
        away = cell + 0.5 - crossing
        for vertex, share in ((a, 1 - t), (b, t)):
            if gain > 0 and share > 0:
                out[vertex, across] -= gain / (away / share + math.copysign(eps, away))


def kato_per_face(
    vertices_px: np.ndarray, faces: np.ndarray, size: tuple[int, int], grad: np.ndarray, eps: float = 1e-4
) -> np.ndarray:
    """As `kato`, every pixel against every edge of every visible face."""
    seen = fragments(vertices_px, faces, size)[0]
    out = np.zeros_like(vertices_px, dtype=np.float64)
    for axis in (0, 1):
        shown, g = (seen, grad) if axis == 0 else (seen.T, grad.T)
        for f, face in enumerate(faces):
            for k in range(3):
                corners = face[k], face[(k + 1) % 3], face[(k + 2) % 3]
                _pull_edge(vertices_px, f, corners, 1 - axis, axis, shown, g, eps * max(size) / 2, out)
    return out


def _pull_edge(
    vertices: np.ndarray,
    face: int,
    corners: tuple[int, int, int],
    along: int,
    across: int,
    shown: np.ndarray,
    grad: np.ndarray,
    eps_px: float,
    out: np.ndarray,
) -> None:
    a, b, _ = corners
    for line in range(len(shown)):
        crossings = _line_through_triangle(vertices, corners, along, across, line + 0.5)
        if crossings is None:
            continue
        crossing, far_side, t = crossings
        outwards = 1 if far_side < crossing else -1
        below = math.ceil(crossing - 0.5) - 1
        inner, outer = (below, below + 1) if outwards > 0 else (below + 1, below)
        if not (min(inner, outer) >= 0 and max(inner, outer) < shown.shape[1]) or shown[line, inner] != face:
            continue
        if shown[line, outer] == face:
            continue
        gains = {}
        for cell in range(shown.shape[1]):
            beyond = (cell - outer) * outwards >= 0
            inside = not beyond and (cell + 0.5 - far_side) * outwards >= 0
            if beyond and shown[line, cell] < 0:
                gains[cell] = max(-grad[line, cell], 0.0)
            elif inside and shown[line, outer] < 0 and shown[line, cell] == face:
                gains[cell] = max(grad[line, cell], 0.0)
        _pull(out, across, a, b, t, crossing, gains, eps_px)


def _line_through_triangle(
    vertices: np.ndarray, corners: tuple[int, int, int], along: int, across: int, p: float
) -> tuple[float, float, float] | None:
    """(where edge ab meets the line, where the rest of the triangle does, share of b) or None."""
    (pa, qa), (pb, qb), (pc, qc) = ((vertices[v][along], vertices[v][across]) for v in corners)
    if (pa > p) == (pb > p):
        return None
    t = (p - pa) / (pb - pa)
    if (pc > p) != (pa > p):
        far_side = qa + (p - pa) / (pc - pa) * (qc - qa)
    else:
        far_side = qb + (p - pb) / (pc - pb) * (qc - qb)
    return qa + t * (qb - qa), far_side, t


def softras(
    vertices_px: Any, faces: np.ndarray, size: tuple[int, int], sigma: float = 1e-4, tail: float = 1e-4
) -> Any:
    """Dense: the probability of every face at every pixel, tails cut, joined by a product."""
    import torch

    unit = max(size) / 2
    points = _centres(size, vertices_px)
    missed = torch.ones(size, dtype=vertices_px.dtype)
    for corners in vertices_px[torch.as_tensor(np.asarray(faces, np.int64))][..., :2]:
        distance_2 = torch.stack([_to_segment(points, corners[i], corners[(i + 1) % 3]) for i in range(3)])
        distance_2 = distance_2.amin(0) / unit**2
        inside = (_shares(points, corners) > 0).all(-1)
        logit = torch.where(inside, distance_2, -distance_2) / sigma
        probability = torch.sigmoid(logit)
        kept = inside | (distance_2 < sigma * math.log(1 / tail - 1))
        missed = missed * torch.where(kept, 1 - probability, torch.ones_like(probability))
    return 1 - missed


def palazzi(vertices_px: Any, faces: np.ndarray, size: tuple[int, int], clip: bool = True) -> Any:
    """Dense: the clipped product of edge determinants of every face, divided by its largest value."""
    import torch

    points = _centres(size, vertices_px)
    total = torch.zeros(size, dtype=vertices_px.dtype)
    for corners in vertices_px[torch.as_tensor(np.asarray(faces, np.int64))][..., :2]:
        product = _shares(points, corners).clamp(min=0).prod(-1)
        if product.max() > 0:
            total = total + torch.tanh(product / product.max())
    return total.clamp(max=1) if clip else total


def _centres(size: tuple[int, int], like: Any) -> Any:
    import torch

    y, x = torch.meshgrid(*(torch.arange(n, dtype=like.dtype) + 0.5 for n in size), indexing="ij")
    return torch.stack([x, y], -1)


def _to_segment(points: Any, a: Any, b: Any) -> Any:
    t = (((points - a) * (b - a)).sum(-1) / ((b - a) ** 2).sum()).clamp(0, 1)
    return ((points - a - t[..., None] * (b - a)) ** 2).sum(-1)


def _shares(points: Any, corners: Any) -> Any:
    """(H, W, 3): barycentric weights in the image, negative outside."""
    import torch

    area = cross(*(corners[1] - corners[0]), *(corners[2] - corners[0]))
    return torch.stack(
        [
            cross(*(corners[(i + 1) % 3] - points).unbind(-1), *(corners[(i + 2) % 3] - points).unbind(-1))
            / area
            for i in range(3)
        ],
        -1,
    )
