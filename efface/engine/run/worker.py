"""The worker process: runs jobs, several at once. A worker that dies leaves its jobs; the scheduler gives them back.

It gives a sign of life every other second, which keeps what it holds on lease; when it ends, what it had no time to
finish is handed back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor

from efface.engine.run import common

log = logging.getLogger(__name__)
HEARTBEAT_S = 1.0
FINISH_S = 8.0
"""So long may a job take that is under way when the worker is asked to end."""


def _sign(queues: list[str]) -> None:
    from django.db import close_old_connections

    from efface.engine.base import clock, workers

    try:
        workers.sign(queues, clock.wall())
    except Exception as error:
        log.error("no sign of life: %s", type(error).__name__)
        close_old_connections()


async def _beat(queues: list[str]) -> None:
    """In a thread of its own: jobs that fill all others take no sign of life away."""
    from efface.engine.base import workers

    with ThreadPoolExecutor(1, "beat") as thread:
        while True:
            await asyncio.get_running_loop().run_in_executor(thread, _sign, queues)
            await asyncio.sleep(workers.BEAT_S)


def _leave() -> None:
    from efface.engine.base import workers

    try:
        workers.leave()
    except Exception as error:
        log.error("nothing was handed back, it returns by itself: %s", type(error).__name__)


async def _run(concurrency: int, queues: list[str] | None) -> None:
    from procrastinate.contrib.django import app

    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    await asyncio.to_thread(_sign, queues or [])
    beat = asyncio.create_task(_beat(queues or []))
    async with worker_app.open_async():
        worker = asyncio.create_task(
            worker_app.run_worker_async(
                concurrency=concurrency,
                queues=queues or None,  # type: ignore[arg-type]
                install_signal_handlers=False,
                delete_jobs="successful",
                fetch_job_polling_interval=2.0,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=HEARTBEAT_S * 20,
                shutdown_graceful_timeout=FINISH_S,
            )  # fmt: skip
        )
        common.ready()
        stop = asyncio.create_task(asyncio.to_thread(common.stopping.wait))
        await asyncio.wait([worker, stop], return_when=asyncio.FIRST_COMPLETED)
        if worker.done():
            common.stopping.set()
            worker.result()
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([worker], timeout=FINISH_S + 0.5)
        beat.cancel()
        await asyncio.to_thread(_leave)
        # A job that did not come to its end writes nothing any more, and is not waited for.
        os._exit(0)


def main() -> None:
    common.begin("worker")
    from efface.engine.base import settings

    queues = [queue.strip() for queue in settings.get("queues").split(",") if queue.strip()] or None
    if queues is None or "crawl" in queues:
        from efface.sites import registry

        registry.warm()
    asyncio.run(_run(max(1, settings.get("workers")), queues))


if __name__ == "__main__":
    main()
