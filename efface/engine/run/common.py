"""What every process of the trusted side does first: set Django up, say when it is ready, end politely."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading

from efface.engine.base import lockwatch
from efface.net.process import settle

stopping = threading.Event()
_libc = ctypes.CDLL(None, use_errno=True)


def begin(name: str) -> None:
    """No core dumps, SIGTERM and SIGINT set ``stopping``; while the installation is locked nothing more happens here.
    Then Django is set up, and a lock ends this process."""
    settle_process()
    lockwatch.stand_by(stopping)
    set_up(name)


def settle_process() -> None:
    _libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: no core, no ptrace by others
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "efface.engine.base.django")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())


def set_up(name: str) -> None:
    import django

    django.setup()
    logging.getLogger("efface").info("%s starts", name)
    lockwatch.watch()


def ready() -> None:
    """Tell the supervisor."""
    settle()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
