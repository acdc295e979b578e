"""What ended here for good (cases erased, consents taken back), in a file beside the database: a database that is put
back from a backup has forgotten it.

A line each: the id of the case or consent, and the moment. Written when that is committed; ids say nothing of anybody.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from efface.engine.base import settings


class Damaged(ValueError):
    """A file of tombstones that cannot be read whole: what it forgot to say would come back."""


def path() -> Path:
    return settings.data_folder() / "tombstones"


def add(ended: Iterable[tuple[uuid.UUID, datetime]]) -> None:
    """Append what is not there yet. Durable when it returns."""
    wanted = dict(ended)
    if not wanted:
        return
    handle = os.open(path(), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        known = _parsed(text, path())
        # A line that a crash cut off is taken away; what it told stands in the database, and the next backup writes it.
        file.truncate(len(text[: text.rfind("\n") + 1]))
        lines = [f"{id} {at.isoformat()}\n" for id, at in wanted.items() if id not in known]
        if lines:
            file.write("".join(lines))
            file.flush()
            os.fsync(file.fileno())


def read(file: Path | None = None) -> dict[uuid.UUID, datetime]:
    """What ended and when, by id; nothing where there is no file. Raises ``Damaged``."""
    where = file or path()
    try:
        text = where.read_text(encoding="ascii")
    except FileNotFoundError:
        if file is not None:
            raise Damaged(f"{where} is not there") from None
        return {}
    except (OSError, UnicodeDecodeError):
        raise Damaged(f"{where} cannot be read") from None
    return _parsed(text, where)


def _parsed(text: str, where: Path) -> dict[uuid.UUID, datetime]:
    found: dict[uuid.UUID, datetime] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            id, at = line.split(" ")
            found[uuid.UUID(id)] = datetime.fromisoformat(at)
        except ValueError:
            if number == len(lines) and not text.endswith("\n"):
                continue  # cut off by a crash; the database that crashed with it still says so
            raise Damaged(f"line {number} of {where} is no tombstone") from None
    return found
