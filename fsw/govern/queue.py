"""Jobs that wait, grouped so that a choice looks at one job of each sort."""

from __future__ import annotations

from bisect import insort
from itertools import takewhile

from fsw.messages import Job

Sort = tuple[str, str, float, float | None]  # kind, model, value, energy cap


class JobQueue:
    """A bounded queue; inside a sort the earliest deadline goes first."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._sorts: dict[Sort, list[tuple[int, int, Job]]] = {}
        self._ids: dict[int, Sort] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._ids

    def add(self, job: Job) -> bool:
        """Queue a job; False when the queue is full or knows the job already: the newcomer is refused."""
        if len(self._ids) >= self._depth or job.job_id in self._ids:
            return False
        sort = (job.kind, job.model, job.value, job.energy_cap_j)
        insort(self._sorts.setdefault(sort, []), (job.deadline_ns, job.job_id, job))
        self._ids[job.job_id] = sort
        return True

    def remove(self, job_id: int) -> Job | None:
        """Take a job out; None when it is not here."""
        sort = self._ids.pop(job_id, None)
        if sort is None:
            return None
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

    def candidates(self, latest_needed_ns: dict[str, int]) -> list[Job]:
        """One job of each sort: the earliest deadline that its model can still meet (`latest_needed_ns` by model)."""
        found: list[Job] = []
        for (_, model, _, _), rows in self._sorts.items():
            needed_ns = latest_needed_ns.get(model)
            if needed_ns is None:
                continue
            for deadline_ns, _, job in rows:
                if deadline_ns >= needed_ns:
                    found.append(job)
                    break
        return found

    def backlog(self, now_ns: int) -> tuple[tuple[str, int, float], ...]:
        """By kind: count, and seconds until the last deadline."""
        totals: dict[str, tuple[int, float]] = {}
        for (kind, *_), rows in self._sorts.items():
            count, last_s = totals.get(kind, (0, 0.0))
            totals[kind] = (count + len(rows), max(last_s, (rows[-1][0] - now_ns) / 1e9))
        return tuple((kind, count, last_s) for kind, (count, last_s) in totals.items())
