"""The way to the fetcher for this room and those above it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from efface.net.client import Fetcher, FetcherUnavailable
from efface.sites import stopped

T = TypeVar("T")
PATIENCE_S = 10.0
"""A fetcher that died is started again within seconds: this long a job waits for it before it comes back later."""
PAUSE_S = 0.5


def fetcher() -> Fetcher:
    """It asks nothing of a site that is stopped."""
    return stopped.fetcher()


def patiently(call: Callable[[Fetcher], T]) -> T:
    """``call`` with a fetcher, again for a few seconds while it is away. Raises ``FetcherUnavailable`` after that, and
    ``FetcherRefused`` at once."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return call(fetcher())
        except FetcherUnavailable:
            if time.monotonic() + PAUSE_S > end:
                raise
            threading.Event().wait(PAUSE_S)
