"""Many may look at once; who changes something is alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock with two kinds of holders. A change waits for the looks under way; looks that come after it wait for it,
    so that it is never kept waiting for good. Not re-entrant."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._looking = 0
        self._waiting = 0
        self._changing = False

    @contextmanager
    def looking(self) -> Iterator[None]:
        with self._condition:
            while self._changing or self._waiting:
                self._condition.wait()
            self._looking += 1
        try:
            yield
        finally:
            with self._condition:
                self._looking -= 1
                self._condition.notify_all()

    @contextmanager
    def changing(self) -> Iterator[None]:
        with self._condition:
            self._waiting += 1
            try:
                while self._changing or self._looking:
                    self._condition.wait()
            finally:
                self._waiting -= 1
            self._changing = True
        try:
            yield
        finally:
            with self._condition:
                self._changing = False
                self._condition.notify_all()
