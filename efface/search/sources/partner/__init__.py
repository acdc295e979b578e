"""Links that a partner hands in for a case: a hotline, a platform's desk. What the door of the API calls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from efface.cases import links
from efface.cases.messages import Unusable
from efface.cases.models import Case, ReportedLink
from efface.search import urls
from efface.search.sources.contract import Asks, Contract

SOURCE = Asks(Contract("partner", (), "nothing", "", 0, "Agreed with each partner, in writing."))
MOST = 200
"""Links of one call."""


def receive(case: Case, addresses: Iterable[str], partner: str, now: datetime) -> tuple[int, int]:
    """Take links in as reports of this partner, each once. Returns how many were taken and how many were no addresses.
    Inside the organisation's transaction; nothing is taken for a case that is not open."""
    if case.state != Case.State.OPEN:
        return 0, 0
    known = {
        urls.digest(row.url) for row in ReportedLink.objects.filter(case=case) if isinstance(row.url, str)
    }  # fmt: skip
    taken = unusable = 0
    for address in list(addresses)[:MOST]:
        try:
            key = urls.digest(address)
            if key not in known:
                links.report(case, address, f"partner:{partner}"[:60], now)
                taken += 1
            known.add(key)
        except (Unusable, ValueError):
            unusable += 1
    return taken, unusable
