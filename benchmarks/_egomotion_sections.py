"""The sections of the benchmark of egomotion: each measures what is missing, and keeps it as it comes."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import _egomotion_hard
import _egomotion_real
import _egomotion_runs
import _egomotion_speed
from _egomotion_films import Film, films
from _egomotion_plan import Place, Plan
from _egomotion_speed import Case
from _egomotion_store import Record, Store

SECTIONS = ("runs", "vo", "hard", "real", "speed")


class Run:
    def __init__(self, plan: Plan, place: Place, store: Store) -> None:
        self.plan, self.place, self.store = plan, place, store

    def measure(self, section: str) -> None:
        getattr(self, section)()

    def runs(self) -> None:
        for way in _egomotion_runs.WAYS:
            few = self.plan.own if way == _egomotion_runs.OWN else None
            for film in self._films(few):
                self._get("runs", film, way, partial(_egomotion_runs.run, film, way))

    def vo(self) -> None:
        if _without_opencv():
            return
        for film in self._films():
            way = _egomotion_runs.ODOMETRY
            self._get("vo", film, way, partial(_egomotion_runs.odometry, film))

    def hard(self) -> None:
        for film in self._films(self.plan.hard):
            for spoil in _egomotion_hard.SPOILS:
                for way in _egomotion_hard.WAYS:
                    measure = partial(_egomotion_hard.run, film, spoil, way)
                    self._get("hard", film, f"{spoil}/{way}", measure)

    def real(self) -> None:
        found = _egomotion_real.cabinet(self.place.shared, self.plan.real_every)
        if found is None:
            print(f"no frames in {self.place.shared / _egomotion_real.FOLDER}", file=sys.stderr)
            return
        for masks in _egomotion_real.MASKS:
            self.store.get("real", masks, partial(_egomotion_real.run, found, masks))
        if not _without_opencv():
            self.store.get("real", "visual odometry", partial(_egomotion_real.odometry, found))

    def speed(self) -> None:
        for grows, case in _cases(self.plan):
            name = f"{grows}/{case.name}"
            self.store.get(
                "speed", name, lambda case=case, grows=grows: {"grows": grows} | _egomotion_speed.run(case)
            )
            print(name, file=sys.stderr)

    # --- pieces ---------------------------------------------------------------------------------------

    def _films(self, count: int | None = None) -> Iterator[Film]:
        return films(self.plan, self.place, count)

    def _get(self, section: str, film: Film, what: str, measure) -> Record:
        found = self.store.get(section, f"{film.name}/{what}", measure)
        ate = found.get("ate_sim3_m")
        said = found.get("refused") or f"ATE {'-' if ate is None else f'{ate:.4f}'} m, {found['known']} known"
        print(f"{section}: {film.name}, {what}: {said}".ljust(78), file=sys.stderr)
        return found


def _cases(plan: Plan) -> Sequence[tuple[str, Case]]:
    """(what grows, case); one that stands in several rows of growth is measured for each."""
    usual = Case(frames=plan.speed_frames)
    return [
        *(("pixels", replace(usual, side_px=side)) for side in plan.speed_sides),
        *(("faces", replace(usual, faces=faces)) for faces in plan.speed_faces),
        *(("objects", replace(usual, objects=count)) for count in plan.speed_objects),
        ("", replace(usual, masks="own")),
    ]


def _without_opencv() -> bool:
    if find_spec("cv2") is None:
        print(
            "no visual odometry: OpenCV is not installed (pip install opencv-python-headless)",
            file=sys.stderr,
        )
        return True
    return False
