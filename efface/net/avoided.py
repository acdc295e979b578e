"""Domains of which nothing is asked, said anew with each request: sites stopped for suspected child material.

The trusted side knows them (``efface.sites.stopped``) and names them beside every question; the egress guard refuses
them wherever an address comes from: the request itself, a redirect, a picture embedded elsewhere, a player, a browser.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from efface.net.protocol import ProtocolError

MOST = 20_000
WHY = "stopped site"
"""The guard's word for it."""

_now: ContextVar[frozenset[str]] = ContextVar("efface_avoided", default=frozenset())


def covers(domains: Iterable[str], host: str) -> bool:
    """Whether ``host`` is one of these registered domains or lies below one."""
    held = domains if isinstance(domains, frozenset | set) else frozenset(domains)
    if not held:
        return False
    labels = host.lower().rstrip(".").split(".")
    return any(".".join(labels[start:]) in held for start in range(len(labels)))


def refuses(host: str) -> bool:
    """Whether the request under way may not ask ``host`` for anything."""
    return covers(_now.get(), host)


def read(given: object) -> frozenset[str]:
    """What came over the socket. Raises ``ProtocolError``: a request whose list cannot be read is not carried out."""
    if not isinstance(given, list) or len(given) > MOST or not all(isinstance(one, str) for one in given):
        raise ProtocolError("avoid: a list of domains is wanted")
    return frozenset(one.lower().rstrip(".") for one in given if one)


@contextmanager
def during(domains: frozenset[str]) -> Iterator[None]:
    """For the tasks of one request."""
    token = _now.set(domains)
    try:
        yield
    finally:
        _now.reset(token)
