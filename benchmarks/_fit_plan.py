"""How much the fitting benchmark measures."""

from dataclasses import dataclass, replace

PROTOCOLS = ("near", "far", "upright", "any")
THREADS = {"near": 1, "far": 2, "upright": 2, "any": 2}


@dataclass(frozen=True)
class Plan:
    """Counts are for each split, and for each kind within it."""

    splits: tuple[str, ...] = ("train", "test", "procedural")
    cases: int = 120  # of each protocol
    published: int = 24  # of those, fitted by the published road too
    degraded: int = 30
    covariance: int = 60
    lengths_px: tuple[float, ...] = (1.0, 4.0, 8.0, 12.0)  # over which noise on the contour hangs together
    starts: int = 15
    starts_published: int = 4
    start_angles_deg: tuple[float, ...] = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180)
    gains: int = 6
    gain_sides_px: tuple[int, ...] = (16, 32, 64, 128, 256)
    gain_steps: tuple[int, ...] = (0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200)
    cost: int = 4
    cost_faces: tuple[int, ...] = (300, 1000, 3000, 10_000, 30_000, 100_000)
    cost_sides_px: tuple[int, ...] = (64, 128, 256, 512, 1024)
    search: int = 12
    # SecondOrder's coarse and fine, and views: what is not varied keeps its default.
    search_refined: tuple[tuple[int, int], ...] = ((4, 2), (8, 4), (16, 4), (32, 8), (64, 16), (128, 32))
    search_views: tuple[int, ...] = (250, 500, 1000, 2000, 4000)
    repeats: int = 3  # of a timed fit near its end: a few milliseconds are soon disturbed
    first_order_steps: int | None = None  # None: each preset's own
    workers: int = 2  # processes, where no time is measured


QUICK = Plan(
    cases=2,
    published=1,
    degraded=1,
    covariance=2,
    lengths_px=(4.0,),
    starts=1,
    starts_published=1,
    start_angles_deg=(10, 45),
    gains=1,
    gain_sides_px=(32, 256),
    gain_steps=(0, 1, 5),
    cost=1,
    cost_faces=(300, 3000),
    cost_sides_px=(64, 256),
    search=1,
    search_refined=((4, 2),),
    search_views=(250,),
    repeats=1,
    first_order_steps=5,
    workers=1,
)
_COUNTS = (
    "cases",
    "published",
    "degraded",
    "covariance",
    "starts",
    "starts_published",
    "gains",
    "cost",
    "search",
)


def limited(plan: Plan, count: int | None, splits: tuple[str, ...]) -> Plan:
    """No more than `count` cases of anything."""
    fewer = {} if count is None else {name: min(count, getattr(plan, name)) for name in _COUNTS}
    return replace(plan, splits=splits, **fewer)
