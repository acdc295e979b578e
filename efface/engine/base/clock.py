"""The one clock of the trusted side.

In production it is the machine's. In a demo or training installation it stands still in the database until it is
driven: every process sees the same virtual moment. Nothing else in a room asks for the time, and no SQL says now().
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from django.db import connection

_local = threading.local()


class ClockRefused(RuntimeError):
    """Somebody tried to drive the clock of a production installation."""


def now() -> datetime:
    """The present moment, aware, UTC."""
    fixed: datetime | None = getattr(_local, "fixed", None)
    if fixed is not None:
        return fixed
    from efface.engine.base.models import Installation

    driven = Installation.driven_now()
    return driven or datetime.now(UTC)


def is_real() -> bool:
    """Whether the machine's own time runs here: then what must not follow too soon is waited for."""
    from efface.engine.base.models import Installation

    return getattr(_local, "fixed", None) is None and Installation.driven_now() is None


def wall() -> datetime:
    """The machine's own time: for facts of the outside world, which age whatever the driven clock says, and for
    commands that need no installation."""
    return datetime.now(UTC)


def align(moment: datetime, hours: int = 6) -> datetime:
    """The next full step of a grid of ``hours`` (UTC) at or after a moment. Internal cadences use it, so that work
    comes in batches; clocks of the law are never aligned."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    steps = -(-(moment - midnight) // timedelta(hours=hours))
    return midnight + steps * timedelta(hours=hours)


#: Rung at commit when the driven clock moved.
CHANNEL = "efface_clock"


def drive(moment: datetime) -> None:
    """Set the virtual clock of a demo or training installation. It never runs backwards."""
    from efface.engine.base.models import Installation

    installation = Installation.current()
    if installation.kind == Installation.Kind.PRODUCTION:
        raise ClockRefused("the clock of a production installation cannot be driven")
    if installation.virtual_now and moment < installation.virtual_now:
        raise ClockRefused("the clock does not run backwards")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE engine_installation SET virtual_now = %s", [moment])
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


class fixed:
    """Hold the clock still in this thread, for tests and for one decision that needs one moment."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __enter__(self) -> datetime:
        self.before = getattr(_local, "fixed", None)
        _local.fixed = self.moment
        return self.moment

    def __exit__(self, *_: object) -> None:
        _local.fixed = self.before
