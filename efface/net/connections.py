"""Connections to our own processes' sockets that are kept for the next question: to make one anew for each costs both
sides more than most questions do."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MOST = 8
"""Idle connections kept to one socket."""
LONGEST_S = 60.0
"""One that was idle for longer is not used again."""


@dataclass(frozen=True, slots=True)
class _Idle:
    stream: socket.socket
    name: tuple[int, int]
    since: float


_lock = threading.Lock()
_idle: dict[tuple[int, str], list[_Idle]] = {}


@contextmanager
def to(path: str, timeout_s: float) -> Iterator[socket.socket]:
    """A connection to the unix socket at ``path`` for one question and its whole answer; whoever leaves the block by an
    exception has it closed. Raises ``OSError`` where there is none to be had."""
    found = _taken(path)
    name = found.name if found is not None else _name(path)
    stream = found.stream if found is not None else socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.settimeout(timeout_s)
        if found is None:
            stream.connect(path)
        yield stream
    except BaseException:
        stream.close()
        raise
    _keep(path, _Idle(stream, name, time.monotonic()))


def forget() -> None:
    """Close what is kept (tests)."""
    with _lock:
        for kept in _idle.values():
            for one in kept:
                one.stream.close()
        _idle.clear()


def _key(path: str) -> tuple[int, str]:
    return os.getpid(), path  # a child has its parent's sockets, and no use for them


def _taken(path: str) -> _Idle | None:
    while True:
        with _lock:
            kept = _idle.get(_key(path))
            one = kept.pop() if kept else None
        if one is None:
            return None
        if time.monotonic() - one.since < LONGEST_S and one.name == _name(path) and _is_open(one.stream):
            return one
        one.stream.close()


def _keep(path: str, one: _Idle) -> None:
    with _lock:
        kept = _idle.setdefault(_key(path), [])
        if len(kept) < MOST:
            kept.append(one)
            return
    one.stream.close()


def _name(path: str) -> tuple[int, int]:
    """What the name stands for: another process may have put its own socket there since."""
    with suppress(OSError):
        found = Path(path).stat()
        return found.st_dev, found.st_ino
    return 0, 0


def _is_open(stream: socket.socket) -> bool:
    """The other side has not closed it, and said nothing unasked."""
    try:
        stream.settimeout(0)
        stream.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
