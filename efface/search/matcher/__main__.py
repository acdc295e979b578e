"""``python -m efface.search.matcher``: started by the supervisor, as the database role ``efface_engine``."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import django

from efface.engine.base import lockwatch
from efface.net.process import no_dumps, run, settle


def _say_ready() -> None:
    settle()
    print("ready", flush=True)  # noqa: T201 - the line the supervisor waits for


async def _run() -> int:
    from efface.engine.base import settings
    from efface.search.matcher.holding import Holding
    from efface.search.matcher.memory import Memory
    from efface.search.matcher.server import Server
    from efface.vision import scan
    from efface.vision.local import index as local

    holding = Holding(Memory())
    loop = asyncio.get_running_loop()
    stop, loaded, ended = asyncio.Event(), threading.Event(), asyncio.Event()
    failed = threading.Event()

    def follow() -> None:
        try:
            scan.warm()
            local.warm()
            holding.run(loaded)
        except BaseException:
            failed.set()
            raise
        finally:
            loaded.set()
            loop.call_soon_threadsafe(stop.set)
            loop.call_soon_threadsafe(ended.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=follow, name="follow", daemon=True).start()
    # No answer before everything is loaded: an empty index would say that nothing resembles anything.
    while not loaded.is_set() and not stop.is_set():
        await asyncio.sleep(0.02)
    if not stop.is_set():
        await Server(holding).serve(settings.run_folder(), stop, _say_ready)
    holding.stop()
    try:
        await asyncio.wait_for(ended.wait(), 5)
    except TimeoutError:
        return 1
    return 1 if failed.is_set() else 0


def main() -> int:
    os.umask(0o077)
    no_dumps()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "efface.engine.base.django")
    lockwatch.stand_by(threading.Event())
    django.setup()
    lockwatch.watch()
    return run(_run())


if __name__ == "__main__":
    raise SystemExit(main())
