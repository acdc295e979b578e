"""What a scan says about its page. Pure. A wall is written down as a wall and never taken for an empty page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from efface.net.protocol import Scan
from efface.search import urls

Outcome = Literal["read", "same", "missing", "wall", "moved", "busy", "unreachable", "failed", "refused"]
WALLS = ("challenge", "login", "paywall", "age", "geo", "suspended", "parked")
"""The one named first is written down where a page shows several."""
_NO_ANSWER = frozenset({"nxdomain", "servfail", "timeout", "reset", "tls"})
_BUSY = frozenset({429, 503})
_WALLED = {401: "login", 402: "paywall", 403: "blocked", 407: "login", 451: "geo"}


@dataclass(frozen=True, slots=True)
class Reading:
    """``wall`` is set for outcome "wall", and "not-found" for a page that says so with status 200. ``to`` is where the
    page moved to on the same site; ``why`` is short and holds nothing of the page."""

    outcome: Outcome
    status: int = 0
    wall: str = ""
    to: str = ""
    retry_after_s: float = 0.0
    why: str = ""

    @property
    def shows(self) -> bool:
        """Whether what the scan met stands on this page: an age gate may hide nothing."""
        return self.outcome in ("read", "wall")


def read(scan: Scan, url: str, domain: str, now: datetime) -> Reading:
    """``url`` is the canonical address that was asked for, ``domain`` the site's."""
    facts = scan.facts
    status = facts.status
    if facts.error == "refused":
        return Reading("refused", status, why="refused by the egress guard")
    if facts.error in _NO_ANSWER:
        return Reading("unreachable", status, why=facts.error)
    if facts.error:
        return Reading("failed", status, why=facts.error)
    if scan.not_modified:
        return Reading("same", 304)
    if status in _BUSY and "challenge" not in scan.walls:
        return Reading(
            "busy", status, retry_after_s=_retry_after(facts.headers.get("retry-after", ""), now), why=str(status)
        )
    wall = next((word for word in WALLS if word in scan.walls), "")
    if wall or status in _WALLED:
        return Reading("wall", status, wall or _WALLED[status])
    if status in (404, 410):
        return Reading("missing", status)
    if not 200 <= status < 300:
        return Reading("failed", status, why=str(status))
    final = urls.canonical(facts.final_url or url)
    if not _same_place(final, url):
        on_site = bool(final) and urls.belongs(final, domain)
        return Reading("moved", 302, to=final if on_site else "", why="moved" if on_site else "moved to another site")
    return Reading("read", status, "not-found" if "not-found" in scan.walls else "")


def _same_place(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(url: str) -> str:
    """An address without what sites add by redirecting to themselves: scheme, www, final slash."""
    rest = url.split("://", 1)[-1].removeprefix("www.")
    return rest.rstrip("/")


def _retry_after(value: str, now: datetime) -> float:
    """Seconds of a Retry-After header (RFC 9110 section 10.2.3); 0 where it says nothing that can be read."""
    value = value.strip()
    if value.isdigit():
        return float(min(int(value[:9]), 30 * 86400))
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return 0.0
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, min((when - now).total_seconds(), 30 * 86400))
