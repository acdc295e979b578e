"""Locks in one order: finding, route, notice, then the outbox.

Whoever changes what leads outward begins at the finding."""

from __future__ import annotations

import uuid

from efface.search.models import Finding
from efface.takedown.models import Notice, Route


def finding(pk: uuid.UUID) -> Finding | None:
    """The finding, locked, with what is read of it."""
    rows = Finding.objects.select_for_update(of=("self",)).select_related("case", "site", "match__sighting")
    return rows.filter(pk=pk).first()


def notice(pk: uuid.UUID) -> Notice | None:
    """The notice, locked after its finding and route, with all of them fresh."""
    found = Notice.objects.filter(pk=pk).values_list("finding_id", "route_id").first()
    if found is None:
        return None
    held = finding(found[0])
    Route.objects.select_for_update().get(pk=found[1])
    rows = Notice.objects.select_for_update(of=("self",)).select_related("case", "route__case", "route__finding__site")
    row = rows.get(pk=pk)
    assert held is not None
    row.finding = row.route.finding = held
    return row
