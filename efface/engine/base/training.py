"""What is done for training stays here: nothing of it leaves this machine, and nothing real is mixed with it.

An organisation is a training one from the moment it is made, or never; an installation of the kind *training* has no
other. Everything that sends asks ``here()`` at its lowest place: the mail server's line, the fetcher, time stamps,
tickets. Above that, jobs of a training organisation are not even put in the queue, and its deadlines never fire: in
training nothing happens by itself. Its sites are invented, and none of them can exist (RFC 2606: ``.invalid``).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from django.db import connection

from efface.engine.base import settings

INVENTED = ".invalid"
"""How the name of every site of training ends, and of no other."""
STAYS = "training: nothing leaves this machine"
"""What is said in place of an answer from outside."""

_for: ContextVar[uuid.UUID | None] = ContextVar("efface_works_for", default=None)
_known: dict[uuid.UUID, bool] = {}
_kinds: dict[Path, str] = {}


@contextmanager
def working_for(organisation: uuid.UUID | str | None) -> Iterator[None]:
    """What is done inside is done for this organisation (None: for all, as the crawl)."""
    token = _for.set(uuid.UUID(str(organisation)) if organisation else None)
    try:
        yield
    finally:
        _for.reset(token)


def here() -> bool:
    """Whether what is done now is training."""
    organisation = _for.get()
    return everywhere() or (organisation is not None and is_training(organisation))


def is_training(organisation: uuid.UUID) -> bool:
    """Whether this organisation is a training one. That never changes, so it is asked once."""
    if everywhere():
        return True
    if organisation not in _known:
        with connection.cursor() as cursor:
            cursor.execute("SELECT training FROM accounts_organisation WHERE id = %s", [organisation])
            row = cursor.fetchone()
        if row is None:
            return False
        _known[organisation] = bool(row[0])
    return _known[organisation]


def know(organisation: uuid.UUID, training: bool) -> None:
    """Said by who has read the organisation's row anyway, so that it need not be read again."""
    _known[organisation] = training


def organisations() -> list[uuid.UUID]:
    """All training organisations of this installation."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM accounts_organisation WHERE training")
        return [found for (found,) in cursor.fetchall()]


def everywhere() -> bool:
    """Whether the whole installation is one for training. Its kind was written into the data folder once."""
    folder = settings.data_folder()
    if folder not in _kinds:
        try:
            _kinds[folder] = (folder / "kind").read_text(encoding="ascii").strip()
        except OSError:
            return False
    return _kinds[folder] == "training"


def is_invented(domain: str) -> bool:
    """Whether a host name or domain is one of training."""
    return domain.lower().rstrip(".").endswith(INVENTED)


def shown(request: object) -> dict[str, bool]:
    """For every page: whether it says, in a band at its top, that nothing on it is real."""
    return {"training": here()}
