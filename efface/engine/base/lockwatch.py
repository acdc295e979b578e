"""A process that holds keys ends itself when the installation is locked, and stands by without them until it is not.

Python cannot wipe what it has read from its memory, so a process that must forget ends: the kernel gives its memory to
nobody unwiped. The supervisor starts it again; it then looks for the lock before it reads any key.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

from efface.engine.base import database, locking

log = logging.getLogger(__name__)
LOOK_S = 1.0
FORGOT = 75
"""Exit status of a process that ended to forget."""


def is_locked() -> bool:
    """By this host's key, or by the word in the database that is for all hosts. Reads no key. A database that does not
    answer says nothing."""
    if locking.is_locked():
        return True
    import psycopg

    try:
        with psycopg.connect(**database.dsn(database.process_role()), connect_timeout=5) as connection:
            row = connection.execute("SELECT locked_at FROM engine_installation WHERE id = 1").fetchone()
    except psycopg.Error:
        return False
    return row is not None and row[0] is not None


def stand_by(stopping: threading.Event) -> None:
    """Return at once where nothing is locked. Else say that this process is ready to stand by, wait for the unlock, and
    end, to be started again as what it is."""
    if not is_locked():
        return
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while is_locked():
        if stopping.wait(LOOK_S):
            break
    os._exit(0)


def watch() -> None:
    """From now on this process ends itself within about a second of a lock."""
    threading.Thread(target=_watch, name="lock", daemon=True).start()


def _watch() -> None:
    while True:
        time.sleep(LOOK_S)
        if locking.is_locked() or _said_in_database():
            log.warning("locked: this process ends and forgets its keys")
            os._exit(FORGOT)


def _said_in_database() -> bool:
    """On this thread's own connection."""
    from django.db import Error, close_old_connections

    from efface.engine.base.models import Installation

    try:
        return Installation.objects.filter(pk=1, locked_at__isnull=False).exists()
    except Error:
        close_old_connections()
        return False
