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
    read: list[tuple[datetime, bool]] | None = getattr(_local, "read", None)
    if read is None:
        return _read()[0]
    if not read:
        read.append(_read())
    return read[0][0]


def _read() -> tuple[datetime, bool]:
    """The moment, and whether it is the machine's own."""
    from efface.engine.base.models import Installation

    driven = Installation.driven_now()
    return driven or datetime.now(UTC), driven is None


def is_real() -> bool:
    """Whether the machine's own time runs here: then what must not follow too soon is waited for."""
    return getattr(_local, "fixed", None) is None and _read()[1]


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
    if getattr(_local, "read", None):
        _local.read.clear()


class asked_once:
    """Within, the moment is asked for once in this thread and stays the same: a page is of one moment, and does not put
    the question to the database with every row. Driving the clock within is seen at once."""

    def __enter__(self) -> None:
        self.before = getattr(_local, "read", None)
        _local.read = []

    def __exit__(self, *_: object) -> None:
        _local.read = self.before


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
