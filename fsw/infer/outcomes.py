"""Results of an order: one for each job that it carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fsw.infer.frames import Part, Reply
from fsw.messages import Outcome, WorkOrder, WorkResult

Keep = Callable[[WorkOrder, int, int], str]
"""Takes the order of one job, and where its output begins and ends in rows; gives the name it was kept under."""


def results_of(
    order: WorkOrder, outcome: Outcome, start_ns: int, end_ns: int, detail: str = ""
) -> tuple[WorkResult, ...]:
    """The same end for every job of the order, in its order."""
    return tuple(
        [
            WorkResult(
                job_id=part.job_id,
                attempt=part.attempt,
                outcome=outcome,
                start_ns=start_ns,
                end_ns=end_ns,
                model=order.model,
                variant=order.variant,
                detail=detail,
            )
            for part in order.parts
        ]
    )


def results_from(
    order: WorkOrder, reply: Reply, cuts: tuple[int, ...], start_ns: int, end_ns: int, keep: Keep | None
) -> tuple[WorkResult, ...]:
    """What the worker says of each job; `cuts` are their rows. An order that did not run ends alike for all."""
    if len(cuts) > 1 and not reply.parts:
        return results_of(order, reply.outcome, start_ns, end_ns, reply.detail)
    told = reply.parts or (Part(reply.outcome, reply.digest, reply.summary, reply.detail),)
    results, first = [], 0
    for job, rows, part in zip(order.parts, cuts, told, strict=True):
        outcome, last = Outcome(part.outcome), first + rows
        of_job = order_of(order, job.job_id, rows) if keep is not None else order
        results.append(
            WorkResult(
                job_id=job.job_id,
                attempt=job.attempt,
                outcome=outcome,
                start_ns=start_ns,
                end_ns=end_ns,
                model=order.model,
                variant=order.variant,
                output_ref=keep(of_job, first, last) if keep is not None and outcome is Outcome.DONE else "",
                digest=part.digest,
                summary=part.summary,
                cpu_s=reply.cpu_s / len(cuts),
                detail=part.detail,
                rows=rows,
            )
        )
        first = last
    return tuple(results)


def order_of(order: WorkOrder, job_id: int, rows: int) -> WorkOrder:
    """The part of an order that is for one of its jobs, of which `rows` rows were run."""
    job = next(part for part in order.parts if part.job_id == job_id)
    rows = rows if order.rows else 0
    if job is order and not order.others and rows == order.rows:
        return order
    return replace(
        order,
        job_id=job.job_id,
        attempt=job.attempt,
        input_ref=job.input_ref,
        spared=job.spared,
        rows=rows,
        others=(),
    )
