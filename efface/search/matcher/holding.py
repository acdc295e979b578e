"""Keeps the index in step with the database: loads what may be used, listens for changes, reads anew now and then.

A change of consent arrives as a notification and takes effect within a second. What ends by the clock alone (an expired
consent) is found by reading everything anew each minute; and whoever uses a hit asks ``cases.may`` once more.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction

from efface.cases import active
from efface.engine.base import clock, sealing, settings
from efface.search.matcher import same
from efface.search.matcher.index import Bounds, Index
from efface.search.matcher.memory import Memory
from efface.search.matcher.tally import Tally
from efface.vision.models import manifest, store
from efface.vision.models.errors import ModelError

log = logging.getLogger(__name__)
EVERYTHING_S = 60.0
GATHER_S = 0.1
"""Changes that come together are read together."""
WAIT_S = 0.5


def bounds(models: Path) -> dict[str, Bounds]:
    """Thresholds of the face model in force, by its id; empty where its manifest cannot be read."""
    try:
        found = [one for one in manifest.active(models) if one.role == "face-embedder"]
    except ModelError as error:
        log.error("face search is off: %s", error)
        return {}
    return {
        one.model_id: Bounds(
            one.thresholds.review, one.thresholds.strong, one.thresholds.single_review, one.thresholds.single_strong
        )
        for one in found
        if one.thresholds is not None
    }


def copy_bounds(models: Path) -> dict[str, Bounds]:
    """The same of the copy embedder in force; empty without one."""
    try:
        found = store.copy_model(models)
    except ModelError as error:
        log.error("copies are not searched for by their vectors: %s", error)
        return {}
    if found is None or found.thresholds is None:
        return {}
    return {found.model_id: Bounds(found.thresholds.review, found.thresholds.strong)}


class Holding:
    """``index`` is what is compared with; ``refreshed`` counts how often it was brought in step."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.tally = Tally()
        models = settings.data_folder() / "models"
        self.bounds = bounds(models)
        self.index = Index([], self.bounds, copy_bounds(models))
        self.refreshed = 0
        self._stop = threading.Event()

    def load(self, cases: Iterable[uuid.UUID] | None = None) -> None:
        """Read the fingerprints of these cases anew, or all."""
        wanted = None if cases is None else list(cases)
        with transaction.atomic():
            now = clock.now()
            held = self.index.held()
            rows = [
                one
                for case in ([None] if wanted is None else wanted)
                for one in active.active_fingerprints(now, case, held)
            ]
        ended = self.index.replace(rows, wanted)
        self.memory.drop({str(case) for case in ended})
        self.refreshed += 1
        if self.index.unreadable:
            log.error("%d fingerprints cannot be compared", len(self.index.unreadable))

    def run(self, ready: threading.Event) -> None:
        """Load and follow until ``stop``. A database that went away is waited for."""
        while not self._stop.is_set():
            try:
                with _listening() as listener:
                    # Listen first: what changes while everything is read is read again.
                    self.load()
                    ready.set()
                    self._follow(listener)
            except (psycopg.Error, OperationalError, InterfaceError, sealing.KeyMissing) as error:
                log.warning("the database does not answer (%s); trying again", type(error).__name__)
                connection.close()
                self._stop.wait(WAIT_S)
        self.close()

    def close(self) -> None:
        """Write down what was counted since the last minute."""
        try:
            self.tally.write(clock.now())
        except (psycopg.Error, OperationalError, InterfaceError) as error:
            log.warning("what was compared in the last minute is not counted (%s)", type(error).__name__)

    def _follow(self, listener: psycopg.Connection[tuple[object, ...]]) -> None:
        everything_at = time.monotonic() + EVERYTHING_S
        while not self._stop.is_set():
            # Templates are compared with each other in between, a few at a time: consents are not kept waiting for it.
            wait = 0.0 if self.index.arrived() else WAIT_S
            changed = {note.payload for note in listener.notifies(timeout=wait, stop_after=1)}
            if changed:
                changed |= {note.payload for note in listener.notifies(timeout=GATHER_S)}
            late = time.monotonic() >= everything_at
            if not changed and self.index.arrived():
                same.tell(self.index.same_faces(), clock.now())
            if not changed and not late:
                continue
            if late:
                self.tally.write(clock.now())
            cases = list(_ids(changed))
            # A note that names no case means: anything may have changed.
            self.load(None if late or len(cases) < len(changed) else cases)
            if late:
                everything_at = time.monotonic() + EVERYTHING_S

    def stop(self) -> None:
        self._stop.set()


def _ids(payloads: Iterable[str]) -> Iterator[uuid.UUID]:
    for payload in payloads:
        try:
            yield uuid.UUID(payload)
        except ValueError:
            continue


def _listening() -> psycopg.Connection[tuple[object, ...]]:
    """A connection of its own that hears what changes."""
    given = connection.get_connection_params()
    wanted = {key: value for key, value in given.items() if key in _CONNECTION}
    listener = psycopg.connect(**wanted, autocommit=True, connect_timeout=5)
    listener.execute(f"LISTEN {active.CHANNEL}")
    return listener


_CONNECTION = ("dbname", "user", "password", "host", "port", "options")
