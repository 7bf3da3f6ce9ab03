"""Jobs that wait, grouped so that a choice looks at one job of each sort."""

from __future__ import annotations

from bisect import insort
from itertools import takewhile

from fsw.messages import Job

Sort = tuple[str, str, float, float | None, int]  # kind, model, value, energy cap, units of work


class JobQueue:
    """A bounded queue; inside a sort the earliest deadline goes first."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._sorts: dict[Sort, list[tuple[int, int, Job]]] = {}
        self._ids: dict[int, Sort] = {}
        self.long: set[int] = set()  # the jobs of more than one unit of work

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._ids

    def add(self, job: Job, units: int = 1, *, comes_back: bool = False) -> bool:
        """Queue a job that has so many units of work to go; False when the queue knows it already, or is full: the
        newcomer is refused, not one that comes back from an attempt."""
        if job.job_id in self._ids or (len(self._ids) >= self._depth and not comes_back):
            return False
        sort = (job.kind, job.model, job.value, job.energy_cap_j, units)
        insort(self._sorts.setdefault(sort, []), (job.deadline_ns, job.job_id, job))
        self._ids[job.job_id] = sort
        if units > 1:
            self.long.add(job.job_id)
        return True

    def remove(self, job_id: int) -> Job | None:
        """Take a job out; None when it is not here."""
        sort = self._ids.pop(job_id, None)
        if sort is None:
            return None
        self.long.discard(job_id)
        rows = self._sorts[sort]
        index = next(index for index, row in enumerate(rows) if row[1] == job_id)
        job = rows.pop(index)[2]
        if not rows:
            del self._sorts[sort]  # values are free numbers: a sort that is kept for ever is a leak
        return job

    def expire(self, now_ns: int) -> list[Job]:
        """Take out the jobs whose deadline has passed."""
        late = [row[2] for rows in self._sorts.values() for row in takewhile(lambda row: row[0] <= now_ns, rows)]
        for job in late:
            self.remove(job.job_id)
        return late

    def units(self, job_id: int) -> int:
        """Units of work of a job that waits; raises KeyError."""
        return self._ids[job_id][4]

    def candidates(self, now_ns: int, unit_ns: dict[str, int]) -> list[Job]:
        """One job of each sort: the earliest deadline that can still be met, where a unit of work takes `unit_ns` at
        least, by model."""
        found: list[Job] = []
        for (_, model, _, _, units), rows in self._sorts.items():
            if model not in unit_ns:
                continue
            needed_ns = now_ns + units * unit_ns[model]
            for deadline_ns, _, job in rows:
                if deadline_ns >= needed_ns:
                    found.append(job)
                    break
        return found

    def peers(self, job: Job, most: int) -> list[Job]:
        """Other jobs of one unit for the same model that are worth as much or more, the earliest deadline first; of
        each sort at most so many."""
        rows = [
            row
            for (_, model, value, _, units), rows in self._sorts.items()
            if model == job.model and units == 1 and value >= job.value
            for row in rows[: most + 1]
            if row[1] != job.job_id
        ]
        return [row[2] for row in sorted(rows)]

    def backlog(self, now_ns: int) -> tuple[tuple[str, int, float], ...]:
        """By kind: units of work, and seconds until the last deadline."""
        totals: dict[str, tuple[int, float]] = {}
        for (kind, *_, units), rows in self._sorts.items():
            count, last_s = totals.get(kind, (0, 0.0))
            totals[kind] = (count + units * len(rows), max(last_s, (rows[-1][0] - now_ns) / 1e9))
        return tuple((kind, count, last_s) for kind, (count, last_s) in totals.items())
