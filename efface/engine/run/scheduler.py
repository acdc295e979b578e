"""The scheduler process: fires what is due, gives back what a dead worker left. Database role ``efface_engine``.

Any number may run: deadlines are claimed with SKIP LOCKED.
"""

from __future__ import annotations

import logging
import time

from efface.engine.run import common

log = logging.getLogger(__name__)
PAUSE_S, DRIVEN_PAUSE_S = 1.0, 0.3
RESCUE_EVERY_S = 2.0
STALLED_AFTER_S = 6.0


def rescue() -> int:
    """Jobs whose worker gave no sign of life go back to the queue. Returns how many."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT job.id FROM procrastinate_jobs job
            LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
            WHERE job.status = 'doing' AND (worker.id IS NULL
                OR worker.last_heartbeat < clock_timestamp() - make_interval(secs => %s))
            FOR UPDATE OF job SKIP LOCKED
            """,
            [STALLED_AFTER_S],
        )
        stalled = [row[0] for row in cursor.fetchall()]
        for job in stalled:
            cursor.execute("SAVEPOINT rescue")
            try:
                # A copy of the same work may wait already: then the dead one is simply closed.
                cursor.execute("UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL WHERE id = %s", [job])
            except Exception:
                cursor.execute("ROLLBACK TO SAVEPOINT rescue")
                cursor.execute("UPDATE procrastinate_jobs SET status = 'failed', worker_id = NULL WHERE id = %s", [job])
            cursor.execute("RELEASE SAVEPOINT rescue")
        if stalled:
            cursor.execute("SELECT pg_notify('procrastinate_any_queue_v1', %s)", ['{"type": "job_inserted"}'])
    return len(stalled)


class Bell:
    """Waits for the next look: until the driven clock moved (``clock.CHANNEL``), or for a pause."""

    def __init__(self) -> None:
        from django.db import connection

        from efface.engine.base import clock

        self.connection = connection.copy().get_new_connection(connection.get_connection_params())
        self.connection.autocommit = True
        self.connection.execute(f"LISTEN {clock.CHANNEL}".encode())

    def wait(self, seconds: float) -> None:
        for _ in self.connection.notifies(timeout=seconds, stop_after=1):
            pass


def main() -> None:
    common.begin("scheduler")
    from django.db import close_old_connections

    from efface.engine.base import clock, deadlines, workers
    from efface.engine.base.models import Installation
    from efface.engine.base.outbox import rescue as rescue_outbox

    pause = PAUSE_S if Installation.current().kind == Installation.Kind.PRODUCTION else DRIVEN_PAUSE_S
    bell = Bell()
    common.ready()
    rescued = 0.0
    while not common.stopping.is_set():
        try:
            while deadlines.fire(clock.now()) and not common.stopping.is_set():
                pass
            if time.monotonic() - rescued > RESCUE_EVERY_S:
                rescued = time.monotonic()
                given_back = rescue()
                unclear = rescue_outbox(clock.now())
                workers.forget()
                if given_back or unclear:
                    log.warning("%d jobs given back, %d messages unclear", given_back, unclear)
        except Exception:
            log.exception("the scheduler goes on")
            close_old_connections()
            common.stopping.wait(1.0)
        bell.wait(pause)


if __name__ == "__main__":
    main()
