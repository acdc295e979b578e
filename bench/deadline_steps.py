"""What a step of a deadline costs: by the one table in batches, and as one job a deadline, on the same PostgreSQL.

A step is an effect (one event in a case) and the next deadline a day later, in one transaction, under the row security
of the app. The jobs are Procrastinate's, one scheduled job for each deadline, run by the worker as it is shipped. Of
the jobs a sample is run while all the others wait, since all of them would take hours; each side is counted per step.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.installed import NOW, Place, become, statement

KIND, JOB_KIND = "bench.step", "bench.job"
DAY = timedelta(days=1)
ROUNDS = 8


def _register(place: Place) -> None:
    from efface.cases.models import CaseEvent
    from efface.engine.base import deadlines
    from efface.engine.base.models import Deadline

    if KIND in deadlines._together:
        return

    @deadlines.handler_of_many(KIND)
    def step(due: list[Deadline], now: datetime) -> None:
        CaseEvent.objects.bulk_create(
            CaseEvent(organisation_id=one.organisation_id, case_id=one.case_id, kind=KIND, actor="engine",
                      subject=one.subject, at=now)
            for one in due
        )  # fmt: skip
        deadlines.set_together(
            deadlines.Due(KIND, one.subject, now + DAY, organisation=one.organisation_id, case=one.case_id)
            for one in due
        )  # fmt: skip


def _open(place: Place, number: int, due: int, now: datetime) -> None:
    """``number`` notices with a deadline each, of which ``due`` are due now."""
    from efface.engine.base import deadlines, tenancy

    statement("TRUNCATE engine_deadline")
    statement("TRUNCATE cases_caseevent")
    for begin in range(0, number, 5000):
        with tenancy.organisation(place.organisation):
            deadlines.set_together(
                deadlines.Due(KIND, uuid.uuid4(), now if one < due else now + DAY + timedelta(seconds=one),
                              organisation=place.organisation, case=place.case)
                for one in range(begin, min(number, begin + 5000))
            )  # fmt: skip
    _settle("engine_deadline")


def _settle(*tables: str) -> None:
    """As a running server keeps its tables: no dead rows of the making, statistics fresh."""
    for table in tables:
        statement(f"VACUUM ANALYZE {table}")


def _fire(now: datetime) -> tuple[int, float]:
    from efface.engine.base import deadlines

    count, began = 0, time.perf_counter()
    while fired := deadlines.fire(now):
        count += fired
    return count, time.perf_counter() - began


def _rounds(place: Place, number: int, due: int, rounds: int = ROUNDS, fresh: bool = True) -> list[float]:
    """Seconds a step, of several rounds with the same number of open notices and due ones."""
    if fresh:
        _open(place, number, due, NOW)
    become("efface_engine")
    took = []
    for turn in range(rounds):
        now = NOW + turn * timedelta(minutes=1)
        if turn or not fresh:
            statement("UPDATE engine_deadline SET due = %s WHERE key IN (SELECT key FROM engine_deadline "
                      "WHERE state = 'waiting' ORDER BY id LIMIT %s)", now, due)  # fmt: skip
            _settle("engine_deadline")
        count, seconds = _fire(now)
        if count != due:
            raise RuntimeError(f"{due} deadlines were due and {count} were acted on")
        took.append(seconds / count)
    become("efface_app")
    return took


def _jobs(place: Place, waiting: int, sample: int) -> float:
    """Seconds a step as one job each, with ``waiting`` others that are scheduled for later."""
    from procrastinate.contrib.django import app

    from efface.cases.models import CaseEvent
    from efface.engine.base import settings, tenancy
    from efface.engine.base.jobs import Job, job

    global _job
    if _job is None:

        @job("takedown")
        def one_deadline(organisation: uuid.UUID, case: uuid.UUID, subject: uuid.UUID) -> None:
            with tenancy.organisation(organisation):
                CaseEvent.objects.create(
                    organisation_id=organisation, case_id=case, kind=JOB_KIND, actor="engine", subject=subject, at=NOW
                )
                made: Job = one_deadline
                made.task.configure(queueing_lock=f"bench:{subject}", schedule_at=datetime.now(UTC) + DAY).defer(
                    organisation=str(organisation), case=str(case), subject=str(subject)
                )

        _job = one_deadline
    statement("DELETE FROM procrastinate_jobs")
    statement(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, scheduled_at) "
        "SELECT 'takedown', %s, 'bench:' || subject, jsonb_build_object('organisation', %s::text, 'case', %s::text, "
        "'subject', subject::text), CASE WHEN number <= %s THEN '2020-01-01'::timestamptz ELSE '2100-01-01' END "
        "FROM (SELECT gen_random_uuid() AS subject, number FROM generate_series(1, %s) number ORDER BY random()) made",
        _job.name, str(place.organisation), str(place.case), sample, waiting + sample,
    )  # fmt: skip
    _settle("procrastinate_jobs", "procrastinate_events")
    app.perform_import_paths()
    workers = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]

    async def work() -> float:
        async with workers.open_async():
            began = time.perf_counter()
            await workers.run_worker_async(
                concurrency=max(1, settings.get("workers")), queues=["takedown"], install_signal_handlers=False,
                delete_jobs="successful", wait=False,
            )  # fmt: skip
            return time.perf_counter() - began

    seconds = asyncio.run(work())
    done = statement("SELECT count(*) FROM cases_caseevent WHERE kind = %s", JOB_KIND)[0][0]
    statement("TRUNCATE cases_caseevent")
    if done != sample:
        raise RuntimeError(f"{sample} jobs were due and {done} were done")
    return seconds / sample


_job: Any = None


def measure(place: Place, notices: int, sample: int) -> dict[str, Any]:
    """Steps against jobs, and how due work grows with what is open."""
    _register(place)
    due = min(notices // 200, 500)
    few = _rounds(place, notices // 100, due)
    many = _rounds(place, notices, due)
    step = statistics.median(_rounds(place, notices, min(notices // 20, 4000), 3, fresh=False))
    job = _jobs(place, notices, sample)
    alone = _jobs(place, 0, sample)
    return {
        "steps_vs_jobs": round(job / step, 1),
        # The best round of each: what other work on the machine adds is no growth.
        "flat_ratio": round(min(many) / min(few), 2),
        "steps": {
            "open_notices": notices, "steps_per_second": round(1 / step), "jobs_per_second": round(1 / job, 1),
            "jobs_run": sample, "jobs_waiting_beside": notices,
            "jobs_per_second_with_nothing_waiting": round(1 / alone, 1),
            "steps_vs_jobs_with_nothing_waiting": round(alone / step, 1),
            "note": "each step: one case event and the next deadline in one transaction; a sample of jobs is run by "
                    "the worker as shipped while the others wait, and counted per step",
        },
    }  # fmt: skip


def crash(place: Place, number: int, seed: int) -> dict[str, Any]:
    """Schedulers killed with SIGKILL at random while they act: what was lost, what was done twice."""
    _register(place)
    _open(place, number, number, NOW)
    some, kills = random.Random(seed), 0
    from django.db import connection

    until = time.monotonic() + 90
    while statement("SELECT count(*) FROM engine_deadline WHERE due <= %s AND state = 'waiting'", NOW)[0][0]:
        if time.monotonic() > until:
            raise RuntimeError("the deadlines were not acted on within a minute and a half")
        connection.close()
        children = [_scheduler() for _ in range(2)]
        time.sleep(some.uniform(0.03, 0.3))
        for child in children:
            os.kill(child, signal.SIGKILL)
            kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    # A statement of a killed process may still be running; it ends or is rolled back.
    statement("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
              "AND datname = current_database()")  # fmt: skip
    effects = dict(statement("SELECT subject, count(*) FROM cases_caseevent WHERE kind = %s GROUP BY subject", KIND))
    following = statement("SELECT count(*) FROM engine_deadline WHERE state = 'waiting' AND due > %s", NOW)[0][0]
    return {
        "deadlines": number, "kills": kills, "lost": number - len(effects), "next_lost": number - following,
        "doubled": sum(one > 1 for one in effects.values()),
    }  # fmt: skip


def _scheduler() -> int:
    """A process that acts on what is due, a few at a time, until it is killed."""
    child = os.fork()
    if child:
        return child
    try:
        from efface.engine.base import deadlines

        become("efface_engine")
        while deadlines.fire(NOW, limit=20):
            pass
        signal.pause()
    finally:
        os._exit(1)
