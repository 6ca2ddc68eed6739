"""The sections of the benchmark of reconstructions: each measures, keeps what it has, and tells tables."""

from collections.abc import Iterator
from pathlib import Path

import _rrb_stages
import _rrb_targets
import _rrb_time
from _rrb_plan import Plan, Set
from _table import Table
from rrb.cli import _evaluate_rrb
from rrb.cli._evaluate_methods import Structures, case_of, weights_said
from rrb.cli._progress import Progress
from rrb.cli._results_jsonl import JsonLines
from rrb.data.dataset import Dataset
from rrb.data.sample import Sample
from rrb.evaluation.benchmark import Record, record


class Run:
    def __init__(self, plan: Plan, sets: list[Set], out: Path) -> None:
        """What depends on the weights is kept in a folder of theirs."""
        digests = "-".join(digest[:6] for digest in weights_said().values())
        self.plan, self.sets, self.out = plan, sets, out / f"weights-{digests or 'none'}"
        self.records: list[Record] = []
        self.times = _rrb_time.Times()

    def table(self) -> Iterator[Table]:
        """The paper's Table 1; it is printed, and kept as table.md, by the command itself."""
        rows = []
        for one in self.sets:
            options = _evaluate_rrb.Options(
                data=one.folders,
                split=one.split,
                count=self.plan.count,
                recipes=self.plan.recipes,
                out=self.out / f"table-{one.name}",
            )
            print(f"\n{one.note}" if one.note else "")
            _evaluate_rrb.run(options)
            lines = JsonLines(options.out / "results.jsonl")
            kept = [lines.rows[name] for name in _evaluate_rrb.wanted_of(options)]
            self.records += [row for row in kept if "left_out" not in row]
            rows.append((one.name, len(kept), one.note, str(options.out / "table.md")))
        yield Table("RRB's Table 1", ("set", "pictures", "what", "table"), rows)

    def stages(self) -> Iterator[Table]:
        ways = _rrb_stages.ways()
        for one in self.sets:
            lines = JsonLines(self.out / f"stages-{one.name}.jsonl")
            self.out.mkdir(parents=True, exist_ok=True)
            lines.keep(list(lines.rows))
            samples = self._samples(one, self.plan.stages)
            structures = Structures()
            missing = {name: sample for name, sample in samples.items() if name not in lines.rows}
            with Progress(len(samples), len(samples) - len(missing)) as progress:
                for name, sample in missing.items():
                    lines.add(record(case_of(name, sample, structures), ways))
                    progress.reach(progress.done + 1)
            yield from _rrb_stages.tables(one.name, [lines.rows[name] for name in samples], list(ways))

    def time(self) -> Iterator[Table]:
        samples = list(self._samples(self.sets[0], self.plan.timed).values())
        self.times = _rrb_time.measured(samples)
        yield from _rrb_time.tables(self.times)

    def verdicts(self) -> Table:
        return _rrb_targets.checks(self.records, self.times)

    def _samples(self, one: Set, count: int) -> dict[str, Sample]:
        """Spread over a set's folders, with camera, pose, mesh and mask."""
        split = None if one.split == "all" else one.split
        found = {}
        for folder in one.folders:
            data = Dataset(folder)
            for key in data.spread(max(1, count // len(one.folders)), split):
                sample = data.sample(key)
                known = (sample.camera, sample.camera_from_object, sample.mesh, sample.mask)
                if all(thing is not None for thing in known):
                    found[f"{folder.resolve().name}/{key}"] = sample
        return found
