"""Sites: what is known of who stands behind them, and how their desks behaved. No case contents."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from efface.accounts.access import SITES, view
from efface.console.typed import one_line
from efface.sites.models import ContactObservation, Delivery, Site

PAGE = 200


@view(access=SITES)
@require_GET
def sites(request: Any) -> HttpResponse:
    wanted = one_line(request.GET.get("q", ""), 253).lower()
    rows = Site.objects.select_related("network").order_by("domain")
    if wanted:
        rows = rows.filter(domain__contains=wanted)
    return render(request, "console/sites.html", {"sites": rows[:PAGE], "wanted": wanted, "all": rows.count()})


@view(access=SITES)
@require_GET
def site(request: Any, id: uuid.UUID) -> HttpResponse:
    one = get_object_or_404(Site.objects.select_related("network"), pk=id)
    dossier = one.dossier if isinstance(one.dossier, dict) else {}
    parties = [party for party in dossier.get("parties", []) if isinstance(party, dict)]
    keys = [str(party.get("key", "")) for party in parties]
    observed = list(ContactObservation.objects.filter(party_key__in=keys).order_by("party_key", "-confidence"))
    states = {
        (row.channel, row.value): row for row in Delivery.objects.filter(value__in={one.value for one in observed})
    }
    for party in parties:
        party["observed"] = [
            {"contact": row, "delivery": states.get((row.channel, row.value))}
            for row in observed if row.party_key == party.get("key")
        ]  # fmt: skip
    siblings = one.network.sites.exclude(pk=one.pk).order_by("domain") if one.network else []
    return render(
        request, "console/site.html", {"site": one, "dossier": dossier, "parties": parties, "siblings": siblings}
    )
