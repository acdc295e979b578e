"""The worker process: runs jobs, several at once. A worker that dies leaves its jobs; the scheduler gives them back."""

from __future__ import annotations

import asyncio
import contextlib

from efface.engine.run import common

HEARTBEAT_S = 2.0


async def _run(concurrency: int, queues: list[str] | None) -> None:
    from procrastinate.contrib.django import app

    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    async with worker_app.open_async():
        worker = asyncio.create_task(
            worker_app.run_worker_async(
                concurrency=concurrency,
                queues=queues or None,  # type: ignore[arg-type]
                install_signal_handlers=False,
                delete_jobs="successful",
                fetch_job_polling_interval=2.0,
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=HEARTBEAT_S * 10,
                shutdown_graceful_timeout=8,
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
            await worker


def main() -> None:
    common.begin("worker")
    from efface.engine.base import settings

    queues = [queue.strip() for queue in settings.get("queues").split(",") if queue.strip()] or None
    asyncio.run(_run(max(1, settings.get("workers")), queues))


if __name__ == "__main__":
    main()
