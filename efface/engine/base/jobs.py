"""Background work. A job's arguments are ids only; it belongs to one organisation, or says ``system=True``.

Enqueueing happens in the caller's transaction, so a job exists exactly when what it is about does. Completion is
another transaction: a job may run twice, so its effects carry unique keys.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app

from efface.engine.base import settings, training

log = logging.getLogger(__name__)


class NoOrganisation(TypeError):
    """A job was deferred without an organisation and is not a system job."""


class Job:
    """A registered job. ``defer(organisation=..., lock=..., **ids)`` enqueues it; calling it runs it here and now."""

    def __init__(
        self, function: Callable[..., None], queue: str, system: bool, retries: int, in_training: bool
    ) -> None:  # fmt: skip
        self.function, self.system, self.in_training = function, system, in_training
        self.name = f"{function.__module__.removeprefix('efface.')}.{function.__name__}"
        functools.update_wrapper(self, function)

        @app.task(name=self.name, queue=queue, retry=retries or False)
        def run(**ids: str) -> None:
            self(**{key: _uuid(value) for key, value in ids.items()})

        self.task = run

    def __call__(self, **ids: Any) -> None:
        with training.working_for(ids.get("organisation")):
            if self._may_run(ids.get("organisation")):
                self.function(**ids)

    def _may_run(self, organisation: uuid.UUID | None) -> bool:
        """In training nothing happens by itself, but for what was said to stay on this machine."""
        return self.in_training or organisation is None or not training.is_training(organisation)

    def defer(
        self, *, organisation: uuid.UUID | None = None, once: str = "", lock: str = "", rank: int = 0, **ids: Any
    ) -> None:
        """Enqueue. ``once`` names work of which one waiting copy is enough; ``lock`` makes jobs run one at a time; of
        those that wait the one with the highest ``rank`` runs first."""
        self._check(organisation)
        if not self._may_run(organisation):
            return
        arguments = {key: str(value) for key, value in ids.items()}
        if organisation is not None:
            arguments["organisation"] = str(organisation)
        try:
            with transaction.atomic():
                task = self.task.configure(queueing_lock=once or None, lock=lock or None, priority=rank)
                task.defer(**arguments)
        except exceptions.AlreadyEnqueued:
            log.debug("%s is waiting already", self.name)

    def defer_many(self, wanted: Sequence[Wanted]) -> None:
        """Enqueue many of a system job with one statement, in this order; those of which a copy waits are left out."""
        self._check(None)
        names = [one.once for one in wanted if one.once]
        with connection.cursor() as cursor:
            cursor.execute(_WAITING, [names])
            waiting = {name for (name,) in cursor.fetchall()}
        made: dict[str, Wanted] = {}
        for number, one in enumerate(wanted):
            if one.once not in waiting:
                made.setdefault(one.once or str(number), one)
        if not made:
            return
        waits = self.task.configure()
        rows = [
            waits.job.evolve(
                queueing_lock=one.once or None, lock=one.lock or None, priority=one.rank,
                task_kwargs={key: str(value) for key, value in one.ids.items()},
            )
            for one in made.values()
        ]  # fmt: skip
        try:
            with transaction.atomic():
                waits.job_manager.batch_defer_jobs(rows)
        except exceptions.AlreadyEnqueued:
            # Somebody else enqueued one of them meanwhile.
            for one in made.values():
                self.defer(once=one.once, lock=one.lock, rank=one.rank, **one.ids)

    def _check(self, organisation: uuid.UUID | None) -> None:
        if self.system == (organisation is not None):
            raise NoOrganisation(f"{self.name}: " + ("is a system job" if self.system else "needs an organisation"))


_WAITING = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A system job to be enqueued: as the arguments of ``Job.defer``."""

    ids: Mapping[str, Any]
    once: str = ""
    lock: str = ""
    rank: int = 0


def _uuid(value: str) -> Any:
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError):
        return value


def job(
    queue: str, *, system: bool = False, retries: int = 3, in_training: bool = False
) -> Callable[[Callable[..., None]], Job]:
    """Make a function a job on one of ``settings.QUEUES``. ``in_training``: it runs for training organisations too,
    since nothing of it leaves this machine."""
    if queue not in settings.QUEUES:
        raise ValueError(f"no such queue: {queue}")

    def register(function: Callable[..., None]) -> Job:
        return Job(function, queue, system, retries, in_training)

    return register
