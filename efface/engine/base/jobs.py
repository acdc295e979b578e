"""Background work. A job's arguments are ids only; it belongs to one organisation, or says ``system=True``.

Enqueueing happens in the caller's transaction, so a job exists exactly when what it is about does. Completion is
another transaction: a job may run twice, so its effects carry unique keys.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable
from typing import Any

from procrastinate import exceptions
from procrastinate.contrib.django import app

from efface.engine.base import settings

log = logging.getLogger(__name__)


class NoOrganisation(TypeError):
    """A job was deferred without an organisation and is not a system job."""


class Job:
    """A registered job. ``defer(organisation=..., lock=..., **ids)`` enqueues it; calling it runs it here and now."""

    def __init__(self, function: Callable[..., None], queue: str, system: bool, retries: int) -> None:
        self.function, self.system = function, system
        self.name = f"{function.__module__.removeprefix('efface.')}.{function.__name__}"
        functools.update_wrapper(self, function)

        @app.task(name=self.name, queue=queue, retry=retries or False)
        def run(**ids: str) -> None:
            function(**{key: _uuid(value) for key, value in ids.items()})

        self.task = run

    def __call__(self, **ids: Any) -> None:
        self.function(**ids)

    def defer(
        self, *, organisation: uuid.UUID | None = None, once: str = "", lock: str = "", rank: int = 0, **ids: Any
    ) -> None:
        """Enqueue. ``once`` names work of which one waiting copy is enough; ``lock`` makes jobs run one at a time; of
        those that wait the one with the highest ``rank`` runs first."""
        if self.system == (organisation is not None):
            raise NoOrganisation(f"{self.name}: " + ("is a system job" if self.system else "needs an organisation"))
        arguments = {key: str(value) for key, value in ids.items()}
        if organisation is not None:
            arguments["organisation"] = str(organisation)
        try:
            from django.db import transaction

            with transaction.atomic():
                task = self.task.configure(queueing_lock=once or None, lock=lock or None, priority=rank)
                task.defer(**arguments)
        except exceptions.AlreadyEnqueued:
            log.debug("%s is waiting already", self.name)


def _uuid(value: str) -> Any:
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError):
        return value


def job(queue: str, *, system: bool = False, retries: int = 3) -> Callable[[Callable[..., None]], Job]:
    """Make a function a job on one of ``settings.QUEUES``."""
    if queue not in settings.QUEUES:
        raise ValueError(f"no such queue: {queue}")

    def register(function: Callable[..., None]) -> Job:
        return Job(function, queue, system, retries)

    return register
