"""Covered pictures of identity documents on their way to a worker: in this process's memory, never on a disk.

They are gone when a worker has looked, after two hours, and when the process ends; she is asked for it again then. One
web process serves an installation, so it is here or nowhere.
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field, replace

STAYS_S = 2 * 3600.0
MOST = 50
"""Pictures at a time, the oldest go first: at most 16 MB each."""


@dataclass(frozen=True, slots=True)
class Held:
    """``picture``: the covered PNG, b"" once it was looked at. ``name`` as she says it stands on the document.
    ``match``: how the face compared (``efface.net.proofs.MATCHES``). ``handed_in``: she pressed the button; before,
    only who chose it sees it. ``keep_days``: she wants it sealed for so long. ``looked``: the worker who looked."""

    picture: bytes = field(repr=False)
    name: str = field(repr=False)
    match: str = ""
    notes: tuple[str, ...] = ()
    text_left: int = 0
    handed_in: bool = False
    keep_days: int = 0
    by: str = ""
    looked: object = None
    at: float = 0.0


_held: dict[uuid.UUID, Held] = {}
_lock = threading.Lock()


def put(case: uuid.UUID, held: Held) -> None:
    """Takes the place of what was there."""
    with _lock:
        _forget_old()
        _held.pop(case, None)
        while len(_held) >= MOST:
            _held.pop(min(_held, key=lambda one: _held[one].at))
        _held[case] = replace(held, at=time.monotonic())


def get(case: uuid.UUID) -> Held | None:
    with _lock:
        _forget_old()
        return _held.get(case)


def hand_in(case: uuid.UUID, keep_days: int) -> Held | None:
    """A worker may look from now on. None where it is no longer there."""
    with _lock:
        _forget_old()
        if case in _held:
            _held[case] = replace(_held[case], handed_in=True, keep_days=keep_days)
        return _held.get(case)


def take(case: uuid.UUID, worker: object) -> Held | None:
    """The picture for one look; afterwards only that ``worker`` looked is known. None where nothing waits."""
    with _lock:
        _forget_old()
        held = _held.get(case)
        if held is None or not held.handed_in or not held.picture:
            return None
        _held[case] = replace(held, picture=b"", looked=worker)
        return held


def drop(case: uuid.UUID) -> bool:
    """It is destroyed. Whether there was one."""
    with _lock:
        return _held.pop(case, None) is not None


def _forget_old() -> None:
    ended = time.monotonic() - STAYS_S
    for case in [case for case, held in _held.items() if held.at < ended]:
        del _held[case]
