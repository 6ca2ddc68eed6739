"""What a fit costs, by faces, by pixels, and by how widely it searches."""

from collections.abc import Iterator
from dataclasses import replace

from _fit_cases import Case
from _fit_jobs import Job
from _fit_meshes import coarsened
from _fit_plan import THREADS, Plan
from _fit_runs import case_of, measured, road_of
from _fit_score import covered
from _fit_store import Record
from _procedural_parts import refined
from rrb import SecondOrder

_FIRST_ORDER_STEPS = 5
# What is chosen by these tables must not be chosen on "test".
_CHOOSING_SPLITS = ("train", "procedural")
_ROADS = {"near": ("rrb", "kato"), "any": ("rrb",)}


def costs(plan: Plan) -> Iterator[Job]:
    """Of the mesh's faces at the case's own resolution, and of pixels with the mesh's own faces."""
    for what, amounts in (("faces", plan.cost_faces), ("pixels", plan.cost_sides_px)):
        for protocol, roads in _ROADS.items():
            for number in range(plan.cost):
                for road in roads:
                    for amount in amounts:
                        repeats = plan.repeats if protocol == "near" else 1
                        yield Job(protocol, "procedural", number, road, (what, amount, repeats))


def measure_cost(job: Job) -> Record:
    """First order: milliseconds are of `_FIRST_ORDER_STEPS` steps."""
    what, amount, repeats = job.options
    case = case_of(*job.case)
    case = with_faces(case, amount) if what == "faces" else with_side(case, amount)
    steps = None if job.road == "rrb" else _FIRST_ORDER_STEPS
    threads = THREADS[job.protocol]
    record, _ = measured(case, road_of(job.road, steps), threads=threads, repeats=repeats)
    return record | {"faces": len(case.mesh.faces)}


def searches(plan: Plan) -> Iterator[Job]:
    """Only splits that a choice may be made on."""
    default = SecondOrder()
    settings = [(coarse, fine, default.views) for coarse, fine in plan.search_refined]
    settings += [(default.coarse, default.fine, views) for views in plan.search_views]
    for split in plan.splits:
        if split in _CHOOSING_SPLITS:
            for number in range(plan.search):
                for setting in dict.fromkeys(settings):
                    yield Job("any", split, number, options=setting)


def measure_search(job: Job) -> Record:
    coarse, fine, views = job.options
    road = SecondOrder(coarse=coarse, fine=fine, views=views)
    return measured(case_of(*job.case), road, threads=THREADS[job.protocol])[0]


def with_faces(case: Case, n_faces: int) -> Case:
    """The mesh in so many faces, or the least that show it; its mask stays that of the mesh as it was."""
    simpler = coarsened(case.mesh, n_faces)
    return replace(case, mesh=refined(simpler, n_faces))  # flat parts may have lost more than was asked


def with_side(case: Case, side_px: int) -> Case:
    """Seen by a camera of that many pixels a side."""
    camera = case.camera.resize(side_px, side_px)
    mask = covered(case.drawn.mesh, case.truth, camera).astype("float32")
    return replace(case, camera=camera, mask=mask)
